"""Matrix Market files of whole or decimal numbers, checked entry by entry.

SciPy's parser ends the process on some damaged files, so the entries are parsed by arrow and their places checked.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO, Any

import numpy as np

from omics_rx.core import budget
from omics_rx.core.errors import IntegrityError
from omics_rx.io.files import opened

_N_BLOCK = 1 << 20
_LARGEST_PLACE = 2**31 - 1


def read_market(file: Path) -> Any:
    """Read a sparse matrix, packed or not.

    Returns
    -------
    scipy.sparse.csr_matrix
        Shape as the file says; float32, or float64 where that loses digits.

    Raises
    ------
    IntegrityError
        If the file is truncated, or an entry is no number, lies outside the matrix or stands twice.
    """
    from scipy import sparse

    with opened(file) as stream:
        has_values = _header(stream, file)
        n_rows, n_columns, n_entries = _sizes(stream, file)
        rows, columns, values = _entries(stream, file, has_values=has_values)
    if len(rows) != n_entries:
        raise IntegrityError(
            f"{file} is no whole Matrix Market file: it holds {len(rows)} of {n_entries} entries, copy or download it "
            "again"
        )
    outside = (rows < 1) | (rows > n_rows) | (columns < 1) | (columns > n_columns)
    if outside.any():
        first = int(np.flatnonzero(outside)[0])
        raise IntegrityError(
            f"{file} is no whole Matrix Market file: {int(outside.sum())} entries lie outside its {n_rows} rows and "
            f"{n_columns} columns (the first in row {rows[first]}, column {columns[first]}), copy or download it again"
        )
    narrow = values.astype(np.float32)
    exact = bool(np.all(narrow == values)) or bool(np.any(values != np.floor(values)))
    matrix = sparse.csr_matrix((narrow if exact else values, (rows - 1, columns - 1)), shape=(n_rows, n_columns))
    if matrix.nnz != n_entries:
        raise IntegrityError(
            f"{file}: {n_entries - matrix.nnz} entries stand twice, so values would be added up: download it again"
        )
    return matrix


def _header(stream: IO[bytes], file: Path) -> bool:
    """Read the first line; True where entries have a value, False where they are all 1."""
    words = stream.readline(200).decode("latin-1").lower().split()
    if len(words) != 5 or words[:2] != ["%%matrixmarket", "matrix"]:
        raise IntegrityError(f"{file} is no whole Matrix Market file: its first line does not say what it holds")
    _, _, form, field, symmetry = words
    if form != "coordinate" or field not in ("integer", "real", "double", "pattern") or symmetry != "general":
        raise IntegrityError(
            f"{file} is a Matrix Market file of kind {form}, {field}, {symmetry}: write it as coordinate, integer or "
            "real, general"
        )
    return field != "pattern"


def _sizes(stream: IO[bytes], file: Path) -> tuple[int, int, int]:
    line = stream.readline(_N_BLOCK)
    while line and (line.startswith(b"%") or not line.strip()):
        line = stream.readline(_N_BLOCK)
    words = line.split()
    if len(words) != 3 or not all(word.isdigit() for word in words):
        shown = line[:60].decode("latin-1").strip()
        raise IntegrityError(f"{file} is no whole Matrix Market file: {shown!r} is not its number of rows and columns")
    n_rows, n_columns, n_entries = map(int, words)
    if max(n_rows, n_columns) > _LARGEST_PLACE or n_entries > n_rows * n_columns:
        raise IntegrityError(f"{file} says {n_entries} entries in {n_rows} x {n_columns}: it is damaged")
    for count, what in ((n_rows, "rows"), (n_columns, "columns")):
        budget.check(count, budget.ROWS, str(file), what)
    budget.check(n_entries, budget.VALUES, str(file), "entries")
    return n_rows, n_columns, n_entries


def _entries(stream: IO[bytes], file: Path, *, has_values: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    import pyarrow as pa
    from pyarrow import csv

    names = ["row", "column", "value"] if has_values else ["row", "column"]
    types = {"row": pa.int32(), "column": pa.int32(), "value": pa.float64()}
    try:
        table = csv.read_csv(
            io.BufferedReader(_Single(stream), _N_BLOCK),
            csv.ReadOptions(column_names=names, use_threads=False),
            csv.ParseOptions(delimiter=" ", quote_char=False),
            csv.ConvertOptions(column_types={name: types[name] for name in names}, null_values=[]),
        )
    except pa.ArrowException as error:
        if "Empty CSV" in str(error):
            return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0)
        raise IntegrityError(f"{file} is no whole Matrix Market file ({error}): copy or download it again") from error
    values = table["value"].to_numpy() if has_values else np.ones(len(table))
    if not np.isfinite(values).all():
        raise IntegrityError(f"{file}: {int((~np.isfinite(values)).sum())} values are no numbers: download it again")
    return table["row"].to_numpy(), table["column"].to_numpy(), values


class _Single(io.RawIOBase):
    """Stream whose fields are cut by one space each, where a writer filled them up with spaces or tabs."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._rest = stream.readline(_N_BLOCK)
        self._padded = self._rest.strip().split() != self._rest.rstrip(b"\r\n").split(b" ")
        self._rest = self._cut(self._rest)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = self._cut(self._stream.read(_N_BLOCK) + self._stream.readline(_N_BLOCK))
        data, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def _cut(self, block: bytes) -> bytes:
        if not self._padded:
            return block
        return b"".join(b" ".join(line.split()) + b"\n" for line in block.splitlines() if line.strip())
