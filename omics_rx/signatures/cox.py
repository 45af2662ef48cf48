"""Cox's partial likelihood: stratified, Efron's ties, ridge and non-negative ridge. Arrays only.

Strata are groups with baseline hazards of their own, such as the cohorts of a pooled training set: samples are
compared within their stratum only, so cohorts may differ in follow-up and even in endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_MAX_STEPS = 100
_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class FollowUp:
    """Times and events sorted for risk-set sums: by stratum, then from the latest time to the earliest.

    Attributes
    ----------
    order
        Sample positions in sorted order, ``(n,)``.
    event
        Whether each sorted sample had the event, ``(n,)``.
    first, last
        First and last sorted position of each sample's tie group (same stratum, same time), ``(n,)``.
    fraction
        Efron's share of the tied events already removed, ``(n_events,)``; 0 without ties.
    strata
        Start and end of each stratum in sorted order.
    """

    order: Ints
    event: NDArray[np.bool_]
    first: Ints
    last: Ints
    fraction: Floats
    strata: tuple[tuple[int, int], ...]

    @property
    def events(self) -> Ints:
        """Sorted positions of the samples with an event, ``(n_events,)``."""
        return np.flatnonzero(self.event)


def follow_up(time: ArrayLike, event: ArrayLike, strata: ArrayLike | None = None, *, ties: str = "efron") -> FollowUp:
    """Sort times and events for the partial likelihood.

    Parameters
    ----------
    time, event
        Times in any unit and whether the event was seen, each ``(n,)``.
    strata
        Group of each sample, ``(n,)``; None is one group.
    ties
        ``"efron"`` or ``"breslow"``.
    """
    times, events = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=bool)
    groups = (
        np.zeros(times.size, dtype=np.intp) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    )
    order = np.lexsort((~events, -times, groups))
    sorted_times, sorted_groups, sorted_events = times[order], groups[order], events[order]
    new = np.ones(times.size, dtype=bool)
    new[1:] = (np.diff(sorted_times) != 0) | (np.diff(sorted_groups) != 0)
    block = np.cumsum(new) - 1
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], times.size) - 1
    tied = np.bincount(block, weights=sorted_events)
    at = np.flatnonzero(sorted_events)
    # events come first in their tie group, so the distance from its start counts those before
    fraction = (at - starts[block[at]]) / tied[block[at]] if ties == "efron" else np.zeros(at.size)
    edges = np.flatnonzero(np.append(True, np.diff(sorted_groups) != 0))
    bounds = tuple(zip(edges.tolist(), [*edges[1:].tolist(), times.size], strict=True))
    return FollowUp(order, sorted_events, starts[block], ends[block], fraction, bounds)


def _from_latest(values: Floats, data: FollowUp) -> Floats:
    """Running sums from the latest time within each stratum."""
    sums = np.empty_like(values)
    for start, end in data.strata:
        np.cumsum(values[start:end], axis=0, out=sums[start:end])
    return sums


def _from_earliest(values: Floats, data: FollowUp) -> Floats:
    """Running sums from the earliest time within each stratum."""
    sums = np.empty_like(values)
    for start, end in data.strata:
        sums[start:end] = np.cumsum(values[start:end][::-1], axis=0)[::-1]
    return sums


def _tied_sums(values: Floats, data: FollowUp) -> Floats:
    """For each event, the sum of ``values`` over the events of its tie group."""
    at = data.events
    sums = np.zeros((data.event.size, *values.shape[1:]))
    np.add.at(sums, data.first[at], values[at])
    return sums[data.first[at]]


def risk_sums(values: Floats, data: FollowUp) -> Floats:
    """For each event, the sum of ``values`` over its risk set, less Efron's share of the tied events."""
    sums = _from_latest(values, data)[data.last[data.events]]
    if not data.fraction.any():
        return sums
    share = data.fraction if values.ndim == 1 else data.fraction[:, None]
    return sums - share * _tied_sums(values, data)


def _centred(risk: Floats, data: FollowUp) -> Floats:
    """Log hazards less the largest of their stratum, so that no exponential overflows."""
    centred = risk.copy()
    for start, end in data.strata:
        centred[start:end] -= risk[start:end].max()
    return centred


def log_likelihood(risk: ArrayLike, data: FollowUp) -> float:
    """Log partial likelihood of log hazards ``(n,)`` in the samples' own order."""
    sorted_risk = _centred(np.asarray(risk, dtype=np.float64)[data.order], data)
    sums = risk_sums(np.exp(sorted_risk), data)
    return float((sorted_risk[data.events] - np.log(sums)).sum())


def derivatives(X: Floats, coefficients: Floats, data: FollowUp) -> tuple[float, Floats, Floats]:
    """Log partial likelihood, its gradient ``(p,)`` and its negative Hessian ``(p, p)``.

    Parameters
    ----------
    X
        Samples x features in sorted order (``X[data.order]``), ``(n, p)``.
    coefficients
        Log hazard ratios, ``(p,)``.
    data
        Follow-up from :func:`follow_up`.
    """
    risk = _centred(X @ coefficients, data)
    hazard = np.exp(risk)
    sums = risk_sums(hazard, data)
    means = risk_sums(hazard[:, None] * X, data) / sums[:, None]
    at = data.events
    rates = np.zeros(data.event.size)
    rates[at] = 1 / sums
    exposure = _from_earliest(rates, data)[data.first]
    if data.fraction.any():
        removed = np.zeros(data.event.size)
        removed[at] = data.fraction / sums
        exposure[at] -= _tied_sums(removed, data)
    value = float((risk[at] - np.log(sums)).sum())
    gradient = X[at].sum(axis=0) - means.sum(axis=0)
    information = (X * (hazard * exposure)[:, None]).T @ X - means.T @ means
    return value, gradient, information


def ridge(X: ArrayLike, data: FollowUp, penalty: float, *, start: Floats | None = None) -> Floats:
    """Ridge Cox coefficients: the maximum of ``log likelihood - penalty / 2 * sum(b^2)``.

    With more features than samples the fit is made in the space the samples span, where it lies exactly.

    Parameters
    ----------
    X
        Samples x features in the samples' own order, ``(n, p)``.
    data
        Follow-up from :func:`follow_up`.
    penalty
        Above 0; the inverse of the prior variance of a log hazard ratio.
    start
        Where to start, ``(p,)``; a warm start along a path of penalties.

    References
    ----------
    Verweij and van Houwelingen, Stat Med 1994, 13:2427.
    """
    values = np.asarray(X, dtype=np.float64)[data.order]
    if values.shape[1] <= values.shape[0]:
        return _newton(values, data, penalty, start)
    left, scale, right = np.linalg.svd(values, full_matrices=False)
    reduced = _newton(left * scale, data, penalty, None if start is None else right @ start)
    return np.asarray(right.T @ reduced)


def _newton(X: Floats, data: FollowUp, penalty: float, start: Floats | None) -> Floats:
    """Newton steps, halved until the penalised likelihood rises."""
    beta = np.zeros(X.shape[1]) if start is None else start.astype(np.float64)
    value, gradient, information = derivatives(X, beta, data)
    goal = value - penalty / 2 * float(beta @ beta)
    for _ in range(_MAX_STEPS):
        slope = gradient - penalty * beta
        step = np.linalg.solve(information + penalty * np.eye(beta.size), slope)
        if float(slope @ step) < _TOLERANCE:
            break
        for _ in range(_MAX_STEPS):
            trial = beta + step
            value, gradient, information = derivatives(X, trial, data)
            found = value - penalty / 2 * float(trial @ trial)
            if found >= goal:
                break
            step = step / 2
        beta, goal = trial, found
    return beta


def nonnegative_ridge(X: ArrayLike, data: FollowUp, penalty: float) -> Floats:
    """Ridge Cox coefficients that are all at least 0.

    Newton steps whose quadratic model is minimised exactly under the bound (Lawson and Hanson's non-negative
    least squares on its Cholesky factor), halved until the penalised likelihood rises.

    Parameters
    ----------
    X
        Samples x features in the samples' own order, ``(n, p)``.
    data
        Follow-up from :func:`follow_up`.
    penalty
        Above 0.
    """
    from scipy.optimize import nnls

    values = np.asarray(X, dtype=np.float64)[data.order]
    beta = np.zeros(values.shape[1])
    value, gradient, information = derivatives(values, beta, data)
    goal = value
    for _ in range(_MAX_STEPS):
        slope = gradient - penalty * beta
        curvature = information + penalty * np.eye(beta.size)
        factor = np.linalg.cholesky(curvature).T
        target, _ = nnls(factor, np.linalg.solve(factor.T, slope + curvature @ beta))
        step = target - beta
        if float(slope @ step) < _TOLERANCE:
            break
        for _ in range(_MAX_STEPS):
            trial = beta + step
            value, gradient, information = derivatives(values, trial, data)
            found = value - penalty / 2 * float(trial @ trial)
            if found >= goal:
                break
            step = step / 2
        beta, goal = trial, found
    return np.maximum(beta, 0.0)


def baseline_hazard(risk: ArrayLike, data: FollowUp, time: ArrayLike) -> tuple[Floats, Floats]:
    """Breslow's cumulative baseline hazard over all strata together.

    Parameters
    ----------
    risk
        Log hazards in the samples' own order, ``(n,)``.
    data
        Follow-up of one stratum.
    time
        Times in the samples' own order, ``(n,)``.

    Returns
    -------
    tuple
        Event times, increasing, and the cumulative hazard after each of them.
    """
    sorted_risk = np.asarray(risk, dtype=np.float64)[data.order]
    at = data.events
    jumps = 1 / risk_sums(np.exp(sorted_risk), data)
    moments, where = np.unique(np.asarray(time, dtype=np.float64)[data.order][at], return_inverse=True)
    steps = np.zeros(moments.size)
    np.add.at(steps, where, jumps)
    return moments, np.cumsum(steps)


def marginal(X: Floats, risk: ArrayLike, data: FollowUp) -> tuple[Floats, Floats]:
    """Slope and curvature of the log partial likelihood in each feature alone, around given log hazards.

    Parameters
    ----------
    X
        Samples x features in sorted order (``X[data.order]``), ``(n, p)``.
    risk
        Log hazards in the samples' own order, ``(n,)``.
    data
        Follow-up from :func:`follow_up`.

    Returns
    -------
    tuple
        Gradient ``(p,)`` and diagonal of the information ``(p,)``.
    """
    hazard = np.exp(_centred(np.asarray(risk, dtype=np.float64)[data.order], data))[:, None]
    sums = risk_sums(hazard[:, 0], data)[:, None]
    means = risk_sums(hazard * X, data) / sums
    squares = risk_sums(hazard * X**2, data) / sums
    return X[data.events].sum(axis=0) - means.sum(axis=0), (squares - means**2).sum(axis=0)


def residuals(risk: ArrayLike, data: FollowUp) -> tuple[Floats, Floats]:
    """Slope and curvature of the log partial likelihood in each sample's log hazard, by Breslow's sums.

    Returns
    -------
    tuple
        Martingale residuals, event less expected events, and the diagonal of the information, each ``(n,)`` in the
        samples' own order.
    """
    hazard = np.exp(_centred(np.asarray(risk, dtype=np.float64)[data.order], data))
    sums = _from_latest(hazard, data)[data.last[data.events]]
    rates, squares = np.zeros(hazard.size), np.zeros(hazard.size)
    rates[data.events], squares[data.events] = 1 / sums, 1 / sums**2
    expected = hazard * _from_earliest(rates, data)[data.first]
    curvature = expected - hazard**2 * _from_earliest(squares, data)[data.first]
    slope, curve = np.empty(hazard.size), np.empty(hazard.size)
    slope[data.order] = data.event - expected
    curve[data.order] = np.maximum(curvature, 0.0)
    return slope, curve
