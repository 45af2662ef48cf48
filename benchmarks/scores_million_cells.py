"""AUCell and ssGSEA over a million sparse cells from a backed file: time, memory, and the same on a dask cluster.

python benchmarks/scores_million_cells.py [--cells N] [--folder DIR] [--methods NAME ...] [--no-dask]

The file is made block by block: 20,000 genes, 5% of the values above zero, 8 GB for a million cells.
The dask cluster needs the extra ``scale``.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import sparse

import omics_rx as orx

N_GENES, SHARE, PART = 20_000, 0.05, 10_000


def cell_part(number: int, n_cells: int) -> sparse.csr_matrix:
    """Counts of one part of the cells; the same number always gives the same cells."""
    random = np.random.default_rng(number)
    stored = int(N_GENES * SHARE)
    columns = np.sort(random.integers(0, N_GENES, size=(n_cells, stored), dtype=np.int32), axis=1)
    values = random.geometric(0.4, size=(n_cells, stored)).astype(np.float32)
    matrix = sparse.csr_matrix((values.ravel(), columns.ravel(), np.arange(n_cells + 1) * stored), (n_cells, N_GENES))
    matrix.sum_duplicates()
    return matrix


def make_file(path: Path, n_cells: int) -> None:
    """Write the cells as h5ad without ever holding all of them."""
    first = anndata.AnnData(
        cell_part(0, min(PART, n_cells)),
        obs=pd.DataFrame(index=[f"c{i}" for i in range(min(PART, n_cells))]),
        var=pd.DataFrame(index=[f"G{i}" for i in range(N_GENES)]),
    )
    first.write_h5ad(path)
    with h5py.File(path, "r+") as handle:
        on_disk = anndata.io.sparse_dataset(handle["X"])
        for number, start in enumerate(range(PART, n_cells, PART), start=1):
            on_disk.append(cell_part(number, min(PART, n_cells - start)))
        del handle["obs"]
        anndata.io.write_elem(handle, "obs", pd.DataFrame(index=[f"c{i}" for i in range(n_cells)]))


def gene_sets() -> dict[str, list[str]]:
    random = np.random.default_rng(1)
    genes = np.array([f"G{i}" for i in range(N_GENES)])
    return {f"set{k}": list(random.choice(genes, random.integers(15, 200), replace=False)) for k in range(30)}


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def on_cluster(path: Path, method: str) -> tuple[pd.DataFrame, float]:
    """Scores from dask arrays over the same file, on two workers of a local cluster."""
    from anndata.experimental import read_elem_lazy
    from dask.distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, memory_limit="3GB") as cluster, Client(cluster):
        with h5py.File(path, "r") as handle:
            lazy: Any = read_elem_lazy(handle["X"], chunks=(PART, N_GENES))
            names = {key: anndata.io.read_elem(handle[key]) for key in ("obs", "var")}
        start = time.perf_counter()
        scores = orx.scores.score(anndata.AnnData(lazy, **names), gene_sets(), method=method)
        return scores, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the file is made and kept")
    parser.add_argument("--no-dask", action="store_true")
    parser.add_argument("--methods", nargs="+", default=["aucell", "ssgsea"])
    told = parser.parse_args()
    dask = not told.no_dask and importlib.util.find_spec("distributed") is not None
    with tempfile.TemporaryDirectory() as temporary:
        path = (told.folder or Path(temporary)) / f"cells_{told.cells}.h5ad"
        if not path.is_file():
            make_file(path, told.cells)
        print(f"{path.stat().st_size / 2**30:.1f} GB on disk; peak memory so far {peak_gb():.2f} GB", flush=True)
        for method in told.methods:
            backed = anndata.read_h5ad(path, backed="r")
            start = time.perf_counter()
            ours = orx.scores.score(backed, gene_sets(), method=method, progress=True)
            backed.file.close()
            took = f"{time.perf_counter() - start:.0f} s"
            print(f"{method}, backed file: {took}, peak {peak_gb():.2f} GB in this process", flush=True)
            if dask:
                scores, seconds = on_cluster(path, method)
                equal = f"largest difference {np.abs(scores - ours).to_numpy().max():.1e}"
                print(f"{method}, dask with 2 workers: {seconds:.0f} s, {equal}, peak {peak_gb():.2f} GB", flush=True)


if __name__ == "__main__":
    main()
