"""Units of expression: how each is called, and the arithmetic of it.

A linear unit is an amount (``TPM``). Its logarithm names the base and what was added (``ln(TPM + 1)``,
``log2(TPM + 0.001)``); square roots and inverse hyperbolic sines name the amount (``sqrt(TPM)``, ``asinh(counts)``).
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from omics_rx.core.errors import InputError, unknown_name

Floats = NDArray[np.float64]

PER_READ = ("counts", "CP10k", "normalised counts")  # become CPM by the sample's total
LINEAR = (*PER_READ, "CPM", "TPM", "FPKM", "linear expression")
BASES = {"log2": 2.0, "ln": float(np.e), "log10": 10.0}
LOGGED = tuple(f"{log}({unit} + 1)" for log in BASES for unit in LINEAR)
RELATIVE = ("log2 intensity", "log2 expression", "log2 ratio", "z")
UNITS = (*LINEAR, *LOGGED, *RELATIVE, "unknown")
MIXED = "mixed"
LARGEST_LOG = 50.0  # nothing above it is a logarithm
LARGEST_POWER = 40.0  # 2**40 is beyond any count or intensity

_SAME_UNIT = {
    "count": "counts", "rawcounts": "counts", "rawcount": "counts", "readcounts": "counts", "reads": "counts",
    "expectedcounts": "counts", "umis": "counts", "umicounts": "counts", "cp10000": "CP10k", "fpkmuq": "FPKM",
    "normalisedcount": "normalised counts", "tmm": "normalised counts", "logcounts": "log2(normalised counts + 1)",
    "rma": "log2 intensity", "gcrma": "log2 intensity", "vst": "log2 expression", "rlog": "log2 expression",
    "logratio": "log2 ratio", "logfc": "log2 ratio", "log2fc": "log2 ratio", "zscore": "z", "zscores": "z",
}  # fmt: skip
_WRITTEN = re.compile(
    r"(log1p|log2|log10|ln|loge|log|sqrt|asinh|arcsinh|arsinh)\(?(1\+)?([a-z0-9]+?)(\+[0-9]*\.?[0-9]+(?:e-?\d+)?)?\)?"
)
_SAME_WAY = {"log1p": "ln", "loge": "ln", "arcsinh": "asinh", "arsinh": "asinh"}


def unit_named(name: str) -> str:
    """The unit that is meant, however it is written; the one place where units are read.

    Case, blanks and hyphens do not matter; RPKM is FPKM and RPM is CPM. A logarithm names its base and what was added.

    Raises
    ------
    UnknownNameError
        If no unit is called so.
    InputError
        If a logarithm does not say its base, or what was added.

    Examples
    --------
    >>> unit_named("rpkm"), unit_named("log2(tpm+1)"), unit_named("log1p(CPM)"), unit_named("Z-score")
    ('FPKM', 'log2(TPM + 1)', 'ln(CPM + 1)', 'z')
    """
    if name in UNITS:
        return name
    plain = _plain(str(name))
    known = {_plain(unit): unit for unit in UNITS} | _SAME_UNIT
    if plain in known:
        return known[plain]
    found = _WRITTEN.fullmatch(plain)
    amount = known.get(found[3]) if found else None
    if found is None or amount not in LINEAR:
        raise unknown_name("unit", name, UNITS)
    way, added = _SAME_WAY.get(found[1], found[1]), "1" if found[2] or found[1] == "log1p" else found[4]
    if way in ("sqrt", "asinh") and added is None:
        return f"{way}({amount})"
    if way == "log":
        raise InputError(f"unit {name!r} does not say the base: is it log2({amount} + 1), ln({amount} + 1) or log10?")
    if added is None or way not in BASES:
        raise InputError(f"unit {name!r} does not say what was added: log2({amount} + 1), log2({amount} + 0.001)?")
    return f"{way}({amount} + {float(added):g})"


def _plain(name: str) -> str:
    """Name without case, blanks and signs that only part words; units of one name under one."""
    plain = re.sub(r"[\s_]|-(?!\d)", "", name.casefold()).replace("normalized", "normalised")
    return plain.replace("rpkm", "fpkm").replace("rpm", "cpm")


_AMOUNT = "|".join(LINEAR)
_BENT = re.compile(rf"(?:(log2|ln|log10)\(({_AMOUNT}) \+ ([0-9.e-]+)\)|(sqrt|asinh)\(({_AMOUNT})\))")


def base_of(unit: str) -> float | None:
    """Base of a logarithm of an amount and one; None for any other unit."""
    return BASES[unit.split("(", maxsplit=1)[0]] if unit in LOGGED else None


def amount_of(unit: str) -> str:
    """Linear unit of which this is the logarithm, the root or the inverse sine; or the unit itself.

    Examples
    --------
    >>> [amount_of(unit) for unit in ("sqrt(TPM)", "log2(TPM + 0.001)", "log2(TPM + 1)", "TPM", "z")]
    ['TPM', 'TPM', 'TPM', 'TPM', 'z']
    """
    found = _BENT.fullmatch(unit)
    return unit if found is None else found[2] or found[5]


def to_amounts(values: Floats, unit: str) -> Floats:
    """Values of any linear unit, or of one under a logarithm, a root or an inverse sine, as amounts."""
    found = _BENT.fullmatch(unit)
    if found is None:
        return values
    if found[4]:
        return np.square(values) if found[4] == "sqrt" else np.sinh(np.minimum(values, LARGEST_POWER * np.log(2)))
    base, added = BASES[found[1]], float(found[3])
    power = values * np.log(base)
    if added == 1:
        return np.expm1(power)
    return np.maximum(np.exp(np.minimum(power, LARGEST_POWER * np.log(2))) - added, 0.0)


def from_amounts(amounts: Floats, unit: str) -> Floats:
    """Amounts under the logarithm, root or inverse sine of a unit; what :func:`to_amounts` takes back."""
    found = _BENT.fullmatch(unit)
    if found is None:
        return amounts
    if found[4]:
        return np.sqrt(amounts) if found[4] == "sqrt" else np.arcsinh(amounts)
    base, added = BASES[found[1]], float(found[3])
    return (np.log1p(amounts) if added == 1 else np.log(amounts + added)) / np.log(base)
