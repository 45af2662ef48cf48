"""What holds of scores for any cohort."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import omics_rx as orx
from omics_rx.core.cohort import as_cohort, with_info
from omics_rx.scores.kernels import TRAITS

COARSE = st.integers(-4, 4).map(lambda n: n / 2 + 0.2)  # few values, so that ties are everywhere; none is a count
RANK_METHODS = sorted(name for name, traits in TRAITS.items() if traits.scale == "rank")
SETS = {"first": ["G0", "G1", "G2"], "mixed": ["G1", "G7", "G11", "G14"]}


def frame(values: np.ndarray) -> pd.DataFrame:
    n_samples, n_genes = values.shape
    return pd.DataFrame(values, index=[f"s{i}" for i in range(n_samples)], columns=[f"G{i}" for i in range(n_genes)])


def scored(table: pd.DataFrame, sets: dict[str, list[str]], **options: object) -> pd.DataFrame:
    """Scores of values whose unit is told: drawn numbers have none that could be found out."""
    return orx.scores.score(with_info(as_cohort(table), unit="log2 ratio"), sets, **options)


@settings(max_examples=40, deadline=None)
@given(values=arrays(float, (4, 16), elements=COARSE), order=st.permutations(range(16)))
def test_permuting_genes_changes_no_rank_score(values, order):
    cohort = frame(values)
    for method in RANK_METHODS:
        before = scored(cohort, SETS, method=method)
        after = scored(cohort.iloc[:, list(order)], SETS, method=method)
        pd.testing.assert_frame_equal(after, before, atol=1e-9, rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(values=arrays(float, (4, 16), elements=COARSE))
def test_monotone_transforms_change_no_rank_score(values):
    cohort = frame(values)
    for method in RANK_METHODS:
        before = scored(cohort, SETS, method=method)
        for transform in (lambda x: 3 * x + 1, np.exp, lambda x: x**3):
            pd.testing.assert_frame_equal(scored(transform(cohort), SETS, method=method), before)


@settings(max_examples=40, deadline=None)
@given(values=arrays(float, (5, 16), elements=COARSE), missing=arrays(bool, (5, 16), elements=st.booleans()))
def test_ssgsea_lies_between_its_extremes_or_is_missing(values, missing):
    cohort = frame(np.where(missing, np.nan, values))
    cohort.iloc[0] = np.arange(16.0) / 4 + 0.2
    scores = scored(cohort, SETS, min_coverage=0.0)
    assert (scores.abs().fillna(0.0) <= 16).all(axis=None)
    for name, genes in SETS.items():
        known = cohort[genes].notna().sum(axis=1)
        others = cohort.drop(columns=genes).notna().sum(axis=1)
        assert scores[name].notna().equals((known > 0) & (others > 0))


@settings(max_examples=40, deadline=None)
@given(values=arrays(float, (6, 16), elements=st.floats(-5, 5, width=32)), shift=st.floats(-3, 3))
def test_mean_follows_a_shift(values, shift):
    cohort = frame(values)
    moved = cohort + shift
    before, after = (scored(data, SETS, method="mean") for data in (cohort, moved))
    np.testing.assert_allclose(after - before, shift, atol=1e-9)


ALONE = sorted(name for name, traits in TRAITS.items() if not traits.whole_cohort)


@settings(max_examples=30, deadline=None)
@given(
    values=arrays(float, (5, 16), elements=COARSE),
    more=arrays(float, (1, 16), elements=st.floats(-50, 50)),
    order=st.permutations(range(5)),
)
def test_adding_or_permuting_samples_changes_no_score_of_the_others(values, more, order):
    cohort, larger = frame(values), frame(np.vstack([values, more]))
    for method in ALONE:
        before = scored(cohort, SETS, method=method)
        after = scored(larger.iloc[[*order, 5]], SETS, method=method)
        pd.testing.assert_frame_equal(after.loc[before.index], before)


@settings(max_examples=20, deadline=None)
@given(values=arrays(float, (6, 16), elements=st.floats(-5, 5, width=32)), order=st.permutations(range(6)))
def test_permuting_samples_changes_nothing_where_samples_are_compared(values, order):
    cohort = frame(values)
    for method in sorted(set(TRAITS) - set(ALONE)):
        before = scored(cohort, SETS, method=method)
        after = scored(cohort.iloc[list(order)], SETS, method=method)
        pd.testing.assert_frame_equal(after.loc[before.index], before, atol=1e-7, rtol=1e-7)
