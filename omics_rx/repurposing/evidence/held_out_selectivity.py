"""Selectivity for the subtype's lines as predicted by fits that had not seen the line."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """As measured selectivity, of predicted responses (sd over lines)."""
    return case.lines(case.need("held_out"))["difference"]


KIND = Kind(
    "held_out_selectivity", "predicted selectivity for the subtype's lines", "sd over lines", -1,
    "response model: as measured selectivity, predicted by fits that had not seen the line", compute,
    needs=("held_out",), weight=0.0,
)  # fmt: skip
