"""Noise and planted truth for signatures, studies and panels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from null_cases import case
from omics_rx import signatures

REASONS = {
    "signatures.Study.save": "writes down what signatures.build found",
    "signatures.build": "no case yet",
    "signatures.clinical_gain": "no case yet",
    "signatures.compare_risk_groups": "as signatures.compare_groups, over tables that it makes",
    "signatures.from_weights": "takes figures from its caller and estimates none",
    "signatures.load_study": "reads what signatures.build wrote",
    "signatures.search": "no case yet",
    "signatures.search_panel": "no case yet",
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
