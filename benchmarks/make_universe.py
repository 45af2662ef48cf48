"""Make ``resources/repurposing_universe.tsv``: launched drugs outside oncology that were tried or proposed for cancer.

A drug is kept where two sources agree that it is launched and no cancer drug (the Broad hub: launched, no oncology
area; DrugBank: approved, no L01 or L02 code) and where repoDB holds a cancer trial of it without any cancer approval,
or it is one of a few that the repurposing literature names. Structures are made anew by rdkit from the InChI, and the
InChIKey must come out as DrugBank's. Targets are genes of the hub that DrugCentral knows too, where it knows any.

Usage: python benchmarks/make_universe.py [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

import pandas as pd

from omics_rx import harmonize

CANCER = re.compile(r"cancer|carcinoma|neoplasm|tumou?r|leuk|lymphoma|myeloma|sarcoma|melanoma|glioma|glioblastoma|"
                    r"malignan|metasta|blastoma|mesothelioma|myelodysplastic", re.IGNORECASE)  # fmt: skip
# named by reviews of drug repurposing in cancer (Pantziarka 2014, doi:10.3332/ecancer.2014.442, that series, and the
# database of the same authors, doi:10.3332/ecancer.2018.886)
NAMED = (
    "metformin", "propranolol", "itraconazole", "mebendazole", "disulfiram", "cimetidine", "clarithromycin",
    "diclofenac", "simvastatin", "atorvastatin", "lovastatin", "pravastatin", "rosuvastatin", "fluvastatin",
    "celecoxib", "chloroquine", "hydroxychloroquine", "artesunate", "ivermectin", "niclosamide", "digoxin",
    "losartan", "carvedilol", "chlorpromazine", "sertraline", "fluoxetine", "valproic-acid", "doxycycline",
    "nelfinavir", "ritonavir", "leflunomide", "sulfasalazine", "auranofin", "albendazole", "pyrvinium-pamoate",
    "nitroglycerin", "dipyridamole", "pioglitazone", "acetazolamide", "mefloquine", "thioridazine", "pimozide",
    "zoledronic-acid", "ketoconazole", "terbinafine", "griseofulvin", "tigecycline", "azithromycin", "ketorolac",
    "naproxen", "ibuprofen", "aspirin", "indometacin", "sulindac", "fenofibrate", "spironolactone", "verapamil",
    "amiloride", "orlistat", "acarbose", "cabergoline", "bromocriptine", "desloratadine", "loratadine", "imipramine",
    "clomipramine", "paroxetine", "haloperidol", "olanzapine", "aripiprazole", "quetiapine", "trifluoperazine",
    "benztropine", "warfarin", "minocycline", "rifampicin", "nitazoxanide", "levamisole", "ribavirin",
    "sildenafil", "tadalafil", "vardenafil", "captopril", "enalapril", "telmisartan", "candesartan", "prazosin",
    "doxazosin", "timolol", "nebivolol", "theophylline", "dapsone", "deferoxamine", "deferasirox", "penicillamine",
    "colchicine", "allopurinol", "febuxostat", "probenecid", "ezetimibe", "gemfibrozil", "bezafibrate", "niacin",
    "mifepristone", "finasteride", "dutasteride", "riluzole", "memantine", "omeprazole", "lansoprazole",
    "pantoprazole", "esomeprazole", "famotidine", "ranitidine", "metronidazole", "tinidazole", "atovaquone",
    "pyrimethamine", "primaquine", "quinacrine", "flubendazole", "fenbendazole", "praziquantel", "pentamidine",
    "suramin", "efavirenz", "zidovudine", "lopinavir", "saquinavir", "cidofovir", "acyclovir", "tranilast",
    "montelukast", "zileuton", "cyproheptadine", "clemastine", "promethazine", "ebastine", "astemizole",
    "pitavastatin", "hydralazine", "lidocaine", "calcitriol", "fluvoxamine", "maraviroc",
)  # fmt: skip

# DrugBank's name to the hub's
SYNONYMS = {
    "acetylsalicylicacid": "aspirin", "indomethacin": "indometacin", "aciclovir": "acyclovir", "rifampin": "rifampicin",
    "benzatropine": "benztropine", "quinacrine": "mepacrine",
    "pyrvinium": "pyrviniumpamoate", "zoledronate": "zoledronicacid", "acyclovir": "aciclovir",
}  # fmt: skip


def table(folder: Path) -> pd.DataFrame:
    hub = pd.read_csv(folder / "broad_repurposing_hub_from_metaLINCS.csv")
    areas = hub["disease_area"].fillna("")
    hub = hub[(hub["clinical_phase"] == "Launched") & ~areas.str.contains("oncology|malignancy") & (areas != "")
              & ~hub["indication"].fillna("").str.contains(CANCER)]  # fmt: skip
    hub = hub.assign(key=hub["pert_iname"].map(_plain)).drop_duplicates("key", keep=False).set_index("key")
    bank = pd.read_csv(folder / "drugbank_slim.tsv", sep="\t")
    bank = bank[bank["groups"].str.contains("approved") & ~bank["atc_codes"].fillna("").str.contains(r"\bL0[12]")]
    bank = (
        bank.assign(key=bank["name"].map(_plain).replace(SYNONYMS)).drop_duplicates("key", keep=False).set_index("key")
    )
    repo = pd.read_csv(folder / "repodb.csv.gz", low_memory=False)
    repo = repo[repo["ind_name"].fillna("").str.contains(CANCER)]
    approved = set(repo.loc[repo["status"] == "Approved", "drug_id"])
    tried = repo[repo["status"] != "Approved"].groupby("drug_id")["ind_name"].nunique()
    targets = pd.read_csv(folder / "drugcentral_rephetio_targets.tsv", sep="\t", dtype={"GeneID": str})
    symbols = harmonize.current_symbols(targets["GeneID"])["symbol"]
    targets["symbol"] = symbols.to_numpy()
    by_drug = targets.groupby("drugbank_id")["symbol"].agg(set)
    named = {_plain(name) for name in NAMED}
    rows = []
    for key, row in bank.join(hub, how="inner").iterrows():
        bank_id = row["drugbank_id"]
        trials = int(tried.get(bank_id, 0))
        if bank_id in approved or (not trials and key not in named):
            continue
        found = _structure(str(row["inchi"]), str(row["inchikey"]))
        if found is None:
            continue
        genes = set(str(row["target"]).split("|")) if isinstance(row["target"], str) else set()
        both = genes & by_drug.get(bank_id, set())
        rows.append((row["name"], found[1], found[0], ";".join(sorted(both or genes)),
                     "Broad hub and DrugCentral" if both else "Broad hub" if genes else "", row["moa"],
                     str(row["indication"]).replace("|", ";") if isinstance(row["indication"], str) else "",
                     trials, bank_id))  # fmt: skip
    columns = ["name", "inchikey", "smiles", "targets", "target_source", "mechanism", "first_use", "n_cancers_tried",
               "drugbank_id"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).sort_values("name", key=lambda names: names.str.casefold())


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def _structure(inchi: str, claimed: str) -> tuple[str, str] | None:
    """SMILES and InChIKey of an InChI, None where they do not come out as claimed, or it is a mixture or very small."""
    from rdkit import Chem, RDLogger
    from rdkit.Chem.MolStandardize import rdMolStandardize

    RDLogger.DisableLog("rdApp.*")
    molecule = Chem.MolFromInchi(inchi)
    if molecule is None or (len(Chem.GetMolFrags(molecule)) > 1 and not _holds_metal(molecule)):
        return None  # a mixture: a response is predicted for one compound
    key = Chem.MolToInchiKey(molecule)
    if key != claimed.removeprefix("InChIKey=") or molecule.GetNumHeavyAtoms() < 6:
        return None
    # an InChI leaves mobile hydrogens open; the tautomer that chemists draw has the same key
    tautomers = rdMolStandardize.TautomerEnumerator()
    tautomers.SetRemoveSp3Stereo(False)  # noqa: FBT003
    tautomers.SetRemoveBondStereo(False)  # noqa: FBT003
    drawn = tautomers.Canonicalize(molecule)
    smiles = Chem.MolToSmiles(drawn if Chem.MolToInchiKey(drawn) == key else molecule)
    again = harmonize.drugs.structure(smiles)
    return (again.smiles, again.inchikey) if again.inchikey == key else None


def _holds_metal(molecule) -> bool:
    return any(atom.GetAtomicNum() in (*range(21, 31), *range(39, 49), *range(57, 81)) for atom in molecule.GetAtoms())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("OMICS_RX_DATA", "../shared/data")))
    folder = parser.parse_args().data / "knowledge"
    if not folder.is_dir():
        raise SystemExit(f"skipped: {folder} is not on this machine; name it with --data")
    found = table(folder)
    out = Path(__file__).parents[1] / "resources" / "repurposing_universe.tsv"
    found.to_csv(out, sep="\t", index=False)
    absent = sorted(set(map(_plain, NAMED)) - set(found["name"].map(_plain)))
    print(f"{len(found)} drugs, {int((found['n_cancers_tried'] > 0).sum())} with a cancer trial, "
          f"{int((found['targets'] != '').sum())} with targets")  # fmt: skip
    print(f"named but not confirmed: {', '.join(absent)}")


if __name__ == "__main__":
    main()
