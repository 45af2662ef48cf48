"""Learning from outcomes: they move what they should, are kept unchanged, and can be taken back."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError, IntegrityError, NotFittedError, UnknownNameError
from omics_rx.repurposing import Ranker, posterior
from omics_rx.repurposing.ledger import Ledger


@pytest.fixture(scope="module")
def basis(world):
    return _fresh(world)


def _fresh(world):
    from omics_rx import harmonize

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(harmonize, "genes", lambda cohort, **_: cohort, raising=False)
        return Ranker(None).fit(world.model, world.cohort)


@pytest.fixture
def ranker(basis):
    return basis.taught(None)


def _outcome(drug="drug 0", direction=1.0, **more):
    row = {"drug": drug, "model": "organoid 7", "readout": "viability", "direction": direction, "source": "lab A",
           "subtype": "Basal", **more}  # fmt: skip
    return pd.DataFrame([row])


def test_conditioning_by_hand():
    # two drugs, variance 1, covariance .5, outcome +1 of the first with noise NOISE, equal scores
    covariance = np.array([[1.0, 0.5], [0.5, 1.0]])
    seen = pd.DataFrame({"at": [0], "direction": [1.0], "weight": [1.0]})
    found = posterior.update(covariance, np.zeros(2), seen)
    assert found.shift == pytest.approx([1 / 1.1, 0.5 / 1.1])
    assert found.covariance[1, 1] == pytest.approx(1 - 0.25 / 1.1)
    # two experiments of half the weight each say what one says
    twice = pd.DataFrame({"at": [0, 0], "direction": [1.0, 1.0], "weight": [0.5, 0.5]})
    assert posterior.update(covariance, np.zeros(2), twice).shift == pytest.approx(found.shift)


def test_likeness_is_a_covariance(basis):
    drugs, _ = basis.scores_before("Basal")
    table = basis.likeness("Basal", drugs)
    assert np.allclose(table, table.T)
    assert np.linalg.eigvalsh(table).min() > 0


def test_an_outcome_moves_its_drug_and_its_relatives(ranker, world):
    before = {s: ranker.rank(s).table["score"] for s in ("Basal", "LumA")}
    assert ranker.update(_outcome("drug 0", -1.0)) is ranker
    ranking = ranker.rank("Basal")
    shift = ranking.table["score"] - before["Basal"].reindex(ranking.table.index)
    assert shift.idxmin() == "D000"
    assert shift[["D001", "D002", "D003"]].max() < shift.drop(["D000", "D001", "D002", "D003"]).mean() < 0.1
    pd.testing.assert_series_equal(ranker.rank("LumA").table["score"], before["LumA"])
    moved = ranker.moved_.set_index("drug_id")
    assert moved.loc["D000", "why"] == "its own outcome: did not work in organoid 7"
    assert "shares a mechanism with drug 0 (gene0, mechanism 0)" in moved.loc["D001", "why"]
    assert moved.loc["D000", "after"] > moved.loc["D000", "before"]
    gained = (moved["before"] - moved["after"]).abs()
    assert gained.is_monotonic_decreasing


def test_explanations_still_add_up_and_name_the_outcomes(ranker):
    ranking = ranker.update(_outcome("drug 3", 1.0)).rank("Basal")
    parts = ranking.explanations.set_index("drug_id")
    assert "outcomes" in ranking.kinds
    assert (parts["base"] + parts[ranking.kinds].sum(axis=1) - parts["score"]).abs().max() < 1e-9
    assert "outcomes of experiments" in ranking.explain("drug 3").sentence
    assert ranking.provenance.settings["ledger_head"] == ranker.ledger_.head
    assert ranking.table["rank_low"].le(ranking.table["rank"]).all()


def test_the_order_is_that_of_the_expected_outcome(ranker):
    ranker.update(pd.concat([_outcome("drug 9", 1.0), _outcome("drug 40", -0.5)]))
    table = ranker.rank("Basal").table
    proposed = ranker.propose("Basal", 90, explore=0)
    assert proposed["expected"].is_monotonic_decreasing
    assert proposed.index.tolist() == [d for d in table.index if d not in ("D009", "D040")][:90]
    assert (proposed["rank"] == table.loc[proposed.index, "rank"]).all()


def test_a_batch_asks_different_questions(ranker, world):
    mechanisms = world.screen.drugs["mechanism"]
    sure = ranker.propose("Basal", 8, explore=0)
    curious = ranker.propose("Basal", 8, explore=20)
    assert mechanisms[curious.index].nunique() > mechanisms[sure.index].nunique()
    assert not set(ranker.update(_outcome(sure["name"].iloc[0])).propose("Basal", 90).index) & {sure.index[0]}


def test_undo_restores_every_rank_and_the_ledger_keeps_both(ranker, tmp_path):
    file = tmp_path / "outcomes.jsonl"
    before = ranker.rank("Basal").table
    ranker.update(_outcome(), ledger=file).update(_outcome("drug 5"), ledger=file)
    ranker.undo(ledger=file)
    assert ranker.ledger_.outcomes()["drug"].tolist() == ["drug 0"]
    ranker.undo(ledger=file)
    pd.testing.assert_frame_equal(ranker.rank("Basal").table, before)
    assert [record["kind"] for record in Ledger.read(file).records] == ["outcome", "outcome", "undo", "undo"]
    with pytest.raises(InputError, match="nothing to undo"):
        ranker.undo(ledger=file)


def test_a_ledger_is_learnt_from_anew(basis, tmp_path):
    file = tmp_path / "outcomes.jsonl"
    first = basis.taught(None).update(_outcome("drug 1", -1.0), ledger=file)
    again = basis.taught(None).update(ledger=file)
    pd.testing.assert_frame_equal(first.rank("Basal").table, again.rank("Basal").table)
    assert Ledger.read(file, head=first.ledger_.head).head == first.ledger_.head
    with pytest.raises(InputError, match="lacks the 1 records"):
        first.update(ledger=tmp_path / "other.jsonl")


def test_a_line_of_the_screen_stands_for_its_subtypes(ranker):
    row = _outcome("drug 2", model="L00").drop(columns="subtype")
    assert set(ranker.update(row).ledger_.outcomes()["subtype"]) == {"LumA", "LumB"}
    with pytest.raises(InputError, match=r"1 outcomes stand for no subtype .*L80"):
        ranker.update(_outcome("drug 2", model="L80").drop(columns="subtype"))


@pytest.mark.parametrize(
    "harm",
    [
        lambda lines: [lines[0].replace('"direction": 1.0', '"direction": -1.0'), *lines[1:]],
        lambda lines: lines[1:],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [lines[0], lines[0], *lines[1:]],
        lambda lines: [lines[0][:40], *lines[1:]],
        lambda lines: [json.dumps({"hash": "x"}), *lines[1:]],
    ],
)
def test_a_changed_ledger_is_refused(basis, tmp_path, harm):
    file = tmp_path / "outcomes.jsonl"
    ranker = basis.taught(None)
    for drug in ("drug 0", "drug 1", "drug 2"):
        ranker.update(_outcome(drug), ledger=file)
    lines = file.read_text().splitlines()
    file.write_text("\n".join(harm(lines)) + "\n")
    with pytest.raises(IntegrityError, match=r"record \d"):
        basis.taught(None).update(ledger=file)


def test_a_ledger_cut_short_is_told_by_its_head(basis, tmp_path):
    file = tmp_path / "outcomes.jsonl"
    ranker = basis.taught(None)
    for drug in ("drug 0", "drug 1"):
        ranker.update(_outcome(drug), ledger=file)
    file.write_text(file.read_text().splitlines()[0] + "\n")
    assert len(Ledger.read(file).records) == 1
    with pytest.raises(IntegrityError, match="cut off"):
        Ledger.read(file, head=ranker.ledger_.head)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (_outcome("aspirin"), "1 outcomes are of drugs the screen does not hold .*aspirin"),
        (
            pd.concat([_outcome(), _outcome(direction=-1.0, source="lab B")]),
            "1 outcomes contradict .*drug 0 / organoid",
        ),
        (
            pd.concat([_outcome("drug 0"), _outcome("alias-0", -1.0, source="lab B")]),
            "outcomes contradict .*organoid",
        ),
        (pd.concat([_outcome(), _outcome()]), "2 outcomes are given twice .*drug 0"),
        (_outcome(direction=3), "direction outside -1 to 1"),
        (_outcome(weight=0), "weight outside"),
        (_outcome(readout=None), "empty fields in readout"),
        (_outcome().drop(columns="source"), "without column source"),
        (_outcome().iloc[:0], "0 outcomes"),
    ],
)
def test_outcomes_that_cannot_be_used_teach_nothing(ranker, rows, words, tmp_path):
    with pytest.raises(InputError, match=words):
        ranker.update(rows, ledger=tmp_path / "outcomes.jsonl")
    assert not ranker.ledger_.records
    assert not (tmp_path / "outcomes.jsonl").exists()


def test_contradiction_with_the_ledger_is_refused_until_undone(ranker):
    ranker.update(_outcome("drug 4", 1.0))
    with pytest.raises(InputError, match="contradict"):
        ranker.update(_outcome("D004", -1.0, source="lab B"))
    with pytest.raises(InputError, match="given twice"):
        ranker.update(_outcome("alias-4", 1.0))
    ranker.update(_outcome("drug 4", -1.0, model="organoid 8"))  # models may differ
    ranker.undo().undo().update(_outcome("D004", -1.0))
    assert ranker.ledger_.outcomes()["direction"].tolist() == [-1.0]


def test_faults(ranker, world):
    with pytest.raises(UnknownNameError, match="unknown subtype 'Luminal'"):
        ranker.update(_outcome(subtype="Luminal"))
    with pytest.raises(UnknownNameError, match="unknown subtype"):
        ranker.propose("Normal")
    with pytest.raises(InputError, match="at least one drug"):
        ranker.propose("Basal", 0)
    with pytest.raises(NotFittedError):
        Ranker(None).update(_outcome())
