"""Target genes of drugs, and the pathways around them: how active they are in a subtype."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.harmonize.targets import genes_of as genes_of  # noqa: PLC0414 - the rooms above read it here
from omics_rx.repurposing.selectivity import group_difference, standardised

_PATHWAYS = "reactome_pathways.tsv.gz"


@in_words
def gene_differences(expression: pd.DataFrame, inside: pd.Series) -> pd.Series:
    """Mean z of each gene in a group less its mean in the others; z over all samples.

    Parameters
    ----------
    expression
        Samples x genes, any logarithmic unit.
    inside
        True for the samples of the group, False for those it is compared with.

    Returns
    -------
    Series
        One value a gene, in standard deviations; genes that do not vary or are missing are left out.
    """
    return group_difference(standardised(expression), inside)["difference"].dropna()


@in_words
def target_expression(targets: dict[str, list[str]], differences: pd.Series) -> pd.Series:
    """Mean difference over a drug's target genes that were measured; drugs without one are left out."""
    known = differences.to_dict()
    measured = {drug: [known[gene] for gene in genes if gene in known] for drug, genes in targets.items()}
    return pd.Series({drug: float(np.mean(values)) for drug, values in measured.items() if values}, dtype=np.float64)


@cache
def pathways() -> dict[str, tuple[str, ...]]:
    """Reactome pathways of 15 to 150 genes: name to gene symbols."""
    table = resources.table(_PATHWAYS)
    return {name: tuple(genes.split(";")) for name, genes in zip(table["pathway"], table["genes"], strict=True)}


@in_words
def pathway_activity(targets: dict[str, list[str]], differences: pd.Series, *, n_pathways: int = 5) -> pd.Series:
    """Mean difference over the genes that share a pathway with a drug's targets.

    Of each target the ``n_pathways`` smallest Reactome pathways are taken, being the most specific. The targets
    themselves are left out, so that this tells something else than :func:`target_expression`.

    Parameters
    ----------
    targets
        Drug to its target genes.
    differences
        Gene to its difference between a subtype and the others (standard deviations).
    n_pathways
        Pathways taken of each target.

    Returns
    -------
    Series
        One value a drug, in standard deviations; a drug needs a pathway with 5 genes measured.
    """
    holding: dict[str, list[str]] = {}
    for name, genes in sorted(pathways().items(), key=lambda item: (len(item[1]), item[0])):
        for gene in genes:
            holding.setdefault(gene, []).append(name)
    values = differences.to_dict()
    found = {}
    for drug, own in targets.items():
        chosen = dict.fromkeys(name for gene in own for name in holding.get(gene, [])[:n_pathways])
        means = []
        for name in chosen:
            around = [values[gene] for gene in pathways()[name] if gene in values and gene not in own]
            if len(around) >= 5:
                means.append(float(np.mean(around)))
        if means:
            found[drug] = float(np.mean(means))
    return pd.Series(found, dtype=np.float64)
