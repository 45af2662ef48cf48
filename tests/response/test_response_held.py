"""Intervals hold for the drugs that come first, after any number of measurements, and say where they do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.core.screen import DrugScreen
from omics_rx.response import few_shot, held, narrowing
from omics_rx.response.intervals import by_drug

N_DRUGS = 60


def lines(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Errors, and predicted distances from the drug means: half noise, of which too much is made."""
    random = np.random.default_rng(seed)
    truth, noise = random.normal(size=(n, N_DRUGS)), random.normal(size=(n, N_DRUGS))
    level = np.exp(random.normal(0, 0.4, (n, 1)))
    predicted = 0.8 * (truth + noise)
    return level * (truth - predicted), predicted


def test_the_first_drugs_by_preference_are_held_as_all_are():
    errors, predicted = lines(600, 1)
    half = by_drug(errors, 0.9)
    found = held.learn(errors, predicted, half, 0.9)
    new, asked = lines(600, 2)
    plain = np.abs(new) <= half
    scaled = np.abs(new) <= half * found.scale(asked)
    first = np.argsort(np.argsort(asked, axis=1), axis=1) < 5
    assert plain[first].mean() < 0.88
    assert 0.88 < scaled[first].mean() < 0.92
    assert 0.89 < scaled.mean() < 0.91
    assert found.factors[0] > 1.05 > found.factors[2]


def test_lines_are_held_each_by_itself_when_asked_for():
    errors, predicted = lines(600, 3)
    half = by_drug(errors, 0.9)
    found = held.learn(errors, predicted, half, 0.9)
    new, asked = lines(2000, 4)
    inside = np.abs(new) <= half * found.scale(asked) * found.line_factor
    assert (inside.mean(axis=1) >= 0.9).mean() == pytest.approx(0.95, abs=0.025)
    plain = np.sort((np.abs(new) <= half * found.scale(asked)).mean(axis=1))
    assert found.shares["worst twentieth of lines"] == pytest.approx(plain[:100].mean(), abs=0.05)


def test_too_few_lines_tell_nothing():
    errors, predicted = lines(8, 5)
    found = held.learn(errors, predicted, by_drug(errors, 0.9), 0.9)
    assert np.isnan(found.line_factor)
    assert found.factors[0] == 1.0


def test_a_prediction_says_what_its_intervals_held(planted):
    model = orx.response.ResponseModel(("kernel",)).fit(planted, progress=False)
    found = model.predict(planted.cells, domain="cell_line")
    assert found.held.between(0.3, 1).all()
    assert "in the worst twentieth of lines" in repr(found)
    wide = found.for_lines()
    ratio = (wide.upper - wide.lower) / (found.upper - found.lower)
    np.testing.assert_allclose(ratio, found.line_factor)
    pd.testing.assert_frame_equal(wide.mean, found.mean)
    with pytest.raises(InputError, match="by how much to widen"):
        wide.for_lines()
    adapted = model.adapt("cell000", {"D01": 1.0}).predict()
    assert adapted.held is None


def drawn(n: int, seed: int, n_drugs: int = 80) -> np.ndarray:
    """Errors that go together in four groups, an eighth not measured."""
    random = np.random.default_rng(seed)
    loading = np.random.default_rng(0).normal(size=(n_drugs, 4))
    errors = random.normal(size=(n, 4)) @ loading.T + random.normal(size=(n, n_drugs))
    errors[random.random(errors.shape) < 0.125] = np.nan
    return errors


def test_after_any_number_of_measurements_the_share_asked_for_is_held():
    """The covariance of 80 drugs is learnt from 150 lines only, and so trusts itself too much."""
    errors, own_share = drawn(150, 1), 0.05
    half = by_drug(errors, 0.9)
    learnt = few_shot.ErrorCovariance(*few_shot.moments(errors), own_share)
    shown, factors = narrowing.scales(errors, own_share, half, 0.9)
    assert (np.diff(shown) > 0).all()
    new = drawn(300, 2)
    for k, most in ((3, 0.98), (30, 0.98), (60, 0.85)):
        inside = []
        scale = np.interp(np.log(k), np.log(shown), factors)
        for row, own in enumerate(new):
            known = np.flatnonzero(np.isfinite(own))
            at = np.random.default_rng(row).permutation(known)[:k]
            hidden = np.setdiff1d(known, at)
            shift, left = learnt.given(at, own[at])
            off = np.abs(own - shift)[hidden] / (left * half)[hidden]
            inside.append(np.column_stack([off <= 1, off <= scale]))
        before, after = np.concatenate(inside).mean(axis=0)
        assert 0.87 < after < 0.93
        assert before < most


def test_what_is_left_out_by_hand():
    """Two drugs, correlation .8, own share .5: the error of one says .4 of the other's."""
    learnt = few_shot.ErrorCovariance(np.array([1.0, 1.0]), np.array([[1.0, 0.8], [0.8, 1.0]]), 0.5)
    missed, left = narrowing.left_out(learnt, np.array([0, 1]), np.array([1.0, 0.0]))
    np.testing.assert_allclose(missed, [1.0, -0.4])
    np.testing.assert_allclose(left**2, 1 - 0.4**2)


def test_preferences_have_an_interval_of_their_own(planted_like):
    """It holds its share of the preferences of unseen lines, and is narrower where lines differ by their level."""
    screen = planted_like(n_cells=160, n_drugs=30, noise=0.5)
    rows = screen.responses.copy()
    level = pd.Series(np.random.default_rng(1).normal(scale=2.0, size=screen.cells.n_obs), screen.cells.obs_names)
    rows["ln_ic50"] += level.reindex(rows["cell_id"]).to_numpy()
    screen = DrugScreen(rows, screen.cells, screen.drugs, "levels", sure_of_unit=True)
    fold = orx.response.folds(screen, "cell", 4)[0]
    model = orx.response.ResponseModel(("kernel",)).fit(fold.training_screen(screen), progress=False)
    found = model.predict(screen.cells[fold.test_cells])
    truth = screen.matrix().loc[fold.test_cells] - model.screen_.matrix().mean()
    truth = truth.sub(truth.mean(axis=1), axis=0)[found.mean.columns]
    inside = ((truth >= found.preference_lower) & (truth <= found.preference_upper)).to_numpy()[
        truth.notna().to_numpy()
    ]
    assert 0.82 < inside.mean() < 0.97
    own = (found.preference_upper - found.preference_lower).to_numpy().mean()
    assert own < 0.7 * (found.upper - found.lower).to_numpy().mean()
