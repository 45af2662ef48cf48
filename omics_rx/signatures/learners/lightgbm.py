"""LightGBM with Cox's partial likelihood as its objective."""

from __future__ import annotations

from typing import Any

import numpy as np

from omics_rx.core.work import subseed
from omics_rx.signatures import cox
from omics_rx.signatures.learners.base import Floats, Learner, shortened
from omics_rx.signatures.risk_sets import Outcome


class LightGBMCox(Learner):
    """Boosted trees on the stratified partial likelihood (Breslow), fitted by LightGBM.

    Parameters
    ----------
    n_trees, learning_rate, n_leaves, min_leaf
        Of the boosting.
    seed
        Of the feature samples.
    """

    def __init__(
        self, n_trees: int = 100, *, learning_rate: float = 0.05, n_leaves: int = 7, min_leaf: int = 15, seed: int = 0
    ) -> None:
        super().__init__(seed=seed)
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.n_leaves = n_leaves
        self.min_leaf = min_leaf

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        import lightgbm

        data = outcome.follow_up(ties="breslow")

        def objective(risk: Floats, _: Any) -> tuple[Floats, Floats]:
            slope, curve = cox.residuals(risk, data)
            return -slope, np.maximum(curve, 1e-6)

        settings = {
            "objective": objective, "learning_rate": self.learning_rate, "num_leaves": self.n_leaves,
            "min_data_in_leaf": min(self.min_leaf, max(1, len(z) // 6)), "min_sum_hessian_in_leaf": 0.5,
            "lambda_l2": 1.0, "feature_fraction": 0.5, "seed": subseed(self.seed, "LightGBMCox"), "num_threads": 1,
            "deterministic": True, "verbosity": -1, "force_col_wise": True,
        }  # fmt: skip
        table = lightgbm.Dataset(shortened(z), label=np.zeros(len(z)), params={"verbosity": -1})
        self.model_ = lightgbm.train(settings, table, num_boost_round=self.n_trees)

    def _risk(self, z: Floats) -> Floats:
        return np.asarray(self.model_.predict(shortened(z)))
