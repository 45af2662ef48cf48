"""Figures over two crossed factors, such as drugs and lines: both are resampled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.metrics.inputs import resamples

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Crossed:
    """A figure over a table, with the interval over its rows and columns as two crossed samples.

    Attributes
    ----------
    value, lower, upper
        The figure and its interval (unit: rows and columns together, such as lines and drugs).
    p_value
        Two-sided, that the figure is ``null``.
    se, se_rows, se_columns
        Standard error over both, over rows alone and over columns alone: which of the two the figure rests on.
    n_rows, n_columns
        Rows and columns, or groups of them, that were resampled.
    """

    value: float
    lower: float
    upper: float
    p_value: float
    se: float
    se_rows: float
    se_columns: float
    n_rows: int
    n_columns: int


@in_words
def crossed(
    statistic: Callable[..., float], *tables: ArrayLike, row_groups: ArrayLike | None = None,
    column_groups: ArrayLike | None = None, null: float = 0.0, level: float = 0.95, seed: int = 0, n_boot: int = 500,
) -> Crossed:  # fmt: skip
    """Interval of a figure of one or more tables by resampling rows and columns (pigeonhole bootstrap).

    Drugs that were tested on the same lines are not independent, nor are lines tested with the same drugs. A resample
    draws rows and columns, each with their whole content. Drawing both counts the noise of single entries three
    times, drawing one of them counts it once each; what both draws say beyond the sum of the single ones is that noise,
    and is taken off once. The interval is by Student's t with as many degrees of freedom as the smaller side less one.

    Parameters
    ----------
    statistic
        Takes the tables, resampled alike, and returns one number, such as the mean over drugs of the gain in
        correlation. Rows and columns are repeated in a resample: it must not rely on their names.
    tables
        Frames or arrays of one shape ``(n_rows, n_columns)``, such as measured, first and second prediction; NaN
        where a pair was not measured.
    row_groups, column_groups
        Rows or columns that belong together (lines of a patient, drugs of a mechanism) and are drawn together.
    null
        Value that the p is for.
    level
        Of the interval.
    seed, n_boot
        Of the resamples; the figure is computed three times in each.

    Raises
    ------
    InputError
        If tables differ in shape, a side has fewer than two groups, or the figure is not finite for the whole or for
        a tenth of the resamples.

    References
    ----------
    Owen, The pigeonhole bootstrap, Ann Appl Stat 2007, 1:386.

    Examples
    --------
    >>> import numpy as np
    >>> gain = np.random.default_rng(0).normal(1.0, 0.1, size=(30, 20))
    >>> found = crossed(np.mean, gain)
    >>> found.lower < 1 < found.upper
    True
    """
    from scipy.stats import t

    if not 0 < level < 1:
        raise InputError(f"the level is {level}: give a share, such as 0.95")
    values = _tables(tables)
    shape = values[0].shape
    rows, columns = _members(row_groups, shape[0], "row"), _members(column_groups, shape[1], "column")
    value = float(statistic(*values))
    if not np.isfinite(value):
        raise InputError("the figure of the whole tables is not a finite number: is anything measured?")
    draws = _drawn(statistic, values, (rows, columns), rng(seed, "crossed"), resamples(n_boot, 2)) - value
    draws = draws[np.isfinite(draws).all(axis=1)]
    if len(draws) < 0.9 * n_boot or len(draws) < 2:
        raise InputError(
            f"{n_boot - len(draws)} of {n_boot} resamples have no finite figure: too few rows or columns are measured"
        )
    by_rows, by_columns = draws[:, 0].var(ddof=1), draws[:, 1].var(ddof=1)
    noise = (draws[:, 2] - draws[:, 0] - draws[:, 1]).var(ddof=1)
    se = float(np.sqrt(max(by_rows + by_columns - noise, by_rows, by_columns)))
    free = min(len(rows), len(columns)) - 1
    half = float(t.ppf((1 + level) / 2, free)) * se
    if se <= 1e-12 * abs(value - null):  # all alike: the chance that so many independent signs agree
        p_value = 2.0**-free if value != null else 1.0
    else:
        p_value = float(2 * t.sf(abs(value - null) / se, free))
    return Crossed(
        value, value - half, value + half, p_value, se, float(np.sqrt(by_rows)), float(np.sqrt(by_columns)),
        len(rows), len(columns),
    )  # fmt: skip


def _tables(tables: tuple[ArrayLike, ...]) -> list[Floats]:
    if not tables:
        raise InputError("no table is given: give the figure's tables after it")
    try:
        values = [np.asarray(table, dtype=np.float64) for table in tables]
    except (TypeError, ValueError):
        raise InputError("a table holds something else than numbers: give rows x columns of numbers") from None
    shapes = {value.shape for value in values}
    if len(shapes) > 1 or values[0].ndim != 2:
        raise InputError(f"tables have shapes {sorted(shapes)}: give rows x columns, all tables alike")
    return values


def _members(groups: ArrayLike | None, n: int, what: str) -> list[Ints]:
    """Places of each group; each row or column by itself where none are told."""
    labels = np.arange(n) if groups is None else np.asarray(groups)
    if labels.shape != (n,):
        raise InputError(f"{what} groups have shape {labels.shape} for {n} {what}s: give one group a {what}")
    codes = np.unique(labels.astype(str) if labels.dtype == object else labels, return_inverse=True)[1]
    found = [np.flatnonzero(codes == code) for code in range(int(codes.max(initial=-1)) + 1)]
    if len(found) < 2:
        raise InputError(f"{len(found)} {what} or group of {what}s: two or more are needed to resample them")
    return found


def _drawn(
    statistic: Callable[..., float], values: list[Floats], members: tuple[list[Ints], list[Ints]],
    random: np.random.Generator, n_boot: int,
) -> Floats:  # fmt: skip
    """Figure with rows, with columns and with both resampled, ``(n_boot, 3)``, by the same draws."""
    found = np.empty((n_boot, 3))
    for step in range(n_boot):
        rows, columns = (
            np.concatenate([side[place] for place in random.integers(len(side), size=len(side))]) for side in members
        )
        by_rows = [value[rows] for value in values]
        found[step] = (
            statistic(*by_rows), statistic(*(value[:, columns] for value in values)),
            statistic(*(value[:, columns] for value in by_rows)),
        )  # fmt: skip
    return found
