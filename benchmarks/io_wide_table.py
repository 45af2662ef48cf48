"""Reading a wide table, ours beside pandas and polars: python benchmarks/io_wide_table.py [--repeats N].

Writes a numeric CSV of 1,000 samples x 19,000 genes, plain and gzipped, reads it in one fresh process a reader and a
file, and prints seconds, processor seconds and peak memory of each, and their ratios to ours. Imports count in the
memory and not in the seconds. Every reader must give the same numbers. Then reads it as a cohort, without the cache,
for the first time with it, and again from it; there the seconds include adding up all values.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

READERS = {
    "omics_rx": "from omics_rx.io.table import read_table as read\nimport pyarrow.compute\ntake = lambda t: t.numbers",
    "pandas": "import pandas as pd\nread = lambda f: pd.read_csv(f, index_col=0)\ntake = lambda t: t.to_numpy()",
    "polars": (
        "import polars as pl\n"
        "read = lambda f: pl.read_csv(f, infer_schema_length=1)\n"
        "take = lambda t: t.drop('sample').to_numpy()"
    ),
}
MEASURE = """
import json, resource, sys, time
start, cpu = time.perf_counter(), time.process_time()
table = read(sys.argv[1])
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
values = take(table)
print(json.dumps({"seconds": seconds, "cpu": cpu, "GiB": peak, "shape": values.shape,
                  "sum": float(values.sum(dtype="float64"))}))
"""


COHORT = """
import os, sys, time
import anndata, pyarrow.compute
from omics_rx.io import read_bulk
for cache in (False, True, True):
    start = time.perf_counter()
    read_bulk(sys.argv[1], cache=cache).X.sum(dtype="float64")
    print(time.perf_counter() - start)
"""


def written(folder: Path, rows: int, columns: int) -> Path:
    random = np.random.default_rng(0)
    file = folder / "wide.csv"
    with file.open("w") as handle:
        handle.write(",".join(["sample", *(f"G{i}" for i in range(columns))]) + "\n")
        for i in range(rows):
            handle.write(f"s{i}," + ",".join(f"{v:.6f}" for v in random.normal(6, 2, columns)) + "\n")
    return file


def measured(file: Path, repeats: int) -> dict[str, dict]:
    """Quickest of several turns of each reader, the readers by turns, so that other work on the machine weighs less."""
    found: dict[str, list[dict]] = {reader: [] for reader in READERS}
    for _ in range(repeats):
        for reader, turns in found.items():
            code = READERS[reader] + MEASURE
            done = subprocess.run([sys.executable, "-c", code, str(file)], check=True, capture_output=True, text=True)
            turns.append(json.loads(done.stdout))
    return {reader: {key: min(turn[key] for turn in turns) for key in turns[0]} for reader, turns in found.items()}


def from_cache(file: Path, folder: Path) -> None:
    environment = {**os.environ, "OMICS_RX_CACHE": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", COHORT, str(file)], check=True, capture_output=True, text=True, env=environment
    )
    plain, first, again = map(float, done.stdout.split())
    print(
        f"  as a cohort: {plain:.2f} s without the cache, {first:.2f} s into it, {again:.3f} s from it, "
        f"{plain / again:.0f} x faster"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1000)
    arguments.add_argument("--columns", type=int, default=19_000)
    arguments.add_argument("--repeats", type=int, default=3)
    told = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        plain = written(Path(name), told.rows, told.columns)
        packed = plain.with_suffix(".csv.gz")
        with plain.open("rb") as source, gzip.open(packed, "wb", compresslevel=1) as target:
            shutil.copyfileobj(source, target)
        for file in (plain, packed):
            print(f"{file.name}: {told.rows:,} x {told.columns:,}, {file.stat().st_size / 2**20:.0f} MiB")
            found = measured(file, told.repeats)
            ours = found["omics_rx"]
            for reader, one in found.items():
                if tuple(one["shape"]) != (told.rows, told.columns) or abs(one["sum"] / ours["sum"] - 1) > 1e-6:
                    raise SystemExit(f"{reader} read other numbers: {one}")
                print(
                    f"  {reader:9} {one['seconds']:7.2f} s {one['cpu']:7.2f} s CPU {one['GiB']:6.2f} GiB   "
                    f"{one['seconds'] / ours['seconds']:4.1f} x our time, {one['cpu'] / ours['cpu']:4.1f} x our CPU, "
                    f"{one['GiB'] / ours['GiB']:4.1f} x our memory"
                )
            from_cache(file, Path(name) / "cache")


if __name__ == "__main__":
    main()
