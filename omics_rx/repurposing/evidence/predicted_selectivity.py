"""How much more sensitive the response model expects the tumours to be than the others."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind

# by how much cohorts differ beyond their tumours, in the spread over drugs; as benchmarks/ranking_intervals.py prints
BETWEEN = {"LumA": 0.56, "LumB": 0.56, "Her2": 0.18, "Basal": 0.18}
_OTHERS = max(BETWEEN.values())


def compute(case: Case) -> pd.Series:
    """Mean preference less that of the other tumours (ln uM)."""
    return case.predicted["difference"]


def _t(case: Case) -> pd.Series:
    return case.predicted["t"]


def _error(case: Case) -> pd.Series:
    """By what chance (Welch's standard error, here and there) and cohorts differ."""
    difference = case.predicted["difference"]
    chance = (difference / case.predicted["t"]).fillna(0.0)
    between = BETWEEN.get(case.subtype, _OTHERS) * difference.std()
    return (2 * (chance**2 + between**2)).pow(0.5)


T = Kind("predicted_selectivity_t", "Welch t of predicted selectivity", "t", -1, "as predicted_selectivity", _t,
         ranked=False)  # fmt: skip
KIND = Kind(
    "predicted_selectivity", "predicted selectivity for the subtype's tumours", "ln uM", -1,
    "response model: mean preference, the subtype less the other tumours", compute, needs=("preference",), support=(T,),
    weight=0.3, error=_error,
)  # fmt: skip
