"""Molecules as graphs: atoms are nodes, bonds are edges in both directions, stereo is kept.

Nothing depends on how the atoms of a SMILES are numbered: chirality is written as CIP code, not as the winding order
of a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from omics_rx.core.errors import InputError, examples

if TYPE_CHECKING:
    from torch_geometric.data import Batch, Data

ELEMENTS = (6, 7, 8, 16, 9, 17, 35, 53, 15, 5, 14, 78)
_DEGREES = 6
_HYDROGENS = 5
_CHARGES = (-1, 0, 1)
_HYBRIDS = ("SP", "SP2", "SP3")
_CHIRAL = ("R", "S")
_RINGS = (3, 4, 5, 6, 7)
_BONDS = ("SINGLE", "DOUBLE", "TRIPLE", "AROMATIC")
_STEREO = ("E", "Z")

ATOM_FEATURES: tuple[str, ...] = (
    *(f"element {number}" for number in ELEMENTS), "element other",
    *(f"degree {count}" for count in range(_DEGREES)), "degree more",
    *(f"hydrogens {count}" for count in range(_HYDROGENS)), "hydrogens more",
    *(f"charge {charge:+d}" for charge in _CHARGES), "charge other",
    *(f"hybrid {name}" for name in _HYBRIDS), "hybrid other",
    *(f"chirality {code}" for code in _CHIRAL),
    *(f"ring of {size}" for size in _RINGS),
    "aromatic",
)  # fmt: skip
BOND_FEATURES: tuple[str, ...] = (
    *(f"bond {name.casefold()}" for name in _BONDS), "bond other",
    *(f"stereo {code}" for code in _STEREO), "conjugated", "in ring",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class MoleculeGraph:
    """One molecule.

    Attributes
    ----------
    atoms
        Atom features 0 or 1, ``(n_atoms, len(ATOM_FEATURES))``, float32.
    edges
        Positions of source and target atom, ``(2, 2 * n_bonds)``; each bond stands in both directions.
    bonds
        Bond features 0 or 1, ``(2 * n_bonds, len(BOND_FEATURES))``, float32.
    """

    atoms: np.ndarray
    edges: np.ndarray
    bonds: np.ndarray

    def to_data(self) -> Data:
        """The same as torch_geometric ``Data``: ``x``, ``edge_index``, ``edge_attr``."""
        import torch
        from torch_geometric.data import Data

        return Data(
            x=torch.from_numpy(self.atoms.copy()),
            edge_index=torch.from_numpy(self.edges.copy()),
            edge_attr=torch.from_numpy(self.bonds.copy()),
        )


def graph(smiles: str) -> MoleculeGraph:
    """Graph of a molecule, in the atom order of its SMILES, hydrogens counted on their atoms.

    Graphs are remembered by SMILES. An InChIKey would not do: tautomers share one and differ in their bonds.

    Parameters
    ----------
    smiles
        A structure; several fragments make one graph of several components.

    Raises
    ------
    InputError
        If the structure cannot be read or has no atom.
    """
    found = _graph_of(smiles)
    if found is None:
        raise InputError(f"the structure {smiles!r} cannot be read: correct the SMILES")
    return found


def batch(smiles: Sequence[str]) -> Batch:
    """Join the graphs of several molecules into one torch_geometric ``Batch``.

    Raises
    ------
    InputError
        If a structure cannot be read; all that cannot are counted.
    """
    from torch_geometric.data import Batch

    graphs = [_graph_of(text) for text in smiles]
    unread = [text for text, found in zip(smiles, graphs, strict=True) if found is None]
    if unread:
        raise InputError(f"{len(unread)} structures cannot be read ({examples(unread)}): correct the SMILES")
    return Batch.from_data_list([found.to_data() for found in graphs if found is not None])


@lru_cache(maxsize=16_384)
def _graph_of(smiles: str) -> MoleculeGraph | None:
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdCIPLabeler

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
        if molecule is None or molecule.GetNumAtoms() == 0:
            return None
        rdCIPLabeler.AssignCIPLabels(molecule)
    atoms = np.array([_atom(atom) for atom in molecule.GetAtoms()], dtype=np.float32)
    pairs, bonds = [], []
    for bond in molecule.GetBonds():
        first, second = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        pairs += [(first, second), (second, first)]
        bonds += [_bond(bond)] * 2
    return MoleculeGraph(
        atoms,
        np.array(pairs, dtype=np.int64).reshape(-1, 2).T,
        np.array(bonds, dtype=np.float32).reshape(-1, len(BOND_FEATURES)),
    )


def _one_of(value: Any, known: Sequence[Any]) -> list[float]:
    """One place for each known value, and one for any other."""
    return [*(float(value == item) for item in known), float(value not in known)]


def _atom(atom: Any) -> list[float]:
    code = atom.GetProp("_CIPCode") if atom.HasProp("_CIPCode") else ""
    return [
        *_one_of(atom.GetAtomicNum(), ELEMENTS),
        *_one_of(atom.GetDegree(), range(_DEGREES)),
        *_one_of(atom.GetTotalNumHs(), range(_HYDROGENS)),
        *_one_of(atom.GetFormalCharge(), _CHARGES),
        *_one_of(str(atom.GetHybridization()), _HYBRIDS),
        *(float(code == item) for item in _CHIRAL),
        *(float(atom.IsInRingSize(size)) for size in _RINGS),
        float(atom.GetIsAromatic()),
    ]


def _bond(bond: Any) -> list[float]:
    code = bond.GetProp("_CIPCode") if bond.HasProp("_CIPCode") else str(bond.GetStereo()).removeprefix("STEREO")
    return [
        *_one_of(str(bond.GetBondType()), _BONDS),
        *(float(code == item) for item in _STEREO),
        float(bond.GetIsConjugated()),
        float(bond.IsInRing()),
    ]
