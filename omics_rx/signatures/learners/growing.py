"""Trees grown on scores: a rule looks for a direction, the best cut along it splits the node. Arrays only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from omics_rx.signatures import cox
from omics_rx.signatures.risk_sets import Outcome

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
# features offered (m, q), scores (m,), weights (m,), rows of the node -> direction (q,), or None to stop
Rule: TypeAlias = Callable[[Floats, Floats, Floats, Ints], Floats | None]
Target: TypeAlias = Callable[[Ints], Floats]
Value: TypeAlias = Callable[[Ints], float]


@dataclass(frozen=True, eq=False)
class Growth:
    """How far a tree grows.

    Attributes
    ----------
    n_offered
        Features drawn at each node; all of them where it is as many.
    min_leaf
        Fewest samples in a leaf.
    max_depth
        Most splits on the way to a leaf.
    """

    n_offered: int
    min_leaf: int
    max_depth: int = 30


@dataclass(frozen=True, eq=False)
class Grown:
    """A grown tree; a node without columns is a leaf.

    Attributes
    ----------
    columns, directions
        Features of each split and their part in it.
    cut
        Samples whose projection is at most this go left.
    children
        Left and right node of each split.
    value
        What a leaf says.
    """

    columns: list[Ints]
    directions: list[Floats]
    cut: list[float]
    children: list[tuple[int, int]]
    value: list[float]

    def predict(self, z: Floats) -> Floats:
        """What the leaves say of samples, ``(n, p)`` to ``(n,)``."""
        found = np.empty(len(z))
        waiting = [(0, np.arange(len(z)))]
        while waiting:
            node, rows = waiting.pop()
            if not self.columns[node].size:
                found[rows] = self.value[node]
                continue
            left = z[np.ix_(rows, self.columns[node])] @ self.directions[node] <= self.cut[node]
            one, two = self.children[node]
            waiting += [(one, rows[left]), (two, rows[~left])]
        return found


def grow(
    z: Floats, rows: Ints, weight: Floats, *, target: Target, rule: Rule, value: Value, growth: Growth,
    random: np.random.Generator,
) -> Grown:  # fmt: skip
    """Grow a tree on some rows.

    Parameters
    ----------
    z
        All samples, ``(n, p)``.
    rows, weight
        Samples to grow on and the weight of each of all, ``(n,)``.
    target
        Rows to the scores that a split is to tell apart.
    rule
        Looks for a direction.
    value
        Rows to what a leaf says, one number.
    growth
        How far to grow.
    random
        Draws the features offered.
    """
    tree = Grown([], [], [], [], [])

    def node(here: Ints, depth: int) -> int:
        at = len(tree.value)
        tree.columns.append(np.empty(0, dtype=np.intp))
        tree.directions.append(np.empty(0))
        tree.cut.append(0.0)
        tree.children.append((0, 0))
        tree.value.append(value(here))
        if here.size < 2 * growth.min_leaf or depth >= growth.max_depth:
            return at
        width = z.shape[1]
        offered = (
            random.choice(width, growth.n_offered, replace=False) if growth.n_offered < width else np.arange(width)
        )
        part, scores = z[np.ix_(here, offered)], target(here)
        direction = rule(part, scores, weight[here], here)
        if direction is None:
            return at
        told = np.flatnonzero(direction)
        projection = part[:, told] @ direction[told]
        statistic, cuts = best_cuts(projection[:, None], scores, weight[here], min_leaf=growth.min_leaf)
        if not statistic[0] > 0:
            return at
        left = projection <= cuts[0]
        tree.columns[at], tree.directions[at], tree.cut[at] = offered[told], direction[told], float(cuts[0])
        one = node(here[left], depth + 1)
        tree.children[at] = (one, node(here[~left], depth + 1))
        return at

    node(rows, 0)
    return tree


def best_cuts(x: Floats, scores: Floats, weight: Floats, *, min_leaf: int) -> tuple[Floats, Floats]:
    """Largest standardised two-sample statistic of the scores over all cuts of each column, and the cut.

    Parameters
    ----------
    x
        Samples x columns, ``(m, q)``.
    scores, weight
        Each ``(m,)``.
    min_leaf
        Fewest samples on either side.

    Returns
    -------
    tuple
        Statistics ``(q,)``, 0 where a column has no cut, and cuts ``(q,)``.

    References
    ----------
    Hothorn and Lausen, Comput Stat Data Anal 2003, 43:121.
    """
    m, q = x.shape
    order = np.argsort(x, axis=0, kind="stable")
    ordered = np.take_along_axis(x, order, axis=0)
    total = float(weight.sum())
    mean = float(weight @ scores) / total
    spread = float(weight @ (scores - mean) ** 2) / total
    counted = np.cumsum(weight[order], axis=0)[:-1]
    sums = np.cumsum((weight * (scores - mean))[order], axis=0)[:-1]
    room = np.arange(1, m)[:, None]
    apart = np.diff(ordered, axis=0) > 1e-9 * np.maximum(np.ptp(x, axis=0), 1e-300)  # a sample drawn twice is one
    allowed = apart & (room >= min_leaf) & (room <= m - min_leaf)
    variance = spread * counted * (total - counted) / max(total - 1, 1e-12)
    found = np.where(allowed & (variance > 1e-12), np.abs(sums) / np.sqrt(np.maximum(variance, 1e-12)), 0.0)
    best = found.round(9).argmax(axis=0)  # cuts that differ in their last digits are one
    pick = np.arange(q)
    low, high = ordered[best, pick], ordered[best + 1, pick]
    # a little above the middle: a sample that lies in the very middle goes left, whatever its last digits
    return found[best, pick], low + (0.5 + 1e-6) * (high - low)


def strongest(alpha: float = 1.0) -> Rule:
    """Rule of conditional trees: the feature whose linear statistic with the scores is largest.

    A node is left alone when the p of that feature, corrected by the number of features offered, exceeds ``alpha``.

    References
    ----------
    Hothorn, Hornik and Zeileis, J Comput Graph Stat 2006, 15:651.
    """
    from scipy.stats import norm

    def rule(x: Floats, scores: Floats, weight: Floats, rows: Ints) -> Floats | None:
        del rows
        statistic = linear_statistics(x, scores, weight)
        best = int(np.argmax(statistic))
        p_value = 2 * norm.sf(statistic[best])
        if statistic[best] <= 0 or 1 - (1 - p_value) ** x.shape[1] > alpha:
            return None
        return np.asarray(np.eye(1, x.shape[1], best)[0])

    return rule


def linear_statistics(x: Floats, scores: Floats, weight: Floats) -> Floats:
    """Size of the standardised linear statistic of each column with the scores under permutation, ``(q,)``."""
    total = float(weight.sum())
    share = weight / total
    centred, left = x - share @ x, scores - share @ scores
    variance = (weight @ centred**2) * float(share @ left**2) * total / max(total - 1, 1e-12)
    statistic = np.abs((weight * left) @ centred)
    return np.where(variance > 1e-12, statistic / np.sqrt(np.maximum(variance, 1e-12)), 0.0).round(9)


def maximally_selected(min_leaf: int) -> Rule:
    """Rule of ranger's maxstat: the feature that has the cut with the largest standardised statistic."""

    def rule(x: Floats, scores: Floats, weight: Floats, rows: Ints) -> Floats | None:
        del rows
        statistic, _ = best_cuts(x, scores, weight, min_leaf=min_leaf)
        best = int(np.argmax(statistic.round(9)))
        return np.asarray(np.eye(1, x.shape[1], best)[0]) if statistic[best] > 0 else None

    return rule


def oblique(outcome: Outcome) -> Rule:
    """Rule of oblique forests: one Newton step of a Cox model over the features offered."""

    def rule(x: Floats, scores: Floats, weight: Floats, rows: Ints) -> Floats | None:
        del scores, weight
        own = outcome.rows(rows)
        if not own.event.any():
            return None
        data = own.follow_up()
        _, gradient, information = cox.derivatives(x[data.order], np.zeros(x.shape[1]), data)
        steady = information + 1e-2 * np.eye(x.shape[1]) * max(float(np.trace(information)) / x.shape[1], 1e-12)
        return np.asarray(np.linalg.solve(steady, gradient))

    return rule


def log_rank_scores(outcome: Outcome) -> Target:
    """Scores of the log-rank test among the rows of a node: event less events expected there."""

    def scores(rows: Ints) -> Floats:
        own = outcome.rows(rows)
        return cox.residuals(np.zeros(rows.size), own.follow_up())[0] / own.weights

    return scores
