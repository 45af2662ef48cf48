"""How much more sensitive the response model expects the tumours to be than the others."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind

# share of the spread over drugs that another cohort shifts a drug by, beside what its own tumours tell
BETWEEN = 0.5


def compute(case: Case) -> pd.Series:
    """Mean preference less that of the other tumours (ln uM)."""
    return case.predicted["difference"]


def _t(case: Case) -> pd.Series:
    return case.predicted["t"]


def _error(case: Case) -> pd.Series:
    """Welch's standard error, twice where one tumour stands for many; another cohort differs by more than chance."""
    found = case.predicted
    return BETWEEN * found["difference"].std() + (found["difference"] / found["t"]).abs()


T = Kind("predicted_selectivity_t", "Welch t of predicted selectivity", "t", -1, "as predicted_selectivity", _t,
         ranked=False)  # fmt: skip
KIND = Kind(
    "predicted_selectivity", "predicted selectivity for the subtype's tumours", "ln uM", -1,
    "response model: mean preference, the subtype less the other tumours", compute, needs=("preference",), support=(T,),
    weight=0.3, error=_error,
)  # fmt: skip
