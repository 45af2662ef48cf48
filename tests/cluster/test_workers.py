"""Work in other processes: one is killed, one runs other code, a backend has no generators: same results."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

import omics_rx
from omics_rx.core import parallel
from omics_rx.core.errors import WorkerError
from omics_rx.core.parallel import in_order, spread

try:
    from joblib.externals import cloudpickle  # what joblib brings along, or what it needs, by its release
except ImportError:
    import cloudpickle

# workers know nothing of the tests' own files: what they do travels with the job
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def square(value: int) -> int:
    return value**2


def killed_once(value: int, flag: str) -> int:
    """The worker that takes number 3 is killed, as the system does where memory runs out; the next one lives."""
    if value == 3 and not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return value**2


def killed_always(value: int, parent: int) -> int:
    if value == 3 and os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return value**2


JOBS = [(number,) for number in range(8)]
DUE = [number**2 for number in range(8)]


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "sequential"])
def test_every_backend_gives_the_same(backend):
    with joblib.parallel_config(backend, n_jobs=2):
        assert in_order(square, JOBS, "squares", progress=False) == DUE


def test_no_jobs_are_no_results():
    assert list(spread(square, [])) == []


def test_a_killed_worker_costs_time_and_no_result(tmp_path, caplog):
    jobs = [(number, str(tmp_path / "flag")) for number in range(8)]
    with caplog.at_level(logging.WARNING, "omics_rx"):
        found = in_order(killed_once, jobs, "squares", n_jobs=2, progress=False)
    assert found == DUE
    assert "a worker was killed" in caplog.text


def test_workers_that_are_always_killed_end_in_one_error():
    jobs = [(number, os.getpid()) for number in range(8)]
    with pytest.raises(WorkerError, match=r"killed 3 times.*n_jobs=1"):
        in_order(killed_always, jobs, "squares", n_jobs=2, progress=False)


def test_a_job_that_a_worker_cannot_read_is_no_lack_of_memory(monkeypatch):
    def unread(*_, **__):
        raise BrokenProcessPool("A task has failed to un-serialize.")

    monkeypatch.setattr(parallel, "_at_once", unread)
    with pytest.raises(WorkerError, match="cannot read what it was sent"):
        list(spread(square, JOBS))


def failing(kind: str) -> None:
    raise {"memory": MemoryError, "value": ValueError}[kind](kind)


@pytest.mark.parametrize("kind", ["memory", "value"])
def test_an_error_of_a_job_is_the_users_to_see(kind):
    with pytest.raises((MemoryError, ValueError), match=kind):
        in_order(failing, [(kind,)] * 3, "failing", n_jobs=2, progress=False)


def test_a_job_for_other_code_is_refused():
    sender = parallel.stamp() | {"source of omics_rx": "0" * 20, "numpy": "1.0"}
    with pytest.raises(WorkerError, match=r"numpy \d\S* for 1.0, source of omics_rx \w{20} for 0{20}; in"):
        parallel._told(square, 0, (2,), sender)


@pytest.mark.needs("lightning")
def test_a_task_in_two_processes_returns_more_than_a_pipe_holds():
    from omics_rx.response.parts.network_devices import launch

    # a function that a process finds wherever it is, and that gives back what it was given
    text = "weights " * 1_000_000
    assert launch(partial(str.format, text), "cpu:2", progress=False) == text


@pytest.fixture
def scheduler(tmp_path):
    """Address of a scheduler in a process of its own."""
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard"]
    with Started([*command, "--scheduler-file", str(tmp_path / "scheduler.json")], tmp_path):
        yield tmp_path / "scheduler.json"


class Started:
    """A process that ends with the block."""

    def __init__(self, command, folder, **env):
        self.process = subprocess.Popen(
            command, cwd=folder, env=os.environ | {"OMICS_RX_CACHE": str(folder / "cache")} | env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


def _worker(scheduler, folder, package):
    command = [
        sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(scheduler), "--nthreads", "2",
        "--no-dashboard", "--local-directory", str(folder),
    ]  # fmt: skip
    return Started(command, folder, PYTHONPATH=str(package))


@pytest.mark.needs("distributed")
@pytest.mark.parametrize("same", [True, False], ids=["same code", "other code"])
def test_a_remote_worker_computes_with_the_same_code_or_is_refused(scheduler, tmp_path, same):
    import distributed

    root = Path(omics_rx.__file__).parents[1]
    if not same:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / "omics_rx", tmp_path / "other" / "omics_rx", ignore=ignored)
        (tmp_path / "other" / "resources").symlink_to(root / "resources")
        changed = tmp_path / "other" / "omics_rx" / "metrics" / "survival.py"
        changed.write_text(changed.read_text() + "\n# a later version\n")
        root = tmp_path / "other"
    while not scheduler.exists():
        time.sleep(0.05)
    with (
        _worker(scheduler, tmp_path, root),
        distributed.Client(scheduler_file=str(scheduler)) as client,
        joblib.parallel_config("dask"),
    ):
        client.wait_for_workers(1, timeout=60)
        jobs = [(number, 0) for number in range(3)]
        if same:
            assert in_order(max, jobs, "largest", progress=False) == [0, 1, 2]
        else:
            with pytest.raises(WorkerError, match="source of omics_rx"):
                in_order(max, jobs, "largest", progress=False)


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "sequential"])
def test_scores_are_the_same_under_every_backend(backend):
    values = np.random.default_rng(0).normal(8, 1, (12, 8))
    genes = ["CD8A", "CD8B", "GZMA", "PRF1", "ESR1", "FOXP3", "CTLA4", "CD274"]
    table = pd.DataFrame(values, index=[f"s{i}" for i in range(12)], columns=genes)
    due = omics_rx.scores.score(table, {"a": genes[:4]}, progress=False)
    with joblib.parallel_config(backend, n_jobs=2):
        pd.testing.assert_frame_equal(omics_rx.scores.score(table, {"a": genes[:4]}, progress=False), due)
