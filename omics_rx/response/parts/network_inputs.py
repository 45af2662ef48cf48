"""What the response network reads of cells and drugs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from omics_rx.core.errors import InputError
from omics_rx.response.parts.base import Cells
from omics_rx.response.similarity import DrugFeatures, drug_kernel, reactome

if TYPE_CHECKING:
    from omics_rx.response.parts.network_layers import DrugInput

_SMALL = 1e-4
_LENGTH = 100.0


def expression(cells: Cells) -> np.ndarray:
    """Expression without gaps, ``(n_cells, n_genes)``.

    A missing gene counts as the genes left out while training do: it adds nothing, and those present are scaled up by
    what is missing.
    """
    present = np.isfinite(cells.z)
    share = np.maximum(present.mean(axis=1, keepdims=True), 1e-9)
    filled: np.ndarray = np.where(present, cells.z, 0.0) / share
    return filled


def gene_basis(z: np.ndarray, genes: np.ndarray, pathways: float) -> np.ndarray:
    """Weights that turn expression into coordinates of the training lines, ``(n_genes, k)``.

    The coordinates are the principal ones of genes of unit mean square and, for ``pathways`` of the variance, of the
    sums over Reactome pathways: a prior by which genes that share pathways count together.

    Raises
    ------
    InputError
        If pathways are asked for and no gene takes part in any.
    """
    alike, spread = z @ z.T, float((z**2).mean())
    weighed = (1 - pathways) / spread * z.T
    if pathways > 0:
        member = reactome([frozenset({gene}) for gene in genes])
        summed = z @ member
        size = float((summed**2).sum(axis=1).mean()) / z.shape[1]
        if size == 0:
            raise InputError(f"none of {len(genes)} genes is in a Reactome pathway: leave pathways at 0")
        weighed = weighed + pathways / size * (member @ summed.T)
        alike = z @ weighed
    else:
        alike = alike / spread
    vectors, values = _principal(alike)
    basis: np.ndarray = weighed @ vectors / np.sqrt(values)
    return basis


def drug_basis(alike: np.ndarray) -> np.ndarray:
    """Weights that turn likeness to the training drugs into their principal coordinates, ``(n_drugs, k)``.

    ``alike`` is that of the training drugs to each other; the squared length of a drug is a hundred on average.
    """
    vectors, values = _principal(alike)
    basis: np.ndarray = vectors / np.sqrt(values) * np.sqrt(_LENGTH * len(alike) / max(float(np.trace(alike)), 1.0))
    return basis


def _principal(alike: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvectors, signed by their largest entry, and eigenvalues that are not small, the largest first."""
    values, vectors = np.linalg.eigh(alike)
    keep = np.argsort(-values)
    keep = keep[values[keep] > _SMALL * max(float(values.max()), 1e-12)]
    if not keep.size:
        return np.ones((len(alike), 1)), np.ones(1)
    found = vectors[:, keep]
    return found * np.sign(found[np.abs(found).argmax(axis=0), np.arange(len(keep))]), values[keep]


def alike(drugs: DrugFeatures, training: DrugFeatures) -> np.ndarray:
    """How alike drugs are to the training drugs: structure, targets, pathway, Reactome; ``(n_drugs, n_training)``."""
    return drug_kernel(drugs, training)


def drug_input(drugs: DrugFeatures, read: np.ndarray, *, double: bool) -> DrugInput:
    """Graphs of drugs and what is read of their likeness as tensors, in double or single precision."""
    import torch

    from omics_rx.response import graphs
    from omics_rx.response.parts.network_layers import DrugInput, Molecules

    dtype = torch.float64 if double else torch.float32
    rows = [i for i, text in enumerate(drugs.smiles) if text is not None]
    molecules = Molecules.of(graphs.batch([str(drugs.smiles[i]) for i in rows]), dtype) if rows else None
    return DrugInput(molecules, torch.tensor(rows, dtype=torch.long), torch.from_numpy(read).to(dtype))
