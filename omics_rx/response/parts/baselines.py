"""Mean effects: what every table of results must carry beside a model.

A drug mean alone explains most of the variance of ln IC50, and a line mean much of the rest; a model is judged by
what it adds to them.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from sklearn.base import BaseEstimator

from omics_rx.core.errors import NotFittedError
from omics_rx.response.parts.base import Cells, State, Training, known_cells, positions
from omics_rx.response.similarity import DrugFeatures

# cells of a tissue count as many pseudo-cells at the drug's overall mean, so that a tissue of one cell says little
_TISSUE_SHRINKAGE = 3.0


class MeanEffects(BaseEstimator):  # type: ignore[misc,unused-ignore]
    """Global mean, plus the drug's effect where it is known, plus the line's effect where it is known."""

    learns: Literal["response"] = "response"
    _uses_drug = True
    _uses_line = True

    def fit(self, training: Training, *, seed: int = 0) -> MeanEffects:  # noqa: ARG002 - nothing here is random
        """Learn means; a line's effect is its mean distance from the drug means."""
        self.training_ = training
        drug = np.nanmean(training.y, axis=0)
        self.global_mean_ = float(drug.mean())
        self.drug_effects_ = drug - self.global_mean_
        left = training.y - drug
        known = np.isfinite(left)
        self.line_effects_ = np.where(known, left, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return self

    def settled(self) -> MeanEffects:
        """Return an unfitted copy."""
        return type(self)()

    def predict(self, cells: Cells, drugs: DrugFeatures) -> np.ndarray:
        """Return ln uM, ``(n_cells, n_drugs)``; see :class:`omics_rx.response.parts.base.Part`."""
        if not hasattr(self, "drug_effects_"):
            raise NotFittedError("the mean effects were not fitted: call fit first")
        result = np.full((len(cells), len(drugs)), self.global_mean_)
        if self._uses_drug:
            column = positions(drugs.names, self.training_.drugs.names)
            result[:, column >= 0] += self.drug_effects_[column[column >= 0]]
        if self._uses_line:
            row = known_cells(cells, self.training_.cells)
            result[row >= 0] += self.line_effects_[row[row >= 0], None]
        return result

    def state(self) -> State:
        """Learnt means."""
        return State(
            record={"global_mean": self.global_mean_},
            arrays={"drug_effects": self.drug_effects_, "line_effects": self.line_effects_},
        )

    def restore(self, state: State, training: Training) -> MeanEffects:
        """Take up a state again."""
        self.training_ = training
        self.global_mean_ = float(state.record["global_mean"])
        self.drug_effects_ = np.asarray(state.arrays["drug_effects"])
        self.line_effects_ = np.asarray(state.arrays["line_effects"])
        return self


class GlobalMean(MeanEffects):
    """The mean of all drugs, for every cell and drug."""

    _uses_drug = False
    _uses_line = False


class DrugMean(MeanEffects):
    """The drug's mean over the training cells; the global mean for a new drug."""

    _uses_line = False


class LineMean(MeanEffects):
    """The global mean and the line's effect, without knowing the drug."""

    _uses_drug = False


class TissueMean(MeanEffects):
    """The drug's mean in the cell's tissue, shrunk towards its overall mean; the drug mean where that is not known."""

    _uses_line = False

    def fit(self, training: Training, *, seed: int = 0) -> TissueMean:
        """Learn drug means and, by tissue, how far each drug lies from them."""
        super().fit(training, seed=seed)
        tissue = training.cells.tissue
        self.tissues_ = sorted(tissue.dropna().unique())
        left = training.y - np.nanmean(training.y, axis=0)
        self.tissue_effects_ = np.zeros((len(self.tissues_), left.shape[1]))
        for row, name in enumerate(self.tissues_):
            inside = left[(tissue == name).to_numpy()]
            known = np.isfinite(inside)
            self.tissue_effects_[row] = np.where(known, inside, 0.0).sum(axis=0) / (
                known.sum(axis=0) + _TISSUE_SHRINKAGE
            )
        return self

    def predict(self, cells: Cells, drugs: DrugFeatures) -> np.ndarray:
        """Return ln uM, ``(n_cells, n_drugs)``."""
        result = super().predict(cells, drugs)
        column = positions(drugs.names, self.training_.drugs.names)
        seen = np.flatnonzero(column >= 0)
        place = {name: row for row, name in enumerate(self.tissues_)}
        for row, name in enumerate(cells.tissue):
            if name in place:
                result[row, seen] += self.tissue_effects_[place[name], column[seen]]
        return result

    def state(self) -> State:
        """Learnt means."""
        state = super().state()
        return State(
            {**state.record, "tissues": list(self.tissues_)}, {**state.arrays, "tissue_effects": self.tissue_effects_}
        )

    def restore(self, state: State, training: Training) -> TissueMean:
        """Take up a state again."""
        super().restore(state, training)
        self.tissues_ = list(state.record["tissues"])
        self.tissue_effects_ = np.asarray(state.arrays["tissue_effects"])
        return self
