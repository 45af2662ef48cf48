"""Differences between groups, general sensitivity, targets and pathways, worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from omics_rx.repurposing import selectivity, targets


def test_difference_and_t_are_welchs():
    random = np.random.default_rng(0)
    values = pd.DataFrame(random.normal(size=(14, 5)))
    values.iloc[0, 0] = np.nan
    inside = pd.Series([True] * 6 + [False] * 8)
    found = selectivity.group_difference(values, inside)
    for column in values:
        a, b = values.loc[inside, column].dropna(), values.loc[~inside, column].dropna()
        assert found.loc[column, "difference"] == pytest.approx(a.mean() - b.mean())
        assert found.loc[column, "t"] == pytest.approx(stats.ttest_ind(a, b, equal_var=False).statistic)
    assert found["n_inside"].tolist() == [5, 6, 6, 6, 6]


def test_too_few_values_give_no_difference_and_strangers_do_not_count():
    values = pd.DataFrame({"x": [1.0, 2.0, 3.0, 7.0, np.nan, 9.0, 100.0]}, index=list("abcdefg"))
    inside = pd.Series([True, True, True, False, False, False], index=list("abcdef"))
    assert np.isnan(selectivity.group_difference(values, inside).loc["x", "difference"])
    two = selectivity.group_difference(values, inside, min_each=2)
    assert two.loc["x", "difference"] == pytest.approx(2 - 8)
    assert two.loc["x", "n_outside"] == 2


def test_a_line_that_resists_everything_stands_out_for_nothing():
    random = np.random.default_rng(1)
    responses = pd.DataFrame(random.normal(size=(30, 40)) + random.normal(size=40) * 3)
    resistant = responses.copy()
    resistant.iloc[0] += 2.0
    raw = selectivity.standardised(resistant).iloc[0].mean()
    assert raw > 1
    assert selectivity.without_general(resistant).mean(axis=1).abs().max() < 1e-12
    few = resistant.copy()
    few.iloc[1, 5:] = np.nan
    assert selectivity.without_general(few).iloc[1].isna().all()


def test_constant_and_short_columns_have_no_z():
    z = selectivity.standardised(pd.DataFrame({"flat": [1.0] * 4, "short": [1.0, 2.0, None, None]}))
    assert z.isna().all().all()


def test_targets_are_split_and_averaged_over_those_measured():
    found = targets.genes_of(pd.Series({"a": "EGFR;ERBB2;EGFR", "b": None, "c": " ; "}))
    assert found == {"a": ["EGFR", "ERBB2"]}
    means = targets.target_expression(
        {"a": ["EGFR", "ERBB2", "NOWHERE"], "b": ["NOWHERE"]}, pd.Series({"EGFR": 1.0, "ERBB2": 2.0})
    )
    assert means.to_dict() == {"a": 1.5}


def test_pathways_leave_out_the_target_and_take_the_smallest():
    book = targets.pathways()
    assert len(book) > 1000
    assert all(15 <= len(genes) <= 150 for genes in book.values())
    gene = "ERBB2"
    mine = sorted((len(genes), name) for name, genes in book.items() if gene in genes)[:2]
    around = [sorted(set(book[name]) - {gene}) for _, name in mine]
    values = pd.Series(np.arange(len(set().union(*around)), dtype=float), index=sorted(set().union(*around)))
    values[gene] = 1000.0
    expected = np.mean([values[genes].mean() for genes in around])
    found = targets.pathway_activity({"d": [gene], "none": ["NOT A GENE"]}, values, n_pathways=2)
    assert found.to_dict() == {"d": pytest.approx(expected)}
