"""Tree ensembles on a cell's genes and a drug's fingerprint: what a kernel has to beat.

For each pair they see the z-scores of up to 1,000 genes, those with the largest share in the leading principal
components of the training lines, and the drug's Morgan bits folded to 128. They need no drug to be known.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import numpy as np
from sklearn.base import BaseEstimator

from omics_rx.core.errors import NotFittedError
from omics_rx.core.work import usable_cores
from omics_rx.response.parts.base import Cells, State, Training
from omics_rx.response.similarity import DrugFeatures

_N_COMPONENTS = 20
_FOLDED_BITS = 128
_BLOCK_ROWS = 200_000


def leading_genes(z: np.ndarray, n_genes: int) -> np.ndarray:
    """Positions of the genes with most variance along the leading principal components, ascending.

    Parameters
    ----------
    z
        Training lines x genes, standardised.
    n_genes
        How many to keep.
    """
    if z.shape[1] <= n_genes:
        return np.arange(z.shape[1])
    values, vectors = np.linalg.eigh(z @ z.T)
    keep = np.argsort(-values)[: min(_N_COMPONENTS, len(values))]
    share = ((vectors[:, keep].T @ z) ** 2).sum(axis=0)
    return np.sort(np.argsort(-share, kind="stable")[:n_genes])


def folded_bits(bits: np.ndarray) -> np.ndarray:
    """Fold fingerprints to 128 bits, ``(n_drugs, 128)``: a folded bit is on if any of those it stands for is."""
    folded: np.ndarray = bits.reshape(len(bits), -1, _FOLDED_BITS).max(axis=1)
    return folded


class _PairTrees(BaseEstimator, ABC):  # type: ignore[misc,unused-ignore]
    """What both ensembles share: features of pairs, learnt and asked in blocks."""

    learns: Literal["response"] = "response"

    def __init__(self, *, n_genes: int = 1_000) -> None:
        self.n_genes = n_genes

    def fit(self, training: Training, *, seed: int = 0) -> _PairTrees:
        """Learn from every measured pair of cell and drug."""
        self.training_ = training
        self.genes_ = leading_genes(training.cells.z, self.n_genes)
        row, column = np.nonzero(np.isfinite(training.y))
        features = self._features(training.cells, training.drugs, row, column)
        self._learn(features, training.y[row, column], seed)
        return self

    def predict(self, cells: Cells, drugs: DrugFeatures) -> np.ndarray:
        """Return ln uM, ``(n_cells, n_drugs)``; see :class:`omics_rx.response.parts.base.Part`."""
        if not hasattr(self, "genes_"):
            raise NotFittedError("the tree part was not fitted: call fit first")
        result = np.empty((len(cells), len(drugs)))
        step = max(1, _BLOCK_ROWS // max(len(drugs), 1))
        for start in range(0, len(cells), step):
            rows = np.arange(start, min(start + step, len(cells)))
            row, column = np.repeat(rows, len(drugs)), np.tile(np.arange(len(drugs)), len(rows))
            features = self._features(cells, drugs, row, column)
            result[rows] = self._ask(features).reshape(len(rows), len(drugs))
        return result

    def _features(self, cells: Cells, drugs: DrugFeatures, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Genes then bits of each pair, float32; a missing gene stays NaN."""
        n_genes = len(self.genes_)
        table = np.empty((len(row), n_genes + _FOLDED_BITS), dtype=np.float32)
        table[:, :n_genes] = cells.z[:, self.genes_].astype(np.float32)[row]
        table[:, n_genes:] = folded_bits(drugs.bits)[column]
        return table

    @abstractmethod
    def _learn(self, features: np.ndarray, y: np.ndarray, seed: int) -> None:
        """Grow the ensemble on the features and ln uM of all pairs."""

    @abstractmethod
    def _ask(self, features: np.ndarray) -> np.ndarray:
        """Answer in ln uM for each pair."""


class GradientBoosting(_PairTrees):
    """LightGBM on pairs.

    Parameters
    ----------
    n_genes
        Genes used.
    n_trees, n_leaves, learning_rate
        Size of the ensemble.
    """

    def __init__(
        self, *, n_genes: int = 1_000, n_trees: int = 300, n_leaves: int = 63, learning_rate: float = 0.1
    ) -> None:
        super().__init__(n_genes=n_genes)
        self.n_trees = n_trees
        self.n_leaves = n_leaves
        self.learning_rate = learning_rate

    def _learn(self, features: np.ndarray, y: np.ndarray, seed: int) -> None:
        import lightgbm as lgb

        settings = {
            "objective": "regression", "num_leaves": self.n_leaves, "learning_rate": self.learning_rate,
            "seed": seed, "deterministic": True, "force_col_wise": True, "verbosity": -1,
        }  # fmt: skip
        self.booster_ = lgb.train(settings, lgb.Dataset(features, y), num_boost_round=self.n_trees)

    def _ask(self, features: np.ndarray) -> np.ndarray:
        return np.asarray(self.booster_.predict(features))

    def state(self) -> State:
        """Genes used, and the trees as LightGBM's own text."""
        return State({}, {"genes": self.genes_}, {"booster": self.booster_.model_to_string()})

    def restore(self, state: State, training: Training) -> GradientBoosting:
        """Take up a state again."""
        import lightgbm as lgb

        self.training_ = training
        self.genes_ = np.asarray(state.arrays["genes"])
        self.booster_ = lgb.Booster(model_str=state.texts["booster"])
        return self


class Forest(_PairTrees):
    """Random forest on pairs; its trees are kept as arrays, so that saving needs no pickle.

    Parameters
    ----------
    n_genes
        Genes used.
    n_trees, min_leaf, max_features, max_samples
        Size of the ensemble, pairs a leaf holds at least, share of the features tried at a split, share of the pairs
        a tree is grown on.
    """

    def __init__(
        self,
        *,
        n_genes: int = 1_000,
        n_trees: int = 100,
        min_leaf: int = 5,
        max_features: float = 0.1,
        max_samples: float = 0.3,
    ) -> None:
        super().__init__(n_genes=n_genes)
        self.n_trees = n_trees
        self.min_leaf = min_leaf
        self.max_features = max_features
        self.max_samples = max_samples

    def _learn(self, features: np.ndarray, y: np.ndarray, seed: int) -> None:
        from sklearn.ensemble import RandomForestRegressor

        forest = RandomForestRegressor(
            self.n_trees, min_samples_leaf=self.min_leaf, max_features=self.max_features, max_samples=self.max_samples,
            random_state=seed,
            n_jobs=usable_cores(),
        )  # fmt: skip
        forest.fit(features, y)
        trees = [member.tree_ for member in forest.estimators_]
        starts = np.cumsum([0, *(tree.node_count for tree in trees)])
        self.nodes_ = {
            "start": starts[:-1],
            # children are numbered over the whole forest; a leaf is its own child
            "left": np.concatenate(
                [_children(tree.children_left, at) for tree, at in zip(trees, starts, strict=False)]
            ),
            "right": np.concatenate(
                [_children(tree.children_right, at) for tree, at in zip(trees, starts, strict=False)]
            ),
            "feature": np.concatenate([np.maximum(tree.feature, 0) for tree in trees]).astype(np.int32),
            "threshold": np.concatenate([tree.threshold for tree in trees]),
            "missing_left": np.concatenate([tree.missing_go_to_left for tree in trees]).astype(np.uint8),
            "value": np.concatenate([tree.value[:, 0, 0] for tree in trees]),
        }

    def _ask(self, features: np.ndarray) -> np.ndarray:
        """Mean over the trees of the leaf each pair falls into; all pairs go down a tree together."""
        nodes, rows = self.nodes_, np.arange(len(features))
        total = np.zeros(len(features))
        for start in nodes["start"]:
            at = np.full(len(features), start, dtype=np.int64)
            while True:
                value = features[rows, nodes["feature"][at]]
                left = np.where(np.isnan(value), nodes["missing_left"][at] > 0, value <= nodes["threshold"][at])
                step = np.where(left, nodes["left"][at], nodes["right"][at])
                if np.array_equal(step, at):
                    break
                at = step
            total += nodes["value"][at]
        return total / len(nodes["start"])

    def state(self) -> State:
        """Genes used, and the nodes of all trees."""
        return State({}, {"genes": self.genes_, **self.nodes_})

    def restore(self, state: State, training: Training) -> Forest:
        """Take up a state again."""
        self.training_ = training
        self.nodes_ = {name: np.asarray(array) for name, array in state.arrays.items() if name != "genes"}
        self.genes_ = np.asarray(state.arrays["genes"])
        return self


def _children(children: np.ndarray, start: int) -> np.ndarray:
    own = np.arange(len(children))
    return np.where(children < 0, own, children) + start
