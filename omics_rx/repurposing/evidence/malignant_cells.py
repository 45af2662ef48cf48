"""Whether malignant cells express the drug's targets, and other cells do not."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Share of malignant cells with any target above 0, less that of the other cells."""
    expressing: pd.DataFrame = case.need("expressing")
    return expressing["malignant"] - expressing["others"]


KIND = Kind(
    "malignant_cells", "malignant cells that express the targets", "share less that of other cells", 1,
    "the user's single cells: any target gene above 0", compute, needs=("expressing",), question="drug", weight=1.0,
)  # fmt: skip
