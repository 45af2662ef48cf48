"""What is said of two patients, of a perfect order, of nothing drawn: no certainty where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from omics_rx.core.errors import InputError
from omics_rx.metrics import calibration, classification, compare, decision_curve, ranking, survival


def test_a_perfect_order_of_three_is_not_certain():
    three = survival.concordance([1, 2, 3], [1] * 3, [3, 2, 1])
    many = survival.concordance(np.arange(1, 61), np.ones(60), -np.arange(60))
    assert three.value == many.value == three.upper == 1
    assert three.lower < 0.6 < many.lower < 1
    assert survival.concordance([1, 2, 3], [1] * 3, [1, 2, 3]).upper == pytest.approx(1 - three.lower)
    assert survival.uno_concordance([1, 2, 3, 4], [1, 1, 1, 0], [4, 3, 2, 1], horizon=4).lower < 0.7
    assert ranking.bootstrap(ranking.auroc, [1, 1, 0, 0], [4, 3, 2, 1]).lower < 0.6


def test_two_patients_tell_no_difference():
    two = survival.concordance_difference([1, 2], [1, 1], ([1, 2], [2, 1]))
    assert two.value == -1
    assert two.p_value > 0.2
    five = survival.concordance_difference([1, 2, 3, 4, 5], [1] * 5, ([5, 4, 3, 2, 1], [1, 2, 3, 4, 5]))
    assert 0.01 < five.p_value < two.p_value
    many = survival.concordance_difference(np.arange(1, 61), np.ones(60), (-np.arange(60), np.arange(60)))
    assert many.p_value < 0.005


def test_an_interval_holds_its_own_figure():
    for truth, score in (([0, 1], [0.1, 0.9]), ([0, 1], [0.9, 0.1]), ([0, 0, 1, 1], [0.5] * 4)):
        found = classification.summary(truth, score, n_boot=50)
        assert (found["lower"] <= found["value"]).all()
        assert (found["value"] <= found["upper"]).all()


def test_a_slope_that_runs_off_is_not_told():
    time, chance = np.arange(1.0, 31), np.linspace(0.01, 0.99, 30)
    found = calibration.calibration(time, np.ones(30), np.where(time <= 15, 0.1, 0.9), at=15)
    assert np.isnan([found.slope, found.slope_lower, found.slope_upper]).all()
    with pytest.raises(InputError, match="n_groups is 0"):
        calibration.calibration(time, np.ones(30), chance, at=15, n_groups=0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda n: survival.concordance([1, 2, 3], [1] * 3, [3, 2, 1], n_boot=n), "0 or more"),
        (lambda n: decision_curve.decision_curve([5, 6], [1, 0], {"a": [0.2, 0.1]}, at=5, n_boot=n), "0 or more"),
        (lambda n: classification.summary([0, 1], [0.1, 0.9], n_boot=n), "1 or more"),
        (lambda n: ranking.bootstrap(ranking.auroc, [1, 1, 0], [3, 2, 1], n_boot=n), "1 or more"),
        (lambda n: ranking.gain(ranking.auroc, [1, 1, 0], ([3, 2, 1], [1, 2, 3]), n_boot=n), "1 or more"),
        (lambda n: compare.paired_difference(range(6), [0] * 6, statistic=np.median, n_boot=n), "1 or more"),
        (lambda n: compare.crossed(np.mean, np.eye(3), n_boot=n), "2 or more"),
    ],
)
def test_a_number_of_resamples_is_checked(call, said):
    for n in (-1, 2.5, True, "all", None, *(() if said.startswith("0") else (0,))):
        with pytest.raises(InputError, match=said):
            call(n)


def test_nothing_drawn_gives_no_p():
    found = survival.concordance_difference([1, 2, 3], [1] * 3, ([3, 2, 1], [1, 2, 3]), n_boot=0)
    assert np.isnan([found.lower, found.upper, found.p_value]).all()
    assert np.isnan(survival.concordance([1, 2, 3], [1] * 3, [3, 2, 1], n_boot=0).lower)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: compare.crossed(np.mean, np.eye(3), level=95), "the level is 95"),
        (lambda: compare.paired_difference([1, np.inf, 3], [0, 0, 0]), "1 of 3 pairs are infinite"),
        (lambda: compare.paired_difference(range(6), [0] * 6, statistic=lambda gaps: np.nan), "finite number"),
        (lambda: classification.summary([0, 1], [0.1, 0.9], threshold=np.nan), "the threshold is nan"),
    ],
)
def test_what_would_end_in_no_number_is_refused(call, said):
    with pytest.raises(InputError, match=said):
        call()
