"""A column as levels: nothing merged, dropped or cut without a word."""

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.harmonize.levels import NOT_KNOWN, levels_of, site_of


def obs(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=[f"p{i}" for i in range(n)])


def test_texts_stand_as_they_are_and_spellings_are_told():
    found = levels_of(obs(race=["White", "white ", "White", "Black", None, "Unknown"]), "race")
    assert found.labels.tolist() == ["White", "White", "White", "Black", NOT_KNOWN, NOT_KNOWN]
    assert found.order == ("Black", "White", NOT_KNOWN)
    assert found.known == ("Black", "White")
    assert any("one level" in words for words in found.said)
    assert any("not known of 2 of 6" in words for words in found.said)


@pytest.mark.parametrize(
    ("column", "values", "order", "word"),
    [
        ("age_at_diagnosis", [30.0, 50.0, 64.9, 65.0], ("under 50", "50 to under 65", "65 and over"), "cut at 50"),
        ("age", ["30", "55", "NA", "70"], ("under 50", "50 to under 65", "65 and over", NOT_KNOWN), "cut at 50"),
        ("grade", [1, 2, 3, 2], ("1", "2", "3"), ""),
        ("er_positive", [True, False, True, True], ("False", "True"), ""),
        ("score", list(np.arange(9.0) + 0.5), ("under 3.17", "3.17 to under 5.83", "5.83 and over"), "thirds"),
        ("year", ["2004-05-01", "2011-01-31", "2004-12-01", None], ("2004", "2011", NOT_KNOWN), "the year is taken"),
        ("year", list(pd.to_datetime(["2004-05-01", "2011-01-31"])), ("2004", "2011"), "the year is taken"),
    ],
)
def test_numbers_and_dates(column, values, order, word):
    found = levels_of(obs(**{column: values}), "age" if column.startswith("age") else column)
    assert found.order == order
    assert word in " ".join(found.said)


def test_own_cuts_stand_and_a_value_at_a_cut_lies_above():
    found = levels_of(obs(size=[1.0, 20.0, 19.9, 50.0]), "size", cuts=[20, 200])
    assert found.labels.tolist() == ["under 20", "20 and over", "under 20", "20 and over"]


def test_sites_are_read_from_barcodes():
    names = ["TCGA-A1-A0SD-01", "TCGA.BH.A0B3", "other"]
    assert site_of(pd.Index(names)).tolist() == ["A1", "BH", None]
    found = levels_of(pd.DataFrame(index=names), "site")
    assert found.order == ("A1", "BH", NOT_KNOWN)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("note", [f"seen by Dr {chr(65 + i % 26)}{i}" for i in range(200)], "free text"),
        ("date", ["12 March 2004", "3 May 2010", "1 June 2011"], "dates in words"),
        ("date", ["12/03/04", "03.05.2010", "1/6/11"], "dates in words"),
        ("age", ["50", "61", "70", "over 80"], "words among numbers"),
        ("race", ["White", "White", None], "one level"),
        ("race", [None, None, None], "says nothing"),
        ("size", [1.0, np.inf, 2.0], "infinite"),
    ],
)
def test_what_cannot_be_levels_is_refused(column, values, message):
    with pytest.raises(InputError, match=message):
        levels_of(obs(**{column: values}), column)


def test_two_columns_that_may_be_meant_are_asked_about():
    table = obs(age_years=[1.0, 2.0], age_at_diagnosis=[1.0, 2.0])
    with pytest.raises(InputError, match="name the one that is meant"):
        levels_of(table, "age")
    with pytest.raises(InputError, match="no column ancestry"):
        levels_of(table, "ancestry")


@pytest.mark.parametrize("cuts", [[], [3.0, 1.0], [np.nan], [1.0, 1.0]])
def test_cuts_that_do_not_rise_are_refused(cuts):
    with pytest.raises(InputError, match="rising"):
        levels_of(obs(x=list(np.arange(20.0))), "x", cuts=cuts)


def test_an_ordered_category_keeps_its_order():
    stage = pd.Categorical(["late", "early", "mid"], categories=["early", "mid", "late"], ordered=True)
    assert levels_of(obs(stage=stage), "stage").order == ("early", "mid", "late")
