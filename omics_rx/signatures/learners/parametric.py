"""Parametric regression of survival times: Weibull, log-logistic, log-normal."""

from __future__ import annotations

import numpy as np

from omics_rx.core.errors import unknown_name
from omics_rx.signatures.learners.base import Bools, Floats, LinearLearner, chosen_by_folds
from omics_rx.signatures.penalty import VARIANCES
from omics_rx.signatures.risk_sets import Outcome

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

    logs, weight = np.log(outcome.time), outcome.weights

    def loss(at: Floats) -> tuple[float, Floats]:
        shape, location, beta = np.exp(min(at[0], 20.0)), at[1], at[2:]
        u = np.clip(shape * (logs - location) + z @ beta, -500, 500)
        value, slope = _density(u, outcome.event, distribution)
        value, slope = value + outcome.event * at[0], slope * weight
        gradient = np.concatenate(
            [
                [float(slope @ (shape * (logs - location)) + weight @ outcome.event), float(-shape * slope.sum())],
                slope @ z - penalty * beta,
            ]
        )
        return -float(weight @ value) + penalty / 2 * float(beta @ beta), -gradient

    begin = np.zeros(z.shape[1] + 2) if start is None else start
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-8})
    return np.asarray(found.x)


def _density(u: Floats, event: Bools, distribution: str) -> tuple[Floats, Floats]:
    """Log density of events and log survival of the others, without terms in the shape, and the slope in ``u``."""
    from scipy.stats import norm

    if distribution == "weibull":
        hazard = np.exp(np.minimum(u, 500))
        return event * u - hazard, event - hazard
    if distribution == "log_logistic":
        both = 1.0 + event
        return event * u - both * np.logaddexp(0, u), event - both / (1 + np.exp(-u))
    survived = norm.logsf(u)
    rate = np.exp(norm.logpdf(u) - survived)
    return np.where(event, norm.logpdf(u), survived), np.where(event, -u, -rate)
