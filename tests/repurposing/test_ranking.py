"""A ranking: saved and read back, compared, searched and explained."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError, IntegrityError, MissingFileError, UnknownNameError
from omics_rx.core.exact import EXACT
from omics_rx.core.provenance import cite
from omics_rx.repurposing import load_ranking
from omics_rx.repurposing.explain import ordinal, ranks


@pytest.fixture(scope="module")
def ranking(fitted):
    return fitted.rank("Basal")


def test_saved_and_read_back(ranking, tmp_path):
    ranking.save(tmp_path / "out")
    names = {"ranking.csv", "explanations.csv", "unranked.csv", "evidence_info.csv", "provenance.json"}
    assert names <= {file.name for file in (tmp_path / "out").iterdir()}
    back = load_ranking(tmp_path / "out")
    for frame in ("table", "explanations", "evidence", "evidence_info"):
        pd.testing.assert_frame_equal(getattr(back, frame), getattr(ranking, frame), check_dtype=False)
    assert back.subtype == "Basal"
    assert back.rule == ranking.rule
    assert back.limits == ranking.limits
    assert back.provenance.as_dict() == json.loads(json.dumps(ranking.provenance.as_dict()))
    assert back.explain("drug 3").sentence == ranking.explain("drug 3").sentence
    assert back.compare(ranking)["moved"].eq(0).all()


def test_saved_files_add_up(ranking, tmp_path):
    ranking.save(tmp_path)
    frame = pd.read_csv(tmp_path / "explanations.csv", **EXACT)
    assert list(frame.columns[:3]) == ["drug_id", "name", "base"]
    kinds = [name for name in frame if name not in ("drug_id", "name", "base", "score")]
    assert (frame["base"] + frame[kinds].sum(axis=1) - frame["score"]).abs().max() < 1e-6


def test_damage_is_refused(ranking, tmp_path):
    with pytest.raises(MissingFileError, match=r"holds no ranking \(no ranking.csv"):
        load_ranking(tmp_path)
    ranking.save(tmp_path)
    file = tmp_path / "provenance.json"
    record = json.loads(file.read_text())
    for text, words in (("{", "damaged"), ('{"kind": "study"}', "tells of no ranking"),
                        (json.dumps(record | {"schema": 9}), "schema 9")):  # fmt: skip
        file.write_text(text)
        with pytest.raises(IntegrityError, match=words):
            load_ranking(tmp_path)


def test_explanation_by_name_alias_or_id_and_its_sentence(ranking):
    drug = ranking.table.index[0]
    name = ranking.table["name"].iloc[0]
    for word in (drug, name, name.upper(), f"alias-{int(drug[1:])}"):
        found = ranking.explain(word)
        assert found.drug_id == drug
    assert found.sentence.startswith(f"{name} ranks 1st of 96 for Basal (")
    assert "lifted by" in found.sentence
    assert str(found) == found.sentence
    assert found.base + found.table["contribution"].sum() == pytest.approx(found.score)


def test_rank_without_a_kind_is_the_rank_with_its_contribution_taken_off(ranking):
    drug = ranking.table.index[10]
    found = ranking.explain(drug).table
    kind = found["contribution"].abs().idxmax()
    scores = ranking.table["score"].copy()
    scores[drug] -= found.loc[kind, "contribution"]
    assert found.loc[kind, "rank_without"] == int(scores.rank(ascending=False)[drug])


def test_better_than_is_oriented(ranking):
    best = ranking.table["measured_selectivity"].idxmin()  # low is sensitive
    worst = ranking.table["target_expression"].idxmin()
    assert ranking.explain(best).table.loc["measured_selectivity", "better_than"] == 1.0
    assert ranking.explain(worst).table.loc["target_expression", "better_than"] == 0.0


def test_unknown_drugs_are_suggested(ranking):
    with pytest.raises(UnknownNameError, match="did you mean drug 1"):
        ranking.explain("drug 1x")


def test_comparing_two_rankings(fitted):
    here, there = fitted.rank("Basal"), fitted.rank("LumA")
    moves = here.compare(there)
    assert moves["moved"].abs().is_monotonic_decreasing
    first = moves.iloc[0]
    assert first["moved"] == here.table.loc[first.name, "rank"] - there.table.loc[first.name, "rank"]
    assert moves["apart"].any()
    assert not here.compare(here)["apart"].any()


def test_it_can_be_cited(ranking):
    text = str(cite(ranking))
    assert "LightGBM" in text
    assert "Reactome" in text


def test_ranks_and_places():
    assert ranks(np.array([0.1, 0.9, 0.9, -1.0])).tolist() == [3, 1, 2, 4]
    assert [ordinal(n) for n in (2, 11, 13, 21, 102, 112)] == ["2nd", "11th", "13th", "21st", "102nd", "112th"]


def test_a_ranking_saved_before_there_were_second_opinions_is_read(fitted, tmp_path):
    ranking = fitted.rank("Basal")
    ranking.save(tmp_path / "new")
    again = load_ranking(tmp_path / "new")
    pd.testing.assert_frame_equal(again.opinions, ranking.opinions.loc[again.opinions.index])
    (tmp_path / "new" / "opinions.csv").unlink()
    with pytest.raises(IntegrityError, match="lacks opinions"):
        load_ranking(tmp_path / "new")
    record = tmp_path / "new" / "provenance.json"
    told = json.loads(record.read_text())
    first = {name: told[name] for name in told if name not in ("files", "sha256")}
    record.write_text(json.dumps(first | {"schema": 1}))
    old = load_ranking(tmp_path / "new")
    assert old.opinions.empty
    told = old.explain(old.table.index[0])
    assert told.agreement != told.agreement
    assert "LIME" not in told.sentence


def test_mechanisms_by_hand():
    """Of ten drugs three of one family come first: one way in 120 to draw three of three among three of ten."""
    from types import SimpleNamespace

    from omics_rx.repurposing.ranking import Ranking

    drugs = pd.DataFrame({"name": [f"drug {i}" for i in range(10)], "mechanism": ["a"] * 3 + ["b"] * 4 + ["c"] * 3},
                         index=[f"D{i}" for i in range(10)])  # fmt: skip
    found = Ranking.mechanisms(SimpleNamespace(drugs=drugs, table=pd.DataFrame(index=drugs.index)), n=3)
    assert found.index[0] == "a"
    assert found.loc["a", "p_value"] == pytest.approx(1 / 120)
    assert found.loc["a", "names"] == "drug 0, drug 1, drug 2"
    assert found.loc["a", ["drugs", "of_drugs"]].tolist() == [3, 3]
    with pytest.raises(InputError, match="no two"):
        Ranking.mechanisms(SimpleNamespace(drugs=drugs.assign(mechanism=drugs["name"]), table=drugs))


@pytest.mark.filterwarnings("ignore")  # of pandas and numpy, on the way to the refusal
def test_poor_arguments_are_refused_in_words(fitted, raw_errors, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ranking = fitted.rank("Basal", candidates="all")
    assert raw_errors(fitted, without=("fit", "score")) == []
    assert raw_errors(ranking) == []
    with pytest.raises(UnknownNameError, match="no drug id of this ranking"):
        ranking.row("nonsense")
