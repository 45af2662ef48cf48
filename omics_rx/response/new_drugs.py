"""What a fitted set of parts gets wrong on drugs it has not seen: the source of intervals for new molecules."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from omics_rx.core.parallel import in_order
from omics_rx.core.work import one_thread, rng, subseed
from omics_rx.response.intervals import by_prediction
from omics_rx.response.parts.base import Training
from omics_rx.response.stack import Stack, cell_folds, held_in, measured_only


def widths(
    fitted: Stack, training: Training, *, n_folds: int, coverage: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Half-widths for new drugs in new cells, by what is predicted of them.

    Drugs and lines are dealt into folds together: each fit leaves out one fold of both and is judged where they
    cross, so that the error is that of a drug and a line both unseen.

    Parameters
    ----------
    fitted
        The parts, whose settings are taken over.
    training
        Lines, drugs and responses (ln uM).
    n_folds, coverage, seed
        Folds, share of the responses to be held, seed.

    Returns
    -------
    edges, widths
        See :class:`omics_rx.response.intervals.Intervals`. Where there are too few drugs to leave any out, the widths
        are infinite: nothing is known of a new drug's error.
    """
    n_drugs = len(training.drugs)
    if n_drugs < 2 * n_folds:
        return np.empty(0), np.array([np.inf])
    predicted = np.full(training.y.shape, np.nan)
    order = rng(seed, "drug folds").permutation(n_drugs)
    lines = cell_folds(len(training.cells), n_folds, seed)
    blocks = list(zip(lines, np.array_split(order, n_folds), strict=True))
    alone = Stack(fitted.settled(), fitted.weights)  # what was learnt is not sent along
    found = in_order(_predicted, [(alone, training, block, seed) for block in blocks], "Unseen drugs", progress=False)
    for (cells, drugs), values in zip(blocks, found, strict=True):
        predicted[np.ix_(cells, drugs)] = values
    return by_prediction(training.y - predicted, predicted, coverage)


def _predicted(alone: Stack, training: Training, test: tuple[np.ndarray, np.ndarray], seed: int) -> np.ndarray:
    """Predict the block where the left-out cells and drugs cross, from parts that are not fitted."""
    with one_thread():
        return _crossing(alone, training, test, seed)


def _crossing(alone: Stack, training: Training, test: tuple[np.ndarray, np.ndarray], seed: int) -> np.ndarray:
    cells, drugs = test
    inner, new_cells = held_in(training, cells)
    inner = inner.take_drugs(np.setdiff1d(np.arange(len(training.drugs)), drugs))
    inner, _ = measured_only(inner)
    new_drugs = training.drugs.take(drugs)
    total = np.zeros((len(cells), len(drugs)))
    for name, weight in alone.weights.items():
        part = clone(alone.parts[name]).fit(inner, seed=subseed(seed, name))
        total += weight * part.predict(new_cells, new_drugs)
    # parts that learn residuals answer 0 for new drugs, so they need no refit here
    return total
