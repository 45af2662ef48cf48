"""Reversal over doses, times and lines of a drug, as OCTAD has it; shown beside the others, moves no score."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing import srges
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Summarised RGES of the drug's profiles (below 0 reverses)."""
    profiles, about = case.need("instances")
    scored = profiles.score(case.signature)["rges"]
    found: pd.Series = srges.summarised(scored, about["drug_id"], about).table["srges"]
    return found


KIND = Kind(
    "reversal_srges", "reversal over doses, times and lines (sRGES)", "score", -1,
    "perturbation library: RGES of each profile, brought to 10 uM and 24 hours and averaged", compute,
    needs=("instances",), ranked=False, cites=("chen2017",),
)  # fmt: skip
