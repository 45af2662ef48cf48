"""A study of 2,000 patients x 20,000 genes and about 515 events: seconds and memory.

python benchmarks/study_scale.py [--patients 2000] [--genes 20000] [--jobs 2]
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pandas as pd
from anndata import AnnData

from omics_rx import signatures
from omics_rx.core.cohort import with_info


def made(n: int, p: int, *, seed: int = 0) -> AnnData:
    """Twenty hidden factors move the first 400 genes, five of them the hazard; most patients have no event."""
    random = np.random.default_rng(seed)
    hidden = random.normal(size=(n, 20)).astype(np.float32)
    values = random.normal(size=(n, p)).astype(np.float32)
    values[:, :400] += hidden[:, np.arange(400) % 20]
    time_to = random.exponential(150 * np.exp(-0.3 * hidden[:, :5].sum(axis=1)))
    end = random.uniform(10, 75, n)
    obs = pd.DataFrame(
        {"time": np.minimum(time_to, end) + 0.1, "event": time_to <= end, "endpoint": "death"},
        index=[f"s{at}" for at in range(n)],
    )
    cohort = AnnData(values + 8, obs=obs, var=pd.DataFrame(index=[f"XQ{at:05d}" for at in range(p)]))
    return with_info(cohort, unit="log2 intensity", domain="tumour", origin="made")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=2000)
    parser.add_argument("--genes", type=int, default=20000)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    cohort = made(asked.patients, asked.genes)
    start = time.perf_counter()
    study = signatures.build("custom", {"a": cohort}, n_null=0, n_jobs=asked.jobs, progress=True)
    seconds = time.perf_counter() - start
    own, children = (
        resource.getrusage(who).ru_maxrss / 2**20 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(study.table[["method", "n", "events", "concordance", "lower", "upper"]].round(3).to_string(index=False))
    print(f"{seconds:.0f} s; {own:.2f} GB in the main process, {children:.2f} GB in the largest worker")


if __name__ == "__main__":
    main()
