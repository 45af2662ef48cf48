"""Make ``resources/labels_cancers.tsv``: screened drugs and the cancers other than breast they are approved for.

A pair is kept where two of three sources agree: PharmacotherapyDB (disease-modifying), repoDB (approved) and the Broad
hub (launched). PharmacotherapyDB names some cancers by organ only (all of the blood, all of the lung) and counts for
each of them. Drugs are those of GDSC1 and GDSC2, by name or alias.

Usage: python benchmarks/make_cancer_labels.py [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pandas as pd

from omics_rx import datasets
from omics_rx.repurposing import cancers

# cancer: how the hub, repoDB and PharmacotherapyDB call it (regular expressions)
TERMS = {
    "lung_nsclc": ("^non-small cell lung", r"non-small cell lung|nonsmall|neoplasm of lung$|carcinoma of lung$",
                   "lung cancer"),
    "lung_sclc": ("^small cell lung cancer", "^small cell carcinoma of lung", "lung cancer"),
    "melanoma": ("^melanoma", "melanoma", "melanoma|skin cancer"),
    "glioma": ("glioblastoma|astrocytoma|glioma|brain tum", "glioblastoma|glioma|brain",
               "malignant glioma|brain cancer"),
    "colorectal": ("colorectal", "colon|colorectal|rectum", "colon cancer"),
    "head_neck": ("head and neck", "head and neck|pharynx|mouth|laryng", "head and neck cancer"),
    "ovary": ("ovarian", "ovary", "ovarian cancer"),
    "lymphoma": (r"lymphoma \(NHL\)|mantle|burkitt|follicular lymphoma",
                 "lymphoma, (non|foll)|diffuse large|burkitt|lymphocytic, intermediate|mantle",
                 "lymphatic system cancer|hematologic cancer"),
    "hodgkin": ("^hodgkin", "hodgkin disease|hodgkin lymphoma", "lymphatic system cancer|hematologic cancer"),
    "neuroblastoma": ("neuroblastoma", "^neuroblastoma", "peripheral nervous system neoplasm"),
    "kidney": ("renal cell", "renal cell|kidney", "kidney cancer"),
    "pancreas": ("^pancreatic cancer", "pancreas", "pancreatic cancer"),
    "stomach": ("gastric adeno", "stomach|gastric", "stomach cancer"),
    "aml": ("acute myeloid|promyelocytic", "myelocytic, acute|promyelocytic|monocytic leuk|myelomonocytic",
            "hematologic cancer"),
    "all": ("acute lymphoblastic", "acute lymphocytic leukemia|lymphoblastic", "hematologic cancer"),
    "cml": ("chronic myeloid", "myeloid, chronic|chronic myelogenous|accelerated", "hematologic cancer"),
    "myeloma": ("multiple myeloma", "^multiple myeloma$", "hematologic cancer"),
    "ewing": ("ewing", "ewing", "bone cancer"),
    "osteosarcoma": ("osteosarcoma", "osteosarcoma", "bone cancer"),
    "soft_tissue": ("soft tissue sarcoma|rhabdomyo", "rhabdomyosarcoma|^sarcoma$|liposarcoma|leiomyosarcoma",
                    "sarcoma|muscle cancer"),
    "mesothelioma": ("mesothelioma", "mesothelioma", "mesothelioma"),
    "bladder": ("bladder", "urinary bladder", "urinary bladder cancer"),
    "thyroid": ("thyroid cancer", "thyroid", "thyroid cancer"),
    "liver": ("hepatocellular", "liver", "liver cancer"),
    "cervix": ("cervical cancer", "cervix", "cervical cancer"),
    "prostate": ("prostate", "prostat", "prostate cancer"),
}  # fmt: skip
NAMES = ("Broad hub", "repoDB", "PharmacotherapyDB")


def screened() -> tuple[dict[str, str], pd.DataFrame]:
    """Lower-case name or alias to drug id, and the drugs of both screens."""
    drugs = pd.concat([datasets.load(name).drugs for name in ("gdsc2", "gdsc1")])
    drugs = drugs[~drugs.index.duplicated()]
    found: dict[str, str] = {}
    for drug, name, aliases in zip(drugs.index, drugs["name"], drugs["aliases"].fillna(""), strict=True):
        found.update({word.strip().lower(): drug for word in (name, *str(aliases).split(";")) if word.strip()})
    return found, drugs


def sources(folder: Path) -> list[pd.DataFrame]:
    """Of each source the names of drugs and of what they are approved for."""
    hub = pd.read_csv(folder / "broad_repurposing_hub_from_metaLINCS.csv")
    hub = (
        hub[hub["clinical_phase"] == "Launched"]
        .assign(term=hub["indication"].fillna("").str.split("|"))
        .explode("term")
    )
    repo = pd.read_csv(folder / "repodb.csv.gz", low_memory=False).query("status == 'Approved'")
    pharmacotherapy = pd.read_csv(folder / "pharmacotherapydb_indications.tsv", sep="\t").query("category == 'DM'")
    return [hub.rename(columns={"pert_iname": "drug"})[["drug", "term"]],
            repo[["drug_name", "ind_name"]].set_axis(["drug", "term"], axis=1),
            pharmacotherapy[["drug", "disease"]].set_axis(["drug", "term"], axis=1)]  # fmt: skip


def table(folder: Path) -> pd.DataFrame:
    ids, drugs = screened()
    parts = [part.assign(drug=part["drug"].str.lower().map(ids)).dropna() for part in sources(folder)]
    rows = []
    for cancer, terms in TERMS.items():
        hits: dict[str, list[str]] = {}
        for name, part, term in zip(NAMES, parts, terms, strict=True):
            pattern = f"^(?:{term})$" if name == "PharmacotherapyDB" else f"(?:{term})"
            for drug in part.loc[part["term"].str.contains(pattern, case=False, regex=True), "drug"].unique():
                hits.setdefault(drug, []).append(name)
        rows += [(drugs.loc[drug, "name"], drugs.loc[drug, "inchikey"], cancer, "; ".join(found))
                 for drug, found in hits.items() if len(found) >= 2]  # fmt: skip
    made = pd.DataFrame(rows, columns=["drug", "inchikey", "cancer", "sources"]).dropna()
    return made.sort_values(["drug", "cancer"], key=lambda values: values.str.casefold())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("OMICS_RX_DATA", "../shared/data")))
    folder = parser.parse_args().data / "knowledge"
    if not folder.is_dir():
        raise SystemExit(f"skipped: {folder} is not on this machine; name it with --data")
    if set(TERMS) != set(cancers.LINES):
        raise SystemExit(f"cancers without lines or terms: {sorted(set(TERMS) ^ set(cancers.LINES))}")
    made = table(folder)
    made.to_csv(Path(__file__).parents[1] / "resources" / "labels_cancers.tsv", sep="\t", index=False)
    print(f"{len(made)} pairs of {made['drug'].nunique()} drugs and {made['cancer'].nunique()} cancers")


if __name__ == "__main__":
    main()
