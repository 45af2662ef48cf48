"""Ranks within each sample, the ground of every rank score."""

from __future__ import annotations

import numpy as np
from scipy import sparse

TIES = ("average", "first", "min")


def row_ranks(values: np.ndarray, *, ties: str = "average") -> np.ndarray:
    """Rank the genes of each sample, 1 for the lowest.

    Parameters
    ----------
    values
        Shape ``(n_samples, n_genes)``; NaN is a gene missing for that sample.
    ties
        Rank of equal values: ``"average"`` of the places they take, ``"min"`` of them, or ``"first"``, in the
        order of the columns (which makes the result depend on that order).

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples, n_genes)``, float64; 0 where the gene is missing.

    Examples
    --------
    >>> row_ranks(np.array([[3.0, 1.0, 3.0, np.nan]])).tolist()
    [[2.5, 1.0, 2.5, 0.0]]
    """
    ranks = np.zeros(values.shape)
    for row, target in zip(values, ranks, strict=True):
        known = row.size - int(np.count_nonzero(np.isnan(row)))
        order = np.argsort(row, kind="stable" if ties == "first" else None)[:known]
        target[order] = np.arange(1, known + 1)
        if ties != "first":
            _share_ties(row[order], order, target, ties)
    return ranks


def _share_ties(ordered: np.ndarray, order: np.ndarray, target: np.ndarray, ties: str) -> None:
    """Give the genes of each run of equal values one rank, in place."""
    changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
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
