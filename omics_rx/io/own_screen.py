"""A laboratory's own screen: one long table of line, drug and response, in any layout that says what it holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.screen import DrugScreen
from omics_rx.harmonize import response_units
from omics_rx.harmonize.known_structures import with_known_structures
from omics_rx.io.screen_parts import Parts, assembled, checked_choice
from omics_rx.io.source_table import Source, identifiers, numbers, read_columns

if TYPE_CHECKING:
    from omics_rx.io.line_expression import Expression

_LINE = ("line", "cell_line", "cell line name", "cell_line_name", "cell_id", "cell", "cells", "cellline", "model",
         "model_id", "depmap_id", "cosmic_id", "sample", "sample_id")  # fmt: skip
_DRUG = ("drug", "drug_name", "compound", "compound_name", "treatment", "agent", "inhibitor", "drug_id", "compound_id")
_FACTS = {
    "smiles": ("smiles", "canonical_smiles", "structure"), "targets": ("targets", "target", "putative_target"),
    "aliases": ("aliases", "synonyms"), "mechanism": ("mechanism", "moa"), "pathway": ("pathway", "pathway_name"),
}  # fmt: skip
_MEASURED = {
    "run": ("screen", "run", "experiment", "screen_id"), "auc": ("auc",), "censored": ("censored",),
    "below_lowest": ("below_lowest",), "highest": ("highest_um", "max_conc_um", "max_dose_um", "max_conc", "max_dose"),
    "lowest": ("lowest_um", "min_conc_um", "min_dose_um", "min_conc", "min_dose"),
}  # fmt: skip
_DOSE = ("dose_um", "dose", "concentration_um", "concentration", "conc_um", "conc", "dose (uM)", "concentration (uM)")
_DOSES_IN = {"nM": ("dose_nm", "concentration_nm", "conc_nm"), "M": ("dose_m", "concentration_m", "conc_m")}
_EFFECT = {"viability": ("viability", "survival", "relative_viability"), "inhibition": ("inhibition", "kill")}
# what a column is called, and the unit its name says; without one it is asked
_VALUES = {
    "ln uM": ("ln_ic50", "ln_ic50_um", "lnic50"), "uM": ("ic50_um", "ic50 (uM)", "ic50 [uM]"),
    "nM": ("ic50_nm",), "M": ("ic50_m",), "pIC50": ("pic50", "neg_log10_ic50_m"),
    "log10 uM": ("log10_ic50_um",), "log10 nM": ("log10_ic50_nm",), "log10 M": ("log10_ic50_m",),
    "ln nM": ("ln_ic50_nm",), "ln M": ("ln_ic50_m",), "log2 uM": ("log2_ic50_um",),
}  # fmt: skip
_UNNAMED = ("ic50", "log_ic50", "log10_ic50", "log2_ic50", "ic50_value", "value", "response")
_TRUE = {"true", "t", "yes", "1", "1.0"}


@in_words
def read_screen(
    table: Source,
    *,
    expression: Expression | None = None,
    unit: str | None = None,
    value: str | None = None,
    dose_unit: str | None = None,
    measure: Literal["viability", "inhibition"] | None = None,
    name: str = "own screen",
    screens: str = "latest",
    sure_of_unit: bool = False,
    progress: bool | None = None,
) -> DrugScreen:
    """Read a laboratory's screen from one long table, and match it to expression.

    Parameters
    ----------
    table
        One row a measured line and drug, or a line, drug and dose; a file (tsv, csv, xlsx) or a frame. Columns are
        found by their usual names: ``line``, ``drug``, and ``ln_ic50`` (ln uM), ``ic50_um``, ``ic50_nm``, ``pic50`` or
        the like, or ``dose_um`` and ``viability`` (or ``inhibition``), of which curves are fitted. ``smiles``,
        ``targets``, ``screen`` (the run), ``auc``, ``highest_um`` and ``lowest_um`` (doses) are read where they stand.
        An IC50 may be written ``>10``: it is a bound.
    expression
        Lines x genes: a file that :func:`omics_rx.io.read_bulk` reads, GDSC's or DepMap's own, a frame or an AnnData.
        Lines of both tables are found by whatever they are called.
    unit
        Unit of the IC50 where its column does not say, one of
        ``omics_rx.harmonize.response_units.UNITS``: ``"uM"``, ``"nM"``, ``"log10 uM"``, ``"pIC50"``, ...
    value
        Column of the IC50 where it has another name.
    dose_unit, measure
        See :func:`omics_rx.harmonize.fit_curves`.
    name
        What the screen is called.
    screens
        ``"latest"`` keeps the last run of each compound, ``"all"`` every one.
    sure_of_unit
        That responses are in ln uM although known compounds look like another unit; it is asked otherwise.
    progress
        Whether to draw a bar while curves are fitted.

    Returns
    -------
    DrugScreen
        In ln uM. Replicates are averaged; what was found and decided is in ``omics_rx.io.notes(screen.cells)``.

    Raises
    ------
    InputError
        If a column is missing, a unit is not told or not the one told, or no line has expression.
    """
    checked_choice(screens)
    said: list[str] = []
    rows = read_columns(table, {"line": _LINE, "drug": _DRUG}, _optional(value), what="a table of responses")
    rows["line"] = identifiers(rows["line"])
    nameless = rows["line"].isna() | rows["drug"].isna()
    if nameless.any():
        raise InputError(
            f"{rows.attrs['source']}: {int(nameless.sum())} rows name no line or no drug (row "
            f"{int(np.flatnonzero(nameless)[0]) + 2} is the first): fill them in or remove them"
        )
    found = _of_doses(rows, dose_unit, measure, said, progress=progress) if _has_doses(rows) else _of_values(
        rows, unit, said)  # fmt: skip
    parts = Parts(name, found, _lines(rows), _compounds(rows, said), said=said, average=True)
    screen = assembled(parts, expression, which=screens)
    told = unit is not None or _has_doses(rows) or "value ln uM" not in rows
    _check(screen, expression, sure_of_unit=sure_of_unit, told=told)
    return replace(screen, sure_of_unit=True)  # asked here, once


def _optional(value: str | None) -> dict[str, tuple[str, ...]]:
    columns = {**_FACTS, **_MEASURED, "dose": _DOSE, **_EFFECT}
    columns |= {f"dose {unit}": names for unit, names in _DOSES_IN.items()}
    columns |= {f"value {unit}": names for unit, names in _VALUES.items()}
    columns["value"] = (value,) if value else _UNNAMED
    return columns


def _has_doses(rows: pd.DataFrame) -> bool:
    return any(one in rows for one in ("dose", "dose nM", "dose M")) and any(one in rows for one in _EFFECT)


def _of_values(rows: pd.DataFrame, unit: str | None, said: list[str]) -> pd.DataFrame:
    """Responses in ln uM of a table of IC50s."""
    named = [str(column) for column in rows if str(column).startswith("value ")]
    label = rows.attrs["source"]
    if "value" in rows and (unit is not None or not named):
        if unit is None:
            theirs = rows.attrs["names"]["value"]
            raise InputError(
                f"{label}: in what unit is {theirs!r}? Say unit=, one of {', '.join(response_units.UNITS)}"
            )
        column, told = "value", response_units.unit_named(unit)
    elif len(named) == 1 or (named and unit is None):
        column = named[0]
        told = column.removeprefix("value ")
        if unit is not None and response_units.unit_named(unit) != told:
            raise InputError(f"{label}: {rows.attrs['names'][column]!r} says {told}, unit= says {unit}: which is it?")
    else:
        raise InputError(
            f"{label} has no column of responses: name one ln_ic50 (ln uM), ic50_um, ic50_nm or pic50, or give dose_um "
            "and viability; or name it by value= and unit="
        )
    values, above, below = _with_bounds(rows, column)
    found = pd.DataFrame({"line": rows["line"], "compound": rows["drug"], "run": _run(rows)})
    reverse = told == "pIC50" or told.startswith("-")
    found["ln_ic50"] = response_units.to_ln_um(values, told)
    found["censored"] = (below if reverse else above) | _flag(rows, "censored")
    found["below_lowest"] = (above if reverse else below) | _flag(rows, "below_lowest")
    found["ln_ic50"] = _bounded(found, rows)
    for ours, theirs in (("highest_um", "highest"), ("lowest_um", "lowest")):
        if theirs in rows:
            found[ours] = numbers(rows, theirs)
    if "auc" in rows:
        found["auc"] = numbers(rows, "auc")
    said.append(f"{len(found)} responses read as {told} from {rows.attrs['names'][column]!r}")
    return found


def _with_bounds(rows: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, and which are written as bounds: ``>10``, ``<0.001``."""
    text = rows[column].astype(object)
    sign = text.map(lambda one: str(one).strip()[:1] if one is not None else "")
    plain = text.where(~sign.isin(["<", ">"]), text.astype(str).str.replace(r"^\s*[<>]=?\s*", "", regex=True))
    told = numbers(rows.assign(**{column: plain}), column)
    missing = told.isna()
    if missing.any():
        raise InputError(
            f"{rows.attrs['source']}: {int(missing.sum())} responses are missing (row "
            f"{int(np.flatnonzero(missing)[0]) + 2} is the first): remove these rows, or write a bound such as >10"
        )
    return told.to_numpy(), sign.eq(">").to_numpy(), sign.eq("<").to_numpy()


def _bounded(found: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Infinite responses at the dose that bounds them, where the table says which it is; flagged as bounds."""
    values = found["ln_ic50"].copy()
    for sign, flag, dose in ((1, "censored", "highest"), (-1, "below_lowest", "lowest")):
        beyond = np.isposinf(sign * values.to_numpy())
        if beyond.any() and dose in rows:
            found.loc[beyond, flag] = True
            values[beyond] = np.log(numbers(rows, dose)[beyond])
    return values


def _of_doses(
    rows: pd.DataFrame, dose_unit: str | None, measure: str | None, said: list[str], *, progress: bool | None
) -> pd.DataFrame:
    """Responses of curves fitted to doses."""
    from omics_rx.harmonize import fit_curves

    column = next(one for one in ("dose", "dose nM", "dose M") if one in rows)
    unit = dose_unit or {"dose nM": "nM", "dose M": "M"}.get(column)
    effect = measure or next(one for one in _EFFECT if one in rows)
    if effect not in rows:
        raise InputError(f"{rows.attrs['source']} has no column {effect}: measure= names what was measured")
    points = pd.DataFrame(
        {
            "cell_id": rows["line"],
            "drug_id": rows["drug"],
            "screen": _run(rows),
            "dose_um": numbers(rows, column),
            effect: numbers(rows, effect),
        }
    )
    if unit is not None:
        points = points.rename(columns={"dose_um": "dose"})
    told: Literal["viability", "inhibition"] | None = "inhibition" if effect == "inhibition" else None
    if measure == "viability":
        told = "viability"
    curves = fit_curves(points, dose_unit=unit, measure=told, progress=progress)
    lost = curves["ln_ic50"].isna()
    if lost.any():
        why = curves.loc[lost, "reason"].value_counts()
        said.append(f"{int(lost.sum())} of {len(curves)} curves have no IC50 ({examples(why.index)}) and were left out")
    if lost.all():
        raise InputError(f"{rows.attrs['source']}: none of {len(curves)} curves has an IC50 ({examples(why.index)})")
    kept = curves[~lost].rename(columns={"cell_id": "line", "drug_id": "compound", "screen": "run"})
    columns = ["line", "compound", "run", "ln_ic50", "auc", "censored", "below_lowest", "lowest_um", "highest_um"]
    said.append(f"{len(kept)} curves fitted from {len(rows)} wells or means")
    return kept[columns].reset_index(drop=True)


def _run(rows: pd.DataFrame) -> pd.Series:
    return rows["run"].fillna("1").astype(str) if "run" in rows else pd.Series("1", index=rows.index)


def _flag(rows: pd.DataFrame, name: str) -> np.ndarray:
    if name not in rows:
        return np.zeros(len(rows), dtype=bool)
    return rows[name].astype(str).str.strip().str.casefold().isin(_TRUE).to_numpy()


def _lines(rows: pd.DataFrame) -> pd.DataFrame:
    names = pd.Index(rows["line"].unique(), dtype=object)
    return pd.DataFrame({"name": names}, index=names)


def _compounds(rows: pd.DataFrame, said: list[str]) -> pd.DataFrame:
    facts = [name for name in _FACTS if name in rows]
    table = rows.groupby("drug", sort=False)[facts].first() if facts else pd.DataFrame(index=rows["drug"].unique())
    if "smiles" in facts:
        several = rows.dropna(subset="smiles").groupby("drug")["smiles"].nunique()
        if (several > 1).any():
            raise InputError(
                f"{int((several > 1).sum())} drugs have several structures ({examples(several.index[several > 1])}): "
                "give one a drug"
            )
    table.insert(0, "name", table.index.astype(str))
    if "aliases" in table:
        table["aliases"] = table["aliases"].str.replace(r"\s*[,|]\s*", ";", regex=True)
    table, filled = with_known_structures(table)
    if filled.any():
        said.append(
            f"{int(filled.sum())} of {len(table)} structures found by name ({examples(filled.index[filled], 3)})"
        )
    return table


def _check(screen: DrugScreen, expression: Expression | None, *, sure_of_unit: bool, told: bool) -> None:
    """Ask where the unit looks like another, and refuse a screen none of whose lines has expression."""
    measured = pd.Index(screen.responses["cell_id"].unique())
    if expression is not None:
        known = screen.cells.obs_names[~np.isnan(np.asarray(screen.cells.X)).all(axis=1)]
        if not measured.isin(known).any():
            raise InputError(
                f"none of the {len(measured)} lines measured ({examples(measured, 3)}) is among the {len(known)} with "
                f"expression ({examples(known, 3)}): name them alike, or by an accession"
            )
    if not sure_of_unit:
        rows = screen.responses[~screen.responses[["censored", "below_lowest"]].any(axis=1)]
        ranges = response_units.known_ranges(screen.drugs)
        response_units.check(rows["ln_ic50"].to_numpy(), rows["drug_id"].to_numpy(), ranges, told=told)
