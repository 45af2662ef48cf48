"""Noise and planted truth for the figures of ``metrics``."""

from __future__ import annotations

import numpy as np

from null_cases import case
from omics_rx.metrics import compare, survival

REASONS = {
    "metrics.calibration.calibration": "no case yet",
    "metrics.classification.summary": "no case yet",
    "metrics.compare.paired_difference": "no case yet",
    "metrics.compare.pool": "no case yet",
    "metrics.decision_curve.decision_curve": "no case yet",
    "metrics.ranking.bootstrap": "no case yet",
    "metrics.survival.concordance_difference": "no case yet",
    "metrics.survival.uno_concordance": "no case yet",
    "metrics.survival.survival_at": "reads the curve of metrics.survival.kaplan_meier, without its interval",
}


def _followed(random: np.random.Generator, n: int, risk: float | np.ndarray = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Exponential times (months) with hazard ``exp(risk) / 30``, and uniform censoring up to 80 months."""
    event_at = random.exponential(30, n) * np.exp(-np.asarray(risk))
    contact = random.uniform(1, 80, n)
    return np.minimum(event_at, contact), event_at <= contact


# ---------------------------------------------------------------------------------------------------- survival


@case("metrics.survival.log_rank", "p", unit="patients")
def two_groups_alike(random):
    time, event = _followed(random, 200)
    return survival.log_rank(time, event, random.integers(2, size=200)).p_value


@case("metrics.survival.log_rank", "p", unit="patients", fast=60)
def three_groups_of_many(random):
    time, event = _followed(random, 800)
    return survival.log_rank(time, event, random.choice(3, p=[0.1, 0.2, 0.7], size=800)).p_value


@case("metrics.survival.log_rank", "p", unit="patients")
def two_groups_within_cohorts(random):
    cohort = random.integers(3, size=200)
    time, event = _followed(random, 200, risk=cohort * 0.8)
    return survival.log_rank(time, event, random.integers(2, size=200), strata=cohort).p_value


@case("metrics.survival.kaplan_meier", "interval", unit="patients", fast=200)
def survival_at_two_years(random):
    time, event = _followed(random, 100)
    curve = survival.kaplan_meier(time, event)
    row = curve[curve["time"] <= 24].iloc[-1]
    return row["lower"], row["upper"], np.exp(-24 / 30)


@case("metrics.survival.concordance", "interval", unit="patients", fast=150)
def concordance_of_noise(random):
    time, event = _followed(random, 150)
    found = survival.concordance(time, event, random.normal(size=150))
    return found.lower, found.upper, 0.5


# ---------------------------------------------------------------------------------------------- two crossed factors


def _two_models(random: np.random.Generator, better: float) -> tuple[np.ndarray, ...]:
    """Measured responses of 40 lines to 12 drugs, and two predictions of them whose errors lines and drugs share."""
    lines, drugs = 40, 12
    truth = random.normal(size=(lines, 3)) @ random.normal(size=(3, drugs))
    measured = truth + random.normal(size=truth.shape)
    first, second = (
        truth * strength
        + random.normal(size=(lines, 2)) @ random.normal(size=(2, drugs))
        + random.normal(size=truth.shape)
        for strength in (1 + better, 1)
    )
    return measured, first, second


def _gain(measured: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """Mean over drugs of the gain in the correlation over lines."""
    z = [(table - table.mean(axis=0)) / table.std(axis=0) for table in (measured, first, second)]
    return float((z[0] * (z[1] - z[2])).mean())


@case("metrics.compare.crossed", "p", unit="lines and drugs", full=600, fast=60)
def two_equally_good_predictors(random):
    return compare.crossed(_gain, *_two_models(random, 0.0), n_boot=200).p_value


@case("metrics.compare.crossed", "interval", unit="lines and drugs", full=600, fast=60)
def a_mean_over_lines_and_drugs(random):
    table = random.normal(size=(20, 1)) + 0.7 * random.normal(size=(1, 15)) + 2 * random.normal(size=(20, 15))
    found = compare.crossed(np.mean, table, n_boot=200)
    return found.lower, found.upper, 0.0
