"""Univariate Cox over all genes at once: against lifelines, and what has no coefficient."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from omics_rx.core.errors import InputError
from omics_rx.signatures import cox
from omics_rx.signatures.selectors import univariate_cox


def _data(n: int = 150, p: int = 8, *, effect: float = 0.8):
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(8, [0.01, 0.5, 1, 2, 4, 8, 20, 100][:p] if p == 8 else 1, (n, p)))
    z = (X[2] - X[2].mean()) / X[2].std()
    time = random.exponential(np.exp(-effect * z) * 30) + 0.1
    return X.add_prefix("G"), time, random.random(n) < 0.6, random.integers(0, 3, n)


@pytest.mark.needs("lifelines")
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("stratified", [False, True])
def test_coefficients_equal_lifelines(tied, stratified):
    from lifelines import CoxPHFitter

    X, time, event, stratum = _data()
    time = np.ceil(time / 3) if tied else time
    groups = stratum if stratified else None
    found, data = univariate_cox(X, time, event, strata=groups), cox.follow_up(time, event, groups)
    for gene in X:
        frame = pd.DataFrame({"x": (X[gene] - X[gene].mean()) / X[gene].std(), "t": time, "e": event, "s": stratum})
        fitted = CoxPHFitter().fit(
            frame if stratified else frame.drop(columns="s"), "t", "e", strata=["s"] if stratified else None,
            fit_options={"precision": 1e-12},
        )  # fmt: skip
        sd = X[gene].std()
        ours = found.loc[gene, "coefficient"] * sd
        # lifelines sometimes stops a few millionths short: the slope at our coefficient is the sharper check
        assert ours == pytest.approx(fitted.params_["x"], abs=1e-5)
        assert abs(cox.derivatives(frame[["x"]].to_numpy()[data.order], np.array([ours]), data)[1][0]) < 1e-6
        assert found.loc[gene, "se"] * sd == pytest.approx(fitted.standard_errors_["x"], abs=1e-6)
        assert found.loc[gene, "p_value"] == pytest.approx(fitted.summary.loc["x", "p"], abs=1e-4)


def test_blocks_do_not_show():
    X, time, event, stratum = _data(80, 600)
    whole = univariate_cox(X, time, event, strata=stratum)
    parts = pd.concat([univariate_cox(X.iloc[:, at : at + 7], time, event, strata=stratum) for at in range(0, 600, 7)])
    pd.testing.assert_frame_equal(whole, parts, rtol=1e-6)


def test_p_values_of_noise_are_uniform():
    X, time, event, _ = _data(200, 600, effect=0.0)
    assert kstest(univariate_cox(X, time, event)["score_p"], "uniform").pvalue > 0.01


def test_a_gene_without_a_coefficient_says_why():
    time, event = np.arange(1, 41.0), np.ones(40, dtype=bool)
    random = np.random.default_rng(1)
    X = pd.DataFrame({"flat": np.full(40, 2.0), "perfect": -time, "plain": random.normal(size=40)})
    found = univariate_cox(X, time, event)
    assert found["reason"].to_dict() == {"flat": "does not vary", "perfect": "separates the events", "plain": ""}
    assert found.loc[["flat", "perfect"], "coefficient"].isna().all()
    assert found.loc["perfect", "score_p"] < 1e-6
    assert np.isfinite(found.loc["plain", "coefficient"])


def test_a_steep_gene_does_not_run_away():
    X, time, event, _ = _data(400, 8, effect=4.0)
    found = univariate_cox(X, time, event)
    assert found.loc["G2", "coefficient"] * X["G2"].std() == pytest.approx(4, abs=0.8)


def test_faults_are_refused():
    X, time, event, _ = _data()
    with pytest.raises(InputError, match="1 of 8 genes have missing"):
        univariate_cox(X.assign(G0=X["G0"].where(X.index > 0)), time, event)
    with pytest.raises(InputError, match="no event"):
        univariate_cox(X, time, np.zeros(150, dtype=bool))
    with pytest.raises(InputError, match="give one of each"):
        univariate_cox(X, time[:9], event[:9])
