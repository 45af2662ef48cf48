"""Ridge Cox, and the best single gene."""

from __future__ import annotations

import numpy as np

from omics_rx.signatures import cox, penalty
from omics_rx.signatures.learners.base import Bools, Floats, Ints, LinearLearner, folds_for, inner_folds


class RidgeCox(LinearLearner):
    """Ridge Cox, the penalty chosen by cross-validated partial likelihood; strata have hazards of their own.

    References
    ----------
    Verweij and van Houwelingen, Stat Med 1994, 13:2427.
    """

    def _fit(self, z: Floats, time: Floats, event: Bools, stratum: Ints) -> None:
        n_folds = folds_for(event)
        fold = inner_folds(event, stratum, n_folds=n_folds, seed=self.seed)
        outcome = penalty.Outcome(time, event, stratum)
        self.penalty_ = penalty.choose([(z, z)] * n_folds, fold, outcome).penalty
        self.coef_ = cox.ridge(z, outcome.follow_up(), self.penalty_)


class UnivariateCox(LinearLearner):
    """The single feature with the largest score statistic, by its own Cox model."""

    def _fit(self, z: Floats, time: Floats, event: Bools, stratum: Ints) -> None:
        data = cox.follow_up(time, event, stratum)
        slope, curve = cox.marginal(z[data.order], np.zeros(time.size), data)
        best = int(np.argmax(np.where(curve > 0, slope**2 / np.maximum(curve, 1e-12), 0.0)))
        self.coef_ = np.zeros(z.shape[1])
        self.coef_[best] = cox.ridge(z[:, [best]], data, 1e-3)[0]
