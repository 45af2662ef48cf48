"""Paired differences and pooling."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.metrics import compare


def test_a_constant_gain_has_no_width():
    found = compare.paired_difference([3.0, 4, 5], [1.0, 2, 3])
    assert (found.value, found.lower, found.upper, found.n) == (2, 2, 2, 3)
    assert found.p_value == 0.25  # three signs agree by chance in one of four
    none = compare.paired_difference([3.0, 4], [3.0, 4])
    assert (none.lower, none.upper, none.p_value) == (0, 0, 1)


def test_the_interval_of_five_units_is_that_of_the_t_test():
    from scipy.stats import ttest_rel

    one, two = np.random.default_rng(8).normal(size=(2, 5))
    found = compare.paired_difference(one, two)
    theirs = ttest_rel(one, two)
    assert found.p_value == pytest.approx(theirs.pvalue)
    assert (found.lower, found.upper) == pytest.approx(tuple(theirs.confidence_interval()))


def test_folds_share_what_they_are_trained_on():
    one, two = np.random.default_rng(9).normal(size=(2, 5))
    plain, folds = (compare.paired_difference(one, two, held_out=share) for share in (None, 0.2))
    # Nadeau and Bengio: 1 / 5 becomes 1 / 5 + 0.2 / 0.8
    assert (folds.upper - folds.lower) / (plain.upper - plain.lower) == pytest.approx(np.sqrt(1 + 5 * 0.25))
    assert folds.p_value > plain.p_value
    one, two = np.random.default_rng(9).normal(size=(2, 10))
    median = [
        compare.paired_difference(one, two, held_out=share, statistic=lambda gaps: float(np.median(gaps)))
        for share in (None, 0.2)
    ]
    assert median[1].upper - median[1].lower > median[0].upper - median[0].lower


def test_series_are_paired_by_their_labels():
    one = pd.Series([1.0, 2.0, 4.0], index=["a", "b", "c"])
    two = pd.Series([4.0, 1.0, 2.5], index=["c", "a", "b"])
    assert compare.paired_difference(one, two).value == pytest.approx(-0.5 / 3)


def test_a_pair_without_a_group_is_left_out():
    found = compare.paired_difference([1.0, 2, 3, 9], np.zeros(4), groups=["x", "y", "x", None])
    assert (found.n, found.n_groups, found.value) == (3, 2, 2)


def test_groups_that_differ_in_size_by_hand():
    # gaps 1 1 4 in two groups: mean 2, sums about it -2 and 2, variance 2 / 1 * 8 / 9
    found = compare.paired_difference([1.0, 1, 4], np.zeros(3), groups=["x", "x", "y"])
    assert found.upper - found.value == pytest.approx(12.7062 * np.sqrt(16) / 3, rel=1e-4)


def test_the_interval_is_that_of_a_mean():
    gaps = np.random.default_rng(0).normal(0.3, 1, size=400)
    found = compare.paired_difference(gaps, np.zeros(400), n_boot=4000)
    error = gaps.std(ddof=1) / 20
    assert found.lower == pytest.approx(gaps.mean() - 1.96 * error, abs=0.15 * error)
    assert found.upper == pytest.approx(gaps.mean() + 1.96 * error, abs=0.15 * error)


def test_units_that_belong_together_widen_the_interval():
    random = np.random.default_rng(1)
    groups = np.repeat(np.arange(20), 20)
    gaps = random.normal(size=20)[groups] + random.normal(scale=0.1, size=400)
    alone = compare.paired_difference(gaps, np.zeros(400))
    grouped = compare.paired_difference(gaps, np.zeros(400), groups=groups)
    assert grouped.n_groups == 20
    assert grouped.upper - grouped.lower > 2.5 * (alone.upper - alone.lower)


def test_incomplete_pairs_are_counted_out_and_another_statistic_is_taken():
    def median(gaps):
        return float(np.median(gaps))

    found = compare.paired_difference([1, 2, np.nan, 10, 2, 2, 2], np.zeros(7), statistic=median)
    assert (found.value, found.n) == (2, 6)
    # percentiles of so few units hold too little
    with pytest.raises(InputError, match="3 units or groups"):
        compare.paired_difference([1, 2, np.nan, 10], np.zeros(4), statistic=median)
    with pytest.raises(InputError, match="2 units or groups"):
        compare.paired_difference(np.arange(8.0), np.zeros(8), groups=list("aaaabbbb"), statistic=median)


def test_pooling_by_hand():
    # equal errors 1, values 0 and 4: Q = 8, tau2 = 8 - 1 = 7, each weighs 1 / 8; spread (4 + 4) / 8 over 1 x 1 / 4 = 4
    found = compare.pool([0.0, 4.0], [1.0, 1.0])
    assert found.value == pytest.approx(2)
    assert found.tau2 == pytest.approx(7)
    assert found.i2 == pytest.approx(7 / 8)
    assert found.upper - found.value == pytest.approx(12.7062 * 2, rel=1e-5)


def test_studies_that_agree_and_a_single_one():
    found = compare.pool([1.0, 1.0, 1.0], [0.5, 1.0, 2.0])
    assert (found.tau2, found.i2) == (0, 0)
    assert found.upper == pytest.approx(1)
    one = compare.pool([0.3], [0.1])
    assert one.n_studies == 1
    assert one.upper == pytest.approx(0.3 + 0.1959964)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: compare.paired_difference([1, 2], [1]), "same units"),
        (lambda: compare.paired_difference([1, np.nan], [1, 2]), "1 of 2 pairs"),
        (lambda: compare.paired_difference([1, 2], [1, 2], groups=["a"]), "give one a sample"),
        (lambda: compare.pool([], []), "no figures"),
        (lambda: compare.pool([1.0], [0.0]), "above 0"),
        (lambda: compare.pool([1.0, 2.0], [0.1]), "one standard error"),
        (lambda: compare.pool(None, None), "no figures"),
        (lambda: compare.pool(["a"], [1]), "text"),
        (lambda: compare.paired_difference(None, [1, 2]), "no figures of the first"),
        (lambda: compare.paired_difference([1, 2], [1, 2], groups=["a", "a"]), "all pairs are of one group"),
        (lambda: compare.paired_difference([1, 2], [1, 2], held_out=5), "share of samples in a fold"),
    ],
)
def test_what_cannot_be_compared_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_crossed_factors_by_hand():
    # rows differ, columns do not: the interval is that of the mean of the rows
    rows = np.random.default_rng(2).normal(size=(60, 1))
    found = compare.crossed(np.mean, np.repeat(rows, 30, axis=1), n_boot=2000)
    assert found.value == pytest.approx(rows.mean())
    assert found.se == pytest.approx(rows.std() / np.sqrt(60), rel=0.05)
    assert found.se_rows == pytest.approx(found.se)
    assert found.se_columns == pytest.approx(0, abs=1e-12)
    assert (found.n_rows, found.n_columns) == (60, 30)


def test_crossed_noise_is_counted_once():
    noise = np.random.default_rng(3).normal(size=(80, 60))
    found = compare.crossed(np.mean, noise, n_boot=1000)
    assert found.se == pytest.approx(1 / np.sqrt(80 * 60), rel=0.35)  # three times the variance without the correction


def test_crossed_rows_that_belong_together_are_drawn_together():
    patient = np.repeat(np.arange(15), 4)
    table = np.random.default_rng(4).normal(size=15)[patient][:, None] + np.zeros((60, 10))
    alone, together = (compare.crossed(np.mean, table, row_groups=groups) for groups in (None, patient))
    assert together.n_rows == 15
    assert together.se == pytest.approx(2 * alone.se, rel=0.2)


def test_crossed_takes_several_tables_and_a_null():
    random = np.random.default_rng(5)
    first = random.normal(1, 0.1, size=(20, 12))
    found = compare.crossed(lambda one, two: float((one - two).mean()), first, np.zeros((20, 12)), null=1.0)
    assert found.value == pytest.approx(1, abs=0.05)
    assert found.p_value > 0.01
    assert compare.crossed(lambda one, two: float((one - two).mean()), first, np.zeros((20, 12))).p_value < 1e-9


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: compare.crossed(np.mean), "no table"),
        (lambda: compare.crossed(np.mean, [[1.0, 2]], [[1.0, 2, 3]]), "all tables alike"),
        (lambda: compare.crossed(np.mean, [["a", "b"]]), "something else than numbers"),
        (lambda: compare.crossed(np.mean, None), "rows x columns"),
        (lambda: compare.crossed(np.mean, [[1.0, 2.0]]), "two or more"),
        (lambda: compare.crossed(np.mean, np.ones((3, 3)), row_groups=["a"]), "one group a row"),
        (lambda: compare.crossed(np.mean, np.full((3, 3), np.nan)), "not a finite number"),
        (
            lambda: compare.crossed(np.mean, np.where(np.eye(6) > 0, np.nan, 1), n_boot=50),
            "not a finite number",
        ),
    ],
)
def test_crossed_refuses_what_is_not_a_table(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_crossed_bounds_are_students_over_the_smaller_side():
    from scipy.stats import t

    table = np.random.default_rng(6).normal(0.4, 1, size=(9, 5))
    for level in (0.95, 0.8):
        found = compare.crossed(np.mean, table, level=level)
        half = t.ppf((1 + level) / 2, 4) * found.se
        assert (found.lower, found.upper) == pytest.approx((found.value - half, found.value + half))
        assert found.p_value == pytest.approx(2 * t.sf(found.value / found.se, 4))
    turned = compare.crossed(np.mean, -table)
    assert turned.p_value == pytest.approx(2 * t.sf(-turned.value / turned.se, 4))


def test_two_rows_can_be_crossed_and_equal_entries_are_certain():
    found = compare.crossed(np.mean, [[1.0, 2, 3], [2.0, 3, 4]])
    assert (found.n_rows, found.n_columns) == (2, 3)
    same = compare.crossed(np.mean, np.full((4, 3), 2.0))
    assert (same.lower, same.upper, same.se) == (2, 2, 0)
    assert same.p_value == 0.25  # the signs of three columns agree by chance in one of four
    assert compare.crossed(np.mean, np.full((4, 3), 2.0), null=2.0).p_value == 1


def test_crossed_bears_a_few_resamples_without_a_figure_and_no_more():
    """Three given rows of five are all lacking in 1% of the draws, one of them in a third."""
    table = np.repeat(np.arange(5.0)[:, None], 2, axis=1)

    def needs_row(table, wanted):
        return float(table.mean()) if np.isin(wanted, table[:, 0]).any() else float("nan")

    assert compare.crossed(lambda table: needs_row(table, [0, 1, 2]), table, n_boot=200).n_rows == 5
    with pytest.raises(InputError, match="of 200 resamples have no finite figure"):
        compare.crossed(lambda table: needs_row(table, [0]), table, n_boot=200)


def test_one_study_has_no_spread_between_studies():
    found = compare.pool([0.1], [0.1])
    assert (found.tau2, found.i2, found.n_studies) == (0, 0, 1)
