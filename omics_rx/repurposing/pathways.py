"""Pathways in which the targets of the first drugs lie, against drugs drawn at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.scores.kernels.separation import benjamini_hochberg

_AT_A_TIME = 2000


def pathways_of_first(
    targets: Mapping[str, Sequence[str]],
    first: Sequence[str],
    sets: Mapping[str, Sequence[str]],
    *,
    n_draws: int,
    seed: int,
) -> pd.DataFrame:
    """Count the targets of the first drugs in each pathway, and how often as many drugs at random have as many.

    Parameters
    ----------
    targets
        Drug to its target genes, of all drugs ranked with a known target.
    first
        The drugs from the top, among those of ``targets``.
    sets
        Pathway to genes; every one with a target in it is tested.
    n_draws
        Draws of as many drugs.
    seed
        Of the draws.

    Returns
    -------
    DataFrame
        Index ``set``, best first, one row a pathway tested: ``overlap`` (different targets of the first drugs in it),
        ``set_size`` (targets of any drug in it), ``expected`` (mean overlap of the draws), ``p_value`` (share of
        the draws with at least this overlap, the drugs themselves counted as one draw), ``q_value``
        (Benjamini-Hochberg over all of them) and ``genes``.

    Raises
    ------
    InputError
        If no pathway holds a target.
    """
    drugs = list(targets)
    genes = list(dict.fromkeys(gene for own in targets.values() for gene in own))
    at = {gene: place for place, gene in enumerate(genes)}
    hits = np.zeros((len(drugs), len(genes)), dtype=np.float32)
    for row, drug in enumerate(drugs):
        hits[row, [at[gene] for gene in targets[drug]]] = 1
    held = {name: [gene for gene in dict.fromkeys(own) if gene in at] for name, own in sets.items()}
    held = {name: own for name, own in held.items() if own}
    if not held:
        raise InputError(f"none of the {len(genes)} targets is in a pathway: are they gene symbols?")
    inside = np.zeros((len(genes), len(held)), dtype=np.float32)
    for column, own in enumerate(held.values()):
        inside[[at[gene] for gene in own], column] = 1
    chosen = np.isin(drugs, list(first))
    overlap = (hits[chosen].max(axis=0, initial=0) @ inside).astype(int)
    as_many, total = _drawn(hits, inside, overlap, int(chosen.sum()), n_draws=n_draws, seed=seed)
    p_value = (1 + as_many) / (1 + n_draws)
    of_first = {gene for drug in first for gene in targets[drug]}
    table = pd.DataFrame(
        {
            "overlap": overlap,
            "set_size": [len(own) for own in held.values()],
            "expected": total / n_draws,
            "p_value": p_value,
            "q_value": benjamini_hochberg(p_value),
            "genes": [";".join(gene for gene in own if gene in of_first) for own in held.values()],
        },
        index=pd.Index(list(held), name="set"),
    )
    # equal p are common among few draws: the larger excess first
    excess = table["overlap"] / table["expected"].clip(lower=1e-9)
    return table.assign(excess=excess).sort_values(["p_value", "excess"], ascending=[True, False]).drop(
        columns="excess"
    )  # fmt: skip


def _drawn(
    hits: np.ndarray, inside: np.ndarray, overlap: np.ndarray, size: int, *, n_draws: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """In how many draws each pathway is met as often as by the first drugs, and the sum over draws."""
    draw = rng(seed, "pathways")
    as_many, total = np.zeros(inside.shape[1]), np.zeros(inside.shape[1])
    for start in range(0, n_draws, _AT_A_TIME):
        n = min(_AT_A_TIME, n_draws - start)
        order = draw.random((n, len(hits))).argpartition(size - 1, axis=1)[:, :size]
        picked = np.zeros((n, len(hits)), dtype=np.float32)
        np.put_along_axis(picked, order, 1, axis=1)
        found = np.minimum(picked @ hits, 1) @ inside
        as_many += (found >= overlap - 0.5).sum(axis=0)
        total += found.sum(axis=0)
    return as_many, total
