"""XGBoost with Cox's partial likelihood, or on accelerated failure times."""

from __future__ import annotations

from typing import Any

import numpy as np

from omics_rx.core.errors import MissingDependencyError
from omics_rx.core.work import subseed
from omics_rx.signatures.learners.base import Floats, Learner
from omics_rx.signatures.risk_sets import Outcome


class XGBoostCox(Learner):
    """Boosted trees on the partial likelihood; cohorts are seen through their common time scale.

    Parameters
    ----------
    n_trees, learning_rate, max_depth
        Of the boosting.
    seed
        Of the samples and features drawn.

    Raises
    ------
    MissingDependencyError
        On fitting, if xgboost is not installed.

    References
    ----------
    Chen and Guestrin, KDD 2016.
    """

    def __init__(self, n_trees: int = 100, *, learning_rate: float = 0.05, max_depth: int = 2, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.max_depth = max_depth

    def _objective(self) -> dict[str, Any]:
        return {"objective": "survival:cox"}

    def _table(self, z: Floats, outcome: Outcome) -> Any:
        labels = np.where(outcome.event, outcome.time, -outcome.time)  # a negative time is a censored one
        return _xgboost().DMatrix(z, label=labels, weight=outcome.weights)

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        settings = {
            **self._objective(), "learning_rate": self.learning_rate, "max_depth": self.max_depth, "subsample": 0.7,
            "colsample_bynode": 0.5, "lambda": 1.0, "nthread": 1, "verbosity": 0,
            "seed": subseed(self.seed, type(self).__name__) % 2**31,
        }  # fmt: skip
        self.model_ = _xgboost().train(settings, self._table(z, outcome), num_boost_round=self.n_trees)

    def _risk(self, z: Floats) -> Floats:
        return np.asarray(self.model_.predict(_xgboost().DMatrix(z), output_margin=True), dtype=np.float64)


class XGBoostAFT(XGBoostCox):
    """Boosted trees on the logarithm of time, normal errors, censored times as intervals.

    Parameters
    ----------
    n_trees, learning_rate, max_depth
        Of the boosting.
    seed
        Of the samples and features drawn.

    References
    ----------
    Barnwal, Cho and Hocking, J Comput Graph Stat 2022, 31:1292.
    """

    def _objective(self) -> dict[str, Any]:
        return {"objective": "survival:aft", "aft_loss_distribution": "normal", "aft_loss_distribution_scale": 1.2}

    def _table(self, z: Floats, outcome: Outcome) -> Any:
        table = _xgboost().DMatrix(z, weight=outcome.weights)
        table.set_float_info("label_lower_bound", outcome.time)
        table.set_float_info("label_upper_bound", np.where(outcome.event, outcome.time, np.inf))
        return table

    def _risk(self, z: Floats) -> Floats:
        return -super()._risk(z)


def _xgboost() -> Any:
    try:
        import xgboost
    except ImportError as error:
        raise MissingDependencyError(
            'xgboost is not installed: pip install "omics-rx[learners]", or choose lightgbm_cox or gradient_boosting'
        ) from error
    return xgboost
