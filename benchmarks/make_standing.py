"""Make ``resources/standing.tsv``: where every screened drug and every drug of the universe stands.

One row a drug. What was looked up (``standing_lookups.tsv`` beside this script, each row with its source) goes first,
then the breast labels, then years of first approval in the US (``first_approvals.tsv``, each with its source), then
the Broad hub, repoDB and DrugCentral joined by any name the drug is known under. A launched drug is an oncology drug
where the hub's area or an approved indication of repoDB or DrugCentral says so.
Every disagreement between sources is printed.

Usage: python benchmarks/make_standing.py (needs the further real data)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from external_cohorts import folder

from omics_rx.core import resources

CANCER = (
    "cancer|carcinoma|neoplasm|tumou?r|leuk|lymphoma|myeloma|sarcoma|melanoma|glioma|blastoma|mesothelioma|"
    "myelodysplas|myelofibrosis|mycosis fungoides|hodgkin|polycythemia|mastocytosis|keratosis, actinic"
)
# phases of trials as the hub writes them; the highest counts
PHASES = {"Preclinical": "", "Phase 1": "1", "Phase 1/Phase 2": "2", "Phase 2": "2", "Phase 2/Phase 3": "3",
          "Phase 3": "3"}  # fmt: skip
COLUMNS = ["drug_id", "name", "called", "standing", "phase", "year", "use", "ended", "sources", "citation", "checked"]
HERE = Path(__file__).parent


def key(name: object) -> str:
    """Name without case, spaces and punctuation."""
    return re.sub(r"[^a-z0-9]", "", str(name).casefold())


def drugs() -> pd.DataFrame:
    """Index drug id; ``name`` and ``keys``, all names of the drug squeezed."""
    screened = resources.table("drugs.tsv").set_index("drug_id")
    universe = resources.table("repurposing_universe.tsv").set_index("inchikey")
    both = pd.concat([screened[["name", "aliases"]], universe[["name"]]])
    registered = resources.table("drug_names.tsv.gz").groupby("drug_id")["name"].agg(list)
    merged = both.groupby(level=0, sort=False).agg({"name": list, "aliases": "first"})
    merged["keys"] = [
        {key(name) for name in (*names, *str(more or "").split(";"), *registered.get(drug, [])) if key(name)}
        for drug, names, more in zip(merged.index, merged["name"], merged["aliases"].fillna(""), strict=True)
    ]
    merged["name"] = merged["name"].str[0]
    merged["called"] = [_official(drug, name) for drug, name in merged["name"].items()]
    merged["universe"] = merged.index.isin(universe.index)
    merged["first_use"] = universe["first_use"].reindex(merged.index)
    return merged


def _official(drug: str, name: str) -> str:
    """The one official name of a drug that goes by a code; empty where its name is as good."""
    table = resources.table("drug_names.tsv.gz")
    own = table[(table["drug_id"] == drug) & (table["kind"] == "official")]["name"]
    plain = [text for text in own if text.isalpha()]
    if name.replace(" ", "").isalpha() or not plain:
        return ""
    return min(plain, key=len).capitalize()


def sources(data: Path) -> dict[str, pd.DataFrame]:
    """Of each source: squeezed name, what it says (launched, withdrawn, a phase), cancer or not, use."""
    hub = pd.read_csv(data / "broad_repurposing_hub_from_metaLINCS.csv", dtype=str)
    area = hub["disease_area"].fillna("")
    repo = pd.read_csv(data / "repodb.csv.gz", dtype=str).query("status == 'Approved'")
    central = pd.read_csv(data / "drugcentral_rephetio_indications.tsv", sep="\t", dtype=str).query(
        "category == 'DM' or category == 'SYM'"
    )

    def cancer(words: pd.Series) -> pd.Series:
        return words.fillna("").str.contains(CANCER, case=False)

    return {
        "Broad hub": pd.DataFrame({
            "key": hub["pert_iname"].map(key), "says": hub["clinical_phase"], "use": hub["indication"],
            "cancer": area.str.contains("oncology|malignancy") | cancer(hub["indication"]),
        }),
        "repoDB": pd.DataFrame({"key": repo["drug_name"].map(key), "says": "Launched", "use": repo["ind_name"],
                                "cancer": cancer(repo["ind_name"])}),
        "DrugCentral": pd.DataFrame({"key": central["drug"].map(key), "says": "Launched", "use": central["disease"],
                                     "cancer": cancer(central["disease"])}),
    }  # fmt: skip


def breast_labels() -> dict[str, dict[str, str]]:
    """InChIKey to standing, first year and citation, where the breast labels tell of an approval."""
    table = resources.table("labels_breast.tsv")
    found = {}
    for status, standing in (("other_cancer", "cancer"), ("approved", "breast")):
        rows = table[table["status"] == status].sort_values("year")
        for drug, own in rows.groupby("inchikey"):
            found[drug] = {"standing": standing, "year": own["year"].fillna("").iloc[0],
                           "citation": own["citation"].iloc[0]}  # fmt: skip
    return found


def told(keys: set[str], parts: dict[str, pd.DataFrame]) -> dict[str, dict[str, object]]:
    """What each source says of a drug; of several rows the furthest phase and all uses."""
    order = ["Withdrawn", *PHASES, "Launched"]
    found = {}
    for name, part in parts.items():
        own = part[part["key"].isin(keys)]
        if len(own):
            says = max(own["says"], key=order.index)
            uses = [use for text in own["use"].dropna() for use in str(text).split("|")]
            found[name] = {"says": says, "cancer": bool(own["cancer"].any()), "use": "; ".join(dict.fromkeys(uses))}
    return found


def standing_of(said: dict[str, dict[str, object]]) -> tuple[str, str]:
    """Standing and phase by the public sources alone."""
    if any(one["says"] == "Launched" for one in said.values()):
        launched = [one for one in said.values() if one["says"] == "Launched"]
        return ("cancer" if any(one["cancer"] for one in launched) else "outside"), ""
    hub = str(said["Broad hub"]["says"]) if said else "Preclinical"
    if hub == "Withdrawn":
        return "withdrawn", ""
    return ("investigational", PHASES[hub]) if PHASES[hub] else ("research", "")


def row(
    drug: str, facts: pd.Series, said: dict[str, dict[str, object]], looked: dict, label: dict, year: dict | None
) -> dict[str, str]:
    """One row of the table: what was looked up, else the breast labels, else the public sources."""
    standing, phase = standing_of(said)
    made = {"drug_id": drug, "name": facts["name"], "called": facts["called"], "standing": standing, "phase": phase,
            "year": "", "ended": "",
            "sources": "; ".join(f"{name}: {one['says']}" for name, one in said.items()), "checked": "",
            "citation": "; ".join(said)}  # fmt: skip
    uses = [str(one["use"]) for one in said.values() if one["says"] == "Launched" and one["use"]]
    made["use"] = "; ".join(uses[0].split("; ")[:4]) if uses else ""
    if facts["universe"] and isinstance(facts["first_use"], str):
        made["use"] = "; ".join(facts["first_use"].split(";")[:4])
    if label:
        made |= label
    if looked:
        made |= {name: value for name, value in looked.items() if name != "drug" and (value or name != "year")}
    if year is not None and not made["year"]:
        source = "; ".join(filter(None, [year["source"], year["second_source"]]))
        made |= {"year": year["year"], "citation": f"{made['citation']}; year: {source}, read {year['checked']}"}
    return made


def disagreements(made: dict[str, str], said: dict[str, dict[str, object]]) -> Iterable[str]:
    alone, _ = standing_of(said)
    if said and alone != made["standing"] and not (alone == "cancer" and made["standing"] == "breast"):
        yield f"{made['name']}: {made['sources']} against {made['standing']} ({made['citation']})"
    if len({one["says"] for one in said.values()}) > 1:
        yield f"{made['name']}: sources differ: {made['sources']}"


def main() -> None:
    looked = pd.read_csv(HERE / "standing_lookups.tsv", sep="\t", dtype=str, keep_default_na=False).set_index(
        "drug", drop=False
    )
    years = pd.read_csv(HERE / "first_approvals.tsv", sep="\t", dtype=str, keep_default_na=False).set_index("drug")
    parts, labels, rows, differ = sources(folder() / "knowledge"), breast_labels(), [], []
    table = drugs()
    for drug, facts in table.iterrows():
        said = told(facts["keys"], parts)
        found = [name for name in looked.index if key(name) in facts["keys"]]
        first = [dict(years.loc[name]) for name in years.index if key(name) in facts["keys"]]
        made = row(str(drug), facts, said, dict(looked.loc[found[0]]) if found else {}, labels.get(str(drug), {}),
                   first[0] if first else None)  # fmt: skip
        rows.append(made)
        differ += disagreements(made, said)
    unused = [name for name in (*looked.index, *years.index) if not any(key(name) in keys for keys in table["keys"])]
    if unused:
        raise SystemExit(f"looked up, but no drug here: {', '.join(unused)}")
    out = pd.DataFrame(rows)[COLUMNS].sort_values(["name", "drug_id"], key=lambda values: values.str.casefold())
    out.to_csv(HERE.parent / "resources" / "standing.tsv", sep="\t", index=False)
    print("\n".join(differ))
    counts = out["standing"].value_counts()
    print(f"{len(out)} drugs: {', '.join(f'{name} {count}' for name, count in counts.items())}")
    known = out[out["standing"].isin(["breast", "cancer", "outside"])]
    n = known["sources"].str.count("Launched") + (known["year"].ne("") | known["checked"].ne(""))
    print(f"{len(differ)} disagreements; of {len(known)} launched drugs {int((n >= 2).sum())} rest on two sources")
    print(f"{int(known['year'].ne('').sum())} have a year, {int(known['checked'].ne('').sum())} were looked up")


if __name__ == "__main__":
    main()
