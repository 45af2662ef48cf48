"""Pathways in which the targets of the first drugs lie, against as many drugs at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.scores.kernels.overlap import overlap_p
from omics_rx.scores.kernels.separation import benjamini_hochberg


def pathways_of_first(
    targets: Mapping[str, Sequence[str]], first: Sequence[str], sets: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Count the first drugs with a target in each pathway, and how often as many drugs at random would do as well.

    Parameters
    ----------
    targets
        Drug to its target genes, of all drugs ranked with a known target.
    first
        The drugs from the top, among those of ``targets``.
    sets
        Pathway to genes; every one with a target in it is tested.

    Returns
    -------
    DataFrame
        Index ``set``, best first, one row a pathway tested: ``drugs`` (of the first, with a target in it), ``of_drugs``
        (of all), ``expected`` (of as many drugs at random), ``overlap`` (different targets of the first drugs in it),
        ``set_size`` (targets of any drug in it), ``p_value`` (share of all ways to draw as many drugs in which at
        least so many have a target in it), ``q_value`` (Benjamini-Hochberg over all pathways tested) and ``genes``.

    Raises
    ------
    InputError
        If no pathway holds a target.

    Notes
    -----
    Drugs are permuted, each with all its targets; the number of drugs drawn from those with a target in a pathway is
    hypergeometric, so the p over all permutations is exact.
    """
    known = {gene for own in targets.values() for gene in own}
    held = {name: {gene for gene in own if gene in known} for name, own in sets.items()}
    held = {name: own for name, own in held.items() if own}
    if not held:
        raise InputError(f"none of the {len(known)} targets is in a pathway: are they gene symbols?")
    hit = np.array([[not own.isdisjoint(genes) for own in held.values()] for genes in targets.values()])
    on_top = np.isin(list(targets), list(first))
    drugs, of_drugs, n_first = hit[on_top].sum(axis=0), hit.sum(axis=0), int(on_top.sum())
    p_value = overlap_p(drugs, of_drugs, n_first, len(targets))
    of_first = {gene for drug in first for gene in targets[drug]}
    shared = [sorted(own & of_first) for own in held.values()]
    table = pd.DataFrame(
        {
            "drugs": drugs,
            "of_drugs": of_drugs,
            "expected": of_drugs * n_first / len(targets),
            "overlap": [len(genes) for genes in shared],
            "set_size": [len(own) for own in held.values()],
            "p_value": p_value,
            "q_value": benjamini_hochberg(p_value),
            "genes": [";".join(genes) for genes in shared],
        },
        index=pd.Index(list(held), name="set"),
    )
    return table.sort_values(["p_value", "overlap"], ascending=[True, False], kind="stable")
