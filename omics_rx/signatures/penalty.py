"""How strongly to shrink a Cox model: cross-validated partial likelihood over a path of ridge penalties."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omics_rx.signatures import cox
from omics_rx.signatures.risk_sets import Outcome

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Fit = Callable[[Floats, cox.FollowUp, float], Floats]

# prior variance of the log hazard that all features together may explain; p / variance is the ridge penalty
VARIANCES = (0.01, 0.03, 0.1, 0.3, 1.0)


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """The penalty chosen, and the log hazards of samples by models that had not seen them, ``(n,)``."""

    penalty: float
    risk: Floats
    gain: float


def choose(
    folds: Sequence[tuple[Floats, Floats]], fold: Ints, outcome: Outcome, *, fit: Fit = cox.ridge,
    variances: Sequence[float] = VARIANCES,
) -> OutOfFold:  # fmt: skip
    """Choose a ridge penalty by cross-validated partial likelihood.

    Parameters
    ----------
    folds
        For each fold, the features of all samples as its training samples scale them, ``(n, p)``, twice: as
        fitted and as predicted (the same matrix unless stated).
    fold
        Fold of each sample, ``(n,)``.
    outcome
        Time, event and stratum of each sample.
    fit
        Fits coefficients for a penalty.
    variances
        Prior variances of the log hazard to try; ``p / variance`` is the penalty.

    Returns
    -------
    OutOfFold
        ``gain`` is the cross-validated log partial likelihood over that of no model; the out-of-fold risks are
        those of the chosen penalty.

    References
    ----------
    Verweij and van Houwelingen, Stat Med 1993, 12:2305.
    """
    n, width = fold.size, folds[0][0].shape[1]
    whole = outcome.follow_up()
    gains, risks = np.zeros(len(variances)), np.zeros((len(variances), n))
    for number, (fitted, predicted) in enumerate(folds):
        seen = fold != number
        part = outcome.follow_up(seen)
        learnt, target = _narrow(fitted[seen], predicted) if fit is cox.ridge else (fitted[seen], predicted)
        nothing = cox.log_likelihood(np.zeros(n), whole) - cox.log_likelihood(np.zeros(int(seen.sum())), part)
        for at, variance in enumerate(variances):
            beta = fit(learnt, part, width / variance)
            risk = target @ beta
            gains[at] += cox.log_likelihood(risk, whole) - cox.log_likelihood(risk[seen], part) - nothing
            risks[at, ~seen] = risk[~seen]
    best = int(np.argmax(gains.round(9)))  # penalties whose gains differ in their last digits are one
    return OutOfFold(width / variances[best], risks[best], float(gains[best]))


def _narrow(learnt: Floats, predicted: Floats) -> tuple[Floats, Floats]:
    """Features in the space that the samples learnt from span, where a ridge fit lies exactly, if that is smaller."""
    if learnt.shape[1] <= learnt.shape[0]:
        return learnt, predicted
    left, scale, right = np.linalg.svd(learnt, full_matrices=False)
    return left * scale, predicted @ right.T
