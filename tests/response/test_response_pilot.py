"""A new drug from a few lines: the posterior by hand, planted truth, and what is asked of its values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.core.screen import DrugScreen
from omics_rx.response import line_covariance


def with_auc(screen: DrugScreen) -> DrugScreen:
    rows = screen.responses.assign(auc=lambda frame: 1 / (1 + np.exp(-(frame["ln_ic50"] - 2) / 4)))
    return DrugScreen(rows, screen.cells, screen.drugs, "areas", sure_of_unit=True)


@pytest.fixture(scope="module")
def world(planted_like):
    """A model that lacks the drug D05, and what that drug did."""
    screen = with_auc(planted_like(n_cells=120, n_drugs=40, noise=0.3))
    kept = screen.subset(drugs=screen.drugs.index.drop("D05"))
    model = orx.response.ResponseModel(("kernel",)).fit(kept, progress=False)
    return model, screen.matrix("auc")["D05"].dropna(), screen


def test_the_posterior_of_one_line_by_hand():
    """Two drugs of effects (1, -1) and (1, -1) in two lines: shared .7 * [[1, -1], [-1, 1]], own variance 0 by drug."""
    responses = np.array([[2.0, 1.0, 3.0], [0.0, 1.0, -1.0], [1.0, 0.0, 1.0]])
    found = line_covariance.learn(responses, np.eye(3), 0.1)
    effects = responses - responses.mean(axis=1, keepdims=True)
    own = ((effects - effects.mean(axis=0)) ** 2).mean()
    alike = (np.eye(3) - 1 / 3) / (2 / 3)
    joint = 0.7 * effects @ effects.T / 3 + 0.3 * own * alike
    np.testing.assert_allclose(found.joint(), joint)
    mean, sd = found.given(np.array([0]), np.array([3.0]))
    gain = joint[:, 0] / (joint[0, 0] + own)
    np.testing.assert_allclose(mean, responses.mean(axis=1) + gain * (3.0 - 2.0))
    np.testing.assert_allclose(sd**2, np.diag(joint) - gain * joint[:, 0] + own)


def test_without_a_drug_is_the_covariance_of_the_others():
    random = np.random.default_rng(0)
    responses = random.normal(size=(12, 6))
    found = line_covariance.learn(responses, np.eye(12), 0.1)
    without = np.arange(6) == 2
    one = found.given(np.array([0, 3]), np.array([1.0, -1.0]), without=without)[0]
    two = found.rows(~without)
    other = two.given(np.array([0, 3]), np.array([1.0, -1.0]))[0]
    np.testing.assert_allclose(one, other)


def test_the_line_that_tells_most_comes_first():
    joint = np.diag([1.0, 1.0, 1.0, 1.0])
    joint[0, 1] = joint[1, 0] = 0.9
    joint[0, 2] = joint[2, 0] = -0.4
    order, explained = line_covariance.in_order(joint, 0.5, 3, free=np.arange(4))
    assert order[0] == 0
    assert (np.diff(explained) > 0).all()
    assert line_covariance.in_order(joint, 0.5, 1, free=np.array([2, 3]))[0][0] in (2, 3)


def test_a_few_lines_tell_what_a_new_drug_does(world):
    model, truth, _ = world
    named = orx.response.pilot(model, 8, among=truth.index)
    assert named["explained"].is_monotonic_increasing
    assert named.index.isin(truth.index).all()
    drug = model.adapt_drug(truth[named.index])
    found = drug.predict()
    hidden = truth.index.difference(named.index)
    assert found.loc[hidden, "mean"].corr(truth[hidden]) > 0.6
    inside = truth[hidden].between(found.loc[hidden, "lower"], found.loc[hidden, "upper"]).mean()
    assert inside > 0.8
    assert found["measured"].sum() == 8
    assert "8 lines measured, AUC" in repr(drug)


def test_lines_not_trained_on_are_predicted_by_their_expression(world, planted_like):
    model, truth, _ = world
    drug = model.adapt_drug(truth[:10])
    more = planted_like(n_cells=120, n_drugs=40, noise=0.3, seed=8)
    cells = more.cells[:30].copy()
    cells.obs_names = [f"other{i}" for i in range(30)]
    found = drug.predict(cells)
    assert found.index.tolist() == cells.obs_names.tolist()
    assert np.isfinite(found[["mean", "lower", "upper"]].to_numpy()).all()
    alone = drug.predict(cells[[4]])
    pd.testing.assert_frame_equal(alone, found.iloc[[4]])
    assert drug.predict(cells, domain="tumour")["lower"].isna().all()


def test_values_of_another_assay_are_brought_to_the_scale(world):
    model, truth, screen = world
    shown = truth[:8]
    plain = model.adapt_drug(shown).predict()
    others = -(30 * screen.matrix("auc").drop(columns="D05") + 7)
    others.columns = [screen.drugs.loc[drug, "name"] for drug in others]
    found = model.adapt_drug(-(30 * shown + 7), assay=others).predict()
    np.testing.assert_allclose(found["mean"], plain["mean"], atol=0.01)
    with pytest.raises(InputError, match="30 that agree"):
        model.adapt_drug(shown, assay=others.iloc[:3, :3])


def test_doubts_are_asked(world):
    model, truth, _ = world
    for given, settings, match in (
        (truth[:3] * 100, {}, "lie outside 0 to 1.2"),
        (truth[:3], {"value": "ln_ic50"}, 'say value="auc"'),
        ({"cell000": np.nan}, {}, "no finite response"),
        ({"no such line": 0.4}, {}, "not among the model's"),
        ({"cell000": 0.4, "CELL000": 0.5}, {}, "given twice"),
        (truth[:3], {"value": "area"}, "value"),
        ([0.3], {}, "measured"),
    ):
        with pytest.raises(InputError, match=match):
            model.adapt_drug(given, **settings)
    assert model.adapt_drug(truth[:3], value="ln_ic50", sure_of_unit=True).value == "ln_ic50"
    for settings in ({"k": 0}, {"k": 500}, {"k": 3, "among": ["cell000", "cell001"]}):
        with pytest.raises(InputError):
            orx.response.pilot(model, **settings)


def test_a_screen_without_auc_says_what_to_measure(planted):
    model = orx.response.ResponseModel(("kernel",)).fit(planted, progress=False)
    with pytest.raises(InputError, match="value='ln_ic50'"):
        orx.response.pilot(model)
    assert len(orx.response.pilot(model, 3, value="ln_ic50")) == 3
