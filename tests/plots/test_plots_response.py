"""Bars of gene contributions show what was given, and the rest in one bar."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx import plots
from omics_rx.core.errors import InputError


def test_contributions_add_up_and_the_largest_stand_first():
    genes = pd.Series({"A": 0.1, "B": -0.8, "C": 0.4, "D": 0.05, "E": np.nan})
    ax = plots.contributions(genes, n=2)
    widths = [bar.get_width() for bar in ax.patches]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["B", "C", "2 others"]
    np.testing.assert_allclose(widths, [-0.8, 0.4, 0.15])
    assert sum(widths) == pytest.approx(np.nansum(genes))


def test_nothing_to_draw_is_told():
    with pytest.raises(InputError, match="no gene has a finite contribution"):
        plots.contributions(pd.Series({"A": np.nan}))
