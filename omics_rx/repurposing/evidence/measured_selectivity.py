"""How much more sensitive the subtype's breast lines were than the other breast lines."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Mean z of the subtype's lines less that of the other breast lines (sd over lines)."""
    return case.measured["difference"]


def _t(case: Case) -> pd.Series:
    return case.measured["t"]


def _n_lines(case: Case) -> pd.Series:
    return case.measured["n_inside"]


T = Kind("measured_selectivity_t", "Welch t of measured selectivity", "t", -1, "as measured_selectivity", _t,
         ranked=False)  # fmt: skip
N_LINES = Kind("n_lines", "breast lines of the subtype measured", "lines", 1, "screen", _n_lines, ranked=False)
KIND = Kind(
    "measured_selectivity", "measured selectivity for the subtype's lines", "sd over lines", -1,
    "screen: the same, the subtype's less the other breast lines", compute, needs=("responses",),
    support=(T, N_LINES), weight=0.0,
)  # fmt: skip
