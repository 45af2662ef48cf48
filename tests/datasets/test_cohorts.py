"""The three breast cohorts: follow-up, clinical coding, units, current symbols."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.core import cohort as cohorts
from omics_rx.datasets import cohorts as loaders
from omics_rx.harmonize import changes, current_symbols

NAMES = ("gse1992", "gse3143", "gse4335")


@pytest.fixture(params=NAMES)
def cohort(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize(
    ("name", "n", "events", "endpoint", "unit"),
    [
        ("gse1992", 124, 35, "relapse", "log2 ratio"),
        ("gse3143", 158, 50, "death", "log2 intensity"),
        ("gse4335", 115, 38, "death", "log2 ratio"),
    ],
)
def test_follow_up_and_unit(request, name, n, events, endpoint, unit):
    cohort = request.getfixturevalue(name)
    assert cohort.n_obs == n
    found = cohorts.endpoint(cohort)
    assert (found.n_events, found.name, len(found.samples)) == (events, endpoint, n)
    assert found.time.max() <= 120, "months"
    info = cohorts.info(cohort)
    assert (info.unit, info.domain, info.origin, info.detected) == (unit, "tumour", name, ())


def test_the_unit_that_is_told_fits_the_values(cohort):
    values = np.asarray(cohort.X)
    if cohorts.info(cohort).unit == "log2 intensity":
        assert 0 <= values.min() < values.max() < 17
    else:
        assert abs(np.median(values)) < 0.2, "ratios lie around none"
        assert values.min() < -3 < 3 < values.max()
        assert np.median(values.std(axis=0)) < 0.6, "genes are not scaled to variance one"


def test_over_99_percent_of_symbols_are_current(cohort):
    status = current_symbols(cohort.var_names)["status"]
    assert (status == "kept").mean() > 0.99
    assert cohort.var_names.is_unique
    assert len(changes(cohort)) >= cohort.n_vars


def test_no_expression_is_missing(cohort):
    assert np.isfinite(np.asarray(cohort.X)).all()


def test_er_positive_tumours_express_more_esr1(cohort):
    esr1 = cohort[:, "ESR1"].to_df()["ESR1"]
    positive = cohort.obs["er_positive"].fillna(value=False).astype(bool)
    negative = (~cohort.obs["er_positive"].fillna(value=True)).astype(bool)
    assert positive.sum() > 60
    assert negative.sum() > 30
    assert esr1[positive].mean() > esr1[negative].mean()


@pytest.mark.parametrize(
    ("name", "column", "counts"),
    [
        ("gse1992", "er_positive", {True: 72, False: 50}),
        ("gse1992", "node_positive", {True: 72, False: 51}),
        ("gse1992", "grade", {3: 64, 2: 44, 1: 12}),
        ("gse3143", "er_positive", {True: 110, False: 48}),
        ("gse4335", "er_positive", {True: 82, False: 31}),
        ("gse4335", "node_positive", {True: 79, False: 34}),  # 46 with N1, 33 with N2; one "na", one "x"
        ("gse4335", "grade", {3: 53, 2: 49, 1: 11}),
        ("gse4335", "size", {3: 62, 4: 32, 2: 13, 1: 6}),
    ],
)
def test_clinical_columns_as_counted_by_hand(request, name, column, counts):
    found = request.getfixturevalue(name).obs[column].dropna().value_counts().to_dict()
    assert found == counts


def test_words_for_unknown_are_missing():
    column = pd.Series(["1", "na", "missing", "x", "2.5"], dtype="category")
    found = loaders._number(column)
    assert found.isna().tolist() == [False, True, True, True, False]
    assert found.dropna().tolist() == [1.0, 2.5]


def test_another_word_is_not_taken_for_unknown():
    with pytest.raises(ValueError, match="Unable to parse"):
        loaders._number(pd.Series(["1", "positive"]))


def test_an_underscore_in_a_symbol_is_a_dash(gse4335):
    assert {"HLA-A", "HLA-C", "HLA-DMA"} <= set(gse4335.var_names)
    assert not any("_" in name for name in gse4335.var_names)


def test_loading_again_gives_the_same(gse1992):
    import omics_rx as orx

    again = orx.datasets.load("gse1992", progress=False)
    pd.testing.assert_frame_equal(again.obs, gse1992.obs)
    np.testing.assert_array_equal(again.X, gse1992.X)


def test_the_cohorts_share_enough_genes(gse1992, gse3143, gse4335):
    assert len(set(gse1992.var_names) & set(gse3143.var_names) & set(gse4335.var_names)) > 6000
