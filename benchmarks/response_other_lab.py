"""Another laboratory: predictions for unseen lines from GDSC2, held against CCLE's measurements of the same lines.

    python benchmarks/response_other_lab.py

For each drug that both screens hold (joined by InChIKey, else by name), the Spearman correlation over shared lines of
CCLE's response with (a) the out-of-fold prediction of a model trained on GDSC2 without those lines and (b) GDSC2's own
measurement, on exactly the same pairs. The gap is paired over drugs, 95% bootstrap interval.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import omics_rx as orx
from omics_rx.core.screen import DrugScreen
from omics_rx.metrics.compare import paired_difference

MIN_LINES = 20


def drug_pairs(first: DrugScreen, second: DrugScreen) -> dict[str, str]:
    """Drug of the second screen for each shared drug of the first."""
    by_key = {key: drug for drug, key in second.drugs["inchikey"].dropna().items()}
    by_name = {str(name).casefold(): drug for drug, name in second.drugs["name"].items()}
    found = {}
    for drug, row in first.drugs.iterrows():
        other = by_key.get(row["inchikey"]) or by_name.get(str(row["name"]).casefold())
        if other is not None and other not in found.values():
            found[str(drug)] = str(other)
    return found


def line_pairs(first: DrugScreen, second: DrugScreen) -> dict[str, str]:
    """Line of the second screen for each shared line of the first, by identity where both state one."""
    pairs: dict[str, str] = {}
    for column in ("cellosaurus_id", "depmap_id", "cosmic_id", "name"):
        if column in first.cells.obs and column in second.cells.obs:
            own = {str(value).casefold(): cell for cell, value in second.cells.obs[column].dropna().items()}
            for cell, value in first.cells.obs[column].dropna().items():
                other = own.get(str(value).casefold())
                if other is not None and cell not in pairs and other not in pairs.values():
                    pairs[str(cell)] = str(other)
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    told = parser.parse_args()
    here, there = orx.datasets.load("gdsc2"), orx.datasets.load("ccle")
    drugs, lines = drug_pairs(here, there), line_pairs(here, there)
    found = orx.response.out_of_fold(orx.response.ResponseModel(), here, n_folds=told.folds, progress=False).mean
    own, other = here.matrix(), there.matrix()
    rows = []
    for drug, its in drugs.items():
        if drug not in found or its not in other:
            continue
        cells = [cell for cell in lines if cell in found.index and lines[cell] in other.index]
        table = pd.DataFrame(
            {
                "ccle": other.loc[[lines[cell] for cell in cells], its].to_numpy(),
                "gdsc2": own.loc[cells, drug].to_numpy(), "predicted": found.loc[cells, drug].to_numpy(),
            }
        ).dropna()  # fmt: skip
        if len(table) >= MIN_LINES and table["ccle"].nunique() > 2:
            r = table.corr(method="spearman")["ccle"]
            rows.append(
                {
                    "drug": here.drugs.loc[drug, "name"], "lines": len(table), "predicted": r["predicted"],
                    "measured by GDSC2": r["gdsc2"], "at the highest dose in CCLE": np.mean(
                        np.isclose(table["ccle"], table["ccle"].max())
                    ),
                }
            )  # fmt: skip
    table = pd.DataFrame(rows).sort_values("measured by GDSC2", ascending=False)
    print(table.round(3).to_string(index=False))
    gap = paired_difference(table["predicted"], table["measured by GDSC2"])
    print(
        f"{len(table)} drugs, median {table['lines'].median():.0f} lines: mean Spearman predicted "
        f"{table['predicted'].mean():.3f}, measured {table['measured by GDSC2'].mean():.3f}; gap {gap.value:.3f} "
        f"({gap.lower:.3f} to {gap.upper:.3f})"
    )


if __name__ == "__main__":
    main()
