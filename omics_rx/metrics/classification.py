"""How good is a call of one of two classes, and a probability for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.metrics import small
from omics_rx.metrics.inputs import Bools, Floats, checked_chances, in_order, numbers, resamples

_BLOCK = 200  # resamples held in memory at a time
FIGURES = ("mcc", "balanced_accuracy", "sensitivity", "specificity", "auc", "brier")


@in_words
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
    actual, called_ = _called(truth, called)
    return float(_mcc(*_table(actual, called_, _whole(actual)))[0])


@in_words
def balanced_accuracy(truth: ArrayLike, called: ArrayLike) -> float:
    """Mean of sensitivity and specificity.

    Raises
    ------
    InputError
        If shapes differ, values are neither 0 nor 1, or only one class is there.
    """
    actual, called_ = _called(truth, called)
    _both(actual)
    return float((called_[actual].mean() + (~called_[~actual]).mean()) / 2)


@in_words
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
    given = in_order(truth=truth, probabilities=probability)
    actual, chance = _classes(given["truth"], "truth"), numbers(given["probabilities"], "probabilities")
    _same(actual, chance)
    checked_chances(chance, chance.size, "probabilities")
    return float(((chance - actual) ** 2).mean())


@in_words
def auc(truth: ArrayLike, score: ArrayLike) -> float:
    """Chance that a positive scores above a negative; a tie counts half.

    Raises
    ------
    InputError
        If shapes differ, a score is missing, or only one class is there.
    """
    actual, scores = _scored(truth, score)
    return float(_aucs(actual, scores, _whole(actual))[0])


@in_words
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
        ``lower``, ``upper``. The unit is the sample; at a given number of either class. Intervals keep a width where a
        figure is perfect: sensitivity and specificity by Wilson, AUC by Newcombe's method 5, MCC and balanced accuracy
        from Jeffreys' posterior of sensitivity and specificity, the Brier score by a bootstrap within either class.

    Raises
    ------
    InputError
        If shapes differ, a score is missing, or only one class is there.
    """
    actual, scores = _scored(truth, score)
    if not np.isfinite(threshold):
        raise InputError(f"the threshold is {threshold}: give a number, such as 0.5")
    called = scores >= threshold
    own = _figures(actual, scores, called, _whole(actual))[:, 0]
    bounds = _bounds(actual, scores, called, seed=seed, n_boot=resamples(n_boot))
    table = pd.DataFrame({"value": own}, index=pd.Index(FIGURES, name="figure"))
    table["lower"], table["upper"] = (pd.Series({name: pair[side] for name, pair in bounds.items()}) for side in (0, 1))
    # the ends of a posterior leave out a figure that is as good as can be
    table["lower"], table["upper"] = table[["value", "lower"]].min(axis=1), table[["value", "upper"]].max(axis=1)
    return table


def _bounds(actual: Bools, scores: Floats, called: Bools, *, seed: int, n_boot: int) -> dict[str, tuple[float, float]]:
    """95% interval of each figure."""
    tp, fp, fn, tn = (float(part[0]) for part in _table(actual, called, _whole(actual)))
    random = rng(seed, "classification")
    rates = random.beta(tp + 0.5, fn + 0.5, n_boot), random.beta(tn + 0.5, fp + 0.5, n_boot)
    hits, rejected = (tp + fn) * rates[0], (tn + fp) * rates[1]
    drawn = {
        "mcc": _mcc(hits, tn + fp - rejected, tp + fn - hits, rejected),
        "balanced_accuracy": (rates[0] + rates[1]) / 2,
        "brier": _brier_drawn(actual, scores, random, n_boot),
    }
    ends = {name: np.quantile(values, [0.025, 0.975]) for name, values in drawn.items()}
    return {
        **{name: (float(pair[0]), float(pair[1])) for name, pair in ends.items()},
        "sensitivity": small.wilson(tp, tp + fn), "specificity": small.wilson(tn, tn + fp),
        "auc": small.auc_interval(auc(actual, scores), int(actual.sum()), int((~actual).sum())),
    }  # fmt: skip


def _brier_drawn(actual: Bools, scores: Floats, random: np.random.Generator, n_boot: int) -> Floats:
    """Brier score over resamples within either class; NaN for scores that are no probabilities."""
    if not ((scores >= 0) & (scores <= 1)).all():
        return np.full(n_boot, np.nan)
    error = (scores - actual) ** 2
    total = np.zeros(n_boot)
    for part in (error[actual], error[~actual]):
        for start in range(0, n_boot, _BLOCK):
            size = min(_BLOCK, n_boot - start)
            counts = random.multinomial(part.size, np.full(part.size, 1 / part.size), size=size)
            total[start : start + size] += counts @ part
    return total / actual.size


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


def _whole(actual: Bools) -> Floats:
    """Counts of the one resample that is the data, ``(1, n)``."""
    return np.ones((1, actual.size))


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


def _called(truth: ArrayLike, called: ArrayLike) -> tuple[Bools, Bools]:
    """Truth and calls in one order."""
    given = in_order(truth=truth, calls=called)
    actual, calls = _classes(given["truth"], "truth"), _classes(given["calls"], "calls")
    _same(actual, calls)
    return actual, calls


def _classes(values: ArrayLike, what: str) -> Bools:
    raw = numbers(values, what, dates="give 0 and 1")
    if not np.isin(raw, (0, 1)).all():
        raise InputError(f"the {what} are neither 0 nor 1, one a sample: code the class that is looked for as 1")
    return raw.astype(bool)


def _same(one: Bools, two: Bools | Floats) -> None:
    if one.shape != two.shape:
        raise InputError(f"the truth has shape {one.shape}, what was predicted {two.shape}: give one of each a sample")


def _both(actual: Bools) -> None:
    if actual.all() or not actual.any():
        raise InputError(f"{int(actual.sum())} of {actual.size} samples are of class 1: both classes are needed")


def _scored(truth: ArrayLike, score: ArrayLike) -> tuple[Bools, Floats]:
    """Truth and scores in one order, with both classes and nothing missing."""
    given = in_order(truth=truth, scores=score)
    actual, scores = _classes(given["truth"], "truth"), numbers(given["scores"], "scores")
    _same(actual, scores)
    _both(actual)
    if not np.isfinite(scores).all():
        raise InputError(f"{int((~np.isfinite(scores)).sum())} of {scores.size} scores are not finite: leave them out")
    return actual, scores
