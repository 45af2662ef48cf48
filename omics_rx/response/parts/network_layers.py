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

_GENES_LEFT_OUT = 0.2
# an embedding from the description starts as a small correction of the free one: at full size it drowned it
_DESCRIBED = 0.1


@dataclass(frozen=True)
class Sizes:
    """Widths of all layers: genes, description of a drug, free embeddings, and the settings of the part."""

    n_genes: int
    n_terms: int
    n_cells: int
    n_drugs: int
    hidden: int
    width: int
    rank: int
    n_layers: int
    dropout: float


@dataclass
class Molecules:
    """Graphs joined into one: features of atoms and bonds, ends of bonds, and the molecule of each atom."""

    x: Tensor
    edge_index: Tensor
    edge_attr: Tensor
    batch: Tensor
    num_graphs: int

    @classmethod
    def of(cls, joined: Batch, dtype: torch.dtype) -> Molecules:
        """From a torch_geometric batch, in single or double precision."""
        features = joined.x.to(dtype), joined.edge_index, joined.edge_attr.to(dtype)
        return cls(*features, joined.batch, int(joined.num_graphs))

    def take(self, molecules: Tensor) -> Molecules:
        """Some of the molecules, at ascending positions."""
        place = torch.full((self.num_graphs,), -1, dtype=torch.long, device=self.batch.device)
        place[molecules] = torch.arange(len(molecules), device=place.device)
        atoms = place[self.batch] >= 0
        bonds = atoms[self.edge_index[0]]
        number = torch.cumsum(atoms, dim=0) - 1
        batch = place[self.batch[atoms]]
        edges = number[self.edge_index[:, bonds]]
        return Molecules(self.x[atoms], edges, self.edge_attr[bonds], batch, len(molecules))

    def to(self, device: torch.device) -> Molecules:
        """The same on a device."""
        features = self.x.to(device), self.edge_index.to(device), self.edge_attr.to(device)
        return Molecules(*features, self.batch.to(device), self.num_graphs)


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

    def forward(self, molecules: Molecules) -> Tensor:
        """Embed molecules, ``(n_molecules, width)``."""
        hidden = self.enter(molecules.x)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            passed = layer(norm(hidden), molecules.edge_index, molecules.edge_attr)
            hidden = hidden + self.dropout(torch.relu(passed))
        pooled: Tensor = self.readout(hidden, molecules.batch, dim_size=molecules.num_graphs)
        return pooled


class Tower(nn.Module):
    """From expression to the embedding of a cell and its general deviation.

    All genes enter, so that Adam's steps of equal size a gene favour what many genes say together; on principal
    components they would favour the small ones, and the tower would learn the training lines by heart.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout(_GENES_LEFT_OUT), nn.Linear(sizes.n_genes, sizes.hidden), nn.LayerNorm(sizes.hidden), nn.ReLU(),
            nn.Dropout(sizes.dropout), nn.Linear(sizes.hidden, sizes.rank), nn.LayerNorm(sizes.rank), nn.ReLU(),
            nn.Dropout(sizes.dropout),
        )  # fmt: skip
        self.line = nn.Linear(sizes.rank, 1)

    def forward(self, expression: Tensor) -> tuple[Tensor, Tensor]:
        """Embedding ``(n_cells, rank)`` and general deviation ``(n_cells,)``."""
        embedding: Tensor = self.layers(expression)
        return embedding, self.line(embedding)[:, 0]


@dataclass
class DrugInput:
    """What the network sees of drugs.

    ``molecules`` joins the graphs of those that have a structure, at positions ``rows``; ``terms`` describes targets
    and pathway, ``(n_drugs, n_terms)``.
    """

    molecules: Molecules | None
    rows: Tensor
    terms: Tensor

    def take(self, drugs: Tensor) -> DrugInput:
        """Some of the drugs, at ascending positions."""
        if self.molecules is None:
            return DrugInput(None, self.rows, self.terms[drugs])
        place = torch.full((len(self.terms),), -1, dtype=torch.long, device=self.rows.device)
        place[drugs] = torch.arange(len(drugs), device=place.device)
        have = torch.nonzero(place[self.rows] >= 0)[:, 0]
        molecules = self.molecules.take(have) if len(have) else None
        return DrugInput(molecules, place[self.rows[have]], self.terms[drugs])

    def to(self, device: torch.device) -> DrugInput:
        """The same on a device."""
        molecules = None if self.molecules is None else self.molecules.to(device)
        return DrugInput(molecules, self.rows.to(device), self.terms.to(device))


class ResponseNetwork(nn.Module):
    """Residual responses of cells to drugs, each cell and each drug encoded once.

    A cell or drug that was trained on may add a free embedding of its own ("warm"); one known by its description
    alone is "cold".
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width, rank = sizes.width, sizes.rank
        light = sizes.dropout / 2
        self.molecule = MoleculeEncoder(width, sizes.n_layers, light)
        self.terms = nn.Sequential(nn.Dropout(light), nn.Linear(sizes.n_terms, width))
        self.join = nn.Sequential(nn.LayerNorm(width), nn.ReLU(), nn.Dropout(light), nn.Linear(width, rank + 2))
        self.absent = nn.Parameter(torch.zeros(width))
        self.tower = Tower(sizes)
        self.free_cells = nn.Parameter(torch.zeros(sizes.n_cells, rank))
        self.free_drugs = nn.Parameter((2 * torch.rand(sizes.n_drugs, rank) - 1) * rank**-0.5)
        self.free_bias = nn.Parameter(torch.zeros(sizes.n_drugs))
        self.by_target = nn.Parameter(torch.zeros(1))

    def drugs(self, asked: DrugInput) -> tuple[Tensor, Tensor, Tensor]:
        """Embedding ``(n_drugs, rank)``, mean ``(n_drugs,)`` and weight of the targets' expression ``(n_drugs,)``."""
        graph = self.absent.expand(len(asked.terms), -1)
        if asked.molecules is not None:
            graph = graph.index_copy(0, asked.rows, self.molecule(asked.molecules))
        joined = self.join(graph + self.terms(asked.terms))
        return _DESCRIBED * joined[:, :-2], joined[:, -2], self.by_target + joined[:, -1]

    def cells(self, expression: Tensor) -> tuple[Tensor, Tensor]:
        """Embedding ``(n_cells, rank)`` and general deviation ``(n_cells,)``."""
        found: tuple[Tensor, Tensor] = self.tower(expression)
        return found

    @staticmethod
    def meet(cells: Tensor, drugs: Tensor) -> Tensor:
        """Interaction of every cell with every drug, ``(n_cells, n_drugs)``."""
        return cells @ drugs.T
