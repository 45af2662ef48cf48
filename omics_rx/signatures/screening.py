"""Fewer genes for large studies: those that a score test of the training samples finds strongest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omics_rx.signatures import cox
from omics_rx.signatures.training import CohortScale, TrainingSet

LARGE = 5_000_000  # values of a training set beyond which genes are screened
KEPT = 400
_BLOCK = 512  # genes at a time, so that no copy of all is made


def strongest(train: TrainingSet) -> TrainingSet:
    """Keep the genes with the largest univariate score statistic, where samples x genes pass five million.

    It sees these samples alone: inside a fold those learnt from. Smaller sets stay as they are.
    """
    if train.expression.size <= LARGE or len(train.genes) <= KEPT:
        return train
    data = train.follow_up()
    none = np.zeros(train.n)
    found = []
    for start in range(0, len(train.genes), _BLOCK):
        part = train.only(train.genes[start : start + _BLOCK])
        slope, curve = cox.marginal(CohortScale.learn(part).apply(part)[data.order], none, data)
        found.append(np.where(curve > 1e-9, slope**2 / np.maximum(curve, 1e-9), 0.0))
    score: NDArray[np.float64] = np.concatenate(found)
    best = np.argsort(-score.round(9), kind="stable")[:KEPT]
    return train.only([train.genes[at] for at in np.sort(best)])
