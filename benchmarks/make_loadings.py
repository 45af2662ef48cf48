"""Write the gene loadings by which scores are filled in on platforms that lack their genes.

Four cohorts (gse1992, gse4335, gse3143, and SCAN-B of the further real data), no outcome: genes of the modules, of the
shipped signatures and of PAM50, and those that go most with each module; correlations within cohort, fifty factors.

Usage: python benchmarks/make_loadings.py; writes ``resources/gene_loadings.tsv.gz`` and prints its sha256.
"""

from __future__ import annotations

import gzip
import hashlib
import json

import pandas as pd
from external_cohorts import folder, scanb400

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.core.cohort import expression
from omics_rx.signatures.loadings import FILE, GeneLoadings
from omics_rx.signatures.modules import module_sets

DONORS = ("gse1992", "gse4335", "gse3143")
FURTHER = ("PLAU", "VEGFA", "STAT1", "CASP3", "ESR1", "ERBB2", "AURKA")  # anchors of the modules of Desmedt 2008


def donors() -> dict[str, pd.DataFrame]:
    """Cohorts under current symbols."""
    given = {name: orx.datasets.load(name) for name in DONORS} | {"scanb400": scanb400(folder())}
    return {name: expression(orx.harmonize.genes(cohort)) for name, cohort in given.items()}


def wanted() -> list[str]:
    """Genes of everything that is shipped."""
    genes = [gene for members in module_sets().values() for gene in members]
    for file in sorted((resources.root() / "signatures").glob("*.json")):
        genes += [row["gene"] for row in json.loads(file.read_text())["genes"]]
    return [*genes, *resources.table("pam50.tsv")["gene"], *FURTHER]


def learn(cohorts: dict[str, pd.DataFrame]) -> GeneLoadings:
    """Learn from some of the donors."""
    return GeneLoadings.learn(cohorts, keep=wanted(), targets=module_sets())


def main() -> None:
    learnt = learn(donors())
    table = learnt.table()
    table.columns = [f"factor{number}" for number in table.columns]
    table.insert(0, "n_samples", learnt.n_samples)
    table.insert(1, "origin", learnt.origin)
    file = resources.root() / FILE
    file.write_bytes(gzip.compress(table.to_csv(sep="\t").encode(), mtime=0))
    print(table.shape, file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
