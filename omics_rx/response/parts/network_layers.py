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

# what the description adds starts small: at full size it drowned the free embedding
_DESCRIBED = 0.1
_FREE_CELLS = 0.3


@dataclass(frozen=True)
class Sizes:
    """Widths of all layers: what is read of cells and of drugs, free embeddings, and the settings of the part."""

    n_genes: int
    n_alike: int
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
    """Two layers from what is read of cells or drugs to their embedding, each with LayerNorm, ReLU and dropout."""

    def __init__(self, n_read: int, hidden: int, sizes: Sizes) -> None:
        super().__init__()
        self.enter = nn.Linear(n_read, hidden)
        self.rest = nn.Sequential(
            nn.LayerNorm(hidden), nn.ReLU(), nn.Dropout(sizes.dropout),
            nn.Linear(hidden, sizes.rank), nn.LayerNorm(sizes.rank), nn.ReLU(), nn.Dropout(sizes.dropout),
        )  # fmt: skip

    def forward(self, read: Tensor, beside: Tensor | float = 0.0) -> Tensor:
        """Embedding ``(n, rank)``; ``beside`` is added to the first layer, ``(n, hidden)``."""
        embedding: Tensor = self.rest(self.enter(read) + beside)
        return embedding


@dataclass
class DrugInput:
    """What the network sees of drugs.

    ``molecules`` joins the graphs of those that have a structure, at positions ``rows``; ``alike`` says how alike
    each drug is to those trained on, ``(n_drugs, n_alike)``.
    """

    molecules: Molecules | None
    rows: Tensor
    alike: Tensor

    def take(self, drugs: Tensor) -> DrugInput:
        """Some of the drugs, at ascending positions."""
        if self.molecules is None:
            return DrugInput(None, self.rows, self.alike[drugs])
        place = torch.full((len(self.alike),), -1, dtype=torch.long, device=self.rows.device)
        place[drugs] = torch.arange(len(drugs), device=place.device)
        have = torch.nonzero(place[self.rows] >= 0)[:, 0]
        molecules = self.molecules.take(have) if len(have) else None
        return DrugInput(molecules, place[self.rows[have]], self.alike[drugs])

    def to(self, device: torch.device) -> DrugInput:
        """The same on a device."""
        molecules = None if self.molecules is None else self.molecules.to(device)
        return DrugInput(molecules, self.rows.to(device), self.alike.to(device))


class ResponseNetwork(nn.Module):
    """Residual responses of cells to drugs, each cell and each drug encoded once.

    A drug that was trained on has a free embedding of its own beside a share of what its description says; a new drug
    is known by its description alone, and meets a line that was trained on by a free embedding of that line.
    """

    seen: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        rank, narrow = sizes.rank, max(sizes.hidden // 2, 1)
        self.tower = Tower(sizes.n_genes, sizes.hidden, sizes)
        self.molecule = MoleculeEncoder(sizes.width, sizes.n_layers, sizes.dropout / 2)
        self.absent = nn.Parameter(torch.zeros(sizes.width))
        self.graph = nn.Linear(sizes.width, narrow, bias=False)
        self.describe = Tower(sizes.n_alike, narrow, sizes)
        self.line = nn.Linear(rank, 1)
        self.mean = nn.Linear(rank, 1)
        self.share = nn.Linear(rank, rank, bias=False)
        self.place = nn.Linear(rank, rank)
        self.free_drugs = nn.Parameter((2 * torch.rand(sizes.n_drugs, rank) - 1) * rank**-0.5)
        self.free_bias = nn.Parameter(torch.zeros(sizes.n_drugs))
        self.free_cells = nn.Parameter((2 * torch.rand(sizes.n_cells, rank) - 1) * _FREE_CELLS * rank**-0.5)
        # what was last said of each training drug, so that a step over all drugs need not encode all of them
        self.register_buffer("seen", torch.zeros(sizes.n_drugs, rank))

    def drugs(self, asked: DrugInput) -> tuple[Tensor, Tensor]:
        """Embedding by description ``(n_drugs, rank)`` and mean ``(n_drugs,)``."""
        graph = self.absent.expand(len(asked.alike), -1)
        if asked.molecules is not None:
            graph = graph.index_copy(0, asked.rows, self.molecule(asked.molecules))
        embedding: Tensor = self.describe(asked.alike, self.graph(graph))
        return embedding, self.mean(embedding)[:, 0]

    def known_drugs(self, described: Tensor, columns: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Embedding ``(n_drugs, rank)`` and bias ``(n_drugs,)`` of training drugs, their description given."""
        return self.free_drugs[columns] + _DESCRIBED * self.share(described), self.free_bias[columns]

    def cells(self, read: Tensor) -> Tensor:
        """Embedding of cells for known drugs, ``(n_cells, rank)``."""
        embedding: Tensor = self.tower(read)
        return embedding

    def cells_for_new_drugs(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Embedding for new drugs ``(n_cells, rank)`` and general deviation ``(n_cells,)``, from that for known ones.

        Known drugs have no use for the deviation: added to their product, it learnt the training lines by heart.
        """
        return self.place(cells), self.line(cells)[:, 0]

    @staticmethod
    def meet(cells: Tensor, drugs: Tensor) -> Tensor:
        """Interaction of every cell with every drug, ``(n_cells, n_drugs)``."""
        return cells @ drugs.T
