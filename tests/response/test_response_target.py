"""AUC as the target, and responses beyond the doses tested."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, truncnorm

import omics_rx as orx
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.core.screen import DrugScreen
from omics_rx.metrics import response as metrics
from omics_rx.response import censoring
from omics_rx.response.prepare import training_of


def with_columns(screen: DrugScreen, **columns) -> DrugScreen:
    return DrugScreen(screen.responses.assign(**columns), screen.cells, screen.drugs, screen.name)


def auc_of(screen: DrugScreen) -> pd.Series:
    return pd.Series(norm.cdf((screen.responses["ln_ic50"] - 2) / 3))


def test_auc_is_learnt_predicted_judged_and_saved(planted, tmp_path):
    screen = with_columns(planted, auc=auc_of(planted))
    model = orx.response.ResponseModel(("kernel",), target="auc").fit(screen, progress=False)
    found = model.predict(screen.cells, domain="cell_line")
    assert found.target == "auc"
    assert "AUC" in repr(found)
    assert metrics.pearson(screen.matrix("auc"), found.mean) > 0.9
    judged = orx.response.evaluate(model, screen, n_folds=3, progress=False)
    assert judged.query("metric == 'rmse'")["value"].max() < 0.2
    assert judged.query("metric == 'interval_coverage'")["value"].mean() == pytest.approx(0.9, abs=0.07)
    read = orx.response.load(model.save(tmp_path / "auc.orx"))
    pd.testing.assert_frame_equal(
        read.predict(screen.cells, domain="cell_line").mean,
        found.mean,
        atol=1e-6,
        check_index_type=False,
        check_column_type=False,
    )
    assert read.target == "auc"


def test_a_target_the_screen_or_the_model_does_not_know(planted):
    with pytest.raises(InputError, match="has no 'auc'"):
        orx.response.ResponseModel(target="auc").fit(planted, progress=False)
    with pytest.raises(UnknownNameError, match="ln_ic50"):
        orx.response.ResponseModel(target="ic50").fit(planted, progress=False)


def test_what_is_expected_beyond_a_bound_is_the_mean_of_a_cut_off_normal(planted):
    training, _ = training_of(planted)
    held_out = np.nan_to_num(training.y) * 0 + 1.0
    side = np.zeros_like(training.y)
    side[0, 0], side[1, 0] = 1, -1
    at = np.where(side != 0, 1.5, np.nan)
    error = training.y[:, 0] - 1.0
    sd = np.sqrt(np.nanmean(error**2))
    found, errors = censoring.expected(training, censoring.Bounds(side, at), held_out)
    above = truncnorm((1.5 - 1) / sd, np.inf, loc=1, scale=sd)
    below = truncnorm(-np.inf, (1.5 - 1) / sd, loc=1, scale=sd)
    assert found.y[0, 0] == pytest.approx(above.mean())
    assert found.y[1, 0] == pytest.approx(below.mean())
    assert errors[0, 0] == pytest.approx(np.sqrt(above.moment(2) - 2 * above.mean() + 1))
    np.testing.assert_array_equal(found.y[2:], training.y[2:])


def test_far_beyond_the_bound_the_expectation_stays_finite(planted):
    training, _ = training_of(planted)
    side, at = np.ones_like(training.y), np.full_like(training.y, 60.0)
    found, errors = censoring.expected(training, censoring.Bounds(side, at), np.zeros_like(training.y))
    assert np.isfinite(found.y).all()
    assert np.isfinite(errors).all()
    assert (found.y >= 60).all()


def test_bounds_by_hand(planted):
    rows = planted.responses.iloc[:4].copy()
    rows["ln_ic50"] = [3.0, 3.5, 1.0, -2.0]
    rows["drug_id"] = ["D00", "D00", "D00", "D01"]
    rows["cell_id"] = ["cell000", "cell001", "cell002", "cell000"]
    rows["censored"] = [True, True, False, False]
    rows["below_lowest"] = [False, False, False, True]
    screen = DrugScreen(rows, planted.cells, planted.drugs)
    training, _ = training_of(planted)
    found = censoring.bounds(screen, training)
    assert found.side[0, 0] == 1
    assert found.side[1, 0] == 1
    assert found.side[2, 0] == 0
    assert found.side[0, 1] == -1
    # a fit that extrapolates: the least censored value is the nearest to the highest dose
    assert found.bound[0, 0] == 3.0
    assert found.bound[1, 0] == 3.0
    assert found.bound[0, 1] == -2.0
    told = censoring.bounds(DrugScreen(rows.assign(highest_um=np.e**2), planted.cells, planted.drugs), training)
    assert told.bound[0, 0] == pytest.approx(2.0)
    with pytest.raises(InputError, match="not above 0"):
        censoring.bounds(DrugScreen(rows.assign(highest_um=0.0), planted.cells, planted.drugs), training)


def test_a_pair_measured_within_the_doses_of_one_screen_is_no_bound(planted):
    rows = planted.responses.iloc[[0, 0]].copy().assign(screen=["a", "b"], censored=[True, False])
    screen = DrugScreen(rows, planted.cells, planted.drugs)
    assert not censoring.bounds(screen, training_of(planted)[0])


def test_knowing_what_is_a_bound_predicts_the_truth_better(planted_like):
    screen = planted_like(n_cells=160, n_drugs=12, noise=0.3, seed=5)
    truth = screen.matrix()
    value = screen.responses["ln_ic50"]
    highest = screen.responses.groupby("drug_id")["ln_ic50"].transform(lambda own: own.quantile(0.5))
    cut = value.clip(upper=highest)
    plain = with_columns(screen, ln_ic50=cut)
    marked = with_columns(screen, ln_ic50=cut, censored=value > highest)
    folds = orx.response.folds(screen, "cell", 2)
    error = []
    for told in (plain, marked):
        model = orx.response.ResponseModel(("kernel",)).fit(folds[0].training_screen(told), progress=False)
        found = model.predict(screen.cells[folds[0].test_cells], domain="cell_line")
        error.append(metrics.rmse(truth.loc[folds[0].test_cells], found.mean))
    assert error[1] < 0.85 * error[0]
