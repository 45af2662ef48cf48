"""Ridge Cox, and the best single gene."""

from __future__ import annotations

import numpy as np

from omics_rx.signatures import cox, penalty
from omics_rx.signatures.learners.base import Floats, LinearLearner, folds_for, inner_folds
from omics_rx.signatures.risk_sets import Outcome


class RidgeCox(LinearLearner):
    """Ridge Cox, the penalty chosen by cross-validated partial likelihood; strata have hazards of their own.

    References
    ----------
    Verweij and van Houwelingen, Stat Med 1994, 13:2427.
    """

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        n_folds = folds_for(outcome.event)
        fold = inner_folds(outcome, n_folds=n_folds, seed=self.seed)
        self.penalty_ = penalty.choose([(z, z)] * n_folds, fold, outcome).penalty
        self.coef_ = cox.ridge(z, outcome.follow_up(), self.penalty_)


class UnivariateCox(LinearLearner):
    """The single feature with the largest score statistic, by its own Cox model."""

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        data = outcome.follow_up()
        slope, curve = cox.marginal(z[data.order], np.zeros(len(z)), data)
        best = int(np.argmax(np.where(curve > 1e-9, slope**2 / np.maximum(curve, 1e-9), 0.0).round(9)))
        self.coef_ = np.zeros(z.shape[1])
        self.coef_[best] = cox.ridge(z[:, [best]], data, 1e-3)[0]
