"""Akritas: the survival of the patients whose risk is nearest."""

from __future__ import annotations

import numpy as np

from omics_rx.signatures.learners.base import Floats
from omics_rx.signatures.learners.ridge import RidgeCox
from omics_rx.signatures.risk_sets import Outcome, follow_up


class Akritas(RidgeCox):
    """Conditional survival by nearest neighbours along a ridge Cox score; the risk is the mean cumulative hazard.

    The estimator conditions on one covariate, and hundreds of genes have no neighbourhoods: their ridge Cox score
    stands for them. Neighbours are those whose rank in training lies within ``share`` of the samples.

    Parameters
    ----------
    share
        Half-width of the neighbourhood, as a share of the training samples.
    seed
        Deals the folds that choose the ridge penalty.

    References
    ----------
    Akritas, Ann Stat 1994, 22:1299.
    """

    def __init__(self, share: float = 0.2, *, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.share = share

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        super()._fit(z, outcome)
        score = z @ self.coef_
        self.sorted_ = np.sort(score)
        self.place_ = _places(self.sorted_, score)
        # on the common time scale cohorts are comparable, so neighbours of all cohorts stand together
        self.data_ = follow_up(outcome.time, outcome.event, weight=outcome.weight, ties="breslow")

    def _risk(self, z: Floats) -> Floats:
        near = np.abs(_places(self.sorted_, z @ self.coef_)[:, None] - self.place_) <= self.share
        data = self.data_
        counted = near[:, data.order] * data.weight
        at = data.events
        at_risk = np.cumsum(counted, axis=1)[:, data.last[at]]
        jumps = np.divide(counted[:, at], at_risk, out=np.zeros_like(at_risk), where=at_risk > 0)
        # events stand from the latest to the earliest: one at place k has raised the hazard at k + 1 of them
        return np.asarray(jumps @ np.arange(1, at.size + 1) / at.size)


def _places(ordered: Floats, score: Floats) -> Floats:
    """Share of the training scores below each score, ties half."""
    both = np.searchsorted(ordered, score, side="left") + np.searchsorted(ordered, score, side="right")
    return np.asarray(both / (2 * ordered.size))
