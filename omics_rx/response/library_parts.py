"""The folder of a screening: one Parquet file a chunk, each whole or absent, and what it is a screening of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core import saving
from omics_rx.core.errors import InputError, IntegrityError
from omics_rx.response.library_rows import chunks

if TYPE_CHECKING:
    from omics_rx.response.library_rows import Structures

_RECORD = "screening.json"


class Todo:
    """The chunks of a share that are not in the folder yet, drawn one by one; what is there is counted."""

    def __init__(self, folder: Path, structures: Structures, chunk: int, shard: tuple[int, int]) -> None:
        self.folder, self.shard = folder, shard
        self.rows = chunks(structures, chunk)
        self.digests: dict[int, str] = {}
        self.counts: pd.Series = pd.Series(dtype=np.int64)
        self.n_parts = 0

    def __iter__(self) -> Iterator[tuple[int, pd.DataFrame]]:
        for number, rows in enumerate(self.rows):
            self.n_parts = number + 1
            if not is_mine(number, self.shard):
                continue
            digest = hashlib.sha256(rows.to_csv().encode()).hexdigest()
            found = finished(part_of(self.folder, number), digest)
            if found is None:
                self.digests[number] = digest
                yield number, rows
            else:
                self.count(found)

    def count(self, frame: pd.DataFrame) -> None:
        """Count the structures of a chunk by status."""
        self.counts = self.counts.add(frame["status"].value_counts(), fill_value=0)


def is_mine(number: int, shard: tuple[int, int]) -> bool:
    """Whether a part is of a share."""
    return number % shard[1] == shard[0]


def part_of(folder: Path, number: int) -> Path:
    """File of a part."""
    return folder / f"part-{number:05d}.parquet"


def parts_of(folder: Path) -> list[tuple[int, Path]]:
    """Parts in the folder with their numbers, in order."""
    found = ((file.stem.removeprefix("part-"), file) for file in folder.glob("part-*.parquet"))
    return sorted((int(number), file) for number, file in found if number.isdigit())


def claim(folder: Path, record: dict[str, Any]) -> None:
    """Write what this screening is, or refuse a folder that holds another."""
    path = folder / _RECORD
    if path.is_file():
        held = json.loads(path.read_text(encoding="utf-8"))
        other = sorted(name for name in record if held.get(name) != record[name])
        if other:
            raise InputError(
                f"{folder} holds a screening with another {', '.join(other)}: choose another folder, or remove it"
            )
        return
    with saving.writing(path) as draft:
        draft.write_text(json.dumps(record, indent=1), encoding="utf-8")


def write(frame: pd.DataFrame, path: Path, digest: str) -> None:
    """Write a part, with the hash of its structures."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), b"structures": digest.encode()})
    with saving.writing(path) as draft:
        pq.write_table(table, draft)


def finished(path: Path, digest: str) -> pd.DataFrame | None:
    """The chunk as it was written before, None where it was not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        return None
    try:
        held = (pq.read_schema(path).metadata or {}).get(b"structures", b"").decode()
        frame = pd.read_parquet(path, columns=["status"])
    except (pa.ArrowInvalid, OSError) as error:
        raise IntegrityError(f"{path} is damaged ({error}): remove it and screen again") from error
    if held != digest:
        raise InputError(f"{path} holds other structures: choose another folder, or remove it")
    return frame
