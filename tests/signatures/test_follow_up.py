"""Differences between risk groups: worked by hand, against scipy, planted, and under no difference."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.signatures.follow_up import benjamini_hochberg, compare_groups, describe


def _groups(n=40):
    return pd.Series(["high"] * (n // 2) + ["low"] * (n // 2), index=[f"p{i}" for i in range(n)])


def test_ranks_by_hand():
    groups = pd.Series(["high"] * 3 + ["low"] * 4, index=list("abcdefg"))
    found = compare_groups(groups, pd.DataFrame({"x": [5.0, 6, 7, 1, 2, 3, 6]}, index=list("abcdefg"))).iloc[0]
    # 12 pairs: 5 beats 3, 6 beats 3 and ties 1, 7 beats 4 -> 10.5 / 12
    assert found["effect"] == pytest.approx(2 * 10.5 / 12 - 1)
    assert (found["high"], found["low"], found["difference"]) == (6, 2.5, 3.5)
    # Newcombe's method 5: the bound is where the score test of 10.5 / 12 for 3 against 4 gives 1.96
    for bound in ((found["lower"] + 1) / 2, (found["upper"] + 1) / 2):
        shared = 1 + 2.5 * (1 - bound) / (2 - bound) + 2.5 * bound / (1 + bound)
        assert abs(10.5 / 12 - bound) == pytest.approx(1.959964 * np.sqrt(bound * (1 - bound) * shared / 12), rel=1e-5)


def test_shares_by_hand_as_newcombe_has_them():
    groups = pd.Series(["high"] * 70 + ["low"] * 80, index=range(150))
    told = pd.Series([True] * 56 + [False] * 14 + [True] * 48 + [False] * 32, index=range(150))
    found = compare_groups(groups, told.to_frame("treg")).iloc[0]
    assert found["column"] == "treg True"
    assert found["effect"] == pytest.approx(0.2)
    # Newcombe 1998, table II, 56/70 against 48/80, method 10
    assert (round(found["lower"], 4), round(found["upper"], 4)) == (0.0524, 0.3339)
    assert found["p_value"] == pytest.approx(stats.fisher_exact([[56, 14], [48, 32]])[1])


def test_correction_runs_over_all_columns_of_all_tables():
    random = np.random.default_rng(0)
    groups = _groups()
    tables = {
        "immune": pd.DataFrame(random.normal(size=(40, 5)), index=groups.index, columns=list("abcde")),
        "drugs": pd.DataFrame(random.normal(size=(40, 3)), index=groups.index, columns=list("xyz")),
    }
    tables["drugs"]["x"] += (groups == "high") * 3.0
    found = compare_groups(groups, tables)
    np.testing.assert_allclose(found["q_value"], stats.false_discovery_control(found["p_value"]))
    assert found.sort_values("p_value").iloc[0]["column"] == "x"
    assert found.set_index("column").loc["x", "lower"] > 0.5
    for row in found.itertuples():
        one, two = (tables[row.table].loc[groups == side, row.column] for side in ("high", "low"))
        assert row.p_value == pytest.approx(stats.mannwhitneyu(one, two, method="asymptotic").pvalue)


def test_turning_the_groups_turns_the_effect():
    random = np.random.default_rng(1)
    groups, table = _groups(), pd.DataFrame(random.normal(size=(40, 4)), index=_groups().index)
    one, two = compare_groups(groups, table), compare_groups(groups, table, high="low", low="high")
    np.testing.assert_allclose(one["effect"], -two["effect"])
    np.testing.assert_allclose(one["lower"], -two["upper"])
    np.testing.assert_allclose(one["p_value"], two["p_value"])


def test_no_difference_is_rarely_called_one():
    random = np.random.default_rng(2)
    groups = _groups(60)
    table = pd.DataFrame(random.normal(size=(60, 1000)), index=groups.index)
    found = compare_groups(groups, table)
    assert 0.03 < (found["p_value"] < 0.05).mean() < 0.07
    assert 0.92 < ((found["lower"] < 0) & (found["upper"] > 0)).mean() < 0.975
    assert (found["q_value"] < 0.05).sum() <= 2


def test_what_cannot_be_compared_says_why_and_is_not_counted():
    groups = _groups(10)
    table = pd.DataFrame(
        {"a": np.arange(10.0), "b": 1.0, "c": [1.0, 2] + [np.nan] * 8, "d": "same", "e": ["x", "y"] * 5},
        index=groups.index,
    )
    found = compare_groups(groups, table).set_index("column")
    assert found.loc["b", "reason"] == "does not vary"
    assert found.loc["c", "reason"].startswith("fewer than 3")
    assert found.loc["d same", "reason"] == "one level"
    assert found["q_value"].notna().sum() == found["p_value"].notna().sum() == 2
    assert np.isnan(benjamini_hochberg(np.array([0.01, np.nan]))[1])
    assert benjamini_hochberg(np.array([0.01, np.nan]))[0] == 0.01


def test_groups_that_are_too_small_or_not_there_are_refused():
    with pytest.raises(InputError, match="2 patients are high, 8 low"):
        compare_groups(pd.Series(["high"] * 2 + ["low"] * 8), pd.DataFrame({"a": range(10)}))
    with pytest.raises(InputError, match="no sample of the table 'drugs'"):
        compare_groups(_groups(), {"drugs": pd.DataFrame({"a": [1.0]}, index=["other"])})


def test_a_real_cohort_is_described_and_its_groups_differ_in_proliferation(gse1992):
    import omics_rx as orx

    scored = orx.signatures.load("cell_death").score(gse1992)
    tables = describe(gse1992)
    assert {"immune", "subtype", "cell death", "proliferation"} <= set(tables)
    found = compare_groups(scored["risk_group"], tables).set_index("column")
    assert found.loc["proliferation", "q_value"] < 0.01
    assert found.loc["proliferation", "effect"] > 0
    assert found.loc["subtype LumA", "upper"] < 0


def test_one_call_scores_compares_and_takes_predictions(gse1992):
    signature = orx.signatures.load("cell_death")
    drugs = pd.DataFrame(np.random.default_rng(0).normal(size=(gse1992.n_obs, 2)), gse1992.obs_names, ["a", "b"])
    found = orx.signatures.compare_risk_groups(
        signature, gse1992, more={"sensitivity": SimpleNamespace(preference=drugs)}
    )
    assert {"immune", "cell types", "checkpoints", "subtype", "sensitivity"} <= set(found["table"])
    assert "cell shares" not in set(found["table"])  # log ratios have lost the linear scale
    assert found["column"].str.contains("reg", case=False).any()
    rows = found[found["p_value"].notna()]
    np.testing.assert_allclose(rows["q_value"], benjamini_hochberg(rows["p_value"].to_numpy()))
    with pytest.raises(InputError, match="sensitivity is a list"):
        orx.signatures.compare_risk_groups(signature, gse1992, more={"sensitivity": [1, 2]})


def test_pathways_are_compared_where_asked_for(gse1992):
    told = describe(gse1992, pathways=True)
    assert told["pathways"].shape[0] == gse1992.n_obs
    assert told["pathways"].shape[1] > 50
