"""How much the drug's targets differ between breast lines."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Mean over the target genes (sd over genes)."""
    return case.targets_in_lines("spread")


KIND = Kind(
    "target_spread", "spread of the targets over breast lines", "sd over genes", 1,
    "screen: mean over the targets of their standard deviation over breast lines", compute,
    needs=("line_genes", "breast_lines"), question="drug", weight=1.0,
)  # fmt: skip
