"""Intervals that hold with few units: where a plain bootstrap, or a figure at its end, would be too narrow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm, t

from omics_rx.metrics.inputs import Bools, Floats

Z95 = 1.959963984540054


def wilson(hits: float, n: float) -> tuple[float, float]:
    """95% interval of a share, which has a width at 0 and at 1, too.

    References
    ----------
    Wilson, J Am Stat Assoc 1927, 22:209.

    Examples
    --------
    >>> low, high = wilson(20, 20)
    >>> round(low, 3), high
    (0.839, 1.0)
    """
    share, square = hits / n, Z95**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z95 / (1 + square / n) * float(np.sqrt(share * (1 - share) / n + square / (4 * n**2)))
    return max(0.0, middle - half) if hits else 0.0, min(1.0, middle + half) if hits < n else 1.0


def share_difference(hits: Sequence[int], n: Sequence[int]) -> tuple[float, float]:
    """95% interval of the first of two shares of independent groups less the second, from Wilson's of each.

    References
    ----------
    Newcombe, Stat Med 1998, 17:873, method 10.
    """
    one, two = (part / total for part, total in zip(hits, n, strict=True))
    (low, high), (down, up) = (wilson(part, total) for part, total in zip(hits, n, strict=True))
    gap = one - two
    return gap - float(np.hypot(one - low, up - two)), gap + float(np.hypot(high - one, two - down))


def auc_interval(value: float, n_positive: int, n_negative: int) -> tuple[float, float]:
    """95% interval of an AUC, which has a width at 0 and at 1, too: the values that a score test does not reject.

    References
    ----------
    Newcombe, Stat Med 2006, 25:559, method 5.

    Examples
    --------
    >>> low, high = auc_interval(1.0, 10, 10)
    >>> round(low, 2), high
    (0.8, 1.0)
    """
    from scipy.optimize import brentq

    middle = (n_positive + n_negative) / 2 - 1

    def gap(truth: float) -> float:
        shared = 1 + middle * (1 - truth) / (2 - truth) + middle * truth / (1 + truth)
        return (value - truth) ** 2 - Z95**2 * truth * (1 - truth) * shared / (n_positive * n_negative)

    # beside 0 and 1 the variance vanishes: the bound is looked for next to it
    low = 0.0 if value <= 0 else float(brentq(gap, 0.0, min(value, 1 - 1e-9)))
    high = 1.0 if value >= 1 else float(brentq(gap, max(value, 1e-9), 1.0))
    return low, high


def placements(truth: Bools, odds: Floats) -> Floats:
    """Share of repeats in which each responder lies above each other patient, ties half: ``(r, n)`` to ``(p, q)``."""
    yes, no = odds[:, truth].round(9), odds[:, ~truth].round(9)
    total = np.zeros((yes.shape[1], no.shape[1]))
    for one, two in zip(yes, no, strict=True):
        total += (one[:, None] > two[None, :]) + 0.5 * (one[:, None] == two[None, :])
    return total / len(yes)


def area(truth: Bools, odds: Floats) -> tuple[float, float, float]:
    """Mean area under the curve over repeats, with a 95% interval for the number of patients of either class."""
    value = float(placements(truth, odds).mean())
    lower, upper = auc_interval(value, int(truth.sum()), int((~truth).sum()))
    return value, lower, upper


def _wider(n: int) -> tuple[float, float]:
    """How far a normal quantile is moved out for ``n`` units, and the degrees of freedom."""
    return float(np.sqrt(n / (n - 1))), n - 1


def percentiles(drawn: Floats, n: int) -> tuple[float, float]:
    """95% interval of resamples of ``n`` units: percentiles moved out as Student's t is beside the normal.

    Plain percentiles hold 84% for five units, since resamples vary by ``(n - 1) / n`` too little and the tails of a
    small sample are not those of the normal.

    References
    ----------
    Hesterberg, Am Stat 2015, 69:371 (expanded percentiles).
    """
    factor, free = _wider(n)
    tail = float(norm.cdf(-factor * t.ppf(0.975, free)))
    lower, upper = np.quantile(drawn, [tail, 1 - tail])
    return float(lower), float(upper)


def tail_p(drawn: Floats, n: int, null: float = 0.0) -> float:
    """Two-sided p that matches :func:`percentiles`; no smaller than the number of resamples allows."""
    beyond = min(float(np.mean(drawn <= null)), float(np.mean(drawn >= null)))
    factor, free = _wider(n)
    far = -norm.ppf(max(beyond, 1 / (drawn.size + 1))) / factor
    return float(min(1.0, 2 * t.sf(far, free)))
