"""Sparse matrices as they lie in a file: every place inside the matrix and named once, before anything is summed."""

from __future__ import annotations

from typing import Any

import numpy as np

from omics_rx.core.errors import IntegrityError

_BLOCK = 1 << 23  # places looked at together
_AT_ONCE = 1 << 28  # of a matrix that stays in its file: beyond, places are looked at as rows are read


def check_stored(group: Any, what: str) -> None:
    """Hold a sparse matrix of an HDF5 group to its shape without reading its values.

    Parameters
    ----------
    group
        A group of anndata's encodings ``csr_matrix`` and ``csc_matrix``.
    what
        What it is called in an error.

    Raises
    ------
    IntegrityError
        If a place lies outside the matrix, stands twice, or the parts do not fit each other.
    """
    form = group.attrs.get("encoding-type", "")
    shape = [int(size) for size in group.attrs["shape"]]
    across = shape[1] if form == "csr_matrix" else shape[0]
    along = shape[0] if form == "csr_matrix" else shape[1]
    if len(group["data"]) != len(group["indices"]):
        raise IntegrityError(
            f"{what} has {len(group['data'])} values for {len(group['indices'])} places: copy it again"
        )
    check_places(group["indptr"][:], group["indices"], (along, across), what, most=_AT_ONCE)


def check_matrix(matrix: Any, what: str) -> None:
    """Hold a sparse matrix in memory to its shape; any other matrix is taken as it is.

    Raises
    ------
    IntegrityError
        If a place lies outside the matrix, stands twice, or the parts do not fit each other.
    """
    form = getattr(matrix, "format", "")
    if form not in ("csr", "csc"):
        return
    along, across = matrix.shape if form == "csr" else matrix.shape[::-1]
    if len(matrix.data) != len(matrix.indices):
        raise IntegrityError(f"{what} has {len(matrix.data)} values for {len(matrix.indices)} places: write it again")
    check_places(matrix.indptr, matrix.indices, (along, across), what)


def check_places(starts: Any, places: Any, shape: tuple[int, int], what: str, *, most: int | None = None) -> None:
    """Hold the compressed parts of a sparse matrix to each other.

    Parameters
    ----------
    starts
        Where each row begins among the places, ``(rows + 1,)``.
    places
        Column of each value, an array or a dataset of a file.
    shape
        Rows and columns, as they are stored.
    what
        What it is called in an error.
    most
        Look at no more places than these, which a file of any size allows; None looks at all.

    Raises
    ------
    IntegrityError
        If they do not fit.
    """
    n_rows, n_columns = shape
    starts = np.asarray(starts)
    whole = starts.ndim == 1 and starts.dtype.kind in "iu" and len(starts) == n_rows + 1 and places.dtype.kind in "iu"
    if not whole or starts[0] != 0 or starts[-1] != len(places) or (np.diff(starts.astype(np.int64)) < 0).any():
        raise IntegrityError(f"{what} has rows that do not fit its {len(places):,} values: copy or write it again")
    if most is not None and len(places) > most:
        return
    row = 0
    while row < n_rows:
        end = max(row + 1, int(np.searchsorted(starts, int(starts[row]) + _BLOCK, side="right")) - 1)
        _check_block(places[int(starts[row]) : int(starts[end])], starts[row : end + 1], n_columns, what)
        row = end


def _check_block(places: np.ndarray, starts: np.ndarray, n_columns: int, what: str) -> None:
    if not len(places):
        return
    outside = int((places < 0).sum() + (places >= n_columns).sum())
    if outside:
        raise IntegrityError(
            f"{what}: {outside:,} values lie outside its {n_columns:,} columns: copy or write it again"
        )
    rising = places[1:] > places[:-1]
    breaks = (starts[1:-1] - starts[0]).astype(np.int64)
    rising[breaks[(breaks > 0) & (breaks < len(places))] - 1] = True
    if rising.all():
        return
    sizes: Any = np.diff(starts.astype(np.int64))
    rows = np.repeat(np.arange(len(starts) - 1), sizes)
    keys = np.sort(rows * n_columns + places)
    twice = int((keys[1:] == keys[:-1]).sum())
    if twice:
        raise IntegrityError(f"{what}: {twice:,} values stand twice, so they would be added up: write it again")
