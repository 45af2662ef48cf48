"""Plots of a ranking, and drawings of molecules."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_rx import plots
from omics_rx.core.errors import InputError
from omics_rx.plots.ranking import favour, kinds


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture
def explanation():
    return pd.Series(
        {
            "drug_id": "D1",
            "name": "Olaparib",
            "base": -1.0,
            "sensitivity": 0.6,
            "targets": -0.2,
            "pathway": 0.1,
            "score": -0.5,
        }
    )


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_intervals_show_the_best_first_and_how_many_there_are():
    table = pd.DataFrame({"name": ["b", "a", "c"], "rank": [2, 1, 3], "rank_low": [1, 1, 2], "rank_high": [3, 2, 3]})
    ax = plots.intervals(table, n=2)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_xlabel() == "Rank among 3 drugs, with interval (1 is best)"
    assert [tuple(part[:, 0]) for part in ax.collections[0].get_segments()] == [(1, 2), (1, 3)]


def test_favour_turns_low_into_good_where_low_is_good_and_keeps_missing_missing():
    evidence = pd.DataFrame({"low": [-2.0, 0, 1], "high": [5.0, np.nan, 7], "one": [np.nan, 3.0, np.nan]})
    found = favour(evidence, {"low": -1, "high": 1})
    np.testing.assert_allclose(found["low"], [1, 0.5, 0])
    np.testing.assert_allclose(found["high"], [0, np.nan, 1])
    assert found["one"].isna().all()


def test_evidence_heatmap_writes_values_and_dashes():
    evidence = pd.DataFrame({"a": [1.0, np.nan], "b": [-0.5, 2]}, index=["D1", "D2"])
    ax = plots.evidence_heatmap(evidence, directions={"b": -1}, names={"D1": "Olaparib"}, labels={"a": "kind a"})
    assert texts(ax) == ["+1.00", "\N{MINUS SIGN}0.50", "\N{EN DASH}", "+2.00"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Olaparib", "D2"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["kind a", "b"]


def test_bars_are_the_contributions_largest_first(explanation):
    ax = plots.shap_bars(explanation)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["sensitivity", "targets", "pathway"]
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], [0.6, -0.2, 0.1])


def test_small_contributions_are_summed_not_dropped(explanation):
    ax = plots.shap_bars(explanation, n=2)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["sensitivity", "2 others"]
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], [0.6, -0.1])


def test_waterfall_walks_from_base_to_score(explanation):
    ax = plots.waterfall(explanation)
    starts = [bar.get_x() for bar in ax.patches]
    np.testing.assert_allclose(starts, [-1.0, -0.4, -0.6])
    last = ax.patches[-1]
    assert last.get_x() + last.get_width() == pytest.approx(-0.5)
    assert "score \N{MINUS SIGN}0.50" in texts(ax)


def test_waterfall_refuses_contributions_that_do_not_add_up(explanation):
    with pytest.raises(InputError, match="do not add up"):
        plots.waterfall(explanation.copy().replace({-0.5: 0.5}))
    with pytest.raises(InputError, match="no base"):
        plots.waterfall(explanation.drop("base"))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=12))
def test_contributions_keep_their_sum_in_any_order(values):
    row = pd.Series(
        {"name": "x", "base": 0.0, **{f"k{i}": value for i, value in enumerate(values)}, "score": sum(values)}
    )
    found = kinds(row)
    assert found.sum() == pytest.approx(sum(values))
    assert (np.diff(found.abs()) <= 0).all()


def test_volcano_colours_only_what_stays_after_adjustment():
    table = pd.DataFrame(
        {"name": list("abcde"), "selectivity": [-2, 1.5, 0.1, 0.2, np.nan], "p": [1e-6, 1e-5, 0.04, 0.9, 0.5]}
    )
    ax = plots.volcano(table)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    # Benjamini-Hochberg over four: 4e-6, 2e-5, 0.053, 0.9
    assert labels == ["not significant (2)", "more sensitive (1)", "more resistant (1)"]
    assert sorted(text for text in texts(ax) if text) == ["a", "b"]
    heights = np.concatenate([line.get_ydata() for line in ax.get_lines()[:3]])
    np.testing.assert_allclose(max(heights), -np.log10(4e-6))


def test_volcano_without_p_values_is_refused():
    with pytest.raises(InputError, match="none of 1 drugs"):
        plots.volcano(pd.DataFrame({"name": ["a"], "selectivity": [1.0], "p": [np.nan]}))


def test_a_dollar_sign_in_a_name_starts_no_formula():
    table = pd.DataFrame({"name": ["$x^2$"], "rank": [1], "rank_low": [1], "rank_high": [1]})
    ax = plots.intervals(table)
    ax.figure.draw_without_rendering()
    assert ax.get_yticklabels()[0].get_text() == r"\$x^2\$"


def test_a_molecule_is_drawn_as_svg_without_background():
    root = ET.fromstring(plots.draw("CC(=O)Oc1ccccc1C(=O)O"))  # noqa: S314 - drawn here
    assert root.tag.endswith("svg")
    assert len([part for part in root.iter() if part.tag.endswith("path")]) >= 13
    assert not [part for part in root.iter() if part.tag.endswith("rect")]


def test_ligands_apart_from_the_metal_are_drawn_too():
    whole, bare = (len(plots.draw(smiles)) for smiles in ("N.N.Cl[Pt]Cl", "Cl[Pt]Cl"))
    assert whole > bare


def test_bad_smiles_are_refused_and_all_named(capfd):
    with pytest.raises(InputError, match="'C1CC' cannot be read"):
        plots.draw("C1CC")
    with pytest.raises(InputError, match=r"2 SMILES cannot be read \(a: C1CC, b: Q\)"):
        plots.draw_all({"a": "C1CC", "b": "Q", "c": "CC"})
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_smiles_is_no_molecule(nothing):
    with pytest.raises(InputError, match="cannot be read"):
        plots.draw(nothing)


@pytest.mark.parametrize("text", ["CO 1686", "ICI 182780", "CCO\tethanol", "c1ccccc1\nC"])
def test_a_name_or_a_broken_line_is_not_drawn_as_another_molecule(text):
    with pytest.raises(InputError, match="a name or a broken SMILES"):
        plots.draw(text)


def test_missing_structures_are_left_out():
    assert list(plots.draw_all(pd.Series({"a": "CC", "b": None, "c": np.nan}))) == ["a"]


def test_a_network_draws_drugs_targets_and_pathways_and_says_what_it_leaves_out():
    from omics_rx import plots
    from omics_rx.core.errors import InputError

    targets = {"one": ["A", "B"], "two": ["B"], "none": []}
    ax = plots.drug_network(targets, {"first": ["A", "B"], "other": ["Z"]})
    words = [text.get_text() for text in ax.texts]
    assert sorted(words) == ["A", "B", "first", "one", "two"]
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"]
    assert len(lines) == 3 + 2
    ends = {(line.get_xdata()[0] > 0.5) for line in lines}
    assert ends == {True, False}
    few = plots.drug_network(targets, {"first": ["A", "B"]}, max_targets=1)
    assert "B" in [text.get_text() for text in few.texts]
    assert "A" not in [text.get_text() for text in few.texts]
    assert few.get_xticklabels()[1].get_text() == "targets; 1 targets left out"
    with pytest.raises(InputError, match="none of 1 drugs has a target"):
        plots.drug_network({"none": []}, {})
