"""The predicted IC50 over the peak plasma concentration; known of launched drugs only, so it moves no score."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing import further
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Median predicted ln IC50 over the subtype's tumours less the ln peak concentration (ln ratio)."""
    expected: pd.DataFrame = case.need("concentrations")
    typical = expected[(case.sources.subtypes == case.subtype).reindex(expected.index).to_numpy()].median()
    return typical - further.peak_concentrations(case.sources.drugs)


KIND = Kind(
    "over_peak", "predicted IC50 over the peak plasma concentration", "ln ratio", -1,
    "response model, and peak concentrations of labels; known of launched drugs only, so it moves no score", compute,
    needs=("concentrations",), ranked=False,
)  # fmt: skip
