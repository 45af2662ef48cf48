"""CCLE (Barretina 2012): drug data of the Novartis-Broad screen, with expression of CCLE or DepMap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples, row_names
from omics_rx.core.screen import DrugScreen
from omics_rx.io.screen_parts import (
    Parts,
    assembled,
    checked_choice,
    joined_names,
    read_models,
    read_structures,
    without_repeats,
)
from omics_rx.io.source_table import Source, numbers, read_columns

if TYPE_CHECKING:
    from omics_rx.io.line_expression import Expression

_NEEDED = {
    "ccle": ("CCLE Cell Line Name",), "compound": ("Compound",), "doses": ("Doses (uM)",), "ic50": ("IC50 (uM)",),
}  # fmt: skip
_OPTIONAL = {
    "name": ("Primary Cell Line Name",), "target_text": ("Target",), "activity": ("Activity Data (median)",),
    "act_area": ("ActArea",), "ec50_um": ("EC50 (uM)",), "a_max": ("Amax",), "n_points": ("Num Data",),
}  # fmt: skip


@in_words
def read_ccle(
    responses: Source,
    *,
    expression: Expression | None = None,
    cell_lines: Source | None = None,
    structures: Source | None = None,
    screens: str = "latest",
) -> DrugScreen:
    """Read CCLE's drug data.

    Parameters
    ----------
    responses
        ``CCLE_NP24.2009_Drug_data_*.csv``.
    expression
        ``CCLE_RNAseq_*.gct``, a DepMap ``Omics*ExpressionProteinCodingGenesTPMLogp1*.csv``, or anything else with
        expression of lines.
    cell_lines
        DepMap's ``Model.csv``: names, accessions and tissue of lines that the package's own table lacks.
    structures
        Any table with ``name`` and ``smiles``; CCLE publishes none.
    screens
        ``"latest"`` or ``"all"``; the file holds one.

    Returns
    -------
    DrugScreen
        IC50 in uM become ln uM; one at the highest dose tested (8 uM) is ``censored``. ``act_area`` is the activity
        area as published, 0 to 8 and high where sensitive; it is not turned into an AUC. See :func:`read_ccle_points`
        for curves fitted anew.

    Raises
    ------
    MissingFileError, IntegrityError
        If a file is not there, or is damaged.
    InputError
        If a file is another one, lacks a column, holds other units, or two values of one measurement.
    """
    checked_choice(screens)
    said: list[str] = []
    table = _table(responses)
    rows = _rows(table, said)
    lines = table.drop_duplicates("ccle").set_index("ccle", drop=False)
    lines = lines[[name for name in ("ccle", "name") if name in lines]]
    facts = pd.DataFrame()
    if cell_lines is not None:
        lines, facts = joined_names(lines, *read_models(cell_lines), said)
    compounds = (
        table.drop_duplicates("compound").set_index("compound", drop=False).rename(columns={"compound": "name_"})
    )
    compounds = compounds[["name_", *(["target_text"] if "target_text" in compounds else [])]]
    compounds = compounds.rename(columns={"name_": "name"})
    if structures is not None:
        compounds["smiles"] = compounds["name"].map(read_structures(structures))
    return assembled(Parts("CCLE", rows, lines, compounds, facts, said=said), expression, which=screens)


@in_words
def read_ccle_points(responses: Source) -> pd.DataFrame:
    """Read the doses and median responses that CCLE's drug data carry, for :func:`omics_rx.harmonize.fit_curves`.

    Returns
    -------
    pandas.DataFrame
        ``cell_id`` (the CCLE name), ``drug_id`` (the compound's name), ``dose_um`` and ``viability`` (1 plus a
        hundredth of the activity, which is 0 for an untouched line and -100 for a dead one).

    Raises
    ------
    InputError
        If a row has as many doses as responses no longer.
    """
    table = _table(responses)
    if "activity" not in table:
        raise InputError(f"{table.attrs['source']} has no column Activity Data (median): the curves are not in it")
    doses, activity = _lists(table, "doses"), _lists(table, "activity")
    unequal = [place for place, pair in enumerate(zip(doses, activity, strict=True)) if len(pair[0]) != len(pair[1])]
    if unequal:
        told = examples(row_names(table.loc[unequal, ["ccle", "compound"]]))
        raise InputError(
            f"{table.attrs['source']}: {len(unequal)} rows have more doses than responses, or fewer ({told})"
        )
    counts = [len(row) for row in doses]
    return pd.DataFrame(
        {
            "cell_id": np.repeat(table["ccle"].to_numpy(), counts),
            "drug_id": np.repeat(table["compound"].to_numpy(), counts),
            "dose_um": np.concatenate(doses),
            "viability": 1 + np.concatenate(activity) / 100,
        }
    )


def _table(responses: Source) -> pd.DataFrame:
    table = read_columns(responses, _NEEDED, _OPTIONAL, what="CCLE's drug data")
    nameless = table["ccle"].isna() | table["compound"].isna()
    if nameless.any():
        raise InputError(
            f"{table.attrs['source']}: {int(nameless.sum())} rows name no line or no compound: it is not whole"
        )
    return table


def _lists(table: pd.DataFrame, column: str) -> list[np.ndarray]:
    """Numbers that stand in one field, with commas between them."""
    found = []
    for row, text in enumerate(table[column].fillna("")):
        try:
            found.append(np.array([float(part) for part in text.split(",") if part.strip()]))
        except ValueError as error:
            raise InputError(f"{table.attrs['source']}, row {row + 2}: {column} is {text!r}, not numbers") from error
    return found


def _rows(table: pd.DataFrame, said: list[str]) -> pd.DataFrame:
    label = str(table.attrs["source"])
    highest = np.array([doses.max() if len(doses) else np.nan for doses in _lists(table, "doses")])
    ic50 = numbers(table, "ic50")
    lost = ic50.isna()
    if lost.any():
        told = row_names(table.loc[lost, ["ccle", "compound"]])
        said.append(f"{int(lost.sum())} rows have no IC50 and were left out ({examples(told)})")
    if (ic50 <= 0).any():
        raise InputError(f"{label}: {int((ic50 <= 0).sum())} IC50 are not above 0, so they are no doses in uM")
    if np.nanmedian(ic50 / highest) > 10:
        times = f"{np.nanmedian(ic50 / highest):,.0f}"
        raise InputError(
            f"{label}: half of the IC50 are above {times} times the highest dose: are they in nM? Divide by 1000"
        )
    rows = table[["ccle", "compound"]].rename(columns={"ccle": "line"})
    rows["run"] = rows["compound"]
    rows["ln_ic50"] = np.log(ic50)
    rows["censored"] = ic50.to_numpy() >= highest * (1 - 1e-6)
    for column in ("act_area", "ec50_um", "a_max", "n_points"):
        if column in table:
            rows[column] = numbers(table, column)
    rows["highest_um"] = highest
    return without_repeats(rows[~lost], ["line", "compound"], said, source=label)
