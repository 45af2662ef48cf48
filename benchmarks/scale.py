"""What 1, 2, 4 and 8 times the work costs: seconds and memory of every step, and the exponent with which they grow.

    python benchmarks/scale.py                       # under 15 minutes on two cores
    python benchmarks/scale.py --only search fit     # some of it
    python benchmarks/scale.py --cluster             # larger works in one process and in two workers: equal to the bit?
    python benchmarks/scale.py --large               # 10,000 structures x 5,000 tumours to Parquet

All data are made up. Each size runs in a process of its own, so that its memory is its own; the memory given is the
most that the process held while working, less what it held before. The exponent is the slope of log processor seconds
over log size, by least squares; 1 is twice the time for twice the work. Processor seconds count, as the clock's hang on
what else the machine does. What is done once whatever the size hides growth, so the last doubling stands beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TIMES = (1, 2, 4, 8)
SYMBOLS = ("ERBB2", "ESR1", "MKI67", "TP53", "MYC", "EGFR", "KRAS", "BRCA1", "PTEN", "CDK4", "CDK6", "AKT1")


def genes(n: int) -> list[str]:
    """So many genes with names of today."""
    from omics_rx.core import resources

    return list(resources.table("genes.tsv.gz")["symbol"].drop_duplicates().iloc[:n])


def values(n: int, p: int, seed: int = 0) -> np.ndarray:
    return np.minimum(np.random.default_rng(seed).gamma(4, 2, size=(n, p)) + 1, 18).astype(np.float32)


def cohort(n: int, p: int, domain: str = "tumour", unit: str = "log2(TPM + 1)") -> Any:
    """Tumours with a follow-up that two genes move, and a subtype."""
    from anndata import AnnData

    from omics_rx.core.cohort import with_info

    made, random = values(n, p), np.random.default_rng(1)
    risk = (made[:, :2] - 9).sum(axis=1) / 4
    at, end = random.exponential(60 * np.exp(-risk)), random.uniform(10, 120, n)
    subtype = np.resize(["LumA", "LumB", "Her2", "Basal"], n)
    obs = pd.DataFrame(
        {"time": np.minimum(at, end) + 0.1, "event": at <= end, "subtype": subtype},
        index=[f"S{i}" for i in range(n)],
    )  # fmt: skip
    return with_info(AnnData(made, obs=obs, var=pd.DataFrame(index=genes(p))), unit=unit, domain=domain)


def structures(n: int, seed: int = 4) -> list[tuple[str, str]]:
    """So many different molecules, a ring, two chains and an end: as large on average however many there are."""
    rings = ("c1ccc({})cc1", "c1cc({})ccn1", "C1CCN({})CC1", "c1cnc({})nc1", "C1CC({})CCO1", "c1csc({})c1")
    ends = ("O", "N", "C=O", "Cl", "F", "C#N", "S")
    found = []
    for at in np.random.default_rng(seed).permutation(len(rings) * len(ends) * 600)[:n]:
        (rest, end), ring = divmod(int(at) // len(rings), len(ends)), rings[at % len(rings)]
        chain = "C" * (rest % 30 + 1) + "O" + "C" * (rest // 30 + 1) + ends[end]
        found.append((f"made-{at}", ring.format(chain)))
    return found


def screen(n_lines: int, n_drugs: int, p: int = 300) -> Any:
    from omics_rx.core.screen import DrugScreen

    cells = cohort(n_lines, p, domain="cell_line")
    cells.obs["name"] = cells.obs_names
    cells.obs["tissue"] = np.resize(["breast", "lung"], n_lines)
    names, smiles = zip(*structures(n_drugs), strict=True)
    drugs = pd.DataFrame(
        {"name": names, "smiles": smiles, "targets": np.resize(SYMBOLS, n_drugs),
         "mechanism": np.resize([f"mechanism {i}" for i in range(n_drugs // 4 + 1)], n_drugs)},
        index=[f"D{i:04d}" for i in range(n_drugs)],
    )  # fmt: skip
    random = np.random.default_rng(2)
    moved = (np.asarray(cells.X)[:, np.arange(n_drugs) % 20] - 9) / 1.5
    measured = 2 + random.normal(size=n_drugs) - moved + random.normal(scale=0.5, size=moved.shape)
    table = pd.DataFrame(measured, index=cells.obs_names.rename("cell_id"), columns=drugs.index)
    responses = table.melt(var_name="drug_id", value_name="ln_ic50", ignore_index=False).reset_index()
    return DrugScreen(responses, cells, drugs, "made up")


def model(n_lines: int = 150, n_drugs: int = 50) -> Any:
    import omics_rx as orx

    return orx.response.ResponseModel(("kernel",)).fit(screen(n_lines, n_drugs), progress=False)


def sets(p: int, n: int = 30) -> dict[str, list[str]]:
    random = np.random.default_rng(3)
    return {f"set {k}": list(random.choice(genes(p), 60, replace=False)) for k in range(n)}


def reading(k: float, folder: Path) -> Callable[[], object]:
    import omics_rx as orx

    table = pd.DataFrame(
        values(int(200 * k), 18_000).T, index=genes(18_000), columns=[f"S{i}" for i in range(int(200 * k))]
    )
    table.to_csv(folder / "x.tsv", sep="\t", float_format="%.4f")
    return lambda: orx.io.read_bulk(folder / "x.tsv", unit="log2(TPM + 1)")


def ssgsea(k: float, _: Path) -> Callable[[], object]:
    import omics_rx as orx

    given = cohort(int(400 * k), 15_000)
    return lambda: orx.scores.score(given, sets(15_000), method="ssgsea", progress=False)


def search(k: float, _: Path) -> Callable[[], object]:
    import omics_rx as orx

    some = ["lasso", "cox_ridge", "coxboost", "random_forest", "lasso + cox_ridge"]
    given = {"a": cohort(int(150 * k), 60)}
    return lambda: orx.signatures.search(given, combinations=some, n_folds=3, nested=False, progress=False)


def fit_drugs(k: float, _: Path) -> Callable[[], object]:
    import omics_rx as orx

    given = screen(200, int(50 * k))
    return lambda: orx.response.ResponseModel(("kernel",)).fit(given, progress=False)


def fit_lines(k: float, _: Path) -> Callable[[], object]:
    import omics_rx as orx

    given = screen(int(100 * k), 100)
    return lambda: orx.response.ResponseModel(("kernel",)).fit(given, progress=False)


def predict(k: float, _: Path) -> Callable[[], object]:
    fitted, given = model(), cohort(int(4_000 * k), 300)
    return lambda: fitted.predict(given)


def library(k: float, folder: Path) -> Callable[[], object]:
    import omics_rx as orx

    fitted, given = model(), cohort(200, 300)
    asked = structures(int(500 * k), seed=int(10 * k))  # not those of the first try: they are known
    return lambda: orx.response.library.screen(fitted, given, asked, folder / "out", chunk=500, progress=False)


def labels(n_drugs: int) -> pd.DataFrame:
    groups = np.resize(["LumA", "LumB", "Her2", "Basal"], n_drugs)
    rows = [(f"D{i:04d}", groups[i], "approved", f"class {i % 8}") for i in range(0, n_drugs, 3)]
    return pd.DataFrame(rows, columns=["drug", "subtype", "status", "mechanism"])


def _ranking(n_tumours: int, n_drugs: int) -> Callable[[], Any]:
    import omics_rx as orx

    fitted, given = model(100, n_drugs), cohort(n_tumours, 300)

    def work() -> Any:
        ranker = orx.repurposing.Ranker(labels(n_drugs), seed=0)
        return ranker.fit(fitted, given, universe=None, progress=False).rank("Basal", candidates="all")

    return work


def rank_tumours(k: float, _: Path) -> Callable[[], object]:
    return _ranking(int(200 * k), 48)


def rank_drugs(k: float, _: Path) -> Callable[[], object]:
    return _ranking(200, int(48 * k))


def page(k: float, folder: Path) -> Callable[[], object]:
    import omics_rx as orx

    found = _ranking(200, int(48 * k))()
    return lambda: orx.report.write(found, folder / "ranking.html")


WORKS = {  # what is done, and what there is more of
    "reading": (reading, "200 samples x 18,000 genes of text"),
    "ssgsea": (ssgsea, "400 samples x 15,000 genes, 30 sets"),
    "search": (search, "150 patients x 60 genes, 5 combinations"),
    "fit, drugs": (fit_drugs, "50 drugs, 200 lines"),
    "fit, lines": (fit_lines, "100 lines, 100 drugs"),
    "predict": (predict, "4,000 tumours, 50 drugs"),
    "library": (library, "500 structures, 200 tumours"),
    "rank, tumours": (rank_tumours, "200 tumours, 48 drugs"),
    "rank, drugs": (rank_drugs, "48 drugs, 200 tumours"),
    "page": (page, "a ranking of 48 drugs"),
}


class Peak:
    """The most memory that this process, or its workers, held in a block, sampled; in GB."""

    def __enter__(self) -> Peak:
        self.before, self.own, self.workers, self.ended = _held(os.getpid()), 0.0, 0.0, threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()
        return self

    def _look(self) -> None:
        while not self.ended.wait(0.02):
            self.own = max(self.own, _held(os.getpid()))
            self.workers = max([self.workers, *(_held(child) for child in _children(os.getpid()))])

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()


def _held(process: int) -> float:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * resource.getpagesize() / 1e9


def _children(process: int) -> list[int]:
    try:  # any thread may have started one
        tasks = Path(f"/proc/{process}/task").glob("*/children")
        own = [int(text) for task in tasks for text in task.read_text().split()]
    except OSError:
        return []
    return own + [below for child in own for below in _children(child)]


def one(name: str, k: int) -> dict[str, float]:
    """Do a little of the work, so that all is imported, prepare, and then do it once in this process."""
    with tempfile.TemporaryDirectory() as first:
        WORKS[name][0](0.5, Path(first))()
    with tempfile.TemporaryDirectory() as folder:
        work = WORKS[name][0](k, Path(folder))
        start, processor = time.perf_counter(), time.process_time()
        with Peak() as peak:
            work()
        return {
            "seconds": time.perf_counter() - start, "processor": time.process_time() - processor,
            "memory": max(0.0, peak.own - peak.before),
        }  # fmt: skip


def apart(*arguments: str, script: str = __file__) -> dict[str, Any]:
    """Run a script with arguments in a process of its own, with an empty cache; give what it printed last."""
    with tempfile.TemporaryDirectory() as cache:
        env = os.environ | {"OMICS_RX_CACHE": cache, "OMP_NUM_THREADS": "1", "OMICS_RX_OPENINGS": f"{cache}/o"}
        done = subprocess.run(
            [sys.executable, script, *arguments], env=env, capture_output=True, text=True, check=False
        )
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def slope(found: list[float]) -> float:
    return float(np.polyfit(np.log(TIMES[: len(found)]), np.log(np.maximum(found, 1e-3)), 1)[0])


def exponents(names: list[str]) -> None:
    print(
        "| work | once is | seconds at 1, 2, 4, 8 | exponent | 4 to 8 | GB beside the input at 1, 2, 4, 8 | exponent |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in names:
        found = [apart("--one", name, str(k)) for k in TIMES]
        seconds, memory = ([each[key] for each in found] for key in ("processor", "memory"))
        told = " ".join(f"{each:.2f}" for each in seconds), " ".join(f"{each:.2f}" for each in memory)
        large = f"{slope(memory):.2f}" if max(memory) > 0.05 else "under .05 GB"
        last = f"**{slope(seconds):.2f}** | {np.log2(seconds[-1] / seconds[-2]):.2f}"
        print(f"| {name} | {WORKS[name][1]} | {told[0]} | {last} | {told[1]} | {large} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=list(WORKS), choices=list(WORKS))
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--cluster", action="store_true")
    parser.add_argument("--large", action="store_true")
    told = parser.parse_args()
    if told.one:
        print(json.dumps(one(told.one[0], int(told.one[1]))))
    elif told.cluster or told.large:
        import scale_cluster

        scale_cluster.main(["screen large"] if told.large else None)
    else:
        start = time.perf_counter()
        exponents(told.only)
        print(f"{time.perf_counter() - start:.0f} s in all")


if __name__ == "__main__":
    main()
