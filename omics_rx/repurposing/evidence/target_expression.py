"""Whether the drug's targets are over-expressed."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing import targets
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Mean over the target genes of how far each stands above the other tumours (sd over tumours)."""
    return targets.target_expression(case.targets, case.differences)


def _error(case: Case) -> pd.Series:
    """Error of the mean over the target genes, taken as independent."""
    errors = case.errors
    squares, known = targets.target_expression(case.targets, errors**2), set(errors.index)
    n = pd.Series({drug: len(known.intersection(genes)) for drug, genes in case.targets.items()}, dtype="float64")
    return (squares / n.reindex(squares.index)).pow(0.5)


KIND = Kind(
    "target_expression", "targets over-expressed in the subtype", "sd over tumours", 1,
    "cohort: mean z of the target genes, the subtype less the other tumours", compute, needs=("genes",),
    error=_error,
)  # fmt: skip
