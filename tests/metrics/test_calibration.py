"""Calibration at a horizon: predictions known to be right, too far apart, too hopeful; and other implementations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.metrics import calibration, survival


@pytest.fixture(scope="module")
def patients():
    """Exponential survival, hazard 0.01 * exp(x) a month, censored independently."""
    random = np.random.default_rng(4)
    x = random.normal(size=4000)
    time, censored = random.exponential(100 * np.exp(-x)), random.uniform(1, 150, 4000)
    return pd.DataFrame({"x": x, "time": np.minimum(time, censored) + 1e-6, "event": time <= censored})


def _chance(x, at, *, slope=1.0, level=1.0):
    return np.exp(-0.01 * at * level * np.exp(slope * x))


def test_right_predictions_are_calibrated(patients):
    found = calibration.calibration(patients.time, patients.event, _chance(patients.x, 60), at=60)
    assert found.slope_lower < 1 < found.slope_upper
    assert found.ratio == pytest.approx(1, abs=0.05)
    assert found.ici < 0.02
    inside = (found.groups["lower"] < found.groups["predicted"]) & (found.groups["predicted"] < found.groups["upper"])
    assert inside.sum() >= 4
    assert found.groups["n"].sum() == found.n == 4000


def test_predictions_too_far_apart_and_too_hopeful_are_told(patients):
    far = calibration.calibration(patients.time, patients.event, _chance(patients.x, 60, slope=2), at=60)
    assert far.slope == pytest.approx(0.5, abs=0.04)
    hopeful = calibration.calibration(patients.time, patients.event, _chance(patients.x, 60, level=0.5), at=60)
    assert hopeful.slope == pytest.approx(1, abs=0.06)
    assert hopeful.ratio > 1.4
    true, said = 1 - _chance(patients.x, 60), 1 - _chance(patients.x, 60, level=0.5)
    assert hopeful.ici == pytest.approx(np.abs(true - said).mean(), abs=0.02)
    assert far.e50 <= far.e90


@pytest.mark.needs("lifelines")
def test_the_slope_and_curve_are_those_of_lifelines(patients):
    import lifelines

    part = patients[:400]
    chance = _chance(part.x, 48, slope=1.4)
    found = calibration.calibration(part.time, part.event, chance, at=48)
    ahead = np.log(-np.log(np.clip(chance, 1e-6, 1 - 1e-6))).to_numpy()
    data = pd.DataFrame({"ahead": ahead, "time": part.time.clip(upper=48), "event": part.event & (part.time <= 48)})
    one = lifelines.CoxPHFitter().fit(data, "time", "event")
    assert found.slope == pytest.approx(one.params_["ahead"], abs=2e-5)
    assert found.slope_upper - found.slope == pytest.approx(1.96 * one.standard_errors_["ahead"], rel=1e-3)
    basis = calibration.spline(ahead)
    data = pd.DataFrame({"a": basis[:, 0], "b": basis[:, 1], "time": data["time"], "event": data["event"]})
    two = lifelines.CoxPHFitter().fit(data, "time", "event")
    observed = 1 - two.predict_survival_function(data, times=[48]).iloc[0]
    assert found.ici == pytest.approx(np.abs(observed - (1 - chance.to_numpy())).mean(), abs=1e-3)


def test_the_spline_is_linear_beyond_its_outer_knots():
    x = np.linspace(-3, 3, 601)
    basis = calibration.spline(x)[:, 1]
    assert np.allclose(basis[:50], 0)
    np.testing.assert_allclose(np.diff(basis[-50:], 2), 0, atol=1e-10)
    assert np.abs(np.diff(basis, 2)).max() > 1e-6


def test_the_brier_score_without_censoring_is_the_mean_square():
    time, event = np.array([10.0, 20, 30, 40]), np.ones(4)
    found = calibration.brier_at(time, event, [0.2, 0.4, 0.9, 0.7], at=25)
    assert found["brier"] == pytest.approx((0.2**2 + 0.4**2 + 0.1**2 + 0.3**2) / 4)
    assert found["null"] == pytest.approx(0.25)
    assert found["gain"] == pytest.approx(1 - found["brier"] / 0.25)


def test_right_predictions_save_some_of_the_brier_score(patients):
    right = calibration.brier_at(patients.time, patients.event, _chance(patients.x, 60), at=60)
    wrong = calibration.brier_at(patients.time, patients.event, _chance(-patients.x, 60), at=60)
    assert right["brier"] < right["null"] < wrong["brier"]


def test_what_cannot_be_judged_is_refused(patients):
    part = patients[:50]
    chance = _chance(part.x, 60)
    with pytest.raises(InputError, match="nobody is followed for 500"):
        calibration.calibration(part.time, part.event, chance, at=500)
    with pytest.raises(InputError, match="same prediction"):
        calibration.calibration(part.time, part.event, np.full(50, 0.4), at=60)
    with pytest.raises(InputError, match="0 events by 60"):
        calibration.calibration(part.time, np.zeros(50), chance, at=60)
    with pytest.raises(InputError, match="1 of 50 predicted chances"):
        calibration.brier_at(part.time, part.event, chance.mask(part.index == 3), at=60)
    assert survival.concordance(part.time, part.event, -chance).value > 0.5


def test_a_horizon_at_the_last_contact_is_judged():
    """A study that ends at five years is judged at five years: who is censored then is free of the event."""
    random = np.random.default_rng(7)
    x = random.normal(size=600)
    time = random.exponential(60 * np.exp(-x))
    end, event = np.minimum(time, 60), time <= 60
    chance = np.exp(-np.exp(x))
    found = calibration.calibration(end, event, chance, at=60)
    assert found.observed == pytest.approx((time <= 60).mean())
    assert found.slope_lower < 1 < found.slope_upper
    brier = calibration.brier_at(end, event, chance, at=60)
    assert brier["brier"] == pytest.approx(((time > 60) - chance).__pow__(2).mean())


@pytest.mark.parametrize("seed", range(4))
def test_the_curve_for_everybody_scores_s_times_one_less_s(seed):
    """With events and censorings in the same months, too: weights up to the month, not after it."""
    random = np.random.default_rng(seed)
    time, event = np.ceil(random.exponential(8, 80)), random.random(80) < 0.5
    for at in (3, 6, 9):
        left = survival.survival_at(time, event, at)
        assert calibration.brier_at(time, event, np.full(80, left), at=at)["null"] == pytest.approx(left * (1 - left))


def test_the_spline_by_hand():
    # knots at the 10th, 50th and 90th percentile of 0 .. 10: 1, 5, 9; at 7 the bend is (6^3 - 2^3 * 8 / 4) / 8^2
    basis = calibration.spline(np.arange(11.0))
    assert basis[7].tolist() == pytest.approx([7, (6**3 - 2**3 * 2) / 64])
    assert basis[10, 1] == pytest.approx((9**3 - 5**3 * 2 + 1**3 * 1) / 64)
    assert basis[1, 1] == 0
