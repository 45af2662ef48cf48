"""Predicted sensitivity of the cells of a triple-negative tumour, by type and of malignant cells against the others.

    python benchmarks/response_single_cells.py    (needs the further real data: OMICS_RX_DATA or ../shared/data)

Wu et al. 2021, patient CID4465. No response was measured in these cells: what is asked is whether cells resemble the
lines of their own origin. For three kinds of cells and drugs that lines of the same origin are known to prefer, the
area under the ROC curve of "predicted more sensitive" for cells of the kind against all others, cell by cell.
"""

from __future__ import annotations

import time

import pandas as pd
from single_cell_tnbc import MAJOR, load
from sklearn.metrics import roc_auc_score

import omics_rx as orx
from omics_rx.response import cells as single

EXPECTED = (
    ("epithelial cells", ["Cancer Epithelial", "Normal Epithelial"], ["Afatinib", "Gefitinib", "Sapitinib"]),
    ("lymphoid cells", ["T-cells", "B-cells", "Plasmablasts"], ["Venetoclax", "ABT737", "Vorinostat"]),
    ("stromal cells", ["CAFs", "PVL", "Endothelial"], ["Dasatinib", "Foretinib", "Staurosporine"]),
)


def main() -> None:
    cohort = load()
    model = orx.response.default()
    start = time.perf_counter()
    found = model.predict(cohort, domain="single_cell")
    print(f"{found!r}\n{time.perf_counter() - start:.1f} s")
    names = model.screen_.drugs["name"]
    by_name = {name.casefold(): drug for drug, name in names.items()}
    types = cohort.obs[MAJOR]
    rows = []
    for title, kinds, drugs in EXPECTED:
        inside = types.isin(kinds)
        for name in drugs:
            drug = by_name.get(name.casefold())
            if drug in found.mean:
                rows.append(
                    {"cells": title, "n": int(inside.sum()), "drug": name,
                     "preference": roc_auc_score(inside, -found.preference[drug]),
                     "ln IC50": roc_auc_score(inside, -found.mean[drug])}
                )  # fmt: skip
    print(pd.DataFrame(rows).round(3).to_string(index=False))
    table = single.by_cluster(found, types)
    print(f"\n{table['cluster'].nunique()} types of 10 cells and more; two drugs each is most and least sensitive to:")
    for cluster, own in table.groupby("cluster"):
        ordered = own.sort_values("mean")
        shown = ordered.iloc[[0, 1, -2, -1]]
        said = ", ".join(
            f"{names[drug]} {mean:.2f}" for drug, mean in zip(shown["drug_id"], shown["mean"], strict=True)
        )
        print(f"  {cluster} ({own['n'].iloc[0]} cells): {said}")
    chosen = single.selectivity(found, types.eq("Cancer Epithelial"))
    chosen.insert(0, "name", names.reindex(chosen.index))
    print(f"\nmalignant cells against the others\n{chosen.head(8).round(3).to_string(index=False)}")


if __name__ == "__main__":
    main()
