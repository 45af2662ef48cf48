"""Which pathways a list of genes is rich in."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log
from omics_rx.scores.kernels.overlap import odds_ratio, overlap_p
from omics_rx.scores.kernels.separation import benjamini_hochberg
from omics_rx.scores.names import refuse_mouse, resolve, tell_lower
from omics_rx.scores.sets import GeneSets, GeneSetsLike, as_sets, resolved


def pathway_sets() -> dict[str, list[str]]:
    """Reactome pathways of 15 to 150 genes, by name."""
    table = resources.table("reactome_pathways.tsv.gz")
    return {str(name): str(genes).split(";") for name, genes in zip(table["pathway"], table["genes"], strict=True)}


@cache
def _shipped() -> GeneSets:
    """Pathways under current symbols, made once."""
    return resolved(as_sets(pathway_sets()))


@in_words
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
        Genes of interest, such as those of a signature, under any identifiers; list, sets and background are brought
        to current symbols.
    gene_sets
        As for :func:`omics_rx.scores.score`; None takes :func:`pathway_sets`.
    background
        All genes that could have been in the list: those measured and passed to the selection. Genes of the list and
        of the sets outside it do not count, and the log names them.
    min_overlap
        Show sets with at least so many genes of the list. Every set with a gene in the background is tested and
        counts in the correction, shown or not.

    Returns
    -------
    pandas.DataFrame
        Index set, best first: ``overlap``, ``set_size`` (within the background), ``expected``, ``odds_ratio`` (one half
        added to each count), ``p_value`` (hypergeometric, one-sided), ``q_value`` (Benjamini-Hochberg over all sets
        with a gene in the background, whose number stands in ``attrs["n_tested"]``) and ``genes``, joined by ``;``.
        Empty where no set holds ``min_overlap``.

    Raises
    ------
    InputError
        If no gene of the list, or no gene of any set, is in the background.

    Notes
    -----
    The unit is the gene: genes are taken to be drawn one by one. Where they come in bundles (targets of drugs, genes of
    one amplicon) the p is too small. Signs and weights of a set say nothing here, as the log tells.
    """
    if isinstance(genes, str):
        raise InputError(f"genes is {genes!r}, not a list of genes: write [{genes!r}]")
    universe = set(_symbols(background, "the background"))
    listed = _symbols(genes, "the list")
    inside = [gene for gene in listed if gene in universe]
    if not inside:
        raise InputError(
            f"none of the {len(listed)} genes is in the background of {len(universe)} ({examples(listed)}): "
            "do they carry the same identifiers?"
        )
    if len(inside) < len(listed):
        lost = [gene for gene in listed if gene not in universe]
        log.warning("%d of %d genes are not in the background and do not count (%s)", len(lost), len(listed),
                    examples(lost))  # fmt: skip
    sets = _shipped() if gene_sets is None else resolved(as_sets(gene_sets))
    if sets.kind() != "member":
        log.warning("over-representation counts genes: the weights and signs of these sets are not used")
    members = {name: [gene for gene in weights.index if gene in universe] for name, weights in sets.weights.items()}
    tested = {name: found for name, found in members.items() if found}
    if not tested:
        raise InputError(
            f"no gene of the {len(sets.names)} gene sets is in the background of {len(universe)} "
            f"({examples(next(iter(sets.weights.values())).index)}): do they carry the same identifiers?"
        )
    return _tested(inside, tested, len(universe), min_overlap)


def _symbols(names: Iterable[object], what: str) -> list[str]:
    """Current symbols of a list, each once."""
    found = resolve(names)
    refuse_mouse(found, what)
    tell_lower(found, what)
    return list(dict.fromkeys(found["symbol"]))


def _tested(inside: list[str], members: dict[str, list[str]], n_genes: int, min_overlap: int) -> pd.DataFrame:
    """Test every set; show those that share enough."""
    own = set(inside)
    shared = {name: [gene for gene in genes if gene in own] for name, genes in members.items()}
    overlap = np.array([len(genes) for genes in shared.values()])
    size = np.array([len(genes) for genes in members.values()])
    p_value = overlap_p(overlap, size, len(inside), n_genes)
    table = pd.DataFrame(
        {
            "overlap": overlap,
            "set_size": size,
            "expected": size * len(inside) / n_genes,
            "odds_ratio": odds_ratio(overlap, size, len(inside), n_genes),
            "p_value": p_value,
            "q_value": benjamini_hochberg(p_value),
            "genes": [";".join(genes) for genes in shared.values()],
        },
        index=pd.Index(list(members), name="set"),
    )
    shown = table[table["overlap"] >= min_overlap].sort_values(
        ["p_value", "overlap"], ascending=[True, False], kind="stable"
    )
    shown.attrs["n_tested"] = len(members)
    return shown
