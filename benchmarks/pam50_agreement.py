"""Agreement of PAM50 calls with reference calls, and where they differ; the same of triple-negative subtypes.

python benchmarks/pam50_agreement.py    (needs the further real data: OMICS_RX_DATA or ../shared/data)
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.core.cohort import with_info
from omics_rx.harmonize.units import convert

NAMES = {"basal": "Basal", "her2": "Her2", "luminal_a": "LumA", "luminal_b": "LumB", "normal": "Normal"}


def data_folder() -> Path:
    told = os.environ.get("OMICS_RX_DATA")
    folder = Path(told) if told else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        raise SystemExit("needs the further real data: name their folder in OMICS_RX_DATA")
    return folder


def reference_inputs(folder: Path) -> dict[str, tuple[pd.DataFrame, pd.Series]]:
    """Expression and reference calls of each input."""
    subtypes = folder / "subtypes"
    arrays = pd.read_csv(subtypes / "pam50_testdata.tsv", sep="\t", index_col=0).T
    called = pd.read_csv(subtypes / "pam50_testdata_assignments.tsv", sep="\t", index_col=0)
    patients = pd.read_csv(subtypes / "sampleInputFile_200subjects.txt", sep="\t", index_col=0).drop(index="T").T
    scores = pd.read_csv(subtypes / "sampleInputFile_pam50scores.txt", sep="\t", index_col=0)
    ihc = pd.read_csv(subtypes / "tcga712_ihc_pam50.csv.gz", index_col=0).set_index("PatientID")
    tcga = pd.read_csv(subtypes / "tcga712_pam50genes_expr.csv.gz", index_col=0)
    scanb = pd.read_csv(folder / "cohorts" / "scanb400_expr.csv.gz", index_col=0).T
    clinical = pd.read_csv(folder / "cohorts" / "scanb400_clin.csv.gz").set_index("title")
    scanb = scanb if "ESR1" in scanb.columns else scanb.T
    return {
        "test arrays": (arrays, called["assignment"].map(NAMES)),
        "200 patients": (patients.astype(float), scores["Call"]),
        "TCGA 712": (tcga, ihc["PAM50_paper"]),
        "SCAN-B 400 (38 of the genes)": (scanb, clinical["pam50_subtype"]),
    }


def main() -> None:
    rows = []
    for name, (cohort, told) in reference_inputs(data_folder()).items():
        for reference in ("cohort", "frozen"):
            try:
                calls = orx.scores.subtype(cohort, reference=reference)
            except orx.core.errors.InputError as error:
                print(f"{name}, {reference}: refused ({str(error)[:60]}...)")
                continue
            known = told.reindex(calls.index)
            rows.append((name, reference, len(calls), round(float((calls["subtype"] == known).mean()), 4)))
            print(f"\n{name}, reference={reference!r}: {calls['reference'].iloc[0]}")
            print(pd.crosstab(known.rename("told"), calls["subtype"].rename("called")))
    table = pd.DataFrame(rows, columns=["input", "reference", "n", "agreement"])
    print("\n" + table.to_string(index=False))
    print("(the frozen medians come from TCGA 712 itself; SCAN-B is their independent test)")
    alone(data_folder())
    receptors(data_folder())
    triple_negative()


def tcga_counts(folder: Path) -> AnnData:
    """Counts of 100 tumours of TCGA, genes by their names of today."""
    counts = pd.read_csv(folder / "subtypes" / "bsr_tcga100_counts5000.csv.gz", index_col=0)
    return orx.harmonize.genes(AnnData((counts if len(counts) == 100 else counts.T).astype(float)))


def alone(folder: Path) -> None:
    """Each tumour alone on frozen medians and references, against what its cohort says of it, by unit."""
    tcga = tcga_counts(folder)
    scanb = reference_inputs(folder)["SCAN-B 400 (38 of the genes)"][0]
    fpkm = AnnData(np.maximum(2**scanb - 0.1, 0))
    lengths = resources.table("gene_lengths.tsv.gz").set_index("gene")["length"].astype(float)
    known = tcga[:, [gene for gene in tcga.var_names if gene in lengths.index]].copy()
    tpm = convert(known, "TPM", unit="counts", lengths=lengths.to_dict())
    cohorts = {"TCGA 100, counts": (tcga, "counts"), "TCGA 100, TPM": (tpm, "TPM"), "SCAN-B, FPKM": (fpkm, "FPKM")}
    print("\neach tumour alone on frozen medians against its own cohort's call")
    for name, (cohort, unit) in cohorts.items():
        told = with_info(cohort, unit=unit, domain="tumour")
        own, frozen = (orx.scores.subtype(told, reference=one) for one in ("cohort", "frozen"))
        same = own["subtype"] == frozen["subtype"]
        sure = frozen["margin"] >= 0.1
        print(f"{name}: {same.mean():.2f}; of {sure.mean():.0%} with a margin of .1 or more {same[sure].mean():.2f}")
    told = with_info(tcga, unit="counts", domain="tumour")
    for name in orx.signatures.list().index:
        signature = orx.signatures.load(name)
        try:
            own, frozen = (signature.score(told, reference=one) for one in ("cohort", "frozen"))
        except orx.core.errors.InputError:
            continue
        order = own["risk_score"].corr(frozen["risk_score"], method="spearman")
        groups = (own["risk_group"] == frozen["risk_group"]).mean()
        print(f"TCGA 100, counts, {name}: Spearman {order:.3f}, risk groups {groups:.2f}")


def triple_negative() -> None:
    """Subtypes of triple-negative lines against the calls of the authors of the subtypes."""
    told = pd.read_csv(Path(__file__).parents[1] / "tests" / "parity" / "data_tnbc" / "cell_lines.csv", index_col=0)
    cells = orx.datasets.load("gdsc2", progress=False).cells
    lines = cells[cells.obs["name"].isin(told.index).to_numpy()]
    called = orx.scores.tnbc_subtype(lines).set_index(lines.obs["name"])["subtype"]
    for source in ("gdsc", "consensus"):
        known = told[source][told[source].isin(["BL1", "BL2", "LAR", "M"])]
        ours = called.reindex(known.index)
        print(f"\n{len(known)} triple-negative lines, {source} authors' calls: agreement {(ours == known).mean():.3f}")
        print(pd.crosstab(known.rename("told"), ours.rename("called")))


def receptors(folder: Path) -> None:
    """Receptor status from expression against immunohistochemistry."""
    ihc = pd.read_csv(folder / "subtypes" / "tcga712_ihc_pam50.csv.gz", index_col=0).set_index("PatientID")
    status = orx.scores.receptors(pd.read_csv(folder / "subtypes" / "tcga712_pam50genes_expr.csv.gz", index_col=0))
    for short in ("er", "pr", "her2"):
        told, called = ihc[f"{short}_status_by_ihc"].str.lower(), status[f"{short}_status"].reindex(ihc.index)
        sure = called != "unknown"
        right = float((called[sure] == told[sure]).mean())
        print(f"TCGA 712 {short.upper()}: told of {sure.mean():.1%}, right in {right:.1%} of these")


if __name__ == "__main__":
    main()
