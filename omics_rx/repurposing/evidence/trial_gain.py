"""What neoadjuvant trials found of a drug in a subtype; it is shown, never learnt from, and moves no score."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing import trials
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def compute(case: Case) -> pd.Series:
    """Gain in pathological complete response over the control, the mean over trials of the subtype's receptor group."""
    facts = case.sources.once("trial_gain", lambda: trials.for_drugs(case.sources.drugs))
    return trials.gains(facts, case.subtype)


KIND = Kind(
    "trial_gain", "gain in complete response in trials", "share of patients, arm less control", 1,
    "published neoadjuvant trials, each with its source; few drugs were tried, so it moves no score", compute,
    ranked=False,
)  # fmt: skip
