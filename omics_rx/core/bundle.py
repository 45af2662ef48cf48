"""Saving: one ``.orx`` file, written at once, checked before it is read, never a pickle.

A bundle is a zip of ``manifest.json`` (kind, schema, versions, sha256 and size of each member, and what the
kind itself records) and of members that run no code when parsed: safetensors, parquet, LightGBM text, JSON.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import IntegrityError, MissingFileError, OutputError
from omics_rx.core.provenance import now, versions
from omics_rx.core.texts import as_made_here

_MANIFEST = "manifest.json"
_SUFFIXES = (".safetensors", ".parquet", ".txt", ".json")
_MAX_BYTES = 8 * 2**30
# what the zip, zlib and JSON readers raise on bytes that are not what they were
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, KeyError, TypeError, ValueError, EOFError, OSError,
    RuntimeError, NotImplementedError,
)  # fmt: skip
Upgrade = Callable[[dict[str, Any], dict[str, bytes]], tuple[dict[str, Any], dict[str, bytes]]]


@contextmanager
def writing(target: Path | str) -> Iterator[Path]:
    """Give a draft path that replaces ``target`` when the block ends well, and vanishes when it does not.

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written.
    """
    final = Path(target)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{final.name}-", suffix=final.suffix, dir=final.parent)
    except OSError as error:
        raise OutputError(f"{final} cannot be written ({error}): choose a folder that can") from error
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        umask = os.umask(0)
        os.umask(umask)
        draft.chmod(0o666 & ~umask)
        draft.replace(final)
    except IsADirectoryError as error:
        raise OutputError(f"{final} is a folder: name a file") from error
    finally:
        draft.unlink(missing_ok=True)


def write_text(target: Path | str, text: str) -> None:
    """Write a text file at once or not at all."""
    with writing(target) as draft:
        draft.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Bundle:
    """An opened bundle: what its kind recorded, and its members as bytes."""

    kind: str
    schema: int
    record: Mapping[str, Any]
    members: Mapping[str, bytes]

    def frame(self, name: str) -> pd.DataFrame:
        """Read a parquet member."""
        return as_made_here(pd.read_parquet(io.BytesIO(self.members[name])))

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Read a safetensors member."""
        from safetensors.numpy import load

        return load(self.members[name])

    def text(self, name: str) -> str:
        """Read a text member."""
        return self.members[name].decode("utf-8")


def parquet(frame: pd.DataFrame) -> bytes:
    """Write a frame as the bytes of a parquet member."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def tensors(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Write named arrays as the bytes of a safetensors member."""
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def save(
    target: Path | str, *, kind: str, schema: int, record: Mapping[str, Any], members: Mapping[str, bytes]
) -> Path:
    """Write a bundle at once or not at all.

    Parameters
    ----------
    target
        File to write, by custom ``*.orx``.
    kind, schema
        What is saved, and the integer version of its layout.
    record
        What the kind needs beside its members: settings, fingerprints, the model card. JSON values.
    members
        File name to bytes; names end in .safetensors, .parquet, .txt or .json.
    """
    manifest = {
        "kind": kind,
        "schema": schema,
        "created": now(),
        "versions": versions(),
        "members": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in members.items()
        },
        "record": dict(record),
    }
    with writing(target) as draft, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(_MANIFEST, json.dumps(manifest, indent=1))
        for name, data in members.items():
            archive.writestr(name, data)
    return Path(target)


def load(source: Path | str, *, kind: str, schema: int, upgrade_from: Mapping[int, Upgrade] | None = None) -> Bundle:
    """Open a bundle after checking names, sizes and hashes of all its members.

    Parameters
    ----------
    source
        File to read.
    kind, schema
        What is expected, and the newest layout this version reads.
    upgrade_from
        For each past schema, what turns its record and members into those of the next.

    Raises
    ------
    MissingFileError, IntegrityError
        If the file is missing; if it is damaged, altered, of another kind or of a newer schema.
    """
    file = Path(source)
    if not file.is_file():
        raise MissingFileError(f"no file {file}: give the path of a saved {kind}")
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _checked_manifest(archive, file)
            members = {name: archive.read(name) for name in manifest["members"]}
    except IntegrityError:
        raise
    except _DAMAGE as error:
        raise IntegrityError(f"{file} is damaged or is no saved {kind} ({error}): save or copy it again") from error
    _check_members(file, manifest, members)
    if manifest["kind"] != kind:
        raise IntegrityError(f"{file} holds a {manifest['kind']}, not a {kind}: load it with the call for that kind")
    found, record = int(manifest["schema"]), dict(manifest["record"])
    if found > schema:
        raise IntegrityError(
            f"{file} has schema {found}, this version reads up to {schema}: upgrade omics-rx to open it"
        )
    while found < schema:
        if not upgrade_from or found not in upgrade_from:
            raise IntegrityError(f"{file} has schema {found}, which this version no longer reads")
        record, members = upgrade_from[found](record, members)
        found += 1
    return Bundle(kind, found, record, members)


def _checked_manifest(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    """Read the manifest, and refuse members it does not name or that are unsafe in name or size."""
    manifest = json.loads(archive.read(_MANIFEST))
    listed = manifest["members"]
    sizes = {info.filename: info.file_size for info in archive.infolist() if info.filename != _MANIFEST}
    strange = [name for name in sizes if name not in listed or "/" in name or not name.endswith(_SUFFIXES)]
    missing = [name for name in listed if name not in sizes]
    wrong = [name for name in listed if name in sizes and sizes[name] != listed[name]["bytes"]]
    if strange or missing or wrong or sum(sizes.values()) > _MAX_BYTES:
        raise IntegrityError(
            f"{file} does not hold what its manifest says (unexpected {strange}, missing {missing}, "
            f"wrong size {wrong}): save or copy it again"
        )
    return dict(manifest)


def _check_members(file: Path, manifest: Mapping[str, Any], members: Mapping[str, bytes]) -> None:
    altered = [
        name
        for name, data in members.items()
        if hashlib.sha256(data).hexdigest() != manifest["members"][name]["sha256"]
    ]
    if altered:
        raise IntegrityError(f"{file}: the sha256 of {altered} is not the one recorded: save or copy it again")
