"""A response signature on new patients: missing modalities, unseen levels, one patient, its file."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from omics_rx import signatures
from omics_rx.core.errors import InputError, IntegrityError
from omics_rx.signatures import sealed


@pytest.fixture
def new(patients):
    def made(seed=9, n=40):
        return {name: frame.drop(columns=["pcr", "rcb"], errors="ignore") for name, frame in patients(seed, n).items()}

    return made


def test_a_chance_is_what_the_file_says_by_hand(study, new):
    parts = new()
    content = json.loads(study.signature.to_json())
    odds = np.full(40, content["intercept"])
    table = pd.concat(parts.values(), axis=1)
    at = 0
    for row in content["features"]:
        levels = row.get("levels", [])
        shown = levels[1:] if len(levels) == 2 else levels
        if row["kind"] == "number":
            columns = [np.clip((table[row["column"]].astype(float) - row["mean"]) / row["sd"], -4, 4)]
        else:
            columns = [(table[row["column"]].str.casefold() == level).astype(float) for level in shown]
        for values in columns:
            odds += content["weights"][at] * (values.to_numpy() - content["centre"][at]) / content["spread"][at]
            at += 1
    found = study.signature.score(parts)
    np.testing.assert_allclose(found["log_odds"], odds, atol=1e-9)
    np.testing.assert_allclose(found["probability"], expit(odds), atol=1e-9)
    assert found["coverage"].gt(1 - 1e-12).all()


def test_one_patient_alone_has_the_chance_she_has_among_others(study, new):
    parts = new()
    whole = study.signature.score(parts)
    alone = study.signature.score({name: frame.iloc[[3]] for name, frame in parts.items()})
    assert alone["probability"].iloc[0] == pytest.approx(whole["probability"].iloc[3], abs=1e-12)


def test_a_missing_modality_is_expected_from_the_rest_and_told(study, new):
    parts = new()
    del parts["rna"]
    found = study.signature.score(parts)
    assert found["missing"].eq("rna").all()
    assert found["coverage"].lt(0.9).all()
    assert found.attrs["notes"]
    full = study.signature.score(new())
    middle = study.signature.cutoff
    assert (found["probability"] - middle).abs().mean() < (full["probability"] - middle).abs().mean()


def test_filling_is_the_expectation_of_a_normal(study):
    encoder = study.signature.encoder
    random = np.random.default_rng(0)
    drawn = random.multivariate_normal(np.zeros(len(encoder.columns)), encoder.correlation, size=20000)
    known = np.ones(drawn.shape, dtype=bool)
    known[:, 2] = False
    filled, left = encoder.expected(np.where(known, drawn, np.nan), known, np.eye(len(encoder.columns))[2])
    error = drawn[:, 2] - filled[:, 2]
    assert abs(np.corrcoef(error, drawn[:, 0])[0, 1]) < 0.03
    assert error.var() == pytest.approx(left[0], rel=0.05)


def test_too_few_features_give_no_chance_and_say_so(study, new):
    parts = {"clinical": new()["clinical"][["age"]]}
    with pytest.raises(InputError, match="none of 40 patients can be scored"):
        study.signature.score(parts)
    parts = new()
    parts["clinical"] = parts["clinical"].iloc[:20]
    parts["rna"] = parts["rna"].iloc[:20]
    found = study.signature.score(parts, min_coverage=0.6)
    assert found["probability"].isna().sum() == 20
    assert found.loc[found["probability"].isna(), "reason"].str.contains("needed").all()


def test_a_level_not_seen_in_training_is_missing_and_told(study, new):
    parts = new()
    parts["clinical"].loc[parts["clinical"].index[0], "stage"] = "IV"
    found = study.signature.score(parts)
    assert "stage is iv, which no training patient was" in found["reason"].iloc[0]
    assert found["reason"].iloc[1] == ""
    assert found["coverage"].iloc[0] < 1


def test_contributions_add_up_to_the_log_odds(study, new):
    parts = new()
    parts["rna"] = parts["rna"].iloc[:25]
    found, scored = study.signature.contributions(parts), study.signature.score(parts)
    np.testing.assert_allclose(found.sum(axis=1) + study.signature.intercept, scored["log_odds"], atol=1e-9)


def test_the_file_is_read_back_whole_and_refused_when_changed(study, tmp_path, new):
    file = study.signature.save(tmp_path / "therapy.json")
    again = signatures.load(file)
    pd.testing.assert_frame_equal(again.score(new()), study.signature.score(new()), rtol=1e-6)
    text = file.read_text()
    with pytest.raises(IntegrityError, match="not as it was saved"):
        type(again).from_json(text.replace('"cutoff": 0.', '"cutoff": 0.9', 1))
    for wrong in ("{", "[]", '{"format": "omics_rx response signature", "schema": 9}'):
        with pytest.raises(IntegrityError):
            type(again).from_json(wrong)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda p: {"x": pd.DataFrame({"q": [1.0]}, index=["a"])}, "none of the"),
        (lambda p: {**p, "dna": p["dna"].assign(tmb="high")}, "is text"),
        (lambda p: {**p, "clinical": p["clinical"].assign(stage=3)}, "holds numbers"),
        (lambda p: {**p, "dna": pd.concat([p["dna"], p["dna"]])}, "come twice"),
        (lambda p: 3, "not a int"),
    ],
)
def test_new_patients_that_cannot_be_scored_are_one_clear_error(study, change, match, new):
    with pytest.raises(InputError, match=match):
        study.signature.score(change(new()))


def test_a_cohort_on_another_scale_is_told(study, new):
    parts = new(9, 60)
    parts["dna"]["tmb"] *= 20
    found = study.signature.score(parts)
    assert any("tmb by" in note and "another " in note for note in found.attrs["notes"])
    assert not study.signature.score(new(9, 60)).attrs["notes"]


def test_a_signature_is_not_scaled_within_a_cohort(study, new):
    with pytest.raises(InputError, match="frozen"):
        study.signature.score(new(), reference="cohort")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda c: c["weights"].pop(), "weights"),
        (lambda c: c["centre"].append(0.0), "centre"),
        (lambda c: c["spread"].__setitem__(0, 0.0), "spread"),
        (lambda c: c["spread"].__setitem__(0, "1"), "spread"),
        (lambda c: c["correlation"].pop(), "correlation"),
        (lambda c: c["correlation"][0].__setitem__(1, 0.99), "correlation"),
        (lambda c: c["features"][0].update(kind="number", mean="0", sd=1.0), "features"),
        (lambda c: c["features"][0].update(kind="colour"), "features"),
        (lambda c: c["features"].__setitem__(0, dict(c["features"][1])), "features"),
        (lambda c: c["features"].clear(), "features"),
        (lambda c: c.update(cutoff=2.0), "cutoff"),
        (lambda c: c.update(min_coverage=None), "min_coverage"),
        (lambda c: c.update(intercept="0"), "intercept"),
        (lambda c: c.update(outcome=""), "outcome"),
        (lambda c: c.update(provenance={}), "provenance"),
        (lambda c: c.pop("training"), "training"),
    ],
)
def test_a_forged_file_is_refused_when_loaded(study, change, field):
    content = json.loads(study.signature.to_json())
    change(content)
    content["sha256"] = sealed.digest(content)
    with pytest.raises(IntegrityError, match=rf"not whole .*{field}"):
        type(study.signature).from_json(json.dumps(content))


@pytest.mark.filterwarnings("ignore")  # of pandas and numpy, on the way to the refusal
def test_poor_arguments_of_methods_are_refused_in_words(study, raw_errors, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert raw_errors(study) == []
    assert raw_errors(study.signature) == []


def test_two_tables_that_tell_a_patient_differently_are_asked_before_judging(study, patients):
    parts = patients(2, 120)
    parts["dna"] = parts["dna"].assign(grade=parts["clinical"]["grade"])
    judged = study.signature.judge(parts, "pcr", by=["grade"])
    assert set(judged.table["column"]) == {"all", "grade"}
    parts["dna"]["grade"] = parts["dna"]["grade"] % 3 + 1
    with pytest.raises(InputError, match=r"grade is in 2 tables .* differs between them for 120 patients"):
        study.signature.judge(parts, "pcr", by=["grade"])
