"""Matched against mismatched subtype with every measurement and label of the drug's whole mechanism left out.

For each drug that is for some subtypes and not for others, a response model (the kernel part) is fitted on a screen
without the drugs that act like it and predicts it from structure and targets; its measurements and those of its
relatives are missing in both screens, so that nothing is pooled from them. What is left is what tumours and network say
of its targets and what unlike drugs say of its structure. Chance is 0.5; the kernel alone had .59 in the reference.

Usage: python benchmarks/ranking_mechanism_out.py [--shipped]
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from breast_ranker import brought, joined_screen, model, parser
from ranking_subtype_swap import interval, labelled_pairs, reference_pairs, within

from omics_rx import repurposing, response
from omics_rx.harmonize import mechanisms
from omics_rx.repurposing import labels as lb

TARGETS = ("target_expression", "pathway_activity", "proximity")  # what tumours and network say of the targets


def groups(ranker: repurposing.Ranker, drugs: pd.Index) -> list[tuple[list[str], list[str]]]:
    """Drugs that share the same relatives, with all these relatives."""
    shipped, _ = lb.match(lb.shipped(), ranker.sources_.drugs)
    words = mechanisms.tokens(ranker.sources_.drugs, shipped.set_index("drug_id")["mechanism"])
    everything = ranker.sources_.drugs.index
    kin = mechanisms.relatives(words, drugs, everything)
    found: dict[bytes, list[str]] = {}
    for drug, row in zip(drugs, kin, strict=True):
        found.setdefault(row.tobytes(), []).append(str(drug))
    return [(own, everything[np.frombuffer(key, dtype=bool)].tolist()) for key, own in found.items()]


def blinded(ranker: repurposing.Ranker, own: list[str], gone: list[str], *, screen, cohort) -> repurposing.Ranker:
    """The ranker without what was measured of the relatives, and with these drugs predicted from other drugs."""
    kept = screen.drugs.index.difference(gone)
    fitted = response.ResponseModel(parts=("kernel",), seed=0).fit(screen.subset(drugs=list(kept)))
    told = fitted.predict(cohort, screen.drugs.loc[own]).preference
    preference = ranker.sources_.preference.copy()
    preference[gone] = np.nan
    preference[own] = told[own].to_numpy()
    measured = {name: getattr(ranker.sources_, name).copy() for name in ("responses", "held_out", "repeats")}
    for table in measured.values():
        table[table.columns.intersection(gone)] = np.nan
    return ranker.redrawn(preference=preference, **measured)


def scored(other: repurposing.Ranker, own: list[str]) -> pd.DataFrame:
    plain = other.taught(None, rule="average")
    rows = []
    for subtype in lb.SUBTYPES:
        table, average = other.rank(subtype, candidates="all"), plain.rank(subtype, candidates="all").table
        every = pd.concat([table.table, table.others])
        for drug in own:
            row = every.loc[drug]
            oriented = {kind: row[kind] * (-1 if kind == "proximity" else 1) for kind in TARGETS if kind in row}
            rows.append({"drug_id": drug, "subtype": subtype, "ranker": row["score"],
                         "average of ranks": average["score"].get(drug, np.nan), **oriented,
                         "predicted_selectivity": -row["predicted_selectivity"]})  # fmt: skip
    return pd.DataFrame(rows).set_index(["drug_id", "subtype"])


def main() -> None:
    arguments = parser(__doc__).parse_args()
    screen, given = joined_screen(), brought(shipped=arguments.shipped)
    ranker = repurposing.Ranker(None).fit(model(screen), **given, universe=None, progress=False)
    sets = {"labelled drugs": labelled_pairs(ranker), "drugs of the reference figure": reference_pairs(ranker)}
    drugs = pd.Index(sorted({drug for pairs in sets.values() for drug in pairs.index.get_level_values(0)}))
    found = []
    for own, gone in groups(ranker, drugs):
        found.append(scored(blinded(ranker, own, gone, screen=screen, cohort=given["cohort"]), own))
        names = ", ".join(screen.drugs.loc[own, "name"])
        print(f"left out {len(gone)} drugs that act like {names}", flush=True)
    scores = pd.concat(found)
    for title, pairs in sets.items():
        both = pairs.join(scores, how="inner")
        print(f"\n{title}: {both.index.get_level_values(0).nunique()}")
        for score in scores:
            low, high, n = interval(both, score, ranker.sources_.drugs)
            print(f"  {score:24s} {within(both, score):.3f}  [{low:.2f}, {high:.2f}] over {n} mechanisms")


if __name__ == "__main__":
    main()
