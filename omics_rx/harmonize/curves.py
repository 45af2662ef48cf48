"""A laboratory's own screen: raw dose-viability points to ln IC50, area and their uncertainty."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import track
from omics_rx.harmonize.logistic import Floats, as_curves, explained, solved, standard_error

_POINTS = ("cell_id", "drug_id", "dose_um", "viability")
_MIN_DOSES = 4
_BLOCK = 2000
_MOST_UM = 1000.0
ABOVE = "not halved at the highest dose: at least this"
BELOW = "halved at the lowest dose: at most this"


def fit_curves(
    points: pd.DataFrame, *, highest_um: float = _MOST_UM, min_doses: int = _MIN_DOSES, progress: bool | None = None
) -> pd.DataFrame:
    """Fit a dose-response curve to every cell and drug.

    Four parameters are fitted by Levenberg-Marquardt with soft-L1 weights, so that single wild wells count little,
    under a weak prior (upper limit 1 with standard deviation 0.15, lower limit 0 with 0.5, ln slope 0 with 1) that
    decides what the points leave open: without it, a curve that never falls has no slope and no centre. IC50 is
    absolute: the dose at which the fitted viability is half the control's. Where that is not reached within the
    doses tested, it is the highest dose and ``censored``, or the lowest; nothing is extrapolated.

    Parameters
    ----------
    points
        One row a well or mean of wells: ``cell_id``, ``drug_id``, ``dose_um`` (uM, above 0), ``viability`` (share of
        the untreated control: 1 is untouched, 0 dead) and, where there are several, ``screen``. Rows of one cell, drug
        and dose are replicates.
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
        (missing where it is a bound), ``auc`` (mean fitted viability over ln dose between the lowest and the highest
        dose, held within 0 and 1), ``slope``, ``ln_ec50`` (centre), ``upper``, ``lower``, ``r2``, ``censored``
        (not halved at the highest dose), ``below_lowest`` (halved at the lowest), ``n_points``, ``n_doses``,
        ``n_replicates`` (whole wells a dose), ``lowest_um``, ``highest_um`` and
        ``reason`` (why a value is a bound or missing; empty otherwise). Too few doses give missing values, and say so.

    Raises
    ------
    InputError
        For missing columns or values, doses that are not above 0 or not in uM, viability in percent.
    """
    table, keys = _checked(points, highest_um)
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


def _checked(points: pd.DataFrame, highest_um: float) -> tuple[pd.DataFrame, list[str]]:
    """Points with numbers as numbers, and the columns that name a curve."""
    absent = [name for name in _POINTS if name not in points]
    if absent:
        raise InputError(f"the points have no column {', '.join(absent)}: they have {examples(points.columns, 10)}")
    if len(points) == 0:
        raise InputError("there are no points to fit")
    keys = ["cell_id", "drug_id", *(["screen"] if "screen" in points else [])]
    table = points[[*keys, "dose_um", "viability"]].reset_index(drop=True)
    where = table[keys].astype(str).agg(" / ".join, axis=1)
    for name in ("dose_um", "viability"):
        table[name] = pd.to_numeric(table[name], errors="coerce").astype(np.float64)
        bad = ~np.isfinite(table[name])
        if bad.any():
            raise InputError(
                f"{int(bad.sum())} {name} are missing or no numbers ({examples(where[bad])}): leave them out"
            )
    if table[keys].isna().to_numpy().any():
        raise InputError(f"{int(table[keys].isna().any(axis=1).sum())} points lack {' or '.join(keys)}: name them")
    _check_doses(table["dose_um"], where, highest_um)
    _check_viability(table["viability"])
    return table, keys


def _check_doses(dose: pd.Series, where: pd.Series, highest_um: float) -> None:
    if (dose <= 0).any():
        raise InputError(
            f"{int((dose <= 0).sum())} doses are not above 0 ({examples(where[dose <= 0].unique())}): give doses in "
            "uM, not their logarithm, and leave out untreated wells, to which viability is a share already"
        )
    if dose.max() > highest_um:
        raise InputError(
            f"{int((dose > highest_um).sum())} doses are above {highest_um:g} uM, up to {dose.max():g} "
            f"({examples(where[dose > highest_um].unique())}): are they in nM? Divide by 1000, or pass highest_um if "
            "they are uM"
        )
    if dose.max() < 1e-3:
        raise InputError(f"the highest dose is {dose.max():g} uM: are the doses in M? Multiply by 1,000,000")


def _check_viability(viability: pd.Series) -> None:
    if viability.median() > 3:
        raise InputError(
            f"viability has median {viability.median():g}, where 1 is an untouched cell: divide percent by 100, and "
            "raw signal by that of the untreated wells"
        )
    if viability.min() < -1:
        raise InputError(
            f"{int((viability < -1).sum())} viabilities are below -1: give the share of the untreated control, not "
            "inhibition or a logarithm"
        )


def _blocks(x: Floats, y: Floats, counts: Floats) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Points of up to 2,000 curves at once, padded to the longest: x, y and whether a point is there, ``(n, k)``."""
    ends = np.cumsum(counts)
    for first in range(0, len(counts), _BLOCK):
        of = counts[first : first + _BLOCK]
        known = np.arange(of.max()) < of[:, None]
        start, end = ends[first] - counts[first], ends[first + len(of) - 1]
        wide_x, wide_y = np.zeros(known.shape), np.zeros(known.shape)
        wide_x[known], wide_y[known] = x[start:end], y[start:end]
        yield wide_x, wide_y, known


def _fit_block(x: Floats, y: Floats, known: Floats, *, min_doses: int) -> pd.DataFrame:
    low = np.where(known, x, np.inf).min(axis=1)
    high = np.where(known, x, -np.inf).max(axis=1)
    # padding repeats the highest dose, so that it adds no dose of its own
    ordered = np.sort(np.where(known, x, high[:, None]), axis=1)
    n_doses = 1 + (np.diff(ordered, axis=1) > 1e-9).sum(axis=1)
    theta, covariance, weights = solved(x, y, known, (low + high) / 2)
    curves = as_curves(theta)
    ln_ic50, above, below = curves.halved(low, high)
    enough = n_doses >= min_doses
    inside = enough & ~above & ~below
    fitted = curves.viability(x)
    table = pd.DataFrame(
        {
            "ln_ic50": ln_ic50,
            "se": np.where(inside, standard_error(theta, covariance, ln_ic50), np.nan),
            "auc": np.clip(curves.mean_viability(low, high), 0, 1),
            "slope": curves.slope,
            "ln_ec50": curves.centre,
            "upper": curves.upper,
            "lower": curves.lower,
            "r2": explained(y, fitted, weights * known),
        }
    )
    table.loc[~enough] = np.nan
    n_points = known.sum(axis=1)
    table["censored"], table["below_lowest"] = above & enough, below & enough
    table["n_points"], table["n_doses"] = n_points, n_doses
    table["n_replicates"] = np.maximum(n_points // np.maximum(n_doses, 1), 1)
    table["lowest_um"], table["highest_um"] = np.exp(low), np.exp(high)
    reason = np.where(above, ABOVE, np.where(below, BELOW, ""))
    table["reason"] = np.where(enough, reason, f"fewer than {min_doses} doses")
    return table
