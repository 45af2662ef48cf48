"""What a score adds to clinical columns: planted gains, none, lifelines' likelihoods, and columns that cannot serve."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError
from omics_rx.signatures import clinical


def _cohort(seed=0, n=300, *, by_age=0.8, by_risk=0.8):
    random = np.random.default_rng(seed)
    age, risk = random.normal(size=n), random.normal(size=n)
    time = random.exponential(40 * np.exp(-by_age * age - by_risk * risk)) + 0.1
    censored = random.exponential(60, n) + 0.1
    obs = pd.DataFrame(
        {"time": np.minimum(time, censored), "event": time <= censored, "age": 60 + 10 * age,
         "grade": random.choice(["G1", "G2", "G3"], n), "er_positive": random.random(n) < 0.7, "site": "one"},
        index=[f"p{i}" for i in range(n)],
    )  # fmt: skip
    cohort = AnnData(random.normal(size=(n, 3)).astype(np.float32), obs=obs, var=pd.DataFrame(index=["XA", "XB", "XC"]))
    return with_info(cohort, unit="log2 intensity", domain="tumour"), pd.Series(risk, obs.index)


@pytest.mark.needs("lifelines")
def test_a_planted_gain_is_found_and_tested_as_lifelines_does():
    import lifelines

    cohort, risk = _cohort()
    found = clinical.gain(cohort, risk, columns=["age", "grade", "er_positive"]).iloc[0]
    assert found["lower"] > 0.03
    assert found["p_value"] < 1e-6
    assert found["concordance"] - found["base_concordance"] == pytest.approx(found["difference"])
    assert found["parameters"] == 4
    table = clinical.features(cohort.obs, ["age", "grade", "er_positive"]).assign(
        time=cohort.obs["time"], event=cohort.obs["event"]
    )
    base = lifelines.CoxPHFitter().fit(table, "time", "event")
    more = lifelines.CoxPHFitter().fit(table.assign(risk=risk / risk.std()), "time", "event")
    assert found["chi2"] == pytest.approx(2 * (more.log_likelihood_ - base.log_likelihood_), rel=1e-4)
    assert found["hazard_ratio"] == pytest.approx(np.exp(more.params_["risk"]), rel=1e-4)
    assert found["hr_upper"] == pytest.approx(np.exp(more.confidence_intervals_.loc["risk"].iloc[1]), rel=1e-3)


def test_a_risk_that_repeats_a_column_adds_nothing():
    cohort, _ = _cohort(by_risk=0.0)
    found = clinical.gain(cohort, cohort.obs["age"] * 2 - 7, columns=["age"]).iloc[0]
    assert abs(found["difference"]) < 1e-6
    assert found["p_value"] > 0.9
    assert np.isnan(found["hazard_ratio"])


def test_noise_is_called_a_gain_no_more_often_than_said():
    below = [
        clinical.gain(*_cohort(seed, 150, by_risk=0.0), columns=["age"], n_boot=20).iloc[0]["p_value"] < 0.1
        for seed in range(40)
    ]
    assert sum(below) <= 10  # 4 expected
    gaps = [
        clinical.gain(*_cohort(seed, 150, by_risk=0.0), columns=["age"], n_boot=20).iloc[0]["difference"]
        for seed in range(20)
    ]
    assert np.mean(gaps) < 0.005  # cross-validated: one column more is not favoured


def test_patients_with_something_missing_are_counted():
    cohort, risk = _cohort()
    cohort.obs.iloc[:7, cohort.obs.columns.get_loc("age")] = np.nan
    risk.iloc[5:10] = np.nan
    found = clinical.gain(cohort, risk, columns=["age"]).iloc[0]
    assert (found["left_out"], found["n"]) == (10, 290)


def test_unasked_it_takes_what_it_knows_and_what_varies():
    cohort, risk = _cohort()
    cohort.obs["size"] = 2.0
    cohort.obs["stage"] = [1.0, 2.0] + [np.nan] * 298
    found = clinical.gain(cohort, risk)
    assert list(found["base"]) == ["clinical"]
    assert found["columns"].item() == "age, grade, er_positive"
    bare = cohort.copy()
    bare.obs = bare.obs[["time", "event"]]
    assert clinical.gain(bare, risk).empty


def test_over_proliferation_too(gse1992):
    from omics_rx import scores

    found = clinical.gain(gse1992, scores.proliferation(gse1992)).set_index("base")
    assert list(found.index) == ["clinical", "proliferation", "clinical + proliferation"]
    for base in ("proliferation", "clinical + proliferation"):
        assert abs(found.loc[base, "difference"]) < 1e-6  # proliferation adds nothing to itself
    assert found.loc["clinical", "chi2"] > 1


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["age", "site"], "site has one level"),
        (["agee"], "no column agee"),
        (["name"], "name has 300 different texts"),
    ],
)
def test_columns_that_cannot_serve_are_refused_by_name(columns, said):
    cohort, risk = _cohort()
    cohort.obs["name"] = cohort.obs_names
    with pytest.raises(InputError, match=said):
        clinical.gain(cohort, risk, columns=columns)


def test_too_few_events_are_refused():
    cohort, risk = _cohort(n=40)
    cohort.obs["event"] = [True] * 4 + [False] * 36
    with pytest.raises(InputError, match="4 patients with an event"):
        clinical.gain(cohort, risk, columns=["age"])
