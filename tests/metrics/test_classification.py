"""Calls of two classes: by hand, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from omics_rx.core.errors import InputError
from omics_rx.metrics import classification


def test_by_hand():
    truth, called = [1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 1]  # tp 2, fn 1, tn 4, fp 1
    assert classification.mcc(truth, called) == pytest.approx((2 * 4 - 1 * 1) / np.sqrt(3 * 3 * 5 * 5))
    assert classification.balanced_accuracy(truth, called) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert classification.auc([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1]) == pytest.approx(3.5 / 4)
    assert classification.brier([1, 0], [0.8, 0.4]) == pytest.approx((0.04 + 0.16) / 2)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0])), min_size=2, max_size=40))
def test_scikit_learn_says_the_same(pairs):
    truth, score = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    if truth.all() or not truth.any():
        with pytest.raises(InputError, match="both classes"):
            classification.summary(truth, score, n_boot=5)
        return
    found = classification.summary(truth, score, n_boot=5)["value"]
    called = score >= 0.5
    assert found["mcc"] == pytest.approx(oracle.matthews_corrcoef(truth, called), abs=1e-12)
    assert found["balanced_accuracy"] == pytest.approx(oracle.balanced_accuracy_score(truth, called))
    assert found["auc"] == pytest.approx(oracle.roc_auc_score(truth, score))
    assert found["brier"] == pytest.approx(oracle.brier_score_loss(truth, score))
    assert classification.mcc(truth, called) == pytest.approx(-classification.mcc(truth, ~called), abs=1e-12)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    truth = np.repeat([0, 1], 60)
    inside = 0
    for seed in range(100):
        found = classification.summary(truth, truth + random.normal(size=120), seed=seed, n_boot=200).loc["auc"]
        inside += found["lower"] <= 0.7602 <= found["upper"]  # Phi(1 / sqrt 2)
    assert 88 <= inside <= 99


def test_a_perfect_classifier_is_not_certain():
    """A bootstrap of twenty right calls has no width; the share of right calls may be .84."""
    truth = np.repeat([0, 1], 20)
    found = classification.summary(truth, truth * 0.8 + 0.1, n_boot=500)
    assert (found["value"].drop("brier") == 1).all()
    assert found.loc["sensitivity", "lower"] == pytest.approx(0.839, abs=1e-3)  # Wilson
    assert found.loc["specificity", "lower"] == pytest.approx(0.839, abs=1e-3)
    assert (found.loc[["mcc", "balanced_accuracy", "auc"], "lower"] < 0.95).all()
    assert (found["lower"] <= found["upper"]).all()


def test_labels_pair_truth_and_scores():
    truth = pd.Series([1, 1, 0, 0], index=list("abcd"))
    score = pd.Series([0.1, 0.2, 0.8, 0.9], index=list("cdab"))
    assert classification.auc(truth, score) == 1
    assert classification.brier(truth, score) == pytest.approx((0.04 + 0.01 + 0.01 + 0.04) / 4)
    assert classification.mcc(truth, (score > 0.5).astype(int)) == 1


def test_scores_that_are_no_probabilities_have_no_brier_score():
    found = classification.summary([0, 1, 0, 1], [-3, 5, 1, 2], threshold=0, n_boot=10)
    assert np.isnan(found.loc["brier"]).all()
    assert found.loc["auc", "value"] == 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: classification.mcc([0, 2], [0, 1]), "neither 0 nor 1"),
        (lambda: classification.mcc([0, 1], [0]), "shape"),
        (lambda: classification.brier([0, 1], [0.2, 1.2]), "1 of 2 probabilities"),
        (lambda: classification.auc([0, 1], [0.2, np.nan]), "1 of 2 scores are not finite"),
        (lambda: classification.brier([0, 1], [20, 80]), "per cent"),
        (lambda: classification.brier([0, 1], [0.2, -1e-9]), "1 of 2 probabilities"),
        (lambda: classification.auc(["no", "yes"], [0.2, 1]), "text"),
        (lambda: classification.auc(None, [0.2, 1]), "no truth"),
        (lambda: classification.summary([], []), "no truth"),
        (lambda: classification.balanced_accuracy([1, 1], [0, 1]), "both classes"),
    ],
)
def test_what_cannot_be_judged_is_refused(call, said):
    with pytest.raises(InputError, match=said):
        call()
