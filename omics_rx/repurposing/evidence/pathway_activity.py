"""Whether the genes around the drug's targets are over-expressed."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing import targets
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Mean over the targets' smallest pathways, the targets left out (sd over tumours)."""
    return targets.pathway_activity(case.targets, case.differences)


KIND = Kind(
    "pathway_activity", "pathways of the targets active in the subtype", "sd over tumours", 1,
    "cohort and Reactome: mean z of the genes around the targets, the subtype less the other tumours", compute,
    needs=("genes",), cites=("milacic2024",), weight=0.0,
)  # fmt: skip
