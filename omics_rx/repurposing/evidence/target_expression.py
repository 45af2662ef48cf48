"""Whether the drug's targets are over-expressed."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing import targets
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Mean over the target genes of how far each stands above the other tumours (sd over tumours)."""
    return targets.target_expression(case.targets, case.differences)


KIND = Kind(
    "target_expression", "targets over-expressed in the subtype", "sd over tumours", 1,
    "cohort: mean z of the target genes, the subtype less the other tumours", compute, needs=("genes",),
)  # fmt: skip
