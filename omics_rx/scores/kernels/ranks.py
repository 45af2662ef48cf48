"""Ranks within each sample, the ground of every rank score."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

TIES = ("average", "first", "min")
_RADIX_FROM = 700  # shorter rows are ordered faster by comparison
_MAX_ROUNDS = 12
_CLOSE = 1e-9  # of a value: what lies nearer ties, as the last digits differ between processors
_PART_VALUES = 200_000  # stored values worked on at a time: arrays of them stay in the processor's cache


def ascending(row: np.ndarray, *, stable: bool = False) -> np.ndarray:
    """Order of a row's values from the lowest, NaN last: ``numpy.argsort`` in a third of its time for long rows.

    Values are rounded to 32 bits, whose two halves numpy sorts by counting (a stable sort of 16-bit integers needs no
    comparison). Rounding keeps the order but for values that become equal; these few neighbours are then put right by
    their full values, so the order is exact.

    Parameters
    ----------
    row
        Shape ``(n,)``, floats.
    stable
        Whether equal values must keep the order given.

    Returns
    -------
    numpy.ndarray
        Positions, shape ``(n,)``.
    """
    kind: Literal["stable"] | None = "stable" if stable else None
    if row.size < _RADIX_FROM:
        return row.argsort(kind=kind)
    with np.errstate(over="ignore"):  # beyond 32 bits values become infinite, and equal
        short = row.astype(np.float32)
    short += np.float32(0)  # minus zero becomes zero
    bits = short.view(np.int32)
    bits ^= (bits >> 31) & np.int32(0x7FFFFFFF)
    keys = bits.view(np.uint32) ^ np.uint32(0x80000000)
    missing = np.isnan(row)
    if missing.any():
        keys[missing] = 0xFFFFFFFF  # a NaN may carry any sign
    halves = keys.view(np.uint16).reshape(-1, 2)
    low, high = (0, 1) if sys.byteorder == "little" else (1, 0)
    order = halves[:, low].argsort(kind="stable")
    order = order[halves[:, high][order].argsort(kind="stable")]
    return order if _put_right(row, order) else row.argsort(kind=kind)


def rises(ordered: np.ndarray) -> np.ndarray:
    """Whether each of ordered values but the first is above the one before by more than rounding, ``(n - 1,)``."""
    before = ordered[:-1]
    return np.asarray(ordered[1:] > before + _CLOSE * np.abs(before))


def _put_right(values: np.ndarray, order: np.ndarray, begins: np.ndarray | None = None) -> bool:
    """Exchange neighbours that stand in the wrong order, in place; False where too many do.

    ``begins`` tells the places at which another row begins, across which nothing is exchanged.
    """
    if values.dtype == np.float32:
        return True
    ordered = values[order]
    for _ in range(_MAX_ROUNDS):
        falls = ordered[1:] < ordered[:-1]
        wrong = np.flatnonzero(falls if begins is None else falls & ~begins[1:])
        if not wrong.size:
            return True
        if wrong.size > 1:
            wrong = wrong[np.concatenate(([True], np.diff(wrong) > 1))]
        order[wrong], order[wrong + 1] = order[wrong + 1], order[wrong]
        ordered[wrong], ordered[wrong + 1] = ordered[wrong + 1], ordered[wrong]
    return False


def row_ranks(values: np.ndarray, *, ties: str = "average", columns: np.ndarray | None = None) -> np.ndarray:
    """Rank the genes of each sample, 1 for the lowest.

    Parameters
    ----------
    values
        Shape ``(n_samples, n_genes)``; NaN is a gene missing for that sample.
    ties
        Rank of equal values: ``"average"`` of the places they take, ``"min"`` of them, or ``"first"``, in the
        order of the columns (which makes the result depend on that order).
    columns
        Positions of the genes whose ranks among all are wanted; None for all.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples, n_genes)`` or ``(n_samples, len(columns))``, float64; 0 where the gene is missing.

    Examples
    --------
    >>> row_ranks(np.array([[3.0, 1.0, 3.0, np.nan]])).tolist()
    [[2.5, 1.0, 2.5, 0.0]]
    """
    n_samples, n_genes = values.shape
    known = count_known(values)
    places = np.arange(1, n_genes + 1, dtype=np.float64)
    ranks = np.empty((n_samples, n_genes if columns is None else len(columns)))
    row_rank = np.empty(n_genes)
    for row, values_of_row in enumerate(values):
        order = ascending(values_of_row, stable=ties == "first")
        row_rank[order] = places
        if known[row] < n_genes:  # NaN is sorted to the end
            row_rank[order[known[row] :]] = 0
            order = order[: known[row]]
        if ties != "first":
            _share_ties(values_of_row[order], order, row_rank, ties)
        ranks[row] = row_rank if columns is None else row_rank[columns]
    return ranks


@dataclass(frozen=True)
class Runs:
    """Stored values of sparse samples in ascending order, as runs of equal values.

    Attributes
    ----------
    order
        Positions in ``data`` from the lowest to the highest of the first sample, then of the second, ...
    first
        How many stored values of its sample lie below each run, shape ``(n_runs,)``.
    length
        Of each run.
    stored
        Number of stored values of the sample of each run.
    """

    order: np.ndarray
    first: np.ndarray
    length: np.ndarray
    stored: np.ndarray

    def spread(self, of_run: np.ndarray) -> np.ndarray:
        """Give a number of each run to the stored values in it, in the places of ``data``."""
        result = np.empty(self.order.size)
        result[self.order] = np.repeat(of_run, self.length)
        return result


def sparse_runs(values: sparse.csr_array) -> Runs:
    """Order the stored values of each sparse sample; all but the sorting itself is done for all samples at once.

    Parameters
    ----------
    values
        Shape ``(n_samples, n_genes)``; stored values are all above zero.

    Notes
    -----
    Each value, rounded to 32 bits, is put before its position in one integer of 64 bits, so that a plain sort, twice
    as fast as one of positions, orders both. The few that rounding made equal are then put right.
    """
    bounds = values.indptr.astype(np.int64)
    stored = np.diff(bounds)
    with np.errstate(over="ignore"):  # beyond 32 bits values become infinite, and equal
        bits = values.data.astype(np.float32).view(np.uint32)  # above zero they rise with the values
    keys = (bits.astype(np.uint64) << np.uint64(32)) | np.arange(values.nnz, dtype=np.uint64)
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        keys[start:stop].sort()
    order = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
    begins = np.zeros(values.nnz, dtype=bool)
    begins[bounds[:-1][stored > 0]] = True
    if not _put_right(values.data, order, begins):
        for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            order[start:stop] = values.data[start:stop].argsort() + start
    ordered = values.data[order]
    begins[1:] |= rises(ordered)
    starts = np.flatnonzero(begins)
    runs_of_sample = np.diff(np.searchsorted(starts, bounds))
    first = starts - np.repeat(bounds[:-1], runs_of_sample)
    return Runs(order, first, np.diff(starts, append=values.nnz), np.repeat(stored, runs_of_sample))


def sparse_row_ranks(values: sparse.csr_array) -> tuple[sparse.csr_array, np.ndarray]:
    """Rank the stored genes of each sparse sample among all its genes, zeros being one block of ties below them.

    Parameters
    ----------
    values
        Shape ``(n_samples, n_genes)``; stored values are all above zero.

    Returns
    -------
    tuple
        Ranks of the stored genes, ties averaged, in the same places; and the rank that every zero shares, shape
        ``(n_samples,)``.
    """
    n_genes = values.shape[1]
    runs = sparse_runs(values)
    ranks = runs.spread(n_genes - runs.stored + runs.first + (runs.length + 1) / 2)
    zeros = (n_genes - np.diff(values.indptr) + 1) / 2
    return sparse.csr_array((ranks, values.indices, values.indptr), shape=values.shape), zeros


def row_parts(values: sparse.csr_array) -> Iterator[sparse.csr_array]:
    """Yield runs of sparse samples that fit the processor's cache, views of the matrix, in order."""
    bounds = values.indptr.astype(np.int64)
    n_samples, start = values.shape[0], 0
    while start < n_samples:
        stop = max(start + 1, int(np.searchsorted(bounds, bounds[start] + _PART_VALUES, side="right")) - 1)
        low, high = bounds[start], bounds[stop]
        yield sparse.csr_array(
            (values.data[low:high], values.indices[low:high], bounds[start : stop + 1] - low),
            shape=(stop - start, values.shape[1]),
        )
        start = stop


def only_columns(values: sparse.csr_array, columns: np.ndarray) -> sparse.csr_array:
    """Some columns of a sparse matrix, in ascending order, several times faster than by indexing.

    Parameters
    ----------
    values
        Shape ``(n_samples, n_genes)``.
    columns
        Positions, ascending, shape ``(n_used,)``.
    """
    place = np.full(values.shape[1], -1, dtype=values.indices.dtype)
    place[columns] = np.arange(columns.size)
    found = place[values.indices]
    kept = found >= 0
    before = np.concatenate(([0], np.cumsum(kept, dtype=values.indptr.dtype)))
    return sparse.csr_array(
        (values.data[kept], found[kept], before[values.indptr]), shape=(values.shape[0], columns.size)
    )


def count_known(values: np.ndarray) -> np.ndarray:
    """Number of genes known in each sample, shape ``(n_samples,)``."""
    if not np.isnan(np.min(values, initial=np.inf)):
        return np.full(len(values), values.shape[1])
    known: np.ndarray = values.shape[1] - np.isnan(values).sum(axis=1)
    return known


def _share_ties(ordered: np.ndarray, order: np.ndarray, target: np.ndarray, ties: str) -> None:
    """Give the genes of each run of values that differ by rounding at most one rank, in place."""
    changes = np.flatnonzero(rises(ordered)) + 1
    if changes.size + 1 >= ordered.size:
        return
    starts = np.concatenate(([0], changes))
    ends = np.concatenate((changes, [ordered.size]))
    shared = starts + 1.0 if ties == "min" else (starts + 1 + ends) / 2
    target[order] = np.repeat(shared, ends - starts)


def members_of(members: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the genes that are in any set, and their weights as a dense array.

    Parameters
    ----------
    members
        Sparse ``n_genes x n_sets``.

    Returns
    -------
    tuple
        Positions of the used genes, shape ``(n_used,)``, and weights, shape ``(n_used, n_sets)``.
    """
    used = np.flatnonzero(np.diff(members.indptr))
    return used, members[used].toarray().astype(np.float64)
