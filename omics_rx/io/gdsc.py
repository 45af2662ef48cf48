"""GDSC (Yang 2013; Iorio 2016) as its site gives it: fitted responses, expression, lines, compounds, events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples, row_names
from omics_rx.core.screen import DrugScreen
from omics_rx.io.gdsc_events import read_events
from omics_rx.io.screen_parts import Parts, assembled, checked_choice, read_structures, without_repeats
from omics_rx.io.source_table import Source, identifiers, numbers, read_columns

if TYPE_CHECKING:
    from omics_rx.io.line_expression import Expression

_NEEDED = {"name": ("CELL_LINE_NAME",), "drug": ("DRUG_NAME",), "ln_ic50": ("LN_IC50",)}
_OPTIONAL = {
    "dataset": ("DATASET", "DATASET_VERSION"), "cosmic_id": ("COSMIC_ID",), "sanger_id": ("SANGER_MODEL_ID",),
    "tcga": ("TCGA_DESC",), "compound": ("DRUG_ID",), "target_text": ("PUTATIVE_TARGET",), "pathway": ("PATHWAY_NAME",),
    "lowest": ("MIN_CONC", "MIN_CONC_MICROMOLAR"), "highest": ("MAX_CONC", "MAX_CONC_MICROMOLAR"),
    "auc": ("AUC",), "rmse": ("RMSE",),
}  # fmt: skip
_LINE_FACTS = {
    "tissue": ("GDSC Tissue descriptor 1", "Site"), "tissue_detail": ("GDSC Tissue descriptor 2", "Histology"),
    "tcga": ("Cancer Type (matching TCGA label)",), "msi": ("Microsatellite instability Status (MSI)",),
    "growth": ("Growth Properties",),
}  # fmt: skip
_FEWEST = 20
_MOST_UM = 500.0


@in_words
def read_gdsc(
    responses: Source,
    *,
    expression: Expression | None = None,
    cell_lines: Source | None = None,
    compounds: Source | None = None,
    structures: Source | None = None,
    mutations: Source | None = None,
    copy_number: Source | None = None,
    screens: str = "latest",
) -> DrugScreen:
    """Read GDSC1 or GDSC2 from the files of its site.

    Parameters
    ----------
    responses
        ``GDSC1_fitted_dose_response_*`` or ``GDSC2_fitted_dose_response_*``, xlsx or csv. Each ``DRUG_ID`` is a screen
        of its compound, in the order of the file.
    expression
        ``Cell_line_RMA_proc_basalExp.txt``, or anything else with expression of lines (DepMap, a GCT, a frame).
    cell_lines
        ``Cell_Lines_Details.xlsx``: tissue and the like of lines that the package's own table lacks.
    compounds
        ``screened_compounds_*.csv``: synonyms, targets and pathways.
    structures
        Any table with ``name`` and ``smiles``, such as ``datasets.load("gdsc2").drugs``; GDSC publishes none.
    mutations, copy_number
        Tables of the Cell Model Passports (``mutations_*.csv``, ``cnv_gistic_*.csv``), or GDSC's genetic features
        (``*_Genetic_features_*.csv``, both kinds in one). They take the place of the package's own driver events
        of the same kind.
    screens
        ``"latest"`` keeps the last screen of each compound, ``"all"`` every one.

    Returns
    -------
    DrugScreen
        ``censored`` where the fitted dose is above the highest tested; GDSC's fits extrapolate, and their values are
        kept. ``io.notes(screen.cells)`` tells what was found and decided.

    Raises
    ------
    MissingFileError, IntegrityError
        If a file is not there, or is damaged.
    InputError
        If a file is another one, lacks a column, holds other units, or two values of one measurement.
    """
    checked_choice(screens)
    said: list[str] = []
    table = read_columns(responses, _NEEDED, _OPTIONAL, what="GDSC's fitted dose responses")
    label = str(table.attrs["source"])
    rows = _rows(table, label, said)
    lines = _lines(table)
    parts = Parts(_dataset(table), rows, lines, _compounds(table, compounds, structures, said), said=said)
    if "tcga" in table:
        parts.line_facts = table[["line", "tcga"]].drop_duplicates("line").set_index("line")
    if cell_lines is not None:
        parts.line_facts = _details(cell_lines, lines, said)
    parts.events = [read_events(source, said) for source in (mutations, copy_number) if source is not None]
    return assembled(parts, expression, which=screens)


def _dataset(table: pd.DataFrame) -> str:
    names = list(table["dataset"].dropna().unique()) if "dataset" in table else []
    if len(names) > 1:
        raise InputError(
            f"{table.attrs['source']} holds several datasets ({examples(names)}), whose assays differ: read them apart"
        )
    return str(names[0]) if len(names) else "GDSC"


def _rows(table: pd.DataFrame, label: str, said: list[str]) -> pd.DataFrame:
    """Responses under our names; ``table`` gets its keys of lines and compounds."""
    for column in ("cosmic_id", "compound"):
        if column in table:
            table[column] = identifiers(table[column])
    keys = [name for name in ("cosmic_id", "sanger_id", "name") if name in table]
    table["line"] = table[keys].bfill(axis=1).iloc[:, 0]
    table["compound"] = table["compound"] if "compound" in table else table["drug"].str.strip()
    nameless = table["line"].isna() | table["compound"].isna() | table["drug"].isna()
    if nameless.any():
        raise InputError(f"{label}: {int(nameless.sum())} rows name no line or no compound: the file is not whole")
    rows = table[["line", "compound"]].assign(run=table["compound"], ln_ic50=numbers(table, "ln_ic50"))
    for ours, column in (("auc", "auc"), ("rmse", "rmse"), ("highest_um", "highest"), ("lowest_um", "lowest")):
        if column in table:
            rows[ours] = numbers(table, column)
    lost = rows["ln_ic50"].isna()
    if lost.any():
        told = row_names(table.loc[lost, ["name", "drug"]])
        said.append(f"{int(lost.sum())} rows have no LN_IC50 and were left out ({examples(told)})")
    if "highest_um" in rows:
        _check_units(rows, label)
        rows["censored"] = rows["ln_ic50"] > np.log(rows["highest_um"])
    return without_repeats(rows[~lost], ["line", "compound"], said, source=label)


def _check_units(rows: pd.DataFrame, label: str) -> None:
    """Refuse doses or IC50 in other units: GDSC tests up to some 100 uM, and half its fits lie within tenfold of it."""
    highest = rows["highest_um"].dropna()
    if len(highest) and highest.median() > _MOST_UM:
        raise InputError(f"{label}: MAX_CONC has median {highest.median():g}, too high for uM: is it in nM?")
    above = (rows["ln_ic50"] - np.log(rows["highest_um"])).dropna()
    if len(above) >= _FEWEST and above.median() > 5:
        times = f"{np.exp(above.median()):,.0f}"
        raise InputError(
            f"{label}: half of LN_IC50 lie above {times} times the highest dose tested: are they in ln nM? Subtract "
            "ln 1000, so that they are in ln uM as MAX_CONC"
        )


def _lines(table: pd.DataFrame) -> pd.DataFrame:
    """Names and accessions of each line, as its first row has them."""
    columns = [name for name in ("cosmic_id", "sanger_id", "name") if name in table]
    return table.drop_duplicates("line").set_index("line")[columns]


def _compounds(
    table: pd.DataFrame, compounds: Source | None, structures: Source | None, said: list[str]
) -> pd.DataFrame:
    columns = [name for name in ("target_text", "pathway") if name in table]
    found = table.drop_duplicates("compound").set_index("compound")[["drug", *columns]].rename(columns={"drug": "name"})
    found["name"] = found["name"].str.strip()
    if compounds is not None:
        listed = read_columns(
            compounds, {"compound": ("DRUG_ID",), "name": ("DRUG_NAME",)},
            {"aliases": ("SYNONYMS",), "target_text": ("TARGET", "PUTATIVE_TARGET"),
             "pathway": ("TARGET_PATHWAY", "PATHWAY_NAME")},
            what="GDSC's list of screened compounds",
        )  # fmt: skip
        listed["compound"] = identifiers(listed["compound"])
        listed = listed.drop_duplicates("compound").set_index("compound")
        unknown = found.index.difference(listed.index, sort=False)
        if len(unknown):
            told = [f"{key} {found['name'][key]}" for key in unknown[:5]]
            said.append(
                f"{len(unknown)} of {len(found)} compounds are not in {listed.attrs['source']} ({examples(told)})"
            )
        if "aliases" in listed:
            aliases = listed["aliases"].str.replace(r"\s*,\s*", ";", regex=True)
            listed["aliases"] = aliases.where(~aliases.isin(["-", ""]), None)
        found = found.combine_first(listed.drop(columns="name").reindex(found.index))
    if structures is not None:
        found["smiles"] = found["name"].map(read_structures(structures))
    return found


def _details(source: Source, lines: pd.DataFrame, said: list[str]) -> pd.DataFrame:
    """Facts of GDSC's own table of lines, by the keys of the responses."""
    table = read_columns(
        source, {"name": ("Sample Name", "Cell line name"), "cosmic_id": ("COSMIC identifier", "COSMIC_ID")},
        _LINE_FACTS, what="GDSC's table of cell lines",
    )  # fmt: skip
    table["cosmic_id"] = identifiers(table["cosmic_id"])
    facts = [name for name in _LINE_FACTS if name in table]
    by_cosmic = table.dropna(subset="cosmic_id").drop_duplicates("cosmic_id").set_index("cosmic_id")[facts]
    by_name = table.drop_duplicates("name").set_index("name")[facts]
    keys = lines["cosmic_id"] if "cosmic_id" in lines else pd.Series(None, index=lines.index, dtype=object)
    told = by_cosmic.reindex(keys.to_numpy()).set_axis(lines.index)
    told = told.combine_first(by_name.reindex(lines["name"].to_numpy()).set_axis(lines.index))
    unknown = lines.index[told.isna().all(axis=1)]
    if len(unknown):
        said.append(f"{len(unknown)} of {len(lines)} lines are not in {table.attrs['source']} ({examples(unknown)})")
    return told
