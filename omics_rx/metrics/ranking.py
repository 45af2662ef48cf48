"""How well does a score put the drugs that work above the others? Higher scores rank first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from omics_rx.core.errors import InputError
from omics_rx.core.work import rng

Floats = NDArray[np.float64]
Metric = Callable[[ArrayLike, ArrayLike], float]


@dataclass(frozen=True)
class Interval:
    """A figure with its stratified bootstrap interval.

    Attributes
    ----------
    value, lower, upper
        The figure, and the 2.5 and 97.5 percentiles over resamples.
    n_positive, n_negative
        How many of each were resampled.
    """

    value: float
    lower: float
    upper: float
    n_positive: int
    n_negative: int


def _checked(positive: ArrayLike, score: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    """Positives as bool and scores as float, of one length, finite, with both classes present."""
    raw = np.asarray(positive)
    scores = np.asarray(score, dtype=np.float64)
    if raw.shape != scores.shape or raw.ndim != 1:
        raise InputError(
            f"labels {raw.shape} and scores {scores.shape} differ in shape: give one label and one score an item"
        )
    if not np.isfinite(scores).all():
        raise InputError(f"{int((~np.isfinite(scores)).sum())} scores are not finite: leave unscored items out, named")
    if not np.isin(raw, (0, 1)).all():
        raise InputError("labels are neither 0 nor 1: code what should rank first as 1")
    found = raw.astype(bool)
    if found.all() or not found.any():
        raise InputError(f"{int(found.sum())} of {found.size} items are positive: both kinds are needed")
    return found, scores


def auroc(positive: ArrayLike, score: ArrayLike) -> float:
    """Chance that a positive scores above a negative; a tie counts half (Mann-Whitney).

    Parameters
    ----------
    positive
        0 or 1 an item, shape ``(n,)``.
    score
        Higher ranks first, shape ``(n,)``.

    Raises
    ------
    InputError
        For scores that are not finite, other labels, or only one kind of item.

    Examples
    --------
    >>> auroc([1, 0, 1, 0], [4, 3, 2, 1])
    0.75
    """
    found, scores = _checked(positive, score)
    n_positive = int(found.sum())
    ranks = rankdata(scores)
    above = ranks[found].sum() - n_positive * (n_positive + 1) / 2
    return float(above / (n_positive * (found.size - n_positive)))


def average_precision(positive: ArrayLike, score: ArrayLike) -> float:
    """Mean precision at each recall step; tied scores enter together. By chance it equals the prevalence.

    Examples
    --------
    >>> round(average_precision([1, 0, 1, 0], [4, 3, 2, 1]), 4)
    0.8333
    """
    found, scores = _checked(positive, score)
    order = np.argsort(-scores, kind="stable")
    hits, ordered = np.cumsum(found[order]), scores[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), ordered.size - 1)
    recall = hits[last] / hits[-1]
    precision = hits[last] / (last + 1)
    return float(np.sum(np.diff(np.append(0.0, recall)) * precision))


def _expected_hits(found: NDArray[np.bool_], scores: Floats, k: int) -> float:
    """Positives among the first k; of those tied across the boundary, the share that fits."""
    boundary = np.sort(scores)[::-1][k - 1]
    above, tied = scores > boundary, scores == boundary
    room = k - int(above.sum())
    return float(found[above].sum() + found[tied].sum() * room / int(tied.sum()))


def recall_at(positive: ArrayLike, score: ArrayLike, k: int) -> float:
    """Share of the positives among the first ``k``; ties across the boundary count by their expected share.

    Raises
    ------
    InputError
        If ``k`` is not between 1 and the number of items.

    Examples
    --------
    >>> recall_at([1, 0, 1, 0], [4, 3, 2, 1], 2)
    0.5
    """
    found, scores = _checked(positive, score)
    if not 1 <= k <= found.size:
        raise InputError(f"k is {k} with {found.size} items: choose 1 to {found.size}")
    return _expected_hits(found, scores, k) / int(found.sum())


def enrichment(positive: ArrayLike, score: ArrayLike, fraction: float = 0.05) -> float:
    """Prevalence among the first ``fraction`` of the items (at least one) over the prevalence of all.

    Raises
    ------
    InputError
        If the fraction is not above 0 and at most 1.

    Examples
    --------
    >>> enrichment([1, 0, 0, 0], [4, 3, 2, 1], 0.25)
    4.0
    """
    found, scores = _checked(positive, score)
    if not 0 < fraction <= 1:
        raise InputError(f"the fraction is {fraction}: choose one above 0 and at most 1")
    k = max(1, round(fraction * found.size))
    return _expected_hits(found, scores, k) / k / float(found.mean())


def ndcg_at(positive: ArrayLike, score: ArrayLike, k: int) -> float:
    """Normalised discounted cumulative gain among the first ``k``, gain 1 a positive; ties share their gain.

    Examples
    --------
    >>> ndcg_at([1, 0, 1, 0], [4, 3, 2, 1], 1)
    1.0
    """
    found, scores = _checked(positive, score)
    if not 1 <= k <= found.size:
        raise InputError(f"k is {k} with {found.size} items: choose 1 to {found.size}")
    order = np.argsort(-scores, kind="stable")
    _, group = np.unique(-scores[order], return_inverse=True)
    shared = (np.bincount(group, weights=found[order]) / np.bincount(group))[group]
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = discount[: min(k, int(found.sum()))].sum()
    return float((shared[:k] * discount).sum() / ideal)


def within_group_auroc(positive: ArrayLike, score: ArrayLike, group: ArrayLike) -> float:
    """Chance that a positive scores above a negative **of its own group**, every pair counting once.

    For matched against mismatched subtypes the group is the drug, so that what a drug has in every subtype
    (its potency, how well it is known) cannot help.

    Raises
    ------
    InputError
        If no group holds both a positive and a negative.

    Examples
    --------
    >>> within_group_auroc([1, 0, 1, 0], [2, 1, 3, 4], ["a", "a", "b", "b"])
    0.5
    """
    found, scores = _checked(positive, score)
    groups = np.asarray(group)
    wins, pairs = 0.0, 0
    for name in np.unique(groups):
        here = groups == name
        difference = scores[here & found][:, None] - scores[here & ~found][None, :]
        wins += float((difference > 0).sum() + 0.5 * (difference == 0).sum())
        pairs += difference.size
    if not pairs:
        raise InputError("no group holds both a positive and a negative: nothing can be compared within groups")
    return wins / pairs


def bootstrap(metric: Metric, positive: ArrayLike, score: ArrayLike, *, n_boot: int = 1000, seed: int = 0) -> Interval:
    """Add a 95% interval to a figure: positives and negatives are resampled apart, so prevalence stays.

    Parameters
    ----------
    metric
        Takes labels and scores, such as :func:`auroc`.
    positive, score
        As the metric takes them, shape ``(n,)``.
    n_boot
        Resamples.
    seed
        Seed of the resamples.
    """
    found, scores = _checked(positive, score)
    hits, others = np.flatnonzero(found), np.flatnonzero(~found)
    random = rng(seed, "ranking-bootstrap")
    drawn = np.empty(n_boot)
    for step in range(n_boot):
        rows = np.concatenate([random.choice(hits, hits.size), random.choice(others, others.size)])
        drawn[step] = metric(found[rows], scores[rows])
    lower, upper = np.percentile(drawn, [2.5, 97.5])
    return Interval(metric(found, scores), float(lower), float(upper), hits.size, others.size)
