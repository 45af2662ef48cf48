"""Rank score of one sample on its own, for sets with a direction."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from omics_rx.scores.kernels.ranks import count_known, members_of, row_ranks


def singscore(values: np.ndarray, members: sparse.csr_array, *, ties: str = "min") -> np.ndarray:
    r"""Score sets by the mean rank of their genes, scaled by the range it could take.

    For ``k`` known genes of a set among ``N``, the mean rank lies between ``(k + 1) / 2`` and ``(2 N - k + 1) / 2``;
    the score is its place in that range less one half. Genes that should fall are ranked from the top; their
    score is added.

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
    Foroutan et al., BMC Bioinformatics 2018.
    """
    used, weights = members_of(members)
    known = count_known(values)[:, None].astype(np.float64)
    up = _place(row_ranks(values, ties=ties, columns=used), weights > 0, known)
    falling = np.any(weights < 0, axis=0)
    if not falling.any():
        return up
    down = _place(row_ranks(-values, ties=ties, columns=used), weights < 0, known)
    rising = np.any(weights > 0, axis=0)
    return np.where(rising, up, 0.0) + np.where(falling, down, 0.0)


def _place(ranks: np.ndarray, inside: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Place of the mean rank between the lowest and highest it could be, centred."""
    inside = inside.astype(np.float64)
    size = (ranks > 0).astype(np.float64) @ inside
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_rank = (ranks @ inside) / size
        low, high = (size + 1) / 2, (2 * known - size + 1) / 2
        score = (mean_rank - low) / (high - low) - 0.5
    return np.where((size > 0) & (size < known), score, np.nan)
