"""What every figure says of a few small data sets, refusals included, is what it said before.

The numbers are ours and prove nothing by themselves: that they are right is shown by hand, by parity and by the peers'
numbers elsewhere. They notice what those tests are too coarse for. Write them anew, and read the difference, with
``python tests/metrics/test_figures_stay.py``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.metrics import (
    calibration,
    classification,
    compare,
    curves,
    decision_curve,
    inputs,
    pairs,
    ranking,
    response,
    small,
    survival,
)

STORED = Path(__file__).with_name("data_figures.json")
random = np.random.default_rng(20)
N = 60
RISK = np.round(random.normal(size=N), 1)
OTHER = np.round(RISK + random.normal(size=N), 1)
TIME = np.ceil(random.exponential(20 * np.exp(-RISK)) + 0.01)
EVENT = random.random(N) < 0.6
STRATA = [None, *("abc"[place % 3] for place in range(1, N))]
GROUP = ["xyz"[place % 7 % 3] for place in range(N)]
CHANCE = np.round(np.exp(-0.3 * np.exp(RISK + 0.2 * OTHER)), 2)
MONTHS = [6.0, 3.0, 12.0]
CURVES = pd.DataFrame({month: CHANCE ** (month / 12) for month in MONTHS})
TRUTH = np.arange(N) % 5 < 2
SCORE = np.round(np.clip(0.4 + 0.2 * TRUTH + 0.2 * random.normal(size=N), 0, 1), 1)
SECOND = np.round(np.clip(0.5 + 0.1 * TRUTH + 0.2 * random.normal(size=N), 0, 1), 1)
MECHANISM = np.arange(N) // 4
Y = pd.DataFrame(random.normal(2, 2, (9, 6)), [f"c{i}" for i in range(9)], list("ABCDEF"))
F = 0.6 * Y + random.normal(0, 1, Y.shape) + np.arange(6)
Y.iloc[1:, 0], Y.iloc[4:, 1], Y.iloc[5:, 2], Y.iloc[0, 3:5] = np.nan, np.nan, np.nan, np.nan
MEANS = F.mean() - 0.3
GAPS = np.r_[np.round(random.normal(0.4, 1, 14), 2), np.nan]
OF = [*"aabbbbcdddeff", None, "g"]
SLIGHT = np.array(
    [1.0, 1 + 5e-11, 1 + 2.5e-10, 1 + 3e-10, -4, -4 - 1e-10, 0, 1e-11, 3e-10, 900, 900 + 5e-8, 900 + 2e-7]
)


def _of_all(metric):
    return [metric(TRUTH, score, k) for score in (SCORE, SECOND) for k in (1, 2, 3, 7, 23, 24, 59, 60)]


CALLS = {
    "concordance": lambda: survival.concordance(TIME, EVENT, RISK, n_boot=60),
    "concordance, strata": lambda: survival.concordance(TIME, EVENT, OTHER, strata=STRATA, seed=3, n_boot=60),
    "concordance, crossed": lambda: survival.concordance(TIME, EVENT, RISK, strata=STRATA, cross_validated=True),
    "concordance of one pair": lambda: survival.concordance([1, 2], [1, 0], [2, 1], n_boot=30),
    "uno": lambda: survival.uno_concordance(TIME, EVENT, RISK, n_boot=60),
    "uno at an event": lambda: survival.uno_concordance(TIME, EVENT, RISK, horizon=float(TIME[EVENT][3]), n_boot=60),
    "uno as survC1": lambda: survival.uno_concordance(TIME, EVENT, OTHER, horizon=15, same_time=False, n_boot=60),
    "concordances": lambda: survival.concordances(TIME, EVENT, np.column_stack([RISK, OTHER]), strata=STRATA),
    "difference": lambda: survival.concordance_difference(TIME, EVENT, (RISK, OTHER), n_boot=60),
    "difference, strata": lambda: survival.concordance_difference(
        TIME, EVENT, [OTHER, RISK], strata=STRATA, cross_validated=True, seed=2, n_boot=60
    ),
    "dynamic auc": lambda: survival.dynamic_auc(TIME, EVENT, RISK, at=[1, 2.5, 4, 9, float(TIME.max()), 400]),
    "dynamic auc, other censoring": lambda: survival.dynamic_auc(
        TIME, EVENT, OTHER, at=[3, 9], censoring=(TIME + 1, ~EVENT)
    ),
    "integrated brier": lambda: survival.integrated_brier(TIME, EVENT, CURVES),
    "integrated brier of two months": lambda: survival.integrated_brier(
        TIME, EVENT, CURVES[[12.0, 3.0]], censoring=(TIME + 1, ~EVENT)
    ),
    "kaplan-meier": lambda: survival.kaplan_meier(TIME, EVENT),
    "survival at": lambda: [survival.survival_at(TIME, EVENT, at) for at in (0.5, 1, 7, 7.5, TIME.max(), 1e4)],
    "log-rank": lambda: survival.log_rank(TIME, EVENT, GROUP),
    "log-rank, strata": lambda: survival.log_rank(TIME, EVENT, np.array(GROUP) == "x", strata=STRATA),
    "log-rank, missing": lambda: survival.log_rank(TIME, EVENT, STRATA, strata=np.where(RISK > 1, None, "u")),
    "weights": lambda: curves.known_weights(TIME, EVENT, 9.0, curves.Followed(TIME, EVENT)),
    "levels": lambda: [pairs.levels(SLIGHT), pairs.levels(SLIGHT[::-1] * 1e-7), pairs.levels(np.zeros(3))],
    "calibration": lambda: calibration.calibration(TIME, EVENT, CHANCE, at=9),
    "calibration, three groups": lambda: calibration.calibration(TIME, EVENT, CHANCE, at=12.5, n_groups=3),
    "calibration, tied": lambda: calibration.calibration(TIME, EVENT, np.where(CHANCE > 0.6, 0.9, 0.3), at=9),
    "brier": lambda: calibration.brier_at(TIME, EVENT, CHANCE, at=9),
    "brier at the first": lambda: calibration.brier_at(TIME, EVENT, CHANCE, at=float(TIME.min())),
    "spline": lambda: calibration.spline(RISK),
    "decision curve": lambda: decision_curve.decision_curve(
        TIME, EVENT, {"one": 1 - CHANCE, "two": SCORE}, at=9, n_boot=60
    ),
    "decision curve, late": lambda: decision_curve.decision_curve(
        TIME, EVENT, {"one": 1 - CHANCE}, at=30, thresholds=0.4, seed=1, n_boot=60
    ),
    "decision curve, no interval": lambda: decision_curve.decision_curve(
        [2, 4, 4, 6], [1, 0, 1, 1], {"one": [0.9, 0.2, 0.5, 0.1]}, at=5, thresholds=[0.2, 0.5, 0.95], n_boot=0
    ),
    "summary": lambda: classification.summary(TRUTH, SCORE, n_boot=300),
    "summary, threshold": lambda: classification.summary(TRUTH, SECOND, threshold=0.7, seed=5, n_boot=199),
    "summary, unlike": lambda: classification.summary(np.arange(N) < 7, (np.arange(N) < 20) * 0.5, n_boot=450),
    "summary, chances from 0 to 1": lambda: classification.summary([0, 1, 0, 1], [0, 1, 0.5, 0.4], n_boot=20),
    "calls": lambda: [
        figure(TRUTH, score >= 0.5) for figure in (classification.mcc, classification.balanced_accuracy)
        for score in (SCORE, SECOND)
    ],
    "one kind of call": lambda: [classification.mcc(TRUTH, TRUTH | True), classification.mcc([0, 0], [0, 1])],
    "chances": lambda: [classification.brier(TRUTH, SCORE), classification.auc(TRUTH, SECOND)],
    "auroc": lambda: [metric(TRUTH, SCORE) for metric in (ranking.auroc, ranking.average_precision)],
    "recall": lambda: _of_all(ranking.recall_at),
    "ndcg": lambda: _of_all(ranking.ndcg_at),
    "enrichment": lambda: [ranking.enrichment(TRUTH, SECOND, share) for share in (0.001, 0.05, 0.3, 0.31, 1.0)],
    "within groups": lambda: ranking.within_group_auroc(TRUTH, SCORE, [None, *MECHANISM[1:].tolist()]),
    "bootstrap": lambda: ranking.bootstrap(ranking.auroc, TRUTH, SCORE, n_boot=60),
    "bootstrap, groups": lambda: ranking.bootstrap(
        ranking.average_precision, MECHANISM % 3 == 0, SECOND, groups=MECHANISM, n_boot=60, seed=4
    ),
    "gain": lambda: ranking.gain(ranking.auroc, TRUTH, (SCORE, SECOND), n_boot=60),
    "gain, groups": lambda: ranking.gain(
        ranking.auroc, MECHANISM % 3 == 0, [SECOND, SCORE], groups=MECHANISM, n_boot=60, seed=4
    ),
    "pairs": lambda: compare.paired_difference(GAPS, np.zeros(15)),
    "pairs, groups": lambda: compare.paired_difference(GAPS, np.full(15, 0.1), groups=OF),
    "pairs, folds": lambda: compare.paired_difference(GAPS[:5], np.zeros(5), held_out=0.3),
    "pairs, median": lambda: compare.paired_difference(
        GAPS, np.zeros(15), groups=OF, held_out=0.1, statistic=lambda gaps: float(np.median(gaps)), n_boot=90
    ),
    "pool": lambda: [compare.pool([0.1, 0.5, 0.4, 0.9], [0.1, 0.2, 0.15, 0.4]), compare.pool([0.3, 0.31], [0.2, 0.1])],
    "crossed": lambda: compare.crossed(lambda y, f: float(np.nanmean(y - f)), Y.iloc[:, 2:], F.iloc[:, 2:], n_boot=60),
    "crossed, groups": lambda: compare.crossed(
        np.mean, F, row_groups=list("aabbccdde"), column_groups=[0, 0, 1, 1, 2, 3], null=1.0, level=0.8, seed=1,
        n_boot=60,
    ),
    "responses": lambda: [
        response.pearson(Y, F), response.rmse(Y, F), response.normalised_r(Y, F, MEANS), response.preference_r(Y, F),
    ],
    "responses by drug": lambda: [response.per_drug_r(Y, F), response.per_drug_r(Y, F, min_cells=4)],
    "no spread": lambda: [response.pearson(Y, F * 0 + 1), response.per_drug_r(Y, F * 0 + 2)],
    "centred": lambda: response.double_centred(Y.to_numpy()),
    "shares": lambda: [small.wilson(hits, 9) for hits in (0, 1, 5, 9)],
    "areas": lambda: [small.auc_interval(value, 5, 12) for value in (0, 0.2, 0.7, 1)],
    "percentiles": lambda: [(small.percentiles(GAPS[:14], n), small.tail_p(GAPS[:14], n, 0.2)) for n in (2, 5, 90)],
    "in order": lambda: inputs.in_order(a=pd.Series([1, 2], ["x", "y"]), b=pd.Series([3, 4], ["y", "x"]))["b"],
    "groups": lambda: inputs.groups_of(["b", None, "a", 3, "b"], 5),
}  # fmt: skip

WRONG = {
    "no risk": lambda: survival.concordance([1, 2], [1, 0], None),
    "two shapes of risks": lambda: survival.concordances([1, 2, 3], [1, 0, 1], np.zeros((2, 2))),
    "no risks": lambda: survival.concordances([1, 2, 3], [1, 0, 1], np.zeros((3, 0))),
    "a row of risks": lambda: survival.concordances([1, 2, 3], [1, 0, 1], [1, 2, 3]),
    "three risks": lambda: survival.concordance_difference([1, 2], [1, 0], ([1, 2], [1, 2], [1, 2])),
    "nothing to compare": lambda: survival.concordances([1, 2], [0, 0], [[1], [2]]),
    "events 1 and 2": lambda: survival.concordance([1, 2], [1, 2], [1, 2]),
    "events as text": lambda: survival.concordance([1, 2], ["dead", "alive"], [1, 2]),
    "events of 3": lambda: survival.concordance([1, 2, 4], [1, 3, 0], [1, 2, 3]),
    "times of 0": lambda: survival.kaplan_meier([0, 2, np.inf], [1, 1, 0]),
    "a date": lambda: survival.kaplan_meier(pd.to_datetime(["2020-01-01", "2021-01-01"]), [1, 1]),
    "one group": lambda: survival.log_rank([1, 2], [1, 1], ["a", None]),
    "groups missing": lambda: survival.log_rank([1, 2], [1, 1], [None, None]),
    "too few groups": lambda: survival.log_rank([1, 2], [1, 1], ["a"]),
    "horizon of 0": lambda: survival.survival_at([1, 2], [1, 0], 0),
    "horizon of -1": lambda: survival.survival_at([1, 2], [1, 0], -1),
    "horizon as a bool": lambda: survival.survival_at([1, 2], [1, 0], True),
    "horizons": lambda: survival.dynamic_auc([1, 2], [1, 0], [1, 2], at=[1, np.nan]),
    "nobody followed": lambda: calibration.brier_score(
        np.array([1.0, 5, 9]), np.array([True, False, False]), np.ones(3), at=8,
        followed=curves.Followed(np.array([2.0, 7]), np.array([False, False])),
    ),
    "curves of one month": lambda: survival.integrated_brier(TIME, EVENT, CURVES[[3.0]]),
    "curves too long": lambda: survival.integrated_brier(TIME, EVENT, CURVES.rename(columns={12.0: 5000.0})),
    "curves too early": lambda: survival.integrated_brier(TIME, EVENT, CURVES.rename(columns={3.0: 0.5})),
    "curves that rise": lambda: survival.integrated_brier(TIME, EVENT, CURVES[[3.0, 6.0]].set_axis([6.0, 3.0], axis=1)),
    "curves of others": lambda: survival.integrated_brier(TIME, EVENT, CURVES.iloc[:9]),
    "curves that repeat": lambda: survival.integrated_brier(TIME, EVENT, CURVES.set_axis([3.0, 3.0, 6.0], axis=1)),
    "an array of curves": lambda: survival.integrated_brier(TIME, EVENT, CURVES.to_numpy()),
    "four events": lambda: calibration.calibration([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 0, 1], CHANCE[:6], at=5),
    "one prediction": lambda: calibration.calibration(TIME, EVENT, np.full(N, 0.3), at=9),
    "too late": lambda: calibration.brier_at(TIME, EVENT, CHANCE, at=float(TIME.max()) + 1),
    "too early": lambda: calibration.brier_at([3, 4], [1, 0], [0.2, 0.5], at=2),
    "per cent": lambda: calibration.brier_at([1, 4], [1, 0], [20, 50], at=2),
    "no model": lambda: decision_curve.decision_curve([1, 4], [1, 0], {}, at=2),
    "a threshold of 0": lambda: decision_curve.decision_curve([1, 4], [1, 0], {"a": [0.2, 0.1]}, at=2, thresholds=0.0),
    "a threshold of 1": lambda: decision_curve.decision_curve([1, 4], [1, 0], {"a": [0.2, 0.1]}, at=2, thresholds=1.0),
    "a model named so": lambda: decision_curve.decision_curve([1, 4], [1, 0], {"treat all": [0.2, 0.1]}, at=2),
    "nobody so long": lambda: decision_curve.decision_curve([1, 4], [1, 0], {"a": [0.2, 0.1]}, at=5),
    "one class": lambda: classification.summary([1, 1], [0.1, 0.2]),
    "an unknown score": lambda: classification.auc([1, 0, 1], [0.1, np.inf, np.nan]),
    "shapes of calls": lambda: classification.mcc([1, 0, 1], [1, 0]),
    "a call of 2": lambda: classification.mcc([1, 0, 1], [1, 0, 2]),
    "k of 0": lambda: ranking.recall_at([1, 0], [1, 2], 0),
    "k of 3": lambda: ranking.ndcg_at([1, 0], [1, 2], 3),
    "a share of 0": lambda: ranking.enrichment([1, 0], [1, 2], 0.0),
    "a share above 1": lambda: ranking.enrichment([1, 0], [1, 2], 1.01),
    "one positive": lambda: ranking.bootstrap(ranking.auroc, [1, 0, 0], [1, 2, 3]),
    "only positives": lambda: ranking.auroc([1, 1], [1, 2]),
    "no pair": lambda: compare.paired_difference([1, np.nan], [np.nan, 2]),
    "one pair": lambda: compare.paired_difference([1, np.nan], [1, 2]),
    "one study without error": lambda: compare.pool([1, 2], [0.1, 0]),
    "a study missing": lambda: compare.pool([1, np.nan], [0.1, 0.2]),
    "held out all": lambda: compare.paired_difference([1, 2], [1, 3], held_out=1),
    "held out nothing": lambda: compare.paired_difference([1, 2], [1, 3], held_out=0),
    "one column": lambda: compare.crossed(np.mean, [[1.0], [2.0]]),
    "groups of columns": lambda: compare.crossed(np.mean, np.ones((3, 2)), column_groups=["a", "b", "c"]),
    "a pair unpredicted": lambda: response.rmse(Y, F.mask(F > 6)),
    "a drug unpredicted": lambda: response.rmse(Y, F.drop(columns="A")),
    "a drug without a mean": lambda: response.normalised_r(Y, F, MEANS.drop("B")),
    "one response": lambda: response.pearson(Y.iloc[:1, :1], F.iloc[:1, :1]),
    "no responses": lambda: response.pearson(Y.iloc[:0], F),
    "a cell twice": lambda: response.pearson(pd.concat([Y, Y.iloc[:1]]), F),
    "no frame": lambda: response.pearson(Y.to_numpy(), F),
    "labels of others": lambda: inputs.in_order(a=pd.Series([1, 2], ["x", "y"]), b=pd.Series([3, 4], ["y", "z"])),
    "labels and none": lambda: inputs.in_order(
        a=pd.Series([1, 2], ["x", "y"]), b=pd.Series([3, 4], ["y", "x"]), c=np.zeros(2)
    ),
    "labels twice": lambda: inputs.in_order(a=pd.Series([1, 2], ["x", "x"]), b=pd.Series([3, 4], ["y", "x"])),
}  # fmt: skip


def plain(value):
    """A result as lists of numbers and texts; NaN as None."""
    if is_dataclass(value):
        return {name: plain(own) for name, own in asdict(value).items()}
    if isinstance(value, pd.DataFrame):
        return {str(name): plain(value[name]) for name in value}
    if isinstance(value, pd.Series):
        return {"index": plain(value.index.to_numpy()), "values": plain(value.to_numpy())}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(own) for own in value]
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else float(value)
    return value.item() if isinstance(value, np.generic) else value


def near(found, stored, where=""):
    """Alike in form and, but for rounding, in value."""
    if isinstance(stored, dict):
        assert list(found) == list(stored), where
        for name in stored:
            near(found[name], stored[name], f"{where} {name}")
    elif isinstance(stored, list):
        assert len(found) == len(stored), where
        for place, (one, two) in enumerate(zip(found, stored, strict=True)):
            near(one, two, f"{where} {place}")
    elif isinstance(stored, float):
        assert found == pytest.approx(stored, rel=2e-6, abs=1e-8), where
    else:
        assert found == stored, where


def said(call):
    """Words of a refusal."""
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("name", CALLS)
def test_a_figure_says_what_it_said(name):
    near(plain(CALLS[name]()), json.loads(STORED.read_text(encoding="utf-8"))["figures"][name])


@pytest.mark.parametrize("name", WRONG)
def test_a_refusal_says_what_it_said(name):
    assert said(WRONG[name]) == json.loads(STORED.read_text(encoding="utf-8"))["refusals"][name]


if __name__ == "__main__":
    made = {name: plain(call()) for name, call in CALLS.items()}
    told = {name: said(call) for name, call in WRONG.items()}
    STORED.write_text(json.dumps({"figures": made, "refusals": told}, indent=1) + "\n", encoding="utf-8")
