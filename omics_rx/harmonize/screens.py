"""What every screen shares: lines with their facts and driver events, compounds with theirs, and runs told apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.harmonize import cell_lines

if TYPE_CHECKING:
    from anndata import AnnData

LINE_FACTS = (
    "aliases", "cosmic_id", "depmap_id", "sanger_id", "cellosaurus", "tissue", "tissue_detail", "tcga", "disease",
    "msi", "growth", "breast_subtype", "subtype", "molecular_class", "receptor_sources",
)  # fmt: skip
COMPOUND_FACTS = ("pubchem", "targets", "target_source", "target_text", "mechanism", "status", "pathway")
_SIGNS = {"+": "positive", "-": "negative"}


def line_facts(names: pd.Index) -> pd.DataFrame:
    """What is known of each line, under the names a user reads; missing for a line that the table does not hold."""
    facts = cell_lines.facts().reindex(names)
    about: pd.DataFrame = facts[list(LINE_FACTS)].copy()
    about.insert(0, "name", names)
    for receptor in ("er", "pr", "her2"):
        about[f"{receptor}_status"] = facts[receptor].map(_SIGNS)
    about.index.name = None
    return about


def events(names: pd.Index) -> pd.DataFrame:
    """Driver events of the named lines: 1 seen, 0 not seen, NaN where the line was not profiled.

    Returns
    -------
    DataFrame
        Lines x 678 events (``BRAF_mut``, ``ERBB2_gain``, ``CDKN2A_loss``, ``BCR-ABL1_fusion``, ``MSI``), float32.
    """
    table = resources.table("driver_events.tsv.gz")
    facts = cell_lines.facts()
    profiled = facts.index[facts["events_profiled"].eq("yes")]
    by_cosmic = pd.Series(facts.index, index=facts["cosmic_id"])
    line_of = by_cosmic[by_cosmic.index.notna()].to_dict()
    position = {cell_id: row for row, cell_id in enumerate(names)}
    values = np.full((len(names), len(table)), np.nan, dtype=np.float32)
    values[[position[cell_id] for cell_id in profiled if cell_id in position]] = 0
    for column, carriers in enumerate(table["cosmic_ids"].fillna("")):
        lines = (line_of[cosmic] for cosmic in carriers.split(";") if cosmic)
        rows = [position[cell_id] for cell_id in lines if cell_id in position]
        values[rows, column] = 1
    return pd.DataFrame(values, index=names, columns=table["event"].to_numpy())


def with_all_lines(measured: AnnData, cell_ids: Iterable[str]) -> AnnData:
    """Add lines that were screened without expression, as rows of NaN, and the facts and events of every line."""
    from anndata import AnnData

    names = pd.Index(sorted({*measured.obs_names, *cell_ids}))
    values = np.full((len(names), measured.n_vars), np.nan, dtype=np.float32)
    values[names.get_indexer(measured.obs_names)] = measured.X
    return AnnData(
        values,
        obs=line_facts(names),
        var=measured.var.copy(),
        uns=dict(measured.uns),
        obsm={"events": events(names)},
    )


def numbered_runs(drug_ids: pd.Series, runs: pd.Series, name: str) -> pd.Series:
    """Number the runs of each compound in the order in which they first stand: ``GDSC2/1``, ``GDSC2/2``.

    Parameters
    ----------
    drug_ids, runs
        Compound and run of each response, ``n`` each; a run is what was screened together.
    name
        What the numbers follow.
    """
    table = pd.DataFrame({"drug_id": drug_ids.to_numpy(), "run": runs.to_numpy()})
    first = table.drop_duplicates()
    number = first.groupby("drug_id", sort=False).cumcount() + 1
    numbers = table.merge(first.assign(number=number), on=["drug_id", "run"], how="left", validate="m:1")["number"]
    return pd.Series([f"{name}/{one}" for one in numbers], index=drug_ids.index, dtype=object)


def latest(responses: pd.DataFrame) -> pd.DataFrame:
    """Keep the last screen of each compound, and no value of an earlier one.

    Screens of one compound differ in dose range and their values by up to 2.4 ln uM in the mean (docetaxel,
    dactinomycin), so a line that only an earlier screen measured is left out: beside the others it would look
    sensitive or resistant by its date.
    """
    number = responses["screen"].map({name: int(name.rsplit("/", 1)[-1]) for name in responses["screen"].unique()})
    last = number.groupby(responses["drug_id"]).transform("max")
    return responses[number == last].reset_index(drop=True)
