"""Opening a million cells on disk: python benchmarks/io_million_cells.py [--cells N] [--genes P] [--file PATH].

Writes an h5ad of 1,000,000 cells x 20,000 genes, 50 counts a cell, with the counts again as a layer, in 30 patients and
10 cell types. Then, each in a fresh process, opens it with read_single_cell(backed=True), opens it with anndata's own
backed mode, and opens it and adds the cells up by patient and cell type. Prints seconds, processor seconds (imports
are in neither) and peak memory (imports are in it).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
from scipy import sparse

N_COUNTS = 50
RUN = """
import json, resource, sys, time
import anndata, h5py, pandas
from omics_rx import harmonize
from omics_rx.io import read_single_cell
start, cpu = time.perf_counter(), time.process_time()
{act}
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
print(json.dumps({{"seconds": seconds, "cpu": cpu, "GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}}))
"""
ACTS = {
    "read_single_cell(backed=True)": "cells = read_single_cell(sys.argv[1], backed=True); assert cells.isbacked",
    "anndata.read_h5ad(backed='r')": "cells = anndata.read_h5ad(sys.argv[1], backed='r')",
    "opened and added up": (
        "cells = read_single_cell(sys.argv[1], backed=True)\n"
        "sums = harmonize.pseudobulk(cells, 'patient', 'type'); assert sums.obs['n_cells'].sum() == cells.n_obs"
    ),
}


def write(path: Path, n_cells: int, n_genes: int) -> None:
    random = np.random.default_rng(0)
    places = random.integers(0, n_genes, size=(n_cells, N_COUNTS), dtype=np.int32)
    places.sort(axis=1)
    ends = np.arange(0, n_cells * N_COUNTS + 1, N_COUNTS, dtype=np.int64)
    ones = np.ones(n_cells * N_COUNTS, dtype=np.float32)
    counts = sparse.csr_matrix((ones, places.ravel(), ends), shape=(n_cells, n_genes))
    counts.sum_duplicates()
    obs = pd.DataFrame(
        {
            "patient": pd.Categorical.from_codes(random.integers(0, 30, n_cells), [f"p{i}" for i in range(30)]),
            "type": pd.Categorical.from_codes(random.integers(0, 10, n_cells), [f"t{i}" for i in range(10)]),
            "n_counts": random.random(n_cells),
        },
        index=[f"AAACCTG{i:09d}-1" for i in range(n_cells)],
    )
    var = pd.DataFrame(index=[f"ENSG{i:011d}" for i in range(n_genes)])
    ad.AnnData(counts, obs=obs, var=var, layers={"counts": counts}).write_h5ad(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--file", type=Path, help="an h5ad to open instead, with obs columns patient and type")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = options.file or Path(folder) / "cells.h5ad"
        if options.file is None:
            write(file, options.cells, options.genes)
        print(f"{file.stat().st_size / 2**30:.2f} GiB on disk")
        for name, act in ACTS.items():
            done = subprocess.run(
                [sys.executable, "-c", RUN.format(act=act), file], capture_output=True, text=True, check=True
            )
            told = json.loads(done.stdout)
            print(f"{name:32s} {told['seconds']:6.2f} s  {told['cpu']:6.2f} s of processor  {told['GiB']:.2f} GiB")


if __name__ == "__main__":
    main()
