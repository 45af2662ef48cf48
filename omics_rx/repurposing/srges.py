"""Several doses, times and lines of one drug as one reversal score: the summarised RGES (Chen et al. 2017).

A drug at a low dose or after a short time reverses less than at 10 uM after 24 hours. How much less is learnt from
profiles of one drug in one line that were made under both conditions; every profile's score is brought to the reference
condition by that, weighed by how alike its line is to the tumours, and averaged over the profiles of the drug.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples

REFERENCE_DOSE, REFERENCE_TIME = 10.0, 24.0  # uM, hours
TIMES = (6.0, 24.0)  # that pairs are taken from
COLUMNS = {
    "dose": ("pert_dose", "pert_idose", "dose", "dose_um", "concentration"),
    "time": ("pert_time", "pert_itime", "time", "time_h", "hours"),
    "line": ("cell_id", "cell_iname", "cell_line", "line", "cell"),
}
_NUMBER = re.compile(r"\s*([-+]?[0-9.]+(?:e[-+]?\d+)?)\s*([^\d\s]*)\s*", re.IGNORECASE)
_UNITS = {
    "dose": {"": 1.0, "um": 1.0, "µm": 1.0, "μm": 1.0, "nm": 1e-3, "mm": 1e3},
    "time": {"": 1.0, "h": 1.0, "hr": 1.0, "hrs": 1.0, "d": 24.0},
}


@dataclass(frozen=True, eq=False)
class Summarised:
    """What profiles say together.

    Attributes
    ----------
    table
        Index drug: ``srges`` (mean; below 0 reverses), ``median``, ``sd`` and ``n`` profiles.
    corrections
        Condition (``"low, short"``, ...) to what is added to a score; 0 for the reference and for conditions of which
        no pair tells.
    n_pairs
        Condition to the pairs that it was learnt from.
    """

    table: pd.DataFrame
    corrections: pd.Series
    n_pairs: pd.Series


def conditions(about: pd.DataFrame) -> pd.DataFrame | None:
    """Dose (uM), time (hours) and line of each profile, from columns as LINCS names them; None where one is missing.

    Parameters
    ----------
    about
        A row a profile. Doses and times may hold their units (``"10 uM"``, ``"24 h"``, ``"500 nM"``).

    Raises
    ------
    InputError
        For a dose or time that is no number, or in another unit.
    """
    by_name = {str(name).strip().casefold(): name for name in about}
    held = {what: next((by_name[name] for name in names if name in by_name), None) for what, names in COLUMNS.items()}
    if any(name is None for name in held.values()):
        return None
    made = {what: [_number(value, what) for value in about[held[what]]] for what in ("dose", "time")}
    return pd.DataFrame({**made, "line": about[held["line"]].astype(str).str.upper().to_numpy()}, index=about.index)


def _number(value: object, what: str) -> float:
    found = _NUMBER.fullmatch(str(value))
    unit = found[2].casefold() if found else ""
    if found is None or unit not in _UNITS[what]:
        if str(value).strip().casefold() in ("nan", "", "-666", "na", "none"):
            return float("nan")
        raise InputError(f"the {what} {value!r} of a profile is no number of {'uM' if what == 'dose' else 'hours'}: "
                         f"give one, with its unit among {', '.join(filter(None, _UNITS[what]))}")  # fmt: skip
    number = float(found[1]) * _UNITS[what][unit]
    return number if number > 0 else float("nan")


def summarised(
    rges: pd.Series, drugs: pd.Series, about: pd.DataFrame, *, weights: Mapping[str, float] | None = None
) -> Summarised:
    """Summarise the RGES of several profiles a drug.

    Parameters
    ----------
    rges
        RGES of each profile (``reversal``'s ``rges``).
    drugs
        Drug of each profile, the same index.
    about
        ``dose`` (uM), ``time`` (hours) and ``line`` of each profile, from :func:`conditions`.
    weights
        Line to its weight, such as its correlation with the tumours; lines without one are left out. None weighs all
        the same.

    Raises
    ------
    InputError
        If no profile is left, or a weight is not above 0.

    Notes
    -----
    Chen et al. 2017, doi:10.1038/ncomms16022: pairs share drug and line, one is made at 10 uM for 24 hours, the other
    at another dose or time (6 or 24 hours); corrections are the mean difference by dose (under 10 uM, or not) and time
    (under 24 hours, or not).
    """
    if weights is not None:
        bad = [line for line, weight in weights.items() if not weight > 0]
        if bad:
            raise InputError(f"weights of lines are above 0, those of {examples(bad)} are not: leave the lines out")
    table = pd.DataFrame({"rges": rges, "drug": drugs}).join(about).dropna(subset=["rges", "drug", "dose", "time"])
    own = {str(line).upper(): weight for line, weight in (weights or {}).items()}
    table["weight"] = 1.0 if weights is None else table["line"].map(own)
    table = table.dropna(subset=["weight"])
    if table.empty:
        raise InputError("no profile has a score, a dose, a time and a line that has a weight: there is nothing to add")
    low = np.where(table["dose"] < REFERENCE_DOSE, "low", "high")
    short = np.where(table["time"] < REFERENCE_TIME, "short", "long")
    table["condition"] = [f"{dose}, {time}" for dose, time in zip(low, short, strict=True)]
    corrections, n_pairs = _corrections(table)
    brought = (table["rges"] + table["condition"].map(corrections)) * table["weight"] / table["weight"].max()
    by = brought.groupby(table["drug"])
    told = pd.DataFrame({"srges": by.mean(), "median": by.median(), "sd": by.std(), "n": by.size()})
    return Summarised(told.rename_axis("drug").sort_values("srges", kind="stable"), corrections, n_pairs)


def _corrections(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """What the reference condition adds to each other one: mean difference over pairs of one drug in one line."""
    known = table[table["time"].isin(TIMES)].reset_index(names="profile")
    at = (known["dose"] == REFERENCE_DOSE) & (known["time"] == REFERENCE_TIME)
    pairs = known[at].merge(known, on=["drug", "line"], suffixes=("", "_other"))
    pairs = pairs[pairs["profile"] != pairs["profile_other"]]
    names = ["low, short", "low, long", "high, short", "high, long"]
    by = (pairs["rges"] - pairs["rges_other"]).groupby(pairs["condition_other"])
    found = by.mean().reindex(names).fillna(0.0)
    found["high, long"] = 0.0
    return found, by.size().reindex(names).fillna(0).astype(int)
