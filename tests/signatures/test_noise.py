"""The test of a signature against noise: right under noise, and it sees what is planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from omics_rx.core.work import one_thread, rng
from omics_rx.signatures import cox, noise
from omics_rx.signatures.assemble import prepare, training_set
from omics_rx.signatures.recipes import StackedPatterns
from omics_rx.signatures.stacked_cox import StackedCox
from omics_rx.signatures.training import CohortScale


def _train(make_cohort, *seeds, **more):
    return training_set(prepare({f"c{seed}": make_cohort(seed, **more) for seed in seeds}, role="training"))


def _dealt(train, seed):
    order = np.arange(train.n)
    for name in train.cohorts:
        rows = np.flatnonzero(train.cohort == name)
        order[rows] = rng(seed, "test deal", name).permutation(rows)
    return replace(train, time=train.time[order], event=train.event[order])


def test_dealt_outcomes_are_refused_at_the_stated_rate(make_cohort, patterns):
    train = _train(make_cohort, 1, 2, n=60)
    recipe = StackedPatterns(patterns)
    with one_thread():
        found = [recipe.chance(_dealt(train, seed), seed=seed, n_permutations=99).p_value for seed in range(150)]
    accepted = np.mean(np.array(found) <= 0.05)
    assert 0.01 <= accepted <= 0.1  # 2.8 standard errors around .05
    assert abs(np.mean(found) - 0.5) < 0.08


def test_what_is_planted_is_seen_in_one_pattern_of_five(make_cohort, patterns):
    recipe = StackedPatterns(patterns)
    assert recipe.chance(_train(make_cohort, 1, 2), seed=0, n_permutations=199).p_value == 1 / 200
    weak = [recipe.chance(_train(make_cohort, s, effect=0.7), seed=0, n_permutations=99).signal for s in range(20, 30)]
    assert np.mean(weak) >= 0.8


def test_the_first_step_follows_the_whole_fit(make_cohort, patterns):
    train = _train(make_cohort, 3)
    genes = patterns["pattern 0"]
    z = CohortScale.learn(train).apply(train)[:, train.columns(genes)]
    data = train.follow_up()
    residual = cox.residuals(np.zeros(train.n), data)[0]
    for variance in (0.01, 0.1):
        whole = z @ cox.ridge(z, data, len(genes) / variance)
        rate = train.n_events / train.n
        step = z @ np.linalg.solve(rate * z.T @ z + len(genes) / variance * np.eye(len(genes)), z.T @ residual)
        assert np.corrcoef(whole, step)[0, 1] > 0.97


def test_seed_and_order_of_samples(make_cohort, patterns):
    train = _train(make_cohort, 1)
    recipe = StackedPatterns(patterns)
    once = recipe.chance(train, seed=4, n_permutations=50)
    assert recipe.chance(train, seed=4, n_permutations=50) == once
    assert noise.Chance(0.05, 999).signal
    assert not noise.Chance(0.051, 999).signal


def test_the_stack_itself_still_finds_patterns_in_noise(make_cohort, patterns):
    """Why the test is needed: the weights of a stack alone do not tell noise from signal."""
    train = _train(make_cohort, 1, n=60)
    with one_thread():
        kept = [bool(StackedCox(patterns).fit(_dealt(train, seed)).genes_) for seed in range(20)]
    assert np.mean(kept) > 0.5
