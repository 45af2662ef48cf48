"""Units of expression: told or detected, stated, converted once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.cohort import UNITS, as_cohort, expression, info, with_info
from omics_rx.core.errors import InputError, examples

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

LINEAR = ("counts", "CPM", "TPM", "FPKM")
LOGGED = tuple(f"log2({unit} + 1)" for unit in LINEAR)
RELATIVE = ("log2 intensity", "log2 expression", "log2 ratio", "z")
_LARGEST_LOG = 40.0  # 2**40 is beyond any count, so a larger value was not logged
_SMALLEST_LOG = 5.0  # log2(log2(x + 1) + 1) of the largest count is 5.3, of the most expressed gene some 4.2
_MANY = 1000


@dataclass(frozen=True)
class UnitFinding:
    """Unit of a cohort, and how it is known.

    Attributes
    ----------
    unit
        One of ``core.cohort.UNITS``.
    detected
        True where it was detected from the values, False where it was told.
    statement
        The same as a sentence.
    """

    unit: str
    detected: bool
    statement: str


def detect(data: CohortLike) -> UnitFinding:
    """Unit of a cohort as it was told, or else as its values look.

    Parameters
    ----------
    data
        Samples x genes.
    """
    known = info(data)
    if "unit" not in known.detected:
        return UnitFinding(known.unit, detected=False, statement=f"the unit is {known.unit}, as told")
    if known.unit == "unknown":
        return UnitFinding(
            "unknown", detected=True, statement="the unit is not told, and the values fit none that is known"
        )
    return UnitFinding(known.unit, detected=True, statement=f"the unit is not told; the values look like {known.unit}")


def convert(
    data: CohortLike, to: str, *, unit: str | None = None, lengths: Mapping[str, float] | None = None
) -> AnnData:
    """Convert a cohort to another unit, once.

    Counts become CPM by the sample's total, TPM by gene lengths (Wagner 2012), FPKM become TPM by the sample's total;
    any of these becomes its log2(x + 1) and back. A total is taken over the genes that are there, so convert before
    choosing genes. A cohort that has the unit already is returned unchanged, so that nothing is logged twice.

    Parameters
    ----------
    data
        Samples x genes.
    to
        Unit wanted, one of ``core.cohort.UNITS``.
    unit
        Unit the values have; None takes what the cohort says, or what was detected.
    lengths
        Gene to length in bases, for counts to TPM or FPKM.

    Returns
    -------
    anndata.AnnData
        New cohort that says its unit. Missing values stay missing.

    Raises
    ------
    InputError
        If a unit is not known, the values cannot have the unit they are said to have, or there is no way between
        the two units.
    """
    for name in (to, unit or to):
        if name not in UNITS:
            raise InputError(f"unit {name!r} is not known: use one of {', '.join(UNITS)}")
    cohort = as_cohort(data)
    have = unit or detect(cohort).unit
    if have == to:
        return with_info(cohort, unit=to)
    values = expression(cohort)
    check_possible(values, have)
    if have not in (*LINEAR, *LOGGED) or to not in (*LINEAR, *LOGGED):
        advice = "say its unit" if have == "unknown" else "use it as it is, or read the file before it was transformed"
        raise InputError(f"there is no way from {have} to {to}: {advice}")
    linear = _unlogged(values) if have in LOGGED else values
    source, target = _plain(have), _plain(to)
    if source != target:
        linear = _rescaled(linear, source, target, lengths)
    array = linear.to_numpy(dtype=np.float64)
    changed = cohort.copy()
    changed.X = np.log2(array + 1).astype(np.float32) if to in LOGGED else array
    return with_info(changed, unit=to)


def logged(data: CohortLike) -> tuple[AnnData, str]:
    """Cohort on a logarithmic or relative scale, and what was done in words.

    Counts become log2(CPM + 1); CPM, TPM and FPKM their log2(x + 1); everything else stays as it is.
    """
    cohort = as_cohort(data)
    finding = detect(cohort)
    if finding.unit not in LINEAR:
        return cohort, finding.statement
    to = "log2(CPM + 1)" if finding.unit == "counts" else f"log2({finding.unit} + 1)"
    return convert(cohort, to), f"{finding.statement}; converted to {to}"


def _unlogged(values: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(np.exp2(values.to_numpy()) - 1, index=values.index, columns=values.columns)


def _plain(unit: str) -> str:
    return unit.removeprefix("log2(").removesuffix(" + 1)")


def check_possible(values: pd.DataFrame, unit: str) -> None:
    """Refuse values that cannot have the unit they are said to have: the sign of a logarithm taken already.

    Parameters
    ----------
    values
        Samples x genes.
    unit
        One of ``core.cohort.UNITS``; only linear units and their logarithms can be told wrong.

    Raises
    ------
    InputError
        If values are negative, too large for a logarithm, too small for one of many values, or too small for
        anything else.
    """
    if unit not in (*LINEAR, *LOGGED):
        return
    array = values.to_numpy()
    negative = array < 0
    if negative.any():
        where = [f"{values.columns[gene]} in {values.index[row]}" for row, gene in np.argwhere(negative)[:100]]
        raise InputError(
            f"{int(negative.sum())} values are below zero in {int(negative.any(axis=1).sum())} samples "
            f"({examples(where)}), which {unit} cannot have: correct them, or, if they are ratios or logarithms, tell "
            "the unit they have"
        )
    largest = float(np.nanmax(array)) if np.isfinite(array).any() else 0.0
    if unit in LOGGED and largest > _LARGEST_LOG:
        raise InputError(f"the largest value is {largest:g}, too large for {unit}: the logarithm was not taken yet")
    if unit in LOGGED and 0 < largest < _SMALLEST_LOG and array.shape[1] >= _MANY:
        raise InputError(
            f"the largest value is {largest:g}, too small for {unit} of {array.shape[1]:,} genes: the logarithm seems "
            "to be taken twice, so read the file from before the second"
        )
    if unit in LINEAR and largest < 25 and array.size > _MANY:
        raise InputError(
            f"the largest value is {largest:g}, too small for {unit}: the logarithm seems to be taken already, "
            f"so tell the unit as log2({unit} + 1)"
        )


def _rescaled(linear: pd.DataFrame, source: str, target: str, lengths: Mapping[str, float] | None) -> pd.DataFrame:
    if (source, target) in {("FPKM", "TPM"), ("counts", "CPM")}:
        return _per_million(linear)
    if source == "counts" and target in {"TPM", "FPKM"}:
        if lengths is None:
            raise InputError(f"counts become {target} only with gene lengths: pass lengths, or convert to CPM")
        missing = [gene for gene in linear.columns if not lengths.get(gene, 0) > 0]
        if missing:
            raise InputError(f"{len(missing)} genes have no length ({examples(missing)}): pass lengths for all of them")
        rates = linear.div([lengths[gene] / 1000 for gene in linear.columns], axis=1)
        return _per_million(rates) if target == "TPM" else rates.div(linear.sum(axis=1) / 1e6, axis=0)
    raise InputError(f"there is no way from {source} to {target}: read the file that holds {target}")


def _per_million(linear: pd.DataFrame) -> pd.DataFrame:
    totals = linear.sum(axis=1)
    if (totals <= 0).any():
        raise InputError(
            f"{int((totals <= 0).sum())} samples sum to zero ({examples(totals.index[totals <= 0])}): remove them"
        )
    return linear.div(totals / 1e6, axis=0)
