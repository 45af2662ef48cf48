"""Ranking figures: worked by hand, against scikit-learn, and on what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omics_rx.core.errors import InputError
from omics_rx.metrics import ranking


def test_perfect_reversed_and_tied():
    assert ranking.auroc([1, 1, 0, 0], [4, 3, 2, 1]) == 1.0
    assert ranking.auroc([0, 0, 1, 1], [4, 3, 2, 1]) == 0.0
    assert ranking.auroc([0, 1, 0, 1], [1, 1, 1, 1]) == 0.5
    assert ranking.average_precision([0, 1, 0, 1], [1, 1, 1, 1]) == 0.5  # all tied: the prevalence


def test_worked_by_hand():
    # order of labels by score: 1 0 1 1 0; precisions at the hits 1, 2/3, 3/4
    labels, scores = [0, 1, 1, 0, 1], [1, 5, 3, 4, 2]
    assert ranking.average_precision(labels, scores) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert ranking.auroc(labels, scores) == pytest.approx(4 / 6)
    assert ranking.recall_at(labels, scores, 3) == pytest.approx(2 / 3)
    assert ranking.enrichment(labels, scores, 0.4) == pytest.approx((1 / 2) / (3 / 5))
    ideal = 1 + 1 / np.log2(3) + 0.5
    assert ranking.ndcg_at(labels, scores, 3) == pytest.approx((1 + 0.5) / ideal)


def test_ties_over_the_boundary_count_by_their_share():
    # two of the three tied fit into the first three: two thirds of the one tied positive
    assert ranking.recall_at([0, 1, 0, 0], [5, 1, 1, 1], 3) == pytest.approx(2 / 3)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 60), st.booleans())
def test_parity_with_scikit_learn(seed, n, tied):
    from sklearn.metrics import average_precision_score, roc_auc_score

    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(n) < max(1, n // 3))
    scores = np.round(random.normal(size=n), 1 if tied else 8)
    assert ranking.auroc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))
    assert ranking.average_precision(labels, scores) == pytest.approx(average_precision_score(labels, scores))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_items_and_growing_transforms_change_nothing(seed):
    random = np.random.default_rng(seed)
    labels, scores = np.arange(20) < 6, np.round(random.normal(size=20), 1)
    order = random.permutation(20)
    for metric in (ranking.auroc, ranking.average_precision, lambda y, s: ranking.ndcg_at(y, s, 7)):
        assert metric(labels, scores) == pytest.approx(metric(labels[order], np.exp(scores[order])))


def test_what_a_group_shares_does_not_help_within_groups():
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 4)
    labels = np.tile([1, 0, 0, 0], 40)
    shared = np.repeat(random.normal(scale=10, size=40), 4)
    chance = random.normal(size=160)
    with_shared = ranking.within_group_auroc(labels, chance + shared, groups)
    assert with_shared == pytest.approx(ranking.within_group_auroc(labels, chance, groups))
    assert ranking.within_group_auroc(labels, labels + shared, groups) == 1.0


def test_the_interval_holds_the_value_and_narrows():
    random = np.random.default_rng(1)
    labels = np.arange(400) < 80
    scores = random.normal(size=400) + labels
    wide = ranking.bootstrap(ranking.auroc, labels[::8], scores[::8], n_boot=300)
    narrow = ranking.bootstrap(ranking.auroc, labels, scores, n_boot=300)
    assert narrow.lower < narrow.value < narrow.upper
    assert narrow.upper - narrow.lower < wide.upper - wide.lower
    assert narrow == ranking.bootstrap(ranking.auroc, labels, scores, n_boot=300)
    assert (narrow.n_positive, narrow.n_negative) == (80, 320)


def test_drugs_of_a_mechanism_are_hits_together():
    random = np.random.default_rng(3)
    mechanism = np.repeat(np.arange(30), 6)
    labels = mechanism < 8
    scores = random.normal(size=30)[mechanism] + 0.1 * random.normal(size=180) + labels
    alone = ranking.bootstrap(ranking.auroc, labels, scores, n_boot=300)
    together = ranking.bootstrap(ranking.auroc, labels, scores, groups=mechanism, n_boot=300)
    assert (together.n_positive, together.n_negative) == (8, 22)
    assert together.value == alone.value
    assert together.upper - together.lower > 1.8 * (alone.upper - alone.lower)


def test_a_gain_is_resampled_together():
    random = np.random.default_rng(4)
    labels = np.arange(200) < 50
    noise = random.normal(size=200)
    better, worse = noise + 2 * labels, noise + labels
    found = ranking.gain(ranking.auroc, labels, (better, worse), n_boot=300)
    assert found.value == ranking.auroc(labels, better) - ranking.auroc(labels, worse)
    assert 0 < found.lower < found.value < found.upper
    assert found.p_value < 0.02
    same = ranking.gain(ranking.auroc, labels, (better, better), n_boot=50)
    assert (same.value, same.lower, same.upper, same.p_value) == (0, 0, 0, 1)
    groups = np.arange(200) // 10
    assert ranking.gain(ranking.auroc, labels, (better, worse), groups=groups, n_boot=50).n_positive == 5


def test_what_cannot_be_resampled_is_refused():
    with pytest.raises(InputError, match="needs two or more"):
        ranking.bootstrap(ranking.auroc, [1, 1, 0, 0], [1, 2, 3, 4], groups=["a", "a", "b", "c"])
    with pytest.raises(InputError, match="1 of 4 items have no group"):
        ranking.bootstrap(ranking.auroc, [1, 1, 0, 0], [1, 2, 3, 4], groups=["a", None, "b", "c"])
    with pytest.raises(InputError, match="first, second"):
        ranking.gain(ranking.auroc, [1, 0], [1, 2, 3])


@pytest.mark.parametrize(
    ("labels", "scores", "words"),
    [
        ([1, 0], [1.0, np.nan], "1 scores are not finite"),
        ([1, 1], [1.0, 2.0], "both kinds"),
        ([1, 2], [1.0, 2.0], "neither 0 nor 1"),
        ([1, 0, 1], [1.0, 2.0], "differ in shape"),
        (None, [1.0], "no labels"),
        (["yes", "no"], [1.0, 2.0], "text"),
        ([], [], "no labels"),
        ([1, 0], ["high", "low"], "text"),
    ],
)
def test_faults(labels, scores, words):
    with pytest.raises(InputError, match=words):
        ranking.auroc(labels, scores)


def test_limits_of_k_and_fraction():
    with pytest.raises(InputError, match="k is 5 with 2"):
        ranking.recall_at([1, 0], [2, 1], 5)
    with pytest.raises(InputError, match="fraction"):
        ranking.enrichment([1, 0], [2, 1], 0)
    with pytest.raises(InputError, match="no group"):
        ranking.within_group_auroc([1, 0], [2, 1], ["a", "b"])


def test_two_positives_are_enough_for_an_interval():
    found = ranking.bootstrap(ranking.auroc, [1, 1, 0, 0, 0], [5, 3, 4, 2, 1], n_boot=50)
    assert (found.n_positive, found.n_negative) == (2, 3)
    assert found.lower <= found.value <= found.upper
