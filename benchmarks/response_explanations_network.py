"""Do explanations of the graph network mean anything? Completeness, targets, deletion, dealt responses, on GDSC2.

    python benchmarks/response_explanations_network.py
    python benchmarks/response_explanations_network.py --drugs 30 --lines 16

One member of the network by itself, fitted on all of GDSC2, its integrated gradients of pairs of drugs with a known
structure and targets and of lines, both drawn at random (every drug with every line).

1. Completeness: largest gap between a prediction and the sum of its atoms and genes.
2. Targets: place of a drug's known targets among the genes by size of their share in the variance of its predictions
   over these lines (0 first, 1 last; chance .5) against as many genes drawn at random; also over the genes of small
   pathways holding a target.
3. Deletion: mean change of a prediction when its k largest genes go to the average line, against as many at random;
   and when its k largest atoms (with their bonds) lose their features, by a network fitted without these drugs: one
   that was trained on a drug knows it by its responses, and its atoms say next to nothing.
4. Dealt anew: rank correlation of the sizes of genes with those of a network fitted after the responses of each drug
   were dealt out anew among its lines.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd
from response_explanations import dealt_anew, places, recovery, target_sets
from scipy.stats import spearmanr

import omics_rx as orx
from omics_rx.core.work import rng
from omics_rx.response.explain import shares
from omics_rx.response.explain_network import NetworkExplanation, blanked, explain_atoms
from omics_rx.response.parts.base import Cells
from omics_rx.response.parts.network import GraphNetwork
from omics_rx.response.prepare import training_of
from omics_rx.response.similarity import DrugFeatures

GENES, ATOMS = (10, 30, 100, 300, 1000), (1, 2, 4, 8)


def explained(network: GraphNetwork, lines: Cells, drugs: DrugFeatures) -> list[list[NetworkExplanation]]:
    """Explanations drug by drug, line by line."""
    return [
        [explain_atoms(network, lines.take(np.array([i])), drugs.take(np.array([j]))) for i in range(len(lines))]
        for j in range(len(drugs))
    ]


def gene_shares(found: list[list[NetworkExplanation]], lines: Cells) -> np.ndarray:
    """Share of each gene in the variance of the predictions of each drug, ``(n_drugs, n_genes)``."""
    tables = [np.array([one.genes.reindex(lines.genes).to_numpy() for one in row]) for row in found]
    return np.array([shares(table, lines.z)[0] for table in tables])


def gene_deletion(network: GraphNetwork, lines: Cells, drugs: DrugFeatures, found) -> pd.DataFrame:
    """Mean absolute change (ln uM) when k genes of a line go to the average line."""
    rows = []
    for j, row in enumerate(found):
        i = j % len(lines)
        size = np.argsort(-row[i].genes.reindex(lines.genes).abs().to_numpy())
        chance = rng(0, "genes", j).permutation(len(size))
        z = np.repeat(lines.z[[i]], 2 * len(GENES) + 1, axis=0)
        for at, (order, k) in enumerate((order, k) for order in (size, chance) for k in GENES):
            z[at + 1, order[:k]] = 0
        asked = replace(lines.take(np.zeros(len(z), dtype=int) + i), z=z)
        values = network.predict(asked, drugs.take(np.array([j])))[:, 0]
        rows.append(np.abs(values[1:] - values[0]))
    mean = np.mean(rows, axis=0).reshape(2, -1)
    return pd.DataFrame(mean, index=["largest", "random"], columns=[f"{k} genes" for k in GENES])


def atom_deletion(network: GraphNetwork, lines: Cells, drugs: DrugFeatures) -> pd.DataFrame:
    """Mean absolute change (ln uM) when k atoms of a drug that the network has not seen have no features."""
    rows, sizes = [], []
    for j in range(len(drugs)):
        pair = lines.take(np.array([j % len(lines)])), drugs.take(np.array([j]))
        found = explain_atoms(network, *pair)
        size = np.argsort(-found.atoms.abs().to_numpy())
        if len(size) < max(ATOMS) + 2:
            continue
        sizes.append(found.atoms.abs().sum())
        chance = rng(0, "atoms", j).permutation(len(size))
        rows.append(
            [abs(blanked(network, *pair, order[:k]) - found.prediction) for order in (size, chance) for k in ATOMS]
        )
    mean = np.mean(rows, axis=0).reshape(2, -1)
    print(f"{len(rows)} drugs left out: mean sum of the sizes of their atoms {np.mean(sizes):.2f} ln uM")
    return pd.DataFrame(mean, index=["largest", "random"], columns=[f"{k} atoms" for k in ATOMS])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drugs", type=int, default=40, help="drugs with targets, drawn at random")
    parser.add_argument("--lines", type=int, default=24, help="lines, drawn at random")
    told = parser.parse_args()
    screen = orx.datasets.load("gdsc2", progress=False)
    training, _ = training_of(screen)
    network = GraphNetwork(n_members=1).fit(training, seed=0)
    print("fitted", flush=True)
    known = np.array([text is not None for text in training.drugs.smiles]) & np.array(
        [bool(own) for own in training.drugs.targets]
    )
    columns = np.sort(rng(0, "drugs").permutation(np.flatnonzero(known))[: told.drugs])
    lines = training.cells.take(np.sort(rng(0, "lines").permutation(len(training.cells))[: told.lines]))
    drugs = training.drugs.take(columns)
    found = explained(network, lines, drugs)
    gap = max(abs(one.gap) for row in found for one in row)
    by_atoms = np.mean([one.atoms.abs().sum() for row in found for one in row])
    by_genes = np.mean([one.genes.abs().sum() for row in found for one in row])
    print(f"{len(drugs)} drugs x {len(lines)} lines; completeness: {gap:.1e} ln uM at most; mean sum of sizes: atoms "
          f"{by_atoms:.2f}, genes {by_genes:.2f} ln uM", flush=True)  # fmt: skip
    share = gene_shares(found, lines)
    direct, near = target_sets(training, columns)
    recovery("targets", places(share), direct)
    recovery("genes that share a small pathway with a target", places(share), near)
    print(
        f"deletion of genes, mean |change| in ln uM\n{gene_deletion(network, lines, drugs, found).round(3).to_string()}"
    )
    others = training.take_drugs(np.setdiff1d(np.arange(len(training.drugs)), columns))
    blind = GraphNetwork(n_members=1).fit(others, seed=0)
    print(f"deletion of atoms\n{atom_deletion(blind, lines, drugs).round(3).to_string()}", flush=True)
    matrix = dealt_anew(screen).matrix().reindex(index=training.cells.names, columns=training.drugs.names)
    shuffled = GraphNetwork(n_members=1).fit(replace(training, y=matrix.to_numpy()), seed=0)
    few = drugs.take(np.arange(min(10, len(drugs))))
    other = gene_shares(explained(shuffled, lines, few), lines)
    r = [spearmanr(np.abs(a), np.abs(b)).statistic for a, b in zip(share, other, strict=False)]
    between = spearmanr(np.abs(share), axis=1).statistic
    apart = between[np.triu_indices(len(between), 1)].mean()
    print(f"responses dealt anew: mean rank correlation of gene sizes {np.mean(r):.3f} over {len(few)} drugs (two "
          f"drugs of one network {apart:.3f})")  # fmt: skip


if __name__ == "__main__":
    main()
