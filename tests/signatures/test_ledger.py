"""An external cohort judges one study; another look is asked for by name, and told."""

from __future__ import annotations

import json

import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError, IntegrityError, OutputError, UnknownNameError
from omics_rx.signatures import ledger


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    monkeypatch.setattr(ledger, "place", lambda: tmp_path / "own" / "openings.jsonl")


def _build(make_cohort, patterns, **more):
    settings = {"external": {"c": make_cohort(3)}, "n_genes": 6, "n_null": 0, "n_folds": 3, **more}
    return orx.signatures.build({"pattern 0": patterns["pattern 0"]}, {"a": make_cohort(1)}, **settings)


def test_another_study_is_refused_unless_the_cohort_is_named(make_cohort, patterns):
    first = _build(make_cohort, patterns)
    assert first.external_opened["c"]["before"] == ""
    with pytest.raises(InputError, match=r'1 external cohorts were opened before.*reopen=\["c"\]'):
        _build(make_cohort, patterns, n_genes=5)
    assert len(ledger.read()) == 1
    again = _build(make_cohort, patterns, n_genes=5, reopen=["c"])
    assert again.external_opened["c"]["before"].startswith("opened 1 times by other studies")
    assert any(sentence.startswith("c had been opened 1 times by other studies") for sentence in again.limits)
    assert len(ledger.read()) == 2


def test_a_name_does_not_hide_a_cohort(make_cohort, patterns):
    _build(make_cohort, patterns)
    with pytest.raises(InputError, match="d at 20"):
        _build(make_cohort, patterns, external={"d": make_cohort(3)}, seed=1)
    _build(make_cohort, patterns, external={"c": make_cohort(4)}, seed=1)  # another cohort of the same name


def test_the_same_study_again_opens_nothing_new(make_cohort, patterns):
    first = _build(make_cohort, patterns)
    for more in ({}, {"n_folds": 4}, {"n_null": 3}):  # settings that do not shape the signature
        again = _build(make_cohort, patterns, **more)
        assert again.signature.weights == first.signature.weights
        assert again.external_opened["c"]["before"].startswith("opened by this same study at 20")
        assert not any("had been opened" in sentence for sentence in again.limits)
    assert len(ledger.read()) == 1


def test_the_cohort_is_refused_before_any_work_and_stays_closed_on_failure(make_cohort, patterns, monkeypatch):
    _build(make_cohort, patterns)
    monkeypatch.setattr("omics_rx.signatures.nested.cross_validated", lambda *a, **k: pytest.fail("work was done"))
    with pytest.raises(InputError, match="opened before"):
        _build(make_cohort, patterns, seed=5)
    with pytest.raises(UnknownNameError, match="external cohort to reopen 'gse'"):
        _build(make_cohort, patterns, seed=5, reopen=["gse"])


def test_the_ledger_only_grows_and_says_when_it_is_damaged(make_cohort, patterns):
    _build(make_cohort, patterns)
    before = ledger.place().read_text()
    _build(make_cohort, patterns, seed=2, reopen=["c"])
    after = ledger.place().read_text()
    assert after.startswith(before)
    assert set(json.loads(after.splitlines()[1])) == {"cohort", "sha256", "study", "signature", "recipe", "time"}
    ledger.place().write_text(after + "nonsense\n")
    with pytest.raises(IntegrityError, match="mend the line"):
        ledger.read()


def test_without_a_ledger_nothing_is_opened(make_cohort, patterns, monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr(ledger, "place", lambda: blocked / "openings.jsonl")
    with pytest.raises(OutputError, match="OMICS_RX_CACHE"):
        _build(make_cohort, patterns)
