"""Twenty tumours of one's own in place of all: how far the default rule falls.

Of gse1992 five tumours of each subtype are drawn, and the ranker is fitted on them alone, with what ships (gse1992 is
told among it and taken out); subtypes are those called in the whole cohort. Both figures of the rule, beside those with
all tumours.

Usage: python benchmarks/ranking_few_tumours.py [--each 5] [--draws 8]
"""

from __future__ import annotations

import argparse

import pandas as pd
from breast_ranker import by_rule, joined_screen, labels_of, model
from ranking_subtype_swap import labelled_pairs, reference_pairs, within
from ranking_tiers import by_drug, tiers

from omics_rx import datasets, repurposing, scores
from omics_rx.core.work import rng
from omics_rx.metrics import ranking as figures
from omics_rx.repurposing import labels as lb


def judged(ranker: repurposing.Ranker) -> tuple[float, float, float]:
    """AUROC of the tiers, and of the right subtype within reference and labelled drugs."""
    told, positive = by_rule(ranker), tiers(labels_of(ranker))
    best = by_drug(told, ranker).loc[positive.index, "ranker"]
    pairs = [of(ranker).join(told, how="inner") for of in (reference_pairs, labelled_pairs)]
    return figures.auroc(positive, best), within(pairs[0], "ranker"), within(pairs[1], "ranker")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=5)
    parser.add_argument("--draws", type=int, default=8)
    arguments = parser.parse_args()
    fitted, cohort = model(joined_screen()), datasets.load("gse1992")
    cohort.obs["subtype"] = scores.subtype(cohort)["subtype"].to_numpy()
    known = cohort.obs["subtype"].astype(object)
    rows = {}
    for draw in ("all", *range(arguments.draws)):
        own = cohort
        if draw != "all":
            order = pd.Series(rng(0, "few", draw).random(len(known)), index=known.index)
            first = order[known.isin(lb.SUBTYPES)].groupby(known).rank() <= arguments.each
            own = cohort[first.index[first]].copy()
        ranker = repurposing.Ranker().fit(fitted, own, universe=None, progress=False)
        rows[draw] = (len(own), *judged(ranker))
        print(f"{draw}: {len(own)} tumours, tiers {rows[draw][1]:.3f}, right subtype of the reference drugs "
              f"{rows[draw][2]:.3f}, of the labelled {rows[draw][3]:.3f}", flush=True)  # fmt: skip
    table = pd.DataFrame(rows, index=["tumours", "tiers", "reference", "labelled"]).T
    drawn = table.drop(index="all")
    print("\nmean of the draws, lowest, and change against all tumours")
    for name in ("tiers", "reference", "labelled"):
        mean = drawn[name].mean()
        print(f"  {name:10s} {mean:.3f}  {drawn[name].min():.3f}  {mean - table[name]['all']:+.3f}")


if __name__ == "__main__":
    main()
