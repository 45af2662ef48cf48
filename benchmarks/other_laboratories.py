"""Other laboratories' measurements of the lines and drugs of GDSC2, low where a line is sensitive."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from response_other_lab import MIN_LINES, drug_pairs, line_pairs

import omics_rx as orx
from omics_rx.core.screen import DrugScreen
from omics_rx.harmonize import cell_lines
from omics_rx.harmonize import drugs as drug_door


def parser(text: str | None) -> argparse.ArgumentParser:
    """Options that all scripts take which hold a model against other laboratories."""
    made = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--gcsi", help="table of gCSI: cell_line, drug, AUC, GR_AOC")
    made.add_argument("--model", help="a saved default model of GDSC2; it is fitted otherwise")
    made.add_argument("--boot", type=int, default=200)
    return made


def default_model(saved: str | None, here: DrugScreen) -> orx.response.ResponseModel:
    """Open the default model of GDSC2 where it is saved, else fit it."""
    return orx.response.load(saved) if saved else orx.response.ResponseModel().fit(here, progress=False)


def of_screen(here: DrugScreen, there: DrugScreen, value: str, sign: float = 1.0) -> pd.DataFrame:
    """One value of another screen by the lines and drugs of the first, lines x drugs."""
    found = sign * there.matrix(value)
    lines = {own: its for own, its in line_pairs(here, there).items() if its in found.index}
    drugs = {own: its for own, its in drug_pairs(here, there).items() if its in found.columns}
    found = found.loc[list(lines.values()), list(drugs.values())]
    return found.set_axis(list(lines), axis=0).set_axis(list(drugs), axis=1)


def gcsi(here: DrugScreen, path: Path | str) -> dict[str, pd.DataFrame]:
    """AUC and growth-corrected area (turned) of gCSI; its table has ``cell_line``, ``drug``, ``AUC``, ``GR_AOC``."""
    table = pd.read_csv(path)
    lines = cell_lines.find(table["cell_line"].unique(), here.cells.obs)["cell_id"]
    names = pd.Index(table["drug"].unique())
    drugs = drug_door.find(pd.DataFrame({"name": names}, index=names), here.drugs, what="GDSC2")["drug_id"]
    table = table.assign(cell=table["cell_line"].map(lines), drug_id=table["drug"].map(drugs))
    table = table.dropna(subset=["cell", "drug_id"])
    auc, area = (table.pivot_table(index="cell", columns="drug_id", values=name) for name in ("AUC", "GR_AOC"))
    return {"gCSI, AUC": auc, "gCSI, growth-corrected": -area}


def laboratories(here: DrugScreen, path: Path | str | None) -> dict[str, pd.DataFrame]:
    """CCLE's activity area (turned) and ln IC50, GDSC1's ln IC50, and gCSI where its table is at hand."""
    ccle, gdsc1 = orx.datasets.load("ccle", progress=False), orx.datasets.load("gdsc1", progress=False)
    found = {
        "CCLE, activity area": of_screen(here, ccle, "act_area", -1.0),
        "CCLE, ln IC50": of_screen(here, ccle, "ln_ic50"),
        "GDSC1, ln IC50": of_screen(here, gdsc1, "ln_ic50"),
    }
    return found if path is None else {**found, **gcsi(here, path)}


def on(measured: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The other laboratory's values of pairs that were measured here, drugs with 20 lines or more."""
    lines, drugs = measured.index.intersection(other.index), measured.columns.intersection(other.columns)
    both = other.loc[lines, drugs].where(measured.loc[lines, drugs].notna())
    return both.loc[:, both.notna().sum() >= MIN_LINES]
