"""What every plot owes its reader: ink that reads, names as they are, no more groups than eyes can hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("agg")
import matplotlib.pyplot as plt
from matplotlib.text import Text

from omics_rx import plots
from omics_rx.plots import style
from omics_rx.report import svg

LIGHT, DARK = "default", "dark_background"


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


def patients(groups: list[str], n: int = 400) -> pd.DataFrame:
    draws = np.random.default_rng(1)
    time = draws.exponential(60, n) + 0.1
    return pd.DataFrame(
        {"time": np.minimum(time, 120), "event": time < 120, "risk_group": draws.choice(groups, n)},
        index=[f"P{i}" for i in range(n)],
    )


def drawn(look: str, groups: list[str]) -> dict[str, Any]:
    """Axes of one plot of each room."""
    rows = patients(groups)
    scores = pd.DataFrame(np.random.default_rng(2).normal(size=(len(rows), 4)), index=rows.index, columns=list("abcd"))
    label = rows["risk_group"]
    forest = pd.DataFrame({"cohort": ["x", "y"], "concordance": [0.6, np.nan], "lower": [0.5, np.nan],
                           "upper": [0.7, np.nan]})  # fmt: skip
    ranking = pd.DataFrame({"name": ["a", "b"], "rank": [1, 2], "rank_low": [1, 1], "rank_high": [2, 2]})
    curve = pd.DataFrame({"model": ["m", "m"], "threshold": [0.1, 0.2], "net_benefit": [0.1, 0.05],
                          "lower": [0.0, 0.0], "upper": [0.2, 0.1]})  # fmt: skip
    chances = pd.DataFrame({"predicted": [0.1, 0.5], "observed": [0.2, 0.4], "lower": [0.1, 0.3], "upper": [0.3, 0.5]})
    with plt.style.context(look):
        return {
            "kaplan_meier": plots.kaplan_meier(rows),
            "forest": plots.concordance_forest(forest),
            "weights": plots.gene_weights({"ESR1": -0.5, "MKI67": 0.4}),
            "composition": plots.composition(label),
            "stacked": plots.composition(label, cohort=pd.Series("c", index=rows.index)),
            "heatmap": plots.heatmap(scores, label),
            "comparison": plots.group_comparison(scores["a"], label),
            "sensitivity": plots.sensitivity_heatmap(scores, label),
            "intervals": plots.intervals(ranking),
            "decision": plots.decision_curve(curve),
            "calibration": plots.calibration(chances),
            "network": plots.drug_network({"a": ["EGFR"]}, {"p": ["EGFR"]}),
        }


@pytest.mark.parametrize("look", [LIGHT, DARK, "grayscale"])
def test_everything_written_reads_on_its_paper(look: str) -> None:
    for name, ax in drawn(look, ["low", "high"]).items():
        ax.figure.canvas.draw()
        paper = ax.figure.get_facecolor()
        for text in ax.figure.findobj(Text):
            inside = name == "stacked" and text.get_text().endswith("%")  # written on a bar of its own
            if text.get_text().strip() and text.get_visible() and text.get_text() != "■" and not inside:
                assert style.contrast(text.get_color(), paper) >= 4.5, (name, text.get_text(), text.get_color())


def test_a_transparent_figure_gets_paper() -> None:
    with plt.rc_context({"figure.facecolor": (0, 0, 0, 0)}):
        ax = plots.gene_weights({"ESR1": -0.5})
    assert ax.figure.get_facecolor()[3] == 1
    assert style.contrast(ax.xaxis.label.get_color(), ax.figure.get_facecolor()) > 4.5


def test_names_are_shown_as_they_are() -> None:
    odd = ["_rest", "US$ a$", "$x$", "a" * 90]
    axes = drawn(LIGHT, odd)
    shown = [text.get_text() for text in axes["kaplan_meier"].get_legend().get_texts()]
    assert len(shown) == len(odd)
    assert any(text.strip().startswith("_rest (") for text in shown)
    assert all(len(text) < 80 for text in shown)
    from matplotlib.cbook import is_math_text

    for name, ax in axes.items():
        ax.figure.canvas.draw()
        assert not any(is_math_text(text.get_text()) is True for text in ax.figure.findobj(Text)), name
    assert "_rest" in [tick.get_text().strip() for tick in axes["composition"].get_yticklabels()]


@pytest.mark.parametrize("n", [2, 20, 250])
def test_many_groups_are_counted_not_drawn_over_the_data(n: int) -> None:
    axes = drawn(LIGHT, [f"g{i}" for i in range(n)])
    assert len(axes["kaplan_meier"].get_legend().get_texts()) == min(n, 8)
    n_drawn = patients([f"g{i}" for i in range(n)])["risk_group"].nunique()
    if n > 8:
        assert f"{n_drawn - 8} smaller groups are not drawn" in axes["kaplan_meier"].get_legend().get_title().get_text()
    heat = axes["heatmap"]
    lines = [line for line in heat.lines if line.get_xdata()[0] == line.get_xdata()[-1]]
    assert len(lines) == (n - 1 if n <= 19 else 0)
    if n > 19:
        assert f"{n_drawn} groups, too many to name" in heat.get_xlabel()
    assert len(axes["composition"].patches) == min(n, 19)
    total = sum(patch.get_width() for patch in axes["composition"].patches)
    assert total == 400
    for ax in axes.values():
        width, height = ax.figure.get_size_inches()
        assert max(width, height) <= 24


def test_the_legend_covers_no_curve_and_the_patients_at_risk_are_whole() -> None:
    fig, ax = plt.subplots(figsize=(6, 4))
    plots.kaplan_meier(patients(["a", "b", "c"]), ax=ax)
    fig.canvas.draw()
    canvas, axes_box = fig.bbox, ax.get_window_extent()
    assert ax.get_legend().get_window_extent().y0 >= axes_box.y1 - 1
    for text in ax.texts:
        box = text.get_window_extent()
        assert min(box.x0 - canvas.x0, box.y0 - canvas.y0, canvas.x1 - box.x1) >= -1, text.get_text()


def test_what_cannot_be_told_is_said_in_words() -> None:
    ax = drawn(LIGHT, ["a", "b"])["forest"]
    words = [text.get_text() for text in ax.texts]
    assert "cannot tell" in words
    assert not any("nan" in word for word in words)
    nothing = pd.DataFrame({"cohort": ["x"], "concordance": [np.nan], "lower": [np.nan], "upper": [np.nan]})
    assert [text.get_text() for text in plots.concordance_forest(nothing).texts] == ["cannot tell"]


def test_weights_are_those_of_a_signature_and_the_largest_of_many() -> None:
    many = {f"G{i}": float(i) for i in range(1, 201)}
    ax = plots.gene_weights(many)
    assert len(ax.patches) == 60
    assert "60 of 200 genes" in ax.get_xlabel()
    assert ax.get_yticklabels()[-1].get_text() == "G200"


@pytest.mark.parametrize("own", ["dark_background", {"text.usetex": True}, {"font.size": 30, "axes.grid": True}])
def test_a_page_is_drawn_alike_whatever_the_users_style(own: Any) -> None:
    def once() -> str:
        return svg.draw(plots.gene_weights, pd.Series({"ESR1": -0.5, "MKI67": 0.4}), size=(4, 2))

    plain = once()
    with plt.style.context(own):
        assert once() == plain
