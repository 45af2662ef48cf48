"""The same run gives the same bytes: saved signatures, studies, models and rankings, and the pages of each."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import omics_rx

ONE_RUN = Path(__file__).parent / "one_run.py"


def run(folder, order, threads):
    paths = [str(Path(omics_rx.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": str(order), "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads), "SOURCE_DATE_EPOCH": "1700000000",
        "OMICS_RX_CACHE": str(folder / "cache"), "OMICS_RX_OPENINGS": str(folder / "openings.jsonl"),
    }  # fmt: skip
    done = subprocess.run([sys.executable, ONE_RUN], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.slow
def test_two_runs_are_equal_to_the_byte_whatever_the_order_of_sets_and_the_threads(tmp_path):
    """Sets of texts lie in another order in each process, and sums in another order on each number of threads."""
    first, second = run(tmp_path / "a", 1, 1), run(tmp_path / "b", 2, 2)
    assert len(first) > 10
    assert {name for name in first if first[name] != second.get(name)} == set()
    assert set(first) == set(second)


def test_a_bundle_saved_later_is_the_same_file(tmp_path, monkeypatch):
    import time

    import saved_things as things

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    things.save_bundle(tmp_path / "a.orx", 1)
    later = time.time() + 5e6
    monkeypatch.setattr(time, "time", lambda: later)
    things.save_bundle(tmp_path / "b.orx", 1)
    assert (tmp_path / "a.orx").read_bytes() == (tmp_path / "b.orx").read_bytes()
