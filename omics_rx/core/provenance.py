"""Where a result comes from: versions, hashes of the inputs, settings, and what to cite."""

from __future__ import annotations

import hashlib
import os
import platform
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, unknown_name

_PACKAGES = ("omics-rx", "numpy", "pandas", "scipy", "scikit-learn", "scikit-survival", "lightgbm", "rdkit")


def versions(*also: str) -> dict[str, str]:
    """Versions of Python, of the packages that shape a result, and of further ones where they are installed."""
    found = {"python": platform.python_version()}
    for name in (*_PACKAGES, *also):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def now() -> str:
    """Return the present time in UTC, to the second, in ISO 8601.

    Where ``SOURCE_DATE_EPOCH`` holds seconds since 1970, it is that time, so that the same run gives the same bytes.
    """
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(told), UTC) if told.isascii() and told.isdigit() else datetime.now(UTC)
    return moment.isoformat(timespec="seconds")


def file_sha256(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def frame_sha256(frame: pd.DataFrame) -> str:
    """SHA-256 of a frame's row names, column names and values, whatever their storage.

    Numbers are hashed as float64, everything else as text with missing values apart.
    """
    digest = hashlib.sha256()
    for names in (frame.index, frame.columns):
        digest.update("\x1f".join(map(str, names)).encode())
        digest.update(b"\x1e")
    # an expression table has tens of thousands of columns, which are slow to make one by one
    numbers = all(isinstance(dtype, np.dtype) and dtype.kind == "f" for dtype in frame.dtypes.unique())
    values = frame.to_numpy(dtype=np.float64).T if numbers else None
    for position in range(frame.shape[1]):
        digest.update(_bytes(frame.iloc[:, position]) if values is None else values[position].tobytes())
        digest.update(b"\x1e")
    return digest.hexdigest()


def _bytes(column: pd.Series) -> bytes:
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return np.ascontiguousarray(column.to_numpy(dtype=np.float64, na_value=np.nan)).tobytes()
    texts = ["\x00" if missing else str(value) for value, missing in zip(column, column.isna(), strict=True)]
    return "\x1f".join(texts).encode()


@dataclass(frozen=True)
class Provenance:
    """How a result came to be.

    Attributes
    ----------
    made_by
        The call, such as ``"signatures.build"``.
    inputs
        Name of each input to the sha256 of its ids and values.
    settings
        The settings the call was made with.
    cites
        Keys of ``resources/citations.toml``.
    versions, created
        Versions of the packages and the time in UTC.
    """

    made_by: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    cites: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=versions)
    created: str = field(default_factory=now)

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values that JSON can hold."""
        return {
            "made_by": self.made_by,
            "created": self.created,
            "inputs": dict(self.inputs),
            "settings": dict(self.settings),
            "cites": list(self.cites),
            "versions": dict(self.versions),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Provenance:
        """Read what :meth:`as_dict` wrote."""
        return cls(
            content["made_by"], content["inputs"], content["settings"], tuple(content["cites"]), content["versions"],
            content["created"],
        )  # fmt: skip


@dataclass(frozen=True)
class Citation:
    """What to cite for a result: ``bibtex`` and a ``methods`` paragraph."""

    bibtex: str
    methods: str

    def __str__(self) -> str:
        return f"{self.methods}\n\n{self.bibtex}"


def _bibtex(key: str, entry: Mapping[str, Any]) -> str:
    fields = [f"  {name} = {{{value}}}" for name, value in entry.items() if name not in {"type", "sentence"}]
    return f"@{entry['type']}{{{key},\n" + ",\n".join(fields) + "\n}"


@in_words
def cite(result: Any) -> Citation:
    """Write the references and the methods paragraph of a result.

    Parameters
    ----------
    result
        Anything with a ``provenance``: a study, a signature, a model, a ranking.

    Raises
    ------
    InputError
        If the object carries no provenance.
    """
    provenance = getattr(result, "provenance", None)
    if not isinstance(provenance, Provenance):
        raise InputError(
            f"a {type(result).__name__} carries no provenance: cite a study, a signature, a model or a ranking"
        )
    library = tomllib.loads(resources.path("citations.toml").read_text(encoding="utf-8"))
    keys = dict.fromkeys(("omics_rx", *provenance.cites))
    unknown = [key for key in keys if key not in library]
    if unknown:
        raise unknown_name("citation", unknown[0], library)
    made_with = ", ".join(f"{name} {version}" for name, version in provenance.versions.items())
    sentences = [str(library[key]["sentence"]) for key in keys if "sentence" in library[key]]
    methods = " ".join([*sentences, f"Computed with {made_with}."])
    return Citation("\n\n".join(_bibtex(key, library[key]) for key in keys), methods)
