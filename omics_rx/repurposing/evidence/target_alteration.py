"""Whether the drug's targets are mutated or gained in the subtype's lines; shown, moves no score."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing import further
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Share of the subtype's lines with a target altered, less that of the other breast lines."""
    if case.group is None or case.sources.events is None:
        return pd.Series(dtype="float64")
    return further.target_alteration(case.targets, case.sources.events, case.sources.line_groups, case.group)


KIND = Kind(
    "target_alteration", "targets mutated or gained in the subtype's lines", "share less that of other lines", 1,
    "screen: genomic events of breast lines", compute, needs=("events",), ranked=False,
)  # fmt: skip
