"""What a fitted set of parts gets wrong on drugs it has not seen: the source of intervals for new molecules."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.base import clone

from omics_rx.core.parallel import in_order
from omics_rx.core.work import one_thread, rng, subseed
from omics_rx.response import relatives
from omics_rx.response.intervals import by_prediction
from omics_rx.response.parts.base import Training
from omics_rx.response.stack import Stack, cell_folds, held_in, measured_only

if TYPE_CHECKING:
    from omics_rx.response.model import Learnt, ResponseModel

_LEAST_DRUGS = 4
# lines and drugs that are judged, and the drugs that are not learnt from
Block = tuple[np.ndarray, np.ndarray, np.ndarray]

# learnt once for a fitted model, when a drug without a relative is first asked for, and dropped with it
_UNRELATED: WeakKeyDictionary[Learnt, tuple[np.ndarray, np.ndarray]] = WeakKeyDictionary()


def widths(
    fitted: Stack, training: Training, *, n_folds: int, coverage: float, seed: int, kin: np.ndarray | None = None
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
    kin
        Which training drugs are relatives, ``(n_drugs, n_drugs)``, where these are left out as well.

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
    deal = np.array_split(order, n_folds)
    left_out = [drugs if kin is None else np.flatnonzero(kin[drugs].any(axis=0)) for drugs in deal]
    blocks = [block for block in zip(lines, deal, left_out, strict=True) if n_drugs - len(block[2]) >= _LEAST_DRUGS]
    if not blocks:
        return np.empty(0), np.array([np.inf])
    alone = Stack(fitted.settled(), fitted.weights)  # what was learnt is not sent along
    found = in_order(_predicted, [(alone, training, block, seed) for block in blocks], "Unseen drugs", progress=False)
    for (cells, drugs, _), values in zip(blocks, found, strict=True):
        predicted[np.ix_(cells, drugs)] = values
    if not np.isfinite(training.y - predicted).any():
        return np.empty(0), np.array([np.inf])
    return by_prediction(training.y - predicted, predicted, coverage)


def unrelated(model: ResponseModel, predicted: np.ndarray) -> np.ndarray:
    """Half-widths for new drugs that no training drug acts like, by what is predicted of them; learnt once for a model.

    As :func:`widths`, but from each fit are left out all relatives of the drugs it is judged on, too.

    Parameters
    ----------
    model
        A fitted model.
    predicted
        Predictions (ln uM), ``(n_cells, n_new)``.
    """
    learnt = model.learnt_
    if learnt not in _UNRELATED:
        training, names = learnt.training, learnt.training.drugs.names
        kin = relatives.kin_of(learnt.screen.drugs.loc[names], training.drugs)
        _UNRELATED[learnt] = widths(
            learnt.stack, training, n_folds=model.n_inner, coverage=model.coverage, seed=model.seed, kin=kin
        )
    edges, half = _UNRELATED[learnt]
    return np.asarray(half[np.searchsorted(edges, predicted, side="right")])


def _predicted(alone: Stack, training: Training, test: Block, seed: int) -> np.ndarray:
    """Predict the block where the left-out cells and drugs cross, from parts that are not fitted."""
    with one_thread():
        return _crossing(alone, training, test, seed)


def _crossing(alone: Stack, training: Training, test: Block, seed: int) -> np.ndarray:
    cells, drugs, out = test
    inner, new_cells = held_in(training, cells)
    inner = inner.take_drugs(np.setdiff1d(np.arange(len(training.drugs)), out))
    inner, _ = measured_only(inner)
    new_drugs = training.drugs.take(drugs)
    total = np.zeros((len(cells), len(drugs)))
    for name, weight in alone.weights.items():
        part = clone(alone.parts[name]).fit(inner, seed=subseed(seed, name))
        total += weight * part.predict(new_cells, new_drugs)
    # parts that learn residuals answer 0 for new drugs, so they need no refit here
    return total
