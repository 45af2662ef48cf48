"""How potent the drug is over all lines."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.corrected import corrected
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Mean over all lines of the response, corrected by what expression predicts (ln uM)."""
    return corrected(case.sources.responses, case.sources.held_out).mean()


KIND = Kind(
    "potency", "potency over all lines", "ln uM", -1, "screen: mean ln IC50 over the lines of all tissues", compute,
    needs=("responses",), question="drug", weight=1.0,
)  # fmt: skip
