"""Units of expression: told or detected, stated, converted once, each sample by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import as_cohort, expression, info, units_of, with_info
from omics_rx.core.errors import InputError, examples
from omics_rx.core.unit_values import detect_unit
from omics_rx.core.units import (
    LARGEST_LOG,
    LINEAR,
    LOGGED,
    MIXED,
    PER_READ,
    RELATIVE,
    amount_of,
    base_of,
    from_amounts,
    to_amounts,
    unit_named,
)

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

__all__ = [
    "LINEAR", "LOGGED", "RELATIVE", "Conversion", "UnitFinding", "check_possible", "convert", "detect", "log_of",
    "refuse_unfit",
]  # fmt: skip
_SMALLEST_LOG = 5.0  # log2(log2(x + 1) + 1) of the largest count is 5.3, of the most expressed gene some 4.2
_MANY = 1000
_BASE_NOT_TOLD = ("log2 expression", "log2 intensity")
HOW_TO_TELL = 'omics_rx.core.cohort.with_info(cohort, unit="TPM") tells it'


@dataclass(frozen=True)
class UnitFinding:
    """Unit of a cohort, and how it is known.

    Attributes
    ----------
    unit
        One of ``core.cohort.UNITS``, or ``"mixed"``.
    detected
        True where it was detected from the values, False where it was told.
    statement
        The same as a sentence.
    """

    unit: str
    detected: bool
    statement: str


@in_words
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
    if known.unit == MIXED:
        said = f"samples of several units stand in one cohort: some look like {', some like '.join(units_of(data))}"
        return UnitFinding(MIXED, detected=True, statement=said)
    if known.unit == "unknown":
        return UnitFinding(
            "unknown",
            detected=True,
            statement="the unit is not told, and the values fit none that is known (roots, ranks and their normal "
            "scores fit none)",
        )
    said = f"the unit is not told; the values look like {known.unit}"
    if known.unit in _BASE_NOT_TOLD:
        said += " (nothing in them tells the base of the logarithm, nor that it is one and no root: 2 is supposed)"
    return UnitFinding(known.unit, detected=True, statement=said)


@in_words
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
    to, told = unit_named(to), None if unit is None else unit_named(unit)
    cohort = as_cohort(data)
    have = told or detect(cohort).unit
    if have == to:
        return with_info(cohort, unit=to)
    values = expression(cohort)
    check_possible(values, have)
    if not (_has_amounts(have) and _has_amounts(to)):
        advice = "say its unit" if have in ("unknown", MIXED) else "use it as it is, or read the file before that"
        raise InputError(f"there is no way from {have} to {to}: {advice}")
    linear = pd.DataFrame(to_amounts(values.to_numpy(), have), index=values.index, columns=values.columns)
    source, target = amount_of(have), amount_of(to)
    if source != target:
        linear = _rescaled(linear, source, target, lengths)
    array = linear.to_numpy(dtype=np.float64)
    changed = cohort.copy()
    changed.X = array if to in LINEAR else from_amounts(array, to).astype(np.float32)
    return with_info(changed, unit=to)


@dataclass(frozen=True)
class Conversion:
    """Change of unit, each sample by itself, so that it can be made a block of samples at a time.

    Attributes
    ----------
    have, to
        Units before and after; equal where nothing is changed.
    """

    have: str
    to: str

    def __call__(self, values: Any) -> Any:
        """Convert samples x all their genes, dense or sparse; NaN stays, silent genes stay at zero.

        A dense sample without a read becomes NaN where its total is divided by.
        """
        if self.have == self.to:
            return values
        if self.have in RELATIVE:  # to a linear scale, without an offset
            return np.exp2(np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64))
        if hasattr(values, "tocsr") and not to_amounts(np.zeros(1), self.have).any():
            changed = values.tocsr().astype(np.float64)
            totals = self._totals(to_amounts(changed.data, self.have), changed)
            changed.data = self._changed(changed.data, np.repeat(totals, np.diff(changed.indptr)))
            return changed
        array = np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)
        totals = self._totals(to_amounts(array, self.have), None)
        return self._changed(array, totals[:, None])

    def _totals(self, amounts: np.ndarray, stored: Any) -> np.ndarray:
        if stored is None:
            return np.asarray(np.nansum(amounts, axis=1))
        rows = np.repeat(np.arange(stored.shape[0]), np.diff(stored.indptr))
        return np.bincount(rows, weights=amounts, minlength=stored.shape[0])

    def _changed(self, values: np.ndarray, totals: np.ndarray) -> np.ndarray:
        source, target = amount_of(self.have), amount_of(self.to)
        before, after = base_of(self.have), base_of(self.to)
        if source == target and before is not None and after is not None:
            return np.asarray(values * (np.log(before) / np.log(after)))
        linear = to_amounts(values, self.have)
        if source != target:
            with np.errstate(invalid="ignore", divide="ignore"):
                linear = linear / np.where(totals > 0, totals, np.nan) * 1e6
        return from_amounts(linear, self.to)


@in_words
def log_of(unit: str) -> Conversion:
    """How values of a unit come to a log2 or relative scale: counts, and what was made of them, by way of CPM.

    Examples
    --------
    >>> log_of("counts").to, log_of("ln(TPM + 1)").to, log_of("log2 intensity").to
    ('log2(CPM + 1)', 'log2(TPM + 1)', 'log2 intensity')
    """
    if not _has_amounts(unit):
        return Conversion(unit, unit)
    amount = amount_of(unit)
    by_total = amount in ("counts", "CP10k") or (amount in PER_READ and unit in LINEAR)
    return Conversion(unit, f"log2({'CPM' if by_total else amount} + 1)")


def linear_of(unit: str, *, what: str = "this") -> Conversion:
    """How values of a unit come back to amounts; intensities and expression of unknown offset by the power of two.

    Raises
    ------
    InputError
        For ratios and z-scores, of which there is no way back.
    """
    if _has_amounts(unit):
        return Conversion(unit, amount_of(unit))
    if unit in ("log2 intensity", "log2 expression"):
        return Conversion(unit, "linear expression")
    raise InputError(
        f"{what} needs expression that can be taken back to a linear scale, and the unit is {unit}: pass TPM, CPM, "
        f"counts or log2 intensities, or say the unit: {HOW_TO_TELL}"
    )


@in_words
def refuse_unfit(finding: UnitFinding, *, what: str = "this") -> None:
    """Refuse a unit that is not known, or two in one cohort.

    Raises
    ------
    InputError
        Naming the choice.
    """
    if finding.unit == MIXED:
        raise InputError(f"{finding.statement}: bring them to one unit before they are put together")
    if finding.unit == "unknown":
        raise InputError(
            f"{what} needs values whose unit is known; {finding.statement}. Say which it is, one of "
            f"{', '.join(LINEAR)}, their logarithms such as {LOGGED[3]} or {', '.join(RELATIVE)}: {HOW_TO_TELL}"
        )


def check_told(values: np.ndarray, unit: str) -> None:
    """Refuse a unit that was told and that the values shown cannot have.

    Raises
    ------
    InputError
        As :func:`check_possible`; if sums of the values tell another logarithm; if nothing above 50 is a logarithm.
    """
    check_possible(pd.DataFrame(values), unit)
    seen = detect_unit(values)
    if seen == MIXED:
        raise InputError(f"the unit is said to be {unit}, and samples of two units stand in the cohort: keep one")
    surely = seen in LOGGED and amount_of(seen) in ("TPM", "CP10k", "counts")
    if unit in LOGGED and surely and base_of(seen) != base_of(unit):
        raise InputError(f"the unit is said to be {unit}, and the values add up as {seen} do: correct the unit")
    known = values[np.isfinite(values)]
    if unit in RELATIVE and known.size and float(known.max()) > LARGEST_LOG and unit != "z":
        raise InputError(
            f"the unit is said to be {unit}, and the largest value is {float(known.max()):g}: nothing above "
            f"{LARGEST_LOG:g} is a logarithm; correct the unit"
        )


def _has_amounts(unit: str) -> bool:
    """Whether there is a way from a unit to amounts."""
    return amount_of(unit) in LINEAR


@in_words
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
    if unit == MIXED or (unit := unit_named(unit)) not in (*LINEAR, *LOGGED):
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
    known = array[np.isfinite(array)]
    largest = float(known.max()) if known.size else 0.0
    if unit in LOGGED and largest > LARGEST_LOG:
        raise InputError(f"the largest value is {largest:g}, too large for {unit}: the logarithm was not taken yet")
    few_bits = unit.startswith("log2") and 0 < largest < _SMALLEST_LOG
    if few_bits and array.shape[1] >= _MANY and not np.all(known == np.round(known)):
        raise InputError(
            f"the largest value is {largest:g}, too small for {unit} of {array.shape[1]:,} genes: the logarithm seems "
            "to be taken twice, so read the file from before the second"
        )
    if unit in LINEAR and largest < 25 and array.size > _MANY and not np.all(known == np.round(known)):
        raise InputError(
            f"the largest value is {largest:g}, too small for {unit}: the logarithm seems to be taken already, "
            f"so tell the unit as log2({unit} + 1)"
        )


def _rescaled(linear: pd.DataFrame, source: str, target: str, lengths: Mapping[str, float] | None) -> pd.DataFrame:
    if (source, target) == ("FPKM", "TPM") or (source in PER_READ and target == "CPM"):
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
