"""In what unit are responses? Told from compounds whose responses are known, on any number of pairs.

Each unit that people write makes a hypothesis of what a value says in ln(uM). Under it a compound's responses lie
about its known mean, moved by the level of the laboratory and by what is particular to assay and compound. The unit
under which the values are most likely is compared with ln(uM); what differs by a convincing margin is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import gammaln

from omics_rx.core import resources
from omics_rx.core.errors import InputError, unknown_name
from omics_rx.harmonize.drugs import Finder

_LN10, _LN2, _LN1000 = float(np.log(10)), float(np.log(2)), float(np.log(1000))
# between laboratories a compound's mean differs by about this much (ln uM) once their levels are brought together
_COMPOUND_SD, _LEVEL_SD, _FREEDOM = 1.3, 1.0, 4.0
_MARGIN = 9.0
# Between ln and another base the values alone may not decide. Panels of GDSC1 drawn at random: in five lines and more
# ln(uM) is the likelier by 7 and by .5 a compound in 95 of 100 panels, and the same values in log2(uM) by less in 85;
# in one line by a quarter a compound. What lies below is asked.
_DOZEN, _DOUBT, _SEVERAL_LINES = 12, 7.0, 3.0
_A_COMPOUND, _A_COMPOUND_OF_ONE_LINE = 0.45, 0.25
_OTHER_BASES = ("log2 uM", "log10 uM")
# further lines of a compound tell of the scale; many of them tell little more than a few
_MOST_PAIRS = 4.0
_ENOUGH = 20_000
_LEVELS = np.linspace(-3.0, 3.0, 25)


@dataclass(frozen=True)
class Unit:
    """A way to write a response.

    Attributes
    ----------
    to_ln_um
        From values to ln(uM).
    slope
        Natural logarithm of the absolute derivative of that at each value.
    how
        How to bring it to ln(uM), in words.
    """

    to_ln_um: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    how: str


def _linear(slope: float, shift: float, how: str) -> Unit:
    return Unit(lambda v: slope * v + shift, lambda v: np.full(v.shape, np.log(abs(slope))), how)


def _plain(per_um: float, how: str) -> Unit:
    return Unit(lambda v: np.log(v / per_um), lambda v: -np.log(v), how)


UNITS: Mapping[str, Unit] = {
    "ln uM": _linear(1, 0, "as it is"),
    "ln nM": _linear(1, -_LN1000, "subtract ln(1000) = 6.908"),
    "ln M": _linear(1, 2 * _LN1000, "add ln(1e6) = 13.816"),
    "log10 uM": _linear(_LN10, 0, "multiply by 2.3026"),
    "log10 nM": _linear(_LN10, -_LN1000, "take (x - 3) * 2.3026"),
    "log10 M": _linear(_LN10, 2 * _LN1000, "take (x + 6) * 2.3026"),
    "log2 uM": _linear(_LN2, 0, "multiply by 0.6931"),
    "log2 nM": _linear(_LN2, -_LN1000, "take x * 0.6931 - 6.908"),
    "-ln uM": _linear(-1, 0, "change the sign"),
    "-log10 uM": _linear(-_LN10, 0, "multiply by -2.3026"),
    "pIC50": _linear(-_LN10, 2 * _LN1000, "take (6 - x) * 2.3026"),
    "uM": _plain(1.0, "take the natural logarithm"),
    "nM": _plain(1e3, "take ln(x / 1000)"),
    "M": _plain(1e-6, "take ln(x * 1e6)"),
}
_ALIASES = {
    "lnic50": "ln uM", "ln(um)": "ln uM", "logum": "ln uM", "ln": "ln uM", "micromolar": "uM", "µm": "uM", "μm": "uM",
    "nanomolar": "nM", "molar": "M", "log10": "log10 uM", "-log10m": "pIC50", "-log10(m)": "pIC50", "pic50(m)": "pIC50",
}  # fmt: skip


def unit_named(name: str) -> str:
    """The unit of ``UNITS`` that is meant: ``"ln(uM)"``, ``"log10_nM"``, ``"pIC50"``, ``"uM"``.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    key = _key(name)
    for unit in UNITS:
        if _key(unit) == key:
            return unit
    if key in _ALIASES:
        return _ALIASES[key]
    raise unknown_name("unit of responses", name, UNITS)


def _key(name: str) -> str:
    text = str(name).strip().replace("\u00b5", "u").replace("\u03bc", "u")
    text = text.replace(" ", "").replace("_", "").replace("(", "").replace(")", "")
    return text if text in ("M", "-lnM") else text.casefold().replace("loge", "ln")


def to_ln_um(values: np.ndarray, unit: str) -> np.ndarray:
    """Responses in ln(uM); values that are not above 0 in a plain unit become infinite.

    Examples
    --------
    >>> import numpy as np
    >>> to_ln_um(np.array([5.0]), "pIC50").round(3)
    array([2.303])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return UNITS[unit_named(unit)].to_ln_um(np.asarray(values, dtype=np.float64))


@cache
def _ranges() -> pd.DataFrame:
    table = resources.table("response_ranges.tsv").set_index("drug_id")
    return table[["mean", "sd"]].astype(float)


def known_ranges(drugs: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation (ln uM) of the drugs whose responses are known, by the ``drug_id`` given.

    Parameters
    ----------
    drugs
        Index ``drug_id``; ``name``, ``aliases``, ``smiles`` and ``inchikey`` where known.
    """
    finder = _finder()
    columns = [
        drugs.get(name, pd.Series(None, index=drugs.index, dtype=object)) for name in ("name", "inchikey", "smiles")
    ]
    found = []
    for key, name, inchikey, smiles in zip(drugs.index, *columns, strict=True):
        called = str(name) if isinstance(name, str) else str(key)
        told = finder.find(called, None, inchikey=inchikey if isinstance(inchikey, str) else None)
        if told.drug_id is None and isinstance(smiles, str) and not isinstance(inchikey, str):
            told = finder.find(called, smiles)
        found.append(told.drug_id)
    return _ranges().reindex(found).set_axis(drugs.index).dropna()


@cache
def _finder() -> Finder:
    """The compounds whose responses are known, found by whatever they are called."""
    table = resources.table("response_ranges.tsv").set_index("drug_id")
    table["inchikey"] = table.index.where(~table.index.str.startswith("name:"), None)
    return Finder(table[["name", "inchikey"]], what="the default screen")


def likelihoods(values: np.ndarray, compounds: np.ndarray, ranges: pd.DataFrame) -> pd.Series:
    """Log likelihood of responses under each unit.

    Parameters
    ----------
    values, compounds
        Responses and the drug of each, ``(n,)``; drugs without a range are left out.
    ranges
        ``mean`` and ``sd`` of each drug (ln uM).

    Returns
    -------
    Series
        One value a unit; minus infinity where a value cannot be in it. ``"area or fraction"`` stands for 0 to 1.2.
    """
    table = pd.DataFrame({"drug": compounds, "value": values})
    table = table[np.isfinite(table["value"]) & table["drug"].isin(ranges.index)]
    if len(table) > _ENOUGH:  # more would change nothing but the time it takes
        table = table.sample(_ENOUGH, random_state=0)
    found = {name: _likelihood(table, ranges, unit) for name, unit in UNITS.items()}
    inside = table["value"].between(0, 1.2).all() and len(table) > 0
    found["area or fraction"] = 0.0 if inside else -np.inf
    return pd.Series(found)


def _likelihood(table: pd.DataFrame, ranges: pd.DataFrame, unit: Unit) -> float:
    value = table["value"].to_numpy(dtype=np.float64)
    if unit.how in ("take the natural logarithm", "take ln(x / 1000)", "take ln(x * 1e6)") and (value <= 0).any():
        return -np.inf
    at, slope = unit.to_ln_um(value), unit.slope(value)
    frame = pd.DataFrame({"drug": table["drug"].to_numpy(), "at": at, "slope": slope})
    groups = frame.groupby("drug", sort=True)
    mean, size, jacobian = groups["at"].mean(), groups.size(), groups["slope"].mean()
    own = ranges.loc[mean.index]
    sd = np.sqrt(_COMPOUND_SD**2 + own["sd"] ** 2 / size)
    within = ((frame["at"] - frame["drug"].map(mean)) ** 2).groupby(frame["drug"]).mean()
    weight = np.minimum(size - 1, _MOST_PAIRS)
    spread = own["sd"] ** 2
    seen = within * size / (size - 1).clip(lower=1)
    scale = jacobian * (1 + weight) - 0.5 * weight * (np.log(2 * np.pi * spread) + seen / spread)
    left = (mean - own["mean"]).to_numpy()
    levels = [float(_student(left - level, sd.to_numpy()).sum()) - 0.5 * (level / _LEVEL_SD) ** 2 for level in _LEVELS]
    return max(levels) + float(scale.sum())


def _student(left: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Log density of Student's t with ``_FREEDOM`` degrees, scaled; tails are heavy, since compounds differ."""
    constant = gammaln((_FREEDOM + 1) / 2) - gammaln(_FREEDOM / 2) - 0.5 * np.log(_FREEDOM * np.pi)
    density: np.ndarray = constant - np.log(sd) - (_FREEDOM + 1) / 2 * np.log1p((left / sd) ** 2 / _FREEDOM)
    return density


def check(
    values: np.ndarray,
    compounds: np.ndarray,
    ranges: pd.DataFrame,
    *,
    what: str = "the responses",
    told: bool = False,
) -> None:
    """Ask where responses that are taken for ln(uM) are far more likely in another unit, or as likely in another base.

    Parameters
    ----------
    values, compounds, ranges
        See :func:`likelihoods`.
    what
        What the values are called in messages.
    told
        Whether somebody named the unit, so that only values that speak against it are asked.

    Raises
    ------
    InputError
        With the unit that they look like and how to bring it to ln(uM).
    """
    if not pd.Index(compounds).isin(ranges.index).any():
        return
    found = likelihoods(values, compounds, ranges)
    best = str(found.idxmax())
    known = pd.Index(compounds).isin(ranges.index)
    n_drugs = len(set(np.asarray(compounds)[known]))
    if found[best] - found["ln uM"] < _MARGIN:
        if not told:
            _ask_base(found, n_drugs, int(known.sum()), what)
        return
    how = f"for ln(uM) {UNITS[best].how}" if best in UNITS else "an area is no IC50: give it as auc"
    raise InputError(
        f"{what} look like {best}, not ln(uM), by {int(known.sum()):,} values of {n_drugs} compounds that are known: "
        f"{how}; where they are ln(uM) all the same, say so by sure_of_unit=True"
    )


def _ask_base(found: pd.Series, n_drugs: int, n_values: int, what: str) -> None:
    """Ask where the values do not decide between the natural logarithm and another; few compounds say nothing."""
    rival = str(found[list(_OTHER_BASES)].idxmax())
    several = n_values >= _SEVERAL_LINES * n_drugs
    doubt = max(_DOUBT, _A_COMPOUND * n_drugs) if several else _A_COMPOUND_OF_ONE_LINE * n_drugs
    if n_drugs < _DOZEN or found["ln uM"] - found[rival] >= doubt:
        return
    raise InputError(
        f"{what} may be ln(uM) or {rival}: {n_values:,} values of {n_drugs} compounds that are known do not decide. If "
        f"they are ln(uM), say so by sure_of_unit=True; if {rival}, {UNITS[rival].how}"
    )
