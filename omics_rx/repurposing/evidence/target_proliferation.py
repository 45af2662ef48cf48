"""Whether the drug's targets go with proliferation."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Mean over the target genes (correlation)."""
    return case.targets_in_lines("proliferation")


KIND = Kind(
    "target_proliferation", "targets that go with proliferation in breast lines", "correlation", 1,
    "screen: mean over the targets of their correlation over breast lines with the proliferation genes of PAM50",
    compute,
    needs=("line_genes", "breast_lines"), question="drug", weight=1.0,
)  # fmt: skip
