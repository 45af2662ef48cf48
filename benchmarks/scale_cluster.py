"""Larger works in one process and in two workers: ``python benchmarks/scale.py --cluster`` and ``--large``."""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import scale

N_CELLS, N_GENES, N_SETS = 300_000, 2_000, 30
PART = 10_000


def hash_of(table: pd.DataFrame) -> str:
    return hashlib.sha256(np.ascontiguousarray(table.to_numpy(dtype=float)).tobytes()).hexdigest()


def parts_hash(folder: Path) -> str:
    found = hashlib.sha256()
    for file in sorted(folder.glob("part-*.parquet")):
        found.update(file.read_bytes())
    return found.hexdigest()


def cell_part(number: int, n_genes: int) -> Any:
    """Counts of 10,000 cells, a tenth of the genes in each; the same number always gives the same cells."""
    from scipy import sparse

    random = np.random.default_rng(number)
    stored = n_genes // 10
    columns = np.sort(random.integers(0, n_genes, size=(PART, stored), dtype=np.int32), axis=1)
    counts = random.geometric(0.4, size=(PART, stored)).astype(np.float32)
    parts = (counts.ravel(), columns.ravel(), np.arange(PART + 1) * stored)
    made = sparse.csr_matrix(parts, (PART, n_genes))
    made.sum_duplicates()
    return made


def h5ad(file: Path, n_cells: int = N_CELLS) -> Path:
    import anndata
    import h5py

    def names(n: int) -> pd.DataFrame:
        return pd.DataFrame(index=[f"c{i}" for i in range(n)])

    var = pd.DataFrame(index=scale.genes(N_GENES))
    anndata.AnnData(cell_part(0, N_GENES), obs=names(PART), var=var).write_h5ad(file)
    with h5py.File(file, "r+") as handle:
        on_disk = anndata.io.sparse_dataset(handle["X"])
        for number in range(1, n_cells // PART):
            on_disk.append(cell_part(number, N_GENES))
        del handle["obs"]
        anndata.io.write_elem(handle, "obs", names(n_cells))
    return file


def tenx(file: Path, n_cells: int = N_CELLS, n_genes: int = 20_000) -> Path:
    """A file as Cell Ranger writes it: 2,000 genes in each cell, int32 values, int64 places."""
    import h5py

    with h5py.File(file, "w") as handle:
        group = handle.create_group("matrix")
        group["barcodes"] = np.array([f"C{i:07d}-1" for i in range(n_cells)], "S")
        group["shape"] = np.array([n_genes, n_cells], np.int32)
        told = group.create_group("features")
        names = np.array(scale.genes(n_genes), "S")
        for name in ("id", "name"):
            told[name] = names
        told["feature_type"] = np.array(["Gene Expression"] * n_genes, "S")
        kept = {"chunks": (1 << 20,), "maxshape": (None,), "compression": "gzip", "compression_opts": 1}
        data = group.create_dataset("data", (0,), np.int32, **kept)
        indices = group.create_dataset("indices", (0,), np.int64, **kept)
        ends = [np.zeros(1, np.int64)]
        for number in range(n_cells // PART):
            part = cell_part(number, n_genes)
            for dataset, values in ((data, part.data), (indices, part.indices)):
                dataset.resize((len(dataset) + len(values),))
                dataset[-len(values) :] = values
            ends.append(part.indptr[1:].astype(np.int64) + ends[-1][-1])
        group["indptr"] = np.concatenate(ends)
    return file


def cells(kind: str, folder: Path) -> Callable[[], str]:
    import anndata

    import omics_rx as orx

    file = h5ad(folder / "x.h5ad")

    def score(given: Any) -> str:
        return hash_of(orx.scores.score(given, scale.sets(N_GENES, N_SETS), method="ssgsea", progress=False))

    if kind == "one":
        given = anndata.read_h5ad(file)
        return lambda: score(given)
    if kind == "backed":
        backed = anndata.read_h5ad(file, backed="r")
        return lambda: score(backed)
    return lambda: score(_lazy(file))


def _lazy(file: Path) -> Any:
    import anndata
    import h5py
    from anndata.experimental import read_elem_lazy

    with h5py.File(file, "r") as handle:
        lazy: Any = read_elem_lazy(handle["X"], chunks=(PART, N_GENES))
        names = {key: anndata.io.read_elem(handle[key]) for key in ("obs", "var")}
    return anndata.AnnData(lazy, **names)


def library(kind: str, folder: Path, sizes: tuple[int, int] = (20_000, 500)) -> Callable[[], str]:
    import omics_rx as orx

    fitted, given, asked = scale.model(), scale.cohort(sizes[1], 300), scale.structures(sizes[0])

    def work() -> str:
        n_jobs = 2 if kind == "two" else None
        orx.response.library.screen(fitted, given, asked, folder / "out", n_jobs=n_jobs, progress=False)
        return parts_hash(folder / "out")

    return work


def search(kind: str, _: Path) -> Callable[[], str]:
    import omics_rx as orx

    some = ["lasso", "cox_ridge", "coxboost", "random_forest", "lasso + cox_ridge"]
    given = {"a": scale.cohort(600, 60)}

    def work() -> str:
        n_jobs = 2 if kind == "two" else None
        found = orx.signatures.search(given, combinations=some, n_folds=5, nested=False, n_jobs=n_jobs, progress=False)
        return hashlib.sha256(found.table.to_json(double_precision=15).encode()).hexdigest()

    return work


def reading(kind: str, folder: Path) -> Callable[[], str]:
    import omics_rx as orx

    file = tenx(folder / "x.h5")

    def work() -> str:
        found = orx.io.read_single_cell(file, backed=kind == "backed")
        return f"{found.n_obs} x {found.n_vars}"

    return work


WORKS: dict[str, tuple[Callable[..., Callable[[], str]], tuple[str, ...], str]] = {
    "cells": (cells, ("one", "backed", "two, dask"), f"{N_CELLS:,} cells x {N_GENES:,} genes x {N_SETS} sets"),
    "search": (search, ("one", "two", "two, dask"), "600 patients x 60 genes, 5 combinations"),
    "library": (library, ("one", "two", "two, dask"), "20,000 structures x 500 tumours"),
    "reading": (reading, ("one", "backed"), f"a 10x h5 of {N_CELLS:,} cells x 20,000 genes"),
    "screen large": (lambda kind, folder: library(kind, folder, (10_000, 5_000)), ("one",),
                     "10,000 structures x 5,000 tumours to Parquet"),
}  # fmt: skip


def one(name: str, kind: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        work = WORKS[name][0](kind, Path(folder))
        if kind != "two, dask":
            return _measured(work)
        import distributed

        with (
            distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster),
            joblib.parallel_config("dask"),
        ):
            return _measured(work)


def _measured(work: Callable[[], str]) -> dict[str, Any]:
    start = time.perf_counter()
    with scale.Peak() as peak:
        found = work()
    return {"seconds": time.perf_counter() - start, "own": peak.own, "worker": peak.workers, "found": found}


def main(names: list[str] | None = None) -> None:
    print("| work | how | seconds | GB in this process, at most | GB in a worker, at most | the same |")
    print("|---|---|---|---|---|---|")
    for name in names or [name for name in WORKS if name != "screen large"]:
        first = None
        for kind in WORKS[name][1]:
            found = scale.apart("--part", name, kind, script=__file__)
            first = first or found["found"]
            same = "" if kind == "one" else "to the bit" if found["found"] == first else "**DIFFERENT**"
            worker = f"{found['worker']:.2f}" if found["worker"] else ""
            print(f"| {WORKS[name][2]} | {kind} | {found['seconds']:.0f} | {found['own']:.2f} | {worker} | {same} |",
                  flush=True)  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", nargs=2)
    parser.add_argument("names", nargs="*")
    told = parser.parse_args()
    if told.part:
        print(json.dumps(one(*told.part)))
    else:
        main(told.names or None)
