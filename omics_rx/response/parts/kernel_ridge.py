"""Kernel ridge regression on residuals from the drug means: the core of the response model.

For a drug measured before, an RBF kernel on expression predicts how far a cell lies from the drug's mean. For a drug
never seen, what is known of the other drugs in that cell is carried over by a drug kernel; where both are new the
two steps follow each other, which is Kronecker kernel ridge regression without ever forming the product.

Cells are compared gene by gene on the training scale, each gene counted by its standard deviation over the training
lines: half-way between genes standardised and genes as measured, which was better than either.

References
----------
Stock et al., A comparative study of pairwise learning methods based on kernel ridge regression, Neural Comput 30
(2018), 2245-2283: two-step kernel ridge regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from sklearn.base import BaseEstimator

from omics_rx.core.errors import InputError, NotFittedError
from omics_rx.response.parts.base import Cells, State, Training, known_cells, positions
from omics_rx.response.parts.coupling import couple
from omics_rx.response.parts.kernel_solvers import left_out_errors, solve, squared_distances
from omics_rx.response.parts.kernel_tuning import InnerLoss, best_ridge
from omics_rx.response.similarity import MEAN_VIEWS, VIEWS, DrugFeatures, drug_kernel

_GAMMAS = (0.25, 0.125, 0.5)
_RIDGES = (0.3, 0.15, 0.6, 1.2)
_AS_MEASURED = 0.7
_SQUARED = 0.5
_ARRAYS = (
    "importance", "drug_means", "dual", "completed", "errors", "mean_dual", "drug_inverse", "reach", "reach_dual",
)  # fmt: skip


class KernelRidge(BaseEstimator):  # type: ignore[misc,unused-ignore]
    """Kernel ridge regression over cells and, for new drugs, over drugs.

    Parameters
    ----------
    gamma
        RBF width times the number of genes: ``k = exp(-gamma / p * |z_i - z_j|^2)``. None chooses by inner folds of
        cells among 0.125, 0.25 and 0.5.
    ridge
        Ridge on the cell kernel. None chooses by inner folds among 0.15, 0.3, 0.6 and 1.2.
    drug_ridges
        Ridges on the drug kernel for the means of the drugs and for their preferences. None chooses by leaving one
        drug out, in closed form.
    views, mean_views
        What makes two drugs alike, in which cells they prefer and in how strong and far-reaching they are: some of
        ``("structure", "targets", "pathway", "reactome", "properties")``. Size and lipophilicity tell of strength
        alone, and the name of a pathway tells nothing of it.
    together
        Whether drugs learn from each other, see :mod:`omics_rx.response.parts.coupling`; if not, each is learnt from
        its own responses by the one ridge.

    Attributes
    ----------
    gamma_, ridge_, drug_ridges_
        The settings used.
    drug_means_
        Mean ln IC50 (ln uM) of each training drug over all training cells, filled where not measured, ``(n_drugs,)``.
    importance_
        How much each gene counts when cells are compared, 1 on average, ``(n_genes,)``.
    dual_
        Coefficients of all drugs learnt together, ``(n_cells, n_drugs)``; see :mod:`.coupling`.
    completed_
        Residuals of the training cells, with the pairs not measured filled by the model, ``(n_cells, n_drugs)``.
    reach_
        Root of how far each drug's responses spread over the cells, 1 as geometric mean, ``(n_drugs,)``.
    as_measured_
        Share of the measured residual in what is carried over to new drugs from a training cell; the rest is predicted,
        which is less noisy.
    squared_
        Share of the squared likeness in the kernel of preferences: close relatives count for more.
    errors_
        Measured less predicted (ln uM), had the cell been left out, ``(n_cells, n_drugs)``; NaN where not measured.
        Drug means and the scale of genes are those of all training cells.
    """

    learns: Literal["response"] = "response"

    def __init__(
        self,
        *,
        gamma: float | None = None,
        ridge: float | None = None,
        drug_ridges: tuple[float, float] | None = None,
        views: Sequence[str] = VIEWS,
        mean_views: Sequence[str] = MEAN_VIEWS,
        together: bool = True,
    ) -> None:
        self.together = together
        self.gamma = gamma
        self.ridge = ridge
        self.drug_ridges = drug_ridges
        self.views = views
        self.mean_views = mean_views

    def fit(self, training: Training, *, seed: int = 0) -> KernelRidge:
        """Learn the drugs one by one, each from exactly the cells it was measured in, then all of them together.

        Raises
        ------
        InputError
            If fewer than five cells are given, or a training cell lacks a gene.
        """
        if len(training.cells) < 5:
            raise InputError(f"{len(training.cells)} cells cannot train a kernel: at least five with expression")
        if not np.isfinite(training.cells.z).all():
            raise InputError("training cells lack genes: keep the genes measured in every training cell")
        self.training_ = training
        self.importance_ = _importance(training)
        distance = squared_distances(training.cells.z, training.cells.z, self.importance_)
        self.gamma_, self.ridge_ = self._chosen(distance, training.y, seed)
        means, kernel = np.nanmean(training.y, axis=0), np.exp(-self.gamma_ * distance)
        self.drug_means_ = means
        self.dual_, self.completed_ = solve(kernel, training.y - means, self.ridge_)
        if self.together:
            coupled = couple(kernel, self.completed_, seed=seed)
            self.drug_means_, self.dual_ = means + coupled.centre, coupled.dual
            self.completed_ = self.completed_ - coupled.centre
            self.errors_ = training.y - means - coupled.left_out
        else:
            self.errors_ = left_out_errors(kernel, self.dual_, np.isfinite(training.y), self.ridge_)
        self._fit_drugs()
        return self

    def _chosen(self, distance: np.ndarray, y: np.ndarray, seed: int) -> tuple[float, float]:
        """Gamma and ridge as told, or the best of the grids by inner folds: first the ridge, then the width."""
        gamma, ridge = self.gamma, self.ridge
        if gamma is None or ridge is None:
            loss = InnerLoss(distance, y, seed)
            if ridge is None:
                ridge = min(_RIDGES, key=lambda value: loss(gamma or _GAMMAS[0], value))
            if gamma is None:
                gamma = min(_GAMMAS, key=lambda value: loss(value, ridge))
        return float(gamma), float(ridge)

    def _fit_drugs(self) -> None:
        """Prepare the carrying over of means and preferences to new drugs."""
        drugs = self.training_.drugs
        self.as_measured_, self.squared_ = _AS_MEASURED, _SQUARED
        kernel, mean_kernel = self.likeness(drugs), drug_kernel(drugs, drugs, views=self.mean_views)
        self.global_mean_ = float(self.drug_means_.mean())
        self.reach_ = _reach(self.completed_)
        centred, scaled = self.drug_means_ - self.global_mean_, self.completed_ / self.reach_
        preferences = scaled - scaled.mean(axis=1, keepdims=True)
        if self.drug_ridges is None:
            self.drug_ridges_ = (best_ridge(mean_kernel, centred[:, None]), best_ridge(kernel, preferences.T))
        else:
            self.drug_ridges_ = (float(self.drug_ridges[0]), float(self.drug_ridges[1]))
        identity = np.eye(len(kernel))
        levels = np.column_stack([centred, np.log(self.reach_)])
        self.mean_dual_, self.reach_dual_ = np.linalg.solve(mean_kernel + self.drug_ridges_[0] * identity, levels).T
        self.drug_inverse_ = np.linalg.inv(kernel + self.drug_ridges_[1] * identity)

    def settled(self) -> KernelRidge:
        """Return an unfitted copy with the settings that were chosen, for refitting on folds of the same cells."""
        self._check_fitted()
        return KernelRidge(
            gamma=self.gamma_,
            ridge=self.ridge_,
            drug_ridges=self.drug_ridges_,
            views=self.views,
            mean_views=self.mean_views,
            together=self.together,
        )

    def predict(self, cells: Cells, drugs: DrugFeatures) -> np.ndarray:
        """Return ln uM, ``(n_cells, n_drugs)``; see :class:`omics_rx.response.parts.base.Part`."""
        self._check_fitted()
        residual = self.alike(cells.z) @ self.dual_
        column = positions(drugs.names, self.training_.drugs.names)
        result = np.empty((len(cells), len(drugs)))
        seen = column >= 0
        result[:, seen] = self.drug_means_[column[seen]] + residual[:, column[seen]]
        if not seen.all():
            result[:, ~seen] = self._carried_over(cells, drugs.take(np.flatnonzero(~seen)), residual)
        return result

    def alike(self, z: np.ndarray) -> np.ndarray:
        """Kernel of cells with the training cells, ``(n_cells, n_training)``, from z-scores ``(n_cells, n_genes)``."""
        result: np.ndarray = np.exp(-self.gamma_ * squared_distances(z, self.training_.cells.z, self.importance_))
        return result

    def _carried_over(self, cells: Cells, drugs: DrugFeatures, residual: np.ndarray) -> np.ndarray:
        """Responses to new drugs from those to the training drugs, measured where the cell itself was measured."""
        means = self.global_mean_ + self.mean_shifts(drugs)
        carried: np.ndarray = means[None, :] + self.basis(cells, residual) @ self.weights(drugs).T
        return carried

    def weights(self, drugs: DrugFeatures) -> np.ndarray:
        """Weights of the residuals of the training drugs in those of new ones, ``(n_new, n_training)``.

        In units of each drug's reach, the line's own mean is carried over whole, and what each drug has beyond it by
        likeness; the reach of a new drug is predicted as its mean is.
        """
        carried = self.likeness(drugs) @ self.drug_inverse_
        alike = drug_kernel(drugs, self.training_.drugs, views=self.mean_views)
        whole = (1 - carried.sum(axis=1, keepdims=True)) / carried.shape[1]
        weights: np.ndarray = np.exp(alike @ self.reach_dual_)[:, None] * (carried + whole) / self.reach_
        return weights

    def likeness(self, drugs: DrugFeatures) -> np.ndarray:
        """How alike drugs are to the training drugs in what cells prefer, ``(n_new, n_training)``."""
        alike = drug_kernel(drugs, self.training_.drugs, views=self.views)
        return (1 - self.squared_) * alike + self.squared_ * alike**2

    def mean_shifts(self, drugs: DrugFeatures) -> np.ndarray:
        """How far the means of new drugs lie from the mean of all, by their likeness to the training drugs (ln uM)."""
        alike: np.ndarray = drug_kernel(drugs, self.training_.drugs, views=self.mean_views)
        shifts: np.ndarray = alike @ self.mean_dual_
        return shifts

    def basis(self, cells: Cells, residual: np.ndarray) -> np.ndarray:
        """Residuals of the training drugs: as predicted, but mostly as measured in cells that were trained on."""
        row = known_cells(cells, self.training_.cells)
        result = residual.copy()
        known, share = row >= 0, self.as_measured_
        result[known] = share * self.completed_[row[known]] + (1 - share) * residual[known]
        return result

    def state(self) -> State:
        """Learnt arrays and the settings used."""
        self._check_fitted()
        return State(
            record={
                "gamma": self.gamma_, "ridge": self.ridge_, "drug_ridges": list(self.drug_ridges_),
                "views": list(self.views), "mean_views": list(self.mean_views), "global_mean": self.global_mean_,
                "together": self.together, "as_measured": self.as_measured_, "squared": self.squared_,
            },
            arrays={
                "importance": self.importance_, "drug_means": self.drug_means_, "dual": self.dual_,
                "completed": self.completed_, "errors": self.errors_, "mean_dual": self.mean_dual_,
                "drug_inverse": self.drug_inverse_, "reach": self.reach_, "reach_dual": self.reach_dual_,
            },
        )  # fmt: skip

    def restore(self, state: State, training: Training) -> KernelRidge:
        """Take up a state again."""
        self.training_ = training
        self.gamma_, self.ridge_ = float(state.record["gamma"]), float(state.record["ridge"])
        first, second = state.record["drug_ridges"]
        self.drug_ridges_ = (float(first), float(second))
        self.views, self.mean_views = tuple(state.record["views"]), tuple(state.record["mean_views"])
        self.together = bool(state.record["together"])
        for name in ("global_mean", "as_measured", "squared"):
            setattr(self, f"{name}_", float(state.record[name]))
        for name in _ARRAYS:
            setattr(self, f"{name}_", np.asarray(state.arrays[name]))
        return self

    def _check_fitted(self) -> None:
        if not hasattr(self, "dual_"):
            raise NotFittedError("the kernel part was not fitted: call fit first")


def _importance(training: Training) -> np.ndarray:
    if training.gene_sd is None:
        return np.ones(training.cells.z.shape[1])
    importance: np.ndarray = training.gene_sd / training.gene_sd.mean()
    return importance


def _reach(residual: np.ndarray) -> np.ndarray:
    """Root of the standard deviation of each column, at least a tenth of the median one, 1 as geometric mean.

    Dividing by the whole standard deviation would let drugs that do little, and their noise, count as much as others.
    """
    spread = residual.std(axis=0)
    spread = np.maximum(spread, max(0.1 * float(np.median(spread)), 1e-9))
    reach: np.ndarray = np.sqrt(spread / np.exp(np.log(spread).mean()))
    return reach
