"""Pathological complete response: nested figures on 147, 133 and 496 patients, each step of the ladder, plain rivals.

    python benchmarks/therapy_pcr.py [--repeats 3] [--deals 50]

Needs the folder of test data (``OMICS_RX_DATA``): TransNEO (Sammut et al., Nature 2022), Hess et al. (J Clin Oncol
2006) and half of I-SPY2 (Wolf et al., Cancer Cell 2022).
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import pandas as pd

from omics_rx import signatures

ROOT = Path(os.environ.get("OMICS_RX_DATA", "../shared/data")) / "cohorts"


def transneo() -> tuple[pd.DataFrame, dict[str, list[str]]]:
    table = pd.read_csv(ROOT / "neoadjuvant147_features.csv.gz").set_index("patient")
    names = list(table.columns)
    at = names.index
    return table, {
        "clinical": names[at("Age.at.diagnosis") : at("median_lymph_KDE_knn_50")],
        "dna": names[at("All.TMB") : at("STAT1.gsva")],
        "rna": names[at("STAT1.gsva") : at("Chemo.NumCycles")],
        "pathology": ["median_lymph_KDE_knn_50"],
        "treatment": names[at("Chemo.NumCycles") :],
    }


def hess() -> tuple[pd.DataFrame, None]:
    table = pd.read_csv(ROOT / "hess133_26genes_pcr.csv.gz", index_col=0)
    return table.set_axis([f"hess {name}" for name in table.index], axis=0), None


def ispy2() -> tuple[pd.DataFrame, dict[str, list[str]]]:
    table = pd.read_csv(ROOT / "ispy2_half.csv.gz").set_index("patient")
    names = list(table.columns)
    proteins = [name for name in names if name.startswith("p_")]
    first = names.index("ICS5_score")
    return table, {
        "receptors": ["hr", "her2"],
        "mammaprint": ["mammaprint2"],
        "arm": ["arm"],
        "rna": [name for name in names[first : names.index("pam50")] if name not in proteins],
        "proteins": proteins,
    }


def told(name: str, study: signatures.ResponseStudy, seconds: float) -> None:
    print(f"\n== {name}: {seconds:.0f} s, dealt outcomes as good: p {study.dealt_p}")
    for label in ("table", "ladder", "gains", "calibration", "trend"):
        frame = getattr(study, label)
        if len(frame):
            print(f"-- {label}\n{frame.round(3).to_string(index=False)}")
    print(study.limits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--deals", type=int, default=50)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    jobs = {
        "transneo147": (transneo, "resp.pCR", {"ordered": "RCB.category"}),
        "hess133": (hess, "status", {}),
        "ispy2_half": (ispy2, "pcr", {}),
    }
    for name, (load, outcome, more) in jobs.items():
        if asked.only and asked.only != name:
            continue
        table, modalities = load()
        start = time.perf_counter()
        study = signatures.build_response(
            {name: table}, outcome, modalities=modalities, n_repeats=asked.repeats, n_permutations=asked.deals,
            progress=False, **more,
        )  # fmt: skip
        told(name, study, time.perf_counter() - start)


if __name__ == "__main__":
    pd.set_option("display.width", 250)
    main()
