"""How good is a call of one of two classes, and a probability for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from omics_rx.core.errors import InputError
from omics_rx.core.work import rng

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
FIGURES = ("mcc", "balanced_accuracy", "sensitivity", "specificity", "auc", "brier")
_BLOCK = 200  # resamples held in memory at a time


def mcc(truth: ArrayLike, called: ArrayLike) -> float:
    """Matthews' correlation of calls with the truth; 0 where all samples, or all calls, are of one class.

    Parameters
    ----------
    truth, called
        Classes, 0 or 1, each ``(n,)``.

    Raises
    ------
    InputError
        If shapes differ or values are neither 0 nor 1.

    References
    ----------
    Matthews, Biochim Biophys Acta 1975, 405:442.

    Examples
    --------
    >>> mcc([1, 1, 0, 0], [1, 0, 0, 0])
    0.5773502691896258
    """
    actual, called_ = _classes(truth, "truth"), _classes(called, "calls")
    _same(actual, called_)
    return float(_mcc(*_table(actual, called_, np.ones((1, actual.size))))[0])


def balanced_accuracy(truth: ArrayLike, called: ArrayLike) -> float:
    """Mean of sensitivity and specificity.

    Raises
    ------
    InputError
        If shapes differ, values are neither 0 nor 1, or only one class is there.
    """
    actual, called_ = _classes(truth, "truth"), _classes(called, "calls")
    _same(actual, called_)
    _both(actual)
    return float((called_[actual].mean() + (~called_[~actual]).mean()) / 2)


def brier(truth: ArrayLike, probability: ArrayLike) -> float:
    """Mean squared error of probabilities; lower is better, 0.25 for a constant one half.

    Raises
    ------
    InputError
        If shapes differ, or a probability lies outside 0 to 1.

    References
    ----------
    Brier, Mon Weather Rev 1950, 78:1.
    """
    actual, chance = _classes(truth, "truth"), np.asarray(probability, dtype=np.float64)
    _same(actual, chance)
    outside = ~((chance >= 0) & (chance <= 1))
    if outside.any():
        raise InputError(f"{int(outside.sum())} of {chance.size} probabilities are missing or outside 0 to 1")
    return float(((chance - actual) ** 2).mean())


def auc(truth: ArrayLike, score: ArrayLike) -> float:
    """Chance that a positive scores above a negative; a tie counts half.

    Raises
    ------
    InputError
        If shapes differ, a score is missing, or only one class is there.
    """
    actual, scores = _classes(truth, "truth"), np.asarray(score, dtype=np.float64)
    _scored(actual, scores)
    return float(_aucs(actual, scores, np.ones((1, actual.size)))[0])


def summary(
    truth: ArrayLike, score: ArrayLike, *, threshold: float = 0.5, seed: int = 0, n_boot: int = 1000
) -> pd.DataFrame:
    """Figures of a classifier with 95% intervals.

    Parameters
    ----------
    truth
        Classes, 0 or 1, ``(n,)``.
    score
        Score of class 1, ``(n,)``; the Brier score needs probabilities and is NaN for scores outside 0 to 1.
    threshold
        Scores at or above it are called class 1.
    seed, n_boot
        Of the bootstrap, in which either class is resampled by itself.

    Returns
    -------
    pandas.DataFrame
        Index ``mcc``, ``balanced_accuracy``, ``sensitivity``, ``specificity``, ``auc``, ``brier``; columns ``value``,
        ``lower``, ``upper``.

    Raises
    ------
    InputError
        If shapes differ, a score is missing, or only one class is there.
    """
    actual, scores = _classes(truth, "truth"), np.asarray(score, dtype=np.float64)
    _scored(actual, scores)
    called = scores >= threshold
    drawn = [
        _figures(actual, scores, called, counts) for counts in _resamples(actual, seed=seed, n_boot=n_boot)
    ]  # fmt: skip
    own = _figures(actual, scores, called, np.ones((1, actual.size)))[:, 0]
    lower, upper = np.percentile(np.hstack(drawn), [2.5, 97.5], axis=1)
    return pd.DataFrame({"value": own, "lower": lower, "upper": upper}, index=pd.Index(FIGURES, name="figure"))


def _figures(actual: Bools, scores: Floats, called: Bools, counts: Floats) -> Floats:
    """Figures over resamples given as counts ``(b, n)``: ``(6, b)``."""
    tp, fp, fn, tn = _table(actual, called, counts)
    sensitivity, specificity = tp / (tp + fn), tn / (tn + fp)
    chance = ((scores >= 0) & (scores <= 1)).all()
    error = counts @ (scores - actual) ** 2 / counts.sum(axis=1) if chance else np.full(len(counts), np.nan)
    return np.vstack(
        [
            _mcc(tp, fp, fn, tn),
            (sensitivity + specificity) / 2,
            sensitivity,
            specificity,
            _aucs(actual, scores, counts),
            error,
        ]
    )


def _resamples(actual: Bools, *, seed: int, n_boot: int) -> list[Floats]:
    """Counts of each sample over resamples within either class, in blocks of ``(b, n)``."""
    generator = rng(seed, "classification")
    counts = np.zeros((n_boot, actual.size))
    for rows in (np.flatnonzero(actual), np.flatnonzero(~actual)):
        counts[:, rows] = generator.multinomial(rows.size, np.full(rows.size, 1 / rows.size), size=n_boot)
    return [counts[start : start + _BLOCK] for start in range(0, n_boot, _BLOCK)]


def _table(actual: Bools, called: Bools, counts: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """True and false positives, false and true negatives of each resample, ``(b,)``."""
    return (
        counts @ (actual & called), counts @ (~actual & called), counts @ (actual & ~called),
        counts @ (~actual & ~called),
    )  # fmt: skip


def _mcc(tp: Floats, fp: Floats, fn: Floats, tn: Floats) -> Floats:
    below = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return np.asarray(np.where(below > 0, (tp * tn - fp * fn) / np.where(below > 0, below, 1), 0.0))


def _aucs(actual: Bools, scores: Floats, counts: Floats) -> Floats:
    """AUC of each resample: weight of negatives below each positive, and half of those level with it."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(scores[order]) != 0))
    positive, negative = np.where(actual, counts, 0.0), np.where(actual, 0.0, counts)
    up, down = (np.add.reduceat(part[:, order], starts, axis=1) for part in (positive, negative))
    below = np.cumsum(down, axis=1) - down / 2
    return np.asarray((up * below).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1)))


def _classes(values: ArrayLike, what: str) -> Bools:
    raw = np.asarray(values)
    if raw.ndim != 1 or not raw.size or not np.isin(raw, (0, 1)).all():
        raise InputError(f"the {what} are neither 0 nor 1, one a sample: code the class that is looked for as 1")
    return raw.astype(bool)


def _same(one: Bools, two: Bools | Floats) -> None:
    if one.shape != two.shape:
        raise InputError(f"the truth has shape {one.shape}, what was predicted {two.shape}: give one of each a sample")


def _both(actual: Bools) -> None:
    if actual.all() or not actual.any():
        raise InputError(f"{int(actual.sum())} of {actual.size} samples are of class 1: both classes are needed")


def _scored(actual: Bools, scores: Floats) -> None:
    _same(actual, scores)
    _both(actual)
    if not np.isfinite(scores).all():
        raise InputError(f"{int((~np.isfinite(scores)).sum())} of {scores.size} scores are not finite: leave them out")
