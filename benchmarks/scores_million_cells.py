"""AUCell and ssGSEA over a million sparse cells from a backed file: time, memory, and the same on a dask cluster.

python benchmarks/scores_million_cells.py [--cells N] [--folder DIR] [--methods NAME ...] [--interrupt N] [--no-dask]

The file is made block by block: 20,000 genes, 5% of the values above zero, 8 GB for a million cells.
``--interrupt`` presses Ctrl-C on a first try after so many blocks, to show that the second goes on where it stopped.
The dask cluster needs the extra ``scale``.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import signal
import subprocess
import sys
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
from omics_rx.core import cache

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


def peak_gb(who: int = resource.RUSAGE_SELF) -> float:
    """Largest memory this process has held; of ``RUSAGE_CHILDREN``, the largest that one ended child has held."""
    return resource.getrusage(who).ru_maxrss / 2**20


def from_file(path: Path, method: str) -> tuple[pd.DataFrame, float]:
    backed = anndata.read_h5ad(path, backed="r")
    start = time.perf_counter()
    scores = orx.scores.score(backed, gene_sets(), method=method, progress=True)
    backed.file.close()
    return scores, time.perf_counter() - start


def interrupted(path: Path, method: str, n_blocks: int) -> None:
    """Start the same work in a process of its own and press Ctrl-C once so many finished blocks are in the cache."""
    work = f"import scores_million_cells as m; from pathlib import Path; m.from_file(Path({str(path)!r}), {method!r})"
    told = {"cwd": Path(__file__).parent, "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    child = subprocess.Popen([sys.executable, "-c", work], stderr=subprocess.DEVNULL, **told)
    while len(list((cache.folder() / "scores").glob("*/*.npy"))) < n_blocks and child.poll() is None:
        time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    ended = child.wait(60)
    kept = len(list((cache.folder() / "scores").glob("*/*.npy")))
    print(f"{method}: Ctrl-C, the process ended with {ended}, {kept} blocks kept", flush=True)


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
    parser.add_argument("--interrupt", type=int, metavar="BLOCKS", help="also interrupt the first method and go on")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        path = (told.folder or Path(temporary)) / f"cells_{told.cells}.h5ad"
        if not path.is_file():
            make_file(path, told.cells)
        print(f"{path.stat().st_size / 2**30:.1f} GB on disk; peak memory so far {peak_gb():.2f} GB", flush=True)
        ours = {}
        for method in told.methods:
            ours[method], seconds = from_file(path, method)
            print(f"{method}, backed file: {seconds:.0f} s, peak {peak_gb():.2f} GB in this process", flush=True)
        if told.interrupt:
            method = told.methods[0]
            interrupted(path, method, told.interrupt)
            scores, seconds = from_file(path, method)
            equal = f"largest difference {np.abs(scores - ours[method]).to_numpy().max():.1e}"
            print(f"{method}, gone on with after Ctrl-C: {seconds:.0f} s, {equal}", flush=True)
        if told.no_dask or importlib.util.find_spec("distributed") is None:
            return
        for method in told.methods:
            scores, seconds = on_cluster(path, method)
            equal = f"largest difference {np.abs(scores - ours[method]).to_numpy().max():.1e}"
            of_worker = peak_gb(resource.RUSAGE_CHILDREN)
            workers = f"peak at most {of_worker:.2f} GB in a worker, {peak_gb():.2f} GB in this process"
            print(f"{method}, dask with 2 workers: {seconds:.0f} s, {equal}, {workers}", flush=True)


if __name__ == "__main__":
    main()
