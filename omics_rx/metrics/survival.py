"""How well a risk orders survival: concordance, Kaplan-Meier, log-rank, time-dependent figures.

Times are in months wherever a unit matters; risks are higher for worse outcome. No sign is ever flipped: a
concordance below 0.5 is reported as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from omics_rx.core.errors import InputError
from omics_rx.core.work import rng

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_TIED_RISK = 1e-8  # risks closer than this are ties, as in scikit-survival
_FOLLOWED = 0.2  # chance of still being followed below which Uno's weights, 25 and more, are not used
_BLOCK = 4_000_000  # pairs held in memory at a time


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
class LogRank:
    """A log-rank test: chi-squared ``statistic``, its ``degrees_freedom`` and ``p_value``."""

    statistic: float
    p_value: float
    degrees_freedom: int


@dataclass(frozen=True)
class Difference:
    """A paired difference, its 95% bootstrap interval and two-sided bootstrap p."""

    value: float
    lower: float
    upper: float
    p_value: float


def outcome(time: ArrayLike, event: ArrayLike) -> tuple[Floats, Bools]:
    """Times (months, above 0) and events as arrays of shape ``(n,)``.

    Raises
    ------
    InputError
        If lengths differ, a time is missing, zero or negative, or an event is neither 0 nor 1.
    """
    times = np.asarray(time, dtype=np.float64)
    events = np.asarray(event, dtype=np.float64)
    if times.ndim != 1 or times.shape != events.shape:
        raise InputError(f"times and events have shapes {times.shape} and {events.shape}: give one of each a sample")
    bad = ~np.isfinite(times) | (times <= 0)
    if bad.any():
        raise InputError(
            f"{int(bad.sum())} of {times.size} times are missing, zero or negative: leave these samples out"
        )
    strange = ~np.isin(events, (0.0, 1.0))
    if strange.any():
        raise InputError(f"{int(strange.sum())} of {events.size} events are neither 0 nor 1: code a seen event as 1")
    return times, events.astype(bool)


def _checked_risk(risk: ArrayLike, n: int) -> Floats:
    values = np.asarray(risk, dtype=np.float64)
    if values.shape != (n,):
        raise InputError(f"risks have shape {values.shape}, times ({n},): give one risk a sample")
    if not np.isfinite(values).all():
        raise InputError(
            f"{int((~np.isfinite(values)).sum())} of {n} risks are missing or infinite: judge the scored samples only"
        )
    return values


def _codes(strata: ArrayLike | None, n: int) -> NDArray[np.int64]:
    if strata is None:
        return np.zeros(n, dtype=np.int64)
    codes = np.unique(np.asarray(strata), return_inverse=True)[1]
    if codes.shape != (n,):
        raise InputError(f"strata have shape {codes.shape}, times ({n},): give one stratum a sample")
    return codes.astype(np.int64)


def _pair_blocks(
    time: Floats, event: Bools, risks: Sequence[Floats], strata: NDArray[np.int64], weight: Floats
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32], list[NDArray[np.float32]]]]:
    """Rows (samples with an event), their comparable pairs and, for each risk, the concordant ones.

    A pair is comparable when the first has its event before the second's time, or at the same time while the
    second is censored. Ties in risk count one half. Each row is multiplied by ``weight``.
    """
    rows = np.flatnonzero(event)
    step = max(1, _BLOCK // max(time.size, 1))
    for start in range(0, rows.size, step):
        block = rows[start : start + step]
        first = time[block, None]
        comparable = (first < time) | ((first == time) & ~event)
        comparable &= strata[block, None] == strata
        weights = weight[block, None].astype(np.float32)
        concordant = []
        for risk in risks:
            gap = risk[block, None] - risk
            won = (gap > _TIED_RISK) + 0.5 * (np.abs(gap) <= _TIED_RISK)
            concordant.append((won * comparable * weights).astype(np.float32))
        yield block, (comparable * weights).astype(np.float32), concordant


def _resampled(
    time: Floats,
    event: Bools,
    risks: Sequence[Floats],
    *,
    strata: NDArray[np.int64],
    weight: Floats,
    seed: int,
    n_boot: int,
) -> tuple[Floats, Floats]:
    """Concordance of each risk, shape ``(k,)``, and over resamples of the samples, shape ``(n_boot, k)``.

    A resample is a vector of counts, so all of them are products with the pair matrix.
    """
    n, k = time.size, len(risks)
    counts = rng(seed, "concordance").multinomial(n, np.full(n, 1 / n), size=n_boot).astype(np.float32)
    numerator, whole = np.zeros((n_boot, k)), np.zeros(k)
    denominator, total = np.zeros(n_boot), 0.0
    for block, comparable, concordant in _pair_blocks(time, event, risks, strata, weight):
        weights = counts[:, block]
        denominator += np.einsum("bi,bi->b", weights, counts @ comparable.T, dtype=np.float64)
        total += float(comparable.sum(dtype=np.float64))
        for column, pairs in enumerate(concordant):
            numerator[:, column] += np.einsum("bi,bi->b", weights, counts @ pairs.T, dtype=np.float64)
            whole[column] += float(pairs.sum(dtype=np.float64))
    if total == 0:
        raise InputError(
            f"no two of {n} samples can be compared ({int(event.sum())} events): "
            "every event comes after the last contact of all others"
        )
    usable = denominator > 0
    return whole / total, numerator[usable] / denominator[usable, None]


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
    values = _checked_risk(risk, times.size)
    weight = np.ones(times.size)
    codes = _codes(strata, times.size)
    whole, resampled = _resampled(
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
    values = _checked_risk(risk, times.size)
    followed = _censoring_survival(times, events)
    late = (followed < _FOLLOWED) if horizon is None else (times >= horizon)
    weight = np.where(late | ~events, 0.0, 1 / np.maximum(followed, 1e-12) ** 2)
    codes = np.zeros(times.size, dtype=np.int64)
    whole, resampled = _resampled(
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
    columns = [_checked_risk(values[:, at], times.size) for at in range(values.shape[1])]
    codes, won, total = _codes(strata, times.size), np.zeros(len(columns)), 0
    for row in np.flatnonzero(events):
        against = ((times > times[row]) | ((times == times[row]) & ~events)) & (codes == codes[row])
        gap = values[row] - values[against]
        won += (gap > _TIED_RISK).sum(axis=0) + 0.5 * (np.abs(gap) <= _TIED_RISK).sum(axis=0)
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
    first, second = (_checked_risk(risk, times.size) for risk in risks)
    codes = _codes(strata, times.size)
    whole, resampled = _resampled(
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


def _counts_at_times(time: Floats, event: Bools) -> tuple[Floats, Floats, Floats]:
    """Distinct times, events at each, and samples at risk just before each."""
    distinct, first = np.unique(np.sort(time), return_index=True)
    at_risk = time.size - first
    events = np.zeros(distinct.size)
    np.add.at(events, np.searchsorted(distinct, time[event]), 1)
    return distinct, events, at_risk.astype(np.float64)


def _censoring_survival(time: Floats, event: Bools) -> Floats:
    """Kaplan-Meier chance of being followed beyond each sample's own time; events go first at ties."""
    distinct, events, at_risk = _counts_at_times(time, event)
    _, everyone, _ = _counts_at_times(time, np.ones_like(event))
    censored = everyone - events
    steps = 1 - censored / np.maximum(at_risk - events, 1)
    return np.asarray(np.cumprod(steps)[np.searchsorted(distinct, time)], dtype=np.float64)


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
        log(-log) scale), ``at_risk`` just before, ``events`` and ``censored`` at it. Where the curve is still 1
        or has reached 0 the log(-log) interval does not exist and the bounds equal the curve.

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
        spread = 1.959963984540054 * np.sqrt(variance) / np.abs(np.log(survival))
        lower, upper = survival ** np.exp(spread), survival ** np.exp(-spread)
    flat = (survival == 1) | (survival == 0)
    lower, upper = np.where(flat, survival, lower), np.where(flat, survival, upper)
    frame = pd.DataFrame(
        {"time": distinct, "survival": survival, "lower": lower, "upper": upper, "at_risk": at_risk.astype(int),
         "events": died.astype(int), "censored": (everyone - died).astype(int)}
    )  # fmt: skip
    start = pd.DataFrame(
        {"time": [0.0], "survival": [1.0], "lower": [1.0], "upper": [1.0], "at_risk": [times.size], "events": [0],
         "censored": [0]}
    )  # fmt: skip
    return pd.concat([start, frame], ignore_index=True)


def survival_at(time: ArrayLike, event: ArrayLike, at: float) -> float:
    """Kaplan-Meier survival at ``at`` months; NaN beyond the last contact unless everyone had the event."""
    curve = kaplan_meier(time, event)
    reached = curve[curve["time"] <= at]
    last = float(curve["time"].iloc[-1])
    value = float(reached["survival"].iloc[-1])
    return value if at <= last or value == 0 else float("nan")


def log_rank(time: ArrayLike, event: ArrayLike, group: ArrayLike, *, strata: ArrayLike | None = None) -> LogRank:
    """Log-rank test between two or more groups, stratified where told.

    Parameters
    ----------
    time, event, group
        Months, whether the event was seen, and the group of each sample, each ``(n,)``.
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

    times, events = outcome(time, event)
    labels, codes = np.unique(np.asarray(group), return_inverse=True)
    if labels.size < 2:
        raise InputError("a log-rank test compares two groups or more: all samples are in one")
    if codes.shape != times.shape:
        raise InputError(f"groups have shape {codes.shape}, times {times.shape}: give one group a sample")
    gap, variance = np.zeros(labels.size), np.zeros((labels.size, labels.size))
    blocks = _codes(strata, times.size)
    for stratum in np.unique(blocks):
        rows = blocks == stratum
        part = _log_rank_parts(times[rows], events[rows], codes[rows], labels.size)
        gap += part[0]
        variance += part[1]
    free = int(np.linalg.matrix_rank(variance)) if variance.any() else 0
    if free == 0:
        raise InputError("no event was seen while two groups were at risk: nothing to compare")
    statistic = float(gap @ np.linalg.pinv(variance) @ gap)
    return LogRank(statistic, float(chi2.sf(statistic, free)), free)


def _log_rank_parts(time: Floats, event: Bools, group: NDArray[np.intp], k: int) -> tuple[Floats, Floats]:
    """Observed less expected events of each group, and their hypergeometric covariance."""
    moments = np.unique(time[event])
    member = np.eye(k)[group]
    at_risk = (time >= moments[:, None]).astype(np.float64) @ member
    died = ((time == moments[:, None]) & event).astype(np.float64) @ member
    n, d = at_risk.sum(axis=1), died.sum(axis=1)
    share = at_risk / n[:, None]
    gap = (died - d[:, None] * share).sum(axis=0)
    scale = d * (n - d) / np.maximum(n - 1, 1)
    variance = np.diag(scale @ share) - (share * scale[:, None]).T @ share
    return gap, variance


def _structured(time: Floats, event: Bools) -> NDArray[np.void]:
    both = np.empty(time.size, dtype=[("event", bool), ("time", float)])
    both["event"], both["time"] = event, time
    return both


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
    values = _checked_risk(risk, times.size)
    learnt = _structured(times, events) if censoring is None else _structured(*outcome(*censoring))
    months = np.asarray(at, dtype=np.float64)
    found = pd.Series(np.nan, index=pd.Index(months, name="months"), name="auc")
    for month in months:
        if times[events].min() <= month < times.max() and month < learnt["time"].max():
            found[month] = cumulative_dynamic_auc(learnt, _structured(times, events), values, [month])[0][0]
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
    learnt = _structured(times, events) if censoring is None else _structured(*outcome(*censoring))
    return float(integrated_brier_score(learnt, _structured(times, events), survival.to_numpy(), months))
