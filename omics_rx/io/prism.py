"""PRISM Repurposing, secondary screen (Corsello 2020): published dose-response parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.screen import DrugScreen
from omics_rx.io.screen_parts import Parts, assembled, checked_choice, joined_names, read_models
from omics_rx.io.source_table import Source, numbers, read_columns

if TYPE_CHECKING:
    from omics_rx.io.line_expression import Expression

_NEEDED = {
    "compound": ("broad_id",), "line": ("depmap_id",), "screen_id": ("screen_id",), "auc": ("auc",), "ic50": ("ic50",),
    "name": ("name",),
}  # fmt: skip
_OPTIONAL = {
    "ccle": ("ccle_name",), "mechanism": ("moa",), "targets": ("target",), "smiles": ("smiles",), "status": ("phase",),
    "passed": ("passed_str_profiling",), "r2": ("r2",), "ec50_um": ("ec50",), "upper": ("upper_limit",),
    "lower": ("lower_limit",), "slope": ("slope",), "row_name": ("row_name",),
}  # fmt: skip
_SCREEN_ORDER = ("HTS002", "MTS005", "MTS006", "MTS010")
_HIGHEST_UM, _N_STEPS = 10.0, 7  # eight doses from 10 uM, each a quarter of the one above


@in_words
def read_prism(
    responses: Source,
    *,
    expression: Expression | None = None,
    cell_lines: Source | None = None,
    highest_um: float = _HIGHEST_UM,
    screens: str = "latest",
) -> DrugScreen:
    """Read PRISM's secondary screen.

    Parameters
    ----------
    responses
        ``secondary-screen-dose-response-curve-parameters.csv``.
    expression
        A DepMap ``Omics*`` matrix, or anything else with expression of lines.
    cell_lines
        DepMap's ``Model.csv``: names, accessions and tissue of lines that the package's own table lacks.
    highest_um
        Highest dose tested, in uM; the file does not hold the doses.
    screens
        ``"latest"`` keeps the last screen of each compound (MTS010 after MTS006, MTS005 and HTS002), ``"all"`` every
        one.

    Returns
    -------
    DrugScreen
        ``ln_ic50`` is the published dose of half viability, held at the highest dose where the curve has none or it
        lies above (``censored``), and at the lowest, a 16,384th of it, where it lies below (``below_lowest``). ``auc``
        is held within 0 and 1: published ones pass 1 where lines grow better with the compound. Lines that failed the
        profiling of their identity are left out, and batches of a compound are averaged.

    Raises
    ------
    MissingFileError, IntegrityError
        If a file is not there, or is damaged.
    InputError
        If a file is another one, lacks a column, or holds other units.
    """
    checked_choice(screens)
    if not highest_um > 0:
        raise InputError(f"highest_um is {highest_um}: a dose is above 0")
    said: list[str] = []
    table = _usable(read_columns(responses, _NEEDED, _OPTIONAL, what="PRISM's dose-response parameters"), said)
    rows = _rows(table, highest_um, said)
    lines = table.drop_duplicates("line").set_index("line", drop=False)
    lines = lines[[name for name in ("line", "ccle") if name in lines]]
    facts = pd.DataFrame()
    if cell_lines is not None:
        lines, facts = joined_names(lines, *read_models(cell_lines), said)
    parts = Parts("PRISM", rows, lines, _compounds(table), facts, said=said, average=True)
    return assembled(parts, expression, which=screens)


def _usable(table: pd.DataFrame, said: list[str]) -> pd.DataFrame:
    """Rows of named lines that passed the profiling; compounds by what they are, without the batch."""
    label = table.attrs["source"]
    nameless = table["line"].isna() | table["compound"].isna()
    if nameless.any():
        said.append(f"{int(nameless.sum())} rows name no line or no compound and were left out")
    failed = ~nameless & table.get("passed", pd.Series("TRUE", index=table.index)).astype(str).str.upper().isin(
        {"FALSE", "F"}
    )
    if failed.any():
        who = examples(table.loc[failed, "line"].unique())
        said.append(f"{int(failed.sum())} rows of lines that failed STR profiling were left out ({who})")
    kept = table[~nameless & ~failed].reset_index(drop=True)
    if not len(kept):
        raise InputError(f"{label}: no row names a line and a compound and passed STR profiling")
    kept.attrs["source"] = label
    # BRD-K12345678-001-01-1 is a salt and a batch of BRD-K12345678
    kept["compound"] = kept["compound"].str.extract(r"^(BRD-[A-Z]\d{8})", expand=False).fillna(kept["compound"])
    return kept


def _rows(table: pd.DataFrame, highest_um: float, said: list[str]) -> pd.DataFrame:
    label = str(table.attrs["source"])
    ic50, auc = numbers(table, "ic50"), numbers(table, "auc")
    sensitive = ic50[(auc < 0.5) & np.isfinite(ic50)]
    if len(sensitive) >= 5 and sensitive.median() > 10 * highest_um:
        raise InputError(
            f"{label}: IC50 of sensitive lines have median {sensitive.median():,.0f}, where the highest dose is "
            f"{highest_um:g} uM: are they in nM?"
        )
    lost = auc.isna() & ic50.isna()
    if lost.any():
        said.append(f"{int(lost.sum())} rows have neither IC50 nor AUC and were left out")
    lowest = highest_um / 4**_N_STEPS
    # the limits are of a curve that always falls to half somewhere: past them it is only known to be past them
    above, below = (ic50.isna() | (ic50 > highest_um)) & ~lost, ic50 < lowest
    beyond = int((auc > 1).sum() + (auc < 0).sum())
    if beyond:
        said.append(f"{beyond} AUC beyond 0 to 1 were held within it")
    said.append(
        f"{int(above.sum())} of {int((~lost).sum())} curves are not halved at {highest_um:g} uM "
        f"({int((ic50.isna() & ~lost).sum())} of them without an IC50), {int(below.sum())} are at {lowest:.2g} uM"
    )
    rows = table[["line", "compound"]].assign(run=table["screen_id"].fillna("unnamed"))
    rows["ln_ic50"] = np.log(ic50.fillna(highest_um).clip(lowest, highest_um))
    rows["auc"] = auc.clip(0, 1)
    rows["censored"], rows["below_lowest"], rows["screen_id"] = above, below, rows["run"]
    if "r2" in table:
        rows["r2"] = numbers(table, "r2")
    rows = rows[~lost]
    order = {name: place for place, name in enumerate(_SCREEN_ORDER)}
    place = rows["run"].map(order).fillna(len(order)).to_numpy()
    return rows.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


def _compounds(table: pd.DataFrame) -> pd.DataFrame:
    columns = [name for name in ("mechanism", "targets", "smiles", "status") if name in table]
    found = table.groupby("compound")[["name", *columns]].first()
    found["name"] = found["name"].where(found["name"].notna(), pd.Series(found.index, index=found.index))
    if "targets" in found:
        found["targets"] = found["targets"].str.replace(r"\s*,\s*", ";", regex=True)
    return found
