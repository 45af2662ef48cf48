"""The layers of the response network: a tower for cells, message passing for molecules, a low-rank meeting of both.

References
----------
Hu et al., Strategies for pre-training graph neural networks, ICLR 2020: GINE, message passing with bond features.
Li et al., Gated graph sequence neural networks, ICLR 2016: readout that weighs atoms by attention.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch
from torch_geometric.nn import AttentionalAggregation, GINEConv

from omics_rx.response.graphs import ATOM_FEATURES, BOND_FEATURES


@dataclass(frozen=True)
class Sizes:
    """Widths of all layers: principal components, terms, free embeddings, and the settings of the part."""

    n_components: int
    n_terms: int
    n_cells: int
    n_drugs: int
    width: int
    rank: int
    n_layers: int
    n_towers: int
    dropout: float


class MoleculeEncoder(nn.Module):
    """GINE layers with residual connections and LayerNorm, then a readout that weighs atoms by attention."""

    def __init__(self, width: int, n_layers: int, dropout: float) -> None:
        super().__init__()
        self.enter = nn.Linear(len(ATOM_FEATURES), width)
        self.layers = nn.ModuleList(
            GINEConv(
                nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width)),
                edge_dim=len(BOND_FEATURES),
            )
            for _ in range(n_layers)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(n_layers))
        self.dropout = nn.Dropout(dropout)
        self.readout = AttentionalAggregation(nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)))

    def forward(self, molecules: Batch) -> Tensor:
        """Embed molecules, ``(n_molecules, width)``."""
        hidden = self.enter(molecules.x)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            passed = layer(norm(hidden), molecules.edge_index, molecules.edge_attr)
            hidden = hidden + self.dropout(torch.relu(passed))
        pooled: Tensor = self.readout(hidden, molecules.batch, dim_size=molecules.num_graphs)
        return pooled


class Tower(nn.Module):
    """From expression to the embedding of a cell: a linear way and one through two hidden layers."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        hidden = 4 * sizes.width
        self.linear = nn.Linear(sizes.n_components, sizes.rank + 1)
        self.hidden = nn.Sequential(
            nn.Dropout(sizes.dropout / 2), nn.Linear(sizes.n_components, hidden), nn.LayerNorm(hidden), nn.ReLU(),
            nn.Dropout(sizes.dropout), nn.Linear(hidden, hidden), nn.LayerNorm(hidden), nn.ReLU(),
            nn.Dropout(sizes.dropout), nn.Linear(hidden, sizes.rank + 1),
        )  # fmt: skip

    def forward(self, components: Tensor) -> Tensor:
        """Embedding and general deviation, ``(n_cells, rank + 1)``."""
        joined: Tensor = self.linear(components) + self.hidden(components)
        return joined


@dataclass
class DrugInput:
    """What the network sees of drugs.

    ``molecules`` joins the graphs of those that have a structure, at positions ``rows``; ``terms`` is targets and
    pathway terms, ``(n_drugs, n_terms)``.
    """

    molecules: Batch | None
    rows: Tensor
    terms: Tensor


class ResponseNetwork(nn.Module):
    """Residual responses of cells to drugs, each cell and each drug encoded once.

    A cell or drug that was trained on may add a free embedding of its own ("warm"); one known by its description
    alone is "cold".
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width, rank = sizes.width, sizes.rank
        self.molecule = MoleculeEncoder(width, sizes.n_layers, sizes.dropout)
        self.terms = nn.Sequential(nn.Dropout(sizes.dropout), nn.Linear(sizes.n_terms, width))
        self.join = nn.Sequential(nn.LayerNorm(width), nn.ReLU(), nn.Dropout(sizes.dropout), nn.Linear(width, rank + 2))
        self.absent = nn.Parameter(torch.zeros(width))
        self.towers = nn.ModuleList(Tower(sizes) for _ in range(sizes.n_towers))
        self.free_cells = nn.Parameter(torch.zeros(sizes.n_towers, sizes.n_cells, rank))
        self.free_drugs = nn.Parameter(0.3 * torch.randn(sizes.n_towers, sizes.n_drugs, rank))
        self.by_target = nn.Parameter(torch.zeros(()))
        self.scale = rank**-0.5

    def drugs(self, asked: DrugInput) -> tuple[Tensor, Tensor, Tensor]:
        """Embedding ``(n_drugs, rank)``, mean ``(n_drugs,)`` and weight of the targets' expression ``(n_drugs,)``."""
        graph = self.absent.expand(len(asked.terms), -1)
        if asked.molecules is not None:
            graph = graph.index_copy(0, asked.rows, self.molecule(asked.molecules))
        joined = self.join(graph + self.terms(asked.terms))
        return joined[:, :-2], joined[:, -2], self.by_target + joined[:, -1]

    def cells(self, components: Tensor) -> tuple[Tensor, Tensor]:
        """Embedding ``(n_towers, n_cells, rank)`` and general deviation ``(n_towers, n_cells)``."""
        joined = torch.stack([tower(components) for tower in self.towers])
        return joined[..., :-1], joined[..., -1]

    def meet(self, cells: Tensor, drugs: Tensor) -> Tensor:
        """Interaction of every cell with every drug, ``(n_towers, n_cells, n_drugs)``."""
        product: Tensor = self.scale * (cells @ drugs.transpose(-1, -2))
        return product
