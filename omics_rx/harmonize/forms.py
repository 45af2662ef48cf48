"""Whether two structures are one compound drawn in two ways: another tautomer, or stereo left out.

References
----------
Sitzmann, Ihlenfeldt and Nicklaus, Tautomerism in large databases, J Comput Aided Mol Des 24 (2010), 521-551: the
rules of RDKit's standardiser, which chooses one tautomer for all.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from omics_rx.harmonize.structures import ligands_of, quiet

Likeness = Literal["same", "tautomer", "less", "more", "other"]
WORDS = {
    "same": "",
    "tautomer": "another tautomer",
    "less": "stereo is not given in full",
    "more": "the known drug is drawn without stereo",
    "other": "another stereoisomer",
}


@lru_cache(maxsize=65_536)
def skeleton(smiles: str) -> str:
    """Atoms and which are bound, whatever the bond orders, stereo and place of the protons.

    Two structures of other skeletons are two compounds; comparing them further is for those that share one.
    """
    from rdkit.Chem import rdMolDescriptors

    with quiet():
        molecule = _parts(smiles)
        return f"{rdMolDescriptors.CalcMolFormula(molecule)} {frame(smiles)}"


@lru_cache(maxsize=65_536)
def frame(smiles: str) -> str:
    """Heavy atoms and which are bound, whatever their hydrogens."""
    from rdkit import Chem
    from rdkit.Chem import rdMolHash

    with quiet():
        molecule = _parts(smiles)
        Chem.RemoveStereochemistry(molecule)
        return str(rdMolHash.MolHash(molecule, rdMolHash.HashFunction.ElementGraph))


def likeness(asked: str, known: str) -> Likeness | None:
    """How a structure is a known one: the same, a tautomer, with less or more stereo, another stereoisomer; else None.

    Parameters
    ----------
    asked, known
        Structures as :func:`omics_rx.harmonize.structures.structure` writes them.

    Examples
    --------
    >>> likeness("CC(N)C(=O)O", "C[C@H](N)C(=O)O"), likeness("C[C@@H](N)C(=O)O", "C[C@H](N)C(=O)O")
    ('less', 'other')
    >>> likeness("O=c1cccc[nH]1", "Oc1ccccn1"), likeness("CCO", "COC")
    ('tautomer', None)
    """
    if skeleton(asked) != skeleton(known):
        return None
    with quiet():
        first, second = _parts(asked), _parts(known)
        if _flat(first) == _flat(second):
            return _by_stereo(first, second)
        first, second = _one_tautomer(asked), _one_tautomer(known)
        if _flat(first) != _flat(second):
            return None
        found = _by_stereo(first, second)
        return "tautomer" if found == "same" else found


def _by_stereo(asked: Any, known: Any) -> Likeness:
    from rdkit import Chem

    if Chem.MolToSmiles(asked) == Chem.MolToSmiles(known):
        return "same"
    if known.HasSubstructMatch(asked, useChirality=True):
        return "less"
    if asked.HasSubstructMatch(known, useChirality=True):
        return "more"
    return "other"


def _parts(smiles: str) -> Any:
    """Molecule, the ligands of a complex told from its metal."""
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(smiles)
    ligands = ligands_of(molecule)
    return Chem.MolFromSmiles(".".join(ligands)) if ligands else molecule


@lru_cache(maxsize=4_096)
def standard_tautomer(smiles: str) -> str | None:
    """RDKit's choice among the tautomers of a compound, where it is drawn as another one; else None.

    Examples
    --------
    >>> standard_tautomer("Oc1ccccn1"), standard_tautomer("O=c1cccc[nH]1"), standard_tautomer("CCO")
    ('O=c1cccc[nH]1', None, None)
    """
    from rdkit import Chem

    with quiet():
        chosen = Chem.MolToSmiles(_one_tautomer(smiles))
        return None if chosen == Chem.MolToSmiles(_parts(smiles)) else chosen


def _one_tautomer(smiles: str) -> Any:
    from rdkit.Chem.MolStandardize import rdMolStandardize

    chooser = rdMolStandardize.TautomerEnumerator()
    chooser.SetRemoveSp3Stereo(False)  # noqa: FBT003
    chooser.SetRemoveBondStereo(False)  # noqa: FBT003
    return chooser.Canonicalize(_parts(smiles))


def _flat(molecule: Any) -> str:
    from rdkit import Chem

    return Chem.MolToSmiles(molecule, isomericSmiles=False)
