"""What goes with a risk in one call, and points per variable."""

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.report import write
from omics_rx.signatures.follow_up import benjamini_hochberg


def test_one_call_compares_what_can_be_told_and_says_what_cannot(gse1992, tmp_path):
    signature = orx.signatures.load("cell_death")
    random = np.random.default_rng(0)
    groups = signature.score(gse1992)["risk_group"]
    drugs = pd.DataFrame(random.normal(size=(gse1992.n_obs, 3)), gse1992.obs_names, ["x", "y", "z"])
    drugs["x"] += 2.0 * (groups == "high")
    found = signature.follow_up(gse1992, sensitivity=drugs, pathways=False)
    table = found.table
    assert {"cell types", "checkpoints", "subtype", "proliferation", "predicted sensitivity"} <= set(table["table"])
    assert any("Treg" in name or "regulatory" in name.lower() for name in table["column"])
    row = table[(table["table"] == "predicted sensitivity") & (table["column"] == "x")].iloc[0]
    assert row["effect"] > 0.5
    assert row["q_value"] < 0.001
    by_hand = benjamini_hochberg(table["p_value"].to_numpy(dtype=float))
    np.testing.assert_allclose(table["q_value"].astype(float), by_hand)
    assert any("no cause" in one for one in found.limits)
    text = write(found, tmp_path / "followed.html").read_text()
    assert "What goes with high risk?" in text
    lost = set(orx.scores.checkpoints(gse1992).columns)
    without = signature.follow_up(gse1992[:, [gene for gene in gse1992.var_names if gene not in lost]], pathways=False)
    assert "checkpoints" not in set(without.table["table"])
    assert any("was not compared" in one for one in without.limits)
    assert any("sensitivity was not given" in one for one in without.limits)
    with pytest.raises(InputError, match="give a frame"):
        signature.follow_up(gse1992, sensitivity=3, pathways=False)


@pytest.fixture
def patients(make_cohort):
    cohort = make_cohort(1, 300)
    random = np.random.default_rng(0)
    risk = pd.Series(random.normal(size=300), cohort.obs_names)
    cohort.obs["age"] = random.integers(30, 80, 300)
    cohort.obs["er_status"] = np.where(random.random(300) < 0.6, "Positive", "negative")
    hazard = np.exp(0.9 * risk - 0.8 * (cohort.obs["er_status"] == "Positive") + 0.03 * (cohort.obs["age"] - 55))
    time, end = random.exponential(60 / hazard.to_numpy()) + 0.1, random.uniform(20, 120, 300)
    cohort.obs["time"], cohort.obs["event"] = np.minimum(time, end), time <= end
    return cohort, risk


@pytest.mark.needs("lifelines")
def test_points_are_those_of_coxs_model(patients):
    import lifelines

    cohort, risk = patients
    found = orx.signatures.points(cohort, risk, columns=["age", "er_status"])
    frame = pd.DataFrame(
        {"age": cohort.obs["age"].astype(float), "er": (cohort.obs["er_status"] == "negative").astype(float),
         "risk": risk, "time": cohort.obs["time"], "event": cohort.obs["event"].astype(bool)}
    )  # fmt: skip
    fitted = lifelines.CoxPHFitter().fit(frame, "time", "event")
    table = found.table.set_index("variable")
    names = {"age": "age", "er_status negative": "er", "risk score": "risk"}
    assert set(table.index) == set(names)
    for mine, theirs in names.items():
        assert table.loc[mine, "coefficient"] == pytest.approx(fitted.params_[theirs], rel=1e-3)
    assert table["points"].max() == pytest.approx(100)
    scored = found.of(cohort, risk)
    right = fitted.predict_survival_function(frame, times=[36, 60]).T
    np.testing.assert_allclose(scored[["no event by 36", "no event by 60"]], right, atol=0.01)
    assert scored["total"].corr(fitted.predict_log_partial_hazard(frame)) == pytest.approx(1, abs=1e-9)
    parts = scored.filter(like="points of").sum(axis=1)
    np.testing.assert_allclose(parts, scored["total"])


def test_one_patient_alone_has_the_points_she_has_among_others(patients):
    cohort, risk = patients
    found = orx.signatures.points(cohort, risk, columns=["age", "er_status"])
    whole = found.of(cohort, risk)
    for at in (0, 1, 2, 3):
        alone = found.of(cohort[[at]], risk.iloc[[at]])
        np.testing.assert_allclose(alone.to_numpy(), whole.iloc[[at]].to_numpy())
    gone = cohort.copy()
    gone.obs["er_status"] = gone.obs["er_status"].astype(object)
    gone.obs.iloc[0, gone.obs.columns.get_loc("er_status")] = "Unknown"
    assert found.of(gone, risk)["total"].isna().tolist()[:2] == [True, False]


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"columns": ["nothing"]}, "no column nothing"),
        ({"columns": ["endpoint"]}, "one level"),
        ({"columns": ["age"], "months": (900,)}, "nobody is followed for 900"),
        ({"columns": ["age"], "months": (0,)}, "above 0"),
    ],
)
def test_points_that_cannot_be_given_are_refused(patients, settings, match):
    with pytest.raises(InputError, match=match):
        orx.signatures.points(*patients, **settings)


def test_too_few_events_give_no_points(patients):
    cohort, risk = patients
    with pytest.raises(InputError, match="are needed"):
        orx.signatures.points(cohort[:12], risk.iloc[:12], columns=["age", "er_status"])


def test_a_level_or_text_that_the_model_does_not_know_is_refused(patients):
    cohort, risk = patients
    found = orx.signatures.points(cohort, risk, columns=["age", "er_status"])
    assert found.columns == {"age": (), "er_status": ("positive", "negative")}
    for column, value, match in (("er_status", "equivocal", "one of"), ("age", "old", "a number")):
        strange = cohort.copy()
        strange.obs[column] = value
        with pytest.raises(InputError, match=match):
            found.of(strange, risk)
    with pytest.raises(InputError, match="give a Series"):
        found.of(cohort, risk.to_numpy())
