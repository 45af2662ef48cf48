"""Cox on a few components: supervised principal components and partial least squares."""

from __future__ import annotations

import numpy as np

from omics_rx.signatures import cox
from omics_rx.signatures.learners.base import (
    Bools,
    Floats,
    LinearLearner,
    chosen_by_folds,
)
from omics_rx.signatures.risk_sets import Outcome

_RIDGE = 0.01


class SuperPC(LinearLearner):
    """Cox on the first principal component of the features with the largest univariate scores.

    Parameters
    ----------
    shares
        Shares of the features to try; the best is chosen by cross-validated partial likelihood.
    seed
        Deals the folds.

    References
    ----------
    Bair and Tibshirani, PLoS Biol 2004, 2:e108.
    """

    def __init__(self, shares: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2, 0.4, 1.0), *, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.shares = shares

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        sizes = sorted({max(1, round(share * z.shape[1])) for share in self.shares})

        def path(rows: Bools) -> Floats:
            part = outcome.rows(rows)
            return np.column_stack([_first_component(z[rows], part, size) for size in sizes])

        best = chosen_by_folds(path, z, outcome, seed=self.seed)
        self.n_selected_ = sizes[best]
        self.coef_ = path(np.ones(len(z), dtype=bool))[:, best]


def _first_component(z: Floats, outcome: Outcome, size: int) -> Floats:
    """Coefficients of Cox on the first component of the ``size`` strongest features, ``(p,)``."""
    data = outcome.follow_up()
    slope, curve = cox.marginal(z[data.order], np.zeros(len(z)), data)
    strength = np.where(curve > 1e-9, slope**2 / np.maximum(curve, 1e-9), 0.0)
    kept = np.argsort(-strength.round(9), kind="stable")[:size]
    counted = z[:, kept] if outcome.weight is None else z[:, kept] * np.sqrt(outcome.weight)[:, None]
    direction = np.linalg.svd(counted, full_matrices=False)[2][0]
    component = z[:, kept] @ direction
    spread = float(component.std()) or 1.0
    beta = cox.ridge((component / spread)[:, None], data, _RIDGE)[0]
    coefficients = np.zeros(z.shape[1])
    coefficients[kept] = direction * beta / spread
    return coefficients


class PlsRCox(LinearLearner):
    """Cox on components of partial least squares between the features and the deviance residuals of no model.

    Parameters
    ----------
    n_components
        Most components; how many is chosen by cross-validated partial likelihood.
    seed
        Deals the folds.

    References
    ----------
    Bastien, Bertrand, Meyer and Maumy-Bertrand, Bioinformatics 2015, 31:397.
    """

    def __init__(self, n_components: int = 4, *, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.n_components = n_components

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        most = max(1, min(self.n_components, z.shape[1], int(outcome.event.sum()) - 1))

        def path(rows: Bools) -> Floats:
            return _pls(z[rows], outcome.rows(rows), most)

        best = chosen_by_folds(path, z, outcome, seed=self.seed)
        self.n_components_ = best + 1
        self.coef_ = path(np.ones(len(z), dtype=bool))[:, best]


def _deviance(outcome: Outcome) -> Floats:
    """Deviance residuals of the model without features (Therneau 1990)."""
    event = outcome.event
    martingale = cox.residuals(np.zeros(event.size), outcome.follow_up())[0] / outcome.weights
    expected = np.maximum(event - martingale, 1e-12)
    inside = martingale + event * np.log(expected)
    return np.sign(martingale) * np.sqrt(np.maximum(-2 * inside, 0.0))


def _pls(z: Floats, outcome: Outcome, most: int) -> Floats:
    """Coefficients of Cox on one component, on two, and so on, ``(p, most)``."""
    target, data, root = _deviance(outcome), outcome.follow_up(), np.sqrt(outcome.weights)
    share = outcome.weights / outcome.weights.sum()
    # a sample of weight w counts as w samples: its row and its residual are multiplied by the root of w
    left, goal = (z - share @ z) * root[:, None], (target - share @ target) * root
    weights, loadings, scores, found = [], [], [], []
    for _ in range(most):
        weight = left.T @ goal
        length = float(np.linalg.norm(weight))
        if length < 1e-10:
            break
        weight = weight / length
        score = left @ weight
        loading = left.T @ score / (score @ score)
        left = left - np.outer(score, loading)
        weights.append(weight)
        loadings.append(loading)
        scores.append(score / root)
        W, P, T = np.array(weights).T, np.array(loadings).T, np.array(scores).T
        spread = T.std(axis=0)
        beta = cox.ridge(T / spread, data, _RIDGE) / spread
        found.append(W @ np.linalg.solve(P.T @ W, beta))
    if not found:
        return np.zeros((z.shape[1], most))
    return np.column_stack([found[min(at, len(found) - 1)] for at in range(most)])
