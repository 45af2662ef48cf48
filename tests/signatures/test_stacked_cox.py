"""The stack, its penalties, its distillation: planted truth, and nothing seen that must not be seen."""

from __future__ import annotations

import numpy as np
import pytest

from omics_rx.core.errors import InputError, NotFittedError
from omics_rx.metrics import survival
from omics_rx.signatures import cox, penalty
from omics_rx.signatures.assemble import prepare, training_set
from omics_rx.signatures.distill import distil, replicated_correlation
from omics_rx.signatures.nested import cross_validated, leave_cohort_out
from omics_rx.signatures.recipes import StackedPatterns
from omics_rx.signatures.risk_sets import Outcome
from omics_rx.signatures.stacked_cox import StackedCox
from omics_rx.signatures.training import CohortScale


@pytest.fixture
def train(make_cohort):
    return training_set(prepare({"a": make_cohort(1), "b": make_cohort(2, shift=3)}, role="training"))


def test_the_planted_pattern_gets_the_weight(train, patterns):
    stack = StackedCox(patterns).fit(train)
    weights = stack.weights_
    assert max(weights, key=weights.get) == "pattern 0"
    assert weights["pattern 0"] > 5 * sum(weight for name, weight in weights.items() if name != "pattern 0")
    assert all(weight >= 0 for weight in weights.values())


def test_the_collapsed_coefficients_give_the_sum_over_patterns(train, patterns):
    stack = StackedCox(patterns).fit(train)
    z = stack.scale_.apply(train)
    total = np.zeros(train.n)
    for name, part in stack.patterns_.items():
        risk = z[:, train.columns(part.genes)] @ part.coefficients
        centred = risk - np.array([risk[train.cohort == c].mean() for c in train.cohort])
        total += stack.weights_[name] * risk / np.sqrt((centred**2).sum() / (train.n - 2))
    np.testing.assert_allclose(stack.risk(z, train), total, atol=1e-10)


def test_out_of_fold_risks_do_not_know_their_own_outcome(train, patterns):
    """Turning a held-back sample's outcome round changes nothing about its own out-of-fold risk at a fixed penalty."""
    fold = train.folds(5, seed=0, name="t")
    z = CohortScale.learn(train).apply(train)[:, :20]
    outcome = Outcome(train.time, train.event, train.cohort)
    before = penalty.choose([(z, z)] * 5, fold, outcome, variances=[0.1])
    changed = fold == 2
    other = Outcome(
        np.where(changed, train.time[::-1], train.time), np.where(changed, ~train.event, train.event), train.cohort
    )
    after = penalty.choose([(z, z)] * 5, fold, other, variances=[0.1])
    np.testing.assert_array_equal(after.risk[changed], before.risk[changed])
    assert not np.allclose(after.risk[~changed], before.risk[~changed])


def test_noise_is_shrunk_and_signal_is_not(train):
    fold = train.folds(5, seed=0, name="t")
    z = CohortScale.learn(train).apply(train)
    outcome = Outcome(train.time, train.event, train.cohort)
    noise = penalty.choose([(z[:, 20:40],) * 2] * 5, fold, outcome)
    signal = penalty.choose([(z[:, :20],) * 2] * 5, fold, outcome)
    assert noise.penalty > signal.penalty
    assert noise.gain < 2 < signal.gain


def test_held_back_scores_are_honest_on_noise(make_cohort, patterns):
    found = []
    for seed in range(6):
        cohorts = {name: make_cohort(seed * 2 + at + 50, 100, effect=0.0) for at, name in enumerate("ab")}
        train = training_set(prepare(cohorts, role="training"))
        scored = cross_validated(train, StackedPatterns(patterns, n_genes=6), seed=seed)
        found.append(
            survival.concordance(train.time, train.event, scored["risk_score"], strata=train.cohort, n_boot=1).value
        )
    assert abs(np.mean(found) - 0.5) < 0.07


def test_held_back_samples_do_not_shape_the_fold_that_scores_them(train, patterns):
    """Spoiling the expression and outcome of one fold leaves every other fold's own model input as it was."""
    fold = train.folds(5, seed=0, name="outer")
    recipe = StackedPatterns(patterns, n_genes=6)
    plain = cross_validated(train, recipe, seed=0)
    spoilt = train.rows(np.arange(train.n))
    spoilt.expression[fold == 3] = spoilt.expression[fold == 3] * 2 + 1
    again = cross_validated(spoilt, recipe, seed=0)
    held = plain["fold"].to_numpy() == 3
    # the model of fold 3 is the same: its scores on the spoilt samples are an exact function of the plain ones' genes
    learnt = train.rows(fold != 3)
    from omics_rx.core.work import subseed

    fitted = recipe.fit(learnt, seed=subseed(0, "fold", 3))
    small, _ = fitted.risks(CohortScale.learn(learnt).apply(spoilt.rows(fold == 3)), train)
    np.testing.assert_allclose(again.loc[held, "risk_score"], small, atol=1e-12)
    assert not np.allclose(again.loc[~held, "risk_score"], plain.loc[~held, "risk_score"])


def test_a_left_out_cohort_is_found_too(train, patterns):
    scored = leave_cohort_out(train, StackedPatterns(patterns, n_genes=6))
    assert (
        survival.concordance(train.time, train.event, scored["risk_score"], strata=train.cohort, n_boot=1).value > 0.65
    )
    assert leave_cohort_out(train.rows(train.cohort == "a"), StackedPatterns(patterns)).empty


def test_jobs_change_nothing(train, patterns):
    recipe = StackedPatterns(patterns, n_genes=6)
    one, two = (cross_validated(train, recipe, n_jobs=n) for n in (1, 2))
    assert one.equals(two)


def test_folds_are_balanced_and_do_not_depend_on_the_order(train):
    fold = train.folds(5, seed=0, name="t")
    assert np.ptp(np.bincount(fold)) <= 1
    for cohort in ("a", "b"):
        for seen in (True, False):
            assert np.ptp(np.bincount(fold[(train.cohort == cohort) & (train.event == seen)], minlength=5)) <= 1
    order = np.random.default_rng(0).permutation(train.n)
    np.testing.assert_array_equal(train.rows(order).folds(5, seed=0, name="t"), fold[order])


def test_distilling_keeps_what_replicates():
    random = np.random.default_rng(0)
    cohort = np.repeat(["a", "b"], 100)
    z = random.normal(size=(200, 10))
    score = 2 * z[:, 0] - 2 * z[:, 1] + np.where(cohort == "a", 3, -3) * z[:, 2]
    strength = replicated_correlation(z, score, cohort)
    assert strength[0] > 0.2
    assert strength[1] < -0.2
    assert strength[2] == 0  # strong in both, with opposite signs
    few = distil(z, score, cohort, n_genes=2)
    assert set(few.columns) == {0, 1}
    assert (z[:, few.columns] @ few.weights).std(ddof=1) == pytest.approx(1)
    assert few.fidelity == pytest.approx(np.corrcoef(z[:, few.columns] @ few.weights, score)[0, 1])
    with pytest.raises(InputError, match="nothing to distil"):
        distil(z, np.zeros(200), cohort, n_genes=2)


def test_a_gene_that_does_not_vary_has_z_zero_not_nan(train):
    train.expression[:, 7] = 5.0
    assert (CohortScale.learn(train).apply(train)[:, 7] == 0).all()


def test_too_little_is_refused(train, patterns):
    with pytest.raises(InputError, match="none of 1 patterns has 3 genes"):
        StackedCox({"other": ["AAA", "BBB", "CCC"]}).fit(train)
    few = train.rows(np.r_[np.flatnonzero(~train.event)[:60], np.flatnonzero(train.event)[:6]])
    with pytest.raises(InputError, match="6 events in 66 samples"):
        StackedCox(patterns).fit(few)
    with pytest.raises(NotFittedError):
        StackedCox(patterns).risk(np.zeros((1, 120)), train)


def test_the_stack_is_stable_when_a_pattern_stands_twice(train, patterns):
    stack = StackedCox({**patterns, "again": patterns["pattern 0"]}).fit(train)
    once = StackedCox(patterns).fit(train)
    z = once.scale_.apply(train)
    assert np.corrcoef(stack.risk(z, train), once.risk(z, train))[0, 1] > 0.99
    assert np.isfinite(cox.log_likelihood(stack.risk(z, train), train.follow_up()))
