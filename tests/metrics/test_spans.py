"""Median and restricted mean times and ROC curves at a month, against lifelines and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.metrics import spans, survival


def followed(seed, n=120, *, round_to=None):
    random = np.random.default_rng(seed)
    risk = random.normal(size=n)
    time, end = random.exponential(40 * np.exp(-risk)), random.uniform(5, 90, n)
    seen = np.minimum(time, end) + 0.1
    return (np.ceil(seen) if round_to else seen), time <= end, risk


@pytest.mark.needs("lifelines")
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("round_to", [None, 1])
def test_medians_and_means_are_those_of_lifelines(seed, round_to):
    from lifelines import KaplanMeierFitter
    from lifelines.utils import median_survival_times, restricted_mean_survival_time

    time, event, _ = followed(seed, round_to=round_to)
    fitted = KaplanMeierFitter().fit(time, event)
    found = spans.median_time(time, event)
    bounds = median_survival_times(fitted.confidence_interval_survival_function_).to_numpy().ravel()
    assert found.value == fitted.median_survival_time_
    np.testing.assert_allclose([found.lower, found.upper], bounds)
    mean = spans.restricted_mean(time, event, until=48)
    assert mean.value == pytest.approx(restricted_mean_survival_time(fitted, t=48), rel=1e-9)
    assert mean.lower < mean.value < mean.upper


def test_a_restricted_mean_and_its_error_by_hand():
    """Events at 1, 3 and 5 of five patients, censored at 2 and 6; up to month 4."""
    found = spans.restricted_mean([1, 2, 3, 5, 6], [1, 0, 1, 1, 0], until=4)
    # the curve is 1 to 1, .8 to 3, .8 * 2/3 to 5
    third = 0.8 * 2 / 3
    assert found.value == pytest.approx(1 + 2 * 0.8 + third)
    variance = (2 * 0.8 + third) ** 2 / (5 * 4) + third**2 / (3 * 2)
    assert found.upper == pytest.approx(min(4, found.value + 1.959964 * np.sqrt(variance)), abs=1e-6)
    assert found.lower == pytest.approx(found.value - 1.959964 * np.sqrt(variance), abs=1e-6)
    assert (found.until, found.n, found.n_events) == (4.0, 5, 3)


def test_a_median_that_is_not_reached_is_not_known():
    found = spans.median_time([1, 2, 3, 4], [1, 0, 0, 0])
    assert np.isnan(found.value)
    assert np.isnan(found.upper)


def test_a_mean_past_the_follow_up_is_refused_unless_everybody_had_the_event():
    with pytest.raises(InputError, match="nobody is followed for 60 months"):
        spans.restricted_mean([5, 20], [1, 0], until=60)
    assert spans.restricted_mean([5, 20], [1, 1], until=60).value == 12.5


def test_the_difference_is_that_of_the_means():
    time, event, risk = followed(3)
    group = np.where(risk > 0, "high", "low")
    found = spans.restricted_mean_difference(time, event, group, until=36)
    parts = {name: spans.restricted_mean(time[group == name], event[group == name], until=36) for name in found.groups}
    assert found.groups == ("high", "low")
    assert found.value == pytest.approx(parts["high"].value - parts["low"].value)
    assert found.value < 0
    assert found.p_value < 0.01
    with pytest.raises(InputError, match="two groups, and there are 3"):
        spans.restricted_mean_difference(time, event, np.arange(120) % 3, until=36)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("round_to", [None, 1])
def test_the_area_under_the_curve_is_the_auc_of_the_month(seed, round_to):
    time, event, risk = followed(seed, round_to=round_to)
    for values in (risk, np.round(risk), risk * 1e-9):
        curve = spans.dynamic_roc(time, event, values, at=24)
        area = np.trapezoid(curve["true_positive"], curve["false_positive"])
        assert area == pytest.approx(survival.dynamic_auc(time, event, values, at=[24])[24], abs=1e-12)
        assert (np.diff(curve[["false_positive", "true_positive"]], axis=0) >= 0).all()
        assert curve.iloc[0, 1:].tolist() == [0, 0]
        np.testing.assert_allclose(curve.iloc[-1, 1:].to_numpy(dtype=float), 1)


def test_the_curve_without_censoring_by_hand():
    curve = spans.dynamic_roc([1, 2, 8, 9], [1, 1, 1, 1], [4, 2, 3, 1], at=5)
    assert curve["threshold"].tolist() == [np.inf, 4, 3, 2, 1]
    assert curve["true_positive"].tolist() == [0, 0.5, 0.5, 1, 1]
    assert curve["false_positive"].tolist() == [0, 0, 0.5, 0.5, 1]
    assert spans.dynamic_roc([1, 2], [1, 1], [1, 2], at=50).empty


def test_series_are_paired_by_their_labels():
    time, event, risk = (pd.Series(value) for value in followed(1))
    names = [f"s{at}" for at in range(120)]
    one, two, three = (value.set_axis(names) for value in (time, event, risk))
    shuffled = three.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(
        spans.dynamic_roc(one, two, shuffled, at=24), spans.dynamic_roc(time, event, risk, at=24)
    )
