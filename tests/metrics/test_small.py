"""Intervals of few units: by the equations that define them."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from scipy.stats import norm, t

from omics_rx.metrics import classification, compare, decision_curve, ranking, small, survival

Z = norm.ppf(0.975)


@pytest.mark.parametrize(("hits", "n"), [(1, 7), (3, 10), (45, 50), (9, 10), (250, 1000)])
def test_wilsons_bounds_lie_a_normal_quantile_from_the_share(hits, n):
    """In standard errors at the bound, which is what the score test turns round."""
    low, high = small.wilson(hits, n)
    assert low < hits / n < high
    for bound in (low, high):
        assert abs(hits / n - bound) == pytest.approx(Z * np.sqrt(bound * (1 - bound) / n))


def test_wilsons_bounds_at_the_ends():
    assert small.wilson(0, 10) == pytest.approx((0, Z**2 / (10 + Z**2)))
    assert small.wilson(10, 10) == pytest.approx((10 / (10 + Z**2), 1))
    assert small.wilson(0, 10)[0] == 0
    assert small.wilson(10, 10)[1] == 1


@pytest.mark.parametrize("value", [0.5, 0.73, 0.95, 1.0])
@pytest.mark.parametrize(("n", "m"), [(10, 10), (8, 30)])
def test_bounds_of_an_auc_by_hanley_and_mcneil(value, n, m):
    """Their variance at the bound, with the mean of both sizes for either."""
    low, high = small.auc_interval(value, n, m)
    assert low < value <= high
    size = (n + m) / 2
    for bound in (low, high)[: 1 if value == 1 else 2]:
        first, second = bound / (2 - bound), 2 * bound**2 / (1 + bound)
        variance = bound * (1 - bound) + (size - 1) * (first - bound**2) + (size - 1) * (second - bound**2)
        assert abs(value - bound) == pytest.approx(Z * np.sqrt(variance / (n * m)), rel=1e-6)
    assert small.auc_interval(1 - value, n, m) == pytest.approx((1 - high, 1 - low), abs=1e-6)


def test_percentiles_are_moved_out_and_the_p_agrees():
    drawn = np.linspace(-1, 9, 100_001)
    tail = norm.cdf(-np.sqrt(5 / 4) * t.ppf(0.975, 4))
    assert tail == pytest.approx(0.00096, abs=1e-5)
    assert small.percentiles(drawn, 5) == pytest.approx((-1 + 10 * tail, 9 - 10 * tail))
    # a tenth of the resamples lies at 0 or below
    assert small.tail_p(drawn, 5) == pytest.approx(2 * t.sf(-norm.ppf(0.1) / np.sqrt(5 / 4), 4), rel=1e-3)
    assert small.tail_p(-drawn, 5) == pytest.approx(small.tail_p(drawn, 5))
    assert small.tail_p(drawn, 5, null=4.0) == pytest.approx(1, abs=1e-3)
    lower, upper = small.percentiles(drawn, 12)
    assert small.tail_p(drawn, 12, null=lower) == pytest.approx(0.05, rel=1e-2)
    assert small.tail_p(drawn, 12, null=upper) == pytest.approx(0.05, rel=1e-2)


def test_no_p_is_smaller_than_the_resamples_allow():
    drawn = np.full(99, 3.0)
    assert small.tail_p(drawn, 1000) == pytest.approx(0.02, rel=0.02)
    assert small.tail_p(np.zeros(99), 10) == 1


DEFAULTS = {
    survival.concordance: {"strata": None, "cross_validated": False, "seed": 0, "n_boot": 1000},
    survival.uno_concordance: {"horizon": None, "same_time": True, "seed": 0, "n_boot": 1000},
    survival.concordance_difference: {"strata": None, "cross_validated": False, "seed": 0, "n_boot": 1000},
    decision_curve.decision_curve: {"seed": 0, "n_boot": 500},
    classification.summary: {"threshold": 0.5, "seed": 0, "n_boot": 1000},
    ranking.bootstrap: {"n_boot": 1000, "seed": 0},
    ranking.gain: {"n_boot": 1000, "seed": 0},
    ranking.enrichment: {"fraction": 0.05},
    compare.paired_difference: {"held_out": None, "seed": 0, "n_boot": 2000},
    compare.crossed: {"null": 0.0, "level": 0.95, "seed": 0, "n_boot": 500},
}


@pytest.mark.parametrize("function", DEFAULTS, ids=lambda function: function.__name__)
def test_defaults_are_those_that_figures_were_made_with(function):
    told = {name: one.default for name, one in inspect.signature(function).parameters.items()}
    assert {name: told[name] for name in DEFAULTS[function]} == DEFAULTS[function]
