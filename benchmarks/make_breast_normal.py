"""Write resources/breast_normal.tsv: genes that tell normal breast from breast tumours.

The table of a meta-analysis of breast tumours against normal breast (STARGEO, CC0) is read from the shared data: genes
compared in at least 15 studies whose effect differs from zero by over five standard errors; of these the hundred that
fall and the hundred that rise most, under their current symbols.

Usage: OMICS_RX_DATA=... python benchmarks/make_breast_normal.py > resources/breast_normal.tsv
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pandas as pd

from omics_rx.harmonize import current_symbols

SOURCE = "perturbation/stargeo_breast_DOID1612_balanced_permutation.tsv.gz"
N_GENES, LEAST_STUDIES, LEAST_Z = 100, 15, 5.0


def main() -> None:
    """Print the table."""
    data = Path(os.environ.get("OMICS_RX_DATA", "../shared/data"))
    found = pd.read_csv(data / SOURCE, sep="\t").dropna(subset=["mygene_sym"])
    found = found[(found["k"] >= LEAST_STUDIES) & (found["random_zscore"].abs() > LEAST_Z)]
    told = current_symbols(found["mygene_sym"].tolist())
    found["gene"] = told["symbol"].to_numpy()
    found = found[told["status"].isin(["kept", "renamed"]).to_numpy()].drop_duplicates("gene")
    found = found.sort_values(["random_TE", "gene"])
    both = pd.concat([found.head(N_GENES).assign(higher_in="normal"), found.tail(N_GENES).assign(higher_in="tumour")])
    both["effect"] = both["random_TE"].round(4)
    both["studies"] = both["k"].astype(int)
    both[["gene", "higher_in", "effect", "studies"]].to_csv(sys.stdout, sep="\t", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
