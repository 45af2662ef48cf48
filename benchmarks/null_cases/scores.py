"""Noise and planted truth for scores, markers and gene sets."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from anndata import AnnData

from null_cases import case
from omics_rx import scores
from omics_rx.core import cohort as cohorts
from omics_rx.core.screen import DrugScreen

_DISCRETE = "scores.enrich: overlaps are whole numbers, so a p of .05 or less is rarer than .05"


@cache
def _background() -> tuple[str, ...]:
    return tuple(sorted({gene for genes in scores.pathway_sets().values() for gene in genes}))


# ------------------------------------------------------------------------------------------------------- gene sets


@case("scores.enrich", "q", unit="genes", full=300, fast=25)
def random_genes_as_called_by_default(random):
    background = _background()
    found = scores.enrich(random.choice(background, 20, replace=False), background=background)
    return found["q_value"].min() if len(found) else 1.0


@case("scores.enrich", "q", unit="genes", full=300, fast=25)
def a_list_of_two_hundred(random):
    background = _background()
    found = scores.enrich(random.choice(background, 200, replace=False), background=background, min_overlap=1)
    return found["q_value"].min()


@case("scores.enrich", "p", unit="genes", full=1000, fast=100, holds=(0.02, 0.07), stated=_DISCRETE)
def one_large_set(random):
    background = [f"TEST{i}" for i in range(2000)]
    genes = random.choice(background, 300, replace=False)
    found = scores.enrich(genes, {"set": background[:400]}, background=background, min_overlap=0)
    return found["p_value"].iloc[0]


# ------------------------------------------------------------------------------------------------ shares of cells


def _shares(random: np.random.Generator, first: int, second: int, more: float = 0.0) -> pd.DataFrame:
    """What is said of five cell types in two groups of samples, the first type more frequent in the first group."""
    counts = random.gamma(4, size=(first + second, 5))
    counts[:first, 0] += more
    table = pd.DataFrame(counts, columns=list("abcde"))
    groups = pd.Series(np.repeat(["high", "low"], [first, second]))
    return scores.compare_shares(table, groups)


@case("scores.compare_shares", "p", unit="samples", full=500, fast=60)
def groups_with_the_same_shares(random):
    return _shares(random, 12, 15)["p_value"]


@case("scores.compare_shares", "q", unit="samples", full=500, fast=60)
def five_types_without_a_difference(random):
    return _shares(random, 12, 15)["q_value"].min()


@case("scores.compare_shares", "interval", unit="samples", full=500, fast=60)
def four_samples_a_side(random):
    found = _shares(random, 4, 4, more=2.0).loc["a"]
    return found["lower"], found["upper"], 2.0


@case("scores.deconvolve", "p", unit="genes of a mixture", full=60, fast=0)
def mixtures_of_nothing(random):
    """Markers drawn from all values of the mixtures, which is what the draws of the test are."""
    markers = list(scores.til10().markers)
    values = pd.DataFrame(random.lognormal(3, 1.2, (4, len(markers))), columns=markers, index=list("abcd"))
    data = cohorts.with_info(cohorts.as_cohort(values), unit="TPM")
    found = scores.deconvolve(data, method="cibersort", n_permutations=99, progress=False)
    return found.fit["p_value"].to_numpy()


# ---------------------------------------------------------------------------------------------------------- markers


def _cells(random: np.random.Generator) -> tuple[AnnData, pd.Series]:
    """150 cells x 60 genes, counts, without any difference between their three types."""
    names = [f"c{i}" for i in range(150)]
    counts = random.poisson(random.gamma(1, 3, 60), (150, 60)).astype(np.float32) + 1
    data = AnnData(counts, obs=pd.DataFrame(index=names), var=pd.DataFrame(index=_background()[:60]))
    types = pd.Series(random.choice(["T cells", "tumour", "stroma"], 150), index=names)
    return cohorts.with_info(data, unit="counts"), types


@case("scores.marker_genes", "p", unit="cells", full=300, fast=15)
def types_alike(random):
    return scores.marker_genes(*_cells(random), progress=False)["p_value"].to_numpy()


@case("scores.marker_genes", "q", unit="cells", full=300, fast=40)
def any_marker_of_a_type(random):
    found = scores.marker_genes(*_cells(random), progress=False)
    return found[found["group"] == "tumour"]["q_value"].min()


@case("scores.iic_genes_from_cells", "q", unit="cells", full=300, fast=40)
def no_gene_of_immune_cells(random):
    cells, types = _cells(random)
    found = scores.iic_genes_from_cells(cells, types, immune=["T cells"], tumour=["tumour"], min_log2_fold=-100)
    return found["q_value"].min() if len(found) else 1.0


@case("scores.iic_genes_from_lines", "q", unit="lines", full=300, fast=40)
def no_gene_of_blood_lines(random):
    names = [f"line{i}" for i in range(60)]
    values = random.normal(8, 1, (60, 80))
    cells = AnnData(values, obs=pd.DataFrame({"tissue": ["blood", "breast"] * 30}, index=names),
                    var=pd.DataFrame(index=_background()[:80]))  # fmt: skip
    responses = pd.DataFrame({"cell_id": names, "drug_id": "D", "screen": "s", "ln_ic50": random.normal(size=60)})
    drugs = pd.DataFrame({"name": ["drug"], "smiles": ["CCO"]}, index=pd.Index(["D"], name="drug_id"))
    found = scores.iic_genes_from_lines(DrugScreen(responses, cells, drugs), min_auroc=0, min_difference=-100)
    return found["q_value"].min() if len(found) else 1.0


REASONS = {
    "scores.deconvolve interval": "gives none: the word stands in the description of its fit",
    "scores.iic_genes_from_cells p": "gives the q alone",
    "scores.iic_genes_from_lines p": "gives the q alone",
}
