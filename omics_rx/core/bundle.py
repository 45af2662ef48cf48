"""Saving: one ``.orx`` file, written at once, checked before it is read, never a pickle.

A bundle is a zip of ``manifest.json`` (kind, schema, versions, sha256 and size of each member, and what the
kind itself records) and of members that run no code when parsed: safetensors, parquet, LightGBM text, JSON.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core import budget
from omics_rx.core.damage import json_of, told_as_damage
from omics_rx.core.errors import InputError, IntegrityError, examples
from omics_rx.core.paths import existing
from omics_rx.core.provenance import now, versions
from omics_rx.core.saving import check_hashes, is_as_sealed, of_bytes, sealed, writing
from omics_rx.core.texts import as_made_here
from omics_rx.core.work import log

_MANIFEST = "manifest.json"
_SUFFIXES = (".safetensors", ".parquet", ".txt", ".json")
_MANIFEST_BYTES = 1 << 26
# a manifest holds these and nothing else; those of the first files had no hash of their own
_FIELDS = {"kind", "schema", "created", "versions", "members", "record"}
_HASH = re.compile("[0-9a-f]{64}")
Upgrade = Callable[[dict[str, Any], dict[str, bytes]], tuple[dict[str, Any], dict[str, bytes]]]


@dataclass(frozen=True)
class Bundle:
    """An opened bundle: what its kind recorded, and its members as bytes."""

    kind: str
    schema: int
    record: Mapping[str, Any]
    members: Mapping[str, bytes]

    def frame(self, name: str) -> pd.DataFrame:
        """Read a parquet member."""
        with told_as_damage(f"{name} of the saved {self.kind}"):
            import pyarrow.parquet as pq

            data = io.BytesIO(self.members[name])
            told = pq.read_metadata(data)
            budget.check_frame(told.num_rows, told.num_columns, name)
            return as_made_here(pd.read_parquet(data))

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Read a safetensors member."""
        from safetensors.numpy import load

        with told_as_damage(f"{name} of the saved {self.kind}"):
            return load(self.members[name])

    def text(self, name: str) -> str:
        """Read a text member."""
        with told_as_damage(f"{name} of the saved {self.kind}"):
            return self.members[name].decode("utf-8")

    def json(self, name: str) -> Any:
        """Read a JSON member."""
        return json_of(self.text(name), f"{name} of the saved {self.kind}")


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
        "members": {name: of_bytes(data) for name, data in members.items()},
        "record": dict(record),
    }
    with writing(target) as draft, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in {_MANIFEST: json.dumps(sealed(manifest), indent=1).encode(), **members}.items():
            # of no time, so that the same content is the same file
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, compresslevel=1)
    return Path(target)


def load(source: Path | str, *, kind: str, schema: int, upgrade_from: Mapping[int, Upgrade] | None = None) -> Bundle:
    """Open a bundle after checking names, sizes and hashes of all its members, and of what its kind recorded.

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
    MissingFileError, IntegrityError, InputError
        If the file is missing; if it is damaged, altered, of another kind or of a newer schema; if it asks for more
        memory than one input may.
    """
    file = existing(source, what=f"saved {kind.replace('_', ' ')}")
    if file.is_dir():
        raise InputError(f"{file} is a folder: give the path of a saved {kind.replace('_', ' ')}")
    with told_as_damage(f"{file} (as a saved {kind})"), zipfile.ZipFile(file) as archive:
        _check_sizes(archive, file)
        manifest = _manifest(archive, file)
        _check_listed(archive, manifest["members"], file)
        members = {name: archive.read(name) for name in manifest["members"]}
    check_hashes(members, manifest["members"], file)
    if manifest["kind"] != kind:
        raise IntegrityError(f"{file} holds a {manifest['kind']}, not a {kind}: load it with the call for that kind")
    found, record = manifest["schema"], manifest["record"]
    if found > schema:
        raise IntegrityError(
            f"{file} has schema {found}, this version reads up to {schema}: upgrade omics-rx to open it"
        )
    while found < schema:
        if not upgrade_from or found not in upgrade_from:
            raise IntegrityError(f"{file} has schema {found}, which this version no longer reads")
        with told_as_damage(file):
            record, members = upgrade_from[found](record, members)
        found += 1
    return Bundle(kind, found, record, members)


def _check_sizes(archive: zipfile.ZipFile, file: Path) -> None:
    """Refuse what is too many, too large or packed too well, before anything is unpacked."""
    listed = archive.infolist()
    budget.check_zip(listed, file.stat().st_size, str(file))
    budget.check(sum(info.file_size for info in listed), budget.BUNDLE_BYTES, str(file), "bytes")
    names = [info.filename for info in listed]
    if len(set(names)) < len(names) or any(info.flag_bits & 1 for info in listed):
        raise IntegrityError(f"{file} holds a member twice, or encrypted: save or copy it again")


def _manifest(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    """Read the manifest and hold it to its shape and to its own hash."""
    if archive.getinfo(_MANIFEST).file_size > _MANIFEST_BYTES:
        raise IntegrityError(f"{file} has a manifest of more than {_MANIFEST_BYTES:,} bytes: save or copy it again")
    manifest = json_of(archive.read(_MANIFEST), f"the manifest of {file}")
    whole = isinstance(manifest, dict) and set(manifest) in (_FIELDS, _FIELDS | {"sha256"})
    if not whole or not _is_shaped(manifest):
        raise IntegrityError(f"{file} has a manifest of another shape: save or copy it again")
    if "sha256" not in manifest:
        log.warning("%s was saved without a hash of what it records: a change cannot be told; save it again", file)
    elif not is_as_sealed(manifest):
        raise IntegrityError(f"{file} has a manifest that was changed: save or copy it again")
    return dict(manifest)


def _is_shaped(manifest: Mapping[str, Any]) -> bool:
    told, members = (manifest["schema"], manifest["members"])
    return (
        isinstance(manifest["kind"], str)
        and isinstance(told, int)
        and not isinstance(told, bool)
        and told >= 1
        and isinstance(manifest["record"], dict)
        and isinstance(members, dict)
        and all(
            isinstance(each, dict)
            and set(each) == {"sha256", "bytes"}
            and isinstance(each["bytes"], int)
            and isinstance(each["sha256"], str)
            and _HASH.fullmatch(each["sha256"])
            for each in members.values()
        )
    )


def _check_listed(archive: zipfile.ZipFile, listed: Mapping[str, Any], file: Path) -> None:
    """Refuse members that the manifest does not name or that are unsafe in name or size."""
    sizes = {info.filename: info.file_size for info in archive.infolist() if info.filename != _MANIFEST}
    strange = [name for name in sizes if name not in listed or "/" in name or not name.endswith(_SUFFIXES)]
    missing = [name for name in listed if name not in sizes]
    wrong = [name for name in listed if name in sizes and sizes[name] != listed[name]["bytes"]]
    if strange or missing or wrong:
        raise IntegrityError(
            f"{file} does not hold what its manifest says (unexpected {examples(strange)}, missing {examples(missing)},"
            f" wrong size {examples(wrong)}): save or copy it again"
        )
