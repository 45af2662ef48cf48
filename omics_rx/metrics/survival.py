"""How well a risk orders survival: concordance, curves, tests, time-dependent figures.

Times are in months wherever a unit matters; risks are higher for worse outcome. No sign is ever flipped: a
concordance below 0.5 is reported as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from omics_rx.core.errors import InputError
from omics_rx.metrics.curves import LogRank, censoring_survival, kaplan_meier, log_rank, survival_at
from omics_rx.metrics.pairs import (
    TIED_RISK,
    Floats,
    checked_risk,
    codes_of,
    outcome,
    resampled_concordance,
    structured,
)

__all__ = [
    "Concordance", "Difference", "LogRank", "concordance", "concordance_difference", "concordances", "dynamic_auc",
    "integrated_brier", "kaplan_meier", "log_rank", "outcome", "survival_at", "uno_concordance",
]  # fmt: skip

_FOLLOWED = 0.2  # chance of still being followed below which Uno's weights, 25 and more, are not used


@dataclass(frozen=True)
class Concordance:
    """A concordance and its percentile bootstrap interval.

    Attributes
    ----------
    value, lower, upper
        The concordance, 0.5 for no discrimination, and its 95% interval.
    n_events
        Number of events it rests on.
    n
        Number of samples.
    estimator
        ``"Harrell"`` or ``"Uno"``.
    """

    value: float
    lower: float
    upper: float
    n_events: int
    n: int = 0
    estimator: str = "Harrell"

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.lower:.3f} to {self.upper:.3f}; {self.n_events} events)"


@dataclass(frozen=True)
class Difference:
    """A paired difference, its 95% bootstrap interval and two-sided bootstrap p."""

    value: float
    lower: float
    upper: float
    p_value: float


def concordance(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, *, strata: ArrayLike | None = None, seed: int = 0,
    n_boot: int = 1000,
) -> Concordance:  # fmt: skip
    """Harrell's concordance of a risk, with a percentile bootstrap interval over samples.

    Parameters
    ----------
    time, event, risk
        Months, whether the event was seen, and a risk that is higher for earlier events; each ``(n,)``.
    strata
        Compare samples within these groups only, such as the cohorts of a pooled analysis.
    seed, n_boot
        Of the bootstrap.

    Returns
    -------
    Concordance
        Value and 95% interval.

    Raises
    ------
    InputError
        For missing risks or times, or when no pair can be compared.

    References
    ----------
    Harrell et al., JAMA 1982, 247:2543.

    Examples
    --------
    >>> concordance([1, 2, 3, 4], [1, 1, 0, 1], [4, 3, 2, 1]).value
    1.0
    """
    times, events = outcome(time, event)
    values = checked_risk(risk, times.size)
    weight = np.ones(times.size)
    codes = codes_of(strata, times.size)
    whole, resampled = resampled_concordance(
        times, events, [values], strata=codes, weight=weight, seed=seed, n_boot=n_boot
    )  # fmt: skip
    lower, upper = _interval(resampled[:, 0])
    return Concordance(float(whole[0]), lower, upper, int(events.sum()), times.size, "Harrell")


def uno_concordance(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, *, horizon: float | None = None, seed: int = 0,
    n_boot: int = 1000,
) -> Concordance:  # fmt: skip
    """Uno's concordance: pairs weighted by the inverse squared chance of still being followed.

    The weights come from the cohort itself and are held fixed in the bootstrap.

    Parameters
    ----------
    time, event, risk
        As in :func:`concordance`.
    horizon
        Months up to which events count; None stops where the chance of still being followed falls
        below 0.2, because a few late events would outweigh all others beyond.
    seed, n_boot
        Of the bootstrap.

    References
    ----------
    Uno et al., Stat Med 2011, 30:1105.
    """
    times, events = outcome(time, event)
    values = checked_risk(risk, times.size)
    followed = censoring_survival(times, events)
    late = (followed < _FOLLOWED) if horizon is None else (times >= horizon)
    weight = np.where(late | ~events, 0.0, 1 / np.maximum(followed, 1e-12) ** 2)
    codes = np.zeros(times.size, dtype=np.int64)
    whole, resampled = resampled_concordance(
        times, events, [values], strata=codes, weight=weight / max(weight.max(), 1e-300), seed=seed, n_boot=n_boot
    )
    lower, upper = _interval(resampled[:, 0])
    return Concordance(float(whole[0]), lower, upper, int(events.sum()), times.size, "Uno")


def concordances(time: ArrayLike, event: ArrayLike, risks: ArrayLike, *, strata: ArrayLike | None = None) -> Floats:
    """Harrell's concordance of many risks at once, without intervals.

    Parameters
    ----------
    time, event
        Months and whether the event was seen, each ``(n,)``.
    risks
        One column a risk, ``(n, m)``.
    strata
        As in :func:`concordance`.

    Returns
    -------
    ndarray
        Shape ``(m,)``.
    """
    times, events = outcome(time, event)
    values = np.asarray(risks, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != times.size:
        raise InputError(f"risks have shape {values.shape} for {times.size} samples: give one row a sample")
    columns = [checked_risk(values[:, at], times.size) for at in range(values.shape[1])]
    codes, won, total = codes_of(strata, times.size), np.zeros(len(columns)), 0
    for row in np.flatnonzero(events):
        against = ((times > times[row]) | ((times == times[row]) & ~events)) & (codes == codes[row])
        gap = values[row] - values[against]
        won += (gap > TIED_RISK).sum(axis=0) + 0.5 * (np.abs(gap) <= TIED_RISK).sum(axis=0)
        total += int(against.sum())
    if total == 0:
        raise InputError(f"no two of {times.size} samples can be compared: every event comes after all other contacts")
    return won / total


def concordance_difference(
    time: ArrayLike, event: ArrayLike, risks: tuple[ArrayLike, ArrayLike], *, strata: ArrayLike | None = None,
    seed: int = 0, n_boot: int = 1000,
) -> Difference:  # fmt: skip
    """Difference in Harrell's concordance between two risks of the same samples, resampled together.

    Parameters
    ----------
    time, event
        Months and whether the event was seen, each ``(n,)``.
    risks
        The first and the second risk; the difference is first less second.
    strata, seed, n_boot
        As in :func:`concordance`.
    """
    times, events = outcome(time, event)
    first, second = (checked_risk(risk, times.size) for risk in risks)
    codes = codes_of(strata, times.size)
    whole, resampled = resampled_concordance(
        times, events, [first, second], strata=codes, weight=np.ones(times.size), seed=seed, n_boot=n_boot
    )
    gaps = resampled[:, 0] - resampled[:, 1]
    lower, upper = _interval(gaps)
    tail = min(float(np.mean(gaps <= 0)), float(np.mean(gaps >= 0)))
    p_value = min(1.0, 2 * max(tail, 1 / (gaps.size + 1)))
    return Difference(float(whole[0] - whole[1]), lower, upper, p_value)


def _interval(values: Floats) -> tuple[float, float]:
    if values.size == 0:
        return float("nan"), float("nan")
    lower, upper = np.percentile(values, [2.5, 97.5])
    return float(lower), float(upper)


def dynamic_auc(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, *, at: Sequence[float],
    censoring: tuple[ArrayLike, ArrayLike] | None = None,
) -> pd.Series:  # fmt: skip
    """Cumulative-dynamic AUC at given months, with inverse censoring weights.

    Parameters
    ----------
    time, event, risk
        As in :func:`concordance`.
    at
        Months at which to judge, inside the follow-up.
    censoring
        Time and event of the samples the censoring is learnt from; None takes the judged ones.

    Returns
    -------
    Series
        AUC by month; NaN where nobody had the event before or nobody is followed beyond.

    References
    ----------
    Hung and Chiang, Can J Stat 2010, 38:8; Lambert and Chevret, Stat Methods Med Res 2016, 25:2088.
    """
    from sksurv.metrics import cumulative_dynamic_auc

    times, events = outcome(time, event)
    values = checked_risk(risk, times.size)
    learnt = structured(times, events) if censoring is None else structured(*outcome(*censoring))
    months = np.asarray(at, dtype=np.float64)
    found = pd.Series(np.nan, index=pd.Index(months, name="months"), name="auc")
    for month in months:
        if times[events].min() <= month < times.max() and month < learnt["time"].max():
            # events after the month weigh nothing, and their weights would be infinite where nobody is censored later
            judged = structured(times, events & (times <= month))
            found[month] = cumulative_dynamic_auc(learnt, judged, values, [month])[0][0]
    return found


def integrated_brier(
    time: ArrayLike, event: ArrayLike, survival: pd.DataFrame, *, censoring: tuple[ArrayLike, ArrayLike] | None = None
) -> float:
    """Integrated Brier score of predicted survival curves; lower is better.

    Parameters
    ----------
    time, event
        Months and whether the event was seen, each ``(n,)``.
    survival
        Predicted chance of no event, ``n x m``, columns the months (increasing, at least two, in the follow-up).
    censoring
        Time and event of the samples the censoring is learnt from; None takes the judged ones.

    Raises
    ------
    InputError
        If shapes differ, or the months leave the follow-up.

    References
    ----------
    Graf et al., Stat Med 1999, 18:2529.
    """
    from sksurv.metrics import integrated_brier_score

    times, events = outcome(time, event)
    months = np.asarray(survival.columns, dtype=np.float64)
    if survival.shape[0] != times.size or months.size < 2:
        raise InputError(f"curves of shape {survival.shape} for {times.size} samples: give one row each, two months up")
    if months.min() < times.min() or months.max() >= times.max():
        raise InputError(
            f"curves run from {months.min():g} to {months.max():g} months, follow-up from {times.min():g} to "
            f"{times.max():g}: keep the months inside it"
        )
    learnt = structured(times, events) if censoring is None else structured(*outcome(*censoring))
    return float(integrated_brier_score(learnt, structured(times, events), survival.to_numpy(), months))
