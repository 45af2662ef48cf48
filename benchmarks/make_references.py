"""Write the frozen references of tumours measured by sequencing: mean and deviation of each gene, in two units.

Four hundred tumours of SCAN-B, log2(FPKM + 0.1) over 10,000 genes (GSE96058; needs the shared data). FPKM are taken
back from the logarithm; TPM share a million among the 10,000 genes that are there.

Usage: python benchmarks/make_references.py; writes ``resources/tumour_references.tsv.gz`` and prints its sha256.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx import harmonize
from omics_rx.core import cohort as cohorts
from omics_rx.core import resources
from omics_rx.harmonize.reference import GeneReference

ORIGIN = "400 tumours of SCAN-B"
OFFSET = 0.1


def main() -> None:
    """Learn and write."""
    data = Path(os.environ.get("OMICS_RX_DATA", "../shared/data"))
    logs = pd.read_csv(data / "cohorts" / "scanb400_expr.csv.gz", index_col=0)
    fpkm = (np.exp2(logs) - OFFSET).clip(lower=0)
    tpm = fpkm.div(fpkm.sum(axis=1), axis=0) * 1e6
    rows = []
    for unit, amounts in (("FPKM", fpkm), ("TPM", tpm)):
        named = cohorts.expression(harmonize.genes(np.log2(amounts + 1), min_mapped=0.0))
        learnt = GeneReference.learn(named)
        rows.append(
            pd.DataFrame(
                {
                    "gene": learnt.genes, "unit": f"log2({unit} + 1)", "mean": learnt.mean.round(3),
                    "sd": learnt.sd.round(3), "n_samples": learnt.n_samples, "origin": ORIGIN,
                }
            )
        )  # fmt: skip
    table = pd.concat(rows)
    file = resources.root() / "tumour_references.tsv.gz"
    text = table[table["sd"] > 0].to_csv(sep="\t", index=False).encode()
    file.write_bytes(gzip.compress(text, mtime=0))
    print(len(table), hashlib.sha256(file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
