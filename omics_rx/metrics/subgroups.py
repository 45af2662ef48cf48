"""A figure at each level of a column, and whether levels differ by more than chance.

A figure that holds on average may hold for some patients only. Each level gets the figure with its interval, and the
levels together one test; a level with too little to tell gets no figure but a sentence, and is in no test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.metrics import small
from omics_rx.metrics.by_level import (
    FEWEST,
    TESTS,
    Subgroups,
    each_level,
    few_levels,
    interaction,
    logistic,
    table,
    testable,
    wald,
)
from omics_rx.metrics.inputs import Bools, Floats

__all__ = ["Subgroups", "by_class", "by_mean", "by_share"]


@in_words
def by_class(
    truth: ArrayLike, odds: ArrayLike, levels: ArrayLike, *, order: Sequence[str] | None = None
) -> Subgroups:  # fmt: skip
    """Area under the curve of predicted log odds at each level, calibration, and a test of interaction.

    The test is the likelihood ratio of a logistic slope for each level against one for all, each level with an
    intercept of its own; levels with ten of either class or more take part.

    Parameters
    ----------
    truth
        Whether each patient has the outcome, ``(n,)``.
    odds
        Predicted log odds, ``(n,)``.
    levels
        Level of each patient as text, ``(n,)``; ``"not known"`` is a row and in no test.
    order
        Levels in the order told.

    Returns
    -------
    Subgroups
        One cohort and column; its p is that of one test.

    References
    ----------
    Newcombe, Stat Med 2006, 25:559 (interval of an AUC).
    """
    yes, score = np.asarray(truth).astype(bool), np.asarray(odds, dtype=np.float64)
    _same_length(yes, score, np.asarray(levels))
    rows, parts = [], {}
    for level, here in each_level(levels, order):
        row = {"level": level, "n": int(here.sum()), "events": int(yes[here].sum()), "figure": "auc"}
        rare = int(min(yes[here].sum(), (~yes[here]).sum()))
        row |= _observed(yes[here], 1 / (1 + np.exp(-score[here])))
        if rare < FEWEST:
            rows.append(row | {"told": f"cannot tell: {rare} patients of the rarer outcome"})
            continue
        value, lower, upper = small.area(yes[here], score[None, here])
        slope, error, likelihood = logistic([(yes[here], score[here])])
        rows.append(row | {"value": value, "lower": lower, "upper": upper, "told": "", **wald(slope, error)})
        parts[level] = (slope, likelihood)
    kept = testable(parts, order)

    def common() -> float:
        return logistic([(yes[here], score[here]) for level, here in each_level(levels, order) if level in kept])[2]

    test = interaction(kept, parts, common, rows)
    return Subgroups(table(rows), pd.DataFrame([test]).reindex(columns=TESTS), ())


@in_words
def by_share(
    right: ArrayLike, levels: ArrayLike, *, order: Sequence[str] | None = None, n_permutations: int = 2000,
    seed: int = 0,
) -> Subgroups:  # fmt: skip
    """Share of patients called right at each level, with Wilson's interval, and a test whether levels differ.

    Parameters
    ----------
    right
        Whether each patient is called right, ``(n,)``.
    levels, order
        As in :func:`by_class`.
    n_permutations, seed
        Patients dealt anew to the levels, against which Pearson's statistic is held.

    Returns
    -------
    Subgroups
        One cohort and column.
    """
    hits = np.asarray(right).astype(bool)
    _same_length(hits, np.asarray(levels))
    return _by_mean(
        hits.astype(np.float64), levels, order, "agreement", n_permutations, seed,
        lambda own: small.wilson(int(own.sum()), own.size),
    )  # fmt: skip


@in_words
def by_mean(
    values: ArrayLike, levels: ArrayLike, *, figure: str = "correlation", order: Sequence[str] | None = None,
    n_permutations: int = 2000, seed: int = 0,
) -> Subgroups:  # fmt: skip
    """Mean of a figure that each sample has of its own at each level, and a test whether levels differ.

    Parameters
    ----------
    values
        A figure of each sample, such as the correlation over drugs of a cell line, ``(n,)``; NaN is left out.
    levels, order
        As in :func:`by_class`.
    figure
        What it is called.
    n_permutations, seed
        Samples dealt anew to the levels, and the bootstrap of the interval (percentiles moved out for few samples).

    Returns
    -------
    Subgroups
        One cohort and column.
    """
    own = np.asarray(values, dtype=np.float64)
    _same_length(own, np.asarray(levels))
    random = rng(seed, "level")

    def interval(part: Floats) -> tuple[float, float]:
        drawn = part[random.integers(part.size, size=(1000, part.size))].mean(axis=1)
        return small.percentiles(drawn, part.size)

    return _by_mean(own, levels, order, figure, n_permutations, seed, interval)


def _by_mean(
    values: Floats, levels: ArrayLike, order: Sequence[str] | None, figure: str, n_permutations: int, seed: int,
    interval: Callable[[Floats], tuple[float, float]],
) -> Subgroups:  # fmt: skip
    rows, told = [], {}
    for level, here in each_level(levels, order):
        part = values[here & np.isfinite(values)]
        row: dict[str, Any] = {"level": level, "n": int(here.sum()), "events": part.size, "figure": figure}
        if part.size < FEWEST:
            rows.append(row | {"told": f"cannot tell: {part.size} samples with a figure"})
            continue
        lower, upper = interval(part)
        rows.append(row | {"value": float(part.mean()), "lower": lower, "upper": upper, "told": ""})
        told[level] = part
    kept = testable(told, order)
    statistic, p = _permuted([told[level] for level in kept], n_permutations, seed) if len(kept) > 1 else (np.nan,) * 2
    test = {
        "levels": ", ".join(kept), "n": sum(told[level].size for level in kept), "statistic": statistic,
        "events": sum(told[level].size for level in kept), "df": max(0, len(kept) - 1), "p_value": p, "p_corrected": p,
        "told": "" if len(kept) > 1 else few_levels(len(kept)),
    }  # fmt: skip
    return Subgroups(table(rows), pd.DataFrame([test]).reindex(columns=TESTS), ())


def _permuted(parts: Sequence[Floats], n_permutations: int, seed: int) -> tuple[float, float]:
    """Spread of the means of parts over what dealing the values anew gives, and its p."""
    pooled = np.concatenate(parts)
    sizes = np.array([part.size for part in parts])
    starts = np.cumsum([0, *sizes[:-1]])
    variance = float(pooled.var(ddof=1))
    if variance < 1e-18:
        return 0.0, 1.0

    def spread(values: Floats) -> Floats:
        means = np.add.reduceat(values, starts, axis=-1) / sizes
        return np.asarray((sizes * (means - pooled.mean()) ** 2).sum(axis=-1) / variance)

    random = rng(seed, "levels")
    own = float(spread(pooled))
    drawn = spread(random.permuted(np.tile(pooled, (n_permutations, 1)), axis=1))
    # half of the deals that do exactly as well count, so that shares of few patients are not tested too strictly
    as_well = float((drawn > own + 1e-9).sum() + 0.5 * (np.abs(drawn - own) <= 1e-9).sum())
    return own, (as_well + 1) / (n_permutations + 1)


def _same_length(*arrays: NDArray[Any]) -> None:
    sizes = {array.shape for array in arrays}
    if len(sizes) != 1 or len(next(iter(sizes))) != 1:
        raise InputError(f"shapes {sorted(map(str, sizes))} differ: give one value a patient in each")


def _observed(yes: Bools, chance: Floats) -> dict[str, float]:
    if not yes.size:
        return {}
    lower, upper = small.wilson(int(yes.sum()), yes.size)
    return {
        "observed": float(yes.mean()), "observed_lower": lower, "observed_upper": upper,
        "expected": float(chance.mean()),
    }  # fmt: skip
