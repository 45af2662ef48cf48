"""Akritas: the survival of the patients whose risk is nearest."""

from __future__ import annotations

import numpy as np

from omics_rx.signatures.learners.base import Floats, Ints
from omics_rx.signatures.learners.ridge import RidgeCox
from omics_rx.signatures.risk_sets import Outcome, follow_up

_CLOSE = 1e-9  # of the range of the scores: what lies nearer is rounding


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
        reach = int(np.floor(2 * self.share * self.sorted_.size + _CLOSE))  # places count in halves
        near = np.abs(_places(self.sorted_, z @ self.coef_)[:, None] - self.place_) <= reach
        data = self.data_
        counted = near[:, data.order] * data.weight
        at = data.events
        at_risk = np.cumsum(counted, axis=1)[:, data.last[at]]
        jumps = np.divide(counted[:, at], at_risk, out=np.zeros_like(at_risk), where=at_risk > 0)
        # events stand from the latest to the earliest: one at place k has raised the hazard at k + 1 of them
        return np.asarray(jumps @ np.arange(1, at.size + 1) / at.size)


def _places(ordered: Floats, score: Floats) -> Ints:
    """Twice the number of training scores below each score, ties once, as whole numbers.

    Scores within a billionth of their range are ties: a training sample that is looked up again has a score whose last
    bits may be others, and must find its own place.
    """
    close = _CLOSE * float(np.ptp(ordered))
    below = np.searchsorted(ordered, score - close, side="left")
    return np.asarray(below + np.searchsorted(ordered, score + close, side="right"), dtype=np.intp)
