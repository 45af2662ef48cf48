"""Response models and libraries in workers: equal to the bit to one process, whoever works and whoever is killed."""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError, WorkerError
from omics_rx.response import library, library_work

try:
    from joblib.externals import cloudpickle  # what joblib brings along, or what it needs, by its release
except ImportError:
    import cloudpickle

cloudpickle.register_pickle_by_value(sys.modules[__name__])
_spec = importlib.util.spec_from_file_location(
    "planted_screens", Path(__file__).parents[1] / "response" / "conftest.py"
)
screens = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(screens)

PAIRS = [(f"m{i}", "C" * (i + 1) + "O") for i in range(14)]
SETTINGS = {"chunk": 3, "domain": "cell_line", "progress": False}


@pytest.fixture(scope="module")
def screen():
    return screens.make_planted()


@pytest.fixture(scope="module")
def model(screen):
    return orx.response.ResponseModel(("kernel",)).fit(screen, progress=False)


@pytest.fixture(scope="module")
def alone(model, screen, tmp_path_factory):
    """Bytes of each part as one process makes them."""
    folder = tmp_path_factory.mktemp("alone")
    library.screen(model, screen.cells, PAIRS, folder, **SETTINGS)
    return parts(folder)


def parts(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.glob("part-*.parquet"))}


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_a_library_in_two_workers_is_the_same_to_the_byte(model, screen, alone, tmp_path, backend):
    with joblib.parallel_config(backend, n_jobs=2):
        found = library.screen(model, screen.cells, PAIRS, tmp_path, **SETTINGS)
    assert parts(tmp_path) == alone
    assert found.counts.sum() == len(PAIRS)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_library_hangs_on_no_number_of_threads(model, screen, alone, tmp_path, threads):
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads):
        library.screen(model, screen.cells, PAIRS, tmp_path, **SETTINGS)
    assert parts(tmp_path) == alone


def test_the_tasks_of_an_array_job_make_one_folder(model, screen, alone, tmp_path):
    for task in (2, 0):
        found = library.screen(model, screen.cells, iter(PAIRS), tmp_path, shard=(task, 3), **SETTINGS)
        assert sum(len(frame) for frame in found.frames()) == found.counts.sum()
    assert sorted(parts(tmp_path)) == [f"part-0000{number}.parquet" for number in (0, 2, 3)]
    whole = library.screen(model, screen.cells, PAIRS, tmp_path, **SETTINGS)  # what no task did is done
    assert parts(tmp_path) == alone
    assert whole.counts.sum() == len(PAIRS)
    assert [frame["name"].iloc[0] for frame in whole.frames()] == ["m0", "m3", "m6", "m9", "m12"]


@pytest.mark.parametrize("shard", [(3, 3), (-1, 2), (0, 0), (1,), 3, "1/3", (0.0, 2), (True, 2)])
def test_a_shard_that_is_none_is_refused(model, screen, tmp_path, shard):
    with pytest.raises(InputError, match="shard"):
        library.screen(model, screen.cells, PAIRS, tmp_path, shard=shard, **SETTINGS)


def test_a_shorter_library_in_the_same_folder_is_refused(model, screen, tmp_path):
    library.screen(model, screen.cells, PAIRS, tmp_path, **SETTINGS)
    with pytest.raises(InputError, match="more parts"):
        library.screen(model, screen.cells, PAIRS[:6], tmp_path, **SETTINGS)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_of_the_structures_is_told_and_what_is_done_is_kept(model, screen, alone, tmp_path, n_jobs):
    def broken():
        yield from PAIRS[:9]
        message = "the catalogue ends here"
        raise OSError(message)

    with pytest.raises(OSError, match="ends here"):
        library.screen(model, screen.cells, broken(), tmp_path, n_jobs=n_jobs, **SETTINGS)
    assert parts(tmp_path) == {name: data for name, data in alone.items() if name < "part-00003"}


class KilledOnce(library_work.Work):
    """The worker that makes the third part is killed, as where memory runs out; the next one makes it."""

    flag: str

    def frame(self, rows):
        if rows["name"].iloc[0] == "m6" and not os.path.exists(self.flag):  # noqa: PTH110 - sent to another process
            with open(self.flag, "w"):  # noqa: PTH123 - the same
                os.kill(os.getpid(), signal.SIGKILL)
        return super().frame(rows)


def test_the_part_of_a_killed_worker_is_done_again(model, screen, alone, tmp_path, monkeypatch, caplog):
    def work(*given):
        made = KilledOnce(*given)
        made.flag = str(tmp_path / "flag")
        return made

    monkeypatch.setattr(library_work.pickle, "dumps", lambda value, _: cloudpickle.dumps(value))
    monkeypatch.setattr(library, "Work", work)
    with caplog.at_level(logging.WARNING, "omics_rx"):
        found = library.screen(model, screen.cells, PAIRS, tmp_path / "out", n_jobs=2, **SETTINGS)
    assert (tmp_path / "flag").exists()
    assert "a worker was killed" in caplog.text
    assert parts(tmp_path / "out") == alone
    assert found.counts.sum() == len(PAIRS)


SMALL = {"n_members": 2, "hidden": 16, "width": 8, "rank": 8, "n_layers": 1, "n_steps": 6, "rows": 16, "columns": 6}


@pytest.mark.parametrize("named", ["kernel", "network"])
def test_folds_and_members_in_two_workers_learn_the_same(screen, named):
    made = orx.response.ResponseModel({"kernel": {}} if named == "kernel" else {"network": SMALL}, n_inner=3)
    due = made.fit(screen, progress=False).predict(screen.cells, domain="cell_line").mean
    found = made.fit(screen, n_jobs=2, progress=False).predict(screen.cells, domain="cell_line").mean
    pd.testing.assert_frame_equal(found, due, check_exact=True)


def test_held_out_folds_in_two_workers_are_the_same(screen):
    plain = orx.response.ResponseModel(("kernel",), n_inner=3)
    due, found = (
        orx.response.out_of_fold(plain, screen, n_folds=3, n_jobs=n_jobs, progress=False) for n_jobs in (1, 2)
    )
    pd.testing.assert_frame_equal(found.mean, due.mean, check_exact=True)
    pd.testing.assert_frame_equal(found.upper, due.upper, check_exact=True)
    due, found = (orx.response.evaluate(plain, screen, n_folds=3, n_jobs=n_jobs, progress=False) for n_jobs in (1, 2))
    pd.testing.assert_frame_equal(found, due, check_exact=True)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_fit_hangs_on_no_number_of_threads(screen, model, tmp_path, threads):
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads):
        again = orx.response.ResponseModel(("kernel",)).fit(screen, progress=False)
    assert np.array_equal(again.learnt_.held_out, model.learnt_.held_out)
    assert np.array_equal(again.predict(screen.cells).mean, model.predict(screen.cells).mean)


@pytest.mark.needs("distributed")
def test_a_cluster_of_two_screens_and_fits_the_same_and_draws_a_bar(model, screen, alone, tmp_path, capfd):
    import distributed

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        library.screen(model, screen.cells, PAIRS, tmp_path, **(SETTINGS | {"progress": True}))
        again = orx.response.ResponseModel(("kernel",)).fit(screen, progress=False)
        plain = orx.response.ResponseModel(("kernel",), n_inner=3)
        judged = orx.response.evaluate(plain, screen, n_folds=3, progress=True)
    assert parts(tmp_path) == alone
    assert np.array_equal(again.learnt_.held_out, model.learnt_.held_out)
    assert judged["fold"].nunique() == 3
    told = capfd.readouterr().err
    assert "Screening, 3 structures a step" in told
    assert "Judging held-out folds" in told


UNGUARDED = """
import os
import joblib
from omics_rx.core.parallel import in_order

{guard}
    with joblib.parallel_config("multiprocessing", n_jobs=2):
        print(in_order(max, [(1, 2)] * 3, "largest", progress=False))
"""


@pytest.mark.parametrize("guard", ['if __name__ == "__main__":', "for _ in range(1):"])
@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_script_without_a_main_guard_is_one_clear_error(tmp_path, guard, method):
    import subprocess

    (tmp_path / "work.py").write_text(UNGUARDED.format(guard=guard))
    paths = os.pathsep.join([str(Path(orx.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, tmp_path / "work.py"], env=os.environ | {"JOBLIB_START_METHOD": method, "PYTHONPATH": paths},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if method == "fork" or "name" in guard:
        assert done.stdout == "[2, 2, 2]\n", done.stderr
    else:
        assert done.returncode == 1
        assert done.stderr.count(f"errors.{WorkerError.__name__}") == 1, done.stderr
        assert 'put that work under if __name__ == "__main__":' in done.stderr
        assert done.stdout == ""


@pytest.mark.needs("lightning")
def test_networks_in_two_processes_ask_for_the_guard_too(tmp_path):
    import subprocess

    text = "from omics_rx.response.parts.network_devices import launch\nlaunch(print, 'cpu:2')\n"
    (tmp_path / "work.py").write_text(text)
    paths = os.pathsep.join([str(Path(orx.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, tmp_path / "work.py"], env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "errors.WorkerError: each worker process would run" in done.stderr
