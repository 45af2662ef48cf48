"""Whether a cohort is like what something was trained on, and whether a yearly series stays where it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.harmonize.drifted import Drifted

_LAMBDA = 0.3  # weight of a year beside all before it
_LEAST = 3  # years, and patients of a year, under which there is no series


@in_words
def drift(trained: Any, cohort: Any, **settings: Any) -> Drifted:
    """Say whether a cohort is like what something was trained on, what moved, and whether its frozen scale holds.

    Parameters
    ----------
    trained
        A signature (of risk or of response) or a response model, whose own ``drift`` this calls.
    cohort
        Samples x genes; for a signature of response a table of patients.
    settings
        As of its own ``drift``: ``against``, ``seed``, ``n_draws``.

    Returns
    -------
    Drifted
        Six figures with a ``p_value`` each and of all together, what ``moved``, whether the ``frozen`` scale may be
        used, and a ``verdict`` in words.

    Raises
    ------
    InputError
        If the thing has no drift to tell, or the cohort none of its genes.
    """
    own = getattr(trained, "drift", None)
    if not callable(own):
        raise InputError(
            f"a {type(trained).__name__} has no drift to tell: give a signature or a response model, as "
            "signatures.load and response.load do"
        )
    found: Drifted = own(cohort, **settings)
    return found


@dataclass(frozen=True, eq=False)
class YearlySeries:
    """A score followed over years.

    Attributes
    ----------
    table
        A row a year: ``year``, ``n``, ``mean`` of the score, ``chart`` (the weighted mean of this and the years before,
        in standard errors of itself), ``limit``, ``alarm``.
    limit
        How far the chart may lie from 0 in any year.
    alarm_rate
        How often a series without drift crosses the limit in any year, as drawn.
    p_value
        How often such a series lies as far out.
    verdict
        In words.
    """

    table: pd.DataFrame = field(repr=False)
    limit: float
    alarm_rate: float
    p_value: float
    verdict: str


@in_words
def control_chart(
    score: ArrayLike, year: ArrayLike, *, alarm_rate: float = 0.05, n_draws: int = 2000, seed: int = 0
) -> YearlySeries:
    """Follow a score over years by an exponentially weighted mean, with a limit that chance crosses at a stated rate.

    Each year is held against the mean of all, so that the years before a rise can be those that lie off.

    The limit is drawn: patients are dealt anew to the years, and the largest value of the chart is kept. It holds for
    the whole series, not for each year.

    Parameters
    ----------
    score
        Of each patient, ``(n,)``; missing ones are left out.
    year
        Of diagnosis, whole numbers, ``(n,)``.
    alarm_rate
        Share of series without drift that give an alarm in any year.
    n_draws, seed
        Of the draws.

    Returns
    -------
    YearlySeries
        The chart, its limit, and p.

    Raises
    ------
    InputError
        If there are fewer than three years with three patients each, a year is no whole number, or the score does not
        vary.

    References
    ----------
    Roberts, Technometrics 1959, 1:239 (the chart).
    """
    when = pd.to_numeric(pd.Series(np.asarray(year)), errors="coerce").to_numpy(dtype=np.float64)
    table = pd.DataFrame({"score": np.asarray(score, dtype=np.float64), "year": when}).dropna()
    if not 0 < alarm_rate < 1:
        raise InputError(f"alarm_rate is {alarm_rate}: give a share between 0 and 1")
    if (table["year"] != table["year"].round()).any():
        raise InputError("a year is no whole number: give the year of diagnosis")
    sizes = table["year"].value_counts().sort_index()
    small = sizes.index[sizes < _LEAST]
    table = table[~table["year"].isin(list(small))].sort_values("year", kind="stable")
    if len(sizes) - len(small) < _LEAST:
        raise InputError(f"{len(sizes) - len(small)} years have {_LEAST} patients or more: {_LEAST} make a series")
    values = table["score"].to_numpy()
    if np.ptp(values) < 1e-12:
        raise InputError("every patient has the same score: there is no series")
    years, n = np.unique(table["year"].to_numpy(), return_counts=True)
    random = rng(seed, "chart")
    drawn = np.abs(_chart(random.permuted(np.tile(values, (n_draws, 1)), axis=1), n)).max(axis=1)
    own = _chart(values[None, :], n)[0]
    limit = float(np.quantile(drawn, 1 - alarm_rate))
    p = float((1 + (drawn >= np.abs(own).max() - 1e-12).sum()) / (n_draws + 1))
    means = np.add.reduceat(values, np.cumsum([0, *n[:-1]])) / n
    found = pd.DataFrame(
        {"year": years.astype(int), "n": n, "mean": means, "chart": own, "limit": limit, "alarm": np.abs(own) > limit}
    )
    first = found.loc[found["alarm"], "year"]
    left = f" {len(small)} years with fewer than {_LEAST} patients are left out." if len(small) else ""
    what = f"The score left its limits in {int(first.iloc[0])}" if len(first) else "The score stays within its limits"
    verdict = (
        f"{what} (p = {p:.3f}; {alarm_rate:.0%} of series without drift give an alarm, by {n_draws:,} draws).{left}"
    )
    return YearlySeries(found, limit, alarm_rate, p, verdict)


def _chart(values: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Exponentially weighted means of yearly means less the mean of all, in their standard errors, ``(m, years)``."""
    means = np.add.reduceat(values, np.cumsum([0, *n[:-1]]), axis=1) / n - values.mean(axis=1, keepdims=True)
    error = values.std(axis=1, ddof=1, keepdims=True) / np.sqrt(n)
    chart, spread = np.zeros(means.shape), np.zeros(means.shape)
    level, width = np.zeros(len(values)), np.zeros(len(values))
    for at in range(means.shape[1]):
        level = (1 - _LAMBDA) * level + _LAMBDA * means[:, at]
        width = (1 - _LAMBDA) ** 2 * width + _LAMBDA**2 * error[:, at] ** 2
        chart[:, at], spread[:, at] = level, np.sqrt(width)
    return np.asarray(chart / spread)
