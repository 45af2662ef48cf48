"""How far explanations can be trusted: LIME beside SHAP, other seeds, and what happens when the first reason is gone.

Deletion: the kind that adds most is silenced for a drug of the first 25, or one of its other known kinds drawn at
random; the places it falls are compared. Seeds: contributions of the first 25 by rankers of other seeds.

Usage: python benchmarks/ranking_explanations.py [--seeds 2] [--shipped]
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from breast_ranker import fitted, parser

from omics_rx.core.work import rng
from omics_rx.repurposing import labels as lb


def seeds(ranker, n: int, subtype: str, first: pd.Index) -> float:
    """Mean Spearman correlation over kinds between a drug's contributions by this seed and by others."""
    own = ranker.rank(subtype).explanations.set_index("drug_id")
    kinds = ranker.rank(subtype, candidates="all").kinds
    found = []
    for seed in range(1, n + 1):
        other = ranker.taught(None)
        other.seed = ranker.seed + seed
        told = other.taught("resources").rank(subtype).explanations.set_index("drug_id")
        found += [own.loc[drug, kinds].astype(float).corr(told.loc[drug, kinds].astype(float), method="spearman")
                  for drug in first]  # fmt: skip
    return float(np.nanmean(found))


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


def main() -> None:
    told = parser(__doc__)
    told.add_argument("--seeds", type=int, default=2)
    arguments = told.parse_args()
    n = arguments.seeds
    ranker = fitted(shipped=arguments.shipped)
    print("subtype  LIME agrees (mean, share under .5)  LIME R2  members  seeds  falls without first / another kind")
    for subtype in lb.SUBTYPES:
        ranking = ranker.rank(subtype, candidates="all")
        first = ranking.table.index[:25]
        opinions = ranking.opinions
        top, other = deletion(ranking, first)
        agrees = opinions["agreement"].dropna()
        print(f"{subtype:8s} {agrees.mean():.2f}, {(agrees < 0.5).mean():.0%}   {opinions['r2'].mean():.2f}   "
              f"{opinions['stability'].mean():.2f}   {seeds(ranker, n, subtype, first):.2f}   {top:g} / {other:g}",
              flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
