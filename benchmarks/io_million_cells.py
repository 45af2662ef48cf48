"""Opening a million cells on disk: python benchmarks/io_million_cells.py [--cells N] [--file PATH] [--folder DIR].

Writes an h5ad of 1,000,000 cells x 20,000 genes, block by block, with counts of some 1,000 genes a cell (8 GB), in 30
patients and 10 cell types. Then, each in a fresh process, opens it with read_single_cell(backed=True), opens it with
anndata's own backed mode, and opens it and adds the cells up by patient and cell type. Prints seconds, processor
seconds (imports are in neither) and peak memory (imports are in it); of opening, the quickest of some turns.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
from scores_million_cells import make_file

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


def write(path: Path, n_cells: int) -> None:
    """Write the cells part by part, then tell each cell's patient and type."""
    make_file(path, n_cells)
    random = np.random.default_rng(0)
    with h5py.File(path, "r+") as handle:
        obs = ad.io.read_elem(handle["obs"])
        for name, n in (("patient", 30), ("type", 10)):
            obs[name] = pd.Categorical.from_codes(random.integers(0, n, n_cells), [f"{name[0]}{i}" for i in range(n)])
        del handle["obs"]
        ad.io.write_elem(handle, "obs", obs)


def measured(act: str, file: Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", RUN.format(act=act), file], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path, help="an h5ad to open instead, with obs columns patient and type")
    parser.add_argument("--repeats", type=int, default=3, help="turns of opening, of which the quickest is printed")
    parser.add_argument("--folder", type=Path, help="where the temporary file is made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        file = options.file or Path(folder) / "cells.h5ad"
        if options.file is None:
            write(file, options.cells)
        print(f"{file.stat().st_size / 2**30:.2f} GiB on disk")
        for name, act in ACTS.items():
            turns = [measured(act, file) for _ in range(1 if "pseudobulk" in act else options.repeats)]
            told = {key: min(turn[key] for turn in turns) for key in turns[0]}
            print(f"{name:32s} {told['seconds']:6.2f} s  {told['cpu']:6.2f} s of processor  {told['GiB']:.2f} GiB")


if __name__ == "__main__":
    main()
