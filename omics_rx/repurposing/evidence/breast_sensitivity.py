"""How much more sensitive breast lines are than those of other tissues."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing import corrected
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind
from omics_rx.repurposing.selectivity import group_difference


def _found(case: Case) -> pd.DataFrame:
    lines = case.sources.over_lines
    made: pd.DataFrame = case.once("breast", lambda: group_difference(
        lines, pd.Series(lines.index.isin(case.need("breast_lines")), index=lines.index)))  # fmt: skip
    return made


def compute(case: Case) -> pd.Series:
    """Mean over breast lines less that over the other lines (sd over lines); low is sensitive."""
    return _found(case)["difference"]


def _error(case: Case) -> pd.Series:
    found = _found(case)
    return corrected.BETWEEN_LINES * (found["difference"] / found["t"]).abs()


KIND = Kind(
    "breast_sensitivity", "sensitivity of breast lines against other tissues", "sd over lines", -1,
    "screens: breast lines less the lines of other tissues, less what each line does to all drugs", compute,
    needs=("responses", "breast_lines"), question="drug", weight=1.0, error=_error, over="lines",
)  # fmt: skip
