"""Which pathways a list of genes is rich in."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import InputError, examples
from omics_rx.scores.sets import GeneSets, GeneSetsLike, as_sets


def pathway_sets() -> dict[str, list[str]]:
    """Reactome pathways of 15 to 150 genes, by name."""
    table = resources.table("reactome_pathways.tsv.gz")
    return {str(name): str(genes).split(";") for name, genes in zip(table["pathway"], table["genes"], strict=True)}


def enrich(
    genes: Iterable[str],
    gene_sets: GeneSetsLike | GeneSets | None = None,
    *,
    background: Iterable[str],
    min_overlap: int = 2,
) -> pd.DataFrame:
    """Test which gene sets hold more of a gene list than chance.

    Parameters
    ----------
    genes
        Genes of interest, such as those of a signature.
    gene_sets
        As for :func:`omics_rx.scores.score`; None takes :func:`pathway_sets`.
    background
        All genes that could have been in the list: those measured and passed to the selection. Genes of the list and
        of the sets outside it do not count.
    min_overlap
        Leave out sets with fewer genes of the list.

    Returns
    -------
    pandas.DataFrame
        Index set, best first: ``overlap``, ``set_size`` (within the background), ``expected``, ``odds_ratio``,
        ``p_value`` (hypergeometric, one-sided), ``q_value`` (Benjamini-Hochberg over the sets tested) and ``genes``.

    Raises
    ------
    InputError
        If no gene of the list is in the background, or names of list and sets do not meet.

    Notes
    -----
    The test is gseapy's over-representation with the user's sets and background, offline.
    """
    import gseapy

    if isinstance(genes, str):
        raise InputError(f"genes is {genes!r}, not a list of genes: write [{genes!r}]")
    universe = set(map(str, background))
    listed = list(dict.fromkeys(str(gene) for gene in genes))
    inside = [gene for gene in listed if gene in universe]
    if not inside:
        raise InputError(
            f"none of the {len(listed)} genes is in the background of {len(universe)} ({examples(listed)}): "
            "do they carry the same identifiers?"
        )
    sets = as_sets(pathway_sets() if gene_sets is None else gene_sets)
    members = {name: [gene for gene in weights.index if gene in universe] for name, weights in sets.weights.items()}
    tested = {name: found for name, found in members.items() if len(set(found) & set(inside)) >= min_overlap}
    if not tested:
        raise InputError(
            f"no gene set holds {min_overlap} of the {len(inside)} genes ({examples(inside)}): "
            "do the names of sets and genes match?"
        )
    result = gseapy.enrich(inside, tested, background=sorted(universe), outdir=None, no_plot=True).results
    table = pd.DataFrame(
        {
            "overlap": result["Overlap"].str.split("/").str[0].astype(int),
            "set_size": result["Overlap"].str.split("/").str[1].astype(int),
            "odds_ratio": result["Odds Ratio"].astype(float),
            "p_value": result["P-value"].astype(float),
            "q_value": result["Adjusted P-value"].astype(float),
            "genes": result["Genes"],
        }
    ).set_axis(pd.Index(result["Term"], name="set"), axis=0)
    table.insert(2, "expected", table["set_size"] * len(inside) / len(universe))
    return table.sort_values(["p_value", "overlap"], ascending=[True, False])
