"""Lists every disagreement between the shipped breast labels and four public knowledge bases.

Breast use is asked of PharmacotherapyDB, repoDB, the Broad hub and DrugCentral; approval in another cancer of the first
three. What repoDB calls failed comes with the reason that the trial register gives.

Usage: python benchmarks/labels_crosscheck.py [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pandas as pd

from omics_rx import datasets
from omics_rx.repurposing import labels


def knowledge(folder: Path) -> pd.DataFrame:
    """Source, drug name (lower case) and verdict on breast cancer: works, symptoms, not, failed."""
    ptdb = pd.read_csv(folder / "pharmacotherapydb_indications.tsv", sep="\t").query("disease == 'breast cancer'")
    words = {"DM": "works", "SYM": "symptoms", "NOT": "not"}
    parts = [pd.DataFrame({"source": "PharmacotherapyDB", "drug": ptdb["drug"], "says": ptdb["category"].map(words)})]
    repo = pd.read_csv(folder / "repodb.csv.gz", low_memory=False)
    breast = repo["ind_name"].fillna("").str.contains("breast", case=False)
    cancer = ~repo["ind_name"].fillna("").str.contains("feeding|fibrocystic|endocrine breast", case=False)
    repo = repo[breast & cancer]
    verdict = repo["status"].map({"Approved": "works"}).fillna("failed")
    why = repo["DetailedStatus"].where(verdict == "failed")
    parts.append(pd.DataFrame({"source": "repoDB", "drug": repo["drug_name"], "says": verdict, "why": why}))
    central = pd.read_csv(folder / "drugcentral_rephetio_indications.tsv", sep="\t")
    central = central[central["disease"] == "breast cancer"]
    told = central["category"].map(words).dropna()
    parts.append(pd.DataFrame({"source": "DrugCentral", "drug": central.loc[told.index, "drug"], "says": told}))
    hub = pd.read_csv(folder / "broad_repurposing_hub_from_metaLINCS.csv")
    hub = hub[hub["indication"].fillna("").str.contains("breast cancer")]
    parts.append(pd.DataFrame({"source": "Broad hub", "drug": hub["pert_iname"], "says": "works"}))
    table = pd.concat(parts)
    table = table.assign(drug=table["drug"].str.lower())
    reasons = table.groupby(["source", "drug", "says"])["why"].agg(lambda told: "; ".join(dict.fromkeys(told.dropna())))
    return reasons.reset_index()


def elsewhere(folder: Path) -> set[str]:
    """Lower-case names of drugs that a source knows as approved in any cancer."""
    words = ("cancer", "carcinoma", "neoplasm", "tumou?r", "leuk", "lymphoma", "myeloma", "sarcoma", "melanoma",
             "glioma", "blastoma", "mesothelioma", "myelodysplas", "myelofibrosis", "mycosis")  # fmt: skip
    repo = pd.read_csv(folder / "repodb.csv.gz", low_memory=False).query("status == 'Approved'")
    hub = pd.read_csv(folder / "broad_repurposing_hub_from_metaLINCS.csv").query("clinical_phase == 'Launched'")
    ptdb = pd.read_csv(folder / "pharmacotherapydb_indications.tsv", sep="\t").query("category == 'DM'")
    found: set[str] = set()
    for table, drug, term in ((repo, "drug_name", "ind_name"), (hub, "pert_iname", "indication"),
                              (ptdb, "drug", "disease")):  # fmt: skip
        here = table[term].fillna("").str.contains("|".join(words), case=False)
        found |= set(table.loc[here, drug].str.lower())
    return found


def screened() -> dict[str, str]:
    """Lower-case name or alias of every drug of GDSC1 and GDSC2 to its name."""
    names: dict[str, str] = {}
    for screen in ("gdsc1", "gdsc2"):
        drugs = datasets.load(screen).drugs
        for name, aliases in zip(drugs["name"], drugs["aliases"].fillna(""), strict=True):
            names.update({word.strip().lower(): name for word in (name, *str(aliases).split(";")) if word.strip()})
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("OMICS_RX_DATA", "../shared/data")))
    folder = parser.parse_args().data / "knowledge"
    if not folder.is_dir():
        raise SystemExit(f"skipped: {folder} is not on this machine; name it with --data")
    table = labels.shipped()
    ours = table.groupby(table["drug"].str.lower())["status"].agg(set)
    for drug, alias in table[["drug", "alias"]].dropna().drop_duplicates().itertuples(index=False):
        ours[alias.lower()] = ours[drug.lower()]
    found, names = knowledge(folder), screened()
    agree = 0
    rows = []
    for source, drug, says, why in found.itertuples(index=False):
        status = ours.get(drug) or ours.get(names.get(drug, "").lower())
        if status is None:
            if drug in names:
                rows.append((source, drug, says, "no label", why))
            continue
        same = {"works": "approved" in status, "failed": bool(status & {"failed"}), "not": "approved" not in status,
                "symptoms": "supportive" in status}[says]  # fmt: skip
        agree += same
        if not same:
            rows.append((source, drug, says, ", ".join(sorted(status)), why))
    for drug in sorted(table.loc[table["status"] == "approved", "drug"].str.lower().unique()):
        aliases = {drug, *table.loc[table["drug"].str.lower() == drug, "alias"].dropna().str.lower()}
        if not (found["drug"].isin(aliases) & (found["says"] == "works")).any():
            rows.append(("all", drug, "do not list it", "approved", ""))
    known = elsewhere(folder)
    others = table[table["status"] == "other_cancer"].groupby(table["drug"].str.lower())["alias"].first()
    for drug, alias in others.items():
        agree += drug in known or str(alias).lower() in known
        if drug not in known and str(alias).lower() not in known:
            rows.append(("all", drug, "approved in no cancer", "other_cancer", ""))
    print(f"{agree} agreements; {len(rows)} disagreements:")
    print(
        pd.DataFrame(rows, columns=["source", "drug", "source says", "shipped labels say", "why"]).to_string(
            index=False
        )
    )


if __name__ == "__main__":
    main()
