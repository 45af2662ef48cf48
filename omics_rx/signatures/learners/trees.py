"""Survival trees, forests and boosting, by scikit-survival."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any

import numpy as np

from omics_rx.core.work import subseed
from omics_rx.signatures.learners.base import Bools, Floats, Learner, structured
from omics_rx.signatures.risk_sets import Outcome

_BINS = 30  # moments at which a forest's log-rank statistics look; more cost time and order patients no better


class _Wrapped(Learner):
    """A learner of scikit-survival whose prediction is a risk."""

    @abstractmethod
    def _model(self, random_state: int) -> Any:
        """Make the model."""

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        model = self._model(subseed(self.seed, type(self).__name__))
        self.model_ = model.fit(z, structured(outcome.time, outcome.event), sample_weight=outcome.weights)

    def _risk(self, z: Floats) -> Floats:
        return np.asarray(self.model_.predict(z))


def binned(time: Floats, event: Bools, *, bins: int = _BINS) -> Floats:
    """Times as the number of the bin they fall in, from 1; the bins hold equally many events, ``(n,)``.

    A contact after the last event has a bin of its own, so that it still outlasts every event.
    """
    edges = np.unique(np.quantile(time[event], np.linspace(0, 1, bins + 1)[1:], method="higher"))
    return np.searchsorted(edges, time, side="left").astype(np.float64) + 1


class RandomForest(_Wrapped):
    """Random survival forest on binned times.

    A split is judged at 30 moments instead of at every time, which takes a fifth of the time, and a leaf keeps its
    risk instead of its curve, which takes a hundredth of the room.

    Parameters
    ----------
    n_trees, min_leaf
        Number of trees and fewest samples in a leaf.
    seed
        Of bootstrap and splits.

    References
    ----------
    Ishwaran et al., Ann Appl Stat 2008, 2:841.
    """

    def __init__(self, n_trees: int = 200, *, min_leaf: int = 15, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.n_trees = n_trees
        self.min_leaf = min_leaf

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        super()._fit(z, replace(outcome, time=binned(outcome.time, outcome.event)))

    def _model(self, random_state: int) -> Any:
        from sksurv.ensemble import RandomSurvivalForest

        return RandomSurvivalForest(
            self.n_trees, min_samples_leaf=self.min_leaf, max_features="sqrt", low_memory=True,
            random_state=random_state,
        )  # fmt: skip


class ExtraTrees(RandomForest):
    """Extremely randomised survival trees.

    References
    ----------
    Geurts, Ernst and Wehenkel, Mach Learn 2006, 63:3.
    """

    def _model(self, random_state: int) -> Any:
        from sksurv.ensemble import ExtraSurvivalTrees

        return ExtraSurvivalTrees(
            self.n_trees, min_samples_leaf=self.min_leaf, max_features="sqrt", low_memory=True,
            random_state=random_state,
        )  # fmt: skip


class Tree(_Wrapped):
    """A single survival tree split by the log-rank statistic.

    References
    ----------
    LeBlanc and Crowley, J Am Stat Assoc 1993, 88:457.
    """

    def __init__(self, max_depth: int = 3, *, min_leaf: int = 15, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.max_depth = max_depth
        self.min_leaf = min_leaf

    def _model(self, random_state: int) -> Any:
        from sksurv.tree import SurvivalTree

        return SurvivalTree(
            max_depth=self.max_depth, min_samples_leaf=self.min_leaf, low_memory=True, random_state=random_state
        )


class GradientBoosting(_Wrapped):
    """Gradient-boosted trees on the partial likelihood.

    References
    ----------
    Ridgeway, Comput Sci Stat 1999, 31:172.
    """

    def __init__(self, n_trees: int = 100, *, learning_rate: float = 0.05, max_depth: int = 2, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.max_depth = max_depth

    def _model(self, random_state: int) -> Any:
        from sksurv.ensemble import GradientBoostingSurvivalAnalysis

        return GradientBoostingSurvivalAnalysis(
            n_estimators=self.n_trees, learning_rate=self.learning_rate, max_depth=self.max_depth, subsample=0.7,
            random_state=random_state,
        )  # fmt: skip


class ComponentwiseBoosting(_Wrapped):
    """Boosting of one feature at a time by least squares on the gradient of the partial likelihood.

    References
    ----------
    Hothorn et al., Biostatistics 2006, 7:355.
    """

    def __init__(self, n_steps: int = 100, *, learning_rate: float = 0.1, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.n_steps = n_steps
        self.learning_rate = learning_rate

    def _model(self, random_state: int) -> Any:
        from sksurv.ensemble import ComponentwiseGradientBoostingSurvivalAnalysis

        return ComponentwiseGradientBoostingSurvivalAnalysis(
            n_estimators=self.n_steps, learning_rate=self.learning_rate, random_state=random_state
        )
