"""Doses and viabilities as a laboratory has them: checked, in uM and as shares of the control, or asked about."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples, row_names, unknown_name

_IN_UM: dict[str, Callable[[pd.Series], pd.Series]] = {
    "uM": lambda dose: dose,
    "nM": lambda dose: dose / 1e3,
    "M": lambda dose: dose * 1e6,
    "log10 uM": lambda dose: 10.0**dose,
    "log10 nM": lambda dose: 10.0 ** (dose - 3),
    "log10 M": lambda dose: 10.0 ** (dose + 6),
    "-log10 M": lambda dose: 10.0 ** (6 - dose),
    "ln uM": np.exp,
}
DOSE_UNITS = tuple(_IN_UM)
# two doses of one curve nearer than this on the natural log scale are one dose, written with other rounding
SAME_DOSE = 0.05
_CHANGE = 0.3  # viability from the two lowest to the two highest doses, from which a curve is said to fall or to rise
_MANY = 3  # curves from which on a table is judged by most of them
_UNTOUCHED_AT_MOST = 3.0
_NO_WELL = 20.0
_MANY_DOSES = 4


def checked(
    points: pd.DataFrame, *, highest_um: float, dose_unit: str | None, measure: str | None
) -> tuple[pd.DataFrame, list[str]]:
    """Bring points to ``dose_um`` (uM) and ``viability`` (1 is untouched), or say what must be told about them.

    Returns
    -------
    table, keys
        The points, and the columns that name a curve.

    Raises
    ------
    InputError
        As :func:`omics_rx.harmonize.fit_curves` says.
    """
    if not isinstance(points, pd.DataFrame):
        raise InputError(f"the points are a {type(points).__name__}: give a frame, one row a well")
    if measure not in (None, "viability", "inhibition"):
        raise unknown_name("measure", measure, ("viability", "inhibition"))
    if dose_unit is not None and dose_unit not in _IN_UM:
        raise unknown_name("dose_unit", dose_unit, DOSE_UNITS)
    dose = "dose" if dose_unit is not None and "dose_um" not in points else "dose_um"
    value = "inhibition" if measure == "inhibition" and "viability" not in points else "viability"
    absent = [name for name in ("cell_id", "drug_id", dose, value) if name not in points]
    if absent:
        raise InputError(f"the points have no column {', '.join(absent)}: they have {examples(points.columns, 10)}")
    if len(points) == 0:
        raise InputError("there are no points to fit")
    keys = ["cell_id", "drug_id", *(["screen"] if "screen" in points else [])]
    if points[keys].isna().to_numpy().any():
        raise InputError(f"{int(points[keys].isna().any(axis=1).sum())} points lack {' or '.join(keys)}: name them")
    table = points[[*keys, dose, value]].reset_index(drop=True)
    table.columns = pd.Index([*keys, "dose_um", "viability"])
    where = pd.Series(row_names(table[keys]), index=table.index)
    for name, told in (("dose_um", dose), ("viability", value)):
        table[name] = _numbers(table[name], told, where)
    if dose_unit is not None:
        table["dose_um"] = _IN_UM[dose_unit](table["dose_um"])
    _check_doses(table["dose_um"], where, highest_um, told=dose_unit is not None)
    if measure == "inhibition":
        table["viability"] = 1 - table["viability"]
    _check_viability(table["viability"], where)
    if measure is None:
        _check_direction(table.assign(curve=where))
    return table, keys


def _numbers(column: pd.Series, name: str, where: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
    bad = ~np.isfinite(numbers)
    if bad.any():
        raise InputError(f"{int(bad.sum())} {name} are missing or no numbers ({examples(where[bad])}): leave them out")
    return numbers


def _check_doses(dose: pd.Series, where: pd.Series, highest_um: float, *, told: bool) -> None:
    if (dose <= 0).any():
        raise InputError(
            f"{int((dose <= 0).sum())} doses are not above 0 ({examples(where[dose <= 0].unique())}): leave out "
            "untreated wells, to which viability is a share already; for logarithms of doses say dose_unit, one of "
            f"{', '.join(DOSE_UNITS)}"
        )
    if dose.max() > highest_um:
        raise InputError(
            f"{int((dose > highest_um).sum())} doses are above {highest_um:g} uM, up to {dose.max():g} "
            f'({examples(where[dose > highest_um].unique())}): are they in nM? Say dose_unit="nM", or pass highest_um '
            "if they are uM"
        )
    if dose.max() < 1e-3 and not told:
        raise InputError(
            f"the highest dose is {dose.max():g} uM: are the doses in M? Say dose_unit, one of {', '.join(DOSE_UNITS)}"
        )
    if not told:
        _check_logarithms(dose)


def _check_logarithms(dose: pd.Series) -> None:
    """Ask where doses grow by equal steps, as logarithms and p-values of doses do, and not by equal factors."""
    different = np.unique(np.round(dose.to_numpy(), 6))
    if len(different) < _MANY_DOSES or different[-1] > 12 or different[0] < 0.5:
        return
    steps = np.diff(different)
    unit = steps.min()
    if np.allclose(steps / unit, np.round(steps / unit), atol=0.02) and (steps / unit).max() < 2.5:
        raise InputError(
            f"the doses are {examples(f'{number:g}' for number in different)}: they grow by equal steps, as logarithms "
            'do. Say dose_unit: "-log10 M" for p-doses, "log10 nM", ... or "uM" if they are uM'
        )


def _check_viability(viability: pd.Series, where: pd.Series) -> None:
    told = "divide percent by 100, and raw signal by that of the untreated wells"
    if viability.median() > _UNTOUCHED_AT_MOST:
        raise InputError(f"viability has median {viability.median():g}, where 1 is an untouched cell: {told}")
    # one wild well is borne; a curve that holds two, or a well of twenty times the control, is in another unit
    large = (viability > _UNTOUCHED_AT_MOST).groupby(where.to_numpy()).sum() > 1
    large |= viability.groupby(where.to_numpy()).max() > _NO_WELL
    if large.any():
        raise InputError(
            f"{int(large.sum())} of {len(large)} curves hold viabilities far above 1, an untouched cell "
            f"({examples(large.index[large])}): {told}; leave out wells that failed"
        )
    if viability.min() < -1:
        raise InputError(
            f"{int((viability < -1).sum())} viabilities are below -1: give the share of the untreated control, not "
            "inhibition or a logarithm"
        )


def _check_direction(table: pd.DataFrame) -> None:
    """Ask where most curves that change at all rise, or start where dead cells lie."""
    doses = table.groupby(["curve", "dose_um"], sort=True)["viability"].median().groupby(level=0)
    start, end = doses.head(2).groupby(level=0).mean(), doses.tail(2).groupby(level=0).mean()
    change = end - start
    rising, falling = int((change > _CHANGE).sum()), int((change < -_CHANGE).sum())
    choice = (
        'Say measure="inhibition" if 1 is a dead cell; turn doses that were read in reverse; or say '
        'measure="viability" if it is so'
    )
    if rising >= _MANY and rising > falling:
        raise InputError(
            f"{rising} of {len(change)} curves rise with dose and {falling} fall "
            f"({examples(change.index[change > _CHANGE])}). {choice}"
        )
    dead = start < _CHANGE
    if len(change) >= _MANY and dead.mean() > 0.5 and falling * 10 < len(change):
        raise InputError(
            f"{int(dead.sum())} of {len(change)} curves are near 0 at their lowest doses and {falling} fall "
            f"({examples(dead.index[dead])}). {choice}"
        )
