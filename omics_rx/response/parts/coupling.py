"""What the drugs of a screen teach each other: kernel ridge regression along the directions in which they vary.

Drugs share directions of response, and some of these follow from expression much better than others. So every
principal direction of the responses gets a ridge of its own, and what is predicted for the other drugs in cells that
were left out corrects each drug. Both are settled in closed form from leave-one-out predictions, and the result is
again one coefficient a training cell and drug.

References
----------
Breiman and Friedman, Predicting multivariate responses in multiple linear regression, J R Stat Soc B 59 (1997), 3-54.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omics_rx.core.work import rng

_RIDGES = np.geomspace(0.01, 3.0, 14)
_MIXING = (1.0, 3.0, 10.0, np.inf)
_N_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Coupled:
    """Coefficients of all drugs learnt together.

    Attributes
    ----------
    centre
        Mean of each column over the training cells, ``(n_drugs,)``.
    dual
        A new cell is predicted by ``centre + kernel @ dual``, ``(n_cells, n_drugs)``.
    left_out
        What each training cell would have been predicted without itself, ``(n_cells, n_drugs)``.
    """

    centre: np.ndarray
    dual: np.ndarray
    left_out: np.ndarray


def couple(kernel: np.ndarray, residual: np.ndarray, *, seed: int = 0) -> Coupled:
    """Learn all columns together.

    Parameters
    ----------
    kernel
        Shape ``(n_cells, n_cells)``, positive semi-definite with a diagonal of 1.
    residual
        Responses less the drug means, without gaps, ``(n_cells, n_drugs)``.
    seed
        Seed of the folds that settle how far drugs correct each other.
    """
    centre = residual.mean(axis=0)
    left = residual - centre
    _, _, directions = np.linalg.svd(left, full_matrices=False)
    dual, errors = _by_direction(kernel, left @ directions.T)
    dual, predicted = dual @ directions, left - errors @ directions
    mixed = np.eye(len(centre)) + _mixing(predicted, left, seed)
    return Coupled(centre, dual @ mixed, centre + predicted @ mixed)


def _by_direction(kernel: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and leave-one-out errors of each column with the ridge that makes these errors least.

    With ``K = U W U'``, the error of cell ``i`` is ``(A y)_i / A_ii`` where ``A = (K + rI)^-1``.
    """
    values, vectors = np.linalg.eigh(kernel)
    turned = vectors.T @ scores
    least = np.full(scores.shape[1], np.inf)
    dual, errors = np.zeros_like(scores), np.zeros_like(scores)
    for ridge in _RIDGES:
        shrunk = 1 / (np.maximum(values, 0.0) + ridge)
        tried = vectors @ (shrunk[:, None] * turned)
        missed = tried / ((vectors**2) @ shrunk)[:, None]
        loss = (missed**2).sum(axis=0)
        better = loss < least
        least[better] = loss[better]
        dual[:, better], errors[:, better] = tried[:, better], missed[:, better]
    return dual, errors


def _mixing(predicted: np.ndarray, response: np.ndarray, seed: int) -> np.ndarray:
    """How the left-out predictions of all drugs correct each of them, ``(n_drugs, n_drugs)``.

    A ridge regression of what was missed on what was predicted; its ridge, in units of the mean square of the
    predictions, is settled by folds of cells, and an infinite one corrects nothing.
    """
    missed = response - predicted
    unit = float((predicted**2).sum()) / predicted.shape[1]
    if unit < 1e-12:
        return np.zeros((predicted.shape[1],) * 2)
    order = rng(seed, "kernel", "mixing").permutation(len(predicted))
    losses = np.zeros(len(_MIXING))
    for test in np.array_split(order, _N_FOLDS):
        train = np.setdiff1d(order, test)
        for at, ridge in enumerate(_MIXING):
            correction = predicted[test] @ _regression(predicted[train], missed[train], ridge * unit)
            losses[at] += ((missed[test] - correction) ** 2).sum()
    return _regression(predicted, missed, _MIXING[int(np.argmin(losses))] * unit)


def _regression(x: np.ndarray, y: np.ndarray, ridge: float) -> np.ndarray:
    if not np.isfinite(ridge):
        return np.zeros((x.shape[1], y.shape[1]))
    found: np.ndarray = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y)
    return found
