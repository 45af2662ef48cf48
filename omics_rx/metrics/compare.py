"""Is one better than the other: paired differences, over one factor or two crossed ones, and pooling over cohorts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.metrics.crossed import Crossed, crossed

__all__ = ["Crossed", "PairedDifference", "Pooled", "crossed", "paired_difference", "pool"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PairedDifference:
    """A paired difference, first less second, with its 95% bootstrap interval.

    Attributes
    ----------
    value, lower, upper
        The difference and its interval, in the unit of what was compared.
    p_value
        Two-sided, from the share of resamples on the other side of zero; at least ``2 / (n_boot + 1)``.
    n, n_groups
        Pairs compared, and the groups that were resampled.
    """

    value: float
    lower: float
    upper: float
    p_value: float
    n: int
    n_groups: int


@dataclass(frozen=True)
class Pooled:
    """A value pooled over studies by random effects.

    Attributes
    ----------
    value, lower, upper
        Pooled value and 95% interval.
    tau2, i2
        Variance between studies, and the share of the spread it explains (0 to 1).
    n_studies
        Studies pooled.
    """

    value: float
    lower: float
    upper: float
    tau2: float
    i2: float
    n_studies: int


def paired_difference(
    first: ArrayLike, second: ArrayLike, *, groups: ArrayLike | None = None,
    statistic: Callable[[Floats], float] | None = None, seed: int = 0, n_boot: int = 2000,
) -> PairedDifference:  # fmt: skip
    """Compare two methods on the same units (drugs, lines, folds, patients).

    Parameters
    ----------
    first, second
        Figure of each unit under either method, ``(n,)``; a pair with a missing value on either side is left
        out and ``n`` says how many remained.
    groups
        Units that belong together (drugs of a mechanism, samples of a patient) and are resampled together.
    statistic
        Summary of the differences; None takes the mean.
    seed, n_boot
        Of the bootstrap.

    Raises
    ------
    InputError
        If shapes differ or fewer than two pairs are complete.

    Examples
    --------
    >>> paired_difference([3.0, 2.0, 4.0], [2.0, 1.0, 2.0]).value == 4 / 3
    True
    """
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != two.shape or one.ndim != 1:
        raise InputError(f"shapes {one.shape} and {two.shape}: give both methods' figures for the same units")
    complete = np.isfinite(one) & np.isfinite(two)
    if complete.sum() < 2:
        raise InputError(f"{int(complete.sum())} of {one.size} pairs are complete: two or more are needed")
    gaps = one[complete] - two[complete]
    labels = np.arange(one.size) if groups is None else np.asarray(groups)
    if labels.shape != one.shape:
        raise InputError(f"groups have shape {labels.shape}, figures {one.shape}: give one group a unit")
    codes = np.unique(labels[complete], return_inverse=True)[1]
    n_groups = int(codes.max()) + 1
    generator = rng(seed, "paired_difference")
    counts = generator.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n_boot)[:, codes]
    if statistic is None:
        value, drawn = float(gaps.mean()), counts @ gaps / np.maximum(counts.sum(axis=1), 1)
    else:
        value = float(statistic(gaps))
        drawn = np.array([statistic(np.repeat(gaps, row)) for row in counts if row.any()])
    lower, upper = np.percentile(drawn, [2.5, 97.5])
    tail = min(float(np.mean(drawn <= 0)), float(np.mean(drawn >= 0)))
    p_value = min(1.0, 2 * max(tail, 1 / (drawn.size + 1)))
    return PairedDifference(value, float(lower), float(upper), p_value, gaps.size, n_groups)


def pool(values: ArrayLike, standard_errors: ArrayLike) -> Pooled:
    """Pool figures of several cohorts by random effects (DerSimonian and Laird).

    Parameters
    ----------
    values, standard_errors
        Figure of each cohort and its standard error, ``(k,)``.

    Raises
    ------
    InputError
        If shapes differ, nothing is given, or a standard error is not above 0.

    References
    ----------
    DerSimonian and Laird, Control Clin Trials 1986, 7:177.
    """
    figures, errors = np.asarray(values, dtype=np.float64), np.asarray(standard_errors, dtype=np.float64)
    if figures.shape != errors.shape or figures.ndim != 1 or figures.size == 0:
        raise InputError(f"shapes {figures.shape} and {errors.shape}: give one standard error a figure")
    if not (np.isfinite(figures).all() and np.isfinite(errors).all() and (errors > 0).all()):
        raise InputError("figures and standard errors must be finite, standard errors above 0: leave others out")
    fixed = 1 / errors**2
    centre = float(fixed @ figures / fixed.sum())
    spread, free = float(fixed @ (figures - centre) ** 2), figures.size - 1
    scale = fixed.sum() - (fixed @ fixed) / fixed.sum()
    tau2 = max(0.0, (spread - free) / scale) if free else 0.0
    weights = 1 / (errors**2 + tau2)
    value = float(weights @ figures / weights.sum())
    half = 1.959963984540054 / float(np.sqrt(weights.sum()))
    i2 = max(0.0, (spread - free) / spread) if spread > 0 else 0.0
    return Pooled(value, value - half, value + half, float(tau2), float(i2), figures.size)
