"""Hand-written survival methods against R: survival, MASS, partykit, riskRegression, metafor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omics_rx.metrics import calibration, compare, survival
from omics_rx.signatures import cox
from omics_rx.signatures.learners.components import _deviance
from omics_rx.signatures.learners.growing import best_cuts, linear_statistics, log_rank_scores
from omics_rx.signatures.learners.parametric import fitted
from omics_rx.signatures.learners.stepwise import StepwiseCox
from omics_rx.signatures.risk_sets import Outcome

DATA = Path(__file__).parent / "data_survival"
FEATURES = [f"x{at}" for at in range(1, 7)]
PATIENTS = pd.read_csv(DATA / "patients.csv")
THEIRS = pd.read_csv(DATA / "r.csv", keep_default_na=False)
X = PATIENTS[FEATURES].to_numpy()
TIME, EVENT = PATIENTS["time"].to_numpy(), PATIENTS["event"].to_numpy().astype(bool)
RISK = PATIENTS["x1"].to_numpy() - 0.5 * PATIENTS["x2"].to_numpy()


def _r(call: str) -> pd.Series:
    rows = THEIRS[THEIRS["call"] == call]
    assert len(rows)
    return rows.set_index("name")["value"]


def _outcome(*, stratified: bool = False, weighted: bool = False) -> Outcome:
    stratum = PATIENTS["stratum"].to_numpy() if stratified else np.zeros(len(TIME), dtype=int)
    return Outcome(TIME, EVENT, stratum, PATIENTS["weight"].to_numpy() if weighted else None)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_weights_strata_and_ties_are_those_of_coxph(ties):
    data = _outcome(stratified=True, weighted=True).follow_up(ties=ties)
    theirs = _r(f"coxph_{ties}")
    ours = cox.ridge(X, data, 1e-12)
    np.testing.assert_allclose(ours, theirs[FEATURES], atol=2e-6)
    assert cox.log_likelihood(X @ ours, data) == pytest.approx(theirs["loglik"], abs=1e-6)
    assert cox.log_likelihood(np.zeros(len(X)), data) == pytest.approx(theirs["loglik_0"], abs=1e-8)


def test_deviance_residuals_and_baseline_hazard():
    np.testing.assert_allclose(_deviance(_outcome()), _r("residuals_deviance"), atol=1e-6)
    data = _outcome().follow_up(ties="breslow")
    beta = cox.ridge(X[:, :1], data, 1e-12)
    moments, hazard = cox.baseline_hazard(X[:, 0] * beta[0], data, TIME)
    theirs = _r("basehaz_breslow")
    at = theirs.index.astype(float).to_numpy()
    reached = np.append(0.0, hazard)[np.searchsorted(moments, at, side="right")]
    np.testing.assert_allclose(reached, theirs, rtol=1e-6)


@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
def test_steps_take_the_features_that_step_aic_takes(direction):
    found = StepwiseCox(direction).fit(X, TIME, EVENT)
    theirs = _r(f"stepAIC_{direction}")
    assert sorted(FEATURES[at] for at in found.selected_) == sorted(theirs.index)
    ours = found.coef_ / X.std(axis=0, ddof=1)  # a coefficient a unit; a little ridge keeps separated samples finite
    np.testing.assert_allclose(ours[[FEATURES.index(name) for name in theirs.index]], theirs, rtol=2e-3)


@pytest.mark.parametrize("distribution", ["weibull", "log_logistic", "log_normal"])
def test_parametric_regression_is_that_of_survreg(distribution):
    theirs = _r(f"survreg_{distribution.replace('_', '')}")
    found = fitted(X, _outcome(weighted=True), 1e-9, distribution=distribution)
    shape = np.exp(found[0])
    assert 1 / shape == pytest.approx(theirs["scale"], rel=1e-4)
    assert found[1] == pytest.approx(theirs["intercept"], abs=1e-4)
    np.testing.assert_allclose(-found[2:] / shape, theirs[FEATURES], atol=1e-4)


def test_the_root_of_a_conditional_tree():
    rows = np.arange(len(X))
    scores = log_rank_scores(_outcome())(rows)
    weight = np.ones(len(X))
    theirs = _r("ctree_root_statistic")
    np.testing.assert_allclose(linear_statistics(X, scores, weight) ** 2, theirs[FEATURES], rtol=0.05, atol=0.05)
    _, cut = best_cuts(X[:, :1], scores, weight, min_leaf=7)
    below = float(_r("ctree_root_cut")["x1"])  # partykit cuts at a value, the cut here lies half-way to the next
    above = X[:, 0][X[:, 0] > below].min()
    assert below < cut[0] < above


def test_concordance_auc_and_brier():
    harrell = survival.concordance(TIME, EVENT, RISK, n_boot=1).value
    assert harrell == pytest.approx(_r("concordance")["harrell"], abs=1e-12)
    uno = survival.uno_concordance(TIME, EVENT, RISK, horizon=40, n_boot=1).value
    assert uno == pytest.approx(_r("concordance")["uno_before_40"], abs=1e-7)
    theirs = _r("riskRegression_at_20")
    assert survival.dynamic_auc(TIME, EVENT, RISK, at=[20])[20] == pytest.approx(theirs["auc"], abs=1e-9)
    alive = np.exp(-0.3 * np.exp(0.8 * RISK))
    found = calibration.brier_at(TIME, EVENT, alive, at=20)
    # half of the times are tied: R, too, weighs an event by the chance of being followed until just before it
    assert found["brier"] == pytest.approx(theirs["brier"], abs=1e-9)
    assert found["null"] == pytest.approx(theirs["null"], abs=1e-9)
    assert survival.survival_at(TIME, EVENT, 20) == pytest.approx(_r("survfit_at_20")["survival"], abs=1e-12)


def test_pooling_is_that_of_metafor():
    found = compare.pool([0.05, 0.11, -0.02, 0.08], [0.03, 0.04, 0.05, 0.02])
    theirs = _r("rma_dl")
    for name in ("value", "tau2"):
        assert getattr(found, name) == pytest.approx(theirs[name], abs=1e-10)
    # the interval is that of Hartung and Knapp: a weighted mean with its own residual variance
    values, errors = np.array([0.05, 0.11, -0.02, 0.08]), np.array([0.03, 0.04, 0.05, 0.02])
    weight = 1 / (errors**2 + theirs["tau2"])
    spread = np.cov(values, aweights=weight, ddof=0) * 4 / 3 / 4
    assert found.upper - found.value == pytest.approx(3.182446 * np.sqrt(spread), rel=1e-6)
