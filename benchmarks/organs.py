"""How often cohorts of the breast are taken for another organ's, and lines of other organs are told, by expression.

Cohorts are drawn anew 1,000 times, five and twenty samples each, of one kind: tumours by subtype, lines by tissue.

python benchmarks/organs.py    (GDSC's lines by the package's data; tumours in OMICS_RX_DATA or ../shared/data)
"""

from __future__ import annotations

import logging
from collections import Counter

import numpy as np
import pandas as pd
from pam50_agreement import data_folder, reference_inputs, tcga_counts

import omics_rx as orx
from omics_rx.harmonize.organs import levels, organ_of

DRAWS, SIZES = 1000, (5, 20)


def told(table: pd.DataFrame, size: int, seed: int = 0) -> Counter[str]:
    """Organs told of cohorts drawn from samples."""
    rng = np.random.default_rng(seed)
    return Counter(organ_of(table.iloc[rng.choice(len(table), size, replace=True)]) for _ in range(DRAWS))


def tumours() -> dict[str, tuple[pd.DataFrame, pd.Series]]:
    """Levels of breast tumours, and the kind of each."""
    folder = data_folder()
    scanb = reference_inputs(folder)["SCAN-B 400 (38 of the genes)"]
    tcga = tcga_counts(folder).to_df()
    kinds = pd.read_csv(folder / "subtypes" / "bsr_tcga100_subtypes.csv.gz", index_col=0)["AIMS"].reindex(tcga.index)
    arrays = pd.read_csv(folder / "cohorts" / "gse42568_expr.csv.gz", index_col=0).select_dtypes("number")
    arrays = arrays if len(arrays) < arrays.shape[1] else arrays.T
    return {
        "SCAN-B": (levels(scanb[0]), scanb[1].reindex(scanb[0].index)),
        "TCGA 100": (levels(tcga), kinds),
        "GSE42568 (with 17 normal breasts)": (levels(arrays), pd.Series("all", arrays.index)),
    }


def main() -> None:
    """Print the shares of cohorts told, by kind and size."""
    logging.getLogger("omics_rx").setLevel(logging.ERROR)
    wrong, drawn = 0, 0
    for name, (table, kinds) in tumours().items():
        for kind, rows in {"all": table, **{str(one): table[kinds == one] for one in kinds.dropna().unique()}}.items():
            found = {size: told(rows, size) for size in SIZES if len(rows) >= SIZES[0]}
            wrong += sum(DRAWS - one[""] for one in found.values())
            drawn += DRAWS * len(found)
            if found:
                shares = ", ".join(f"{1 - one[''] / DRAWS:.3f} of {size}" for size, one in found.items())
                print(f"{name}, {kind} ({len(rows)}, organs {table.shape[1] - 2}): told wrongly {shares}")
    print(f"breast cohorts told wrongly in all: {wrong} of {drawn}")
    cells = orx.datasets.load("gdsc2", progress=False).cells
    table, tissue = levels(cells.to_df()), cells.obs["tissue_detail"].astype(str)
    for kind, n in tissue.value_counts().items():
        if n >= SIZES[0]:
            found = told(table[tissue == kind], SIZES[0])
            organ, times = found.most_common(1)[0]
            print(f"GDSC, {kind} ({n}): {organ or 'not told'} in {times / DRAWS:.3f} of {SIZES[0]}")


if __name__ == "__main__":
    main()
