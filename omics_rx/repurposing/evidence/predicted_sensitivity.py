"""How sensitive the response model expects the tumours to be."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Mean preference of the tumours (ln uM)."""
    return case.predicted["mean"]


KIND = Kind(
    "predicted_sensitivity", "predicted sensitivity of the subtype's tumours", "ln uM", -1,
    "response model: mean preference over the subtype's tumours", compute, needs=("preference",), weight=0.0,
)  # fmt: skip
