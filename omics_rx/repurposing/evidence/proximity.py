"""Whether the drug's targets are near the over-expressed genes in a network of proteins."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing import proximity
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind
from omics_rx.repurposing.evidence.sources import N_DISEASE


def compute(case: Case) -> pd.Series:
    """Mean steps to the nearest of the hundred most over-expressed genes, as z against genes of like degree."""
    disease = case.differences.nlargest(N_DISEASE).index.tolist()
    return proximity.proximity(case.targets, disease, case.need("network"))["z"]


KIND = Kind(
    "proximity", "targets near the subtype's genes in the network", "z against genes of like degree", -1,
    "the user's network: steps to the hundred genes most over-expressed in the subtype", compute, needs=("network",),
    cites=("guney2016",),
)  # fmt: skip
