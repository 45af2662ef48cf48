"""How well immune scores separate the annotated cell types of a triple-negative tumour.

python benchmarks/single_cell_tnbc.py    (needs the further real data: OMICS_RX_DATA or ../shared/data)

Wu et al. 2021, patient CID4465: area under the ROC curve of each score for its annotated type against all other cells.
Types with under 10 cells are shown and not judged.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy.io import mmread
from sklearn.metrics import roc_auc_score

import omics_rx as orx
from omics_rx.core import cohort as cohorts

MAJOR, MINOR = "celltype_major", "celltype_minor"
NATURAL_KILLERS = ["NK cells", "NKT cells"]
POPULATIONS = {
    "T cells": (MAJOR, ["T-cells"]),
    "CD8 T cells": (MINOR, ["T cells CD8+"]),
    "Cytotoxic lymphocytes": (MINOR, ["T cells CD8+", *NATURAL_KILLERS]),
    "NK cells": (MINOR, NATURAL_KILLERS),
    "B lineage": (MAJOR, ["B-cells", "Plasmablasts"]),
    "Monocytic lineage": (MAJOR, ["Myeloid"]),
    "Myeloid dendritic cells": (MINOR, ["DCs"]),
    "Endothelial cells": (MAJOR, ["Endothelial"]),
    "Fibroblasts": (MAJOR, ["CAFs"]),
    "Tumour inflammation": (MAJOR, ["T-cells", "Myeloid", "B-cells", "Plasmablasts"]),
}
CELL_TYPES = {
    "T cells": (MAJOR, ["T-cells"]),
    "CD8 T cells": (MINOR, ["T cells CD8+"]),
    "Cytotoxic cells": (MINOR, ["T cells CD8+", *NATURAL_KILLERS]),
    "B cells": (MAJOR, ["B-cells", "Plasmablasts"]),
    "Macrophages": (MINOR, ["Macrophage"]),
    "Dendritic cells": (MINOR, ["DCs"]),
    "Immature dendritic cells": (MINOR, ["DCs"]),
    "Activated CD8 T cells": (MINOR, ["T cells CD8+"]),
}
METHODS = ("ssgsea", "aucell", "singscore", "mean")


def load() -> AnnData:
    told = os.environ.get("OMICS_RX_DATA")
    folder = (Path(told) if told else Path(__file__).resolve().parents[2] / "shared" / "data") / "single_cell"
    if not folder.is_dir():
        raise SystemExit("needs the further real data: name their folder in OMICS_RX_DATA")
    with gzip.open(folder / "wu2021_CID4465_counts.mtx.gz") as handle:
        counts = mmread(handle).T.tocsr().astype(np.float32)
    genes = (folder / "wu2021_CID4465_genes.txt").read_text(encoding="utf-8").split()
    obs = pd.read_csv(folder / "wu2021_CID4465_obs.csv.gz", index_col=0)
    cells = AnnData(counts, obs=obs, var=pd.DataFrame(index=genes))
    return orx.harmonize.genes(cohorts.with_info(cells, unit="counts", domain="single_cell"))


def aurocs(cells: AnnData, sets: dict[str, list[str]], truth: dict[str, tuple[str, list[str]]]) -> pd.DataFrame:
    wanted = {name: sets[name] for name in truth}
    logged = orx.harmonize.units.logged(cells)[0]
    rows = {}
    for method in METHODS:
        scores = orx.scores.score(logged, wanted, method=method, min_coverage=0.0, progress=False)
        for name, (column, types) in truth.items():
            inside = cells.obs[column].isin(types)
            rows[name, method] = roc_auc_score(inside, scores[name])
            rows[name, "cells"] = int(inside.sum())
    return pd.DataFrame({column: {name: rows[name, column] for name in truth} for column in ("cells", *METHODS)})


def main() -> None:
    cells = load()
    print(f"{cells.n_obs} cells, {cells.n_vars} genes")
    for title, sets, truth in (
        ("Populations and signatures", orx.scores.immune_sets(), POPULATIONS),
        ("Immune cell types", orx.scores.cell_type_sets(), CELL_TYPES),
    ):
        table = aurocs(cells, sets, truth)
        print(f"\n{title}: AUROC for the annotated type\n{table.astype({'cells': int}).round(3).to_string()}")
        judged = table[table["cells"] >= 10]
        print(f"median over types of 10 cells and more: {judged[list(METHODS)].median().round(3).to_dict()}")
    immune = ["T-cells", "B-cells", "Plasmablasts", "Myeloid"]
    found = orx.scores.iic_genes_from_cells(cells, MAJOR, immune=immune, tumour=["Cancer Epithelial"])
    lines = orx.scores.iic_genes_from_lines(orx.datasets.load("gdsc2", progress=False))
    both = found.index.intersection(lines.index)
    print("\ngenes up in immune and down in tumour cells:")
    print(f"{len(found)} from this patient, {len(lines)} from cell lines, {len(both)} from both: {', '.join(both[:9])}")


if __name__ == "__main__":
    main()
