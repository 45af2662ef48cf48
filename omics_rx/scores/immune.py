"""Immune and stromal infiltration from marker genes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.work import log
from omics_rx.harmonize.needs import Needs, opened, prepare
from omics_rx.scores.panels import MIN_COVERAGE, panel_needs, score_panel, score_prepared, sets_of

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

CITES = ("becht2016",)
ESTIMATE_CITES = ("yoshihara2013", "barbie2009")
CELL_TYPE_CITES = ("bindea2013", "charoentong2017", "barbie2009")
_TABLE = "immune_sets.tsv"
_PURITY = (0.6049872018, 0.0001467884)
_AFFYMETRIX = "log2 intensity"
_ASKED = (
    "purity was fitted on Affymetrix arrays and is left empty, since nobody said that these are intensities of an "
    'array: core.cohort.with_info(cohort, unit="log2 intensity") says it'
)
_N_GENES = 10_412  # of the paper, over which purity was fitted
_PURITY_COVERAGE = 0.8


def immune_sets() -> dict[str, list[str]]:
    """Marker genes behind :func:`immune`: ten cell populations and six signatures, by current symbol."""
    return {name: genes for panel in ("mcp_counter", "signatures") for name, genes in _panel(panel).items()}


def checkpoint_sets() -> dict[str, list[str]]:
    """Genes of immune checkpoints, ``"Inhibitory"`` and ``"Stimulatory"``."""
    return _panel("checkpoints")


def _panel(name: str) -> dict[str, list[str]]:
    return sets_of(_TABLE, "set", only={"panel": name})


@in_words
def immune(cohort: CohortLike, *, min_coverage: float = MIN_COVERAGE) -> pd.DataFrame:
    """Abundance of immune and stromal populations and strength of immune signatures in each sample.

    Each score is the mean log2 expression of its markers, so samples can be compared with each other for one
    population, and populations cannot be compared within a sample.

    Parameters
    ----------
    cohort
        AnnData or frame, samples x genes, under any gene identifiers that ``harmonize.genes`` knows. Counts, CPM, TPM
        and FPKM are brought to log2 first.
    min_coverage
        Least share of a population's markers; a population below it is NaN, and a warning names it.

    Returns
    -------
    pandas.DataFrame
        Samples x populations, in the cohort's log2 unit: the ten populations of MCP-counter (Becht et al. 2016),
        ``Cytolytic activity`` (Rooney et al. 2015; here on the log scale, which makes it the logarithm of their
        geometric mean), ``Interferon gamma`` and ``Tumour inflammation`` (Ayers et al. 2017, unweighted),
        ``Lymphoid chemokines`` (Coppola et al. 2011), ``Tertiary lymphoid structures`` (Cabrita et al. 2020; one of its
        nine genes, EIF1AY, lies on the Y chromosome) and ``B cells`` (Danaher et al. 2017).

    Raises
    ------
    InputError
        If no population is covered.
    """
    return score_panel(cohort, immune_sets(), "immune populations", method="mean", min_coverage=min_coverage)


@in_words
def checkpoints(cohort: CohortLike) -> pd.DataFrame:
    """Expression of the immune checkpoint genes that the cohort has.

    Returns
    -------
    pandas.DataFrame
        Samples x genes, log2 unit of the cohort, inhibitory genes first. Genes that the cohort lacks have no column.

    Raises
    ------
    InputError
        If the cohort has none of them.
    """
    wanted = tuple(gene for genes in checkpoint_sets().values() for gene in genes)
    ready = prepare(cohort, Needs("expression of checkpoints", genes=wanted))
    values = ready.values(wanted)
    if not values.shape[1]:
        raise InputError(f"none of the {len(wanted)} checkpoint genes is in the cohort: are its columns genes?")
    return ready.told(values)


@in_words
def estimate(cohort: CohortLike, *, min_coverage: float = MIN_COVERAGE) -> pd.DataFrame:
    """Stromal and immune content of each tumour, and its purity where that can be said.

    Parameters
    ----------
    cohort
        AnnData or frame of tumours, samples x genes.
    min_coverage
        Least share of each of the two sets.

    Returns
    -------
    pandas.DataFrame
        ``stromal``, ``immune`` (ssGSEA scores over the genes of the paper, not divided by their range), ``estimate``
        (their sum) and ``purity`` (0 to 1): cos(0.6049872018 + 0.0001467884 x estimate), NaN unless the unit is told
        to be ``"log2 intensity"``, since the relation was fitted on Affymetrix arrays and logarithms of sequencing may
        look alike, where the relation leaves 0 to 1, and where under 80% of the genes of the paper are measured.

    Raises
    ------
    InputError
        If neither set is covered.

    Notes
    -----
    Yoshihara et al., Nature Communications 2013. Ranks run over the genes that all platforms of the paper measure, and
    scores grow with their number, so they are brought to 10,412 genes before purity is computed. With 80% of the genes
    left at random, purity moved by under 0.035 in 95% of the tumours of two breast cohorts; with 60%, by 0.07.
    """
    cohort = opened(cohort)
    ready = prepare(cohort, estimate_needs())
    common = ready.source.var_names.isin(resources.table("estimate_genes.tsv.gz")["gene"])
    if common.any():
        ready = replace(ready, source=ready.source[:, common].copy())
    scores = score_prepared(ready, _panel("estimate"), "ESTIMATE sets", method="ssgsea", min_coverage=min_coverage)
    scores.columns = pd.Index(["stromal", "immune"])
    scores["estimate"] = scores["stromal"] + scores["immune"]
    scores["purity"] = np.nan
    if ready.found.unit == _AFFYMETRIX and ready.found.detected:
        ready = replace(ready, said=(*ready.said, _ASKED))
        log.warning("ESTIMATE: %s", _ASKED)
    elif ready.found.unit == _AFFYMETRIX and common.sum() >= _PURITY_COVERAGE * _N_GENES:
        angle = _PURITY[0] + _PURITY[1] * scores["estimate"] * _N_GENES / int(common.sum())
        purity = np.cos(angle)
        scores["purity"] = purity.where((angle >= 0) & (purity >= 0))
    return ready.told(scores)


def estimate_needs() -> Needs:
    """What :func:`estimate` needs of a cohort."""
    return panel_needs("ESTIMATE sets", _panel("estimate"), "ssgsea")


def cell_type_sets() -> dict[str, list[str]]:
    """Marker genes of 29 immune cell types: 23 of Bindea et al. 2013 and 6 of Charoentong et al. 2017."""
    return _panel("cell_types")


@in_words
def immune_cell_types(
    cohort: CohortLike, method: str = "ssgsea", *, min_coverage: float = MIN_COVERAGE
) -> pd.DataFrame:
    """Score 29 immune cell types in each sample.

    Parameters
    ----------
    cohort
        AnnData or frame, samples x genes, under any gene identifiers that ``harmonize.genes`` knows.
    method
        Method of :func:`omics_rx.scores.score`.
    min_coverage
        Least share of a type's markers; a type below it is NaN, and a warning names it.

    Returns
    -------
    pandas.DataFrame
        Samples x cell types: B, T, helper, memory, CD8, cytotoxic, gamma delta, NK, dendritic, mast cells,
        macrophages, neutrophils and others after Bindea et al. 2013; activated and effector memory CD4 and CD8 T cells,
        regulatory T cells and myeloid-derived suppressor cells after Charoentong et al. 2017. The other lists of the
        28 types of that paper are not included: no second copy was found to check them against. Sets may be
        scored with one's own lists by :func:`omics_rx.scores.score`.

    Raises
    ------
    InputError
        If no type is covered.
    """
    return score_panel(cohort, cell_type_sets(), "immune cell types", method=method, min_coverage=min_coverage)
