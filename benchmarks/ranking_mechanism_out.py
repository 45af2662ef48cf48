"""Matched against mismatched subtype with a drug's whole mechanism left out of what is learnt and pooled.

For each drug that is for some subtypes and not for others, a response model (the kernel part) is fitted on a screen
without the drugs that act like it and predicts it from structure and targets; what was measured of its relatives, and
predicted of them and of it in the lines, is missing in both screens, so that nothing is learnt or pooled from its
mechanism. Two answers: with what was measured of the drug itself, which is evidence and no label, and, harder, without
it either, so that what is left is what tumours and network say of its targets and what unlike drugs say of its
structure. Chance is 0.5.

Usage: python benchmarks/ranking_mechanism_out.py [--shipped]
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData
from breast_ranker import brought, joined_screen, model, parser
from ranking_subtype_swap import interval, labelled_pairs, reference_pairs, within

from omics_rx import repurposing, response
from omics_rx.core.screen import DrugScreen
from omics_rx.harmonize import mechanisms
from omics_rx.repurposing import labels as lb

DEFINITIONS = ("its own measurements kept", "nothing measured of it")
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


def predicted(own: list[str], gone: list[str], *, screen: DrugScreen, cohort: AnnData) -> pd.DataFrame:
    """Preference of the tumours for drugs whose whole mechanism the model never saw."""
    kept = screen.drugs.index.difference(gone)
    fitted = response.ResponseModel(parts=("kernel",), seed=0).fit(screen.subset(drugs=list(kept)))
    told: pd.DataFrame = fitted.predict(cohort, screen.drugs.loc[own]).preference
    return told


def blinded(
    ranker: repurposing.Ranker, told: pd.DataFrame, gone: list[str], *, kept: str | None
) -> repurposing.Ranker:  # fmt: skip
    """The ranker without what was measured of the relatives, but for one drug where it is kept."""
    preference = ranker.sources_.preference.copy()
    preference[gone] = np.nan
    preference[told.columns] = told.to_numpy()
    changed = {"preference": preference}
    for name in ("responses", "repeats", "held_out"):
        table = getattr(ranker.sources_, name).copy()
        hidden = [drug for drug in gone if drug != kept or name == "held_out"]
        table[table.columns.intersection(hidden)] = np.nan
        changed[name] = table
    return ranker.redrawn(**changed)


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
                         "pooled_selectivity": -row["pooled_selectivity"],
                         "predicted_selectivity": -row["predicted_selectivity"]})  # fmt: skip
    return pd.DataFrame(rows).set_index(["drug_id", "subtype"])


def main() -> None:
    arguments = parser(__doc__).parse_args()
    screen, given = joined_screen(), brought(shipped=arguments.shipped)
    ranker = repurposing.Ranker(None).fit(model(screen), **given, universe=None, progress=False)
    sets = {"drugs of the reference figure": reference_pairs(ranker), "labelled drugs": labelled_pairs(ranker)}
    drugs = pd.Index(sorted({drug for pairs in sets.values() for drug in pairs.index.get_level_values(0)}))
    found: dict[str, list[pd.DataFrame]] = {title: [] for title in DEFINITIONS}
    for own, gone in groups(ranker, drugs):
        told = predicted(own, gone, screen=screen, cohort=given["cohort"])
        own_kept, nothing = DEFINITIONS
        for drug in own:
            found[own_kept].append(scored(blinded(ranker, told, gone, kept=drug), [drug]))
        found[nothing].append(scored(blinded(ranker, told, gone, kept=None), own))
        names = ", ".join(screen.drugs.loc[own, "name"])
        print(f"left out {len(gone)} drugs that act like {names}", flush=True)
    for definition, parts in found.items():
        scores = pd.concat(parts)
        for title, pairs in sets.items():
            both = pairs.join(scores, how="inner")
            print(f"\n{definition}; {title}: {both.index.get_level_values(0).nunique()}")
            for score in both.columns[both.notna().any()].difference(["positive"], sort=False):
                low, high, n = interval(both, score, ranker.sources_.drugs)
                print(f"  {score:24s} {within(both, score):.3f}  [{low:.2f}, {high:.2f}] over {n} mechanisms")


if __name__ == "__main__":
    main()
