"""Which genes to start from: univariate Cox over all genes at once, and what a fitted learner keeps."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from omics_rx.core.errors import InputError
from omics_rx.signatures import cox
from omics_rx.signatures.learners.base import Learner, LinearLearner
from omics_rx.signatures.training import CLOSE, moments

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# learners that leave genes out, so that another learner can be fitted on what they keep
SELECTORS = ("random_forest", "stepwise_forward", "stepwise_backward", "stepwise_both", "coxboost", "lasso")
MOST_KEPT = 50  # genes a forest keeps at most: with thousands of genes nearly half lie below its threshold by chance

_BLOCK = 256  # genes at a time: the arrays of a block stay in the processor's cache
_MAX_STEPS = 30
_LARGEST = 12.0  # log hazard ratio a standard deviation; beyond it the likelihood is still rising without end


def univariate_cox(
    expression: pd.DataFrame, time: ArrayLike, event: ArrayLike, *, strata: ArrayLike | None = None,
    ties: str = "efron",
) -> pd.DataFrame:  # fmt: skip
    """Fit a Cox model to each gene by itself, all genes together.

    Parameters
    ----------
    expression
        Samples x genes, ``(n, p)``, without missing values.
    time, event
        Months and whether the event was seen, each ``(n,)``.
    strata
        Cohort of each sample.
    ties
        ``"efron"`` or ``"breslow"``.

    Returns
    -------
    pandas.DataFrame
        Index gene: ``coefficient`` (log hazard ratio a unit of expression), ``se``, ``z`` and ``p_value`` (Wald),
        ``score_p`` (score test, which needs no fit), ``reason``: empty, or why there is no coefficient (the gene does
        not vary, or it separates the events so that the likelihood has no maximum).

    Raises
    ------
    InputError
        If values are missing or no event was seen.
    """
    from scipy.stats import chi2, norm

    values = expression.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).any(axis=0).sum())
        raise InputError(f"{bad} of {values.shape[1]} genes have missing values: leave them out or fill them first")
    data = cox.follow_up(time, event, strata, ties=ties)
    if data.order.size != len(values):
        raise InputError(f"{len(values)} samples of expression, {data.order.size} times: give one of each")
    if not data.event.any():
        raise InputError(f"no event was seen in {len(values)} samples: nothing can be learnt from them")
    mean, sd = moments(values)
    flat = np.isinf(sd)
    z = ((values - mean) / sd)[data.order]
    blocks = [_fit_block(z[:, start : start + _BLOCK], data) for start in range(0, z.shape[1], _BLOCK)]
    beta, information, score = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    endless = ~flat & ~(np.abs(beta) < _LARGEST)
    lost = flat | endless
    with np.errstate(divide="ignore", invalid="ignore"):
        error = 1 / np.sqrt(information) / sd
        wald = np.where(lost, np.nan, beta * np.sqrt(information))
    return pd.DataFrame(
        {
            "coefficient": np.where(lost, np.nan, beta / sd),
            "se": np.where(lost, np.nan, error),
            "z": wald,
            "p_value": 2 * norm.sf(np.abs(wald)),
            "score_p": np.where(flat, np.nan, chi2.sf(score, 1)),
            "reason": np.select([flat, endless], ["does not vary", "separates the events"], ""),
        },
        index=expression.columns,
    )


def _fit_block(z: Floats, data: cox.FollowUp) -> tuple[Floats, Floats, Floats]:
    """Newton steps for each column by itself: coefficients, information and score statistic at zero, each ``(p,)``."""
    p = z.shape[1]
    beta, value = np.zeros(p), np.full(p, -np.inf)
    step = np.zeros(p)
    information, score = np.ones(p), np.zeros(p)
    active = np.arange(p)
    for turn in range(_MAX_STEPS):
        trial = beta[active] + step[active]
        found, slope, curve = _moments_of(z[:, active], trial, data)
        if turn == 0:
            score = np.where(curve > 0, slope**2 / np.maximum(curve, 1e-300), 0.0)
        rises = found >= value[active] - 1e-12
        kept = active[rises]
        beta[kept], value[kept], information[kept] = trial[rises], found[rises], curve[rises]
        step[kept] = np.clip(slope[rises] / np.maximum(curve[rises], 1e-12), -2.0, 2.0)
        step[active[~rises]] /= 2
        moving = (np.abs(step[active]) > 1e-9) & (np.abs(beta[active]) < _LARGEST)
        active = active[moving]
        if not active.size:
            break
    return beta, information, score


def _moments_of(z: Floats, beta: Floats, data: cox.FollowUp) -> tuple[Floats, Floats, Floats]:
    """Log partial likelihood, slope and curvature of each column at its own coefficient, each ``(p,)``."""
    risk = z * beta
    for start, end in data.strata:
        risk[start:end] -= risk[start:end].max(axis=0)
    hazard = np.exp(risk)
    sums = cox.risk_sums(hazard, data)
    hazard *= z
    means = cox.risk_sums(hazard, data) / sums
    hazard *= z
    squares = cox.risk_sums(hazard, data) / sums
    at = data.events
    value = risk[at].sum(axis=0) - np.log(sums).sum(axis=0)
    return value, z[at].sum(axis=0) - means.sum(axis=0), (squares - means**2).sum(axis=0)


def kept_by(model: Learner) -> Ints:
    """Columns that a fitted learner keeps, in rising order.

    A linear learner keeps the genes with a coefficient. A forest keeps the genes that it splits on nearest to the
    root: those whose mean minimal depth is below the mean expected of a gene without effect, at most 50.

    Raises
    ------
    InputError
        If the learner leaves no gene out by its nature.

    References
    ----------
    Ishwaran, Kogalur, Gorodeski, Minn and Lauer, J Am Stat Assoc 2010, 105:205.
    """
    if isinstance(model, LinearLearner):
        return np.flatnonzero(model.coef_)
    trees = [tree.tree_ for tree in getattr(getattr(model, "model_", None), "estimators_", ())]
    if not trees:
        raise InputError(f"a {type(model).__name__} keeps every gene: choose a selector of {', '.join(SELECTORS)}")
    found = [_minimal_depths(tree.feature, tree.children_left, tree.children_right, width=model.n_features_in_)
             for tree in trees]  # fmt: skip
    depth = np.mean([depths for depths, _ in found], axis=0)
    threshold = float(np.mean([expected for _, expected in found]))
    order = np.argsort(depth, kind="stable")[:MOST_KEPT]
    return np.sort(model.columns_[order[depth[order] < threshold - CLOSE]])


def _minimal_depths(feature: Ints, left: Ints, right: Ints, *, width: int) -> tuple[Floats, float]:
    """Depth of the first split on each of ``width`` features, and its mean for a feature without effect.

    A feature never split on has the depth of the tree. Without effect, each split takes a feature with chance
    ``1 / width``, so the first is at depth ``d`` with chance ``(1 - 1/width)^(nodes above) * (1 - (1 - 1/width)^l_d)``.
    """
    depth = np.zeros(feature.size, dtype=np.intp)
    for node in range(feature.size):  # children come after their parent
        if left[node] >= 0:
            depth[left[node]] = depth[right[node]] = depth[node] + 1
    split = left >= 0
    deepest = int(depth.max())
    first = np.full(width, float(deepest))
    np.minimum.at(first, feature[split], depth[split].astype(np.float64))
    nodes = np.bincount(depth[split], minlength=deepest)[:deepest]
    missed = 1 - 1 / width
    reached = missed ** np.concatenate([[0], np.cumsum(nodes)])
    expected = float(np.arange(deepest) @ (reached[:-1] * (1 - missed**nodes)) + deepest * reached[-1])
    return first, expected
