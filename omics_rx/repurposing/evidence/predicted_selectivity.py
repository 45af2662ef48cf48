"""How much more sensitive the response model expects the tumours to be than the others."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Mean preference less that of the other tumours (ln uM)."""
    return case.predicted["difference"]


def _t(case: Case) -> pd.Series:
    return case.predicted["t"]


T = Kind("predicted_selectivity_t", "Welch t of predicted selectivity", "t", -1, "as predicted_selectivity", _t,
         ranked=False)  # fmt: skip
KIND = Kind(
    "predicted_selectivity", "predicted selectivity for the subtype's tumours", "ln uM", -1,
    "response model: mean preference, the subtype less the other tumours", compute, needs=("preference",), support=(T,),
)  # fmt: skip
