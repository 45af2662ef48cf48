"""How well each gene separates each group of cells from the rest: rank sums, ties and all."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr
from scipy.stats import rankdata


def separation(values: np.ndarray, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Area under the ROC curve of every gene for every group, with the Wilcoxon rank-sum test.

    Parameters
    ----------
    values
        Shape ``(n_cells, n_genes)``, without missing values.
    members
        Shape ``(n_cells, n_groups)``, True where a cell belongs to a group.

    Returns
    -------
    tuple
        AUROC (0.5: no difference, above: higher in the group) and two-sided p, each ``(n_genes, n_groups)``; NaN where
        a group holds no cell or all cells. The p is 1 for a gene that does not vary.

    Notes
    -----
    Mann and Whitney 1947, normal approximation with the variance corrected for ties and continuity, as in scipy.
    """
    n_cells = len(values)
    ranks = rankdata(values, axis=0)
    inside = members.sum(axis=0).astype(np.float64)
    outside = n_cells - inside
    statistic = ranks.T @ members.astype(np.float64) - inside * (inside + 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        auroc = statistic / (inside * outside)
        spread = np.sqrt(_tie_factor(ranks)[:, None] * inside * outside * (n_cells + 1) / 12)
        distance = np.abs(statistic - inside * outside / 2) - 0.5
        p_value = np.where(spread > 0, 2 * ndtr(-np.maximum(distance, 0) / spread), 1.0)
    possible = (inside > 0) & (outside > 0)
    return np.where(possible, auroc, np.nan), np.where(possible, np.minimum(p_value, 1.0), np.nan)


def _tie_factor(ranks: np.ndarray) -> np.ndarray:
    """Share of the variance of ranks that ties leave, shape ``(n_genes,)``."""
    n_cells = len(ranks)
    centred = ranks - (n_cells + 1) / 2
    full = n_cells * (n_cells**2 - 1) / 12
    share: np.ndarray = (centred**2).sum(axis=0) / max(full, 1e-300)
    return share


def benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """False discovery rate of each p, NaN where it is missing; shape as given.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, np.nan])).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    q_values = np.full(p_values.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known])]
    scaled = p_values[order] * known.size / np.arange(1, known.size + 1)
    q_values[order] = np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1.0)
    return q_values
