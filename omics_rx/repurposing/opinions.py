"""A second opinion on explanations: LIME beside SHAP, and how steady an explanation is over the members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from omics_rx.core.work import rng
from omics_rx.repurposing import learner

if TYPE_CHECKING:
    from omics_rx.repurposing.learner import CrossFit

N_SAMPLES = 1000
# kernel width of Ribeiro et al. 2016 (their code): 0.75 times the square root of the number of features, in sd
_WIDTH = 0.75


def surrogate(score: np.ndarray, samples: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, float]:
    """Linear surrogate of a score around one place (LIME; Ribeiro, Singh and Guestrin 2016).

    Parameters
    ----------
    score
        Score at each sample, ``(n_samples,)``.
    samples
        Places drawn around, ``(n_samples, n_kinds)``, uniform on -0.5 to 0.5, as places of drugs are.
    at
        The place explained, ``(n_kinds,)``.

    Returns
    -------
    ndarray, float
        What each kind adds, slope times place, ``(n_kinds,)``; the weighted R2 of the surrogate.
    """
    distance = ((samples - at) ** 2 * 12).sum(axis=1)  # a uniform on an interval of 1 has the variance 1 / 12
    weight = np.exp(-distance / (2 * _WIDTH**2 * samples.shape[1]))
    root = np.sqrt(weight)[:, None]
    design = np.column_stack([np.ones(len(samples)), samples])
    solved = np.linalg.lstsq(design * root, score * root[:, 0], rcond=None)[0]
    left = weight @ (score - design @ solved) ** 2
    spread = weight @ (score - np.average(score, weights=weight)) ** 2
    return solved[1:] * at, float(1 - left / spread) if spread > 0 else 1.0


def opinions(fit: CrossFit | None, places: np.ndarray, here: np.ndarray, *, drugs: pd.Index, kinds: list[str],
             seed: int) -> pd.DataFrame:  # fmt: skip
    """LIME for each drug, and how far it and the members agree with the explanation given.

    Parameters
    ----------
    fit
        Cross-fitted model; None for the average of oriented ranks.
    places
        Pairs x kinds: the share of drugs beaten, less one half; NaN where missing. Missing kinds are not perturbed.
    here
        Rows of ``fit`` and ``places`` that are ranked.
    drugs, kinds
        Their drugs, and the names of the columns.
    seed
        Seed of the samples.

    Returns
    -------
    DataFrame
        Index ``drug_id``; one column a kind (what LIME says it adds; NaN where missing), ``r2`` of the surrogate,
        ``agreement`` (Spearman's correlation with the contributions over the known kinds; NaN under three) and
        ``stability`` (mean correlation of each member's contributions with their mean; NaN without members).
    """
    rows = np.flatnonzero(here)
    samples = np.column_stack([rng(seed, "lime", kind).random(N_SAMPLES) - 0.5 for kind in kinds])
    learnt = None if fit is None else fit.curves_at(samples)
    table = np.full((len(rows), len(kinds) + 3), np.nan)
    for i, row in enumerate(rows):
        known = np.isfinite(places[row])
        n = int(known.sum())
        scale = (1.0 if fit is None else learner.PRIOR) / max(n, 1)
        score = scale * samples[:, known].sum(axis=1)
        if fit is not None and learnt is not None:
            score = score + learnt[fit.group[row]][:, known].sum(axis=1)
        told, table[i, -3] = surrogate(score, samples[:, known], places[row, known])
        table[i, : len(kinds)][known] = told
        own = scale * places[row] if fit is None else fit.contributions[:, row].mean(axis=0)
        table[i, -2] = _rank_correlations(told[None, :], own[known])[0]
        if fit is not None:
            found = _rank_correlations(fit.contributions[:, row][:, known], own[known])
            table[i, -1] = found[np.isfinite(found)].mean() if np.isfinite(found).any() else np.nan
    names = [*kinds, "r2", "agreement", "stability"]
    return pd.DataFrame(table, index=drugs.rename("drug_id"), columns=names)


def _rank_correlations(rows: np.ndarray, with_: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each row with one, NaN where fewer than three values or one side is constant."""
    if with_.size < 3:
        return np.full(len(rows), np.nan)
    # rounded, so that what is equal but for its last digit stays a tie
    a, b = rankdata(np.round(rows, 9), axis=1), rankdata(np.round(with_, 9))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean()
    size = np.sqrt((a**2).sum(axis=1) * (b**2).sum())
    return np.asarray(np.where(size > 0, a @ b / np.where(size > 0, size, 1.0), np.nan))
