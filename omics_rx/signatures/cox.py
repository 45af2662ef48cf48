"""Cox's partial likelihood: stratified, weighted, Efron's ties, ridge and non-negative ridge. Arrays only."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from omics_rx.signatures.risk_sets import FollowUp, centred, follow_up, from_earliest, from_latest, risk_sums, tied_sums

__all__ = [
    "FollowUp", "baseline_hazard", "derivatives", "follow_up", "log_likelihood", "marginal", "nonnegative_ridge",
    "residuals", "ridge", "risk_sums",
]  # fmt: skip

Floats = NDArray[np.float64]

_MAX_STEPS = 100
_TOLERANCE = 1e-9


def log_likelihood(risk: ArrayLike, data: FollowUp) -> float:
    """Log partial likelihood of log hazards ``(n,)`` in the samples' own order."""
    sorted_risk = centred(np.asarray(risk, dtype=np.float64)[data.order], data)
    sums = risk_sums(data.weight * np.exp(sorted_risk), data)
    at = data.events
    return float(data.weight[at] @ sorted_risk[at] - data.shared @ np.log(sums))


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
    risk = centred(X @ coefficients, data)
    hazard = data.weight * np.exp(risk)
    sums = risk_sums(hazard, data)
    means = risk_sums(hazard[:, None] * X, data) / sums[:, None]
    at = data.events
    rates = np.zeros(data.event.size)
    rates[at] = data.shared / sums
    exposure = from_earliest(rates, data)[data.first]
    if data.fraction.any():
        removed = np.zeros(data.event.size)
        removed[at] = data.shared * data.fraction / sums
        exposure[at] -= tied_sums(removed, data)
    value = float(data.weight[at] @ risk[at] - data.shared @ np.log(sums))
    gradient = data.weight[at] @ X[at] - data.shared @ means
    information = (X * (hazard * exposure)[:, None]).T @ X - (means * data.shared[:, None]).T @ means
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
    jumps = data.shared / risk_sums(data.weight * np.exp(sorted_risk), data)
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
    hazard = (data.weight * np.exp(centred(np.asarray(risk, dtype=np.float64)[data.order], data)))[:, None]
    sums = risk_sums(hazard[:, 0], data)[:, None]
    means = risk_sums(hazard * X, data) / sums
    squares = risk_sums(hazard * X**2, data) / sums
    at = data.events
    return data.weight[at] @ X[at] - data.shared @ means, data.shared @ (squares - means**2)


def residuals(risk: ArrayLike, data: FollowUp) -> tuple[Floats, Floats]:
    """Slope and curvature of the log partial likelihood in each sample's log hazard, by Breslow's sums.

    Returns
    -------
    tuple
        Martingale residuals, event less expected events, times the weight, and the diagonal of the information, each
        ``(n,)`` in the samples' own order.
    """
    hazard = data.weight * np.exp(centred(np.asarray(risk, dtype=np.float64)[data.order], data))
    sums = from_latest(hazard, data)[data.last[data.events]]
    rates, squares = np.zeros(hazard.size), np.zeros(hazard.size)
    rates[data.events], squares[data.events] = data.shared / sums, data.shared / sums**2
    expected = hazard * from_earliest(rates, data)[data.first]
    curvature = expected - hazard**2 * from_earliest(squares, data)[data.first]
    slope, curve = np.empty(hazard.size), np.empty(hazard.size)
    slope[data.order] = data.weight * data.event - expected
    curve[data.order] = np.maximum(curvature, 0.0)
    return slope, curve
