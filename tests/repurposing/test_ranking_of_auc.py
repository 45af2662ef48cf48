"""A ranker over a model of AUC says AUC: no ln uM, no IC50, no peak in plasma, which an AUC cannot be put over."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from omics_rx.core import resources
from omics_rx.core.screen import DrugScreen
from omics_rx.repurposing import Ranker


def _model(world, target: str) -> SimpleNamespace:
    """The planted model in one target, over drugs of which some have a known peak in plasma that predictions pass."""
    drugs = world.screen.drugs.assign(inchikey="")
    known = resources.table("cmax.tsv")["inchikey"].drop_duplicates().to_numpy()[: len(drugs)]
    drugs.iloc[: len(known), drugs.columns.get_loc("inchikey")] = known
    # one set of numbers in both columns, all within what an AUC can be, so that words alone differ
    value = 1 / (1 + np.exp(-world.screen.responses["ln_ic50"]))
    screen = DrugScreen(world.screen.responses.assign(ln_ic50=value, auc=value), world.screen.cells, drugs, "planted")
    preference = world.model.predict(world.cohort).preference
    prediction = SimpleNamespace(preference=preference, mean=preference + 12.0, reference="planted")
    return SimpleNamespace(
        screen_=screen, target=target, predict=lambda *_: prediction, held_out_=screen.matrix(target)
    )


def _words(ranking, folder) -> str:
    """All that a ranking says: its files as saved, each drug's reasons and sheet."""
    ranking.save(folder)
    files = [file.read_text(encoding="utf-8") for file in sorted(folder.iterdir()) if file.is_file()]
    said = [f"{ranking.explain(drug).sentence}\n{ranking.sheet(drug)}" for drug in ranking.table.index]
    return "\n".join([*files, *said, *ranking.limits, repr(ranking)])


@pytest.fixture(scope="module")
def said(world, labels, tmp_path_factory):
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        from omics_rx import harmonize

        patch.setattr(harmonize, "genes", lambda cohort, **_: cohort, raising=False)
        for target in ("ln_ic50", "auc"):
            ranking = Ranker(labels, seed=1).fit(_model(world, target), world.cohort).rank("Basal")
            found[target] = ranking, _words(ranking, tmp_path_factory.mktemp(target))
    return found


@pytest.mark.parametrize("word", ["ln uM", "ln IC50", "IC50", "plasma", "over_peak"])
def test_a_model_of_auc_never_speaks_of_concentrations(said, word):
    assert word in said["ln_ic50"][1]  # the same world in ln IC50 does say it
    assert word not in said["auc"][1]


def test_a_model_of_auc_names_its_unit(said):
    ranking, _ = said["auc"]
    info = ranking.evidence_info
    assert info.loc[["predicted_sensitivity", "predicted_selectivity"], "unit"].eq("AUC").all()
    assert "AUC" in info.loc["measured_sensitivity", "source"]
    assert " AUC" in ranking.explain(ranking.table.index[0]).sentence


def test_the_order_is_the_same_in_either_target(said):
    # the planted numbers are the same ones, and the peak moves no score
    np.testing.assert_array_equal(said["auc"][0].table.index, said["ln_ic50"][0].table.index)
