"""Stepwise Cox by Akaike's criterion, in three directions."""

from __future__ import annotations

import numpy as np

from omics_rx.core.errors import InputError
from omics_rx.signatures import cox
from omics_rx.signatures.learners.base import Floats, LinearLearner
from omics_rx.signatures.risk_sets import Outcome

_RIDGE = 0.01  # enough to keep separated samples finite, too little to matter otherwise
DIRECTIONS = ("forward", "backward", "both")


class StepwiseCox(LinearLearner):
    """Stepwise Cox on Akaike's information criterion.

    Forward starts from no feature and adds while the criterion falls; backward starts from all screened features and
    removes; both starts from none and may do either.

    Parameters
    ----------
    direction
        ``"forward"``, ``"backward"`` or ``"both"``.
    n_screened
        Features kept by their score statistic before the steps; also at most one for two events.
    seed
        Not used: nothing is random.
    """

    def __init__(self, direction: str = "both", *, n_screened: int = 20, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.direction = direction
        self.n_screened = n_screened

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        if self.direction not in DIRECTIONS:
            raise InputError(f"direction {self.direction!r} is not known: use one of {', '.join(DIRECTIONS)}")
        data = outcome.follow_up()
        slope, curve = cox.marginal(z[data.order], np.zeros(len(z)), data)
        strength = np.where(curve > 1e-9, slope**2 / np.maximum(curve, 1e-9), 0.0).round(9)
        most = int(min(self.n_screened, max(1, outcome.event.sum() // 2), np.count_nonzero(strength)))
        screened = np.argsort(-strength, kind="stable")[:most].tolist()
        chosen = list(screened) if self.direction == "backward" else []
        best, beta = _criterion(z, data, chosen)
        while True:
            moves = self._moves(chosen, screened)
            tried = [(*_criterion(z, data, move), move) for move in moves]
            if not tried or min(found for found, _, _ in tried) >= best - 1e-9:
                break
            best, beta, chosen = min(tried, key=lambda item: round(item[0], 9))  # last digits choose nothing
        self.selected_ = tuple(self.columns_[chosen].tolist())
        self.coef_ = np.zeros(z.shape[1])
        self.coef_[chosen] = beta

    def _moves(self, chosen: list[int], screened: list[int]) -> list[list[int]]:
        more = [[*chosen, gene] for gene in screened if gene not in chosen]
        fewer = [[kept for kept in chosen if kept != gene] for gene in chosen]
        return {"forward": more, "backward": fewer, "both": more + fewer}[self.direction]


def _criterion(z: Floats, data: cox.FollowUp, chosen: list[int]) -> tuple[float, Floats]:
    """Akaike's criterion and the coefficients of a set of features."""
    if not chosen:
        return -2 * cox.log_likelihood(np.zeros(len(z)), data), np.zeros(0)
    beta = cox.ridge(z[:, chosen], data, _RIDGE)
    return -2 * cox.log_likelihood(z[:, chosen] @ beta, data) + 2 * len(chosen), beta
