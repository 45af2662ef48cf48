"""Fitting the parts of a model together: blend what predicts responses, then learn what is left over.

Weights and left-overs come from predictions for cells the parts had not seen, never from in-sample fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls
from sklearn.base import clone

from omics_rx.core.errors import InputError
from omics_rx.core.parallel import in_order
from omics_rx.core.work import one_thread, rng, subseed
from omics_rx.response.parts.base import Cells, Part, Training
from omics_rx.response.similarity import DrugFeatures


@dataclass(frozen=True, eq=False)
class Stack:
    """Fitted parts: weights for those that predict responses, a plain sum of those that predict residuals."""

    parts: Mapping[str, Part]
    weights: Mapping[str, float]

    def predict(self, cells: Cells, drugs: DrugFeatures) -> np.ndarray:
        """Return ln uM, ``(n_cells, n_drugs)``."""
        blend = np.zeros((len(cells), len(drugs)))
        for name, weight in self.weights.items():
            if weight:
                blend += weight * self.parts[name].predict(cells, drugs)
        for name, part in self.parts.items():
            if name not in self.weights:
                blend += part.predict(cells, drugs)
        return blend

    def settled(self) -> dict[str, Part]:
        """Return unfitted parts with the settings that were chosen."""
        return {name: settled(part) for name, part in self.parts.items()}


def settled(part: Part) -> Part:
    """Unfitted copy of a fitted part with the settings it chose, so that folds need not choose again."""
    copy: Part = part.settled() if hasattr(part, "settled") else clone(part)
    return copy


def fit(
    parts: Mapping[str, Part], training: Training, *, folds: list[np.ndarray], seed: int
) -> tuple[Stack, np.ndarray]:
    """Fit all parts and say what the whole would have predicted for cells it had not seen.

    Parameters
    ----------
    parts
        Unfitted parts by name, in the order in which residuals are passed on.
    training
        Cells, drugs and responses.
    folds
        Positions of the cells held out in turn, together all cells.
    seed
        Seed of the parts.

    Returns
    -------
    stack, out_of_fold
        The fitted parts, and ln uM of shape ``(n_cells, n_drugs)``.

    Raises
    ------
    InputError
        If no part predicts responses.
    """
    first = [name for name, part in parts.items() if part.learns == "response"]
    if not first:
        raise InputError("no part predicts responses, only residuals: add 'kernel' or a baseline to the parts")
    fitted = {name: clone(parts[name]).fit(training, seed=subseed(seed, name)) for name in first}
    held_out = {name: _held_out(settled(fitted[name]), training, folds, subseed(seed, name)) for name in first}
    weights = _weights(held_out, training.y)
    blend = np.sum([weights[name] * held_out[name] for name in first], axis=0)
    for name, part in parts.items():
        if name in fitted:
            continue
        left = replace(training, y=training.y - blend)
        fitted[name] = clone(part).fit(left, seed=subseed(seed, name))
        blend = blend + _held_out(settled(fitted[name]), left, folds, subseed(seed, name))
    ordered = {name: fitted[name] for name in parts}
    return Stack(ordered, weights), blend


def cell_folds(n_cells: int, n_folds: int, seed: int) -> list[np.ndarray]:
    """Positions of the cells of each inner fold."""
    order = rng(seed, "inner folds").permutation(n_cells)
    return [np.sort(part) for part in np.array_split(order, min(n_folds, n_cells))]


def held_in(training: Training, test: np.ndarray) -> tuple[Training, Cells]:
    """Training data without some cells, and those cells, with genes standardised by the cells that stay."""
    train = np.setdiff1d(np.arange(len(training.cells)), test)
    kept = training.take_cells(train)
    mean, sd = kept.cells.z.mean(axis=0), kept.cells.z.std(axis=0)
    sd = np.where(sd > 1e-9, sd, 1.0)
    spread = None if kept.gene_sd is None else kept.gene_sd * sd
    inner = replace(kept, cells=_rescaled(kept.cells, mean, sd), gene_sd=spread)
    return inner, _rescaled(training.cells.take(test), mean, sd)


def _rescaled(cells: Cells, mean: np.ndarray, sd: np.ndarray) -> Cells:
    return Cells(cells.names, (cells.z - mean) / sd, cells.genes, cells.tissue, cells.events)


def measured_only(training: Training) -> tuple[Training, np.ndarray]:
    """Drop drugs that no cell of the training data was measured with; also give the positions kept."""
    kept = np.flatnonzero(np.isfinite(training.y).any(axis=0))
    return training.take_drugs(kept), kept


def _held_out(part: Part, training: Training, folds: list[np.ndarray], seed: int) -> np.ndarray:
    result = np.full(training.y.shape, np.nan)
    jobs = [(part, training, test, seed) for test in folds]
    for test, found in zip(folds, in_order(_of_fold, jobs, "Inner folds", progress=False), strict=True):
        result[test] = found
    return result


def _of_fold(part: Part, training: Training, test: np.ndarray, seed: int) -> np.ndarray:
    """Predict the cells of one fold from the others, wherever it is done with the same last bits."""
    with one_thread():
        inner, cells = held_in(training, test)
        inner, _ = measured_only(inner)
        found: np.ndarray = clone(part).fit(inner, seed=seed).predict(cells, training.drugs)
        return found


def _weights(held_out: Mapping[str, np.ndarray], y: np.ndarray) -> dict[str, float]:
    """Weights of least squared error that are not negative and sum to one."""
    if len(held_out) == 1:
        return dict.fromkeys(held_out, 1.0)
    known = np.isfinite(y)
    columns = np.column_stack([values[known] for values in held_out.values()])
    # a heavy last row turns the sum of the weights into a constraint
    heavy = 1e3 * np.sqrt(known.sum()) * float(np.abs(columns).max())
    matrix = np.vstack([columns, np.full((1, columns.shape[1]), heavy)])
    weights, _ = nnls(matrix, np.append(y[known], heavy))
    return dict(zip(held_out, (weights / weights.sum()).tolist(), strict=True))
