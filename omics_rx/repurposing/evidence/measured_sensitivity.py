"""How sensitive the subtype's breast lines were."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Mean z of the lines' responses, less what each line does to all drugs (sd over lines)."""
    return case.measured["mean"]


KIND = Kind(
    "measured_sensitivity", "measured sensitivity of the subtype's lines", "sd over lines", -1,
    "screen: mean z of ln IC50 over the subtype's breast lines, less what each line does to all drugs", compute,
    needs=("responses",), weight=0.0,
)  # fmt: skip
