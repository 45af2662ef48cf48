"""Plots of scores and of predicted response."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from omics_rx import plots
from omics_rx.core.errors import InputError
from omics_rx.plots import style
from omics_rx.plots.response import top_drugs


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture
def samples():
    return [f"S{i}" for i in range(8)]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_composition_counts_every_sample(samples):
    calls = pd.Series(["LumA", "LumA", "Basal", "Basal", "Basal", None, "Her2", "LumA"], index=samples)
    ax = plots.composition(calls)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["LumA", "Her2", "Basal", "not called"]
    assert texts(ax) == ["3 (38%)", "1 (12%)", "3 (38%)", "1 (12%)"]
    assert [bar.get_width() for bar in ax.patches] == [3, 1, 3, 1]
    assert ax.get_xlabel() == "Samples (n = 8)"


def test_composition_of_several_cohorts_is_in_shares(samples):
    calls = pd.Series(["LumA"] * 3 + ["Basal"] * 5, index=samples)
    ax = plots.composition(calls, cohort=pd.Series(["a"] * 4 + ["b"] * 4, index=samples))
    assert sum(bar.get_width() for bar in ax.patches) == pytest.approx(2)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a (n = 4)", "b (n = 4)"]


def test_a_group_has_the_same_colour_in_every_plot():
    assert style.colours(["Basal", "x"])["Basal"] == style.colours(["y", "LumA", "Basal"])["Basal"]
    several = style.colours([f"group {i}" for i in range(6)])
    assert len(set(several.values())) == 6
    assert len(set(style.colours([f"group {i}" for i in range(18)]).values())) == 18
    assert len(style.colours([f"group {i}" for i in range(30)])) == 30


@pytest.mark.parametrize("background", [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0), style.BLUE, style.SKY, style.ORANGE])
def test_text_on_a_colour_has_a_contrast_of_at_least_four_and_a_half(background):
    from matplotlib.colors import to_rgb

    def luminance(colour):
        parts = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in to_rgb(colour)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    pair = sorted([luminance(background), luminance(style.readable_on(background))])
    assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5


def test_heatmap_standardises_each_score_and_keeps_missing_ones_missing(samples):
    values = pd.DataFrame({"a": np.arange(8.0), "b": [1.0, np.nan, 3, 4, 5, 6, 7, 8]}, index=samples)
    ax = plots.heatmap(values, pd.Series(["Basal"] * 4 + ["LumA"] * 4, index=samples))
    image = np.ma.filled(ax.images[0].get_array().astype(float), np.nan)
    assert image.shape == (2, 8)
    assert np.isnan(image[1]).sum() == 1
    assert np.nanmean(image[0]) == pytest.approx(0, abs=1e-12)
    assert np.nanstd(image[0]) == pytest.approx(1)
    # LumA comes first, and its four samples are the four highest of "a"
    assert sorted(image[0, :4]) == sorted(((np.arange(8) - 3.5) / np.std(np.arange(8)))[4:])
    assert {"LumA (4)", "Basal (4)"} <= set(texts(ax))


def test_heatmap_annotations_follow_the_samples(samples):
    values = pd.DataFrame({"a": np.arange(8.0), "b": np.arange(8.0)}, index=samples)
    facts = pd.DataFrame(
        {"ER": ["yes", "no", None, "no", "no", "no", "yes", "yes"], "age": [30, 40, 50, 60, 70, 80, np.nan, 90]},
        index=samples,
    )
    ax = plots.heatmap(values, annotations=facts.iloc[::-1])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "ER", "age (30 to 90)"]
    colours = style.colours(["no", "yes"])
    drawn = [to_hex(colour) for colour in ax.images[1].get_array()[0]]
    told = [style.MISSING if pd.isna(word) else colours[word] for word in facts["ER"]]
    assert drawn in (told, told[::-1])  # one direction of the samples or the other
    ages = ax.images[2].get_array()[0].sum(axis=1)
    known = facts["age"].notna().to_numpy()
    order = 1 if drawn == told else -1
    assert (np.diff(ages[::order][known]) < 0).all()
    assert to_hex(ax.images[2].get_array()[0][::order][6]) == style.MISSING
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["ER: no", "ER: yes", "ER: missing"]


def test_a_constant_score_lies_at_its_mean_and_only_what_is_missing_is_grey(samples):
    ax = plots.heatmap(pd.DataFrame({"a": [1.0] * 7 + [np.nan], "b": np.arange(8.0)}, index=samples))
    shown = np.ma.filled(ax.images[0].get_array().astype(float), np.nan)[0]
    assert np.isnan(shown).sum() == 1
    assert (shown[np.isfinite(shown)] == 0).all()


def test_missing_values_have_a_colour_of_their_own():
    for colours in (style.diverging(), style.sequential()):
        assert to_hex(colours(np.ma.masked_invalid([np.nan]))[0]) == style.MISSING


def test_group_comparison_counts_groups_and_draws_the_same_points_again(samples):
    values = pd.Series([1.0, 2, 3, 4, 10, 11, 12, np.nan], index=samples)
    groups = pd.Series(["a"] * 4 + ["b"] * 4, index=samples)
    first, second = (plots.group_comparison(values, groups, label="T cells (mean log2)") for _ in range(2))
    assert [label.get_text() for label in first.get_xticklabels()] == ["a\nn = 4", "b\nn = 3"]
    assert first.get_ylabel() == "T cells (mean log2)"
    # Kruskal-Wallis of {1,2,3,4} against {10,11,12}: H = 4.5, one degree of freedom, p = 0.0339
    assert first.get_title(loc="left") == "Kruskal-Wallis p = 0.034"
    for one, other in zip(first.get_lines(), second.get_lines(), strict=True):
        np.testing.assert_array_equal(one.get_xdata(), other.get_xdata())


def test_group_comparison_without_common_samples_is_refused(samples):
    with pytest.raises(InputError, match="do the indexes match"):
        plots.group_comparison(pd.Series(1.0, index=samples), pd.Series("a", index=[f"T{i}" for i in range(8)]))


@pytest.fixture
def preference(samples):
    frame = pd.DataFrame(0.0, index=samples, columns=["D1", "D2", "D3"])
    frame.loc[samples[:4], "D2"] = -2.0
    frame.loc[samples[4:], "D3"] = -1.0
    return frame


def test_top_drugs_are_those_that_set_the_group_apart(preference, samples):
    groups = pd.Series(["Basal"] * 4 + ["LumA"] * 4, index=samples)
    assert top_drugs(preference, groups, focus="Basal") == ["D2", "D1", "D3"]
    assert top_drugs(preference, groups, focus="LumA") == ["D3", "D1", "D2"]
    assert top_drugs(preference, groups)[:2] == ["D2", "D3"]
    with pytest.raises(InputError, match="no sample is in the group 'Her2'"):
        top_drugs(preference, groups, focus="Her2")


def test_sensitivity_heatmap_names_drugs_and_sorts_samples_by_group(preference, samples):
    groups = pd.Series(["LumA"] * 4 + ["Basal"] * 3 + [None], index=samples)
    ax = plots.sensitivity_heatmap(preference, groups, n_drugs=2, names={"D2": "Lapatinib"})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Lapatinib", "D3"]
    np.testing.assert_allclose(np.asarray(ax.images[0].get_array())[0], [-2] * 4 + [0] * 4)
    assert ax.get_xlabel() == "8 samples; 2 of 3 drugs"
    assert "not called" in " ".join(texts(ax))


def test_sensitivity_heatmap_without_common_samples_is_refused(preference):
    with pytest.raises(InputError, match="do the indexes match"):
        plots.sensitivity_heatmap(preference, pd.Series("Basal", index=["x"]))


def test_measured_against_predicted_counts_what_lies_inside(samples):
    predicted = pd.Series(0.0, index=samples)
    measured = pd.Series([0, 0.5, -0.5, 3, 0.9, np.nan, -3, 0.1], index=samples)
    ax = plots.measured_against_predicted(measured, predicted, lower=predicted - 1, upper=predicted + 1)
    assert ax.get_title(loc="left") == "71% of 7 inside their interval"
    with pytest.raises(InputError, match="no measurement"):
        plots.measured_against_predicted(measured * np.nan, predicted)
