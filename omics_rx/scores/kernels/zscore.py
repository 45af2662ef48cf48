"""Combined z-score of a set's genes over the cohort."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from omics_rx.scores.kernels.ranks import members_of


def zscore(values: np.ndarray, members: sparse.csr_array) -> np.ndarray:
    """Sum the z-scores of a set's genes over the square root of their number.

    Genes are standardised over the samples given (standard deviation with n - 1), so a score depends on the cohort.
    A gene that is constant has no z-score and counts as missing.

    Parameters
    ----------
    values
        Shape ``(n_samples, n_genes)``, on a log scale, at least 3 samples; NaN is a gene missing for that sample.
    members
        Sparse, shape ``(n_genes, n_sets)``; the sign tells genes that rise from genes that fall.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples, n_sets)``; NaN where no gene of the set is known.

    Notes
    -----
    Lee et al., PLoS Computational Biology 2008; equal to R GSVA with ``method="zscore"`` for unsigned sets.
    """
    used, weights = members_of(members)
    block = values[:, used].astype(np.float64)
    known = np.isfinite(block)
    count = known.sum(axis=0)
    filled = np.where(known, block, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = np.where(known, block - filled.sum(axis=0) / count, 0.0)
        sd = np.sqrt((centred**2).sum(axis=0) / (count - 1))
        varies = sd > 1e-12 * np.maximum(np.abs(filled).max(axis=0, initial=0.0), 1e-300)
        z = np.where(known & varies, centred / np.where(varies, sd, 1.0), 0.0)
        size = (known & varies) @ np.abs(np.sign(weights))
        score = (z @ np.sign(weights)) / np.sqrt(size)
    return np.where(size > 0, score, np.nan)
