"""A laboratory's own screen: raw dose-viability points to ln IC50, area and their uncertainty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.work import track
from omics_rx.harmonize.dose_points import SAME_DOSE, checked
from omics_rx.harmonize.logistic import Curves, Fit, Floats, as_curves, explained, rise, solved, standard_error

_MIN_DOSES = 4
_BLOCK = 10_000
_MOST_UM = 1000.0
ABOVE = "not halved at the highest dose: at least this"
BELOW = "halved at the lowest dose: at most this"
RISES = "rises with dose: no half-maximal dose"
_RISE = 0.3  # viability gained from the lowest to the highest dose, and three standard errors: that is no noise
_MUCH = 4.0  # by so much of the loss a rising curve must be the better one, where wells alone do not decide


@in_words
def fit_curves(
    points: pd.DataFrame,
    *,
    dose_unit: str | None = None,
    measure: str | None = None,
    highest_um: float = _MOST_UM,
    min_doses: int = _MIN_DOSES,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Fit a dose-response curve to every cell and drug.

    Four parameters are fitted with soft-L1 weights, so that single wild wells count little, under a weak prior (upper
    limit 1 with standard deviation 0.15, lower limit 0 with 0.5, ln slope 0 with 1) that decides what the points leave
    open: without it, a curve that never falls has no slope and no centre. For each slope of a grid, from nearly flat to
    a step, falling or rising, Levenberg-Marquardt descends from the best centre and limits, and the best optimum is
    kept. IC50 is absolute: the dose at which the fitted viability is half the control's. Where that is not reached
    within the doses tested, it is the highest dose and ``censored``, or the lowest and ``below_lowest``; nothing is
    extrapolated. A curve that rises by more than 0.3 and three standard errors has no IC50.

    Parameters
    ----------
    points
        One row a well or mean of wells: ``cell_id``, ``drug_id``, ``dose_um`` (uM, above 0), ``viability`` (share of
        the untreated control: 1 is untouched, 0 dead) and, where there are several, ``screen``. Rows of one cell, drug
        and dose are replicates; doses within 5% of each other are one dose in other rounding.
    dose_unit
        ``"uM"``, ``"nM"``, ``"M"``, ``"log10 uM"``, ``"log10 nM"``, ``"log10 M"``, ``"-log10 M"`` (p-doses) or
        ``"ln uM"``; the column may be called ``dose`` then. None takes uM, and asks where the doses look like another.
    measure
        ``"viability"``, or ``"inhibition"`` (1 less viability; the column may be called so). None takes viability, and
        asks where most curves that change rise with dose, or start where dead cells lie.
    highest_um
        Largest dose that is believed to be in uM.
    min_doses
        Number of different doses below which no curve is fitted.
    progress
        Whether to draw a bar on stderr; None draws it on a terminal or in a notebook.

    Returns
    -------
    pandas.DataFrame
        One row a cell, drug and screen: ``cell_id``, ``drug_id``, (``screen``,) ``ln_ic50`` (ln uM), ``se`` of it
        (missing where it is a bound; of nine doses 1.96 of them hold the truth in 92%), ``auc`` (mean fitted viability
        over ln dose between the lowest and the highest dose,
        held within 0 and 1), ``slope``, ``ln_ec50`` (centre), ``upper``, ``lower``, ``r2``, ``censored``
        (not halved at the highest dose), ``below_lowest`` (halved at the lowest), ``n_points``, ``n_doses``,
        ``n_replicates`` (whole wells a dose), ``lowest_um``, ``highest_um`` and
        ``reason`` (why a value is a bound or missing; empty otherwise). Too few doses give missing values, and say so,
        as a curve that rises does.

    Raises
    ------
    InputError
        For missing columns or values, doses that are not above 0, not in uM or logarithms, viability in percent (of a
        whole table or of some curves), inhibition that is not said to be, doses in reverse.
    """
    table, keys = checked(points, highest_um=highest_um, dose_unit=dose_unit, measure=measure)
    if min_doses < 3:
        raise InputError(f"min_doses is {min_doses}: a curve needs at least 3 doses")
    groups = table.groupby(keys, sort=False, observed=True)
    codes = groups.ngroup().to_numpy()
    order = np.argsort(codes, kind="stable")
    x, y = np.log(table["dose_um"].to_numpy())[order], table["viability"].to_numpy()[order]
    counts = np.bincount(codes)
    ids = table[keys].iloc[order[np.concatenate([[0], np.cumsum(counts)[:-1]])]].reset_index(drop=True)
    blocks = [
        _fit_block(*padded, min_doses=min_doses)
        for padded in track(_blocks(x, y, counts), "fitting curves", total=-(-len(counts) // _BLOCK), progress=progress)
    ]
    return pd.concat([ids, pd.concat(blocks, ignore_index=True)], axis=1)


def _blocks(x: Floats, y: Floats, counts: Floats) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Points of up to 10,000 curves at once, padded to the longest: x, y and whether a point is there, ``(n, k)``."""
    ends = np.cumsum(counts)
    for first in range(0, len(counts), _BLOCK):
        of = counts[first : first + _BLOCK]
        known = np.arange(of.max()) < of[:, None]
        start, end = ends[first] - counts[first], ends[first + len(of) - 1]
        wide_x, wide_y = np.zeros(known.shape), np.zeros(known.shape)
        wide_x[known], wide_y[known] = x[start:end], y[start:end]
        yield wide_x, wide_y, known


def _fit_block(x: Floats, y: Floats, known: Floats, *, min_doses: int) -> pd.DataFrame:
    doses = _doses(x, known)
    low, high = doses.first, doses.last
    fit = solved(x, y, known, (low + high) / 2)
    rising, theta, weights = _rising(fit, doses)
    curves = as_curves(theta)
    ln_ic50, above, below = _within(curves, doses, x, y, known)
    enough = doses.number >= min_doses
    inside = enough & ~above & ~below & ~rising
    table = pd.DataFrame(
        {
            "ln_ic50": np.where(rising, np.nan, ln_ic50),
            "se": np.where(inside, standard_error(fit, ln_ic50), np.nan),
            "auc": np.clip(curves.mean_viability(low, high), 0, 1),
            "slope": curves.slope,
            "ln_ec50": curves.centre,
            "upper": curves.upper,
            "lower": curves.lower,
            "r2": explained(y, curves.viability(x), weights * known),
        }
    )
    table.loc[~enough] = np.nan
    n_points = known.sum(axis=1)
    table["censored"], table["below_lowest"] = above & enough & ~rising, below & enough & ~rising
    table["n_points"], table["n_doses"] = n_points, doses.number
    table["n_replicates"] = np.maximum(n_points // np.maximum(doses.number, 1), 1)
    table["lowest_um"], table["highest_um"] = np.exp(low), np.exp(high)
    reason = np.where(rising, RISES, np.where(above, ABOVE, np.where(below, BELOW, "")))
    table["reason"] = np.where(enough, reason, f"fewer than {min_doses} doses")
    return table


@dataclass(frozen=True)
class _Doses:
    """ln doses of curves, ``(n,)`` each: the lowest two, the highest two, and how many different ones there are."""

    first: Floats
    second: Floats
    last_but_one: Floats
    last: Floats
    number: Floats


def _doses(x: Floats, known: Floats) -> _Doses:
    """Tell the doses of each curve; doses that differ by rounding (3.33 and 3.333 uM) are one."""
    low, high = np.where(known, x, np.inf).min(axis=1), np.where(known, x, -np.inf).max(axis=1)
    # padding repeats the highest dose, so that it adds no dose of its own
    ordered = np.sort(np.where(known, x, high[:, None]), axis=1)
    latest, number = low.copy(), np.ones(len(x), dtype=int)
    for column in ordered.T:
        new = column > latest + SAME_DOSE
        latest, number = np.where(new, column, latest), number + new
    second = np.where(ordered > low[:, None] + SAME_DOSE, ordered, np.inf).min(axis=1)
    last_but_one = np.where(ordered < high[:, None] - SAME_DOSE, ordered, -np.inf).max(axis=1)
    return _Doses(low, np.minimum(second, high), np.maximum(last_but_one, low), high, number)


def _within(curves: Curves, doses: _Doses, x: Floats, y: Floats, known: Floats) -> tuple[Floats, Floats, Floats]:
    """Natural log of IC50, and whether it is a bound: above the highest dose, or below the lowest.

    Between the last two doses at either end a fitted curve may cross one half where no well does: a flat curve at .49
    falls, as the prior has it, just above the lowest dose. There the wells decide.
    """
    ln_ic50, above, below = curves.halved(doses.first, doses.last)

    def median(at: Floats) -> Floats:
        return np.nanmedian(np.where(known & at, y, np.nan), axis=1)

    start = median(x <= doses.first[:, None] + SAME_DOSE)
    end = median(x >= doses.last[:, None] - SAME_DOSE)
    below = below | (~above & (ln_ic50 < doses.second) & (start <= 0.5))
    above = above | (~below & (ln_ic50 > doses.last_but_one) & (end > 0.5))
    return np.where(below, doses.first, np.where(above, doses.last, ln_ic50)), above, below


def _rising(fit: Fit, doses: _Doses) -> tuple[Floats, Floats, Floats]:
    """Which curves rise with dose, beyond doubt; parameters of all, and weights of their points.

    The prior has curves begin at 1. So that a few points and a wild well are not bent into one that falls, curves that
    lean upwards are fitted once more as curves from 0 to 1, and the better fit is kept.
    """
    change, error = rise(fit, doses.first, doses.last)
    rising = (change > _RISE) & (change > 3 * error)
    theta, weights, points = fit.theta.copy(), fit.weights.copy(), fit.points
    n = np.maximum(points.known.sum(axis=1), 1)
    middle = (points.x * points.known).sum(axis=1) / n
    leans = (points.known * (points.x - middle[:, None]) * points.y).sum(axis=1) > 0
    maybe = np.flatnonzero(~rising & leans)
    if maybe.size:
        some = points.take(maybe)
        low, high = doses.first[maybe], doses.last[maybe]
        turned = solved(some.x, some.y, some.known, (low + high) / 2, rising=True)
        noise = np.minimum(turned.points.noise, some.noise)
        change, error = rise(turned, low, high)
        chosen = (change > _RISE) & (change > 3 * error)
        chosen &= turned.loss(noise) + _MUCH < Fit(
            fit.theta[maybe], fit.covariance[maybe], fit.weights[maybe], some
        ).loss(noise)
        rising[maybe[chosen]] = True
        theta[maybe[chosen]], weights[maybe[chosen]] = turned.theta[chosen], turned.weights[chosen]
    return rising, theta, weights
