"""Do predicted chances of survival come true? Judged at a horizon, under censoring."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.metrics.curves import Followed, brier_score, kaplan_meier, survival_at
from omics_rx.metrics.inputs import Bools, Floats, checked_chances, horizon, in_order, outcome

_EDGE = 1e-6  # predicted chances are kept this far from 0 and 1, where the log of a hazard ends
_FLAT = 1e-4  # information on a slope that has run off: its standard error would be 100 and more
_KNOTS = (0.10, 0.50, 0.90)


@dataclass(frozen=True, eq=False)
class Calibration:
    """How predicted chances of an event by a horizon compare with what was seen.

    Attributes
    ----------
    at
        Months.
    n, n_events
        Patients, and events by the horizon.
    observed, expected
        Chance of an event by the horizon: Kaplan-Meier, and the mean predicted.
    ratio
        Observed over expected; above 1 the predictions are too hopeful.
    slope, slope_lower, slope_upper
        Cox coefficient (ties by Breslow) of ``log(-log(predicted survival))`` with its 95% interval (Wald; the unit is
        the patient); below 1 the predictions are too far apart. NaN where the predictions part those with an early
        event from all others, since no slope is then too steep.
    ici, e50, e90
        Mean, median and 90th percentile of the distance between predicted and smoothed observed chances.
    curve
        A row a patient: ``predicted`` and smoothed ``observed`` chance of an event.
    groups
        A row a group of equal size by prediction: ``n``, ``predicted`` (mean), ``observed`` (Kaplan-Meier),
        ``lower``, ``upper``.
    """

    at: float
    n: int
    n_events: int
    observed: float
    expected: float
    ratio: float
    slope: float
    slope_lower: float
    slope_upper: float
    ici: float
    e50: float
    e90: float
    curve: pd.DataFrame = field(repr=False)
    groups: pd.DataFrame = field(repr=False)

    def figures(self) -> dict[str, float]:
        """The figures as plain values."""
        names = (
            "at", "n", "n_events", "observed", "expected", "ratio", "slope", "slope_lower", "slope_upper", "ici", "e50",
            "e90",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}


@in_words
def calibration(
    time: ArrayLike, event: ArrayLike, survival: ArrayLike, *, at: float, n_groups: int = 5
) -> Calibration:  # fmt: skip
    """Calibration of predicted survival at a horizon.

    The observed chance given the prediction is a Cox model on a restricted cubic spline (three knots) of
    ``log(-log(predicted survival))``, read at the horizon.

    Parameters
    ----------
    time, event
        Months and whether the event was seen, each ``(n,)``.
    survival
        Predicted chance of no event by ``at``, 0 to 1, ``(n,)``.
    at
        Months, at most those of the last contact: who is censored in that month is event-free then.
    n_groups
        Groups of the table of observed against predicted.

    Raises
    ------
    InputError
        If a prediction is missing or outside 0 to 1, all are the same, the horizon is no month or nobody is followed
        that long, or fewer than five events were seen by then.

    References
    ----------
    Austin, Harrell and van Klaveren, Stat Med 2020, 39:2714.
    """
    times, events, chance, at = _judged(time, event, survival, at)
    if n_groups < 1:
        raise InputError(f"n_groups is {n_groups}: give 1 or more")
    left = survival_at(times, events, at)
    seen = int((events & (times <= at)).sum())
    if seen < 5:
        raise InputError(f"{seen} events by {at:g} months: five or more are needed to judge calibration")
    ahead = np.log(-np.log(np.clip(chance, _EDGE, 1 - _EDGE)))
    if np.ptp(ahead) < 1e-9:
        raise InputError("every patient has the same prediction: there is nothing to calibrate")
    # events after the horizon say nothing about it: the slope and the curve use those before
    until, within = np.minimum(times, at), events & (times <= at)
    slope, error = _slope(ahead, until, within)
    smoothed = 1 - _smooth(ahead, until, within, at=at)
    gap = np.abs(smoothed - (1 - chance))
    expected = float(1 - chance.mean())
    return Calibration(
        at=float(at), n=times.size, n_events=seen, observed=1 - left, expected=expected, ratio=(1 - left) / expected,
        slope=slope, slope_lower=slope - 1.96 * error, slope_upper=slope + 1.96 * error, ici=float(gap.mean()),
        e50=float(np.median(gap)), e90=float(np.quantile(gap, 0.9)),
        curve=pd.DataFrame({"predicted": 1 - chance, "observed": smoothed}).sort_values("predicted", ignore_index=True),
        groups=_groups(times, events, 1 - chance, at=at, n_groups=n_groups),
    )  # fmt: skip


@in_words
def brier_at(time: ArrayLike, event: ArrayLike, survival: ArrayLike, *, at: float) -> pd.Series:
    """Brier score of predicted survival at a horizon, weighted by the inverse chance of being followed so far.

    The chance is that up to a month (the left limit), so that a curve of Kaplan-Meier ``s`` for everybody scores
    ``s (1 - s)``; scikit-survival takes the chance after it, which differs where events and censorings share months.

    Parameters
    ----------
    time, event
        Months and whether the event was seen, each ``(n,)``.
    survival
        Predicted chance of no event by ``at``, ``(n,)``.
    at
        Months.

    Returns
    -------
    pandas.Series
        ``brier``; ``null``, that of the Kaplan-Meier curve for everybody; ``gain``, the share of it saved (scaled
        Brier score).

    Raises
    ------
    InputError
        If a prediction is missing or outside 0 to 1, the horizon is no month, or nobody is followed that long.

    References
    ----------
    Graf et al., Stat Med 1999, 18:2529.
    """
    times, events, chance, at = _judged(time, event, survival, at)
    left = survival_at(times, events, at)
    if times[events].size == 0 or times.min() > at:
        raise InputError(f"nobody left or had the event by {at:g} months: there is nothing to judge")
    followed = Followed(times, events)
    own, null = (
        brier_score(times, events, value, at=at, followed=followed) for value in (chance, np.full(times.size, left))
    )
    return pd.Series({"brier": own, "null": null, "gain": 1 - own / null if null > 0 else float("nan")})


def _judged(time: ArrayLike, event: ArrayLike, survival: ArrayLike, at: float) -> tuple[Floats, Bools, Floats, float]:
    """Times, events, chances and horizon in one order, the horizon within the follow-up."""
    given = in_order(times=time, events=event, chances=survival)
    times, events = outcome(given["times"], given["events"])
    chance, month = checked_chances(given["chances"], times.size), horizon(at)
    if month > times.max():
        raise InputError(f"nobody is followed for {month:g} months: judge at {times.max():g} or earlier")
    return times, events, chance, month


def _slope(ahead: Floats, time: Floats, event: Bools) -> tuple[float, float]:
    """Cox coefficient of one covariate and its standard error, ties by Breslow."""
    order = np.argsort(-time, kind="stable")
    x, times, died = ahead[order] - ahead.mean(), time[order], event[order]
    last = np.searchsorted(-times, -times, side="right") - 1
    beta = 0.0
    for _ in range(50):
        hazard = np.exp(x * beta)
        sums = [np.cumsum(hazard * x**power)[last][died] for power in range(3)]
        mean = sums[1] / sums[0]
        score, information = float((x[died] - mean).sum()), float((sums[2] / sums[0] - mean**2).sum())
        step = float(np.clip(score / max(information, 1e-12), -2, 2))
        beta += step
        if abs(step) < 1e-9:
            break
    return (beta, float(1 / np.sqrt(information))) if information > _FLAT else (float("nan"), float("nan"))


def _smooth(ahead: Floats, time: Floats, event: Bools, *, at: float) -> Floats:
    """Survival at the horizon by a Cox model on a restricted cubic spline of the prediction, ``(n,)``."""
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    basis = spline(ahead)
    centre, scale = basis.mean(axis=0), basis.std(axis=0)
    features = (basis - centre) / scale
    # a trace of ridge keeps the fit finite where the two terms are nearly the same
    model = CoxPHSurvivalAnalysis(alpha=1e-6, ties="breslow").fit(features, Surv.from_arrays(event, time))
    risk = features @ model.coef_
    base = model.cum_baseline_hazard_
    total = float(base.y[base.x <= at][-1]) * np.exp(risk)
    return np.asarray(np.exp(-total))


@in_words
def spline(values: Floats) -> Floats:
    """Restricted cubic spline with knots at the 10th, 50th and 90th percentile: ``(n,)`` to ``(n, 2)``.

    References
    ----------
    Harrell, Regression Modeling Strategies, 2015, equation 2.25.
    """
    low, middle, high = np.quantile(values, _KNOTS)
    if not low < middle < high:
        return np.asarray(values[:, None])
    cube = [np.maximum(values - knot, 0.0) ** 3 for knot in (low, middle, high)]
    bend = cube[0] - cube[1] * (high - low) / (high - middle) + cube[2] * (middle - low) / (high - middle)
    return np.column_stack([values, bend / (high - low) ** 2])


def _groups(time: Floats, event: Bools, risk: Floats, *, at: float, n_groups: int) -> pd.DataFrame:
    """Predicted and observed chance of an event in groups of equal size by prediction."""
    order = np.argsort(risk, kind="stable")
    rows = []
    for part in np.array_split(order, min(n_groups, risk.size)):
        curve = kaplan_meier(time[part], event[part])
        reached = curve[curve["time"] <= at].iloc[-1]
        known = not np.isnan(survival_at(time[part], event[part], at))
        observed, lower, upper = (
            (1 - float(reached[name]) if known else float("nan")) for name in ("survival", "upper", "lower")
        )
        rows.append(
            {"n": part.size, "predicted": float(risk[part].mean()), "observed": observed, "lower": lower,
             "upper": upper}
        )  # fmt: skip
    return pd.DataFrame(rows)
