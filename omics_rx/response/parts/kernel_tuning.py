"""What settles the ridges of the kernel core: inner folds of cells, and leaving one drug out in closed form."""

from __future__ import annotations

import numpy as np

from omics_rx.core.work import rng
from omics_rx.response.parts.kernel_solvers import solve

_N_INNER = 4
_N_TUNING_DRUGS = 48
_DRUG_RIDGES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class InnerLoss:
    """Squared error on inner folds of cells, over the drugs measured most completely."""

    def __init__(self, distance: np.ndarray, y: np.ndarray, seed: int) -> None:
        self.distance = distance
        order = np.argsort(-np.isfinite(y).sum(axis=0), kind="stable")
        self.y = y[:, np.sort(order[:_N_TUNING_DRUGS])]
        cells = rng(seed, "kernel", "inner").permutation(len(y))
        self.folds = np.array_split(cells, min(_N_INNER, len(y) // 2))

    def __call__(self, gamma: float, ridge: float) -> float:
        """Sum of squared errors of one pair of settings."""
        kernel = np.exp(-gamma * self.distance)
        total = 0.0
        for test in self.folds:
            train = np.setdiff1d(np.arange(len(self.y)), test)
            known = np.isfinite(self.y[train]).any(axis=0)
            means = np.nanmean(self.y[train][:, known], axis=0)
            dual, _ = solve(kernel[np.ix_(train, train)], self.y[train][:, known] - means, ridge)
            error = self.y[test][:, known] - means - kernel[np.ix_(test, train)] @ dual
            total += float(np.nansum(error**2))
        return total


def best_ridge(kernel: np.ndarray, targets: np.ndarray) -> float:
    """Ridge with the least leave-one-out error, in closed form: ``e_i = (A t)_i / A_ii`` with ``A = (K + rI)^-1``."""
    if len(kernel) < 3:
        return _DRUG_RIDGES[-1]

    def loss(ridge: float) -> float:
        inverse = np.linalg.inv(kernel + ridge * np.eye(len(kernel)))
        return float((((inverse @ targets) / np.diag(inverse)[:, None]) ** 2).sum())

    return min(_DRUG_RIDGES, key=loss)
