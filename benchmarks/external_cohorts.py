"""Cohorts of the further real data, beside those that the package loads."""

import os
from pathlib import Path

import pandas as pd
from anndata import AnnData

from omics_rx import datasets
from omics_rx.core.cohort import with_info
from omics_rx.io import read_bulk


def folder() -> Path:
    """Folder of the further real data: OMICS_RX_DATA, or the one beside the checkout."""
    told = os.environ.get("OMICS_RX_DATA")
    found = Path(told) if told else Path(__file__).parents[2] / "shared" / "data"
    if not found.is_dir():
        raise SystemExit(f"no folder {found}: name the further real data in OMICS_RX_DATA")
    return found


def _cohort(expression: pd.DataFrame, obs: pd.DataFrame, *, unit: str, origin: str) -> AnnData:
    samples = [name for name in obs.index if name in expression.index]
    made = AnnData(expression.loc[samples].to_numpy(dtype="float32"), obs=obs.loc[samples])
    made.var_names = expression.columns.astype(str)
    return with_info(made, unit=unit, domain="tumour", origin=origin)


def scanb400(data: Path) -> AnnData:
    """SCAN-B RNA-seq, 400 patients, overall survival, log2(FPKM + 0.1)."""
    folder = data / "cohorts"
    return read_bulk(folder / "scanb400_expr.csv.gz", clinical=folder / "scanb400_clin.csv.gz", domain="tumour")


def gse42568(data: Path) -> AnnData:
    """GSE42568, 104 tumours, relapse, fRMA log2, symbols A1BG to DDX50 only."""
    expression = pd.read_csv(data / "cohorts" / "gse42568_expr.csv.gz", index_col=0)
    clinical = pd.read_csv(data / "cohorts" / "gse42568_clin.csv.gz")
    clinical = clinical.set_index(clinical.columns[0])
    known = clinical.dropna(subset=["time_months", "event"])
    obs = pd.DataFrame({"time": known["time_months"], "event": known["event"].astype(bool), "endpoint": "relapse"})
    return _cohort(expression, obs[obs["time"] > 0], unit="log2 intensity", origin="gse42568")


def tcga_agilent(data: Path) -> AnnData:
    """TCGA-BRCA, Agilent log ratios of 1,492 genes, progression-free interval as its clinical resource advises."""
    expression = pd.read_csv(data / "cohorts" / "tcga_agilent533_expr.csv.gz", index_col=0)
    expression.index = expression.index.str[:12]
    expression = expression[~expression.index.duplicated()]
    clinical = pd.read_csv(data / "cohorts" / "tcga_brca_clin_surv.csv.gz", index_col=0)
    clinical = clinical.drop_duplicates("patient").set_index("patient").reindex(expression.index)
    known = clinical[clinical["PFI"].notna() & (clinical["PFI.time"] > 0)]
    obs = pd.DataFrame(
        {
            "time": known["PFI.time"] / 30.4375, "event": known["PFI"] == 1, "endpoint": "relapse",
            "age": known["age_at_initial_pathologic_diagnosis"],
            "stage": known["ajcc_pathologic_tumor_stage"].str.extract(r"Stage (IV|I{1,3})")[0],
        }
    )  # fmt: skip
    return _cohort(expression, obs, unit="log2 ratio", origin="tcga agilent")


_SEVEN = ["ESR1", "ERBB2", "AURKA", "PLAU", "VEGFA", "STAT1", "CASP3"]


def survcomp(data: Path) -> dict[str, AnnData]:
    """Four cohorts of seven genes: distant metastasis or, of the one that lacks it, relapse."""
    table = pd.read_csv(data / "cohorts" / "survcomp4_7genes.csv.gz", index_col=0)
    made = {}
    for name, part in table.groupby("dataset"):
        end = "dmfs" if part["e.dmfs"].notna().any() else "rfs"
        known = part[part[f"e.{end}"].notna() & (part[f"t.{end}"] > 0)]
        obs = pd.DataFrame(
            {
                "time": known[f"t.{end}"] / 30.4375, "event": known[f"e.{end}"] == 1,
                "endpoint": "distant metastasis" if end == "dmfs" else "relapse",
                "er_status": known["er"].map({1.0: "positive", 0.0: "negative"}), "age": known["age"],
                "grade": known["grade"], "size": known["size"], "node_positive": known["node"],
            }
        )  # fmt: skip
        made[str(name).lower()] = _cohort(known[_SEVEN], obs, unit="log2 intensity", origin=str(name))
    return made


def every(data: Path) -> dict[str, AnnData]:
    """All open cohorts with follow-up, those with many genes first."""
    loaded = {name: datasets.load(name) for name in ("gse1992", "gse4335", "gse3143")}
    more = {"scanb400": scanb400(data), "gse42568": gse42568(data), "tcga": tcga_agilent(data)}
    return {**loaded, **more, **survcomp(data)}
