"""How far explanations of the default rule can be trusted: whether they add up, and whether the first reason matters.

Sum: the largest difference between a score and the sum of its contributions. Deletion: the kind that adds most is
silenced for a drug of the first 25, or one of its other known kinds drawn at random; the places it falls are compared.
Other tumours: contributions of the first 25 by one half of the cohort and by the other (Spearman over kinds).

Usage: python benchmarks/ranking_explanations.py [--shipped]
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from breast_ranker import fitted, halves, of_tumours, parser

from omics_rx.core.work import rng
from omics_rx.repurposing import labels as lb


def deletion(ranking, first: pd.Index) -> tuple[float, float]:
    """Median fall in places without the weightiest kind and without another known one."""
    random = rng(0, "deletion", ranking.subtype)
    weightiest, others = [], []
    for drug in first:
        told = ranking.explain(drug).table
        known = told[told["value"].notna()]
        top = known["contribution"].idxmax()
        rest = known.drop(index=top)
        here = int(ranking.table["rank"][drug])
        weightiest.append(int(known["rank_without"][top]) - here)
        if len(rest):
            others.append(int(rest["rank_without"].iloc[random.integers(len(rest))]) - here)
    return float(np.median(weightiest)), float(np.median(others))


def agreement(both: list, subtype: str, first: pd.Index) -> float:
    """Mean Spearman correlation over kinds between a drug's contributions by one ranker and by the other."""
    told = [one.rank(subtype, candidates="all") for one in both]
    one, other = (ranking.explanations.set_index("drug_id").loc[first, told[0].kinds].astype(float) for ranking in told)
    return float(np.nanmean([one.loc[drug].corr(other.loc[drug], method="spearman") for drug in first]))


def main() -> None:
    ranker = fitted(shipped=parser(__doc__).parse_args().shipped)
    tumours = halves(ranker.sources_.subtypes.dropna(), "halves")
    both = [ranker.redrawn(**of_tumours(ranker, half)) for half in tumours]
    print("subtype  sum is off by  falls without first / another kind  halves of the tumours")
    for subtype in lb.SUBTYPES:
        ranking = ranker.rank(subtype, candidates="all")
        first = ranking.table.index[:25]
        told = ranking.explanations
        off = float((told[ranking.kinds].astype(float).sum(axis=1) - told["score"]).abs().max())
        top, other = deletion(ranking, first)
        print(
            f"{subtype:8s} {off:.1e}        {top:g} / {other:g}        {agreement(both, subtype, first):.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
