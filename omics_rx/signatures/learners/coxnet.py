"""Lasso and elastic-net Cox."""

from __future__ import annotations

import warnings
from typing import ClassVar

import numpy as np

from omics_rx.signatures.learners.base import (
    Bools,
    Floats,
    LinearLearner,
    best_by_likelihood,
    folds_for,
    inner_folds,
    structured,
)
from omics_rx.signatures.risk_sets import Outcome

_PATH = 40


class ElasticNetCox(LinearLearner):
    """Elastic-net Cox, the penalty chosen along its path by cross-validated partial likelihood.

    Strata are seen through their own time scale, because the solver has no strata.

    Parameters
    ----------
    l1_ratio
        Share of the absolute penalty, above 0 and up to 1; 1 is the lasso.
    seed
        Deals the folds.

    References
    ----------
    Simon, Friedman, Hastie and Tibshirani, J Stat Softw 2011, 39(5):1.
    """

    takes_weights: ClassVar[bool] = False  # the solver takes none

    def __init__(self, l1_ratio: float = 0.5, *, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.l1_ratio = l1_ratio

    def _path(self, z: Floats, time: Floats, event: Bools, alphas: Floats | None) -> tuple[Floats, Floats]:
        from sksurv.linear_model import CoxnetSurvivalAnalysis

        model = CoxnetSurvivalAnalysis(
            l1_ratio=self.l1_ratio, alphas=alphas, n_alphas=_PATH, alpha_min_ratio=0.02, tol=1e-6, max_iter=20_000
        )
        with warnings.catch_warnings():
            # a path may end early where the likelihood stops rising; what it reached is used
            warnings.simplefilter("ignore")
            model.fit(z, structured(time, event))
        return model.alphas_, model.coef_

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        time, event = outcome.time, outcome.event
        alphas, path = self._path(z, time, event, None)
        n_folds = folds_for(event)
        fold = inner_folds(outcome, n_folds=n_folds, seed=self.seed)
        risks = []
        for number in range(n_folds):
            seen = fold != number
            reached, coefficients = self._path(z[seen], time[seen], event[seen], alphas)
            padded = coefficients[:, np.minimum(np.arange(alphas.size), reached.size - 1)]
            risks.append(z @ padded)
        best = int(best_by_likelihood(risks, fold, outcome)[0])
        self.alpha_ = float(alphas[best])
        self.coef_ = path[:, best]


class LassoCox(ElasticNetCox):
    """Lasso Cox, the penalty chosen by cross-validated partial likelihood.

    References
    ----------
    Tibshirani, Stat Med 1997, 16:385.
    """

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__(1.0, seed=seed)
