"""Make ``resources/drug_names.tsv.gz``: official, brand, code and common names of the compounds that are known here.

``python benchmarks/make_drug_names.py NAMES.tsv [ALL_NAMES.txt]``; the first holds ``parent``, ``unii``, ``type`` and
``name`` of FDA's substance registration, the second is the whole registry, of which the antibodies are taken.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd

from omics_rx.core import resources
from omics_rx.harmonize import drugs

KINDS = {"of": "official", "bn": "brand", "cd": "code", "cn": "common"}
OUT = Path(__file__).parents[1] / "resources"


def known() -> pd.DataFrame:
    """Names and aliases of each compound here."""
    screened, launched = resources.table("drugs.tsv"), resources.table("repurposing_universe.tsv")
    rows = [
        (drug, name)
        for drug, own, aliases in zip(
            screened["drug_id"], screened["name"], screened["aliases"].fillna(""), strict=True
        )
        for name in (own, *filter(None, aliases.split(";")))
    ]
    rows += list(zip(launched["inchikey"], launched["name"], strict=True))
    return pd.DataFrame(rows, columns=["drug_id", "name"]).drop_duplicates()


def bare(name: str) -> str:
    """Without the list a name is from, ``[INN]``."""
    return re.sub(r"\s*\[[^\]]*\]\s*$", "", name).strip()


def parents(table: pd.DataFrame, ours: pd.DataFrame) -> dict[str, str]:
    """Registry parent to compound: by a name they share, one parent a compound, none for two."""
    by_name: dict[str, set[str]] = {}
    for drug, name in ours.itertuples(index=False):
        by_name.setdefault(drugs.squeezed(name), set()).add(drug)
    hits: dict[str, list[tuple[bool, int, str]]] = {}
    for parent, rows in table.groupby("parent"):
        found = set().union(*(by_name.get(drugs.squeezed(bare(name)), set()) for name in rows["name"]))
        if len(found) != 1:
            print(f"left out: {parent} fits {len(found)} compounds")
            continue
        (drug,) = found
        other = drugs.squeezed(parent) not in by_name
        hits.setdefault(drug, []).append((other, len(parent), str(parent)))
    return {min(named)[2]: drug for drug, named in hits.items()}


def names(table: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    """One row a compound and name that says more than its own names, but for case, punctuation and salt words."""
    chosen = parents(table, ours)
    rows = table[table["parent"].isin(chosen)].copy()
    rows["drug_id"], rows["name"] = rows["parent"].map(chosen), rows["name"].map(bare)
    rows["kind"] = rows["type"].map(KINDS)
    order = {kind: place for place, kind in enumerate(KINDS.values())}
    rows = rows.sort_values(["drug_id", "kind", "name"], key=lambda c: c.map(order) if c.name == "kind" else c)
    rows["key"] = rows["name"].map(lambda name: drugs.squeezed(drugs.without_salt_words(name)))

    held = {(drug, drugs.squeezed(name)) for drug, name in ours.itertuples(index=False)}
    rows = rows[[(d, k) not in held for d, k in zip(rows["drug_id"], rows["key"], strict=True)]]
    rows = rows[rows["key"].str.len() > 1].drop_duplicates(["drug_id", "key"])
    # a salt's own name may be that of two parents; it is kept for both, and asked
    return rows[["drug_id", "name", "kind"]].sort_values(["drug_id", "kind", "name"])


def antibodies(registry: pd.DataFrame) -> pd.DataFrame:
    """Brand names of antibodies, so that they are told to be out of scope; official names end in -mab."""
    registry = registry.set_axis(["name", "type", "unii", "antibody"], axis=1)
    rows = registry[registry["antibody"].fillna("").str.contains(r"\b[A-Z]+MAB\b") & registry["type"].eq("bn")]
    rows = rows.assign(name=rows["name"].map(bare))
    return rows[["name", "antibody"]].drop_duplicates("name").sort_values("name")


if __name__ == "__main__":
    given = pd.read_csv(sys.argv[1], sep="\t", dtype=str)
    made = names(given, known())
    made.to_csv(OUT / "drug_names.tsv.gz", sep="\t", index=False, compression={"method": "gzip", "mtime": 0})
    print(f"{len(made)} names of {made['drug_id'].nunique()} compounds")
    if len(sys.argv) > 2:
        found = antibodies(pd.read_csv(sys.argv[2], sep="\t", dtype=str))
        found.to_csv(OUT / "antibodies.tsv", sep="\t", index=False)
        print(f"{len(found)} brand names of antibodies")
