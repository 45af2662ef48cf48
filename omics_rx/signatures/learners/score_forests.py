"""Conditional, oblique and maxstat forests, a conditional tree, and boosted conditional trees."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from omics_rx.core.work import rng
from omics_rx.signatures import cox
from omics_rx.signatures.learners.base import Floats, Ints, Learner
from omics_rx.signatures.learners.growing import (
    Grown,
    Growth,
    Rule,
    grow,
    log_rank_scores,
    maximally_selected,
    oblique,
    strongest,
)
from omics_rx.signatures.risk_sets import Outcome

_PRIOR = 1.0  # events expected and seen that are added to each leaf, so that a small leaf says little


class _Forest(Learner):
    """Trees grown on resamples; the risk is the mean hazard ratio of the leaves a sample falls in."""

    n_trees: int
    min_leaf: int

    @abstractmethod
    def _rule(self, outcome: Outcome) -> Rule:
        """How a node looks for its split."""

    def _growth(self, width: int) -> Growth:
        return Growth(int(np.ceil(np.sqrt(width))), self.min_leaf)

    def _rows(self, n: int, random: np.random.Generator) -> Ints:
        """Samples of one tree: a bootstrap sample."""
        return np.sort(random.integers(n, size=n))

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        weight = outcome.weights
        expected = weight * outcome.event - cox.residuals(np.zeros(len(z)), outcome.follow_up())[0]

        def value(rows: Ints) -> float:
            seen = float(weight[rows] @ outcome.event[rows])
            return (seen + _PRIOR) / (float(expected[rows].sum()) + _PRIOR)

        rule, target, growth = self._rule(outcome), log_rank_scores(outcome), self._growth(z.shape[1])
        self.trees_: list[Grown] = []
        for number in range(self.n_trees):
            random = rng(self.seed, type(self).__name__, number)
            rows = self._rows(len(z), random)
            self.trees_.append(
                grow(z, rows, weight, target=target, rule=rule, value=value, growth=growth, random=random)
            )

    def _risk(self, z: Floats) -> Floats:
        return np.asarray(np.mean([tree.predict(z) for tree in self.trees_], axis=0))


class _Resampled(_Forest):
    """A forest of as many trees as are asked for."""

    def __init__(self, n_trees: int = 100, *, min_leaf: int = 10, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.n_trees = n_trees
        self.min_leaf = min_leaf


class ConditionalForest(_Resampled):
    """Forest of conditional trees on subsamples of 63.2% without replacement.

    A node takes the feature whose linear statistic with the log-rank scores is largest and only then looks for a cut,
    so features with many values are not preferred.

    Parameters
    ----------
    n_trees, min_leaf
        Number of trees and fewest samples in a leaf.
    seed
        Of subsamples and features offered.

    References
    ----------
    Hothorn, Hornik and Zeileis, J Comput Graph Stat 2006, 15:651; Strobl et al., BMC Bioinformatics 2007, 8:25.
    """

    def _rule(self, outcome: Outcome) -> Rule:
        del outcome
        return strongest()

    def _rows(self, n: int, random: np.random.Generator) -> Ints:
        return np.sort(random.choice(n, size=max(2, round(0.632 * n)), replace=False))


class ConditionalTree(_Forest):
    """One conditional tree over all samples and features, grown while the corrected p stays at or below 0.05.

    Parameters
    ----------
    min_leaf
        Fewest samples in a leaf.
    seed
        Not used: nothing is random.

    References
    ----------
    Hothorn, Hornik and Zeileis, J Comput Graph Stat 2006, 15:651.
    """

    n_trees = 1

    def __init__(self, min_leaf: int = 7, *, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.min_leaf = min_leaf

    def _rule(self, outcome: Outcome) -> Rule:
        del outcome
        return strongest(0.05)

    def _growth(self, width: int) -> Growth:
        return Growth(width, self.min_leaf)

    def _rows(self, n: int, random: np.random.Generator) -> Ints:
        del random
        return np.arange(n)


class MaxstatForest(_Resampled):
    """Forest on maximally selected rank statistics, as ranger grows it.

    Parameters
    ----------
    n_trees, min_leaf
        Number of trees and fewest samples in a leaf.
    seed
        Of bootstrap and features offered.

    References
    ----------
    Wright, Dankowski and Ziegler, Stat Med 2017, 36:1272; Wright and Ziegler, J Stat Softw 2017, 77(1):1.
    """

    def _rule(self, outcome: Outcome) -> Rule:
        del outcome
        return maximally_selected(self.min_leaf)


class ObliqueForest(_Resampled):
    """Forest whose nodes split on a sum of features, weighed by one Newton step of a Cox model.

    Parameters
    ----------
    n_trees, min_leaf
        Number of trees and fewest samples in a leaf.
    seed
        Of bootstrap and features offered.

    References
    ----------
    Jaeger et al., Ann Appl Stat 2019, 13:1847; Jaeger et al., J Comput Graph Stat 2024, 33:192.
    """

    def _rule(self, outcome: Outcome) -> Rule:
        return oblique(outcome)


class BlackBoost(Learner):
    """Conditional trees boosted on the gradient of the partial likelihood; strata have hazards of their own.

    Parameters
    ----------
    n_trees, learning_rate, max_depth, min_leaf
        Of the boosting.
    seed
        Not used: nothing is random.

    References
    ----------
    Hothorn, Buehlmann, Kneib, Schmid and Hofner, J Mach Learn Res 2010, 11:2109.
    """

    def __init__(
        self, n_trees: int = 100, *, learning_rate: float = 0.1, max_depth: int = 2, min_leaf: int = 10, seed: int = 0
    ) -> None:
        super().__init__(seed=seed)
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_leaf = min_leaf

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        data, weight, everyone = outcome.follow_up(ties="breslow"), outcome.weights, np.arange(len(z))
        growth, risk = Growth(z.shape[1], self.min_leaf, self.max_depth), np.zeros(len(z))
        self.trees_: list[Grown] = []
        for number in range(self.n_trees):
            slope, curve = cox.residuals(risk, data)

            def value(rows: Ints, slope: Floats = slope, curve: Floats = curve) -> float:
                return float(slope[rows].sum() / (curve[rows].sum() + _PRIOR))

            def target(rows: Ints, slope: Floats = slope) -> Floats:
                return slope[rows] / weight[rows]

            random = rng(self.seed, "BlackBoost", number)
            tree = grow(z, everyone, weight, target=target, rule=strongest(), value=value, growth=growth, random=random)
            self.trees_.append(tree)
            risk = risk + self.learning_rate * tree.predict(z)

    def _risk(self, z: Floats) -> Floats:
        return np.asarray(self.learning_rate * np.sum([tree.predict(z) for tree in self.trees_], axis=0))
