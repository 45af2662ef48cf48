"""Noise and planted truth for trials with arms: interactions, the worth of rules, and chances under each arm."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from null_cases import case
from omics_rx.signatures.therapy import arm_model, interactions, rule
from omics_rx.signatures.therapy.arm_model import Trial
from omics_rx.signatures.therapy.arm_signature import TreatmentSignature
from omics_rx.signatures.therapy.models import Data

REASONS = {
    "signatures.TreatmentStudy.save": "writes down what signatures.build_arms found",
    "signatures.load_treatment_study": "reads what signatures.build_arms found, and TreatmentStudy.save wrote",
    "signatures.TreatmentSignature.score": "the chances of signatures.TreatmentSignature.chances, a row a patient",
    "signatures.TreatmentSignature.patient": "the chances of signatures.TreatmentSignature.chances, of one patient",
    "plots.arm_chances": "draws the intervals of signatures.TreatmentSignature.chances",
    "plots.interaction_forest": "draws the intervals and q of signatures.build_arms",
}


def _trial(random, n=240, *, benefit=0.0, prognosis=0.5, k=3) -> tuple[Trial, np.ndarray, np.ndarray]:
    """Three arms in two groups, ``k`` features, the first of them prognostic and of benefit with arm B; log odds, z."""
    z = random.normal(size=(n, k))
    arm, group = random.choice(["A", "B", "C"], n), random.choice(["HR+HER2-", "HR-HER2-"], n)
    odds = -0.4 + prognosis * z[:, 0] - 0.5 * (group == "HR+HER2-") + benefit * z[:, 0] * (arm == "B")
    names = [f"f{at}" for at in range(k)]
    table = pd.DataFrame(z, columns=names, index=[f"p{at:03d}" for at in range(n)])
    one = dict.fromkeys(names, "rna")
    data = Data(
        table, random.random(n) < expit(odds), np.full(n, "a"), dict.fromkeys(names, "number"), one,
        dict(zip(names, names, strict=True)),
    )  # fmt: skip
    return Trial(data, arm, group, ("A", "B", "C"), ("HR+HER2-", "HR-HER2-")), odds, z


@case("signatures.build_arms", "p", unit="patients", full=200, fast=15)
def interactions_where_arms_do_the_same(random):
    found = interactions.predictive(_trial(random)[0])
    return found["p_value"].dropna()


@case("signatures.build_arms", "q", unit="patients", full=200, fast=15)
def the_smallest_q_where_arms_do_the_same(random):
    return interactions.predictive(_trial(random, k=8)[0])["q_value"].min()


@case("signatures.build_arms", "interval", unit="patients", full=200, fast=15)
def an_interaction_that_was_planted(random):
    trial, _, z = _trial(random, benefit=0.7)
    found = interactions.predictive(trial).query("arm == 'B' and group == 'all' and feature == 'f0'").iloc[0]
    truth = np.exp(0.7 * z[:, 0].std(ddof=1))
    return found["lower"], found["upper"], truth


def _record(random, n=240) -> rule.Record:
    """Arms that do the same to everybody, and chances that know nothing."""
    patients = pd.DataFrame(
        {"group": random.choice(["g", "h"], n), "arm": random.choice(["A", "B", "C"], n),
         "outcome": random.random(n) < 0.3}
    )  # fmt: skip
    folds, chances = np.array([random.permutation(np.arange(n) % 5)]), 0.3 + 0.05 * random.normal(size=(1, n, 3))
    return rule.Record(patients, ("A", "B", "C"), ("g", "h"), folds, chances)


@case("signatures.TreatmentStudy.rule", "p", unit="patients", full=300, fast=30, holds=(0.03, 0.14),
      stated="docstring of Rule: a tenth below .05, for folds and choices stay as they are")  # fmt: skip
def a_rule_that_knows_nothing(random):
    return rule.judge(_record(random), seed=int(random.integers(1 << 30))).gains["p_value"].iloc[0]


@case("signatures.TreatmentStudy.rule", "interval", unit="patients", full=300, fast=30)
def the_worth_of_a_rule_where_arms_do_the_same(random):
    row = rule.judge(_record(random), seed=int(random.integers(1 << 30))).table.iloc[0]
    return [row["lower"], row["robust_lower"]], [row["upper"], row["robust_upper"]], [0.3, 0.3]


@case("signatures.TreatmentSignature.chances", "interval", unit="patients", full=80, fast=5, holds=(0.9, 1.0),
      stated="docstring of chances: no narrower than 95%, on average over patients")  # fmt: skip
def chances_of_patients_under_each_arm(random):
    trial, _, _ = _trial(random, benefit=0.4)
    signature = TreatmentSignature(
        "a", "pcr", "arm", "A", ("kind",), arm_model.fit(trial, seed=0), trial.counts(), {}, 0.3
    )
    new = random.normal(size=(40, 3))
    kind = random.choice(["HR+HER2-", "HR-HER2-"], 40)
    table = pd.DataFrame(new, columns=["f0", "f1", "f2"], index=[f"n{at}" for at in range(40)]).assign(kind=kind)
    found = signature.chances(table)
    z = np.repeat(new[:, 0], 3)
    group = np.repeat(kind, 3)
    odds = -0.4 + 0.5 * z - 0.5 * (group == "HR+HER2-") + 0.4 * z * (found["arm"] == "B").to_numpy()
    return found["lower"].to_numpy(), found["upper"].to_numpy(), expit(odds)
