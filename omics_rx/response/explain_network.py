"""Why the graph network predicts what it predicts for one pair: atoms and genes that add up.

References
----------
Sundararajan et al., Axiomatic attribution for deep networks, ICML 2017: integrated gradients and completeness.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.response import graphs
from omics_rx.response.explain_atoms import Drawn
from omics_rx.response.parts import network_inputs as inputs
from omics_rx.response.parts.base import Cells, known_cells, positions
from omics_rx.response.parts.network import GraphNetwork

if TYPE_CHECKING:
    from torch import Tensor

    from omics_rx.response.parts.network_layers import ResponseNetwork
    from omics_rx.response.similarity import DrugFeatures

_NODES = (64, 128, 256, 512, 1024)
_TOLERANCE = 0.01


@dataclass(frozen=True, eq=False)
class NetworkExplanation(Drawn):
    """What atoms and genes add to the network's prediction of one pair.

    Attributes
    ----------
    cell_id, drug_id, smiles
        The pair, and the structure whose atoms are numbered.
    base
        Prediction (ln uM) for a line of average expression and a molecule without atom and bond features. What the
        network knows of the drug otherwise (its mean, targets, pathway and, where trained on, its free embedding)
        stays in place, and so is part of the base.
    atoms
        What each atom adds (ln uM), in the order of the SMILES; half of what a bond adds goes to either end.
    genes
        What each gene adds (ln uM), largest first by size. Nothing for a new drug in a line that was trained on: such
        a line is known by its measured responses.
    prediction
        The network's prediction (ln uM): ``base + atoms.sum() + genes.sum() + gap``.
    gap
        What quadrature leaves unexplained (ln uM), at most the tolerance asked for.
    """

    cell_id: str
    drug_id: str
    smiles: str
    base: float
    atoms: pd.Series
    genes: pd.Series
    prediction: float
    gap: float


def explain_atoms(
    network: GraphNetwork, cells: Cells, drugs: DrugFeatures, *, tolerance: float = _TOLERANCE
) -> NetworkExplanation:
    """Integrated gradients through the graph and the tower, from a blank molecule in an average line to the pair.

    Parameters
    ----------
    network
        A fitted network.
    cells, drugs
        One cell on the training scale and one drug with a structure, trained on or new.
    tolerance
        Largest gap (ln uM) between what is explained and the prediction; nodes are added until it is met.

    Raises
    ------
    InputError
        If the drug has no structure, not exactly one pair is given, or the tolerance is not met at 1,024 nodes.
    """
    if len(cells) != 1 or len(drugs) != 1:
        raise InputError(f"{len(cells)} cells and {len(drugs)} drugs were given: one pair is explained at a time")
    if drugs.smiles[0] is None:
        raise InputError(f"the structure of {drugs.names[0]} is not known: give its SMILES")
    way = _Way(network, cells, drugs)
    ends = [way.value(at) for at in (0.0, 1.0)]
    for nodes in _NODES:
        by_atom, by_gene = way.integrated(nodes)
        gap = ends[1] - ends[0] - by_atom.sum() - by_gene.sum()
        if abs(gap) <= tolerance:
            break
    else:
        raise InputError(
            f"{_NODES[-1]} nodes leave {abs(gap):.2g} ln uM unexplained, {tolerance:g} was asked for: allow more"
        )
    order = np.argsort(-np.abs(by_gene), kind="stable")
    genes = pd.Series(by_gene, index=cells.genes, name="contribution").iloc[order]
    atoms = pd.Series(by_atom, name="contribution").rename_axis("atom")
    return NetworkExplanation(
        str(cells.names[0]), str(drugs.names[0]), str(drugs.smiles[0]), ends[0], atoms, genes, ends[1], float(gap)
    )


def blanked(network: GraphNetwork, cells: Cells, drugs: DrugFeatures, atoms: Sequence[int]) -> float:
    """Prediction (ln uM) for one pair when some atoms, and the bonds at them, have no features, as in the base.

    What an explanation says of atoms can be tested by it: blanking those that add most must move the prediction most.

    Parameters
    ----------
    network, cells, drugs
        As for :func:`explain_atoms`.
    atoms
        Numbers of the atoms.
    """
    import torch

    way = _Way(network, cells, drugs)
    gone = torch.zeros(len(way.atoms), dtype=torch.bool)
    gone[list(atoms)] = True
    way.atoms[gone] = 0
    way.bonds[gone[way.ends].any(dim=0)] = 0
    return way.value(1.0)


class _Way:
    """The straight way from the blank pair to the pair asked for."""

    def __init__(self, network: GraphNetwork, cells: Cells, drugs: DrugFeatures) -> None:
        import torch

        self.part, self.drugs = network, drugs
        self.asked = network.drug_input(drugs)
        found = graphs.graph(str(drugs.smiles[0]))
        self.ends = torch.from_numpy(found.edges)
        self.atoms, self.bonds = (torch.from_numpy(table).double() for table in (found.atoms, found.bonds))
        self.genes = torch.from_numpy(inputs.expression(cells))
        self.column = int(positions(drugs.names, network.training_.drugs.names)[0])
        self.row = int(known_cells(cells, network.training_.cells)[0])

    def value(self, at: float) -> float:
        """Prediction (ln uM) at a place on the way, 0 to 1."""
        import torch

        step = torch.tensor([at], dtype=torch.float64)
        with torch.no_grad():
            return float(self._mean(lambda network: self._answers(network, *self._scaled(step))))

    def integrated(self, nodes: int) -> tuple[np.ndarray, np.ndarray]:
        """Contributions of atoms and of genes (ln uM) by Gauss-Legendre quadrature."""
        import torch

        place, weight = np.polynomial.legendre.leggauss(nodes)
        place, weight = (place + 1) / 2, weight / 2
        # normalised layers turn fastest near the blank pair, so the places crowd there: a = t^3
        step, share = torch.from_numpy(place**3), torch.from_numpy(3 * place**2 * weight)
        read = [value.requires_grad_() for value in self._scaled(step)]
        answers = self._mean(lambda network: self._answers(network, *read))
        atoms, bonds, genes = torch.autograd.grad((answers * share).sum(), read, materialize_grads=True)
        by_atom = (atoms.reshape(nodes, *self.atoms.shape).sum(dim=0) * self.atoms).sum(dim=1)
        by_bond = (bonds.reshape(nodes, *self.bonds.shape).sum(dim=0) * self.bonds).sum(dim=1)
        for end in self.ends:
            by_atom = by_atom.index_add(0, end, by_bond / 2)
        return by_atom.detach().numpy(), (genes.sum(dim=0) * self.genes[0]).detach().numpy()

    def _scaled(self, step: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Atoms, bonds and genes at each place, the molecules' one after the other."""
        wide = step[:, None, None]
        atoms, bonds = (wide * self.atoms).flatten(0, 1), (wide * self.bonds).flatten(0, 1)
        return atoms, bonds, step[:, None] * self.genes

    def _mean(self, answer: Callable[[ResponseNetwork], Tensor]) -> Tensor:
        """Mean over the members, in ln uM."""
        known = self.column >= 0
        found = [answer(network) for network in self.part.networks("lines" if known else "drugs")]
        base = float(self.part.drug_means_[self.column]) if known else self.part.centre_
        total: Tensor = sum(found[1:], start=found[0])
        return base + self.part.scale_ * total / len(found)

    def _answers(self, network: ResponseNetwork, atoms: Tensor, bonds: Tensor, genes: Tensor) -> Tensor:
        """The network's residual at each place, ``(n_places,)``."""
        import torch

        from omics_rx.response.parts.network_layers import DrugInput, Molecules

        n, size = len(genes), len(self.atoms)
        place = torch.arange(n)
        edges = (self.ends[:, None, :] + size * place[:, None]).flatten(1)
        batch = place.repeat_interleave(size)
        molecules = Molecules(atoms, edges, bonds, batch, n)
        alike = self.asked.alike.expand(n, -1)
        drug, mean = network.drugs(DrugInput(molecules, place, alike))
        cell, line = network.cells(genes), torch.zeros(n, dtype=genes.dtype)
        if self.column >= 0:
            drug, mean = network.known_drugs(drug, torch.full((n,), self.column))
        elif self.row >= 0:
            cell = network.free_cells[self.row].expand(n, -1)
            line = torch.full_like(line, float(self.part.line_[self.row]))
        else:
            cell, line = network.cells_for_new_drugs(cell)
        return mean + line + (cell * drug).sum(dim=1)
