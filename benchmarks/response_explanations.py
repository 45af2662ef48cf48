"""Do explanations of the response model mean anything? Targets, deletion, randomised responses, on GDSC2.

    python benchmarks/response_explanations.py
    python benchmarks/response_explanations.py --pairs 50 --drugs 60

Drugs with a known structure and targets.

1. Completeness: largest gap between a prediction and the sum of its genes.
2. Targets: place of a drug's known targets among the genes by size of their share in the variance of its predictions
   (0 first, 1 last; chance .5), and how many drugs have a target among the first 100, each against the same number of
   genes drawn at random. Also over the genes one step away: pathways holding a target.
3. Deletion: the mean change of a prediction when its k largest genes are set to those of the average line, against k
   genes at random; and when the k largest atoms lose the bits centred on them, against k random atoms.
4. Randomised: correlation of genes with those of a model fitted after the responses of each drug were dealt out anew
   among its lines, and of atoms after the structures were dealt out anew among the drugs.
5. Relabelling the atoms of each drug: largest change of an atom's contribution.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.core.screen import DrugScreen
from omics_rx.core.work import rng
from omics_rx.response import similarity
from omics_rx.response.explain import LinePaths, gene_contributions, shares
from omics_rx.response.explain_atoms import AtomExplanation, explain_atoms, over_atoms
from omics_rx.response.few_shot import kernel_of
from omics_rx.response.model import ResponseModel
from omics_rx.response.parts.base import Training
from omics_rx.response.parts.kernel_ridge import KernelRidge

STEPS = (10, 30, 100, 300, 1000)
N_NULL = 1000


def single(paths: LinePaths) -> LinePaths:
    """The same in single precision, at half the time."""
    return LinePaths(*(np.asarray(getattr(paths, name), np.float32) for name in ("z", "rate", "height", "weighted")))


def drug_shares(kernel: KernelRidge, paths: LinePaths, columns: np.ndarray) -> np.ndarray:
    """Share of each gene in the variance of the predictions of some drugs, ``(n_drugs, n_genes)``."""
    return np.array([shares(paths.contributions(kernel.dual_[:, j].astype(np.float32)), paths.z)[0] for j in columns])


def places(found: np.ndarray) -> np.ndarray:
    """Place of each gene by size of its share, 0 the first to 1 the last, row by row."""
    order = np.argsort(np.argsort(-np.abs(found), axis=1), axis=1)
    return order / (found.shape[1] - 1)


def recovery(title: str, rank: np.ndarray, sets: list[np.ndarray], first: int = 100) -> None:
    """Print mean place and hits of sets of genes against as many random genes."""
    n = rank.shape[1]
    kept = [(row, own) for row, own in enumerate(sets) if len(own)]
    best = np.array([rank[row, own].mean() for row, own in kept])
    hits = np.mean([(rank[row, own] * (n - 1) < first).any() for row, own in kept])
    random = rng(0, "null", title)
    null_best, null_hits = [], []
    for _ in range(N_NULL):
        drawn = [(row, random.choice(n, len(own), replace=False, shuffle=False)) for row, own in kept]
        null_best.append(np.mean([rank[row, own].mean() for row, own in drawn]))
        null_hits.append(np.mean([(rank[row, own] * (n - 1) < first).any() for row, own in drawn]))
    p = (1 + np.sum(np.array(null_best) <= best.mean())) / (N_NULL + 1)
    p_hits = (1 + np.sum(np.array(null_hits) >= hits)) / (N_NULL + 1)
    print(
        f"{title}: {len(kept)} drugs; mean place {best.mean():.3f} (random genes {np.mean(null_best):.3f}, p {p:.3f}); "
        f"one among the first {first}: {hits:.3f} (random {np.mean(null_hits):.3f}, p {p_hits:.3f})"
    )


def target_sets(training: Training, columns: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Positions of the known targets of each drug among the genes, and of the genes of small pathways with one."""
    genes = training.cells.genes
    table = resources.table("reactome_pathways.tsv.gz")
    members = [set(text.split(";")) for text in table["genes"]]
    small = [own for own in members if len(own) <= 50]
    direct, near = [], []
    for j in columns:
        own = set(training.drugs.targets[j])
        around = set().union(*(pathway for pathway in small if pathway & own)) - own if own else set()
        direct.append(np.flatnonzero(genes.isin(list(own))))
        near.append(np.flatnonzero(genes.isin(list(around))))
    return direct, near


def gene_deletion(kernel: KernelRidge, pairs: list[tuple[int, int]]) -> pd.DataFrame:
    """Mean absolute change of the core (ln uM) when k genes go to the average line."""
    z = kernel.training_.cells.z
    rows = []
    for row, column in pairs:
        dual = kernel.dual_[:, column]
        size = np.argsort(-np.abs(gene_contributions(kernel, z[row], dual)))
        chance = rng(0, "genes", row, column).permutation(len(size))
        changed = np.array([np.where(np.isin(np.arange(len(size)), order[:k]), 0.0, z[row])
                            for order in (size, chance) for k in STEPS])  # fmt: skip
        values = kernel.alike(np.vstack([z[row], changed])) @ dual
        rows.append(np.abs(values[1:] - values[0]))
    mean = np.mean(rows, axis=0).reshape(2, -1)
    return pd.DataFrame(mean, index=["largest", "random"], columns=[f"{k} genes" for k in STEPS])


def atom_deletion(
    model: ResponseModel, explained: list[AtomExplanation], steps: tuple[int, ...] = (1, 2, 4, 8)
) -> pd.DataFrame:
    """Mean absolute change of the prediction (ln uM) when the bits centred on k atoms are taken away."""
    from rdkit import Chem
    from rdkit.Chem import rdFingerprintGenerator

    maker = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=similarity.N_BITS, includeChirality=True)
    rows = []
    for found in explained:
        predicted = from_others(model, found.drug_id)
        size = np.argsort(-np.abs(found.atoms["contribution"].to_numpy()))
        if len(size) < max(steps) + 2:
            continue
        told = rdFingerprintGenerator.AdditionalOutput()
        told.AllocateBitInfoMap()
        maker.GetFingerprint(Chem.MolFromSmiles(found.smiles), additionalOutput=told)
        places_of = told.GetBitInfoMap()
        changes = []
        for order in (size, rng(0, "atoms", found.drug_id).permutation(len(size))):
            for k in steps:
                gone = set(order[:k].tolist())
                kept = [bit for bit, places in places_of.items() if any(centre not in gone for centre, _ in places)]
                changes.append(abs(predicted(kept) - found.core))
        rows.append(changes)
    mean = np.mean(rows, axis=0).reshape(2, -1)
    return pd.DataFrame(mean, index=["largest", "random"], columns=[f"{k} atoms" for k in steps])


def from_others(model: ResponseModel, drug: str) -> Callable[[list[int]], float]:
    """Mean prediction of a training drug from the others (ln uM), had it only some bits."""
    from omics_rx.response.explain_atoms import carrier_of, reach_of, shares_of

    kernel = kernel_of(model)
    at = kernel.training_.drugs.names.get_indexer([drug])
    own, carrier = kernel.training_.drugs.take(at), carrier_of(kernel, None, without=int(at[0]))

    def predicted(bits: list[int]) -> float:
        fewer = np.zeros_like(own.bits)
        fewer[0, bits] = 1
        asked = replace(own, bits=fewer)
        reach = reach_of(asked, carrier, kernel)
        found = shares_of(asked, carrier, kernel, reach)
        return carrier.base + reach * carrier.line + float(sum(np.sum(part) for part in found.values()))

    return predicted


def relabelled(explained: list[AtomExplanation]) -> float:
    """Largest change of an atom's contribution (ln uM) when the atoms are numbered anew."""
    from rdkit import Chem

    worst = 0.0
    for found in explained:
        molecule, drug = Chem.MolFromSmiles(found.smiles), found.drug_id
        values = rng(0, "bits", drug).normal(size=similarity.N_BITS)
        order = [int(i) for i in rng(0, "order", drug).permutation(molecule.GetNumAtoms())]
        first, _ = over_atoms(molecule, values)
        second, _ = over_atoms(Chem.RenumberAtoms(molecule, order), values)
        worst = max(worst, float(np.abs(second - first[order]).max()))
    return worst


def dealt_anew(screen: DrugScreen) -> DrugScreen:
    """The screen with the responses of each drug shuffled among its lines."""
    responses = screen.responses.copy()
    for drug, rows in responses.groupby("drug_id").groups.items():
        responses.loc[rows, "ln_ic50"] = rng(0, "dealt", drug).permutation(responses.loc[rows, "ln_ic50"].to_numpy())
    return DrugScreen(responses, screen.cells, screen.drugs, screen.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200, help="pairs of line and drug for completeness and deletion")
    parser.add_argument("--drugs", type=int, default=1000, help="most drugs, drawn at random")
    parser.add_argument("--atoms", type=int, default=1000, help="of how many of them atoms are explained")
    told = parser.parse_args()
    model = orx.response.default()
    kernel = kernel_of(model)
    training = kernel.training_
    known = training.drugs.bits.any(axis=1) & np.array([bool(own) for own in training.drugs.targets])
    columns = np.sort(rng(0, "drugs").permutation(np.flatnonzero(known))[: told.drugs])
    names = [str(name) for name in training.drugs.names[columns]]
    random = rng(0, "pairs")
    pairs = list(zip(random.integers(len(training.cells), size=told.pairs), random.choice(columns, told.pairs),
                     strict=True))  # fmt: skip
    gaps = []
    for row, column in pairs[:50]:
        found = model.explain(str(training.cells.names[row]), str(training.drugs.names[column]))
        gaps.append(abs(found.base + found.genes.sum() - found.core))
    atoms = [explain_atoms(model, name) for name in names[: told.atoms]]
    print(f"completeness: genes {max(gaps):.1e} ln uM at most; atoms add up by construction", flush=True)
    paths = single(LinePaths.of(kernel))
    found = drug_shares(kernel, paths, columns)
    direct, near = target_sets(training, columns)
    recovery("targets", places(found), direct)
    recovery("genes that share a small pathway with a target", places(found), near)
    print(f"deletion of genes, mean |change| in ln uM\n{gene_deletion(kernel, pairs).round(3).to_string()}", flush=True)
    print(f"deletion of atoms\n{atom_deletion(model, atoms).round(3).to_string()}", flush=True)
    print(f"relabelling atoms: largest change {relabelled(atoms):.1e}")
    shuffled = KernelRidge(gamma=kernel.gamma_, ridge=kernel.ridge_, drug_ridges=kernel.drug_ridges_)
    matrix = dealt_anew(model.screen_).matrix().reindex(index=training.cells.names, columns=training.drugs.names)
    shuffled.fit(replace(training, y=matrix.to_numpy()))
    other = drug_shares(shuffled, paths, columns)
    r = [spearmanr(np.abs(a), np.abs(b)).statistic for a, b in zip(found, other, strict=True)]
    top = [len(set(np.argsort(-np.abs(a))[:100]) & set(np.argsort(-np.abs(b))[:100])) for a, b in
           zip(found, other, strict=True)]  # fmt: skip
    between = spearmanr(np.abs(found[:60]), axis=1).statistic
    apart = between[np.triu_indices(len(between), 1)].mean()
    print(
        f"randomised responses: mean rank correlation of gene sizes {np.mean(r):.3f} (two drugs of one model "
        f"{apart:.3f}), {np.mean(top):.1f} of the first 100 genes shared (chance {100**2 / found.shape[1]:.1f})"
    )
    dealt = rng(0, "structures").permutation(len(training.drugs))
    other_drugs = KernelRidge(gamma=kernel.gamma_, ridge=kernel.ridge_, drug_ridges=kernel.drug_ridges_)
    model.learnt_.stack.parts["kernel"] = other_drugs.fit(replace(training, y=training.y[:, dealt]))
    weights = [
        np.corrcoef(one.atoms["contribution"], explain_atoms(model, one.drug_id).atoms["contribution"])[0, 1]
        for one in atoms
        if len(one.atoms) > 5
    ]
    print(
        f"structures dealt anew among the drugs: mean correlation of atoms {np.mean(weights):.3f} "
        f"({len(weights)} drugs; sd over drugs {np.std(weights):.3f})"
    )


if __name__ == "__main__":
    main()
