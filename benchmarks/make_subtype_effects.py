"""Write what the subtypes of breast tumours look like over the open cohorts at hand, and how to recognise these.

SCAN-B (GSE96058, 400 tumours), TCGA (Agilent, 533 tumours, 1,492 genes), gse1992, gse3143 and gse4335 (124, 158 and 115
arrays). Subtypes are those published for SCAN-B and TCGA and those of ``scores.subtype`` for the others. Of each cohort
the mean of every gene in every subtype is kept (standard deviations of the gene over subtypes that weigh the same), the
number of tumours, and the deviation within subtypes; of each tumour a fingerprint, so that a cohort that is among them
can be told. No value of a tumour is kept.

Usage: python benchmarks/make_subtype_effects.py; writes ``resources/subtype_means.tsv.gz`` and
``resources/subtype_cohorts.tsv.gz``, and prints their sha256 (needs the shared data).
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator

import pandas as pd
from external_cohorts import folder, scanb400

from omics_rx import datasets, harmonize, scores
from omics_rx.core import cohort as co
from omics_rx.core import resources
from omics_rx.repurposing import labels, reference_cohorts, subtype_effects


def cohorts() -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    """Name, expression by current symbol (samples x genes, logarithmic) and subtypes of each cohort."""
    scanb = harmonize.genes(scanb400(folder()))
    yield "SCAN-B", co.expression(scanb), scanb.obs["pam50_subtype"].astype(str)
    tcga = pd.read_csv(folder() / "cohorts" / "tcga_agilent533_expr.csv.gz", index_col=0)
    tcga = tcga[~tcga.index.duplicated()]  # of three patients a second sample
    told = pd.read_csv(folder() / "cohorts" / "tcga_brca_clin_surv.csv.gz").set_index("patient")["Subtype_mRNA"]
    named = harmonize.genes(co.with_info(co.as_cohort(tcga), unit="log2 ratio", domain="tumour"))
    yield "TCGA", co.expression(named), told[~told.index.duplicated()].reindex(tcga.index.str[:12]).set_axis(tcga.index)
    for name in ("gse1992", "gse3143", "gse4335"):
        tumours = harmonize.genes(datasets.load(name))
        yield name, co.expression(tumours), scores.subtype(tumours)["subtype"]


def written(table: pd.DataFrame, name: str) -> None:
    """Write a table and print its size and hash."""
    file = resources.root() / name
    file.write_bytes(gzip.compress(table.to_csv(sep="\t", index=False).encode(), mtime=0))
    print(
        f"{name}: {len(table):,} rows, {file.stat().st_size:,} bytes, {hashlib.sha256(file.read_bytes()).hexdigest()}"
    )


def main() -> None:
    """Measure and write."""
    means, brought = [], list(cohorts())
    for name, expression, called in brought:
        found = subtype_effects.cohort_means(name, expression, called)
        counts = called.value_counts().reindex(list(labels.SUBTYPES)).fillna(0).astype(int)
        # one deviation a gene, from the errors: variance of a subtype's mean times its tumours
        within = (found.variances * counts.to_numpy()).median(axis=1).pow(0.5)
        means.append(found.means.round(2).assign(within=within.round(2), cohort=name).rename_axis("gene").reset_index())
        print(name, len(expression), counts.to_dict(), len(found.means), "genes")
    written(pd.concat(means)[["cohort", "gene", *labels.SUBTYPES, "within"]], "subtype_means.tsv.gz")
    marks = (
        reference_cohorts.fingerprints(expression).assign(cohort=name, subtype=called.to_numpy())
        for name, expression, called in brought
    )  # of the genes that all cohorts in the table have
    every = pd.concat(marks, ignore_index=True)
    counted = every["subtype"].where(every["subtype"].isin(labels.SUBTYPES))
    written(every.assign(subtype=counted)[["cohort", "subtype", "id", "levels", "places"]], "subtype_cohorts.tsv.gz")


if __name__ == "__main__":
    main()
