"""How long until the event: median and restricted mean time, and how a risk tells early from late at a month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.metrics.curves import Followed, kaplan_meier, known_weights
from omics_rx.metrics.inputs import Bools, Floats, checked_risk, groups_of, horizon, in_order, outcome
from omics_rx.metrics.pairs import levels
from omics_rx.metrics.small import Z95

__all__ = ["Span", "SpanDifference", "dynamic_roc", "median_time", "restricted_mean", "restricted_mean_difference"]


@dataclass(frozen=True)
class Span:
    """Months with their 95% interval; the unit is the patient.

    Attributes
    ----------
    value, lower, upper
        Months; NaN where the curve does not come down so far.
    until
        Month up to which a restricted mean counts; NaN for a median.
    n, n_events
        Patients, and events among them.
    """

    value: float
    lower: float
    upper: float
    until: float
    n: int
    n_events: int


@dataclass(frozen=True)
class SpanDifference:
    """Months that one group has more than another up to a month, with the 95% interval; the unit is the patient.

    Attributes
    ----------
    value, lower, upper
        Restricted mean of the first group less that of the second, months.
    p_value
        Two-sided, that there is none (normal).
    until
        Month up to which both count.
    groups
        The first and the second.
    """

    value: float
    lower: float
    upper: float
    p_value: float
    until: float
    groups: tuple[Any, Any]


@in_words
def median_time(time: ArrayLike, event: ArrayLike) -> Span:
    """Month by which half had the event, by Kaplan and Meier.

    Parameters
    ----------
    time, event
        Months and whether the event was seen, each ``(n,)``.

    Returns
    -------
    Span
        The median, and as its interval the months at which the 95% band of the curve (log(-log)) passes one half.

    References
    ----------
    Brookmeyer and Crowley, Biometrics 1982, 38:29.
    """
    times, events = outcome(time, event)
    curve = kaplan_meier(times, events)
    value, lower, upper = (_passed(curve, name) for name in ("survival", "lower", "upper"))
    return Span(value, lower, upper, float("nan"), times.size, int(events.sum()))


def _passed(curve: pd.DataFrame, name: str) -> float:
    reached = curve.loc[curve[name] <= 0.5 + 1e-12, "time"]
    return float(reached.iloc[0]) if len(reached) else float("nan")


@in_words
def restricted_mean(time: ArrayLike, event: ArrayLike, *, until: float) -> Span:
    """Mean months without event up to a month: the area under the Kaplan-Meier curve.

    Parameters
    ----------
    time, event
        Months and whether the event was seen, each ``(n,)``.
    until
        Month at which it stops, within the follow-up.

    Returns
    -------
    Span
        The mean with its 95% interval (Greenwood's variance of the area, normal, held within 0 and ``until``).

    Raises
    ------
    InputError
        If nobody is followed so far and not everybody had the event before.

    References
    ----------
    Royston and Parmar, BMC Med Res Methodol 2013, 13:152.
    """
    times, events = outcome(time, event)
    at = horizon(until)
    value, error = _area(times, events, at)
    lower, upper = np.clip([value - Z95 * error, value + Z95 * error], 0, at)
    return Span(value, float(lower), float(upper), at, times.size, int(events.sum()))


def _area(times: Floats, events: Bools, until: float) -> tuple[float, float]:
    """Area under the curve up to a month, and its standard error."""
    curve = kaplan_meier(times, events)
    if until > times.max() and curve["survival"].iloc[-1] > 0:
        raise InputError(
            f"nobody is followed for {until:g} months (the last for {times.max():g}): stop at a month within the "
            "follow-up"
        )
    rows = curve[curve["time"] <= until]
    edges = np.append(rows["time"].to_numpy(dtype=np.float64), until)
    pieces = rows["survival"].to_numpy(dtype=np.float64) * np.diff(edges)
    after = pieces[::-1].cumsum()[::-1]  # area from each time on
    at_risk, died = (rows[name].to_numpy(dtype=np.float64) for name in ("at_risk", "events"))
    left = at_risk - died
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where((died > 0) & (left > 0), after**2 * died / (at_risk * left), 0.0)
    return float(pieces.sum()), float(np.sqrt(terms.sum()))


@in_words
def restricted_mean_difference(time: ArrayLike, event: ArrayLike, group: ArrayLike, *, until: float) -> SpanDifference:
    """Months without event that one of two groups has more than the other, up to a month.

    Parameters
    ----------
    time, event, group
        Months, whether the event was seen, and the group of each patient, each ``(n,)``. Patients without a group are
        left out.
    until
        Month at which it stops, within the follow-up of both.

    Returns
    -------
    SpanDifference
        First group in order less the second, with its 95% interval and p.

    Raises
    ------
    InputError
        If there are not two groups, or one is not followed so far.
    """
    given = in_order(times=time, events=event, groups=group)
    times, events = outcome(given["times"], given["events"])
    codes, names = groups_of(given["groups"], times.size)
    if len(names) != 2:
        raise InputError(f"a difference is of two groups, and there are {len(names)}")
    at = horizon(until)
    (one, first), (two, second) = (_area(times[codes == code], events[codes == code], at) for code in (0, 1))
    gap, error = one - two, float(np.hypot(first, second))
    p = float(2 * norm.sf(abs(gap) / error)) if error > 0 else float("nan")
    return SpanDifference(gap, gap - Z95 * error, gap + Z95 * error, p, at, (names[0], names[1]))


@in_words
def dynamic_roc(time: ArrayLike, event: ArrayLike, risk: ArrayLike, *, at: float) -> pd.DataFrame:
    """Cumulative-dynamic ROC curve at a month, with inverse censoring weights.

    Its area is that of :func:`omics_rx.metrics.survival.dynamic_auc` at the same month.

    Parameters
    ----------
    time, event, risk
        Months, whether the event was seen, and a risk that is higher for earlier events; each ``(n,)``.
    at
        Month at which to judge, inside the follow-up.

    Returns
    -------
    DataFrame
        From nobody called to everybody: ``threshold`` (called from this risk on), ``false_positive`` (share of those
        event-free at the month), ``true_positive`` (share of those who had the event by then). Empty where there are
        none of either.
    """
    given = in_order(times=time, events=event, risks=risk)
    times, events = outcome(given["times"], given["events"])
    values = checked_risk(given["risks"], times.size)
    month = horizon(at)
    columns = ["threshold", "false_positive", "true_positive"]
    if month > times.max():
        return pd.DataFrame(columns=columns, dtype=np.float64)
    case, control = known_weights(times, events, month, Followed(times, events))
    if not (case.any() and control.any()):
        return pd.DataFrame(columns=columns, dtype=np.float64)
    order = levels(values)  # 0 for the lowest risk; those that differ by rounding alone are one
    k = int(order.max()) + 1
    shares = [
        np.cumsum(np.bincount(order, weights=weight, minlength=k)[::-1]) / weight.sum() for weight in (control, case)
    ]
    lowest = np.full(k, np.inf)
    np.minimum.at(lowest, order, values)
    return pd.DataFrame(
        {
            "threshold": np.append(np.inf, lowest[::-1]), "false_positive": np.append(0.0, shares[0]),
            "true_positive": np.append(0.0, shares[1]),
        }
    )  # fmt: skip
