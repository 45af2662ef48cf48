"""Dose-response curves: what is drawn is what was fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx import harmonize, plots
from omics_rx.core.errors import InputError


@pytest.fixture(scope="module")
def fitted():
    doses = np.geomspace(0.01, 10, 8)
    rows = [(cell, "drug", dose, 1 / (1 + dose / at)) for cell, at in (("a", 0.1), ("b", 1.0), ("_c", 50.0))
            for dose in doses]  # fmt: skip
    points = pd.DataFrame(rows, columns=["cell_id", "drug_id", "dose_um", "viability"])
    return harmonize.fit_curves(points), points


def test_curves_go_through_their_points_and_mark_the_ic50(fitted):
    curves, points = fitted
    ax = plots.dose_response(curves, points)
    lines = [line for line in ax.lines if len(line.get_xdata()) == 200]
    assert len(lines) == 3
    for line, cell in zip(lines, ("a", "b", "_c"), strict=True):
        own = points[points["cell_id"] == cell]
        drawn = np.interp(np.log(own["dose_um"]), np.log(line.get_xdata()), line.get_ydata())
        np.testing.assert_allclose(drawn, own["viability"], atol=0.06)
    marks = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "|"]
    np.testing.assert_allclose(sorted(marks), [0.1, 1.0], rtol=0.15)  # the third never halves
    assert [text.get_text().strip() for text in ax.get_legend().get_texts()] == ["a", "b", "_c"]


def test_what_cannot_be_drawn_is_told(fitted):
    curves, points = fitted
    with pytest.raises(InputError, match="no column"):
        plots.dose_response(curves.drop(columns="slope"))
    with pytest.raises(InputError, match="no column"):
        plots.dose_response(curves, points.drop(columns="dose_um"))
    with pytest.raises(InputError, match="no rows"):
        plots.dose_response(curves.assign(slope=np.nan))
