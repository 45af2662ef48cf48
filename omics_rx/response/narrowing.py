"""How wide intervals must be once some drugs of a line were measured, told by lines left out.

A Gaussian process says how much of each drug's variance is left, and says too little of it the more drugs it is given:
its covariance is itself an estimate. So widths by that share are scaled until they hold what they are to hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from omics_rx.core.work import rng
from omics_rx.response.few_shot import ErrorCovariance, by_assay, core_of, covariance_of, moments, unseen_errors
from omics_rx.response.intervals import conformal_quantile

if TYPE_CHECKING:
    from omics_rx.response.model import Learnt, ResponseModel

_SHOWN = (1, 3, 10, 30, 100)
_N_QUARTERS = 4
_N_LINES = 60  # lines of each quarter that are tried
_MIN_PAIRS = 50

_LEARNT: WeakKeyDictionary[Learnt, tuple[np.ndarray, np.ndarray]] = WeakKeyDictionary()


def scale(model: ResponseModel, n_measured: int) -> float:
    """What the narrowed width is to be multiplied by after so many measurements; learnt once for a fitted model."""
    learnt = model.learnt_
    if learnt not in _LEARNT:
        interval = learnt.intervals
        _LEARNT[learnt] = scales(
            unseen_errors(core_of(model)), covariance_of(model).own_share, interval.by_drug, interval.coverage,
            seed=model.seed,
        )  # fmt: skip
    shown, factors = _LEARNT[learnt]
    return float(np.interp(np.log(n_measured), np.log(shown), factors))


def scales(
    errors: np.ndarray, own_share: float, half: np.ndarray, coverage: float, *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Learn the factors, each quarter of the lines by the covariance of the others.

    Parameters
    ----------
    errors
        Measured less predicted (ln uM) on lines not seen, ``(n_cells, n_drugs)``; NaN where not measured.
    own_share
        As :class:`omics_rx.response.few_shot.ErrorCovariance` has it.
    half
        Half-width of each drug with nothing measured (ln uM), ``(n_drugs,)``.
    coverage
        Share to be held.
    seed
        Seed of lines and drugs.

    Returns
    -------
    shown, factors
        Numbers of drugs measured, ascending, the last all but one on average; and what widths are multiplied by.
    """
    order = rng(seed, "narrowing").permutation(len(errors))
    quarters = np.array_split(order, _N_QUARTERS)
    every = max(float(np.isfinite(errors).sum(axis=1).mean()) - 1, 2.0)
    numbers = [k for k in _SHOWN if k < every - 1]
    ratios: dict[float, list[np.ndarray]] = {k: [] for k in (*numbers, every)}
    for quarter in quarters:
        learnt = ErrorCovariance(*moments(errors[np.setdiff1d(order, quarter)]), own_share)
        for row in quarter[:_N_LINES]:
            own = errors[row]
            known = np.flatnonzero(np.isfinite(own))
            for k in numbers:
                if known.size > k + 1:
                    shown = rng(seed, "narrowing", k, int(row)).permutation(known)[:k]
                    hidden = np.setdiff1d(known, shown)
                    shift, left, *_ = by_assay(learnt, shown, own[shown], None)
                    ratios[k].append(np.abs(own - shift)[hidden] / (left * half)[hidden])
            if known.size > 1:
                missed, left = left_out(learnt, known, own[known])
                ratios[every].append(np.abs(missed) / (left * half[known]))
    shown_, factors = [], []
    for count, parts in ratios.items():
        told = np.concatenate(parts) if parts else np.empty(0)
        shown_.append(float(count))
        factors.append(conformal_quantile(told, coverage) if told.size >= _MIN_PAIRS else 1.0)
    return np.array(shown_), np.array(factors)


def left_out(learnt: ErrorCovariance, known: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Error left of each measured drug given all the others, and the share of its standard deviation that is left."""
    total = learnt.shared()[np.ix_(known, known)] + np.diag(learnt.own_share * learnt.spread[known] ** 2)
    inverse = np.linalg.inv(total)
    precision = np.diag(inverse)
    return (inverse @ errors) / precision, np.sqrt(1 / precision) / learnt.spread[known]
