"""Plots of follow-up."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from omics_rx import plots
from omics_rx.core.errors import InputError
from omics_rx.plots import style


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture
def scores():
    # low: events at 10 and 30, censored at 20; high: events at 5, 6, 7
    return pd.DataFrame(
        {
            "time": [10.0, 20.0, 30.0, 5.0, 6.0, 7.0],
            "event": [True, False, True, True, True, True],
            "risk_group": ["low"] * 3 + ["high"] * 3,
        }
    )


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_curves_have_the_steps_worked_by_hand(scores):
    ax = plots.kaplan_meier(scores, endpoint="relapse")
    steps = {line.get_label().split()[0]: line for line in ax.get_lines() if "patients" in line.get_label()}
    np.testing.assert_allclose(steps["low"].get_xdata(), [0, 10, 20, 30])
    np.testing.assert_allclose(steps["low"].get_ydata(), [1, 2 / 3, 2 / 3, 0])
    np.testing.assert_allclose(steps["high"].get_ydata(), [1, 2 / 3, 1 / 3, 0], atol=1e-12)


def test_curves_say_how_many_patients_and_events_and_what_the_axes_are(scores):
    ax = plots.kaplan_meier(scores, endpoint="relapse")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["low (3 patients, 2 events)", "high (3 patients, 3 events)"]
    assert ax.get_xlabel() == "Months"
    assert ax.get_ylabel() == "Share free of relapse"
    assert ax.get_legend().get_title().get_text().startswith("log-rank p = ")


def test_numbers_at_risk_count_those_still_followed(scores):
    ax = plots.kaplan_meier(scores)
    ticks = ax.get_xticks()
    shown = [text for text in texts(ax) if text.isdigit()]
    expected = [str(int((scores["time"][:3] >= tick).sum())) for tick in ticks]
    expected += [str(int((scores["time"][3:] >= tick).sum())) for tick in ticks]
    assert shown == expected
    assert expected[0] == "3"


def test_a_censored_patient_is_a_tick_at_the_height_of_the_curve(scores):
    ax = plots.kaplan_meier(scores)
    ticks = [line for line in ax.get_lines() if line.get_marker() == "|" and len(line.get_xdata())]
    assert len(ticks) == 1
    np.testing.assert_allclose(ticks[0].get_xdata(), [20])
    np.testing.assert_allclose(ticks[0].get_ydata(), [2 / 3])


def test_patients_without_a_group_are_counted_not_hidden(scores):
    scores.loc[0, "risk_group"] = None
    assert "1 of 6 patients left out" in plots.kaplan_meier(scores).get_legend().get_title().get_text()


def test_one_group_is_drawn_without_a_test(scores):
    ax = plots.kaplan_meier(scores[scores["risk_group"] == "low"])
    assert ax.get_legend().get_title().get_text() == "one group: no test"


def test_frames_that_cannot_be_drawn_are_refused(scores):
    with pytest.raises(InputError, match="no column risk_group"):
        plots.kaplan_meier(scores.drop(columns="risk_group"))
    with pytest.raises(InputError, match="none of 6 patients"):
        plots.kaplan_meier(scores.assign(risk_group=None))


def test_forest_draws_the_interval_and_writes_the_figures():
    table = pd.DataFrame(
        {"cohort": ["a", "b"], "role": ["cross-validated", "external"], "endpoint": ["relapse", None], "n": [124, 158],
         "events": [35, 50], "concordance": [0.66, 0.61], "lower": [0.57, 0.53], "upper": [0.75, 0.69],
         "method": ["signature", "signature"]}
    )  # fmt: skip
    ax = plots.concordance_forest(table)
    assert texts(ax) == ["0.66 (0.57 to 0.75)", "0.61 (0.53 to 0.69)"]
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["a · signature\nrelapse, 124 patients, 35 events", "b · signature\n158 patients, 50 events"]
    segments = [tuple(part[:, 0]) for bars in ax.collections for part in bars.get_segments()]
    assert segments == [(0.57, 0.75), (0.53, 0.69)]
    low, high = ax.get_xlim()
    assert low < 0.5 < 0.53
    assert high > 0.75


def test_forest_widens_for_figures_below_chance():
    table = pd.DataFrame({"cohort": ["a"], "concordance": [0.35], "lower": [0.2], "upper": [0.5]})
    assert plots.concordance_forest(table).get_xlim()[0] < 0.2


def test_gene_weights_are_sorted_and_coloured_by_sign():
    ax = plots.gene_weights(pd.Series({"A": 0.5, "B": -1.0, "C": 0.1}), {"A": "ferroptosis"})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["B", "C", "A · ferroptosis"]
    from matplotlib.colors import to_hex

    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == [style.BLUE, style.VERMILLION, style.VERMILLION]


def test_a_plot_draws_into_the_axes_given(scores):
    _, ax = plt.subplots()
    assert plots.kaplan_meier(scores, ax=ax) is ax


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("event", ["dead", "alive", "dead", "dead", "dead", "alive"], "events are text"),
        ("event", [2, 1, 2, 2, 2, 2], "coded 1 and 2"),
        ("event", ["True", "False"] * 3, "events are text"),
        ("time", pd.to_timedelta([300, 600, 900, 150, 180, 210], unit="D"), "dates or durations"),
        ("time", ["10", "20", "30.2+", "5", "6", "7"], "times are text"),
    ],
)
def test_outcomes_that_could_be_read_two_ways_are_not_drawn(scores, column, values, says):
    with pytest.raises(InputError, match=says):
        plots.kaplan_meier(scores.assign(**{column: values}))


def test_events_of_nullable_columns_are_drawn(scores):
    told = scores.astype({"event": "boolean", "time": "Float64"})
    told.loc[1, "event"] = pd.NA
    ax = plots.kaplan_meier(told)
    assert ax.get_legend().get_texts()[0].get_text() == "low (2 patients, 2 events)"
    assert "1 of 6 patients left out" in ax.get_legend().get_title().get_text()
