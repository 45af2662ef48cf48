"""How each gene stands in each subtype, over one or several cohorts: means with their errors, joined by precision.

A cohort says of a gene what its subtypes' means are, up to a constant of its own, so cohorts of any composition, and
those that lack a subtype, say together what each can (weighted least squares; random effects with one variance between
cohorts, pooled over genes; DerSimonian and Laird 1986). What is left uncertain is drawn towards nothing (empirical
Bayes), so that few tumours claim little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.repurposing.labels import SUBTYPES

MIN_EACH = 3


@dataclass(frozen=True, eq=False)
class CohortMeans:
    """What one cohort says.

    Attributes
    ----------
    name
        The cohort.
    means
        Genes x subtypes: mean, in standard deviations of the gene over subtypes that weigh the same; NaN where a
        subtype has under three tumours or the gene was not measured.
    variances
        Genes x subtypes: squared standard errors of the means.
    """

    name: str
    means: pd.DataFrame
    variances: pd.DataFrame


def cohort_means(name: str, expression: pd.DataFrame, subtypes: pd.Series) -> CohortMeans:
    """Means of every gene in every subtype.

    Parameters
    ----------
    name
        The cohort.
    expression
        Samples x genes, logarithmic; NaN where not measured.
    subtypes
        Subtype of each sample; other values than the four are left out.
    """
    values = expression.to_numpy(dtype=np.float64)
    called = subtypes.reindex(expression.index).astype(object).to_numpy()
    means, variances, counts = (np.full((values.shape[1], len(SUBTYPES)), np.nan) for _ in range(3))
    for i, subtype in enumerate(SUBTYPES):
        own = values[called == subtype]
        n = np.isfinite(own).sum(axis=0)
        enough = n >= MIN_EACH
        mean = np.where(enough, np.nansum(own, axis=0) / np.maximum(n, 1), np.nan)
        spread = np.nansum((own - mean) ** 2, axis=0) / np.maximum(n - 1, 1)
        means[:, i], variances[:, i], counts[:, i] = mean, np.where(enough, spread, np.nan), np.where(enough, n, np.nan)
    known = np.isfinite(means)
    k = np.maximum(known.sum(axis=1), 1)
    # one variance within subtypes a gene: that of five tumours would be no measure of anything
    within = np.nansum(variances * (counts - 1), axis=1) / np.maximum(np.nansum(counts - 1, axis=1), 1)
    centre = np.nansum(means, axis=1) / k
    between = np.nansum((means - centre[:, None]) ** 2, axis=1) / k
    scale = np.sqrt(within + between)
    good = (known.sum(axis=1) >= 2) & (scale > 1e-6)
    genes = expression.columns[good]
    means, counts, scale = means[good] - centre[good, None], counts[good], scale[good]
    error = (within[good] / scale**2)[:, None] / counts
    frame = {"index": genes, "columns": list(SUBTYPES)}
    return CohortMeans(name, pd.DataFrame(means / scale[:, None], **frame), pd.DataFrame(error, **frame))


def joined(cohorts: list[CohortMeans]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Effect of every gene in every subtype, and its standard error, over cohorts.

    Returns
    -------
    DataFrame, DataFrame
        Genes x subtypes: the mean less the mean of the four, in standard deviations, drawn towards 0 by what is not
        known (posterior mean); its posterior standard deviation. NaN where no cohort compares the subtype with another.
    """
    genes = pd.Index(sorted(set().union(*(cohort.means.index for cohort in cohorts))))
    stacked = [np.array([getattr(cohort, part).reindex(genes).to_numpy() for cohort in cohorts])
               for part in ("means", "variances")]  # fmt: skip
    means, variances = stacked
    tau2 = _between(means, variances) if len(cohorts) > 1 else 0.0
    effect, table, _ = _fit(means, variances + tau2)
    seen = np.isfinite(means).any(axis=0)
    variance = np.where(seen, np.diagonal(table, axis1=1, axis2=2), np.nan)
    effect = np.where(seen, effect, np.nan)
    prior = np.maximum(np.nanmean(effect**2 - variance, axis=0), 1e-9)
    kept = prior / (prior + variance)
    frame = {"index": genes, "columns": list(SUBTYPES)}
    return pd.DataFrame(effect * kept, **frame), pd.DataFrame(np.sqrt(kept * variance), **frame)


def _projections(variances: np.ndarray) -> np.ndarray:
    """Weights of each cohort's means once its own constant is taken out: cohorts x genes x subtypes x subtypes."""
    weights = np.where(np.isfinite(variances), 1 / np.where(np.isfinite(variances), variances, 1.0), 0.0)
    total = weights.sum(axis=2, keepdims=True)
    share = weights / np.where(total > 0, total, 1.0)
    diagonal = weights[..., None] * np.eye(weights.shape[2])
    return np.asarray(diagonal - weights[..., None] * share[..., None, :])


def _fit(means: np.ndarray, variances: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Effects (genes x subtypes, sum 0), their covariance, and the projections."""
    projections = _projections(np.where(np.isfinite(means), variances, np.nan))
    filled = np.nan_to_num(means)
    table = np.linalg.pinv(projections.sum(axis=0), hermitian=True)
    pulled = np.einsum("kgij,kgj->gi", projections, filled)
    return np.einsum("gij,gj->gi", table, pulled), table, projections


def _between(means: np.ndarray, variances: np.ndarray) -> float:
    """Variance between cohorts, by moments pooled over the genes of several cohorts (DerSimonian and Laird)."""
    several = np.isfinite(means).any(axis=2).sum(axis=0) > 1
    if not several.any():
        return 0.0
    means, variances = means[:, several], variances[:, several]
    effect, table, projections = _fit(means, variances)
    left = np.where(np.isfinite(means), means - effect[None], 0.0)
    heterogeneity = np.einsum("kgi,kgij,kgj->g", left, projections, left)
    ranks = np.maximum(np.isfinite(means).sum(axis=2) - 1, 0).sum(axis=0) - (
        np.isfinite(means).any(axis=0).sum(axis=1) - 1
    )
    trace = np.einsum("kgii->g", projections) - np.einsum("gij,kgjl,kgli->g", table, projections, projections)
    return float(max((heterogeneity - ranks).sum() / max(trace.sum(), 1e-12), 0.0))
