"""How strongly breast lines express the drug's targets."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Mean over the target genes (sd over genes)."""
    return case.targets_in_lines("level")


KIND = Kind(
    "target_level", "expression of the targets in breast lines", "sd over genes", 1,
    "screen: mean over the targets of their level among the genes of each breast line", compute,
    needs=("line_genes", "breast_lines"), question="drug", weight=1.0,
)  # fmt: skip
