"""CoxBoost: the partial likelihood raised one feature at a time."""

from __future__ import annotations

import numpy as np

from omics_rx.signatures import cox
from omics_rx.signatures.learners.base import (
    Floats,
    LinearLearner,
    best_by_likelihood,
    folds_for,
    inner_folds,
)
from omics_rx.signatures.risk_sets import Outcome


class CoxBoost(LinearLearner):
    """Likelihood-based boosting: at each step the feature with the largest penalised score takes one Newton step.

    Parameters
    ----------
    n_steps
        Most steps; how many are taken is chosen by cross-validated partial likelihood.
    seed
        Deals the folds.

    Notes
    -----
    The penalty of a step is nine times the number of events, as in the R package CoxBoost.

    References
    ----------
    Tutz and Binder, Biometrics 2006, 62:961; Binder and Schumacher, BMC Bioinformatics 2008, 9:14.
    """

    def __init__(self, n_steps: int = 100, *, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.n_steps = n_steps

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        n_folds = folds_for(outcome.event)
        fold = inner_folds(outcome, n_folds=n_folds, seed=self.seed)
        risks = []
        for number in range(n_folds):
            seen = fold != number
            path = boosted(z[seen], outcome.follow_up(seen), n_steps=self.n_steps)
            risks.append(z @ path.T)
        self.n_steps_ = int(best_by_likelihood(risks, fold, outcome)[0])
        self.coef_ = boosted(z, outcome.follow_up(), n_steps=self.n_steps_)[-1]


def boosted(z: Floats, data: cox.FollowUp, *, n_steps: int) -> Floats:
    """Coefficients after each step, from none to all, ``(n_steps + 1, p)``."""
    penalty = 9.0 * data.event.sum()
    features = z[data.order]
    path = np.zeros((n_steps + 1, z.shape[1]))
    risk = np.zeros(len(z))
    for step in range(n_steps):
        slope, curve = cox.marginal(features, risk, data)
        best = int(np.argmax((slope**2 / (curve + penalty)).round(9)))
        path[step + 1] = path[step]
        path[step + 1, best] += slope[best] / (curve[best] + penalty)
        risk = risk + z[:, best] * (path[step + 1, best] - path[step, best])
    return path
