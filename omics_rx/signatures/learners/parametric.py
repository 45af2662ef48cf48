"""Parametric regression of survival times: Weibull, log-logistic, log-normal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from omics_rx.core.errors import unknown_name
from omics_rx.signatures.learners.base import Bools, Floats, LinearLearner, chosen_by_folds
from omics_rx.signatures.penalty import VARIANCES
from omics_rx.signatures.risk_sets import Outcome

_NEWTON = 20
DISTRIBUTIONS = ("weibull", "log_logistic", "log_normal")


class Parametric(LinearLearner):
    """Ridge regression of the logarithm of time with a parametric error, right-censoring in its likelihood.

    Cohorts share one distribution on their common time scale.

    Parameters
    ----------
    distribution
        ``"weibull"``, ``"log_logistic"`` or ``"log_normal"``.
    seed
        Deals the folds that choose the penalty.

    References
    ----------
    Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 2002, chapter 3.
    """

    def __init__(self, distribution: str = "weibull", *, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.distribution = distribution

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        if self.distribution not in DISTRIBUTIONS:
            raise unknown_name("distribution", self.distribution, DISTRIBUTIONS)
        penalties = [z.shape[1] / variance for variance in VARIANCES]

        def path(rows: Bools) -> Floats:
            part, found = outcome.rows(rows), []
            start = np.zeros(z.shape[1] + 2)
            for penalty in penalties[::-1]:
                start = fitted(z[rows], part, penalty, distribution=self.distribution, start=start)
                found.append(start[2:])
            return np.column_stack(found[::-1])

        best = chosen_by_folds(path, z, outcome, seed=self.seed)
        self.penalty_ = penalties[best]
        self.coef_ = path(np.ones(len(z), dtype=bool))[:, best]


def fitted(z: Floats, outcome: Outcome, penalty: float, *, distribution: str, start: Floats | None = None) -> Floats:
    """Maximum of the penalised likelihood: log shape, location, then one coefficient a feature, ``(2 + p,)``.

    The error is ``u = shape * (log time - location) + z @ coefficients``: positive coefficients shorten life, and of a
    Weibull they are log hazard ratios. Only coefficients are shrunk.
    """
    from scipy.optimize import minimize

    logs, weight, p = np.log(outcome.time), outcome.weights, z.shape[1]

    def terms(at: Floats) -> tuple[float, Floats, Floats]:
        """Loss, gradient and Hessian."""
        shape, beta = np.exp(min(at[0], 20.0)), at[2:]
        stretched = shape * (logs - at[1])
        u = np.clip(stretched + z @ beta, -500, 500)
        value, slope, curve = _density(u, outcome.event, distribution)
        value, slope, curve = value + outcome.event * at[0], slope * weight, curve * weight
        moves = np.column_stack([stretched, np.full(logs.size, -shape), z])
        gradient = slope @ moves
        gradient[0] += float(weight @ outcome.event)
        gradient[2:] -= penalty * beta
        hessian = (moves * curve[:, None]).T @ moves
        hessian[0, 0] += float(slope @ stretched)
        hessian[[0, 1], [1, 0]] -= float(shape * slope.sum())
        hessian[np.arange(2, p + 2), np.arange(2, p + 2)] -= penalty
        return -float(weight @ value) + penalty / 2 * float(beta @ beta), -gradient, -hessian

    begin = np.zeros(p + 2) if start is None else start
    found = minimize(  # type: ignore[call-overload]  # the stubs know no pair of value and gradient of a lambda
        lambda at: terms(at)[:2], begin, jac=True, method="L-BFGS-B",
        options={"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-8},
    ).x  # fmt: skip
    return _polished(np.asarray(found), terms)


def _polished(at: Floats, terms: Callable[[Floats], tuple[float, Floats, Floats]]) -> Floats:
    """Newton steps while they bring the gradient down: what a search stops at depends on its last digits."""
    _, gradient, hessian = terms(at)
    for _ in range(_NEWTON):
        trial = at - np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        _, found, curve = terms(trial)
        if not float(np.abs(found).max()) < float(np.abs(gradient).max()):
            break
        at, gradient, hessian = trial, found, curve
    return at


def _density(u: Floats, event: Bools, distribution: str) -> tuple[Floats, Floats, Floats]:
    """Log density of events and log survival of the others, less terms in the shape; slope and curvature in ``u``."""
    from scipy.stats import norm

    if distribution == "weibull":
        hazard = np.exp(np.minimum(u, 500))
        return event * u - hazard, event - hazard, -hazard
    if distribution == "log_logistic":
        both = 1.0 + event
        share = 1 / (1 + np.exp(-u))
        return event * u - both * np.logaddexp(0, u), event - both * share, -both * share * (1 - share)
    survived = norm.logsf(u)
    rate = np.exp(norm.logpdf(u) - survived)
    slope, curve = np.where(event, -u, -rate), np.where(event, -1.0, -rate * (rate - u))
    return np.where(event, norm.logpdf(u), survived), slope, curve
