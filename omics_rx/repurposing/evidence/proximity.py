"""Whether the drug's targets are near the over-expressed genes in a network of proteins."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing import proximity
from omics_rx.repurposing.edges import shipped
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind
from omics_rx.repurposing.evidence.sources import N_DISEASE

# standard deviation between cohorts of the z of a drug; as benchmarks/ranking_intervals.py prints
BETWEEN = 0.64


def compute(case: Case) -> pd.Series:
    """Mean steps to the nearest of the hundred most over-expressed genes, as z against genes of like degree."""
    network = case.need("network")
    disease = case.differences.nlargest(N_DISEASE).index.tolist()
    if network is shipped() and network.genes.isin(disease).sum() < proximity.FEWEST:
        return pd.Series(dtype="float64")  # it was not asked for; one that was, and knows no gene, is an error
    return proximity.proximity(case.targets, disease, network)["z"]


def _error(case: Case) -> pd.Series:
    """What another cohort's hundred genes change."""
    return pd.Series(BETWEEN * 2**0.5, index=pd.Index(list(case.targets)))


KIND = Kind(
    "proximity", "targets near the subtype's genes in the network", "z against genes of like degree", -1,
    "network of proteins: steps to the hundred genes most over-expressed in the subtype", compute, needs=("network",),
    cites=("guney2016",), error=_error,
)  # fmt: skip
