"""Patients, outcomes and features of therapy studies as people bring them; what is wrong is one clear error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx import signatures
from omics_rx.core.errors import InputError
from omics_rx.signatures import ledger
from omics_rx.signatures.therapy.reading import Patients
from omics_rx.signatures.therapy.suspects import patients_twice

FAST = {"learners": ("ridge",), "n_repeats": 1, "n_permutations": 0, "n_folds": 3, "progress": False}


@pytest.fixture(autouse=True)
def own_ledger(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "place", lambda: tmp_path / "openings.jsonl")


def made(seed=1, n=100):
    random = np.random.default_rng(seed)
    immune = random.normal(size=n)
    pcr = random.random(n) < 1 / (1 + np.exp(-1.5 * immune))
    table = pd.DataFrame(random.normal(size=(n, 6)), columns=[f"score{at}" for at in range(6)])
    table["score0"] = immune
    table["er"] = np.where(random.random(n) < 0.5, "positive", "negative")
    table["pcr"] = np.where(pcr, "pCR", "RD")
    return table.set_axis([f"P{seed}-{at}" for at in range(n)], axis=0)


def build(cohorts, **settings):
    return signatures.build_response(cohorts, "pcr", **{**FAST, **settings})


YES = made()["pcr"] == "pCR"


@pytest.mark.parametrize(
    ("feature", "says"),
    [
        (np.where(YES, 2, 1), "outcome under another name"),
        (np.where(YES, -1.5, 7.25) + np.arange(100) / 1e4, "outcome under another name"),
        (np.where(YES, "None seen ", "tumour left"), "outcome under another name"),
        (np.where(np.arange(100) % 3 == 0, np.nan, np.where(YES, 0.0, 1.0)), "outcome under another name"),
        (np.where(YES, 0, 1 + np.arange(100) % 4), "outcome under another name"),
        (pd.array(np.where(YES, 1, 0), dtype="Int64"), "outcome under another name"),
        (pd.Categorical(np.where(YES, "a", "b")), "outcome under another name"),
        (np.where(YES, True, False), "outcome under another name"),
        (np.where(YES & (np.arange(100) != YES.argmax()), 1.0, np.arange(100) / 1e3), "area under the curve"),
    ],
)
def test_a_feature_that_is_the_outcome_is_found_however_it_is_written(feature, says):
    table = made().assign(marker=feature)
    with pytest.raises(InputError, match=says):
        build({"a": table})


def test_one_level_written_two_ways_tells_nothing():
    table = made().assign(marker=np.where(YES, "YES", " yes "))
    assert "marker" not in build({"a": table}).signature.features


@pytest.mark.parametrize("name", ["RFS.months", "pCR_status", "RCB", "Relapse", "death", "residual.size", "ypT"])
def test_a_feature_that_is_called_like_an_outcome_is_asked(name):
    table = made().assign(**{name: np.arange(100) % 7})
    with pytest.raises(InputError, match="called like an outcome"):
        build({"a": table})


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t,
        lambda t: t[t.columns[::-1]],
        lambda t: t.sample(frac=1, random_state=0),
        lambda t: t.iloc[:3],
        lambda t: t.round(4),
        lambda t: t.assign(er=None),
    ],
)
def test_training_patients_in_an_external_cohort_are_found(change):
    copied = change(made()).set_axis([f"x{at}" for at in range(len(change(made())))], axis=0)
    with pytest.raises(InputError, match=r"patients are in both a and b"):
        build({"a": made()}, external={"b": pd.concat([made(7), copied])})


def test_external_patients_with_the_names_of_training_patients_are_told():
    other = made(5).set_axis(made().index, axis=0)
    told = build({"a": made()}, external={"b": other}).limits
    assert any("100 patients of b are called as patients of a are" in text for text in told)
    assert not any("are called as" in text for text in build({"a": made()}, external={"c": made(6)}).limits)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: {"b": t.assign(pcr="RD")}, "one class only"),
        (lambda t: {"b": t.drop(columns="pcr")}, "pcr"),
        (lambda t: {"b": t.assign(pcr="maybe")}, "neither yes nor no"),
        (lambda t: {"b": pd.concat([t, t.iloc[:2]])}, "come twice"),
        (lambda t: {"b": t[["pcr"]]}, "no feature"),
        (lambda t: {"b": t.assign(score1="high")}, "is text"),
        (lambda t: {"b": t.assign(er=1)}, "holds numbers"),
        (lambda t: {"b": t.assign(score1=np.inf)}, "infinite"),
        (lambda t: {"b": t.iloc[:0]}, "no patients"),
    ],
)
def test_an_external_cohort_that_cannot_be_judged_is_one_clear_error(change, says):
    with pytest.raises(InputError, match=says):
        build({"a": made()}, external=change(made(2)))


@pytest.fixture(scope="module")
def signature():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "check", lambda *_, **__: {})
        return build({"a": made()}).signature


@pytest.mark.parametrize("level", ["Positive", " POSITIVE ", "positive"])
def test_a_level_is_one_however_it_is_spelled(signature, level):
    new = made(3).iloc[[0]].drop(columns="pcr").assign(er="positive")
    assert signature.score(new.assign(er=level))["probability"].iloc[0] == signature.score(new)["probability"].iloc[0]
    assert signature.score(new.assign(er=level))["reason"].iloc[0] == ""


@pytest.mark.parametrize("level", ["equivocal", "2+", "low"])
def test_a_level_that_no_training_patient_had_is_missing_and_told(signature, level):
    new = made(3).iloc[[0]].drop(columns="pcr")
    found = signature.score(new.assign(er=level))
    assert f"er is {level}, which no training patient was" in found["reason"].iloc[0]
    assert found["probability"].iloc[0] == signature.score(new.drop(columns="er"))["probability"].iloc[0]


@pytest.mark.parametrize("word", ["NA", "Unknown", "", "not available", None, np.nan])
def test_a_word_for_missing_is_no_level(signature, word):
    new = made(3).iloc[[0]].drop(columns="pcr")
    found = signature.score(new.assign(er=word))
    assert found["reason"].iloc[0] == ""
    assert found["probability"].iloc[0] == signature.score(new.drop(columns="er"))["probability"].iloc[0]


def test_a_minus_is_a_negative_receptor_and_no_word_for_missing():
    signs = made().assign(er=lambda t: t["er"].map({"positive": "+", "negative": "-"}))
    found = build({"a": signs}).signature
    assert next(one for one in found.encoder.features if one.name == "er").levels == ("+", "-")


def test_a_patient_without_any_feature_has_no_chance_and_the_reason(signature):
    new = made(3).iloc[:2].drop(columns="pcr")
    new.iloc[0] = None
    found = signature.score(new.convert_dtypes())
    assert np.isnan(found["probability"].iloc[0])
    assert "weight present" in found["reason"].iloc[0]
    assert found["probability"].notna().iloc[1]


@pytest.mark.parametrize("kind", ["independent", "together", "with zeros", "with an outlier"])
def test_strangers_with_few_shared_features_are_two_patients(kind):
    found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values = rng.normal(size=(240, 5))
        if kind == "together":
            values = rng.normal(size=(240, 1)) + 0.05 * values
        if kind == "with zeros":
            values = np.where(values > 0.8, values, 0.0)
        if kind == "with an outlier":
            values[0] = 1e3
        table = pd.DataFrame(values, columns=[f"f{at}" for at in range(5)]).add_prefix("x")
        a, b = (_patients(name, part) for name, part in (("a", table[:120]), ("b", table[120:])))
        found += _refused([a, b])
        copy = pd.concat([table[120:], table[:6]], ignore_index=True)
        if kind != "with zeros":
            assert _refused([a, _patients("b", copy)])
    assert found == 0


def _patients(name, table):
    return Patients(name, table, {}, {}, pd.Series(True, table.index), None, len(table))


def _refused(cohorts):
    try:
        patients_twice(cohorts)
    except InputError:
        return True
    return False
