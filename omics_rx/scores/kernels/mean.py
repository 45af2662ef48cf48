"""Weighted mean of a set's genes."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from omics_rx.scores.kernels.ranks import members_of


def mean(values: np.ndarray, members: sparse.csr_array) -> np.ndarray:
    """Average the genes of each set, each with its weight: sum of w x over sum of abs(w), genes known in the sample.

    Parameters
    ----------
    values
        Shape ``(n_samples, n_genes)``, on a log scale; NaN is a gene missing for that sample.
    members
        Sparse weights, shape ``(n_genes, n_sets)``; negative weights subtract.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples, n_sets)``, in the unit of ``values``; NaN where no gene of the set is known.
    """
    used, weights = members_of(members)
    block = values[:, used].astype(np.float64)
    known = np.isfinite(block)
    total = known @ np.abs(weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (np.where(known, block, 0.0) @ weights) / total
    return np.where(total > 0, score, np.nan)
