"""The main job on real data: what it writes, that it resumes, and that it needs no network twice."""

import json
import socket
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omics_rx import datasets, repurposing, response, signatures
from omics_rx.core import cache
from omics_rx.core.errors import OutputError, UnknownNameError
from omics_rx.workflow.quickstart import run_quickstart

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    for name in ("gse1992", "gse4335", "gse3143", "gdsc2"):
        datasets.load(name, progress=False)
    return run_quickstart(tmp_path_factory.mktemp("quickstart") / "out", progress=False)


def test_every_file_is_written_and_nothing_else(result):
    assert sorted(file.name for file in result.out.iterdir()) == sorted(
        [
            "signature.json", "scores.csv", "sensitivity.parquet", "ranking.csv", "explanations.csv",
            "provenance.json", "report.html",
        ]
    )  # fmt: skip


def test_explanations_add_up_to_the_score_of_every_drug(result):
    table = pd.read_csv(result.out / "explanations.csv")
    assert list(table.columns[:3]) == ["drug_id", "name", "base"]
    assert table.columns[-1] == "score"
    kinds = table.columns[3:-1]
    assert len(kinds) >= 4
    assert np.allclose(table["base"] + table[kinds].sum(axis=1), table["score"], rtol=0, atol=1e-6)
    ranking = pd.read_csv(result.out / "ranking.csv", index_col="drug_id")
    assert np.allclose(table.set_index("drug_id")["score"].reindex(ranking.index), ranking["score"], rtol=0, atol=1e-6)


def test_the_ranking_is_in_order_and_names_every_drug(result):
    ranking = pd.read_csv(result.out / "ranking.csv")
    assert ranking["rank"].tolist() == list(range(1, len(ranking) + 1))
    assert ranking["score"].is_monotonic_decreasing
    assert ranking["name"].notna().all()
    assert (ranking["rank_low"] <= ranking["rank_high"]).all()
    assert len(ranking) >= 50  # existing drugs that are not yet standard


def test_the_saved_signature_scores_as_the_study_did(result):
    signature = signatures.load(result.out / "signature.json")
    again = signature.score(datasets.load("gse3143", progress=False))
    kept = result.study.scores["gse3143"]
    assert np.allclose(again["risk_score"].reindex(kept.index), kept["risk_score"], rtol=0, atol=1e-9)


def test_the_external_cohort_was_opened_once_and_is_named(result):
    assert set(result.study.external_opened) == {"gse3143"}
    external = result.study.table[result.study.table["role"] == "external"]
    assert external["events"].iloc[0] == 50
    assert 0 < external["lower"].iloc[0] < external["concordance"].iloc[0] < external["upper"].iloc[0] < 1


def test_sensitivity_is_tumours_by_drugs_in_ln_um(result):
    table = pd.read_parquet(result.out / "sensitivity.parquet")
    assert table.shape[0] == 124
    assert table.shape[1] >= 200
    assert table.notna().all().all()
    assert -12 < table.to_numpy().min() < table.to_numpy().max() < 12


def test_the_page_states_its_limits(result):
    page = (result.out / "report.html").read_text(encoding="utf-8")
    for words in ("gse1992 records relapse", "gse4335 death", "events", "do not cover tumours", "<svg"):
        assert words in page


def test_provenance_names_every_input(result):
    kept = json.loads((result.out / "provenance.json").read_text(encoding="utf-8"))
    assert set(kept["inputs"]) == {"gse1992", "gse4335", "gse3143", "gdsc"}
    assert kept["settings"] == {"subtype": "Basal", "seed": 0}
    assert kept["versions"]["python"]


def test_a_second_run_needs_no_network_and_gives_the_same(result, tmp_path, monkeypatch):
    def refused(*args, **kwargs):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr("subprocess.run", refused)
    monkeypatch.setattr("subprocess.Popen", refused)
    run_quickstart(tmp_path / "again", progress=False)
    for name in ("signature.json", "scores.csv", "ranking.csv", "explanations.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (result.out / name).read_bytes(), name


def test_an_interrupted_run_continues_after_its_last_finished_step(result, tmp_path, monkeypatch):
    own = tmp_path / "cache"
    own.mkdir()
    for kind in cache.folder().iterdir():
        if kind.name != "quickstart":
            (own / kind.name).symlink_to(kind.resolve())
    monkeypatch.setenv("OMICS_RX_CACHE", str(own))
    built = []
    build = signatures.build

    def counted(*args, **kwargs):
        built.append(1)
        return build(*args, **kwargs)

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(signatures, "build", counted)
    with monkeypatch.context() as patch:
        patch.setattr(repurposing, "Ranker", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_quickstart(tmp_path / "out", progress=False)
    assert not list((tmp_path / "out").iterdir())
    run_quickstart(tmp_path / "out", progress=False)
    assert len(built) == 1
    assert (tmp_path / "out" / "report.html").is_file()


def test_mistakes_are_found_before_any_work(tmp_path, monkeypatch):
    def worked(*args, **kwargs):
        raise AssertionError("work was done")

    monkeypatch.setattr(datasets, "load", worked)
    monkeypatch.setattr(response, "default", worked)
    with pytest.raises(UnknownNameError, match="name one of Basal"):
        run_quickstart(tmp_path, "Bassal", progress=False)
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        run_quickstart(Path(blocked), progress=False)
