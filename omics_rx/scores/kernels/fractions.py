"""Fractions of cell types in a mixture: constrained least squares and support-vector regression, arrays only."""

from __future__ import annotations

import numpy as np

NU = (0.25, 0.5, 0.75)
_MOST_WEIGHT = 100.0


def constrained_fractions(mixtures: np.ndarray, profiles: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Fractions ``x`` that minimise the weighted square error of ``profiles x - mixture``, ``x >= 0``, ``sum(x) <= 1``.

    Parameters
    ----------
    mixtures
        Shape ``(n_samples, n_genes)``.
    profiles
        Shape ``(n_genes, n_types)``, on the scale of the mixtures.
    weights
        Weight of each gene, shape ``(n_genes,)``; None weighs all alike.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples, n_types)``.

    Notes
    -----
    Non-negative least squares (Lawson and Hanson 1974). Where the sum would exceed one, the bound is active: with
    ``sum(x) = 1`` the error is ``|M x|`` with ``M = profiles - mixture``, whose smallest norm over the simplex is the
    normalised solution ``u`` of ``min |M u|^2 + (sum(u) - 1)^2, u >= 0``. So the minimum is exact, with no penalty to
    choose and no projection.
    """
    from scipy.optimize import nnls

    root = np.ones(len(profiles)) if weights is None else np.sqrt(weights)
    scaled = profiles * root[:, None]
    scale = np.linalg.norm(scaled, 2) or 1.0
    scaled = scaled / scale
    fractions = np.empty((len(mixtures), profiles.shape[1]))
    for row, mixture in enumerate(mixtures):
        target = mixture * root / scale
        fractions[row], _ = nnls(scaled, target)
        if fractions[row].sum() > 1:
            gap = np.vstack([scaled - target[:, None], np.ones(scaled.shape[1])])
            solution, _ = nnls(gap, np.append(np.zeros(len(target)), 1.0))
            fractions[row] = solution / solution.sum()
    return fractions


def variability_weights(profiles: np.ndarray, variability: np.ndarray) -> np.ndarray:
    """Weights of genes that vary little within cell types for their level, shape ``(n_genes,)``.

    Notes
    -----
    Racle et al., eLife 2017: the sum over types of profile / variability, at most 100 times its median.
    """
    weights: np.ndarray = (profiles / (variability + 1e-12)).sum(axis=1)
    positive = weights[weights > 0]
    return np.minimum(weights, _MOST_WEIGHT * float(np.median(positive))) if positive.size else np.ones(len(weights))


def svr_fractions(mixtures: np.ndarray, profiles: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fractions by linear nu-support-vector regression, the best of three nu by root mean square error.

    Parameters
    ----------
    mixtures
        Shape ``(n_samples, n_genes)``.
    profiles
        Shape ``(n_genes, n_types)``.

    Returns
    -------
    tuple
        Fractions ``(n_samples, n_types)``, negative ones set to zero and normalised to 1 (NaN where none is positive);
        root mean square error and correlation of the fit, ``(n_samples,)`` each, in units of the standardised mixture.

    Notes
    -----
    Newman et al., Nature Methods 2015: profiles are standardised by the mean and standard deviation of the whole
    matrix, each mixture by its own.
    """
    from sklearn.svm import NuSVR

    standard = (profiles - profiles.mean()) / profiles.std(ddof=1)
    n_samples, n_types = len(mixtures), profiles.shape[1]
    fractions = np.full((n_samples, n_types), np.nan)
    error, correlation = np.full(n_samples, np.nan), np.full(n_samples, np.nan)
    for row, mixture in enumerate(mixtures):
        target = (mixture - mixture.mean()) / (mixture.std(ddof=1) + 1e-12)
        for nu in NU:
            model = NuSVR(kernel="linear", nu=nu).fit(standard, target)
            found = np.maximum((model.dual_coef_ @ model.support_vectors_).ravel(), 0.0)
            if found.sum() <= 0:
                continue
            found /= found.sum()
            fitted = standard @ found
            rmse = float(np.sqrt(np.mean((fitted - target) ** 2)))
            if np.isnan(error[row]) or rmse < error[row]:
                fractions[row], error[row] = found, rmse
                correlation[row] = np.corrcoef(fitted, target)[0, 1] if np.ptp(fitted) > 0 else 0.0
    return fractions, error, correlation
