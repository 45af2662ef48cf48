"""Killed, raced, damaged: what is saved is whole, what is read is what was written, and all else is one clear error.

``OMICS_RX_KILLS=500`` and ``OMICS_RX_FUZZ=10000`` (inputs of each target) do the same at length.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KILLS, FUZZ = int(os.environ.get("OMICS_RX_KILLS", "16")), int(os.environ.get("OMICS_RX_FUZZ", "20"))
SEED = int(os.environ.get("OMICS_RX_SEED", "0"))
# readers of text are fuzzed value by value in other files of this folder; here all are, in a process with limits
SAVED = ["ranking", "bundle", "signature", "forged signature", "ledger", "openings", "cache"]
READ = [
    "bulk text", "bulk gz", "bulk xlsx", "bulk parquet", "cohort", "features", "mirna", "clinical text",
    "clinical xlsx",
    "h5ad", "h5ad backed", "10x h5", "gene sets", "network", "docking", "library", "gdsc",
]  # fmt: skip


def run(script, *arguments):
    import omics_rx

    paths = [str(Path(omics_rx.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(
        [sys.executable, HERE / script, *map(str, arguments)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_killed_at_any_moment_nothing_is_lost_or_half():
    (found,) = run("kills.py", KILLS, SEED)
    assert sum(found["kills"].values()) == KILLS
    assert not found["faults"]


@pytest.mark.parametrize("processes", [2, 4, 8])
def test_together_on_one_cache_ledger_and_output(processes):
    (found,) = run("races.py", processes)
    assert not any(found["faults"].values()), found


@pytest.mark.parametrize("targets", [SAVED, READ[:9], READ[9:]], ids=["saved", "tables", "cells and sets"])
def test_damaged_files_are_refused_or_read_as_they_are(targets):
    found = {name: told for line in run("fuzz.py", FUZZ, SEED, *targets) for name, told in line.items()}
    assert list(found) == targets
    assert not [fault for told in found.values() for fault in told["faults"]]
    assert all(told.get("read", 0) + told.get("refused", 0) == FUZZ for told in found.values())
