"""Conformal intervals hold what they say, on planted data and on unseen lines."""

from __future__ import annotations

import numpy as np
import pytest

import omics_rx as orx
from omics_rx.response import intervals


def test_the_quantile_by_hand():
    errors = np.array([3.0, -1.0, 2.0, -4.0, np.nan])
    # rank ceil(5 * 0.75) = 4 of four absolute errors; rank ceil(5 * 0.5) = 3
    assert intervals.conformal_quantile(errors, 0.75) == 4
    assert intervals.conformal_quantile(errors, 0.5) == 3
    assert intervals.conformal_quantile(errors, 0.99) == 4


def test_exchangeable_errors_are_covered_as_stated_and_each_drug_by_its_own_width():
    random = np.random.default_rng(0)
    sd = np.array([0.5, 1.0, 3.0])
    widths = intervals.by_drug(random.normal(size=(400, 3)) * sd, 0.9)
    fresh = np.abs(random.normal(size=(20_000, 3)) * sd)
    np.testing.assert_allclose((fresh <= widths).mean(axis=0), 0.9, atol=0.04)


def test_a_drug_with_few_errors_is_not_given_a_narrow_interval():
    errors = np.full((100, 2), np.nan)
    errors[:, 0] = np.linspace(-5, 5, 100)
    errors[:3, 1] = 0.01
    widths = intervals.by_drug(errors, 0.9)
    assert widths[1] == intervals.conformal_quantile(errors, 0.9)


def test_new_drugs_take_the_width_of_what_is_predicted():
    random = np.random.default_rng(1)
    predicted = np.tile(np.linspace(0, 1, 30), (50, 1))
    errors = random.normal(size=(50, 30)) * (2 - predicted)
    errors[:, 3] = np.nan
    edges, widths = intervals.by_prediction(errors, predicted, 0.9)
    assert (np.diff(widths) < 0).all()
    chosen = intervals.Intervals(0.9, np.array([7.0]), edges, widths)
    asked = np.array([[9.0, 0.01, 0.99], [-9.0, 0.99, 0.01]])
    found = chosen.half_widths(np.array([0, -1, -1]), asked, np.ones(3))
    np.testing.assert_allclose(found, [[7.0, widths[0], widths[-1]], [7.0, widths[-1], widths[0]]])
    group = np.searchsorted(edges, predicted, side="right")
    for i, width in enumerate(widths):
        assert (np.abs(errors[(group == i) & np.isfinite(errors)]) <= width).mean() == pytest.approx(0.9, abs=0.01)


def test_models_of_earlier_versions_keep_their_groups_by_similarity():
    old = intervals.Intervals(0.9, np.array([7.0]), np.array([0.4]), np.array([5.0, 3.0]), "applicability")
    found = old.half_widths(np.array([-1, -1]), np.array([[9.0, -9.0]]), np.array([0.2, 0.8]))
    np.testing.assert_allclose(found, [[5.0, 3.0]])


def test_few_errors_give_one_width():
    edges, widths = intervals.by_prediction(np.arange(60.0).reshape(6, 10), np.arange(60.0).reshape(6, 10), 0.9)
    assert edges.size == 0
    assert list(widths) == [54.0]  # rank ceil(61 * .9) = 55 of 0 to 59


@pytest.mark.parametrize("split", ["cell", "drug", "both"])
def test_coverage_on_what_was_not_seen(split, planted_like):
    screen = planted_like(n_cells=150, n_drugs=48, noise=1.0, seed=3)
    found = orx.response.evaluate(orx.response.ResponseModel(("kernel",)), screen, split, n_folds=4, progress=False)
    covered = found.query("metric == 'interval_coverage'")["value"].mean()
    assert 0.84 < covered < 0.97


def test_with_too_few_drugs_nothing_is_claimed_of_a_new_one(planted):
    few = planted.subset(drugs=planted.drugs.index[:9])
    model = orx.response.ResponseModel(("kernel",)).fit(few, progress=False)
    found = model.predict(planted.cells, planted.drugs.iloc[[10]], "cell_line")
    assert np.isinf(found.upper.to_numpy()).all()
    assert np.isfinite(found.mean.to_numpy()).all()
