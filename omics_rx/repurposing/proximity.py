"""Network proximity: how near a drug's targets are to a disease's genes, against genes of like degree (Guney 2016)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from omics_rx.core.errors import InputError
from omics_rx.core.work import rng

N_RANDOM, PER_BIN, FEWEST = 500, 100, 5


class Network:
    """An undirected network of genes.

    Parameters
    ----------
    edges
        Two columns: the genes that each edge joins; loops and repeats are dropped.
    said
        What is to be said of how they were read.

    Raises
    ------
    InputError
        If no edge joins two genes.
    """

    def __init__(self, edges: pd.DataFrame, *, said: tuple[str, ...] = ()) -> None:
        self.said = said
        pairs = edges.iloc[:, :2].astype(str)
        pairs = pairs[pairs.iloc[:, 0] != pairs.iloc[:, 1]]
        if pairs.empty:
            raise InputError("the network has no edge between two genes")
        codes, names = pd.factorize(pairs.to_numpy().ravel(), sort=True)
        self.genes = pd.Index(names)
        left, right = codes.reshape(-1, 2).T
        n = len(names)
        table = sparse.coo_matrix((np.ones(len(left), dtype=np.float32), (left, right)), shape=(n, n)).tocsr()
        self.table = (table + table.T).sign()
        self.degree = np.asarray(self.table.sum(axis=1)).ravel()
        order = np.argsort(self.degree, kind="stable")
        n_bins = max(n // PER_BIN, 1)
        self.bin = np.empty(n, dtype=int)
        for number, members in enumerate(np.array_split(order, n_bins)):
            self.bin[members] = number
        self.members = [np.flatnonzero(self.bin == number) for number in range(n_bins)]

    def distances(self, sets: np.ndarray) -> np.ndarray:
        """Steps from every gene to the nearest of each set, ``(n_sets, n_genes)``; infinite where apart.

        ``sets``: positions of the genes, ``(n_sets, size)``. 64 sets walk at once, each a bit of every gene.
        """
        return np.concatenate([self._walked(sets[first : first + 64]) for first in range(0, len(sets), 64)])

    def _walked(self, sets: np.ndarray) -> np.ndarray:
        bits = np.uint64(1) << np.arange(len(sets), dtype=np.uint64)
        front, step = np.zeros(len(self.genes), dtype=np.uint64), 0
        np.bitwise_or.at(front, sets, bits[:, None])
        seen, steps = front.copy(), np.full((len(sets), len(self.genes)), np.inf, dtype=np.float32)
        while front.any():
            steps[(front & bits[:, None]) > 0] = step
            # every gene has a neighbour, so no stretch of the table is empty
            around = np.bitwise_or.reduceat(front[self.table.indices], self.table.indptr[:-1])
            front = around & ~seen
            seen |= front
            step += 1
        return steps

    def alike(self, genes: np.ndarray, seed: int, *keys: object) -> np.ndarray:
        """Random sets of as many distinct genes of like degree, ``(N_RANDOM, n)``; a bin holds about a hundred."""
        random = rng(seed, "proximity", *keys)
        bins, counts = np.unique(self.bin[genes], return_counts=True)
        drawn = []
        for number, count in zip(bins, counts, strict=True):
            members = self.members[number]
            order = np.argsort(random.random((N_RANDOM, len(members))), axis=1)
            drawn.append(members[order[:, :count]])
        return np.concatenate(drawn, axis=1)


def proximity(targets: dict[str, list[str]], disease: list[str], network: Network, *, seed: int = 0) -> pd.DataFrame:
    """Mean steps from a drug's targets to the nearest disease gene, standardised by disease genes of like degree.

    The null keeps the targets of a drug and draws the disease genes. The targets of one drug are often one family,
    near each other in the network, so that their distances go together; targets drawn one by one are spread, their
    mean varies less, and z by them has a standard deviation of 1.2 for a drug of several targets where the disease is
    random. Guney et al. draw both.

    Parameters
    ----------
    targets
        Drug to its target genes.
    disease
        Genes of the disease, such as the hundred most over-expressed in a subtype.
    network
        The network.
    seed
        Seed of the draws.

    Returns
    -------
    DataFrame
        Index drug; ``distance`` (steps), ``z`` (below 0 is nearer than chance), ``n_targets`` in the network; only
        drugs with a target from which a disease gene can be reached.

    Raises
    ------
    InputError
        If fewer than five disease genes are in the network.
    """
    at = network.genes.get_indexer(pd.Index(sorted(set(disease))))
    at = at[at >= 0]
    if len(at) < FEWEST:
        raise InputError(f"{len(at)} genes of the disease are in the network: at least {FEWEST} are needed")
    steps = network.distances(at[None, :])[0]
    drawn = network.distances(network.alike(at, seed, *network.genes[at]))
    rows = {}
    for drug, genes in targets.items():
        own = network.genes.get_indexer(pd.Index(sorted(set(genes))))
        own = own[own >= 0]
        own = own[np.isfinite(steps[own])]
        if not own.size:
            continue
        null = _means(drawn[:, own])
        spread = float(null.std()) if null.size else 0.0
        distance = float(steps[own].mean())
        z = (distance - float(null.mean())) / spread if spread > 0 else np.nan
        rows[drug] = (distance, z, own.size)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["distance", "z", "n_targets"])


def _means(drawn: np.ndarray) -> np.ndarray:
    """Mean steps of the targets to each drawn disease; draws that none of them reaches are left out."""
    reached = np.isfinite(drawn)
    count = reached.sum(axis=1)
    return np.asarray(np.where(reached, drawn, 0.0).sum(axis=1, dtype=np.float64)[count > 0] / count[count > 0])
