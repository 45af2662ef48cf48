"""Drugs first approved in breast cancer after 2012, found by the default rule, which knows no label of any year.

Beside it a ranker taught by the labels up to then.

Siblings count as known only where their mechanism had an approval by 2012. Positives are pairs of drugs first approved
later, in their subtypes; negatives are the pairs of drugs approved elsewhere only. Chance is 0.5. Screens and cohort
are not split in time: what is tested is what the labels teach.

Usage: python benchmarks/ranking_time_split.py [--year 2012] [--shipped]
"""

from __future__ import annotations

import pandas as pd
from breast_ranker import columns, fitted, parser

from omics_rx.metrics import ranking as figures
from omics_rx.repurposing import labels as lb


def known_by(labels: pd.DataFrame, year: int) -> pd.DataFrame:
    """Labels that could be written in that year."""
    when = pd.to_numeric(labels["year"], errors="coerce")
    approved = labels["status"].eq("approved")
    old = set(labels.loc[approved & (when <= year), "mechanism"].dropna())
    sibling = labels["status"].eq("sibling") & labels["mechanism"].isin(old)
    rest = ~labels["status"].isin(lb.POSITIVE) & ~(when > year)
    return labels[(approved & (when <= year)) | sibling | rest]


def main() -> None:
    told = parser(__doc__)
    told.add_argument("--year", type=int, default=2012)
    arguments = told.parse_args()
    year = arguments.year
    ranker = fitted(None, shipped=arguments.shipped)
    labels, _ = lb.match(lb.shipped(), ranker.sources_.drugs)
    first = pd.to_numeric(labels["year"], errors="coerce").where(labels["status"] == "approved")
    first = first.groupby(labels["drug_id"]).min()
    new = first[first > year].index
    past = ranker.taught(known_by(labels, year).drop(columns="drug_id"))
    scores = columns(ranker)
    name = f"learnt from labels up to {year}"
    scores.insert(1, name, pd.concat({subtype: past.rank(subtype, candidates="all").table["score"]
                                      for subtype in lb.SUBTYPES}).swaplevel())  # fmt: skip
    pairs = lb.training_pairs(labels).set_index(["drug_id", "subtype"])
    late = pairs[pairs.index.get_level_values(0).isin(new) & pairs["positive"]]
    other = pairs[pairs["kind"] == "other drug"]
    names = ranker.sources_.drugs["name"]
    print(f"taught by {past.n_training_} pairs up to {year}; {late.index.get_level_values(0).nunique()} later drugs "
          f"({', '.join(sorted(names[late.index.get_level_values(0).unique()]))}), {len(late)} pairs, against "
          f"{len(other)} pairs of drugs approved elsewhere only")  # fmt: skip
    both = pd.concat([late, other]).join(scores, how="inner")
    for name in scores:
        seen = both.dropna(subset=[name])
        if seen["positive"].nunique() < 2:
            continue
        area = figures.bootstrap(figures.auroc, seen["positive"].astype(int), seen[name])
        print(f"{name:24s} {area.value:.3f} [{area.lower:.2f}, {area.upper:.2f}]  n {area.n_positive} + "
              f"{area.n_negative}")  # fmt: skip


if __name__ == "__main__":
    main()
