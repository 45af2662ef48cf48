"""Drugs approved in breast cancer against drugs approved in another cancer only.

A drug counts by its best subtype. The ranker is cross-fitted over mechanisms; beside it every single evidence, the
plain average of ranks and the mean potency, with 95% intervals over mechanisms (drugs that share targets are hits
together), the paired gain of the ranker, and the ranker taught by permuted labels. A second table asks the same of
pairs within a subtype.

Usage: python benchmarks/ranking_tiers.py [--permutations 10] [--shipped]
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from breast_ranker import columns, fitted, kin_groups, labels_of, parser

from omics_rx.core.work import rng
from omics_rx.metrics import ranking as figures
from omics_rx.repurposing import labels as lb


def tiers(labels: pd.DataFrame) -> pd.Series:
    """True for drugs approved in a breast subtype, False for those approved or failed elsewhere only."""
    statuses = labels.groupby("drug_id")["status"].agg(set)
    approved = statuses.map(lambda found: "approved" in found)
    elsewhere = statuses.map(lambda found: "other_cancer" in found and not found & {"approved", "sibling"})
    return approved[approved | elsewhere]


def by_drug(scores: pd.DataFrame, ranker) -> pd.DataFrame:
    best = scores.groupby(level=1).rank(pct=True).groupby(level=0).max()  # ranks within a subtype
    best["mean potency"] = -ranker.sources_.responses.mean()
    return best


def show(best: pd.DataFrame, positive: pd.Series, group: pd.Series) -> None:
    print(f"cancer drugs: {int(positive.sum())} approved in breast, {int((~positive).sum())} elsewhere only, of "
          f"{group.nunique()} mechanisms, which are what is resampled")  # fmt: skip
    print(f"{'score':24s} {'AUROC':>18s} {'AP':>18s}  n      gain of the ranker")
    for name in best:
        known = best.loc[positive.index, name].dropna()
        labels = positive[known.index]
        area, precision = (figures.bootstrap(metric, labels, known, groups=group[known.index]) for metric in
                           (figures.auroc, figures.average_precision))  # fmt: skip
        line = (f"{name:24s} {area.value:.3f} [{area.lower:.2f}, {area.upper:.2f}] "
                f"{precision.value:.3f} [{precision.lower:.2f}, {precision.upper:.2f}]  {len(known):3d}")  # fmt: skip
        if name != "ranker":
            ours = best.loc[known.index, "ranker"]
            more = figures.gain(figures.auroc, labels, (ours, known), groups=group[known.index])
            line += f"  {more.value:+.3f} [{more.lower:+.2f}, {more.upper:+.2f}]"
        print(line)


def show_pairs(scores: pd.DataFrame, ranker) -> None:
    pairs = (
        lb.training_pairs(labels_of(ranker)).set_index(["drug_id", "subtype"])[["positive"]].join(scores, how="inner")
    )
    print(f"\npairs that should rank high against pairs that should not, within a subtype ({len(pairs)} pairs)")
    for name in scores:
        known = pairs.dropna(subset=[name]).reset_index()
        print(f"{name:24s} {figures.within_group_auroc(known['positive'], known[name], known['subtype']):.3f}")


def permuted(ranker, seed: int) -> float:
    """AUROC of a ranker taught with the labels of the drugs dealt to other drugs, against the dealt labels."""
    held = labels_of(ranker)
    ids = held["drug_id"].unique()
    dealt = dict(zip(ids, rng(seed, "permuted-labels").permutation(ids), strict=True))
    labels = held.assign(drug=held["drug_id"].map(dealt))
    labels = labels.drop(columns=["drug_id", "inchikey", "alias", "mechanism"])
    other = ranker.taught(labels)
    scores = pd.concat({subtype: other.rank(subtype, candidates="all").table["score"] for subtype in lb.SUBTYPES})
    best = scores.groupby(level=1).max()
    positive = tiers(other.labels_)
    return figures.auroc(positive, best[positive.index])


def main() -> None:
    told = parser(__doc__)
    told.add_argument("--permutations", type=int, default=10)
    arguments = told.parse_args()
    ranker = fitted(shipped=arguments.shipped)
    scores = columns(ranker)
    positive = tiers(labels_of(ranker))
    show(by_drug(scores, ranker), positive, kin_groups(ranker.sources_.drugs, positive.index))
    show_pairs(scores, ranker)
    null = [permuted(ranker, seed) for seed in range(arguments.permutations)]
    if null:
        title = f"ranker taught and judged by permuted labels, {len(null)} times"
        print(f"\n{title}: {np.mean(null):.3f} (sd {np.std(null):.3f})")


if __name__ == "__main__":
    main()
