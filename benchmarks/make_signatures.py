"""Make the signatures that travel with the package: python benchmarks/make_signatures.py [FOLDER].

The cell-death index is trained on gse1992, gse3143 and gse4335 by the recipe of that name; the proliferation score
has equal weights and takes its scale from gse1992, which has ten of the eleven PAM50 genes (no cohort has BIRC5).
"""

import sys
from dataclasses import replace
from pathlib import Path

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.core.provenance import file_sha256
from omics_rx.signatures import RiskSignature

COHORTS = ("gse1992", "gse3143", "gse4335")
SCALE = "gse1992"
CREATED = "2026-11-22T16:00:00+00:00"  # fixed, so that the same data and versions give the same files


def save(signature: RiskSignature, file: Path) -> None:
    provenance = replace(signature.provenance, created=CREATED)
    replace(signature, licence="CC-BY-4.0", provenance=provenance).save(file)
    print(f"{file.name} sha256 {file_sha256(file)}")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "resources" / "signatures"
    folder.mkdir(parents=True, exist_ok=True)
    cohorts = {name: orx.datasets.load(name) for name in COHORTS}
    study = orx.signatures.build("cell_death", cohorts, endpoint="mixed", seed=0)
    save(study.signature, folder / "cell_death.json")
    print(study.table.round(3).to_string(index=False))
    table = resources.table("pam50.tsv")
    genes = table.loc[table["proliferation"] == "yes", "gene"].tolist()
    measured = [gene for gene in genes if gene in cohorts[SCALE].var_names]
    print(f"proliferation: {len(measured)} of {len(genes)} genes are in {SCALE}")
    mean = orx.signatures.from_weights(
        "proliferation",
        dict.fromkeys(measured, 1.0),
        {SCALE: cohorts[SCALE]},
        description="Mean of ten of the eleven PAM50 proliferation genes",
        cites=("nielsen2010",),
    )
    save(mean, folder / "proliferation.json")


if __name__ == "__main__":
    main()
