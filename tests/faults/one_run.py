"""Builds, fits, ranks, writes and saves once; prints the sha256 of every file. For comparing two runs to the byte."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData

import omics_rx as orx
from omics_rx.core.cohort import with_info
from omics_rx.core.screen import DrugScreen

GENES = ["ERBB2", "ESR1", "MKI67", "TP53", "MYC", "EGFR", "KRAS", "BRCA1", "PTEN", "CDK4", "CDK6", "AKT1"]
ENDS = ("O", "N", "C=O", "Cl", "F")


def tumours() -> AnnData:
    random = np.random.default_rng(0)
    values = random.normal(8, 2, size=(80, len(GENES)))
    at, end = random.exponential(60 * np.exp(8 - values[:, 0])), random.uniform(10, 120, 80)
    obs = pd.DataFrame(
        {"time": np.minimum(at, end) + 0.1, "event": at <= end, "endpoint": "death",
         "subtype": np.resize(["LumA", "LumB", "Her2", "Basal"], 80)},
        index=[f"P{i}" for i in range(80)],
    )  # fmt: skip
    made = AnnData(values.astype(np.float32), obs=obs, var=pd.DataFrame(index=GENES))
    return with_info(made, unit="log2 intensity", domain="tumour")


def screen() -> DrugScreen:
    random = np.random.default_rng(1)
    lines = [f"L{i}" for i in range(60)]
    values = random.normal(8, 2, size=(60, len(GENES)))
    obs = pd.DataFrame(
        {"name": lines, "tissue": "breast", "breast_subtype": np.resize(["Luminal", "Her2", "Basal"], 60)}, lines
    )
    cells = with_info(
        AnnData(values.astype(np.float32), obs=obs, var=pd.DataFrame(index=GENES)), unit="log2(TPM + 1)",
        domain="cell_line",
    )  # fmt: skip
    smiles = [f"{'C' * (i // 5 + 2)}{ENDS[i % 5]}" for i in range(20)]
    drugs = pd.DataFrame(
        {"name": [f"drug {i}" for i in range(20)], "smiles": smiles, "targets": np.resize(GENES, 20),
         "mechanism": np.resize([f"mechanism {i}" for i in range(5)], 20)},
        index=[f"D{i:02d}" for i in range(20)],
    )  # fmt: skip
    table = pd.DataFrame(
        values[:, np.arange(20) % 12] / 4 + random.normal(size=(60, 20)), pd.Index(lines, name="cell_id"), drugs.index
    )
    melted = table.melt(var_name="drug_id", value_name="ln_ic50", ignore_index=False).reset_index()
    return DrugScreen(melted, cells, drugs, "made up")


def main() -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    cohort = tumours()
    study = orx.signatures.build("custom", {"a": cohort}, genes=GENES, n_null=0, progress=False)
    model = orx.response.ResponseModel(("kernel", "genomic"), n_inner=3).fit(screen(), progress=False)
    ranking = (
        orx.repurposing.Ranker(None).fit(model, cohort, universe=None, progress=False).rank("Basal", candidates="all")
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study.signature.save(folder / "signature.json")
        study.save(folder / "study.orx")
        model.save(folder / "model.orx")
        ranking.save(folder / "ranking")
        orx.report.write(study, folder / "study.html")
        orx.report.write(ranking, folder / "ranking.html")
        orx.report.write(model.predict(cohort), folder / "prediction.html")
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        found = {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
