"""How well does a score put the drugs that work above the others? Higher scores rank first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.metrics import small
from omics_rx.metrics.inputs import Bools, Floats, groups_of, in_order, numbers, resamples

Ints = NDArray[np.intp]
Metric = Callable[[ArrayLike, ArrayLike], float]


@dataclass(frozen=True)
class Interval:
    """A figure with its stratified bootstrap interval.

    Attributes
    ----------
    value, lower, upper
        The figure and its 95% interval; the unit is the item (drug), or the group of items that was told (mechanism).
    n_positive, n_negative
        How many of each were resampled: items, or groups with a positive and groups without one.
    """

    value: float
    lower: float
    upper: float
    n_positive: int
    n_negative: int


@dataclass(frozen=True)
class Gain:
    """A figure of a first score less that of a second one, with its 95% interval and two-sided p; units as told."""

    value: float
    lower: float
    upper: float
    p_value: float
    n_positive: int
    n_negative: int


def _checked(positive: ArrayLike, score: ArrayLike) -> tuple[Bools, Floats]:
    """Positives as bool and scores as float, in one order, of one length, finite, with both classes present."""
    given = in_order(labels=positive, scores=score)
    raw, scores = numbers(given["labels"], "labels"), numbers(given["scores"], "scores")
    if raw.shape != scores.shape:
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


@in_words
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


@in_words
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


@in_words
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


@in_words
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


@in_words
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


@in_words
def within_group_auroc(positive: ArrayLike, score: ArrayLike, group: ArrayLike) -> float:
    """Chance that a positive scores above a negative **of its own group**, every pair counting once.

    For matched against mismatched subtypes the group is the drug, so that what a drug has in every subtype
    (its potency, how well it is known) cannot help. Items without a group are compared with none.

    Raises
    ------
    InputError
        If no group holds both a positive and a negative.

    Examples
    --------
    >>> within_group_auroc([1, 0, 1, 0], [2, 1, 3, 4], ["a", "a", "b", "b"])
    0.5
    """
    given = in_order(labels=positive, scores=score, groups=group)
    found, scores = _checked(given["labels"], given["scores"])
    codes, names = groups_of(given["groups"], found.size)
    wins, pairs = 0.0, 0
    for name in range(len(names)):
        here = codes == name
        difference = scores[here & found][:, None] - scores[here & ~found][None, :]
        wins += float((difference > 0).sum() + 0.5 * (difference == 0).sum())
        pairs += difference.size
    if not pairs:
        raise InputError("no group holds both a positive and a negative: nothing can be compared within groups")
    return wins / pairs


@in_words
def bootstrap(
    metric: Metric, positive: ArrayLike, score: ArrayLike, *, groups: ArrayLike | None = None, n_boot: int = 1000,
    seed: int = 0,
) -> Interval:  # fmt: skip
    """Add a 95% interval to a figure: positives and negatives are resampled apart, so prevalence stays.

    Percentiles are moved out for few positives (:mod:`omics_rx.metrics.small`). Where no resample differs, as for a
    ranking without a fault, they have no width; that of an AUROC of 0 or 1 is by Newcombe's method 5.

    Parameters
    ----------
    metric
        Takes labels and scores, such as :func:`auroc`.
    positive, score
        As the metric takes them, shape ``(n,)``.
    groups
        Items that belong together, such as the drugs of a mechanism, ``(n,)``: they are resampled together, groups with
        a positive and groups without one apart. Drugs of one mechanism are hits together: without their groups the
        interval is too narrow.
    n_boot
        Resamples.
    seed
        Seed of the resamples.

    Raises
    ------
    InputError
        As the metric does; if a group is missing, or fewer than two groups hold a positive.
    """
    given = in_order(labels=positive, scores=score, groups=groups)
    found, scores = _checked(given["labels"], given["scores"])
    sides = _sides(found, given["groups"])
    drawn = np.array([metric(found[rows], scores[rows]) for rows in _resamples(sides, seed=seed, n_boot=n_boot)])
    value, few = metric(found, scores), (len(sides[0]), max(len(sides[1]), 1))
    perfect = metric is auroc and value in (0.0, 1.0)
    lower, upper = small.auc_interval(value, *few) if perfect else small.percentiles(drawn, few[0])
    return Interval(value, lower, upper, len(sides[0]), len(sides[1]))


@in_words
def gain(
    metric: Metric, positive: ArrayLike, scores: tuple[ArrayLike, ArrayLike], *, groups: ArrayLike | None = None,
    n_boot: int = 1000, seed: int = 0,
) -> Gain:  # fmt: skip
    """Figure of a first score less that of a second one on the same items, resampled together.

    Parameters
    ----------
    metric, positive, groups, n_boot, seed
        As in :func:`bootstrap`.
    scores
        The first and the second score, each ``(n,)``.

    Raises
    ------
    InputError
        As :func:`bootstrap` does.
    """
    if not isinstance(scores, tuple | list) or len(scores) != 2:
        raise InputError("two scores are compared: give them as (first, second)")
    given = in_order(labels=positive, first=scores[0], second=scores[1], groups=groups)
    found, first = _checked(given["labels"], given["first"])
    _, second = _checked(given["labels"], given["second"])
    sides = _sides(found, given["groups"])
    drawn = np.array(
        [
            metric(found[rows], first[rows]) - metric(found[rows], second[rows])
            for rows in _resamples(sides, seed=seed, n_boot=n_boot)
        ]
    )
    value, few = metric(found, first) - metric(found, second), len(sides[0])
    return Gain(value, *small.percentiles(drawn, few), small.tail_p(drawn, few), few, len(sides[1]))


def _sides(found: Bools, groups: ArrayLike | None) -> tuple[list[Ints], list[Ints]]:
    """Places of each group with a positive, and of each group without one; every item by itself without groups."""
    codes = np.arange(found.size) if groups is None else groups_of(groups, found.size)[0]
    if (codes < 0).any():
        raise InputError(f"{int((codes < 0).sum())} of {codes.size} items have no group: give those one of their own")
    members = [np.flatnonzero(codes == code) for code in np.unique(codes)]
    sides = [rows for rows in members if found[rows].any()], [rows for rows in members if not found[rows].any()]
    if len(sides[0]) < 2:
        raise InputError(f"{len(sides[0])} item or group holds a positive: an interval needs two or more")
    return sides


def _resamples(sides: tuple[list[Ints], list[Ints]], *, seed: int, n_boot: int) -> Iterator[Ints]:
    """Rows of each resample, in which positives and negatives are both present."""
    random = rng(seed, "ranking-bootstrap")
    for _ in range(resamples(n_boot)):
        yield np.concatenate(
            [side[place] for side in sides if side for place in random.integers(len(side), size=len(side))]
        )
