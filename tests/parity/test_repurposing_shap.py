"""SHAP values of the ranker against LightGBM's own TreeSHAP, a brute-force Shapley value and the raw score."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest

from omics_rx.repurposing import learner


@pytest.fixture(scope="module")
def booster():
    random = np.random.default_rng(0)
    places = random.random((260, 5)) - 0.5
    positive = places[:, 0] + places[:, 1] ** 3 * 4 + random.normal(scale=0.3, size=260) > 0.1
    data = (places, positive, np.ones(260), learner.PRIOR * places.mean(axis=1))
    return learner._booster(data, 3), places


def test_they_add_up_to_the_raw_score(booster):
    model, places = booster
    values, base = learner.shap_values(model, places)
    assert np.abs(values).max() > 0.1
    assert np.abs(values.sum(axis=1) + base - model.predict(places, raw_score=True)).max() < 1e-6


def test_they_are_pred_contrib_less_its_mean_over_all_places(booster):
    model, places = booster
    values, base = learner.shap_values(model, places)
    grid = np.repeat(np.linspace(-0.5, 0.5, learner.N_PLACES)[:, None], 5, axis=1)
    ours, everywhere = (np.asarray(model.predict(x, pred_contrib=True)) for x in (places, grid))
    centre = everywhere[:, :-1].mean(axis=0)
    assert np.abs(values - (ours[:, :-1] - centre)).max() < 1e-6
    assert base == pytest.approx(ours[0, -1] + centre.sum(), abs=1e-6)


def test_path_dependent_shap_is_pred_contrib(booster):
    """What the re-centring is against: shap's other mode gives LightGBM's figures."""
    import shap

    model, places = booster
    explainer = shap.TreeExplainer(model)
    found = explainer(places)
    assert np.allclose(found.values, np.asarray(model.predict(places, pred_contrib=True))[:, :-1], atol=1e-9)


def test_they_are_shapley_values(booster):
    """By definition: every coalition, the absent kinds drawn from the background."""
    model, places = booster
    one = places[7]
    grid = np.repeat(np.linspace(-0.5, 0.5, learner.N_PLACES)[:, None], 5, axis=1)

    def worth(present: tuple[int, ...]) -> float:
        rows = grid.copy()
        rows[:, list(present)] = one[list(present)]
        return float(np.mean(model.predict(rows, raw_score=True)))

    values, base = learner.shap_values(model, one[None, :])
    assert base == pytest.approx(worth(()), abs=1e-6)
    for kind in range(5):
        others = [i for i in range(5) if i != kind]
        total = 0.0
        for size in range(5):
            share = factorial(size) * factorial(4 - size) / factorial(5)
            total += sum(share * (worth((*s, kind)) - worth(s)) for s in combinations(others, size))
        assert values[0, kind] == pytest.approx(total, abs=1e-6)


def test_a_booster_that_learnt_nothing_says_nothing():
    places = np.zeros((40, 3))
    positive = np.arange(40) % 2 == 0
    model = learner._booster((places, positive, np.ones(40), np.zeros(40)), 0)
    values, base = learner.shap_values(model, places[:4])
    assert (values == 0).all()
    assert base == pytest.approx(float(model.predict(places[:1], raw_score=True)[0]))
