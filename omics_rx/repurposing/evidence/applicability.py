"""How like each drug is to the nearest screened one; shown, moves no score."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Tanimoto similarity to the nearest screened drug; 1 is screened."""
    found: pd.Series = case.need("applicability")
    return found


KIND = Kind(
    "applicability", "likeness to the nearest screened drug", "Tanimoto, 1 is screened", 1, "response model", compute,
    needs=("applicability",), ranked=False,
)  # fmt: skip
