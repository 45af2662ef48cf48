"""Rank score of one sample on its own, for sets with a direction."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from omics_rx.scores.kernels.ranks import count_known, members_of, row_ranks


def singscore(values: np.ndarray, members: sparse.csr_array, *, ties: str = "min") -> np.ndarray:
    r"""Score sets by the mean rank of their genes, scaled by the range it could take.

    For ``k`` known genes of a set among ``N``, the mean rank lies between ``(k + 1) / 2`` and ``(2 N - k + 1) / 2``;
    the score is its place in that range less one half. The place of the genes that should fall is taken off: both are
    ranked from the bottom, as in the reference, so a gene without any read lies at the bottom for either direction.

    Parameters
    ----------
    values
        Shape ``(n_samples, n_genes)``; NaN is a gene missing for that sample and leaves its ranking.
    members
        Sparse, shape ``(n_genes, n_sets)``; positive for genes that rise, negative for genes that fall.
    ties
        Rank of equal values: ``"min"`` as in the reference, or ``"average"``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples, n_sets)``: -0.5 to 0.5, or -1 to 1 for a set with both directions. NaN where one of the
        directions of the set has no known gene.

    Notes
    -----
    Foroutan et al., BMC Bioinformatics 2018; falling genes as in their program (``1 - place`` of the same ranks), which
    differs from ranking them from the top where values tie.
    """
    used, weights = members_of(members)
    known = count_known(values)[:, None].astype(np.float64)
    ranks = row_ranks(values, ties=ties, columns=used)
    up, down = weights > 0, weights < 0
    falls = np.any(down, axis=0)
    if not falls.any():
        return _place(ranks, up, known)
    rises = np.any(up, axis=0)
    return np.where(rises, _place(ranks, up, known), 0.0) - np.where(falls, _place(ranks, down, known), 0.0)


def _place(ranks: np.ndarray, inside: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Place of the mean rank between the lowest and highest it could be, centred."""
    inside = inside.astype(np.float64)
    size = (ranks > 0).astype(np.float64) @ inside
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_rank = (ranks @ inside) / size
        low, high = (size + 1) / 2, (2 * known - size + 1) / 2
        score = (mean_rank - low) / (high - low) - 0.5
    return np.where((size > 0) & (size < known), score, np.nan)
