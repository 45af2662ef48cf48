"""A response study from end to end: planted truth, noise, and what is refused."""

from contextlib import nullcontext

import anndata
import mudata
import numpy as np
import pandas as pd
import pytest

from omics_rx import signatures
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.signatures.distill import NoSignalError

FAST = {"learners": ("ridge",), "n_repeats": 1, "n_permutations": 0, "n_folds": 3, "progress": False}


def build(cohorts, outcome="pcr", **settings):
    return signatures.build_response(cohorts, outcome, **{**FAST, "ordered": "rcb", **settings})


def figure(study, column, **where):
    table = study.table
    for name, value in where.items():
        table = table[table[name] == value]
    return float(table[column].iloc[0])


def test_a_planted_response_is_found_nested_and_outside(study):
    assert figure(study, "auc", role="nested", method="signature") > 0.75
    assert figure(study, "auc", role="external", method="signature") > 0.75
    assert study.dealt_p == pytest.approx(0.05)
    assert set(study.table["method"]) == {
        "signature", "full model", "early fusion", "late fusion", "plain logistic + forest"
    }  # fmt: skip
    assert (study.table.loc[study.table["role"] == "nested", "optimism"] > 0).all()


def test_chances_come_true_on_patients_never_seen(study):
    row = study.calibration[(study.calibration["role"] == "external") & (study.calibration["method"] == "signature")]
    assert float(row["slope_lower"].iloc[0]) < 1 < float(row["slope_upper"].iloc[0])
    assert float(row["intercept_lower"].iloc[0]) < 0 < float(row["intercept_upper"].iloc[0])
    assert float(row["gain"].iloc[0]) > 0


def test_the_ladder_adds_each_modality_in_the_order_given(study):
    own = study.ladder
    assert list(own["added"]) == ["clinical", "dna", "rna", "treatment"]
    assert own["gain"].isna().tolist() == [True, False, False, False]
    rna = own[own["added"] == "rna"].iloc[0]
    assert rna["gain_lower"] > 0
    assert rna["gain"] == pytest.approx(rna["auc"] - own["auc"].iloc[1])
    last = study.table[(study.table["role"] == "nested") & (study.table["method"] == "signature")]["auc"].iloc[0]
    assert own["auc"].iloc[-1] == pytest.approx(last)


def test_the_score_falls_over_classes_of_residual_burden(study):
    assert (study.trend["p_value"] < 0.001).all()
    assert (study.trend["tau"] < 0).all()


def test_what_carries_the_response_is_what_moves_the_chance(study):
    assert {"score0", "er"} <= set(study.importance["feature"].head(4))


def test_the_order_of_patients_columns_and_jobs_changes_nothing(one_table):
    whole = one_table()
    mixed = whole.sample(frac=1, random_state=3)
    first, second = build({"a": whole}), build({"a": mixed}, n_jobs=2)
    pd.testing.assert_frame_equal(first.table, second.table, check_exact=False, rtol=1e-6)


def test_noise_is_refused_or_told(patients):
    parts = patients(5)
    parts["clinical"]["pcr"] = np.random.default_rng(0).permutation(parts["clinical"]["pcr"])
    parts["clinical"] = parts["clinical"].drop(columns="rcb")
    with pytest.raises(NoSignalError, match="foretold as well"):
        build({"a": parts}, ordered=None, n_permutations=19)
    told = build({"a": parts}, ordered=None, n_permutations=19, without_signal="tell")
    assert told.limits[0].startswith("Noise would have done as well")


def test_a_mudata_and_an_anndata_are_read_like_tables(patients):
    parts = patients(1)
    mods = {name: anndata.AnnData(frame.astype(float)) for name, frame in parts.items() if name in ("dna", "rna")}
    with mudata.set_options(pull_on_update=False) if hasattr(mudata, "set_options") else nullcontext():
        held = mudata.MuData(mods)
    for column in parts["clinical"]:
        held.obs[column] = parts["clinical"][column]
    found = build({"a": held})
    same = build({"a": {name: parts[name] for name in ("clinical", "dna", "rna")}})
    assert figure(found, "auc", method="signature") == pytest.approx(figure(same, "auc", method="signature"))
    adata = anndata.AnnData(parts["rna"].astype(float), obs=parts["clinical"])
    assert list(build({"a": adata}).ladder["added"].unique()) == ["clinical", "expression"]


@pytest.mark.parametrize(
    ("yes", "no"),
    [("pCR", "RD"), ("yes", "no"), (1, 0), (True, False), ("1", "0"), ("Responder", "non-responder"),
     ("pCR", "not"), (1.0, 0.0), ("TRUE", "FALSE")],
)  # fmt: skip
def test_an_outcome_is_one_however_it_is_written(yes, no, one_table):
    whole = one_table()
    whole["pcr"] = [yes if value == "pCR" else no for value in whole["pcr"]]
    assert int(build({"a": whole}).table["responders"].iloc[0]) == int((one_table()["pcr"] == "pCR").sum())


def test_patients_without_an_outcome_are_left_out_and_told(one_table):
    whole = one_table()
    whole["pcr"] = whole["pcr"].astype(object)
    whole.iloc[:5, whole.columns.get_loc("pcr")] = [None, np.nan, "NA", "unknown", ""]
    found = build({"a": whole})
    assert int(found.table["n"].iloc[0]) == 155
    assert any("5 patients of a have no pcr" in text for text in found.limits)


def test_a_modality_that_some_patients_lack_is_borne_and_told(patients):
    parts = patients(1)
    parts["rna"] = parts["rna"].iloc[:120]
    found = build({"a": parts})
    assert int(found.table["n"].iloc[0]) == 160
    assert any("40 of 160 patients of a have no rna" in text for text in found.limits)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda w: w.assign(pcr="pCR"), "one class only"),
        (lambda w: w.assign(pcr=["pCR"] * 6 + ["RD"] * 154), "10 of either"),
        (lambda w: w.assign(pcr=["a", "b"] * 80), "say neither yes nor no"),
        (lambda w: w.assign(pcr=["pCR", "RD", "partial", "RD"] * 40), "say neither yes nor no"),
        (lambda w: w.assign(pcr=np.nan), "one class only"),
        (lambda w: w.assign(pcr=[1, 2] * 80), "say neither yes nor no"),
        (lambda w: w.assign(burden=np.where(w["pcr"] == "pCR", 0, 1 + np.arange(160))), "outcome under another"),
        (lambda w: w.assign(code=np.where(w["pcr"] == "pCR", "x", "y")), "outcome under another name"),
        (lambda w: w.assign(nodes=np.where(w["pcr"] == "pCR", 0, np.r_[0, 0, 1 + np.arange(158)])), "area under"),
        (lambda w: w.assign(RCB_score=np.arange(160.0)), "called like an outcome"),
        (lambda w: w.assign(residual_size=np.arange(160.0) % 7), "called like an outcome"),
        (lambda w: w.assign(later=((w["pcr"] == "RD") & (np.arange(160) % 2 == 0)).astype(int)), "of them without"),
        (lambda w: w.assign(extra=np.r_[np.inf, np.zeros(159)]), "infinite"),
        (lambda w: pd.concat([w, w.iloc[:3]]), "come twice"),
        (lambda w: pd.concat([w, w.iloc[:3].set_axis(["x", "y", "z"], axis=0)]), "twice in a"),
        (lambda w: pd.concat([w, w[["age"]]], axis=1), "columns come twice"),
        (lambda w: w[["pcr", "rcb"]], "no feature beside"),
        (lambda w: w[["pcr", "rcb"]].assign(empty=np.nan, flat=1), "no feature is left"),
        (lambda w: w.assign(rcb=["low", "mid", "high", "top"] * 40), "order of rcb cannot be told"),
        (lambda w: w.to_numpy(), "not a ndarray"),
        (lambda w: w.drop(columns="pcr"), "pcr"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_error(change, match, one_table):
    with pytest.raises(InputError, match=match):
        build({"a": change(one_table())})


def test_a_feature_that_was_known_before_is_taken_when_said(one_table):
    whole = one_table().assign(response_subtype=lambda w: np.where(w["score0"] > 0, "immune", "cold"))
    with pytest.raises(InputError, match="called like an outcome"):
        build({"a": whole})
    assert "response_subtype" in build({"a": whole}, known_before=["response_subtype"]).signature.features


def test_what_teaches_nothing_is_left_out_and_told(one_table):
    whole = one_table().assign(empty=np.nan, flat=3, name=[f"n{at}" for at in range(160)])
    found = build({"a": whole})
    assert not {"empty", "flat", "name"} & set(found.signature.features)
    told = " ".join(found.limits)
    assert all(text in told for text in ("missing for everybody", "do not vary", "name single patients"))


def test_patients_of_training_in_an_external_cohort_are_refused(one_table):
    whole, other = one_table(1), one_table(2)
    copied = pd.concat([other, whole.iloc[:4].set_axis(list("wxyz"), axis=0)])
    with pytest.raises(InputError, match="4 patients are in both a and b"):
        build({"a": whole}, external={"b": copied})
    noisy = copied.copy()
    noisy.iloc[-4:, noisy.columns.get_loc("tmb")] += 1e-3
    with pytest.raises(InputError, match="in both a and b"):
        build({"a": whole}, external={"b": noisy})


def test_modalities_without_a_common_patient_are_refused(patients):
    parts = patients(1)
    parts["rna"].index = [f"other{at}" for at in range(160)]
    with pytest.raises(InputError, match="no patient of rna has an outcome"):
        build({"a": parts})


def test_a_number_in_one_cohort_and_text_in_another_is_asked(one_table):
    other = one_table(2).assign(grade=lambda w: w["grade"].map({1: "low", 2: "mid", 3: "high"}))
    with pytest.raises(InputError, match="number in one cohort and text in another"):
        build({"a": one_table(1), "b": other})


def test_an_external_cohort_is_opened_once(one_table):
    whole, other = one_table(11), one_table(12)
    build({"a": whole}, external={"b": other})
    build({"a": whole}, external={"b": other})
    with pytest.raises(InputError, match="opened before by another study"):
        build({"a": whole.iloc[:-1]}, external={"b": other})
    told = build({"a": whole.iloc[:-1]}, external={"b": other}, reopen=["b"])
    assert any("opened" in text for text in told.limits)


def test_settings_that_name_nothing_are_refused(one_table):
    for wrong in ({"learners": ("oracle",)}, {"fusion": "middle"}, {"without_signal": "maybe"}):
        with pytest.raises(UnknownNameError):
            build({"a": one_table()}, **wrong)
    with pytest.raises(InputError, match="two folds"):
        build({"a": one_table()}, n_folds=1)
    with pytest.raises(InputError, match="both a training and an external"):
        build({"a": one_table()}, external={"a": one_table(2)})
    with pytest.raises(InputError, match="say both"):
        signatures.build("therapy", {"a": one_table()})
    with pytest.raises(InputError, match="no settings of a therapy study"):
        signatures.build("therapy", {"a": one_table()}, outcome="pcr", therapy={"colour": 1})


def test_modalities_of_one_table_are_named_by_column(one_table):
    kinds = {"rna": ["score0", "score1"], "clinical": ["age", "er"]}
    assert list(build({"a": one_table()}, modalities=kinds).ladder["added"].unique()) == ["rna", "clinical"]
    with pytest.raises(InputError, match="not there"):
        build({"a": one_table()}, modalities={"rna": ["score99"]})
    with pytest.raises(InputError, match="several modalities"):
        build({"a": one_table()}, modalities={"rna": ["age"], "clinical": ["age"]})


def test_build_makes_the_same_study_and_it_is_saved_and_opened(study, tmp_path, patients):
    file = study.save(tmp_path / "study.orx")
    again = signatures.load_response_study(file)
    pd.testing.assert_frame_equal(again.table, study.table)
    pd.testing.assert_frame_equal(again.scores["b"], study.scores["b"], check_dtype=False, check_like=True)
    assert again.limits == study.limits
    made = signatures.build(
        "therapy", {"a": patients(1)}, outcome="pcr", n_folds=3, progress=False, ensemble="ridge",
        therapy={"ordered": "rcb", "n_repeats": 1, "n_permutations": 0},
    )  # fmt: skip
    assert made.outcome == "pcr"


@pytest.mark.parametrize("width", [1.0, 1e-5])
def test_a_slope_is_that_of_the_odds_whatever_their_width(width):
    from omics_rx.signatures.therapy.judging import calibration

    random = np.random.default_rng(0)
    odds = random.normal(size=200)
    truth = random.random(200) < 1 / (1 + np.exp(-1.7 * odds))
    found = calibration(truth, width * odds[None] + 3)
    assert found["slope"] * width == pytest.approx(1.51, abs=0.3)
    assert found["slope_lower"] < found["slope"] < found["slope_upper"]


def test_odds_that_tell_nobody_or_everybody_apart_have_no_slope():
    from omics_rx.signatures.therapy.judging import calibration

    odds = np.random.default_rng(0).normal(size=(1, 60))
    for truth, given in ((odds[0] > 0, odds), (odds[0] > 0, 40 * np.sign(odds)), (odds[0] > 1, 0 * odds + 1)):
        found = calibration(truth, given)
        assert np.isnan([found["slope"], found["slope_lower"]]).all()
