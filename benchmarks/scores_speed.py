"""Speed, memory and equality of gene-set scores against gseapy and decoupler.

python benchmarks/scores_speed.py [--small] [--all]

decoupler is compared where it is installed; its GSVA takes over 20 GB on the large input, which runs with ``--all``
only, and is compared on a tenth of the genes otherwise. Last, the memory that ssGSEA takes as samples grow in number.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

import omics_rx as orx


@dataclass(frozen=True)
class Timed:
    """What a piece of work gave and took."""

    result: Any
    seconds: float
    cpu: float
    peak_mb: float


def timed(work: Callable[[], Any]) -> Timed:
    """Result, seconds (clock, processor) of the better of two runs, and peak of new memory in a third."""
    seconds, cpu = [], []
    for _ in range(2):
        start, start_cpu = time.perf_counter(), time.process_time()
        result = work()
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - start_cpu)
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return Timed(result, min(seconds), min(cpu), peak)


def once(work: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
    """Result, and seconds by the clock and of the processor; on a shared machine only the second is comparable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start, start_cpu = time.perf_counter(), time.process_time()
        result = work()
        return result, (time.perf_counter() - start, time.process_time() - start_cpu)


def expression(n_samples: int, n_genes: int) -> pd.DataFrame:
    values = np.random.default_rng(0).normal(6, 2, size=(n_samples, n_genes))
    return pd.DataFrame(values, index=[f"s{i}" for i in range(n_samples)], columns=[f"G{i}" for i in range(n_genes)])


def gene_sets(genes: pd.Index, n_sets: int) -> dict[str, list[str]]:
    random = np.random.default_rng(1)
    return {f"set{k}": list(random.choice(genes, random.integers(15, 200), replace=False)) for k in range(n_sets)}


def wide(long: pd.DataFrame) -> pd.DataFrame:
    return long.pivot_table(index="Name", columns="Term", values="ES", aggfunc="first").astype(float)


def network(sets: dict[str, list[str]]) -> pd.DataFrame:
    return pd.DataFrame(
        [(name, gene, 1.0) for name, genes in sets.items() for gene in genes], columns=["source", "target", "weight"]
    )


def row(
    work: str, ours: Timed, theirs: tuple[str, pd.DataFrame, tuple[float, float]], input_mb: float
) -> dict[str, object]:
    name, told, seconds = theirs
    values = ours.result.loc[told.index, told.columns]
    return {
        "work": work, "ours s": round(ours.seconds, 2), "peak / input": round(ours.peak_mb / input_mb, 2),
        "peer": name, "peer s": round(seconds[0], 2), "times faster": round(seconds[0] / ours.seconds, 1),
        "cpu s": round(ours.cpu, 2), "peer cpu s": round(seconds[1], 2),
        "times less cpu": round(seconds[1] / ours.cpu, 1),
        "largest difference": f"{np.abs(values - told).to_numpy().max():.1e}",
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="a tenth of the genes, for a quick look")
    parser.add_argument("--all", action="store_true", help="also GSVA of decoupler: over 20 GB")
    told_by_user = parser.parse_args()
    n_genes = 1_800 if told_by_user.small else 18_000
    import gseapy

    settings = {"outdir": None, "min_size": 1, "max_size": 5000, "threads": 1}
    rows = []
    cohort = expression(1_000, n_genes)
    sets = gene_sets(cohort.columns, 50)
    ours = timed(lambda: orx.scores.score(cohort, sets, progress=False))
    told, seconds = once(lambda: gseapy.ssgsea(cohort.T, sets, sample_norm_method="rank", no_plot=True, **settings))
    input_mb = cohort.to_numpy().nbytes / 2**20
    rows.append(row(f"ssGSEA {n_genes:,} x 1,000 x 50", ours, ("gseapy", wide(told.res2d), seconds), input_mb))

    few = cohort.iloc[:200]
    ours = timed(lambda: orx.scores.score(few, sets, method="gsva", progress=False))
    told, seconds = once(lambda: gseapy.gsva(few.T, sets, kcdf="Gaussian", **settings))
    work = f"GSVA {n_genes:,} x 200 x 50"
    rows.append(row(work, ours, ("gseapy", wide(told.res2d), seconds), input_mb / 5))
    if importlib.util.find_spec("decoupler"):
        rows += gsva_of_decoupler(few, sets, ours, work) if told_by_user.all else []
        rows += gsva_of_a_tenth(1_800, settings)
        rows.append(aucell_of_decoupler(few.columns, sets))
    else:
        print("decoupler is not installed: its rows are left out")
    print(pd.DataFrame(rows).to_string(index=False))
    print(memory_by_samples(n_genes).to_string(index=False))


def memory_by_samples(n_genes: int) -> pd.DataFrame:
    """Peak of new memory of ssGSEA for more and more samples, the input (float32) not counted."""
    rows = []
    for n_samples in (1_000, 5_000, 10_000):
        values = np.random.default_rng(3).normal(6, 2, size=(1_000, n_genes)).astype(np.float32)
        cohort = pd.DataFrame(np.tile(values, (n_samples // 1_000, 1)), columns=[f"G{i}" for i in range(n_genes)])
        sets = gene_sets(cohort.columns, 50)
        start = time.perf_counter()
        result = orx.scores.score(cohort, sets, progress=False)
        seconds = time.perf_counter() - start
        tracemalloc.start()
        orx.scores.score(cohort, sets, progress=False)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        rows.append({"ssGSEA samples": n_samples, "input MB": cohort.to_numpy().nbytes / 2**20, "seconds": seconds,
                     "new memory MB": peak / 2**20, "of it result MB": result.to_numpy().nbytes / 2**20})  # fmt: skip
    return pd.DataFrame(rows).round(1)


Row = dict[str, object]


def gsva_of_decoupler(few: pd.DataFrame, sets: dict[str, list[str]], ours: Timed, work: str) -> list[Row]:
    import decoupler

    def answer(table: object) -> pd.DataFrame:
        first = table[0] if isinstance(table, tuple) else table
        return first if isinstance(first, pd.DataFrame) else pd.DataFrame()

    once(lambda: decoupler.mt.gsva(few.iloc[:5, :200], network({"a": list(few.columns[:9])}), tmin=1))  # compile
    told, seconds = once(lambda: answer(decoupler.mt.gsva(few, network(sets), tmin=1)))
    return [row(work, ours, ("decoupler", told, seconds), few.to_numpy().nbytes / 2**20)]


def gsva_of_a_tenth(n_genes: int, settings: dict[str, Any]) -> list[Row]:
    """GSVA on an input that decoupler can hold, with both peers."""
    import gseapy

    few = expression(200, n_genes)
    sets = gene_sets(few.columns, 50)
    ours = timed(lambda: orx.scores.score(few, sets, method="gsva", progress=False))
    work = f"GSVA {n_genes:,} x 200 x 50"
    told, seconds = once(lambda: gseapy.gsva(few.T, sets, kcdf="Gaussian", **settings))
    theirs = row(work, ours, ("gseapy", wide(told.res2d), seconds), few.to_numpy().nbytes / 2**20)
    return [theirs, *gsva_of_decoupler(few, sets, ours, work)]


def aucell_of_decoupler(genes: pd.Index, sets: dict[str, list[str]]) -> dict[str, object]:
    import decoupler

    n_genes = len(genes)
    stored = sparse.random_array((20_000, n_genes), density=0.05, rng=np.random.default_rng(2), format="csr")
    names = {"obs": pd.DataFrame(index=[f"c{i}" for i in range(20_000)]), "var": pd.DataFrame(index=genes)}
    cells = AnnData(sparse.csr_matrix(stored), **names)
    thirty = dict(list(sets.items())[:30])
    ours = timed(lambda: orx.scores.score(cells, thirty, method="aucell", progress=False))
    copy = cells.copy()
    once(lambda: decoupler.mt.aucell(cells[:5].copy(), network(thirty), tmin=1))
    _, seconds = once(lambda: decoupler.mt.aucell(copy, network(thirty), tmin=1))
    told = pd.DataFrame(copy.obsm["score_aucell"], index=cells.obs_names)
    full = np.diff(stored.indptr) >= np.ceil(0.05 * n_genes)
    told = told[full]  # in the others zeros reach the top, where decoupler goes by the order of the columns
    input_mb = (stored.data.nbytes + stored.indices.nbytes) / 2**20
    return row(f"AUCell 20,000 sparse cells x {n_genes:,} x 30", ours, ("decoupler", told, seconds), input_mb)


if __name__ == "__main__":
    main()
