"""Whether 90% of the ranks that another cohort gives lie in the rank intervals, and what they are made from.

Four cohorts (gse1992, SCAN-B, gse3143, gse4335; TCGA's panel of 1,492 genes is too small for the response model) give
rank intervals for each subtype, and the ranks of another of them are looked up in these. What ships of either is taken
out first. By how much cohorts differ beyond what their tumours' spread tells (the two constants BETWEEN) is measured on
the pairs without a cohort and judged on the pairs with it, and so for each cohort. Halves of one cohort show what is
left where tumours alone differ. Then lines: ranks by one half of the breast lines and one cohort are looked up in the
intervals of the other half and another cohort; the factor is chosen on some splits and judged on others.

Usage: python benchmarks/ranking_intervals.py [--splits 3] (needs the shared data)
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from breast_ranker import halves, joined_screen, model, of_tumours
from external_cohorts import folder, scanb400

from omics_rx import datasets, repurposing
from omics_rx.repurposing import corrected, reference_cohorts
from omics_rx.repurposing import labels as lb
from omics_rx.repurposing.evidence import predicted_selectivity, proximity

COHORTS = ("gse1992", "SCAN-B", "gse3143", "gse4335")
LUMINAL = ("LumA", "LumB")
FACTORS = (1.4, 1.75, 2.1, 2.5)
Pair = tuple[repurposing.Ranker, repurposing.Ranker]


def over(ranker: repurposing.Ranker, without: Iterable[str], *, tumours: pd.Index | None = None,
         lines: pd.Index | None = None) -> repurposing.Ranker:  # fmt: skip
    """The ranker without what ships of some cohorts, by some of its tumours or by some of the breast lines."""
    own = ranker.sources_
    new: dict[str, Any] = {"reference": tuple(one for one in reference_cohorts.shipped() if one.name not in without)}
    if tumours is not None:
        new |= of_tumours(ranker, tumours)
    if lines is not None:
        gone = own.breast_lines.difference(lines)
        new |= {"line_groups": own.line_groups.drop(gone), "breast_lines": own.breast_lines.intersection(lines),
                "responses": own.responses.drop(gone),
                "repeats": own.repeats.drop(gone, errors="ignore")}  # fmt: skip
    return ranker.redrawn(**new)


def differences(pair: Pair, subtype: str) -> tuple[float, float]:
    """Variance between cohorts of one cohort: of the predicted selectivity (in its spread), of the proximity z."""
    told, chance = [], 0.0
    for ranker in pair:
        table = ranker.evidence_[subtype]
        value, t = table["predicted_selectivity"], table["predicted_selectivity_t"]
        spread = value.std()
        told.append((value - value.mean()) / spread)
        chance += float(((value / t / spread) ** 2).mean())
    z = pair[0].evidence_[subtype]["proximity"] - pair[1].evidence_[subtype]["proximity"]
    return (float(((told[0] - told[1]) ** 2).mean()) - chance) / 2, float(z.var(ddof=0)) / 2


def spreads(pairs: dict[tuple[str, str], Pair]) -> tuple[dict[str, float], float]:
    """The constants: standard deviation between cohorts, luminal subtypes and the others apart; that of proximity."""
    found = {(pair, subtype): differences(both, subtype) for pair, both in pairs.items() for subtype in lb.SUBTYPES}
    between = {}
    for subtypes in (LUMINAL, tuple(s for s in lb.SUBTYPES if s not in LUMINAL)):
        mean = np.mean([value for (_, subtype), (value, _) in found.items() if subtype in subtypes])
        between |= dict.fromkeys(subtypes, float(np.sqrt(max(mean, 0.0))))
    return between, float(np.sqrt(np.mean([z for _, z in found.values()])))


def held(pair: Pair, subtype: str, columns: str = "rank") -> list[tuple[float, float, float]]:
    """Share of the ranks by one that lie in the intervals of the other, all drugs and its first 25, and the width."""
    rows, tables = [], [ranker.rank(subtype, candidates="all").table for ranker in pair]
    for table, other in (tables, tables[::-1]):
        low, high = table[f"{columns}_low"], table[f"{columns}_high"]
        inside = other["rank"].reindex(table.index).between(low, high)
        rows.append((float(inside.mean()), float(inside.head(25).mean()), float((high - low).median())))
    return rows


def judged(pairs: dict[tuple[str, str], Pair], columns: str = "rank") -> pd.DataFrame:
    """Shares held, a row a pair, direction and subtype."""
    rows = [(f"{pair[way]} -> {pair[1 - way]}", subtype, *shares) for pair, both in pairs.items()
            for subtype in lb.SUBTYPES for way, shares in enumerate(held(both, subtype, columns))]  # fmt: skip
    return pd.DataFrame(rows, columns=["intervals -> ranks", "subtype", "held", "of the first 25", "median width"])


def show(table: pd.DataFrame, title: str, *, each: bool = False) -> None:
    print(f"\n{title}: {table['held'].mean():.1%} held, {table['of the first 25'].mean():.1%} of the first 25")
    by = table.groupby("subtype")[["held", "of the first 25", "median width"]].mean().loc[list(lb.SUBTYPES)]
    print(by.round(3).to_string())
    if each:
        print(table.pivot_table(index="intervals -> ranks", columns="subtype", values="held").round(2).to_string())


def told(between: dict[str, float], of_proximity: float) -> None:
    """Set the constants."""
    predicted_selectivity.BETWEEN.update(between)
    proximity.BETWEEN = of_proximity


def crossed(pairs: dict[tuple[str, str], Pair]) -> pd.DataFrame:
    """Each cohort's pairs, judged with the constants of the pairs without it."""
    tables = []
    for name in COHORTS:
        told(*spreads({pair: both for pair, both in pairs.items() if name not in pair}))
        tables.append(judged({pair: both for pair, both in pairs.items() if name in pair}))
    return pd.concat(tables)


def with_lines(rankers: dict[str, repurposing.Ranker], splits: int) -> None:
    """Choose the factor for lines on some splits of the lines, judge it on others."""
    first, second = COHORTS[:2]
    groups = rankers[first].sources_.line_groups.reindex(rankers[first].sources_.breast_lines)
    found = []
    for split in range(splits):
        one, other = halves(groups, "lines", split)
        pair = (over(rankers[first], (first, second), lines=one), over(rankers[second], (first, second), lines=other))
        shares = {}
        for factor in FACTORS:
            corrected.BETWEEN_LINES = factor
            shares[factor] = judged({(first, second): pair}, "lines").assign(split=split)
        found.append(shares)
    print("\nother lines, too (half of them, and the other cohort): share held by factor, a column a split")
    means = {factor: [shares[factor]["held"].mean() for shares in found] for factor in FACTORS}
    print(pd.DataFrame(means).T.round(3).to_string())
    chosen = []
    for split in range(splits):
        rest = {factor: np.mean([v for i, v in enumerate(values) if i != split]) for factor, values in means.items()}
        best = min(FACTORS, key=lambda factor: abs(rest[factor] - 0.9))
        chosen.append(found[split][best].assign(factor=best))
    table = pd.concat(chosen)
    factors = ", ".join(str(one["factor"].iloc[0]) for one in chosen)
    show(table, f"other lines, too, factor chosen on the other splits ({factors})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=3)
    splits = parser.parse_args().splits
    fitted, cohorts = model(joined_screen()), {"SCAN-B": scanb400(folder())}
    rankers = {name: repurposing.Ranker().fit(fitted, cohorts.get(name) or datasets.load(name), universe=None,
                                              progress=False) for name in COHORTS}  # fmt: skip
    pairs = {pair: (over(rankers[pair[0]], pair), over(rankers[pair[1]], pair)) for pair in combinations(COHORTS, 2)}
    shipped = dict(predicted_selectivity.BETWEEN), proximity.BETWEEN
    show(judged(pairs), "another cohort, constants as they ship", each=True)
    between, of_proximity = spreads(pairs)
    words = ", ".join(f"{subtype} {value:.2f}" for subtype, value in between.items())
    print(f"\nspread between cohorts over all pairs: {words}; proximity {of_proximity:.2f} (ship: {shipped})")
    show(crossed(pairs), "another cohort, constants of the pairs without it", each=True)
    told(*shipped)
    parts = {}
    for name in COHORTS:
        one, other = halves(rankers[name].subtypes_.dropna(), "tumours", name)
        if (
            min(rankers[name].subtypes_.reindex(half).value_counts()[list(lb.SUBTYPES)].min() for half in (one, other))
            > 5
        ):
            both = (over(rankers[name], (name,), tumours=one), over(rankers[name], (name,), tumours=other))
            parts[f"half of {name}", "the other half"] = both
    show(judged(parts), "the other half of a cohort", each=True)
    if splits:
        with_lines(rankers, splits)


if __name__ == "__main__":
    main()
