"""Is one better than the other: paired differences, over one factor or two crossed ones, and pooling over cohorts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.metrics import small
from omics_rx.metrics.crossed import Crossed, crossed
from omics_rx.metrics.inputs import Floats, groups_of, in_order, numbers, resamples

_FEWEST = 6  # units of a bootstrap: percentiles of fewer are too narrow, moved out or not

__all__ = ["Crossed", "PairedDifference", "Pooled", "crossed", "paired_difference", "pool"]


@dataclass(frozen=True)
class PairedDifference:
    """A paired difference, first less second, with its 95% interval.

    Attributes
    ----------
    value, lower, upper
        The difference and its interval, in the unit of what was compared. The unit of the interval is what was paired
        (drugs, lines, patients), or the group of these that was told.
    p_value
        Two-sided, that there is no difference.
    n, n_groups
        Pairs compared, and the groups that they fall into.
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
        Pooled value and 95% interval; the unit is the study.
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


@in_words
def paired_difference(
    first: ArrayLike, second: ArrayLike, *, groups: ArrayLike | None = None,
    statistic: Callable[[Floats], float] | None = None, held_out: float | None = None, seed: int = 0,
    n_boot: int = 2000,
) -> PairedDifference:  # fmt: skip
    """Compare two methods on the same units (drugs, lines, folds, patients).

    The mean has the interval of a paired t test over the units, or over the groups they fall into; another statistic
    has percentiles of a bootstrap, moved out for few units (:mod:`omics_rx.metrics.small`), which need six or more.

    **Units must be independent.** Drugs tested on the same lines are not: give their tables to :func:`crossed`. Drugs
    of a mechanism and samples of a patient are ``groups``. Folds share what they are trained on: tell ``held_out``.

    Parameters
    ----------
    first, second
        Figure of each unit under either method, ``(n,)``; Series are paired by their labels. A pair with a missing
        value on either side, or without a group, is left out and ``n`` says how many remained.
    groups
        Units that belong together (drugs of a mechanism, samples of a patient).
    statistic
        Summary of the differences; None takes the mean.
    held_out
        Share of the samples that each fold holds out, such as 0.2 for five, where the units are folds of a
        cross-validation: their variance is raised by Nadeau and Bengio's ``held_out / (1 - held_out)``. The interval is
        then wide rather than narrow: it holds 98% for five folds.
    seed, n_boot
        Of the bootstrap of another statistic than the mean.

    Raises
    ------
    InputError
        If shapes or labels differ, fewer than two pairs are complete, all of them are of one group, or another
        statistic than the mean has fewer than six units or groups.

    References
    ----------
    Nadeau and Bengio, Mach Learn 2003, 52:239; Cameron and Miller, J Hum Resour 2015, 50:317 (groups).

    Examples
    --------
    >>> paired_difference([3.0, 2.0, 4.0], [2.0, 1.0, 2.0]).value == 4 / 3
    True
    """
    given = in_order(first=first, second=second, groups=groups)
    one, two = (numbers(given[name], f"figures of the {name} method") for name in ("first", "second"))
    if one.shape != two.shape:
        raise InputError(f"shapes {one.shape} and {two.shape}: give both methods' figures for the same units")
    codes = np.arange(one.size) if groups is None else groups_of(given["groups"], one.size)[0]
    complete = np.isfinite(one) & np.isfinite(two) & (codes >= 0)
    if complete.sum() < 2:
        raise InputError(f"{int(complete.sum())} of {one.size} pairs are complete: two or more are needed")
    endless = int((np.isinf(one) | np.isinf(two)).sum())
    if endless:
        raise InputError(f"{endless} of {one.size} pairs are infinite: say what they stand for, or leave them out")
    gaps = one[complete] - two[complete]
    codes = np.unique(codes[complete], return_inverse=True)[1]
    k = int(codes.max()) + 1
    if k < 2:
        raise InputError("all pairs are of one group: an interval over groups needs two or more")
    shared = k * _shared(held_out)
    if statistic is None:
        found = _mean(gaps, codes, k, shared)
    else:
        if k < _FEWEST:
            raise InputError(
                f"{k} units or groups: a statistic other than the mean needs {_FEWEST} or more, as resamples of fewer "
                "hold too little; leave out statistic for the mean, whose t interval holds from two"
            )
        counts = rng(seed, "paired_difference").multinomial(k, np.full(k, 1 / k), size=resamples(n_boot))[:, codes]
        value = float(statistic(gaps))
        if not np.isfinite(value):
            raise InputError(f"the statistic of all {gaps.size} differences is {value}: it must be a finite number")
        drawn = np.array([statistic(np.repeat(gaps, row)) for row in counts if row.any()])
        drawn = value + (drawn - value) * np.sqrt(1 + shared)
        found = (value, *small.percentiles(drawn, k), small.tail_p(drawn, k))
    return PairedDifference(*found, gaps.size, k)


def _shared(held_out: float | None) -> float:
    """Variance that folds of a cross-validation add to the mean, in variances of a single one."""
    if held_out is None:
        return 0.0
    if not 0 < held_out < 1:
        raise InputError(f"held_out is {held_out}: give the share of samples in a fold, such as 0.2 for five folds")
    return held_out / (1 - held_out)


def _mean(gaps: Floats, codes: NDArray[np.intp], k: int, shared: float) -> tuple[float, float, float, float]:
    """Mean, bounds and p by Student's t over ``k`` groups, whose sums vary about their share of the mean."""
    value = float(gaps.mean())
    left = np.bincount(codes, weights=gaps - value)
    se = float(np.sqrt((left @ left) * k / (k - 1) * (1 + shared))) / gaps.size
    half = float(t.ppf(0.975, k - 1)) * se
    if se <= 1e-12 * abs(value):  # all alike: the chance that so many independent signs agree
        return value, value, value, 2.0 ** (1 - k) if value else 1.0
    return value, value - half, value + half, float(2 * t.sf(abs(value) / se, k - 1))


@in_words
def pool(values: ArrayLike, standard_errors: ArrayLike) -> Pooled:
    """Pool figures of several cohorts by random effects, with the interval of Hartung and Knapp.

    The variance between studies is DerSimonian and Laird's. The interval is Student's t with a degree of freedom less
    than there are studies, over the weighted spread of the figures seen; the normal one holds 87 to 90% of what it says
    is 95. It can be narrower than the studies' own errors would make it, where their figures agree by chance. A single
    study has the normal interval of its own error.

    Parameters
    ----------
    values, standard_errors
        Figure of each cohort and its standard error, ``(k,)``; Series are paired by their labels.

    Raises
    ------
    InputError
        If shapes or labels differ, nothing is given, or a standard error is not above 0.

    References
    ----------
    DerSimonian and Laird, Control Clin Trials 1986, 7:177; Hartung and Knapp, Stat Med 2001, 20:3875; IntHout,
    Ioannidis and Borm, BMC Med Res Methodol 2014, 14:25.
    """
    given = in_order(figures=values, errors=standard_errors)
    figures, errors = numbers(given["figures"], "figures"), numbers(given["errors"], "standard errors")
    if figures.shape != errors.shape:
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
    if free:
        half = float(t.ppf(0.975, free) * np.sqrt(weights @ (figures - value) ** 2 / (free * weights.sum())))
    else:
        half = small.Z95 * float(errors[0])
    i2 = max(0.0, (spread - free) / spread) if free and spread > 0 else 0.0
    return Pooled(value, value - half, value + half, float(tau2), float(i2), figures.size)
