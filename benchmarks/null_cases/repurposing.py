"""Noise and planted truth for the ranker."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from null_cases import case
from omics_rx import scores
from omics_rx.repurposing.ranking import Ranking

REASONS = {
    "repurposing.Ranker.rank": "no case yet",
    "repurposing.Ranking.compare": "reads the intervals of both rankings",
    "repurposing.load_ranking": "reads what repurposing.Ranker.rank wrote",
}


# --------------------------------------------------------------------------------------------------------- pathways


def _pathways(random: np.random.Generator) -> pd.DataFrame:
    """Pathways of the first 25 of 150 drugs in random order; drugs of one of 40 families share their targets."""
    genes = sorted({gene for members in scores.pathway_sets().values() for gene in members})
    families = [";".join(random.choice(genes, int(random.integers(1, 6)), replace=False)) for _ in range(40)]
    drugs = pd.DataFrame({"targets": random.choice(families, 150)}, index=[f"D{i}" for i in range(150)])
    ranking = SimpleNamespace(drugs=drugs, table=pd.DataFrame(index=random.permutation(drugs.index)))
    return Ranking.pathways(ranking, min_overlap=0)


@case("repurposing.Ranking.pathways", "q", unit="drugs", full=300, fast=25)
def drugs_in_random_order(random):
    return _pathways(random)["q_value"].min()


@case(
    "repurposing.Ranking.pathways",
    "p",
    unit="drugs",
    full=300,
    fast=25,
    holds=(0.0, 0.07),
    stated="repurposing.pathways: drugs are counted in whole numbers, so a p of .05 or less is rarer than .05",
)
def any_pathway_of_drugs_in_random_order(random):
    return _pathways(random)["p_value"].to_numpy()
