"""Subtypes of triple-negative lines against the calls of the authors of the subtypes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core import cohort as cohorts
from omics_rx.scores.tnbc import SUBTYPES

FOLDER = Path(__file__).parent / "data_tnbc"


@pytest.fixture(scope="module")
def both(gdsc2):
    told = pd.read_csv(FOLDER / "cell_lines.csv", index_col="cell_line")
    lines = gdsc2.cells[gdsc2.cells.obs["name"].isin(told.index).to_numpy()]
    values = cohorts.expression(lines).dropna(how="all")
    values.index = pd.Index(lines.obs["name"].reindex(values.index))
    return orx.scores.tnbc_subtype(values)["subtype"], told.loc[values.index]


@pytest.mark.parametrize(("source", "least"), [("gdsc", 23), ("consensus", 20)])
def test_calls_of_lines(both, source, least):
    """Of 24 lines called: all but one as the authors call them from the same source, 20 as their consensus does."""
    ours, told = both
    called = told[source].isin(SUBTYPES)
    assert called.sum() == 24
    assert (ours[called] == told.loc[called, source]).sum() >= least
