"""Matched against mismatched subtype within each drug: whether a score knows which subtype a drug is for.

Chance is 0.5. Drugs are those that are approved, or siblings of such, in some subtypes and not in others; every
score is cross-fitted over mechanisms. The second table is the 17 drugs of the reference figure, by line group.

Usage: python benchmarks/ranking_subtype_swap.py [--shipped]
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from breast_ranker import columns, fitted, kin_groups, labels_of, parser

from omics_rx import datasets
from omics_rx.core.work import rng
from omics_rx.metrics import ranking as figures
from omics_rx.metrics import small
from omics_rx.repurposing import labels as lb

REFERENCE = {
    "Her2": ("Lapatinib", "Afatinib", "Sapitinib"),
    "LumA": ("Fulvestrant", "Palbociclib", "Ribociclib", "Taselisib", "Alpelisib", "Tamoxifen"),
    "Basal": ("Gemcitabine", "Talazoparib", "Cisplatin", "Olaparib", "Niraparib", "Rucaparib", "Docetaxel",
              "Paclitaxel"),
}  # fmt: skip


# drugs named for a subtype whatever is measured of them
TARGETS = {
    "Her2": ("Lapatinib", "Afatinib", "Neratinib"),
    "LumA": ("Palbociclib", "Ribociclib", "Fulvestrant", "Tamoxifen", "Alpelisib", "Everolimus"),
    "Basal": ("Olaparib", "Talazoparib", "Cisplatin", "Gemcitabine"),
}


def labelled_pairs(ranker) -> pd.DataFrame:
    pairs = lb.training_pairs(labels_of(ranker))
    mixed = pairs.groupby("drug_id")["positive"].transform("nunique") == 2
    return pairs[mixed].set_index(["drug_id", "subtype"])[["positive"]]


def reference_pairs(ranker) -> pd.DataFrame:
    names = ranker.sources_.drugs["name"]
    ids = {name: drug for drug, name in names.items()}
    rows = [(ids[name], other, other == subtype) for subtype, own in REFERENCE.items() for name in own if name in ids
            for other in REFERENCE]  # fmt: skip
    return pd.DataFrame(rows, columns=["drug_id", "subtype", "positive"]).set_index(["drug_id", "subtype"])


def within(pairs: pd.DataFrame, score: str) -> float:
    known = pairs.dropna(subset=[score]).reset_index()
    return figures.within_group_auroc(known["positive"], known[score], known["drug_id"])


def interval(pairs: pd.DataFrame, score: str, drugs: pd.DataFrame, *, n_boot: int = 1000) -> tuple[float, float, int]:
    """95% interval and the number of mechanisms: these are resampled, each with all its drugs and their pairs."""
    random = rng(0, "swap", score)
    blocks = {drug: block for drug, block in pairs.dropna(subset=[score]).groupby(level=0)
              if block["positive"].nunique() == 2}  # fmt: skip
    group = kin_groups(drugs, pd.Index(list(blocks)))
    wins = np.array([_wins(blocks[drug], score) for drug in group.index])
    totals = np.array([wins[(group == one).to_numpy()].sum(axis=0) for one in group.unique()])
    drawn = [totals[random.integers(len(totals), size=len(totals))].sum(axis=0) for _ in range(n_boot)]
    low, high = small.percentiles(np.array([won / pairs_ for won, pairs_ in drawn]), len(totals))
    return float(low), float(high), len(totals)


def _wins(block: pd.DataFrame, score: str) -> tuple[float, int]:
    good, bad = (block.loc[block["positive"] == flag, score].to_numpy() for flag in (True, False))
    difference = good[:, None] - bad[None, :]
    return float((difference > 0).sum() + 0.5 * (difference == 0).sum()), difference.size


def show(title: str, pairs: pd.DataFrame, drugs: pd.DataFrame) -> None:
    print(f"\n{title}: {pairs.index.get_level_values(0).nunique()} drugs")
    for score in [name for name in pairs if name != "positive"]:
        low, high, n = interval(pairs, score, drugs)
        print(f"  {score:24s} {within(pairs, score):.3f}  [{low:.2f}, {high:.2f}] over {n} mechanisms")


def show_known(ranker, among: pd.Index, where: str) -> None:
    """Known drugs of each subtype in its first 25, all drugs ranked together and counted among some."""
    tables = {subtype: ranker.rank(subtype, candidates="all").table for subtype in TARGETS}
    ordered = {subtype: table.loc[table.index.isin(among), "name"] for subtype, table in tables.items()}
    held = {subtype: [n for n in names if n in set(ordered[subtype])] for subtype, names in TARGETS.items()}
    first = {subtype: [n for n in names if n in set(ordered[subtype].head(25))] for subtype, names in held.items()}
    n_first, n_held, n = sum(map(len, first.values())), sum(map(len, held.values())), len(ordered["Basal"])
    print(f"\nknown subtype drugs in the first 25 of {n} drugs {where}: {n_first} of {n_held} ({n_first / n_held:.0%})")
    for subtype, names in TARGETS.items():
        print(f"  {subtype}: {', '.join(first[subtype]) or 'none'}; not in the first 25: "
              f"{', '.join(sorted(set(held[subtype]) - set(first[subtype]))) or 'none'}; in no screen: "
              f"{', '.join(sorted(set(names) - set(held[subtype]))) or 'none'}")  # fmt: skip


def permuted(pairs: pd.DataFrame, *, n: int = 200) -> tuple[float, float]:
    """Mean and sd of the ranker's figure when each drug's subtypes are dealt anew."""
    random = rng(0, "permuted-subtypes")
    values = []
    for _ in range(n):
        dealt = pairs.copy()
        dealt["positive"] = pairs.groupby(level=0)["positive"].transform(lambda p: random.permutation(p.to_numpy()))
        values.append(within(dealt, "ranker"))
    return float(np.mean(values)), float(np.std(values))


def main() -> None:
    ranker = fitted(shipped=parser(__doc__).parse_args().shipped)
    scores = columns(ranker)
    pairs = labelled_pairs(ranker).join(scores, how="inner")
    drugs = ranker.sources_.drugs
    show("all labelled drugs with a subtype of their own", pairs, drugs)
    mean, sd = permuted(pairs)
    print(f"  ranker, subtypes permuted within drugs: {mean:.3f} (sd {sd:.3f})")
    told = reference_pairs(ranker).join(scores)
    show("the 17 drugs of the reference figure (measured selectivity .86 to .88)", told, drugs)
    print("\nrank of the known drugs for their subtype, of", len(ranker.rank("Basal", candidates="all").table))
    for subtype, names in REFERENCE.items():
        table = ranker.rank(subtype, candidates="all").table.set_index("name")
        own = ", ".join(f"{name} {table.loc[name, 'rank']}" for name in names if name in table.index)
        print(f"  {subtype}: {own}")
    show_known(ranker, ranker.sources_.drugs.index, "of both screens")
    show_known(ranker, datasets.load("gdsc2").drugs.index, "of GDSC2")


if __name__ == "__main__":
    main()
