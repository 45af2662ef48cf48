"""A new drug with and without a relative among the screened: what is looked up, and when no preference is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.harmonize import drugs as door
from omics_rx.response import new_drugs, relatives, similarity


@pytest.fixture(scope="module")
def model(planted_like):
    return orx.response.ResponseModel(("kernel",)).fit(planted_like(n_drugs=24), progress=False)


def asked(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns, index=[f"N{i}" for i in range(len(next(iter(columns.values()))))])


def test_a_drug_without_a_relative_has_no_preference_and_says_so(model, planted):
    drugs = asked(name=["alone", "kin"], smiles=["CCCCOCCCCO", "CCCCOCCCCN"], targets=[None, "GENE01"])
    found = model.predict(planted.cells[:4], drugs)
    assert found.preference["N0"].isna().all()
    assert found.preference["N1"].notna().all()
    assert found.drugs["preference_known"].tolist() == [False, True]
    assert relatives.NONE_KNOWN in found.drugs.loc["N0", "note"]
    assert found.drugs.loc["N0", "relatives"] == ""
    assert "drug 1" in found.drugs.loc["N1", "relatives"]
    assert "no preference known for 1 drugs" in repr(found)
    assert np.isfinite(found.mean.to_numpy()).all()
    assert (found.upper >= found.lower).all().all()


def test_known_drugs_always_have_one(model, planted):
    found = model.predict(planted.cells[:4])
    assert found.drugs["preference_known"].all()
    assert found.preference.notna().all().all()
    assert "no preference known" not in repr(found)


@pytest.mark.parametrize(
    ("given", "kin"),
    [
        ({"targets": "gene02"}, True),
        ({"targets": "GENE77"}, False),
        ({"mechanism": "group 3"}, True),
        ({"mechanism": "Group 3"}, True),
        ({"mechanism": "group 9"}, False),
        ({"pathway": "some pathway"}, False),
    ],
)
def test_relatives_share_a_target_or_a_mechanism(model, planted, given, kin):
    drugs = asked(name=["one"], smiles=["CCCCOCCCCO"], **{name: [text] for name, text in given.items()})
    assert bool(model.predict(planted.cells[:2], drugs).drugs["preference_known"].item()) is kin


def test_a_scaffold_of_two_rings_makes_a_relative_and_one_ring_does_not():
    training = asked(name=["a", "b"], smiles=["Cc1ccc2ccccc2c1", "Cc1ccccc1"], targets=[None, None])
    new = asked(name=["two", "one"], smiles=["Oc1ccc2ccccc2c1", "Oc1ccccc1"])
    found = relatives.related(new, training, similarity.features(training))
    assert found == [["N0"], []]


def test_how_a_drug_acts_is_looked_up_by_name_and_by_structure():
    erlotinib = "C#Cc1cccc(Nc2ncnc3cc(OCCOC)c(OCCOC)cc23)c1"
    drugs = door.structures(asked(name=["Tarceva", "x", "told"], smiles=[None, erlotinib, erlotinib]))
    drugs["targets"] = [None, None, "KRAS"]
    found, notes = relatives.looked_up(drugs, np.array([True, True, True]))
    assert found["targets"].tolist()[0] == found["targets"].tolist()[1]
    assert "EGFR" in found["targets"].iloc[0]
    assert found["targets"].iloc[2] == "KRAS"
    assert "looked up" in notes[0]
    assert "EGFR" in notes[1]
    assert notes[2] == ""
    kept, silent = relatives.looked_up(drugs, np.zeros(3, dtype=bool))
    assert kept["targets"].iloc[0] is None
    assert silent == ["", "", ""]


def test_intervals_of_drugs_without_relatives_leave_all_relatives_out(model, monkeypatch):
    seen = []
    plain = new_drugs.in_order

    def watched(function, tasks, *told, **settings):
        seen.extend(task[2] for task in tasks)
        return plain(function, tasks, *told, **settings)

    monkeypatch.setattr(new_drugs, "in_order", watched)
    new_drugs._UNRELATED.pop(model.learnt_, None)
    half = new_drugs.unrelated(model, np.array([[1.0]]))
    kin = relatives.kin_of(model.screen_.drugs, model.learnt_.training.drugs)
    assert half.shape == (1, 1)
    assert all(set(np.flatnonzero(kin[drugs].any(axis=0))) == set(out) for _, drugs, out in seen)


def test_cells_are_not_ranked_by_a_preference_that_is_not_known(model, planted):
    drugs = asked(name=["alone", "kin"], smiles=["CCCCOCCCCO", "CCCCOCCCCN"], targets=[None, "GENE01"])
    found = model.predict(planted.cells[:40], drugs)
    ill = pd.Series(np.arange(40) < 20, planted.cells.obs_names[:40])
    assert orx.response.cells.selectivity(found, ill).index.tolist() == ["N1"]
    with pytest.raises(InputError, match="no preference is known"):
        orx.response.cells.selectivity(model.predict(planted.cells[:40], drugs.iloc[:1]), ill)
