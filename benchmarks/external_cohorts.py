"""Two cohorts that no part of the package has been trained on, read from the further real data."""

import os
from pathlib import Path

import pandas as pd
from anndata import AnnData

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
