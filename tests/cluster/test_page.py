"""The scripts of the page on clusters run, with small things in the place of large ones."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest

import omics_rx as orx

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "cluster.md"
_spec = importlib.util.spec_from_file_location(
    "planted_screens", Path(__file__).parents[1] / "response" / "conftest.py"
)
screens = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(screens)


def script(name: str) -> str:
    found = re.findall(r"^```py\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    (text,) = [one for one in found if one.startswith(f"# {name}")]
    return text


@pytest.fixture
def before(tmp_path, monkeypatch):
    """What the tasks find: a saved model, tumours, a library."""
    monkeypatch.chdir(tmp_path)
    planted = screens.make_planted()
    orx.response.ResponseModel(("kernel",)).fit(planted, progress=False).save("model.orx")
    Path("compounds.smi").write_text("".join(f"{'C' * (i + 1)}O m{i}\n" for i in range(30)))
    Path("tumours.tsv").touch()
    return planted


def test_the_tasks_of_an_array_job_do_a_library_together(before, tmp_path, monkeypatch):
    screen = orx.response.library.screen
    monkeypatch.setattr(orx.io, "read_bulk", lambda _: before.cells[:6])
    monkeypatch.setattr(orx.response.library, "screen", lambda *a, **k: screen(*a, **k, chunk=4, progress=False))
    monkeypatch.setenv("SLURM_ARRAY_TASK_COUNT", "3")
    for task in range(3):
        monkeypatch.setenv("SLURM_ARRAY_TASK_ID", str(task))
        exec(compile(script("screen.py"), "screen.py", "exec"), {})
    model = orx.response.load("model.orx")
    whole = orx.response.library.screen(model, before.cells[:6], "compounds.smi", "screened")
    once = orx.response.library.screen(model, before.cells[:6], "compounds.smi", "once")
    assert whole.counts.sum() == 30
    pd.testing.assert_frame_equal(pd.concat(whole.frames()), pd.concat(once.frames()), check_exact=True)


@pytest.mark.needs("distributed")
def test_the_search_on_a_cluster_runs_with_two_workers_of_this_machine(monkeypatch):
    import distributed

    names = {"__name__": "a module"}
    exec(compile(script("search.py"), "search.py", "exec"), names)
    given = {"combinations": ["lasso", "cox_ridge"], "nested": False, "progress": False}
    cohort = orx.datasets.load("gse4335")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        found = names["main"](cluster)
    pd.testing.assert_frame_equal(found.table, orx.signatures.search({"gse4335": cohort}, **given).table)
