"""Trees on scores: cuts by hand, a planted split, leaves that say what their samples did."""

from __future__ import annotations

import numpy as np
import pytest

from omics_rx.core.errors import UnknownNameError
from omics_rx.core.work import rng
from omics_rx.signatures import learners
from omics_rx.signatures.learners import growing
from omics_rx.signatures.learners.akritas import Akritas
from omics_rx.signatures.learners.parametric import Parametric, fitted
from omics_rx.signatures.risk_sets import Outcome


def test_the_best_cut_is_that_of_every_cut_tried():
    random = np.random.default_rng(0)
    x, scores, weight = random.normal(size=(40, 3)).round(1), random.normal(size=40), random.uniform(0.5, 2, 40)
    statistic, cut = growing.best_cuts(x, scores, weight, min_leaf=4)
    total = weight.sum()
    left_over = scores - weight @ scores / total
    spread = weight @ left_over**2 / total
    for column in range(3):
        tried = {}
        for level in np.unique(x[:, column])[:-1]:
            left = x[:, column] <= level
            if 4 <= left.sum() <= 36:
                inside = weight[left].sum()
                variance = spread * inside * (total - inside) / (total - 1)
                tried[level] = abs(weight[left] @ left_over[left]) / np.sqrt(variance)
        best = max(tried, key=lambda level: tried[level])
        assert statistic[column] == pytest.approx(tried[best])
        assert best < cut[column] < x[x[:, column] > best, column].min()


def test_a_constant_feature_has_no_cut_and_is_never_strongest():
    x = np.column_stack([np.ones(30), np.arange(30.0)])
    scores = np.where(np.arange(30) < 15, -1.0, 1.0)
    assert growing.best_cuts(x, scores, np.ones(30), min_leaf=3)[0][0] == 0
    np.testing.assert_array_equal(growing.strongest()(x, scores, np.ones(30), np.arange(30)), [0.0, 1.0])
    assert growing.strongest()(x[:, :1], scores, np.ones(30), np.arange(30)) is None


def test_a_planted_split_is_found_and_its_leaves_tell_it():
    z = np.random.default_rng(1).normal(size=(80, 5))
    scores = np.where(z[:, 3] > 0.25, 1.0, -1.0)
    tree = growing.grow(
        z, np.arange(80), np.ones(80), target=lambda rows: scores[rows], rule=growing.strongest(0.05),
        value=lambda rows: float(scores[rows].mean()), growth=growing.Growth(5, 5), random=rng(0, "test"),
    )  # fmt: skip
    assert tree.columns[0].tolist() == [3]
    assert tree.cut[0] == pytest.approx(0.25, abs=0.1)
    np.testing.assert_allclose(tree.predict(z), scores)


def test_a_conditional_tree_leaves_noise_alone():
    random = np.random.default_rng(2)
    grown = 0
    for _ in range(20):
        X, time = random.normal(size=(100, 10)), random.exponential(10, 100) + 0.1
        model = learners.make("conditional_tree").fit(X, time, random.random(100) < 0.7)
        grown += len(model.trees_[0].value) > 1
    assert grown <= 4  # one in twenty is expected


def test_an_oblique_split_takes_a_sum_that_no_single_feature_has():
    random = np.random.default_rng(3)
    X = random.normal(size=(300, 2))
    time = random.exponential(np.exp(-1.5 * (X[:, 0] - X[:, 1])))
    data = Outcome(time, np.ones(300, dtype=bool), np.zeros(300, dtype=int))
    scores = growing.log_rank_scores(data)(np.arange(300))
    direction = growing.oblique(data)(X, scores, np.ones(300), np.arange(300))
    assert direction[0] / -direction[1] == pytest.approx(1, abs=0.15)


def test_akritas_by_hand():
    time, event = np.array([1.0, 2, 3, 4]), np.array([True, True, False, True])
    model = Akritas(share=1.0)  # everyone is a neighbour: Nelson-Aalen, its mean over the events
    model.coef_ = np.array([1.0])
    score = np.array([0.0, 1, 2, 3])
    model.sorted_, model.place_ = score, 2 * np.arange(4) + 1
    from omics_rx.signatures.risk_sets import follow_up

    model.data_ = follow_up(time, event, ties="breslow")
    hazard = np.cumsum([1 / 4, 1 / 3, 1 / 1])
    assert model._risk(np.array([[1.5]]))[0] == pytest.approx(hazard.mean())
    model.share = 0.3  # of the two lowest, both had the event: hazards 1/2 and 3/2, and no step afterwards
    assert model._risk(np.array([[0.0]]))[0] == pytest.approx((1 / 2 + 3 / 2 + 3 / 2) / 3)


def test_a_weibull_without_features_has_its_own_scale():
    random = np.random.default_rng(4)
    time = 20 * random.weibull(1.7, 4000)
    data = Outcome(time, np.ones(4000, dtype=bool), np.zeros(4000, dtype=int))
    found = fitted(np.zeros((4000, 1)), data, 1.0, distribution="weibull")
    assert np.exp(found[0]) == pytest.approx(1.7, rel=0.05)
    assert np.exp(found[1]) == pytest.approx(20, rel=0.05)
    with pytest.raises(UnknownNameError, match="weibull"):
        Parametric("weibul").fit(random.normal(size=(20, 2)), time[:20], np.ones(20, dtype=bool))
