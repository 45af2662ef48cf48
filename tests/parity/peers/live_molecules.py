"""What the standardisers of RDKit and ChEMBL print."""

from __future__ import annotations

from collections.abc import Iterable

from peer_molecules import MADE, SALTS


def _rdkit(written: Iterable[str]) -> dict[str, str]:
    from rdkit import Chem
    from rdkit.Chem.MolStandardize import rdMolStandardize

    uncharge = rdMolStandardize.Uncharger().uncharge
    return {
        smiles: Chem.MolToSmiles(uncharge(rdMolStandardize.FragmentParent(Chem.MolFromSmiles(smiles))))
        for smiles in written
    }


def _chembl(written: Iterable[str]) -> dict[str, str]:
    from chembl_structure_pipeline.standardizer import get_parent_mol, standardize_mol
    from rdkit import Chem

    found = {}
    for smiles in written:
        parent = get_parent_mol(standardize_mol(Chem.MolFromSmiles(smiles)))[0]
        found[smiles] = Chem.MolToSmiles(Chem.MolFromSmiles(Chem.MolToSmiles(parent)))
    return found


LIVE = {
    "rdkit made": lambda: _rdkit(MADE),
    "rdkit salts": lambda: _rdkit(SALTS),
    "chembl made": lambda: _chembl(MADE),
    "chembl salts": lambda: _chembl(SALTS),
}
