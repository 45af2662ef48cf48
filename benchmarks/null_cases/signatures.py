"""Noise and planted truth for signatures, studies and panels."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy.stats import norm

from null_cases import case
from null_cases.metrics import _followed, _true_concordance
from omics_rx import control_chart, datasets, signatures
from omics_rx.core.work import one_thread
from omics_rx.signatures.assemble import prepare, training_set
from omics_rx.signatures.distill import NoSignalError
from omics_rx.signatures.recipes import StackedPatterns, cell_death
from omics_rx.signatures.training import TrainingSet

REASONS = {
    "drift": "calls the drift of a signature or model",
    "signatures.RiskSignature.drift interval": "upper is the 95% point of the reference's draws, no interval",
    "response.ResponseModel.drift": "as signatures.RiskSignature.drift against=, over genes of lines",
    "plots.control_chart": "draws control_chart",
    "signatures.ResponseSignature.judge": "hands on metrics.subgroups.by_class",
    "signatures.ResponseSignature.drift": "as signatures.RiskSignature.drift, over features of several kinds",
    "signatures.ResponseStudy.save": "writes down what signatures.build_response found",
    "signatures.Study.save": "writes down what signatures.build found",
    "signatures.RiskSignature.follow_up": "as signatures.compare_groups, over tables that it makes",
    "signatures.compare_risk_groups": "as signatures.compare_groups, over tables that it makes",
    "signatures.from_weights": "takes figures from its caller and estimates none",
    "signatures.load_response_study": "reads what signatures.build_response found, and ResponseStudy.save wrote",
    "signatures.points": "low and high are the ends of a variable's range, no interval",
    "signatures.load_study": "reads what signatures.build wrote",
}


# ------------------------------------------------------------------------------------------- groups of patients


def _groups(random: np.random.Generator, high: int, low: int, more: float = 0.0) -> pd.DataFrame:
    """What is said of six columns of numbers in two groups, the first column higher in the first group."""
    values = random.normal(size=(high + low, 6))
    values[:high, 0] += more
    groups = pd.Series(np.repeat(["high", "low"], [high, low]))
    return signatures.compare_groups(groups, pd.DataFrame(values, columns=list("abcdef")))


@case("signatures.compare_groups", "p", unit="patients", full=400, fast=40)
def groups_that_are_alike(random):
    return _groups(random, 20, 25)["p_value"]


@case("signatures.compare_groups", "q", unit="patients", full=400, fast=40)
def six_columns_without_a_difference(random):
    return _groups(random, 20, 25)["q_value"].min()


@case("signatures.compare_groups", "interval", unit="patients", full=500, fast=50)
def four_patients_against_five(random):
    found = _groups(random, 4, 5, more=1.5).iloc[0]
    return found["lower"], found["upper"], 2 * norm.cdf(1.5 / np.sqrt(2)) - 1


@case(
    "signatures.learning_curve", "interval", unit="patients", full=100, fast=0, holds=(0.95, 1.0),
    stated="docstring of learning_curve: wide",
)  # fmt: skip
def a_learning_curve_of_noise(random):
    outcome = pd.Series((np.arange(90) % 3 == 0).astype(int), index=[f"p{number:02d}" for number in range(90)])
    profile = pd.DataFrame(random.normal(size=(90, 40)), index=outcome.index)
    _, gain = signatures.learning_curve(profile, outcome, "shrunken_centroids", seed=int(random.integers(1 << 30)))
    return gain["lower"], gain["upper"], 0.0


# ------------------------------------------------------------------------------------- signatures out of nothing

_GENES = [f"XQ{number:03d}" for number in range(60)]
_PATTERNS = {f"pattern {number}": _GENES[20 * number : 20 * number + 20] for number in range(3)}


def _cohort(random: np.random.Generator, n: int = 100) -> AnnData:
    """A cohort whose genes, age and grade know nothing of the follow-up."""
    event_at, contact = random.exponential(30, n) + 0.1, random.uniform(1, 80, n)
    obs = pd.DataFrame(
        {"time": np.minimum(event_at, contact), "event": event_at <= contact, "endpoint": "death",
         "age": random.normal(60, 10, n), "grade": random.integers(1, 4, n)},
        index=[f"s{random.integers(1 << 40)}" for _ in range(n)],
    )  # fmt: skip
    cohort = AnnData(random.normal(8, 1, (n, len(_GENES))), obs=obs, var=pd.DataFrame(index=_GENES))
    cohort.uns["omics_rx"] = {"unit": "log2 intensity", "domain": "tumour", "origin": "made"}
    return cohort


@case("signatures.build", "p", unit="patients", full=1000, fast=60)
def noise_against_dealt_outcomes(random):
    n = 120
    event_at, contact = random.exponential(30, n) + 0.1, random.uniform(1, 80, n)
    train = TrainingSet(
        random.normal(size=(n, len(_GENES))), tuple(_GENES), pd.Index([f"s{number}" for number in range(n)]),
        np.minimum(event_at, contact), event_at <= contact, np.repeat(["a", "b"], n // 2),
    )  # fmt: skip
    with one_thread():
        return StackedPatterns(_PATTERNS).chance(train, seed=int(random.integers(1 << 30)), n_permutations=99).p_value


@cache
def _real():
    names = ("gse1992", "gse4335")
    return training_set(prepare({name: datasets.load(name, progress=False) for name in names}, role="training"))


@case("signatures.build", "p", unit="patients", full=200, fast=0)
def dealt_outcomes_of_two_real_cohorts(random):
    train = _real()
    order = np.arange(train.n)
    for name in train.cohorts:
        rows = np.flatnonzero(train.cohort == name)
        order[rows] = random.permutation(rows)
    dealt = replace(train, time=train.time[order], event=train.event[order])
    with one_thread():
        return cell_death().chance(dealt, seed=int(random.integers(1 << 30)), n_permutations=99).p_value


@case("signatures.build", "interval", unit="patients", full=60, fast=0)
def an_external_cohort_of_noise(random):
    return _told(random, "external", external={"c": _cohort(random)})


@case(
    "signatures.build", "interval", unit="patients", full=80, fast=0, holds=(0.93, 0.99),
    stated="metrics.survival.concordance: 96 to 99% for risks of a cross-validation",
)  # fmt: skip
def cross_validated_scores_of_noise(random):
    return _told(random, "cross-validated")


def _told(random, role, **more):
    """Interval of the signature in a role; none where the recipe finds no signature, which most noise is."""
    try:
        study = signatures.build(_PATTERNS, {"a": _cohort(random)}, n_null=0, n_permutations=0, progress=False, **more)
    except NoSignalError:
        return np.nan, np.nan, 0.5
    row = study.table[(study.table["role"] == role) & (study.table["method"] == "signature")].iloc[0]
    return row["lower"], row["upper"], 0.5


_TEN = dict.fromkeys(_GENES[:10], 10**-0.5)
_MEAN = signatures.RiskSignature("mean of ten", tuple(_TEN), _TEN, np.eye(10), None, {"high": 0.0})


@case("signatures.RiskSignature.judge", "interval", unit="patients", full=300, fast=20)
def the_concordance_of_a_planted_risk(random):
    cohort = _cohort(random, 150)
    risk = (cohort.X[:, :10] - 8) @ _MEAN.vector
    cohort.obs["time"], cohort.obs["event"] = _followed(random, 150, risk * 0.7)
    row = _MEAN.judge({"c": cohort}, seed=int(random.integers(1 << 30))).table.iloc[0]
    return row["lower"], row["upper"], _true_concordance(uno=False)


@case("signatures.RiskSignature.judge", "interval", unit="patients", full=300, fast=20)
def the_hazard_ratio_of_groups_by_noise(random):
    found = _MEAN.judge({"c": _cohort(random)}, seed=int(random.integers(1 << 30))).groups.set_index("group")
    return found.loc["high", "hr_lower"], found.loc["high", "hr_upper"], 1.0


@case("signatures.RiskSignature.judge", "p", unit="patients", full=300, fast=20)
def one_slope_for_two_groups(random):
    cohort = _cohort(random, 150)
    cohort.obs["time"], cohort.obs["event"] = _followed(random, 150, (cohort.X[:, :10] - 8) @ _MEAN.vector * 0.7)
    cohort.obs["race"] = random.choice(["a", "b"], 150)
    return _MEAN.judge({"c": cohort}, by=["race"]).subgroups.tests["p_value"].iloc[0]


@case("signatures.RiskSignature.drift", "p", unit="patients", full=200, fast=15)
def two_halves_of_one_kind(random):
    whole = _cohort(random, 200)
    own = signatures.from_weights("like", _TEN, {"c": whole[:100].copy()})
    return own.drift(whole[100:].copy(), n_draws=100, seed=int(random.integers(1 << 30))).p_value


@case("control_chart", "p", unit="patients", full=300, fast=40)
def a_series_without_drift(random):
    year = random.integers(2000, 2010, 150)
    return control_chart(random.normal(size=150), year, n_draws=200, seed=int(random.integers(1 << 30))).p_value


@case("signatures.clinical_gain", "p", unit="patients", full=300, fast=10)
def a_risk_of_other_patients_beside_age_and_grade(random):
    cohort = _cohort(random, 150)
    risk = pd.Series(random.normal(size=150), index=cohort.obs_names)
    return signatures.clinical_gain(cohort, risk, n_boot=2)["p_value"]


@case(
    "signatures.clinical_gain", "interval", unit="patients", full=200, fast=0, holds=(0.93, 0.99),
    stated="docstring of clinical_gain: 94 to 99% where a risk of noise is added",
)  # fmt: skip
def a_gain_of_noise_over_age_and_grade(random):
    cohort = _cohort(random, 150)
    risk = pd.Series(random.normal(size=150), index=cohort.obs_names)
    found = signatures.clinical_gain(cohort, risk, n_boot=200).iloc[0]
    return found["lower"], found["upper"], 0.0


@case("signatures.search", "interval", unit="patients", full=100, fast=0)
def the_nested_concordance_of_a_search_in_noise(random):
    found = signatures.search(
        {"a": _cohort(random)}, combinations=["cox_ridge", "cox_univariate"], seed=int(random.integers(1 << 30)),
        progress=False,
    ).nested  # fmt: skip
    return found.lower, found.upper, 0.5


@case("signatures.search_panel", "p", unit="patients", full=200, fast=0)
def panels_of_noise_over_the_whole_grid(random):
    outcome = pd.Series(random.permutation(np.arange(40) % 2), index=[f"p{number:02d}" for number in range(40)])
    profiles = {name: pd.DataFrame(random.normal(size=(40, 8)), index=outcome.index) for name in "ab"}
    found = signatures.search_panel(
        profiles, outcome, algorithms=["lda", "naive_bayes"], sizes=(2,), n_permutations=19,
        seed=int(random.integers(1 << 30)), progress=False,
    )  # fmt: skip
    return found.table["p_corrected"].min()


@case("signatures.trend", "p", unit="patients")
def a_score_of_noise_over_ordered_classes(random):
    return signatures.trend(random.normal(size=80), random.integers(4, size=80), n_boot=2).p_value


@case("signatures.trend", "interval", unit="patients", full=300, fast=20)
def a_trend_of_noise(random):
    found = signatures.trend(random.normal(size=80), random.integers(4, size=80), n_boot=300)
    return found.lower, found.upper, 0.0


def _responders(random, n=120):
    table = pd.DataFrame(random.normal(size=(n, 8)), columns=[f"score{at}" for at in range(8)])
    table.index = [f"p{at:03d}" for at in range(n)]
    return table.assign(pcr=random.permutation(np.arange(n) % 3 == 0))


@case("signatures.build_response", "p", unit="patients", full=60, fast=0)
def a_response_dealt_among_patients(random):
    found = signatures.build_response(
        {"a": _responders(random)}, "pcr", learners=("ridge",), n_repeats=1, n_permutations=19, without_signal="tell",
        seed=int(random.integers(1 << 30)), progress=False,
    )  # fmt: skip
    return found.dealt_p


@case("signatures.build_response", "interval", unit="patients", full=60, fast=0)
def a_gain_of_one_noise_over_another(random):
    found = signatures.build_response(
        {"a": _responders(random)}, "pcr", learners=("ridge",), n_repeats=1, n_permutations=0,
        seed=int(random.integers(1 << 30)), progress=False,
    )  # fmt: skip
    row = found.gains.iloc[0]
    return row["lower"], row["upper"], 0.0
