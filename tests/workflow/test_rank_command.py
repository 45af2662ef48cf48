"""The shell ranks as Python does: what is left out is the library's own default."""

import inspect
from types import SimpleNamespace

import pandas as pd
import pytest
from typer.testing import CliRunner

from omics_rx import cli, datasets, repurposing
from omics_rx.cli import ranking as verbs


class StopError(Exception):
    """The ranker was asked."""


@pytest.fixture
def asked(monkeypatch):
    """What the shell hands to the ranker."""
    found = {}

    class Recorder:
        def __init__(self, labels="not given", **settings):
            found.update(settings, labels=labels)

        def fit(self, _model, _cohort, library=None, **given):
            found.update(given, library=library)
            raise StopError

    monkeypatch.setattr(repurposing, "Ranker", Recorder)
    monkeypatch.setattr(verbs, "model_of", lambda *_, **__: SimpleNamespace())
    monkeypatch.setattr(datasets, "load", lambda name: name)
    return found


@pytest.mark.parametrize("whom", [["--subtype", "TNBC"], ["--patient", "P7"], []])
def test_what_is_left_out_is_the_default_of_the_library(asked, whom, tmp_path):
    result = CliRunner().invoke(cli.app, ["rank", "--out", str(tmp_path / "out"), *whom])
    assert isinstance(result.exception, StopError)
    fit = inspect.signature(repurposing.ranker.Ranker.fit).parameters
    settings = inspect.signature(repurposing.ranker.Ranker).parameters
    for name in ("library", "extra", "network", "universe"):
        assert asked[name] == fit[name].default, name
    for name in ("labels", "seed"):
        assert asked[name] == settings[name].default, name


def test_labels_of_a_file_are_learnt_from(asked, tmp_path):
    file = tmp_path / "labels.tsv"
    table = pd.DataFrame({"drug": ["Lapatinib"], "subtype": ["Her2"], "status": ["approved"]})
    table.to_csv(file, sep="\t", index=False)
    CliRunner().invoke(cli.app, ["rank", "--out", str(tmp_path / "out"), "--labels", str(file)])
    assert asked["labels"]["drug"].tolist() == ["Lapatinib"]
