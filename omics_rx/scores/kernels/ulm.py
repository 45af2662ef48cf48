"""Univariate linear model of a sample's genes on a set's weights."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from omics_rx.scores.kernels.ranks import members_of


def ulm(values: np.ndarray, members: sparse.csr_array) -> np.ndarray:
    """Regress a sample's values over all genes on the weights of a set; the score is the t of the slope.

    Genes outside the set have weight 0. Genes missing for a sample leave its regression.

    Parameters
    ----------
    values
        Shape ``(n_samples, n_genes)``, on a log scale; NaN is a gene missing for that sample.
    members
        Sparse weights, shape ``(n_genes, n_sets)``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples, n_sets)``, a t with ``n_known - 2`` degrees of freedom; NaN where the weights or the
        values do not vary.

    Notes
    -----
    Badia-i-Mompel et al., Bioinformatics Advances 2022 (decoupler), equation of its ``ulm``.
    """
    used, weights = members_of(members)
    known = np.isfinite(values)
    count = known.sum(axis=1, dtype=np.float64)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        average = np.where(known, values, 0.0).sum(axis=1, dtype=np.float64)[:, None] / count
        centred = np.where(known, values - average, 0.0)
        spread = (centred**2).sum(axis=1)[:, None]
        inside = known[:, used].astype(np.float64)
        weight_sum = inside @ weights
        weight_spread = inside @ weights**2 - weight_sum**2 / count
        covariance = centred[:, used] @ weights
        r = covariance / np.sqrt(spread * weight_spread)
        t = r * np.sqrt((count - 2) / ((1 - r) * (1 + r)))
    return np.where((weight_spread > 0) & (spread > 0) & (count > 2), t, np.nan)
