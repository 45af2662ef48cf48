"""Noise and planted truth for the figures of ``metrics``."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from null_cases import case
from omics_rx.metrics import calibration, classification, compare, decision_curve, ranking, spans, subgroups, survival

REASONS = {
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


@case("metrics.spans.median_time", "interval", unit="patients", fast=200)
def median_of_exponential_times(random):
    found = spans.median_time(*_followed(random, 150))
    return found.lower, np.inf if np.isnan(found.upper) else found.upper, 30 * np.log(2)


@case("metrics.spans.restricted_mean", "interval", unit="patients", fast=200)
def mean_up_to_two_years(random):
    found = spans.restricted_mean(*_followed(random, 150), until=24)
    return found.lower, found.upper, 30 * (1 - np.exp(-24 / 30))


@case("metrics.spans.restricted_mean_difference", "p", unit="patients", fast=200)
def means_of_two_groups_alike(random):
    time, event = _followed(random, 200)
    return spans.restricted_mean_difference(time, event, random.integers(2, size=200), until=24).p_value


@case("metrics.spans.restricted_mean_difference", "interval", unit="patients", fast=200)
def difference_of_two_means(random):
    group = np.arange(200) % 2
    time, event = _followed(random, 200, risk=0.8 * group)
    found = spans.restricted_mean_difference(time, event, group, until=24)
    slow, quick = (scale * (1 - np.exp(-24 / scale)) for scale in (30, 30 * np.exp(-0.8)))
    return found.lower, found.upper, slow - quick


@case("metrics.survival.concordance", "interval", unit="patients", fast=150)
def concordance_of_noise(random):
    time, event = _followed(random, 150)
    found = survival.concordance(time, event, random.normal(size=150))
    return found.lower, found.upper, 0.5


_LARGE = {}


def _true_concordance(*, uno: bool) -> float:
    """Concordance of the planted risk among 6,000 patients followed alike, with the event of everybody for Uno's."""
    if uno not in _LARGE:
        random = np.random.default_rng(1)
        risk = random.normal(size=6000)
        time, event = _followed(random, 6000, risk * 0.7)
        if uno:  # nobody is censored before the horizon
            time = random.exponential(30, 6000) * np.exp(-risk * 0.7)
            event = time < 40
            time = np.minimum(time, 40)
        _LARGE[uno] = float(survival.concordances(time, event, risk[:, None])[0])
    return _LARGE[uno]


@case("metrics.survival.concordance", "interval", unit="patients", fast=100)
def concordance_of_a_risk(random):
    risk = random.normal(size=150)
    found = survival.concordance(*_followed(random, 150, risk * 0.7), risk, n_boot=500)
    return found.lower, found.upper, _true_concordance(uno=False)


_WIDE = "docstring of concordance: 96 to 99% for risks of a cross-validation"


@case("metrics.survival.concordance", "interval", unit="patients", fast=60, holds=(0.94, 0.985), stated=_WIDE)
def concordance_of_cross_validated_noise(random):
    """Five folds, a mean of ten of 200 features chosen and weighed on the other folds."""
    x = random.normal(size=(100, 200))
    time, event = _followed(random, 100)
    fold, risk = _out_of_fold(random, x, time, event)
    found = survival.concordance(time, event, risk, strata=fold, cross_validated=True, n_boot=500)
    return found.lower, found.upper, 0.5


@case("metrics.survival.concordance", "interval", unit="patients", fast=60, holds=(0.94, 0.99), stated=_WIDE)
def concordance_of_cross_validated_signal(random):
    """Five of 20 features count; the truth is the mean over many such models."""
    x = random.normal(size=(100, 20))
    time, event = _followed(random, 100, x[:, :5] @ np.full(5, 0.3))
    fold, risk = _out_of_fold(random, x, time, event)
    found = survival.concordance(time, event, risk, strata=fold, cross_validated=True, n_boot=500)
    return found.lower, found.upper, _true_of_models()


@case("metrics.survival.concordance_difference", "p", unit="patients", fast=60, holds=(0.005, 0.07), stated=_WIDE)
def two_cross_validated_risks_of_noise(random):
    time, event = _followed(random, 100)
    one, two = random.normal(size=(2, 100, 50))
    fold, first = _out_of_fold(random, one, time, event)
    second = _out_of_fold(random, two, time, event, fold)[1]
    return survival.concordance_difference(
        time, event, (first, second), strata=fold, cross_validated=True, n_boot=500
    ).p_value


def _weights(x: np.ndarray, time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Weights of the ten features that go most with the event and an early time."""
    y = np.where(event, 1.0, 0.0) - np.log(time)
    weight = (x - x.mean(axis=0)).T @ (y - y.mean())
    weight[np.abs(weight) < np.sort(np.abs(weight))[-10]] = 0
    return weight


def _out_of_fold(random, x, time, event, fold=None) -> tuple[np.ndarray, np.ndarray]:
    """Fold and risk of each sample by the weights of the other four folds."""
    fold = random.permutation(len(x)) % 5 if fold is None else fold
    risk = np.empty(len(x))
    for held in range(5):
        rows = fold != held
        risk[~rows] = x[~rows] @ _weights(x[rows], time[rows], event[rows])
    return fold, risk


def _true_of_models() -> float:
    """Mean concordance of weights learnt from 80 of those samples, among 3,000 others."""
    if "models" not in _LARGE:
        random = np.random.default_rng(6)
        x = random.normal(size=(3000, 20))
        time, event = _followed(random, 3000, x[:, :5] @ np.full(5, 0.3))
        risks = []
        for _ in range(300):
            own = random.normal(size=(80, 20))
            risks.append(x @ _weights(own, *_followed(random, 80, own[:, :5] @ np.full(5, 0.3))))
        _LARGE["models"] = float(survival.concordances(time, event, np.column_stack(risks)).mean())
    return _LARGE["models"]


@case("metrics.survival.uno_concordance", "interval", unit="patients", fast=100)
def uno_concordance_of_a_risk(random):
    risk = random.normal(size=200)
    found = survival.uno_concordance(*_followed(random, 200, risk * 0.7), risk, horizon=40, n_boot=500)
    return found.lower, found.upper, _true_concordance(uno=True)


@case("metrics.survival.concordance_difference", "p", unit="patients", fast=100)
def two_risks_equally_good(random):
    return _difference(random).p_value


@case("metrics.survival.concordance_difference", "interval", unit="patients", fast=60)
def difference_of_two_risks_equally_good(random):
    found = _difference(random)
    return found.lower, found.upper, 0.0


def _difference(random: np.random.Generator) -> survival.Difference:
    truth = random.normal(size=150)
    risks = truth + random.normal(size=150), truth + random.normal(size=150)
    return survival.concordance_difference(*_followed(random, 150, truth * 0.7), risks, n_boot=500)


# ------------------------------------------------------------------------------------- chances at a horizon


def _chances(random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Follow-up and the true chance of no event by 24 months."""
    risk = random.normal(size=n)
    return *_followed(random, n, risk), np.exp(-24 / 30 * np.exp(risk))


@case("metrics.calibration.calibration", "interval", unit="patients", full=600, fast=60)
def slope_of_true_chances(random):
    found = calibration.calibration(*_chances(random, 200), at=24)
    return found.slope_lower, found.slope_upper, 1.0


@case("metrics.calibration.calibration", "interval", unit="patients", full=600, fast=40)
def groups_of_true_chances(random):
    groups = calibration.calibration(*_chances(random, 300), at=24).groups
    return groups["lower"], groups["upper"], groups["predicted"]


@case("metrics.decision_curve.decision_curve", "interval", unit="patients", full=500, fast=60)
def net_benefit_of_true_chances(random):
    time, event, chance = _chances(random, 200)
    table = decision_curve.decision_curve(time, event, {"m": 1 - chance}, at=24, thresholds=[0.3, 0.5], n_boot=300)
    rows = table[table["model"] == "m"]
    return rows["lower"], rows["upper"], _true_benefit()


def _true_benefit() -> np.ndarray:
    if "benefit" not in _LARGE:
        had = 1 - np.exp(-24 / 30 * np.exp(norm.ppf((np.arange(200_000) + 0.5) / 200_000)))
        _LARGE["benefit"] = np.array([np.where(had >= t, had - (1 - had) * t / (1 - t), 0).mean() for t in (0.3, 0.5)])
    return _LARGE["benefit"]


# ------------------------------------------------------------------------------------------- two classes


@case("metrics.classification.summary", "interval", unit="samples", full=500, fast=60)
def sensitivity_near_one(random):
    """20 positives, of whom 96% are called; 30 negatives, of whom 90% are not."""
    truth = np.repeat([1, 0], [20, 30])
    score = random.normal(size=50) + np.where(truth == 1, norm.ppf(0.96), norm.ppf(0.10))
    found = classification.summary(truth, norm.cdf(score), n_boot=300)
    truths = _two_normals(0.96, 0.10)
    rows = found.loc[list(truths)]
    return rows["lower"], rows["upper"], list(truths.values())


@case("metrics.classification.summary", "interval", unit="samples", full=500, fast=60)
def two_classes_that_overlap(random):
    truth = np.repeat([1, 0], [40, 60])
    score = random.normal(size=100) + np.where(truth == 1, norm.ppf(0.7), norm.ppf(0.35))
    found = classification.summary(truth, norm.cdf(score), n_boot=300)
    truths = _two_normals(0.7, 0.35) | {"mcc": _true_mcc(0.7, 0.65, 40, 60), "brier": _true_brier()}
    rows = found.loc[list(truths)]
    return rows["lower"], rows["upper"], list(truths.values())


def _two_normals(called: float, wrongly: float) -> dict[str, float]:
    apart = (norm.ppf(called) - norm.ppf(wrongly)) / np.sqrt(2)
    return {
        "sensitivity": called, "specificity": 1 - wrongly, "balanced_accuracy": (called + 1 - wrongly) / 2,
        "auc": float(norm.cdf(apart)),
    }  # fmt: skip


def _true_mcc(sensitivity: float, specificity: float, n: int, m: int) -> float:
    tp, fn, tn, fp = sensitivity * n, (1 - sensitivity) * n, specificity * m, (1 - specificity) * m
    return (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))


def _true_brier() -> float:
    z = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    wrong = [((norm.cdf(z + norm.ppf(share)) - label) ** 2).mean() for share, label in ((0.7, 1), (0.35, 0))]
    return float(0.4 * wrong[0] + 0.6 * wrong[1])


# ------------------------------------------------------------------------------------------- drugs of a ranking


def _mechanisms(random: np.random.Generator, first: float, second: float) -> tuple[np.ndarray, ...]:
    """40 mechanisms of one to five drugs, eight of them right, and two scores that mechanisms share."""
    mechanism = np.repeat(np.arange(40), random.integers(1, 6, 40))
    right = mechanism < 8
    shared, noise = random.normal(size=(2, 40))[:, mechanism], 0.5 * random.normal(size=(2, mechanism.size))
    return right, mechanism, shared[0] + noise[0] + first * right, shared[1] + noise[1] + second * right


@case("metrics.ranking.bootstrap", "interval", unit="mechanisms", full=500, fast=25)
def drugs_that_share_mechanisms(random):
    right, mechanism, score, _ = _mechanisms(random, 1.0, 1.0)
    found = ranking.bootstrap(ranking.auroc, right, score, groups=mechanism, n_boot=300)
    return found.lower, found.upper, norm.cdf(1 / np.sqrt(2 * 1.25))


@case("metrics.ranking.bootstrap", "interval", unit="drugs", full=500, fast=40)
def twelve_independent_drugs_of_a_hundred(random):
    right = np.arange(100) < 12
    found = ranking.bootstrap(ranking.auroc, right, random.normal(size=100) + right, n_boot=300)
    return found.lower, found.upper, norm.cdf(1 / np.sqrt(2))


@case("metrics.ranking.gain", "p", unit="mechanisms", full=500, fast=25)
def two_scores_equally_good(random):
    right, mechanism, one, two = _mechanisms(random, 1.0, 1.0)
    return ranking.gain(ranking.auroc, right, (one, two), groups=mechanism, n_boot=300).p_value


@case("metrics.ranking.gain", "interval", unit="mechanisms", full=500, fast=25)
def one_score_better(random):
    right, mechanism, one, two = _mechanisms(random, 1.5, 0.5)
    found = ranking.gain(ranking.auroc, right, (one, two), groups=mechanism, n_boot=300)
    return found.lower, found.upper, np.diff(norm.cdf(np.array([0.5, 1.5]) / np.sqrt(2 * 1.25)))[0]


# ---------------------------------------------------------------------------------------------- one factor, studies


@case("metrics.compare.paired_difference", "p", unit="drugs")
def ten_pairs_alike(random):
    return compare.paired_difference(*random.normal(size=(2, 10))).p_value


@case("metrics.compare.paired_difference", "interval", unit="drugs", fast=200)
def five_pairs(random):
    found = compare.paired_difference(random.normal(0.5, 1, 5), random.normal(size=5))
    return found.lower, found.upper, 0.5


@case("metrics.compare.paired_difference", "interval", unit="mechanisms", fast=200)
def twenty_mechanisms_of_many_drugs(random):
    mechanism = np.repeat(np.arange(20), random.integers(1, 12, 20))
    gain = random.normal(size=20)[mechanism] + random.normal(size=mechanism.size)
    found = compare.paired_difference(gain + 0.3, np.zeros(gain.size), groups=mechanism)
    return found.lower, found.upper, 0.3


@case("metrics.compare.paired_difference", "interval", unit="drugs", full=500, fast=40)
def median_of_twenty_pairs(random):
    gain = random.normal(0.5, 1, 20)
    found = compare.paired_difference(gain, np.zeros(20), statistic=lambda gaps: float(np.median(gaps)), n_boot=400)
    return found.lower, found.upper, 0.5


@case("metrics.compare.paired_difference", "interval", unit="folds", full=500, fast=40)
def five_folds_of_one_data_set(random):
    """Gain in squared error of the mean of the training folds over that of two features fitted: truth by simulation."""
    gain = _fold_gains(random, 100)
    found = compare.paired_difference(gain, np.zeros(5), held_out=0.2)
    return found.lower, found.upper, _true_fold_gain()


def _fold_gains(random: np.random.Generator, n: int) -> np.ndarray:
    x = random.normal(size=(n, 3))
    y = 0.3 * x[:, 0] + random.normal(size=n)
    fold = np.arange(n) % 5
    gains = np.empty(5)
    for held in range(5):
        rows = fold != held
        design = np.column_stack([np.ones(n), x])
        fitted = design @ np.linalg.lstsq(design[rows], y[rows], rcond=None)[0]
        gains[held] = ((y - y[rows].mean()) ** 2 - (y - fitted) ** 2)[~rows].mean()
    return gains


def _true_fold_gain() -> float:
    if "fold" not in _LARGE:
        random = np.random.default_rng(5)
        _LARGE["fold"] = float(np.mean([_fold_gains(random, 100) for _ in range(4000)]))
    return _LARGE["fold"]


@case("metrics.compare.pool", "interval", unit="studies", fast=200)
def five_studies_that_differ(random):
    errors = random.uniform(0.05, 0.3, 5)
    found = compare.pool(random.normal(0.2, np.sqrt(errors**2 + 0.1**2)), errors)
    return found.lower, found.upper, 0.2


@case("metrics.compare.pool", "interval", unit="studies", fast=200)
def eleven_studies_alike(random):
    errors = random.uniform(0.05, 0.3, 11)
    found = compare.pool(random.normal(0.2, errors), errors)
    return found.lower, found.upper, 0.2


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


# --------------------------------------------------------------------------------------------------- subgroups


def _odds(random: np.random.Generator, n: int, slope: float = 0.8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    odds = random.normal(size=n)
    return random.random(n) < 1 / (1 + np.exp(-slope * odds)), odds, random.choice(["a", "b", "c"], n)


@case("metrics.subgroups.by_class", "p", unit="patients")
def one_slope_at_three_levels(random):
    return subgroups.by_class(*_odds(random, 240)).tests["p_value"].iloc[0]


@case("metrics.subgroups.by_class", "interval", unit="patients")
def areas_of_noise_at_three_levels(random):
    table = subgroups.by_class(*_odds(random, 240, slope=0.0)).table
    return table["lower"].to_numpy(), table["upper"].to_numpy(), np.full(len(table), 0.5)


@case("metrics.subgroups.by_share", "p", unit="patients", fast=60)
def one_share_at_three_levels(random):
    right, level = random.random(150) < 0.8, random.choice(["a", "b", "c"], 150)
    found = subgroups.by_share(right, level, n_permutations=400, seed=int(random.integers(1 << 30)))
    return found.tests["p_value"].iloc[0]


@case("metrics.subgroups.by_share", "interval", unit="patients", fast=60)
def shares_of_seven_in_ten(random):
    found = subgroups.by_share(random.random(120) < 0.7, np.tile(["a", "b"], 60), n_permutations=9).table
    return found["lower"].to_numpy(), found["upper"].to_numpy(), np.full(2, 0.7)


@case("metrics.subgroups.by_mean", "p", unit="samples", fast=60)
def one_mean_at_two_levels(random):
    found = subgroups.by_mean(
        random.normal(size=60), np.tile(["a", "b"], 30), n_permutations=400, seed=int(random.integers(1 << 30))
    )
    return found.tests["p_value"].iloc[0]


@case("metrics.subgroups.by_mean", "interval", unit="samples", fast=60)
def means_of_thirty_at_two_levels(random):
    found = subgroups.by_mean(
        random.normal(size=60), np.tile(["a", "b"], 30), n_permutations=9, seed=int(random.integers(1 << 30))
    ).table
    return found["lower"].to_numpy(), found["upper"].to_numpy(), np.zeros(2)
