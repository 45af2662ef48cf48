"""Calibration and decision curves: what is drawn is what the tables say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx import plots
from omics_rx.core.errors import InputError


def test_a_calibration_plot_shows_every_group_and_the_diagonal():
    groups = pd.DataFrame(
        {"at": [36, 36, 60, 60], "predicted": [0.1, 0.4, 0.2, 0.6], "observed": [0.12, 0.5, 0.2, np.nan],
         "lower": [0.05, 0.4, 0.1, np.nan], "upper": [0.2, 0.6, 0.3, np.nan]}
    )  # fmt: skip
    ax = plots.calibration(groups)
    drawn = {line.get_label(): line.get_ydata() for line in ax.get_lines()}
    np.testing.assert_array_equal(drawn["36 months"], [0.12, 0.5])
    np.testing.assert_array_equal(drawn["60 months"], [0.2])
    np.testing.assert_array_equal(drawn["as predicted"], [0, 1])
    with pytest.raises(InputError, match="none of 4 groups"):
        plots.calibration(groups.assign(observed=np.nan))


def test_a_decision_curve_shows_the_model_beside_its_defaults():
    table = pd.DataFrame(
        {"model": ["m", "m", "treat all", "treat all", "treat none", "treat none"], "threshold": [0.1, 0.3] * 3,
         "net_benefit": [0.2, 0.1, 0.18, -0.1, 0, 0], "lower": np.nan, "upper": np.nan}
    )  # fmt: skip
    ax = plots.decision_curve(table)
    drawn = {line.get_label(): list(line.get_ydata()) for line in ax.get_lines()}
    assert drawn == {"m": [0.2, 0.1], "treat all": [0.18, -0.1], "treat none": [0, 0]}
    assert ax.get_ylim()[1] > 0.2
