"""Fixtures that every room's tests share."""

from __future__ import annotations

import inspect
import os
import shutil
import tempfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

_LEFT_OUT = pytest.StashKey[Counter[str]]()

_PROGRAMS = ("bash", "chromium")

mpl.use("Agg")
# the same examples each run, so that nothing fails by chance; OMICS_RX_EXAMPLES=5000 draws so many anew of each test
_EXPLORED = int(os.environ.get("OMICS_RX_EXAMPLES", "0"))
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None, database=None)
settings.load_profile("explore" if _EXPLORED else "same")


def _explore(items: list[pytest.Item]) -> None:
    """Where examples are explored, the number asked for stands above what a test says of itself."""
    for item in items if _EXPLORED else ():
        own = getattr(item.obj, "_hypothesis_internal_use_settings", None)
        if own is not None:
            item.obj._hypothesis_internal_use_settings = settings(own, max_examples=_EXPLORED)


# the user's own ledger of opened cohorts is neither read nor written by the tests, notebooks among them
os.environ["OMICS_RX_OPENINGS"] = str(Path(tempfile.mkdtemp(prefix="omics_rx-")) / "openings.jsonl")


@pytest.fixture(scope="module", autouse=True)
def openings_of_a_module(tmp_path_factory):
    """One test's study is no second look at another's external cohort."""
    os.environ["OMICS_RX_OPENINGS"] = str(tmp_path_factory.mktemp("openings") / "openings.jsonl")


@pytest.fixture(autouse=True)
def openings_of_a_test(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("OMICS_RX_OPENINGS", str(tmp_path_factory.mktemp("openings") / "openings.jsonl"))


def further_data() -> Path:
    """Folder that OMICS_RX_DATA names, or the one beside the checkout."""
    told = os.environ.get("OMICS_RX_DATA")
    return Path(told) if told else Path(__file__).parents[2] / "shared" / "data"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this machine cannot run, and remember why: a test that is not run is never called skipped."""
    _explore(items)
    lacking: dict[pytest.Item, str] = {}
    for item in items:
        needed = [name for mark in item.iter_markers("needs") for name in mark.args]
        absent = [name for name in needed if not (shutil.which(name) if name in _PROGRAMS else find_spec(name))]
        if "shared_data" in getattr(item, "fixturenames", ()) and not further_data().is_dir():
            absent.append("further data (OMICS_RX_DATA)")
        if absent:
            lacking[item] = ", ".join(absent)
    config.stash[_LEFT_OUT] = Counter(lacking.values())
    if lacking:
        config.hook.pytest_deselected(items=list(lacking))
        items[:] = [item for item in items if item not in lacking]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out and where to read how to run it."""
    for need, number in sorted(config.stash.get(_LEFT_OUT, Counter()).items()):
        terminalreporter.write_line(f"left out: {number} tests that need {need}; see CONTRIBUTING.md")


@pytest.fixture(scope="session")
def raw_errors():
    """What a thing's public methods raise of pandas' or numpy's own where each argument in turn is unfit or empty."""
    from omics_rx.core.errors import OmicsRxError

    poor = (None, "", "nonsense.tsv", 3.0, [], {}, np.array([]), np.zeros((0, 3)), pd.Series(dtype=float),
            pd.DataFrame(), pd.DataFrame({"nonsense": ["x"]}))  # fmt: skip

    def of(thing, *, without=()):
        raw = []
        for name in dir(type(thing)):
            found = None if name.startswith("_") or name in without else getattr(type(thing), name)
            if not callable(found) or not getattr(found, "__module__", "").startswith("omics_rx"):
                continue
            method = getattr(thing, name)
            told = inspect.signature(method).parameters.values()
            needed = [one.name for one in told if one.default is one.empty and one.kind is not one.VAR_KEYWORD]
            for names in [needed] if needed else [[one.name] for one in told]:
                for value in poor:
                    try:
                        method(**dict.fromkeys(names, value))
                    except OmicsRxError:
                        continue
                    except Exception as error:  # noqa: BLE001 - any other error is what is looked for
                        raw.append(f"{name}({names} = {value!r}): {type(error).__name__}: {error}")
        return raw

    return of


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with further real data; tests that ask for it are left out where there is none."""
    return further_data()


def _loaded(name: str):
    import omics_rx as orx

    return orx.datasets.load(name, progress=False)


@pytest.fixture(scope="session")
def gdsc2():
    return _loaded("gdsc2")


@pytest.fixture(scope="session")
def gse1992():
    return _loaded("gse1992")


@pytest.fixture(scope="session")
def gse3143():
    return _loaded("gse3143")


@pytest.fixture(scope="session")
def gse4335():
    return _loaded("gse4335")


@pytest.fixture
def planted_screen():
    """60 cells x 40 genes x 12 drugs: four genes drive four groups of drugs, with noise of sd 0.3."""
    from anndata import AnnData

    from omics_rx.core.screen import DrugScreen

    random = np.random.default_rng(7)
    cells = pd.Index([f"cell{i:02d}" for i in range(60)])
    genes = [f"GENE{i:02d}" for i in range(40)]
    expression = random.normal(size=(60, 40))
    smiles = ["CCO", "CCN", "CCC", "c1ccccc1", "CC(=O)O", "CCOC", "CCCl", "CCBr", "CC#N", "CCS", "C1CCCCC1", "OCCO"]
    drugs = pd.DataFrame(
        {"name": [f"drug {i}" for i in range(12)], "smiles": smiles, "targets": [f"GENE{i % 4:02d}" for i in range(12)],
         "mechanism": [f"group {i % 4}" for i in range(12)]},
        index=[f"D{i:02d}" for i in range(12)],
    )  # fmt: skip
    effect = expression[:, [i % 4 for i in range(12)]]
    values = 1.0 + np.arange(12) / 4 - effect + random.normal(scale=0.3, size=(60, 12))
    responses = pd.DataFrame(values, index=cells, columns=drugs.index).rename_axis("cell_id").melt(
        var_name="drug_id", value_name="ln_ic50", ignore_index=False
    ).reset_index()  # fmt: skip
    adata = AnnData(expression.astype(np.float32), obs=pd.DataFrame({"name": cells}, index=cells))
    adata.var_names = genes
    return DrugScreen(responses, adata, drugs, "planted")
