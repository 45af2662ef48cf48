"""How much more sensitive the subtype's lines are than the other groups, over screens and drugs that act alike."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing import corrected
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Contrast of the subtype's lines with the mean of the groups (sd over lines); low is sensitive."""
    return _of(case, 0)


def _error(case: Case) -> pd.Series:
    return corrected.BETWEEN_LINES * _of(case, 1)


def _of(case: Case, part: int) -> pd.Series:
    table = case.sources.pooled[part]
    return table[case.group] if case.group in table else pd.Series(dtype="float64")


KIND = Kind(
    "pooled_selectivity", "selectivity for the subtype's lines, with drugs that act alike", "sd over lines", -1,
    "screens: response corrected by what expression predicts of the line, the subtype's breast lines less the mean of "
    "the groups, drawn towards drugs of like targets and mechanism", compute, needs=("responses",), weight=1.0,
    error=_error, over="lines",
)  # fmt: skip
