"""What the response network reads of cells and drugs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from omics_rx.response.parts.base import Cells
from omics_rx.response.similarity import DrugFeatures

if TYPE_CHECKING:
    from omics_rx.response.parts.network_layers import DrugInput


def expression(cells: Cells) -> np.ndarray:
    """Expression without gaps, ``(n_cells, n_genes)``.

    A missing gene counts as the genes left out while training do: it adds nothing, and those present are scaled up by
    what is missing.
    """
    present = np.isfinite(cells.z)
    share = np.maximum(present.mean(axis=1, keepdims=True), 1e-9)
    filled: np.ndarray = np.where(present, cells.z, 0.0) / share
    return filled


def directions(z: np.ndarray, n_components: int) -> np.ndarray:
    """Each gene's part in the leading principal components of the lines, ``(n_genes, k)``, scaled by their spread."""
    values, vectors = np.linalg.eigh(z @ z.T)
    keep = np.argsort(-values)[: min(n_components, len(values) - 1, z.shape[1])]
    keep = keep[values[keep] > 1e-6 * values[keep[0]]]
    found = z.T @ vectors[:, keep]
    signs = np.sign(found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])])
    scaled: np.ndarray = found * signs / np.sqrt(len(z))
    return scaled


def target_expression(cells: Cells, drugs: DrugFeatures) -> np.ndarray:
    """Mean z-score of each drug's target genes in each cell, ``(n_cells, n_drugs)``.

    0, the training mean, for a drug without a target among the genes, and where a cell lacks all of them.
    """
    column = {gene: i for i, gene in enumerate(cells.genes)}
    result = np.zeros((len(cells), len(drugs)))
    for position, targets in enumerate(drugs.targets):
        at = [column[gene] for gene in sorted(targets) if gene in column]
        if at:
            own = cells.z[:, at]
            known = np.isfinite(own)
            result[:, position] = np.where(known, own, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return result


def vocabulary(drugs: DrugFeatures) -> dict[str, int]:
    """Column of each target and pathway term of the training drugs."""
    found = set().union(*(_marked(*terms) for terms in zip(drugs.targets, drugs.pathway, strict=True)))
    return {term: column for column, term in enumerate(sorted(found))}


def described(drugs: DrugFeatures, terms: Mapping[str, int], genes: np.ndarray, loadings: np.ndarray) -> np.ndarray:
    """Drugs by targets and pathway, ``(n_drugs, n_terms + 1 + k)``.

    A column a known term, one that says that none is known, and the place of the targets among the genes: the mean of
    their loadings on the leading components, on unit length, 0 where no target is among the genes. Drugs whose targets
    move together stand together there, even when no term is shared.
    """
    result = np.zeros((len(drugs), len(terms) + 1 + loadings.shape[1]))
    row_of = {gene: i for i, gene in enumerate(genes)}
    for row, (targets, pathway) in enumerate(zip(drugs.targets, drugs.pathway, strict=True)):
        known = [terms[term] for term in sorted(_marked(targets, pathway)) if term in terms]
        result[row, known] = 1.0
        result[row, len(terms)] = float(not known)
        at = [row_of[gene] for gene in sorted(targets) if gene in row_of]
        if at:
            place = loadings[at].mean(axis=0)
            result[row, len(terms) + 1 :] = place / max(float(np.linalg.norm(place)), 1e-9)
    return result


def drug_input(drugs: DrugFeatures, terms: np.ndarray, *, double: bool) -> DrugInput:
    """Graphs and description of drugs as tensors, in double or single precision."""
    import torch

    from omics_rx.response import graphs
    from omics_rx.response.parts.network_layers import DrugInput, Molecules

    dtype = torch.float64 if double else torch.float32
    rows = [i for i, text in enumerate(drugs.smiles) if text is not None]
    molecules = Molecules.of(graphs.batch([str(drugs.smiles[i]) for i in rows]), dtype) if rows else None
    return DrugInput(molecules, torch.tensor(rows, dtype=torch.long), torch.from_numpy(terms).to(dtype))


def _marked(targets: frozenset[str], pathway: frozenset[str]) -> set[str]:
    return {f"target {term}" for term in targets} | set(pathway)
