"""Molecules as graphs: what an atom and a bond say, and that numbering atoms otherwise changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from omics_rx.core.errors import InputError
from omics_rx.response.graphs import ATOM_FEATURES, BOND_FEATURES, batch, graph


def atom(smiles: str, position: int) -> set[str]:
    return {ATOM_FEATURES[i] for i in np.flatnonzero(graph(smiles).atoms[position])}


def bond(smiles: str, position: int) -> set[str]:
    return {BOND_FEATURES[i] for i in np.flatnonzero(graph(smiles).bonds[position])}


def test_ethanol_by_hand():
    found = graph("CCO")
    assert found.atoms.shape == (3, len(ATOM_FEATURES))
    assert found.edges.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert atom("CCO", 2) == {"element 8", "degree 1", "hydrogens 1", "charge +0", "hybrid SP3"}
    assert bond("CCO", 0) == bond("CCO", 1) == {"bond single"}


def test_rings_charges_and_rare_elements_are_told():
    assert {"aromatic", "ring of 6"} <= atom("c1ccccc1", 0)
    assert bond("c1ccccc1", 0) == {"bond aromatic", "conjugated", "in ring"}
    assert {"charge +1", "hydrogens 4"} <= atom("[NH4+]", 0)
    assert "element other" in atom("[As]", 0)


def test_mirror_images_and_double_bond_isomers_differ():
    left, right = graph("C[C@H](N)C(=O)O"), graph("C[C@@H](N)C(=O)O")
    assert not np.array_equal(left.atoms, right.atoms)
    assert not np.array_equal(graph("C/C=C/C").bonds, graph(r"C/C=C\C").bonds)


def test_numbering_atoms_otherwise_gives_the_same_graph():
    from rdkit import Chem

    smiles = "C[C@H](N)c1ccc(/C=C/C(=O)[O-])cc1Cl"
    molecule = Chem.MolFromSmiles(smiles)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(molecule.GetNumAtoms())
        other = Chem.MolToSmiles(Chem.RenumberAtoms(molecule, order.tolist()), canonical=False)
        for table in ("atoms", "bonds"):
            one, two = getattr(graph(smiles), table), getattr(graph(other), table)
            assert sorted(map(tuple, one)) == sorted(map(tuple, two))


def test_one_atom_many_atoms_and_several_molecules_make_one_batch():
    long = "C" * 500
    joined = batch(["[He]", long, "CCO.Cl"])
    assert joined.num_graphs == 3
    assert joined.x.shape[0] == 1 + 500 + 4
    assert joined.edge_index.shape[1] == 2 * (0 + 499 + 2)
    assert graph("[He]").bonds.shape == (0, len(BOND_FEATURES))


def test_structures_that_cannot_be_read_are_counted():
    with pytest.raises(InputError, match=r"2 structures cannot be read"):
        batch(["CCO", "C(", "xx"])
    with pytest.raises(InputError, match="cannot be read"):
        graph("")
