"""Chances of survival from a score: by hand, against lifelines, and through the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.metrics import calibration
from omics_rx.signatures import baseline
from omics_rx.signatures.baseline import Baseline

SAVED = Path(__file__).parent / "data"


def _exponential(seed, n, rate):
    random = np.random.default_rng(seed)
    score = random.normal(size=n)
    time, censored = random.exponential(np.exp(-0.7 * score) / rate), random.uniform(20, 150, n)
    return score, np.minimum(time, censored), time <= censored


def test_survival_by_hand():
    made = Baseline(0.5, {36: 0.1, 60: 0.2}, {36: 50, 60: 20}, 100, 30)
    found = made.survival(pd.Series([0.0, 2.0, np.nan], index=list("abc")))
    assert found.loc["a", 36] == pytest.approx(np.exp(-0.1))
    assert found.loc["b", 60] == pytest.approx(np.exp(-0.2 * np.e))
    assert found.loc["c"].isna().all()
    with pytest.raises(InputError, match="120 months was not learnt: ask for 36, 60"):
        made.survival(pd.Series([0.0]), (120,))


@pytest.mark.needs("lifelines")
def test_slope_and_hazard_are_those_of_lifelines():
    import lifelines

    score, time, event = _exponential(1, 300, 0.01)
    found = baseline.learn(score, time, event, np.repeat("a", 300))
    model = lifelines.CoxPHFitter().fit(pd.DataFrame({"s": score, "t": time, "e": event}), "t", "e")
    assert found.slope == pytest.approx(model.params_["s"], abs=1e-5)
    curves = model.predict_survival_function(pd.DataFrame({"s": [0.0, 1.0]}))
    theirs = [curves[curves.index <= month].iloc[-1] for month in (36, 60)]  # lifelines itself joins steps by lines
    np.testing.assert_allclose(found.survival(pd.Series([0.0, 1.0]), (36, 60)).T, theirs, atol=1e-5)


def test_cohorts_of_other_risk_do_not_bend_the_slope():
    one, two = _exponential(2, 400, 0.02), _exponential(3, 400, 0.002)
    score, time, event = (np.concatenate(pair) for pair in zip((one[0] + 2, one[1], one[2]), two, strict=True))
    found = baseline.learn(score, time, event, np.repeat(["a", "b"], 400))
    assert found.slope == pytest.approx(0.7, abs=0.15)  # as one group it would be twice that


def test_horizons_that_nobody_reaches_are_not_learnt():
    score, time, event = _exponential(4, 200, 0.01)
    assert set(baseline.learn(score, np.minimum(time, 50), event, np.repeat("a", 200)).hazard) == {36}
    assert baseline.learn(score, np.minimum(time, 30), event, np.repeat("a", 200)) is None


def test_a_score_that_says_nothing_or_the_wrong_gives_everybody_the_same_chance():
    score, time, event = _exponential(5, 200, 0.01)
    for useless in (np.zeros(200), -score):
        found = baseline.learn(useless, time, event, np.repeat("a", 200))
        assert found.slope == 0
        assert np.ptp(found.survival(pd.Series([-2.0, 3.0]))[60]) == 0


def test_a_planted_signature_is_calibrated_elsewhere(planted_study, make_cohort):
    target = make_cohort(11, n=400)
    chance = planted_study.signature.predict_survival(target, months=[36])[36]
    found = calibration.calibration(target.obs["time"], target.obs["event"], chance, at=36)
    assert found.slope_lower < 1.1
    assert found.slope_upper > 0.9
    assert found.ratio == pytest.approx(1, abs=0.2)
    assert chance.corr(planted_study.signature.score(target)["risk_score"], method="spearman") == pytest.approx(-1)


def test_the_file_keeps_the_baseline(planted_study, make_cohort, tmp_path):
    signature = planted_study.signature
    signature.save(tmp_path / "s.json")
    again = orx.signatures.load(tmp_path / "s.json")
    assert again.baseline == signature.baseline
    target = make_cohort(3)
    pd.testing.assert_frame_equal(again.predict_survival(target), signature.predict_survival(target))


def test_a_signature_of_schema_1_still_opens_and_orders_patients():
    old = orx.signatures.load(SAVED / "schema1_cell_death.json")
    assert old.baseline is None
    assert len(old.genes) == 12
    with pytest.raises(InputError, match="its baseline was not learnt"):
        old.predict_survival(pd.DataFrame(np.ones((30, 12)), columns=list(old.genes)))
    assert orx.signatures.load("cell_death").weights == old.weights


def test_the_shipped_index_gives_chances(gse1992):
    index = orx.signatures.load("cell_death")
    found = index.predict_survival(gse1992)
    assert list(found.columns) == [36, 60]
    assert ((found > 0) & (found < 1)).all().all()
    assert (found[60] < found[36]).all()


@pytest.mark.parametrize("change", [{"slope": -0.1}, {"hazard": {36: 0.4, 60: 0.2}}, {"hazard": {}}, {"slope": np.nan}])
def test_a_baseline_that_makes_no_sense_cannot_be_made(change):
    with pytest.raises(InputError, match="baseline"):
        replace(Baseline(0.5, {36: 0.1, 60: 0.2}, {36: 50, 60: 20}, 100, 30), **change)
