"""Unit that the values of a matrix have, where nobody said it.

It is told from the values alone: from whole numbers, from what a sample's values (or, for each way to bend amounts in
turn, the amounts) sum to, from the grid that counts leave under a logarithm, from the sign.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from omics_rx.core.units import BASES, LARGEST_LOG, LARGEST_POWER, MIXED, Floats, to_amounts

_SMALLEST_LOG = 3.0
_FLOOR = 0.01  # share of the values that are the smallest one where silent genes pile up
_TOTALS = {"TPM": 1e6, "CP10k": 1e4}
_MANY_GENES = 5000
_CLOSE, _EXACT = 0.01, 0.001  # of a total, by which it is told: over many genes, over few
_SAME_TOTAL = 0.001
# .999 quantile of a sample's amounts over their median: 67, 119, 298 in counts, arrays, FPKM; of their roots 8, 11, 17
_WIDE, _LEAST_SPAN = 1000, 30.0
_NORMAL, _LEAST_SCORES, _NEAR_SCORE = NormalDist(), 200, 0.02
_WHOLE_SHARE = 0.3  # of the values above zero of estimated counts that are whole
_SPARSE = 0.7  # share of zeros in which amounts come from counts of cells
_LARGEST_EXACT = 2000.0  # up to which single precision keeps the hundredths of an amount under its logarithm
_LIKE_DEPTHS = 0.5  # spread of ln(total) up to which samples were brought to one depth
_LEAST_CODE = 9999.0  # smallest number that codes for a missing value among amounts
_FEW = 10  # values above zero that say something of a sample
_LEAST_READ = 1e-6  # amount of one read in the deepest sample
_GRID_SHARE, _GRID_TOP, _MOST_READS = 0.97, 64, 7


def units_in(values: NDArray[np.floating] | NDArray[np.integer]) -> tuple[str, ...]:
    """Units that the samples of a matrix have: one, or several where samples of two kinds were put together.

    Parameters
    ----------
    values
        Samples x genes, shape ``(n, p)``; missing values and samples without any value are passed over.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return ("unknown",)
    with np.errstate(invalid="ignore"):
        array = array[(np.isfinite(array) & (array != 0)).any(axis=1)]
    if len(array) == 0:
        return ("unknown",)
    kinds = _kinds(array)
    parts = _parts(array, kinds)
    if len(parts) > 1:
        found = tuple(dict.fromkeys(_unit_of(part) for part in parts))
        if len(found) > 1:
            return found
    return (_unit_of(array),)


def detect_unit(values: NDArray[np.floating] | NDArray[np.integer]) -> str:
    """Unit of a matrix by its values: one of ``UNITS``, or ``"mixed"`` where two stand in it; see :func:`units_in`.

    Whole numbers are counts at any height. Samples that sum to 1e6 or 1e4 are TPM (or CPM) and CP10k; that sum to one
    total, normalised counts; the same is asked of their values under each logarithm. Logarithms whose silent genes
    share one smallest value, or that dip below zero while the typical gene lies above, are expression with an unknown
    offset. Other values on both sides of zero are ratios, or z where genes have mean 0 and variance 1. What lies above
    50 is no logarithm.
    """
    found = units_in(values)
    return found[0] if len(found) == 1 else MIXED


def _kinds(array: Floats) -> NDArray[np.str_]:
    """What each sample's values are: ``signed``, ``whole``, ``linear``, ``log``, or ``few`` where they say nothing."""
    known = np.isfinite(array)
    filled = np.where(known, array, 0.0)
    low, high = filled.min(axis=1), filled.max(axis=1)
    whole = (filled == np.round(filled)).all(axis=1)
    # three numbers alone may be counts, or anything else: log2(counts + 1) of ones and threes, a shifted ratio
    few = ((filled > 0).sum(axis=1) < _FEW) | (whole & _few_levels(filled))
    kinds = np.where(low < 0, "signed", np.where(whole, "whole", np.where(high > LARGEST_LOG, "linear", "log")))
    return np.where(few & (low >= 0), "few", kinds)


def _few_levels(filled: Floats) -> NDArray[np.bool_]:
    """Samples whose values above zero are three numbers at most."""
    level = np.zeros((len(filled), 1))
    for _ in range(3):
        level = np.where(filled > level, filled, np.inf).min(axis=1, keepdims=True)
    return np.asarray(~(filled > level).any(axis=1))


def _parts(array: Floats, kinds: NDArray[np.str_]) -> list[Floats]:
    """Samples of each kind, where the kinds cannot be one unit."""
    own = {str(kind): array[kinds == kind] for kind in np.unique(kinds) if kind != "few"}
    high = {kind: np.nanmax(rows, axis=1) for kind, rows in own.items()}
    groups = []
    if "whole" in own and len(own) > 1:
        groups = [own.pop("whole"), *own.values()]
    elif "linear" in own and array.shape[1] >= 200:
        small = [kind for kind in ("log", "signed") if kind in own and high[kind].max() <= 25]
        if small and high["linear"].min() > 100:
            groups = [own["linear"], *(own[kind] for kind in small)]
    elif set(own) == {"log"}:
        groups = _by_total(
            own["log"],
            {f"{log}({unit} + 1)": (base, total) for log, base in BASES.items() for unit, total in _TOTALS.items()},
        )
    elif set(own) == {"linear"}:
        groups = _by_total(own["linear"], {unit: (None, total) for unit, total in _TOTALS.items()})
    return groups


def _by_total(rows: Floats, units: dict[str, tuple[float | None, float]]) -> list[Floats]:
    """Samples of each unit that their sums tell, under a logarithm or plain, where these differ."""
    names = np.full(len(rows), "", dtype=object)
    for unit, (base, total) in units.items():
        sums = np.nansum(rows, axis=1) if base is None else _totals_under(rows, base)
        names[np.abs(sums / total - 1) < _nearness(rows)] = unit
    told = names != ""
    if told.sum() < 2 and rows.shape[1] < _MANY_GENES:
        return []  # few genes of one sample sum to anything now and then
    if len(set(names[told])) > 1 or 0.1 <= told.mean() <= 0.9:
        return [rows[names == name] for name in sorted(set(names))]
    return []


def _unit_of(array: Floats) -> str:
    known = array[np.isfinite(array)]
    low, high = float(known.min()), float(known.max())
    if low != 0 and (bent := _with_added(array, known, low)):
        return bent
    if low < 0:
        return _unit_around_zero(array, known)
    if np.all(known == np.round(known)):
        return "unknown" if _are_ranks(array) or _has_code(known, high) else "counts"
    if bent := _rooted(array, known, low):
        return bent
    if high > LARGEST_LOG:
        return "unknown" if _has_code(known, high) else _linear_unit(array, known)
    return _unit_of_logs(array, known, high)


def _are_ranks(array: Floats) -> bool:
    """Whether all samples hold the same values in another order, as ranks do and reads never."""
    if len(array) < 3 or array.shape[1] < _FEW or np.isnan(array).any():
        return False
    ordered = np.sort(array, axis=1)
    return len(np.unique(ordered[0])) >= _FEW and bool(np.allclose(ordered, ordered[0], rtol=1e-4, atol=1e-6))


def _has_code(known: Floats, high: float) -> bool:
    """Whether the largest value stands in many places and far above the next, as a code for what is missing does."""
    if high < _LEAST_CODE or float(np.mean(known == high)) < _FLOOR:
        return False
    others = known[known < high]
    return others.size == 0 or high >= 2 * float(others.max())


def _nearness(array: Floats) -> float:
    return _CLOSE if array.shape[1] >= _MANY_GENES else _EXACT


def _same(totals: Floats) -> bool:
    return len(totals) > 2 and bool(np.all(np.abs(totals / np.median(totals) - 1) < _SAME_TOTAL))


def _linear_unit(array: Floats, known: Floats) -> str:
    """Unit of amounts; unknown where samples of different depths cannot be told from samples of different contents."""
    totals = np.nansum(array, axis=1)
    for unit, total in _TOTALS.items():
        if np.all(np.abs(totals / total - 1) < 0.05):
            return unit
    if _same(totals):
        return "normalised counts"
    positive = known[known > 0]
    if np.mean(positive == np.round(positive)) >= _WHOLE_SHARE:
        return "counts"
    if np.mean(known == 0) > _SPARSE or float(np.log(totals).std()) > _LIKE_DEPTHS:
        return "unknown"
    return "linear expression" if array.shape[1] < _WIDE or _span(array) >= _LEAST_SPAN else "unknown"


def _span(array: Floats) -> float:
    """How far the high genes of a typical sample lie above its middle one, as a ratio."""
    rows = [row[row > 0] for row in array[:100]]
    return float(np.median([np.quantile(row, 0.999) / np.median(row) for row in rows if row.size] or [np.inf]))


def _unit_of_logs(array: Floats, known: Floats, high: float) -> str:
    for log, base in BASES.items():
        totals = _totals_under(array, base)
        for unit, total in _TOTALS.items():
            if np.all(np.abs(totals / total - 1) < _nearness(array)):
                return f"{log}({unit} + 1)"
    for log, base in BASES.items():
        if _same(_totals_under(array, base)) and not _are_ranks(array):  # quantiles of one kind sum alike in any base
            return f"{log}(normalised counts + 1)"
    for log, base in BASES.items():
        if grid := _grid(array, base):
            return f"{log}({grid} + 1)"
    if high <= _SMALLEST_LOG:
        return "unknown"
    return "log2 expression" if _has_floor(known) else "log2 intensity"


def _with_added(array: Floats, known: Floats, floor: float) -> str:
    """Logarithm of amounts and something else than one, told by the value of silent genes and by the amounts."""
    if float(np.mean(known == floor)) < _FLOOR or abs(floor) > LARGEST_POWER:
        return ""
    for log, base in BASES.items():
        added = float(f"{base**floor:.3g}")
        if abs(added / base**floor - 1) < _CLOSE and (amount := _told_by(to_amounts(array, f"{log}(TPM + {added:g})"))):
            return f"{log}({amount} + {added:g})"
    return ""


def _rooted(array: Floats, known: Floats, low: float) -> str:
    """Square root or inverse hyperbolic sine of amounts, where the amounts tell."""
    silent = low == 0 and float(np.mean(known == 0)) >= _FLOOR
    sure = silent or known.max() > LARGEST_LOG or (len(array) > 2 and not _are_ranks(array))
    for way in ("sqrt", "asinh"):
        amount = _told_by(to_amounts(array, f"{way}(TPM)")) if not _whole_in_all(array) else ""
        if amount == "counts" or (amount and sure):  # intensities of one array sum to anything now and then
            return f"{way}({amount})"
    return ""


def _told_by(amounts: Floats) -> str:
    """Unit of amounts by their sums, or by whole numbers among the small ones; empty where neither tells it."""
    sums = np.nansum(amounts, axis=1)
    for unit, total in _TOTALS.items():
        if np.all(np.abs(sums / total - 1) < _EXACT):
            return unit
    return "counts" if _whole_in_all(amounts) else ""


def _whole_in_all(amounts: Floats) -> bool:
    """Whether the small amounts of every sample are whole, or nearly so as those of a million reads per million are."""
    shown = [row[np.isfinite(row) & (row > 0)] for row in amounts[:50]]
    told = [row for row in shown if row.size >= _FEW]
    return bool(told) and all(_are_whole(row, least=_FEW) for row in told)


def _totals_under(array: Floats, base: float) -> Floats:
    """What a sample's values sum to under a logarithm of ``x + 1``, shape ``(n,)``."""
    power = np.minimum(array, LARGEST_POWER / np.log2(base)) * np.log(base)
    totals: Floats = np.nansum(np.expm1(power), axis=1)
    return totals


def _grid(array: Floats, base: float) -> str:
    """Which counts lie under a logarithm: a sample's amounts are then multiples of one, the amount of a read.

    Returns
    -------
    str
        ``"counts"`` where the amounts are whole themselves, ``"normalised counts"`` where they are multiples, else
        nothing. Samples without three different multiples that another base would miss say nothing.
    """
    told, on_grid, whole = 0, 0, 0
    for row in array[:50]:
        amounts = np.expm1(row[np.isfinite(row) & (row > 0)] * np.log(base))
        if amounts.size < _FEW:
            continue
        multiples = amounts / max(float(amounts.min()), _LEAST_READ)
        if len(np.unique(np.round(multiples))) < 4:
            continue
        told += 1
        whole += _are_whole(amounts, least=3) or (_many_are_whole(amounts) and not _thins_out(row, base))
        on_grid += any(_are_whole(multiples * reads, least=_FEW) for reads in range(1, _MOST_READS))
    if told and whole >= 0.9 * told:
        return "counts"
    return "normalised counts" if told and on_grid >= 0.9 * told else ""


def _are_whole(multiples: Floats, *, least: int) -> bool:
    """Whether those of them that are small enough to tell are whole, ``least`` of them and of three kinds above one."""
    small = multiples[multiples < _GRID_TOP]
    above = small[small > 1.5]
    if above.size < least or len(np.unique(np.round(above))) < 3:
        return False
    return bool(np.mean(np.abs(small - np.round(small)) < 0.01 + 0.002 * small) >= _GRID_SHARE)


def _many_are_whole(amounts: Floats) -> bool:
    """Whether many of them are whole to a hundredth, as reads are that were estimated or are all many."""
    exact = amounts[(amounts > 1.5) & (amounts < _LARGEST_EXACT)]
    if exact.size < 2 * _FEW or len(np.unique(np.round(exact))) < _FEW:
        return False
    return bool(np.mean(np.abs(exact - np.round(exact)) < 0.01) >= _WHOLE_SHARE)


def _thins_out(row: Floats, base: float) -> bool:
    """Whether amounts get rarer towards none, as intensities above a background do; silent genes are many in reads."""
    amounts = np.expm1(row[np.isfinite(row)] * np.log(base))
    return bool((amounts < 0.5).sum() < ((amounts > 3.5) & (amounts < 5.5)).sum() / 4)


def _unit_around_zero(array: Floats, known: Floats) -> str:
    """Unit of values on both sides of zero, shape ``(n, p)``, ``known`` the finite ones among them.

    A ratio has one sample or pool below the line, so half of a sample's genes lie on each side of zero. A logarithm
    of expression with a small pseudo-count, log2(FPKM + 0.1), dips below zero for silent genes only: its typical gene
    lies well above, or its silent genes pile up at the logarithm of the pseudo-count.
    """
    if known.max() > LARGEST_POWER or all(_are_normal_scores(row) for row in array[:50]):
        return "unknown"
    if is_standardised(array):
        return "z"
    centre = float(np.median(np.nanmedian(array, axis=1)))
    if centre > 0.5 * known.std():
        return "log2 intensity" if known.min() >= -1.0 and not _has_floor(known) else "log2 expression"
    return "log2 expression" if _has_floor(known) else "log2 ratio"


def _are_normal_scores(row: Floats) -> bool:
    """Whether a sample's values are those of a normal distribution at the ranks they have, which no measurement is."""
    ordered = np.sort(row[np.isfinite(row)])
    if ordered.size < _LEAST_SCORES:
        return False
    places = np.linspace(0.05, 0.95, 301) * (ordered.size - 1)
    places = np.array([at for at in places.astype(int) if ordered[at - 1] < ordered[at] < ordered[at + 1]], dtype=int)
    expected = np.array([_NORMAL.inv_cdf((at + 0.5) / ordered.size) for at in places])
    return len(places) >= _FEW and bool(np.all(np.abs(ordered[places] - expected) < _NEAR_SCORE))


def _has_floor(known: Floats) -> bool:
    """Whether a share of the values is the smallest one, as genes without any read are, and none piles up on top."""
    at_floor, at_ceiling = float(np.mean(known == known.min())), float(np.mean(known == known.max()))
    return at_floor >= _FLOOR and at_ceiling < at_floor / 10


def is_standardised(array: Floats) -> bool:
    """Whether the typical gene has mean 0 and standard deviation 1 over the samples shown."""
    if array.shape[0] < 10:
        return False
    measured = array[:, np.isfinite(array).all(axis=0)]
    if measured.shape[1] == 0:
        return False
    deviation = float(np.median(measured.std(axis=0)))
    centre = float(np.median(np.abs(measured.mean(axis=0))))
    return 0.8 < deviation < 1.2 and centre < 0.3
