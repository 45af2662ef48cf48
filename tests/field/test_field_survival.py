"""Follow-up and patients as people bring them: marks behind times, levels that say nothing, patients who come twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import omics_rx as orx
from omics_rx.core import cohort as cohorts
from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError
from omics_rx.metrics import survival
from omics_rx.signatures import assemble, clinical


def made(seed=0, n=60, p=120):
    random = np.random.default_rng(seed)
    time, end = random.exponential(40, n) + 0.1, random.exponential(60, n) + 0.1
    obs = pd.DataFrame(
        {"time": np.minimum(time, end), "event": time <= end, "endpoint": "death"}, [f"s{seed}-{at}" for at in range(n)]
    )
    values = random.normal(8, 2, (n, p))
    cohort = AnnData(values, obs=obs, var=pd.DataFrame(index=[f"XQ{at:03d}" for at in range(p)]))
    return with_info(cohort, unit="log2 intensity", domain="tumour", origin="made")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t, e: [f"{a:.1f}" + ("" if b else "+") for a, b in zip(t, e, strict=True)], "plus behind the censored"),
        (lambda t, e: [f"{a:.1f} months" for a in t], "write months as numbers"),
        (lambda t, e: [f"{a:.1f}".replace(".", ",") for a in t], "write months as numbers"),
        (lambda t, e: [">60" if not b else a for a, b in zip(t, e, strict=True)], ">60"),
        (lambda t, e: ["lost" if at < 3 else a for at, a in enumerate(t)], "3 follow-up times .*lost"),
        (lambda t, e: np.where(e, t, np.inf), "no finite numbers .*inf"),
        (lambda t, e: pd.Timestamp("2020-01-01") + pd.to_timedelta(t, unit="D"), "dates or durations"),
        (lambda t, e: pd.to_timedelta(t, unit="D"), "dates or durations"),
    ],
)  # fmt: skip
def test_times_that_are_no_numbers_are_refused_and_no_patient_vanishes(change, says):
    cohort = made()
    cohort.obs["time"] = change(cohort.obs["time"].to_numpy(), cohort.obs["event"].to_numpy())
    with pytest.raises(InputError, match=says):
        cohorts.endpoint(cohort)


@pytest.mark.parametrize("word", [None, np.nan, "", "NA", " n/a ", "Unknown", "not reported", "[Not Available]"])
def test_a_time_that_nobody_knows_costs_its_patient_alone(word):
    cohort = made()
    cohort.obs["time"] = cohort.obs["time"].astype(object)
    cohort.obs.iloc[0, cohort.obs.columns.get_loc("time")] = word
    assert len(cohorts.endpoint(cohort).samples) == 59


@pytest.mark.parametrize("column", ["er_status", "er"])
def test_levels_that_say_nothing_are_missing_and_spelling_makes_no_level(column):
    cohort = made(n=120)
    random = np.random.default_rng(1)
    positive = random.random(120) < 0.6
    cohort.obs[column] = np.where(positive, "positive", "negative")
    risk = pd.Series(random.normal(size=120), cohort.obs_names)
    clean = cohort.copy()
    clean.obs.iloc[:5, clean.obs.columns.get_loc(column)] = None
    words = cohort.obs[column].astype(object).tolist()
    words[:5] = ["NA", "Unknown", "", "not reported", "[Not Available]"]
    spelled = [" Positive", "POSITIVE", "positive "]
    words[5:] = [spelled[at % 3] if word == "positive" else "Negative" for at, word in enumerate(words[5:])]
    cohort.obs[column] = words
    found, right = (clinical.gain(one, risk, columns=[column]) for one in (cohort, clean))
    pd.testing.assert_frame_equal(found, right)
    assert found.loc[0, "left_out"] == 5
    assert found.loc[0, "parameters"] == 1


def test_a_group_called_unknown_is_left_out_and_counted():
    cohort = made()
    group = np.where(np.arange(60) % 2, "high", "low").astype(object)
    group[:6] = ["NA", "unknown", "", None, np.nan, "Not Available"]
    found = survival.log_rank(cohort.obs["time"], cohort.obs["event"], group)
    assert (found.left_out, found.n, found.degrees_freedom) == (6, 54, 1)


def test_a_risk_without_names_is_not_paired_by_place():
    with pytest.raises(InputError, match="give a Series, so that it is paired by sample"):
        clinical.gain(made(), np.zeros(60))


def _refused(*members):
    prepared = assemble.prepare({f"c{at}": one for at, one in enumerate(members)}, role="training")
    assemble.refuse_duplicates(prepared.values())


@pytest.mark.parametrize("p", [7, 26, 99, 120])
def test_patients_who_come_twice_in_a_cohort_are_refused(p):
    cohort = made(p=p)
    again = cohort[:20].copy()
    again.obs_names = [f"{name} again" for name in again.obs_names]
    import anndata as ad

    both = with_info(ad.concat([cohort, again]), unit="log2 intensity", domain="tumour", origin="made")
    with pytest.raises(InputError, match=r"20 tumours are twice in c0 .*s0-0 = s0-0 again.*one sample a patient"):
        _refused(both)
    _refused(cohort)


@pytest.mark.parametrize("p", [7, 26, 99, 120])
@pytest.mark.parametrize("share", [1.0, 0.2])
def test_an_external_cohort_that_is_the_training_one_is_found_by_its_values(p, share):
    cohort = made(p=p)
    other = cohort[: int(60 * share)].copy()
    other.obs["time"] = np.random.default_rng(5).exponential(30, other.n_obs) + 0.1
    other.obs["event"] = np.arange(other.n_obs) % 2 == 0
    other.obs_names = [f"x{at}" for at in range(other.n_obs)]
    with pytest.raises(InputError, match=rf"{other.n_obs} tumours are in both c0 and c1"):
        _refused(cohort, other[::-1])
    _refused(cohort, made(seed=3, p=p))


def test_few_levels_make_no_tumour_of_two():
    """Genes that are called present or absent are alike in many tumours."""
    cohort = made(p=7)
    cohort.X = (np.asarray(cohort.X) > 8).astype(float)
    _refused(cohort)


def test_a_study_on_patients_doubled_is_not_made(tmp_path, monkeypatch):
    from omics_rx.signatures import ledger

    monkeypatch.setattr(ledger, "place", lambda: tmp_path / "openings.jsonl")
    cohort = made(p=40)
    again = cohort.copy()
    again.obs_names = [f"{name}b" for name in again.obs_names]
    import anndata as ad

    both = with_info(ad.concat([cohort, again]), unit="log2 intensity", domain="tumour", origin="made")
    pattern = {"one": list(cohort.var_names[:20])}
    with pytest.raises(InputError, match="60 tumours are twice"):
        orx.signatures.build(pattern, {"a": both})
    with pytest.raises(InputError, match="60 tumours are in both a and b"):
        other = again.copy()
        other.obs["time"] = other.obs["time"].to_numpy()[::-1] + 1
        orx.signatures.build(pattern, {"a": cohort}, external={"b": other})
