"""Kaplan-Meier curves and log-rank tests."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.metrics.inputs import Bools, Floats, Ints, groups_of, horizon, in_order, outcome
from omics_rx.metrics.pairs import codes_of
from omics_rx.metrics.small import Z95

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LogRank:
    """A log-rank test: chi-squared ``statistic``, its ``degrees_freedom`` and ``p_value``; the unit is the patient.

    ``degrees_freedom`` are the groups that were at risk beside another one when an event was seen, less one; less one
    for each set of groups that no stratum brings together. ``n`` patients were compared; ``left_out`` had no group or
    no stratum.
    """

    statistic: float
    p_value: float
    degrees_freedom: int
    n: int = 0
    left_out: int = 0


def _counts_at_times(time: Floats, event: Bools) -> tuple[Floats, Floats, Floats]:
    """Distinct times, events at each, and samples at risk just before each."""
    distinct, first = np.unique(np.sort(time), return_index=True)
    at_risk = time.size - first
    events = np.zeros(distinct.size)
    np.add.at(events, np.searchsorted(distinct, time[event]), 1)
    return distinct, events, at_risk.astype(np.float64)


class Followed:
    """Chance of still being followed, by Kaplan-Meier of the censoring; at one month events go before censorings.

    Weights are inverse chances **up to** a month (the left limit): who is censored in the month of an event, or in the
    month one judges at, was followed so far. Then the weights of all who are known add up to the number of patients,
    and the Brier score of the Kaplan-Meier curve ``s`` is ``s (1 - s)``.
    """

    def __init__(self, time: Floats, event: Bools) -> None:
        self.times, events, at_risk = _counts_at_times(time, event)
        _, everyone, _ = _counts_at_times(time, np.ones_like(event))
        steps = 1 - (everyone - events) / np.maximum(at_risk - events, 1)
        self.chances = np.append(1.0, np.cumprod(steps))

    def until(self, at: Floats) -> Floats:
        """Chance of being followed for ``at`` months at least, ``(n,)``."""
        return np.asarray(self.chances[np.searchsorted(self.times, at, side="left")])


def known_weights(time: Floats, event: Bools, at: float, followed: Followed) -> tuple[Floats, Floats]:
    """Weights of those who had the event by ``at`` months, and of those event-free then, each ``(n,)``, else 0.

    Who is censored at ``at`` itself is event-free then.

    Raises
    ------
    InputError
        If someone is judged at a month up to which nobody is followed where the censoring was learnt.
    """
    had = event & (time <= at)
    free = (time > at) | ((time == at) & ~event)
    chance = np.where(had, followed.until(time), followed.until(np.full(time.size, at)))
    if (chance[had | free] <= 0).any():
        raise InputError(f"where the censoring was learnt nobody is followed for {at:g} months: judge earlier")
    weight = 1 / np.where(had | free, chance, 1.0)
    return np.where(had, weight, 0.0), np.where(free, weight, 0.0)


def brier_score(time: Floats, event: Bools, chance: Floats, *, at: float, followed: Followed) -> float:
    """Weighted mean squared error of the chance of no event by ``at`` months."""
    had, free = known_weights(time, event, at, followed)
    return float((had * chance**2 + free * (1 - chance) ** 2).mean())


@in_words
def kaplan_meier(time: ArrayLike, event: ArrayLike) -> pd.DataFrame:
    """Kaplan-Meier curve with its 95% interval.

    Parameters
    ----------
    time, event
        Months and whether the event was seen, each ``(n,)``.

    Returns
    -------
    DataFrame
        One row a distinct time, from 0: ``time``, ``survival``, ``lower``, ``upper`` (Greenwood variance on the
        log(-log) scale; the unit is the patient), ``at_risk`` just before, ``events`` and ``censored`` at it. The
        spread is not known where the curve is still 1 (the bounds are 1, as R has it) or has reached 0 (NaN).

    References
    ----------
    Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 2002, section 1.4.
    """
    times, events = outcome(time, event)
    distinct, died, at_risk = _counts_at_times(times, events)
    _, everyone, _ = _counts_at_times(times, np.ones_like(events))
    survival = np.cumprod(1 - died / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(died / (at_risk * (at_risk - died)))
        spread = Z95 * np.sqrt(variance) / np.abs(np.log(survival))
        lower, upper = survival ** np.exp(spread), survival ** np.exp(-spread)
    lower, upper = (np.where(survival == 1, 1.0, np.where(survival == 0, np.nan, bound)) for bound in (lower, upper))
    frame = pd.DataFrame(
        {"time": distinct, "survival": survival, "lower": lower, "upper": upper, "at_risk": at_risk.astype(int),
         "events": died.astype(int), "censored": (everyone - died).astype(int)}
    )  # fmt: skip
    start = pd.DataFrame(
        {"time": [0.0], "survival": [1.0], "lower": [1.0], "upper": [1.0], "at_risk": [times.size], "events": [0],
         "censored": [0]}
    )  # fmt: skip
    return pd.concat([start, frame], ignore_index=True)


@in_words
def survival_at(time: ArrayLike, event: ArrayLike, at: float) -> float:
    """Kaplan-Meier survival at ``at`` months; NaN beyond the last contact unless everyone had the event.

    Raises
    ------
    InputError
        If ``at`` is missing, infinite, zero or negative.
    """
    at = horizon(at)
    curve = kaplan_meier(time, event)
    reached = curve[curve["time"] <= at]
    last = float(curve["time"].iloc[-1])
    value = float(reached["survival"].iloc[-1])
    return value if at <= last or value == 0 else float("nan")


@in_words
def log_rank(time: ArrayLike, event: ArrayLike, group: ArrayLike, *, strata: ArrayLike | None = None) -> LogRank:
    """Log-rank test between two or more groups, stratified where told.

    Parameters
    ----------
    time, event, group
        Months, whether the event was seen, and the group of each sample, each ``(n,)``.
        Patients whose group or stratum is missing are left out; how many is in the result and in the log.
    strata
        Groups within which the comparison is made, such as cohorts.

    Raises
    ------
    InputError
        If there are fewer than two groups.

    References
    ----------
    Mantel, Cancer Chemother Rep 1966, 50:163.
    """
    from scipy.stats import chi2

    given = in_order(times=time, events=event, groups=group, strata=strata)
    times, events = outcome(given["times"], given["events"])
    codes, labels = groups_of(given["groups"], times.size)
    blocks = codes_of(given["strata"], times.size)
    told = (codes >= 0) & (blocks >= 0)
    k, lost = len(labels), int((~told).sum())
    if lost:
        _log.warning(
            "%d of %d patients have no group or stratum and are left out of the log-rank test", lost, told.size
        )
    if np.unique(codes[told]).size < 2:
        raise InputError("a log-rank test compares two groups or more: all samples are in one")
    gap, variance, met = np.zeros(k), np.zeros((k, k)), np.zeros((k, k), dtype=bool)
    for stratum in np.unique(blocks[told]):
        rows = told & (blocks == stratum)
        part = _log_rank_parts(times[rows], events[rows], codes[rows], k)
        gap, variance, met = gap + part[0], variance + part[1], met | part[2]
    free = _free(met)
    if not free.any():
        raise InputError("no event was seen while two groups were at risk: nothing to compare")
    left = gap[free]
    statistic = float(left @ np.linalg.solve(variance[np.ix_(free, free)], left))
    return LogRank(statistic, float(chi2.sf(statistic, free.sum())), int(free.sum()), int(told.sum()), lost)


def _free(met: Bools) -> Bools:
    """Groups whose gaps are free: of those that were compared with each other, directly or not, all but one.

    The gaps within such a set sum to zero. Counted from who was at risk together, since the rank of the covariance
    rests on rounding.
    """
    from scipy.sparse.csgraph import connected_components

    _, sets = connected_components(met, directed=False)
    return np.asarray([bool((sets[:place] == name).any()) for place, name in enumerate(sets)])


def _log_rank_parts(time: Floats, event: Bools, group: Ints, k: int) -> tuple[Floats, Floats, Bools]:
    """Observed less expected events of each group, their hypergeometric covariance, and who was compared with whom."""
    moments = np.unique(time[event])
    member = np.eye(k)[group]
    at_risk = (time >= moments[:, None]).astype(np.float64) @ member
    died = ((time == moments[:, None]) & event).astype(np.float64) @ member
    n, d = at_risk.sum(axis=1), died.sum(axis=1)
    share = at_risk / n[:, None]
    gap = (died - d[:, None] * share).sum(axis=0)
    scale = d * (n - d) / np.maximum(n - 1, 1)
    variance = np.diag(scale @ share) - (share * scale[:, None]).T @ share
    present = at_risk[scale > 0] > 0
    return gap, variance, (present.T.astype(np.float64) @ present) > 0
