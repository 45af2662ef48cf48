"""Make the signatures that travel with the package: python benchmarks/make_signatures.py [FOLDER] [NAME ...].

The cell-death and the immune index are trained on gse1992, gse3143 and gse4335 by the recipes of these names, the
prognosis from modules on these and seven cohorts of the further real data (OMICS_RX_DATA). The
others are published formulas that take their scale from gse1992: the means of ten of the eleven PAM50 proliferation
genes and of the genes of tumour inflammation, and the weights of the 21-gene recurrence score. Genes that gse1992 lacks
(BIRC5, TIGIT) are left out and named in the description.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from external_cohorts import every, folder

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.core.cohort import expression
from omics_rx.core.provenance import file_sha256
from omics_rx.signatures import RiskSignature

COHORTS = ("gse1992", "gse3143", "gse4335")
SCALE = "gse1992"
CREATED = "2026-11-22T16:00:00+00:00"  # fixed, so that the same data and versions give the same files
# Paik et al. 2004: weight of each group, and of each gene in it; five reference genes cancel within a cohort
RECURRENCE = (
    (0.47, {"GRB7": 0.9, "ERBB2": 0.1}),
    (-0.34, {"ESR1": 0.2, "PGR": 0.3, "BCL2": 0.25, "SCUBE2": 0.25}),
    (1.04, dict.fromkeys(("BIRC5", "MKI67", "MYBL2", "CCNB1", "AURKA"), 0.2)),
    (0.10, {"CTSV": 0.5, "MMP11": 0.5}),
    (0.05, {"CD68": 1.0}),
    (-0.08, {"GSTM1": 1.0}),
    (-0.07, {"BAG1": 1.0}),
)


def save(signature: RiskSignature, file: Path) -> None:
    provenance = replace(signature.provenance, created=CREATED)
    replace(signature, licence="CC-BY-4.0", provenance=provenance).save(file)
    print(f"{file.name} sha256 {file_sha256(file)}")


def trained(recipe: str) -> RiskSignature:
    study = orx.signatures.build(recipe, {name: orx.datasets.load(name) for name in COHORTS}, endpoint="mixed", seed=0)
    print(study.table.round(3).to_string(index=False))
    return study.signature


def published(name: str, weights: dict[str, float], text: str, cites: tuple[str, ...], *, raw: bool) -> RiskSignature:
    """A formula over the genes that the scale's cohort has; ``raw`` weights are of log2 expression, not of z."""
    cohort = orx.harmonize.genes(orx.datasets.load(SCALE))
    kept = {gene: weight for gene, weight in weights.items() if gene in cohort.var_names}
    if raw:
        spread = expression(cohort)[list(kept)].std()
        kept = {gene: weight * float(spread[gene]) for gene, weight in kept.items()}
    absent = sorted(set(weights) - set(kept))
    left = f"; left out, as {SCALE} lacks them: {', '.join(absent)}" if absent else ""
    return orx.signatures.from_weights(name, kept, {SCALE: cohort}, description=f"{text}{left}", cites=cites)


def proliferation() -> RiskSignature:
    table = resources.table("pam50.tsv")
    genes = table.loc[table["proliferation"] == "yes", "gene"].tolist()
    cohort = orx.datasets.load(SCALE)
    measured = [gene for gene in genes if gene in cohort.var_names]
    print(f"proliferation: {len(measured)} of {len(genes)} genes are in {SCALE}")
    return orx.signatures.from_weights(
        "proliferation", dict.fromkeys(measured, 1.0), {SCALE: cohort},
        description="Mean of ten of the eleven PAM50 proliferation genes", cites=("nielsen2010",),
    )  # fmt: skip


def tumour_inflammation() -> RiskSignature:
    table = resources.table("immune_sets.tsv")
    genes = table.loc[table.eq("Tumour inflammation").any(axis=1), "gene"].tolist()
    return published(
        "tumour_inflammation", dict.fromkeys(genes, -1.0),
        f"Mean of the {len(genes)} genes of tumour inflammation, turned round: a higher score is less inflammation",
        ("ayers2017",), raw=False,
    )  # fmt: skip


def recurrence_score() -> RiskSignature:
    weights: dict[str, float] = {}
    measured = set(orx.harmonize.genes(orx.datasets.load(SCALE)).var_names)
    for group, genes in RECURRENCE:
        known = {gene: share for gene, share in genes.items() if gene in measured}
        total = np.sum(list(known.values())) / np.sum(list(genes.values()))
        weights |= {gene: group * share / total if gene in known else group * share for gene, share in genes.items()}
    return published(
        "recurrence_score", weights,
        "The 21-gene recurrence score's weights on log2 expression, without its floors and its scale of 0 to 100; not "
        "the test of that name",
        ("paik2004",), raw=True,
    )  # fmt: skip


def prognosis() -> RiskSignature:
    study = orx.signatures.build("modules", every(folder()), endpoint="mixed", seed=0)
    print(study.table.round(3).to_string(index=False))
    return replace(study.signature, name="prognosis")


MADE: dict[str, Callable[[], RiskSignature]] = {
    "cell_death": lambda: trained("cell_death"),
    "immune": lambda: trained("immune"),
    "prognosis": prognosis,
    "proliferation": proliferation,
    "recurrence_score": recurrence_score,
    "tumour_inflammation": tumour_inflammation,
}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "resources" / "signatures"
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or MADE:
        save(MADE[name](), folder / f"{name}.json")


if __name__ == "__main__":
    main()
