"""ESTIMATE and MCP-counter against an independent implementation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core import cohort as cohorts
from omics_rx.core.exact import EXACT

FOLDER = Path(__file__).parent / "data_immune"


@pytest.fixture(scope="module")
def cohort():
    frame = pd.read_csv(FOLDER / "expression.csv.gz", index_col="gene", **EXACT).T
    return cohorts.with_info(cohorts.as_cohort(frame), unit="log2 intensity")


def test_estimate(cohort):
    told = pd.read_csv(FOLDER / "estimate.csv", index_col="sample")
    ours = orx.scores.estimate(cohort)
    for column, name in (("stromal", "StromalSignature"), ("immune", "ImmuneSignature"), ("estimate", "ESTIMATEScore")):
        assert np.abs(ours[column] - told[name]).max() < 1e-6


def test_mcp_counter(cohort):
    told = pd.read_csv(FOLDER / "mcp_counter.csv", index_col="sample")
    assert np.abs(orx.scores.immune(cohort)[told.columns] - told).to_numpy().max() < 1e-9
