"""The partial likelihood and its ridge fits, against other implementations and another optimiser."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from omics_rx.signatures import cox


def _data(seed: int = 0, n: int = 200, p: int = 6):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, p))
    time = np.ceil(random.exponential(np.exp(-X[:, 0]) * 30))
    return X, time, random.random(n) < 0.6, random.integers(0, 3, n)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_ridge_equals_scikit_survival(ties):
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    X, time, event, _ = _data()
    theirs = CoxPHSurvivalAnalysis(alpha=5.0, ties=ties, tol=1e-12, n_iter=200).fit(X, Surv.from_arrays(event, time))
    ours = cox.ridge(X, cox.follow_up(time, event, ties=ties), 5.0)
    np.testing.assert_allclose(ours, theirs.coef_, atol=1e-5)


@pytest.mark.needs("lifelines")
def test_strata_and_ties_equal_lifelines():
    from lifelines import CoxPHFitter

    X, time, event, stratum = _data()
    frame = pd.DataFrame(X).assign(time=time, event=event, stratum=stratum)
    fitted = CoxPHFitter().fit(frame, "time", "event", strata=["stratum"], fit_options={"precision": 1e-12})
    data = cox.follow_up(time, event, stratum)
    ours = cox.ridge(X, data, 1e-9)
    np.testing.assert_allclose(ours, fitted.params_, atol=1e-7)
    assert cox.log_likelihood(X @ ours, data) == pytest.approx(fitted.log_likelihood_, abs=1e-8)


def test_whole_weights_count_as_repeats():
    X, time, event, stratum = _data()
    time = time + np.random.default_rng(1).uniform(0, 0.5, time.size)  # Efron's ties share weights, repeats do not
    count = np.random.default_rng(2).integers(1, 4, time.size)
    repeated = np.repeat(np.arange(time.size), count)
    once = cox.follow_up(time, event, stratum, weight=count, ties="breslow")
    often = cox.follow_up(time[repeated], event[repeated], stratum[repeated], ties="breslow")
    np.testing.assert_allclose(cox.ridge(X, once, 2.0), cox.ridge(X[repeated], often, 2.0), atol=1e-9)
    risk = X[:, 0]
    assert cox.log_likelihood(risk, once) == pytest.approx(cox.log_likelihood(risk[repeated], often))
    slopes, curves = cox.marginal(X[once.order], risk, once)
    more, further = cox.marginal(X[repeated][often.order], risk[repeated], often)
    np.testing.assert_allclose(slopes, more, atol=1e-9)
    np.testing.assert_allclose(curves, further, atol=1e-9)
    one, _ = cox.residuals(risk, once)
    many, _ = cox.residuals(risk[repeated], often)
    np.testing.assert_allclose(one, np.bincount(repeated, weights=many), atol=1e-9)


def test_tied_and_weighted_derivatives_equal_finite_differences():
    X, time, event, stratum = _data(n=60, p=2)
    data = cox.follow_up(np.ceil(time / 8), event, stratum, weight=np.random.default_rng(3).uniform(0.2, 3, 60))
    at = np.array([0.3, -0.2])
    step = 1e-5 * np.eye(2)
    numeric = [(cox.log_likelihood(X @ (at + e), data) - cox.log_likelihood(X @ (at - e), data)) / 2e-5 for e in step]
    np.testing.assert_allclose(cox.derivatives(X[data.order], at, data)[1], numeric, atol=1e-5)
    slopes = [
        (cox.derivatives(X[data.order], at - e, data)[1] - cox.derivatives(X[data.order], at + e, data)[1]) / 2e-5
        for e in step
    ]
    np.testing.assert_allclose(cox.derivatives(X[data.order], at, data)[2], slopes, atol=1e-5)


def test_derivatives_equal_finite_differences():
    X, time, event, stratum = _data(n=60, p=3)
    data = cox.follow_up(time, event, stratum)
    at = np.array([0.3, -0.2, 0.1])
    value, gradient, information = cox.derivatives(X[data.order], at, data)
    assert value == pytest.approx(cox.log_likelihood(X @ at, data))
    step = 1e-5 * np.eye(3)
    numeric = [(cox.log_likelihood(X @ (at + e), data) - cox.log_likelihood(X @ (at - e), data)) / 2e-5 for e in step]
    np.testing.assert_allclose(gradient, numeric, atol=1e-6)
    slopes = [
        (cox.derivatives(X[data.order], at - e, data)[1] - cox.derivatives(X[data.order], at + e, data)[1]) / 2e-5
        for e in step
    ]
    np.testing.assert_allclose(information, slopes, atol=1e-5)


def test_more_features_than_samples_have_the_same_answer_in_the_smaller_space():
    X, time, event, stratum = _data(n=60, p=150)
    data = cox.follow_up(time, event, stratum)
    fitted = cox.ridge(X, data, 40.0)
    _, gradient, _ = cox.derivatives(X[data.order], fitted, data)
    np.testing.assert_allclose(gradient, 40.0 * fitted, atol=1e-4)


@pytest.mark.parametrize("penalty", [0.1, 3.0, 100.0])
@pytest.mark.parametrize("seed", range(4))
def test_nonnegative_ridge_equals_a_bounded_optimiser(penalty, seed):
    X, time, event, stratum = _data(seed)
    X[:, 1] -= 0.8 * X[:, 0]
    data = cox.follow_up(time, event, stratum)
    ours = cox.nonnegative_ridge(X, data, penalty)

    def cost(beta):
        value, gradient, _ = cox.derivatives(X[data.order], beta, data)
        return penalty / 2 * beta @ beta - value, penalty * beta - gradient

    theirs = minimize(
        cost, np.full(6, 0.1), jac=True, method="L-BFGS-B", bounds=[(0, None)] * 6,
        options={"ftol": 1e-15, "gtol": 1e-9},
    )  # fmt: skip
    np.testing.assert_allclose(ours, theirs.x, atol=1e-5)
    assert (ours >= 0).all()
    assert (ours == 0).any()


@pytest.mark.needs("lifelines")
def test_the_baseline_hazard_is_nelson_aalen_without_risk():
    from lifelines import NelsonAalenFitter

    _, time, event, _ = _data(n=80)
    data = cox.follow_up(time, event, ties="breslow")
    moments, hazard = cox.baseline_hazard(np.zeros(80), data, time)
    fitted = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(time, event).cumulative_hazard_.iloc[:, 0]
    np.testing.assert_allclose(hazard, fitted.loc[moments], atol=0.05)
    assert (np.diff(hazard) > 0).all()


@given(st.integers(0, 10_000), st.floats(0.01, 1000))
def test_order_and_time_unit_change_nothing(seed, unit):
    X, time, event, stratum = _data(seed % 20, n=50, p=3)
    order = np.random.default_rng(seed).permutation(50)
    plain = cox.ridge(X, cox.follow_up(time, event, stratum), 1.0)
    moved = cox.ridge(X[order], cox.follow_up(time[order] * unit, event[order], stratum[order]), 1.0)
    np.testing.assert_allclose(moved, plain, atol=1e-6)


def test_a_constant_added_to_a_stratum_changes_nothing():
    X, time, event, stratum = _data()
    data = cox.follow_up(time, event, stratum)
    risk = X[:, 0]
    assert cox.log_likelihood(risk + 7.0 * stratum, data) == pytest.approx(cox.log_likelihood(risk, data))
    assert cox.log_likelihood(risk + 500.0, data) == pytest.approx(cox.log_likelihood(risk, data))
