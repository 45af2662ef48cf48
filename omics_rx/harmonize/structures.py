"""Structures of compounds: one legal way of writing for each, whatever salt, charge, isotope or bond to a metal.

A compound is its parent: counter-ions and solvents are taken off, charges that a proton takes away are taken away,
labels are dropped, and the ligands of a metal are written apart from it. Stereo is kept: doxorubicin and epirubicin
share every bond and are two drugs.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples

if TYPE_CHECKING:
    from collections.abc import Iterator

# Counter-ions and solvents of pharmaceutical salts (Stahl and Wermuth, Handbook of Pharmaceutical Salts, 2011), written
# without charge and stereo
_COUNTER_IONS = (
    "Cl", "Br", "I", "F", "O", "N", "[Li]", "[Na]", "[K]", "[Mg]", "[Ca]", "[Zn]", "CS(=O)(=O)O", "OS(=O)(=O)O",
    "OP(=O)(O)O", "O[N+](=O)[O-]", "CC(=O)O", "OC=O", "OC(=O)C(F)(F)F", "OC(=O)C=CC(=O)O", "OC(=O)CCC(=O)O",
    "OC(=O)C(=O)O", "OC(=O)C(O)C(O)C(=O)O", "OC(=O)CC(O)C(=O)O", "OC(=O)CC(O)(CC(=O)O)C(=O)O", "CC(O)C(=O)O",
    "Cc1ccc(cc1)S(=O)(=O)O", "OS(=O)(=O)c1ccccc1", "CO", "CCO", "CC(C)O", "CC#N", "CS(C)=O", "CC(C)=O", "NCCO",
    "OCCN(CCO)CCO", "NC(CO)(CO)CO", "CNCC(O)C(O)C(O)C(O)CO",
    "[Rb]", "[Cs]", "[Sr]", "[Ba]", "[Al]", "OCl(=O)(=O)=O", "F[B-](F)(F)F", "F[P-](F)(F)(F)(F)F", "OC(=O)O", "SC#N",
    "CCS(=O)(=O)O", "OS(=O)(=O)CCS(=O)(=O)O", "OCCS(=O)(=O)O", "NCCS(=O)(=O)O", "OS(=O)(=O)c1cccc2ccccc12",
    "OS(=O)(=O)c1ccc2ccccc2c1", "OS(=O)(=O)c1cccc2c1cccc2S(=O)(=O)O", "CC1(C)C2CCC1(CS(=O)(=O)O)C(=O)C2",
    "OS(=O)(=O)NC1CCCCC1", "O=C1NS(=O)(=O)c2ccccc12", "CCOS(=O)(=O)O", "CCCCCCCCCCCCOS(=O)(=O)O", "COS(=O)(=O)O",
    "CCC(=O)O", "CCCCCCCC(=O)O", "CCCCCCCCCCCCCCCC(=O)O", "CCCCCCCCCCCCCCCCCC(=O)O", "CCCCCCCCC=CCCCCCCCC(=O)O",
    "OC(=O)CC(=O)O", "OC(=O)CCCC(=O)O", "OC(=O)CCCCC(=O)O", "OC(=O)CCCCCCCCC(=O)O", "OCC(=O)O", "OC(=O)C(Cl)Cl",
    "OC(=O)CCC(=O)C(=O)O", "OCC(O)C(O)C(O)C(O)C(=O)O", "OC(C(O)C(O)C(O)C(O)C(=O)O)C(=O)O",
    "OC1OC(C(=O)O)C(O)C(O)C1O", "O=CC(O)C(O)C(O)C(O)C(=O)O", "OCC(O)C(OC1OC(CO)C(O)C(O)C1O)C(O)C(O)C(=O)O",
    "OC(=O)c1ccccc1", "OC(=O)c1ccccc1O", "OC(=O)C(O)c1ccccc1", "OC(=O)c1ccc2ccccc2c1O", "OC(=O)c1cc2ccccc2cc1O",
    "OC(=O)c1cc2ccccc2c(Cc2c(O)c(C(=O)O)cc3ccccc23)c1O", "OC(=O)CNC(=O)c1ccccc1", "OC(=O)c1cc(=O)[nH]c(=O)[nH]1",
    "OC(=O)c1cccnc1", "O=C1CCC(N1)C(=O)O", "OCC(O)C1OC(=O)C(O)=C1O", "OC(=O)c1ccc(O)c(O)c1", "OC(=O)c1cc(O)ccc1O",
    "NCC(=O)O", "NC(CC(=O)O)C(=O)O", "NC(CCC(=O)O)C(=O)O", "NCCCCC(N)C(=O)O", "NC(CCCNC(N)=N)C(=O)O",
    "OC(=O)C1CCCN1", "NC(Cc1c[nH]cn1)C(=O)O", "C[N+](C)(C)CC(=O)O", "C[N+](C)(C)CCO", "CN(C)CCO", "CCN(CC)CC",
    "CCNCC", "CCN(CC)CCO", "OCCNCCO", "NCCN", "C1CNCCN1", "C1COCCN1", "OCCN1CCCC1", "CC(C)(C)N",
    "C1CCC(CC1)NC1CCCCC1", "c1ccc(CNCCNCc2ccccc2)cc1", "CN", "CNC", "CN(C)C", "OCCN1CCOCC1",
    "CC(C)N(CC)C(C)C", "c1c[nH]cn1", "NC(N)=O", "OCCO", "CC(O)CO", "OCC(O)CO",
    "CCOC(C)=O", "CC(=O)OC(C)C", "CCOCC", "COC(C)(C)C", "C1CCOC1", "C1COCCO1", "ClCCl", "ClC(Cl)Cl", "CN(C)C=O", "NC=O",
    "CCC(C)=O", "CN1CCCC1=O", "CC(=O)N(C)C",
)  # fmt: skip
_SOLVENTS = frozenset({"O", "N", "CO", "CCO", "CC(C)O", "CC#N", "CS(C)=O", "CC(C)=O", "ClCCl", "CN(C)C=O", "C1CCOC1"})
# A metal beside these binds its ligands: the parts of cisplatin are one drug, not a drug and its salt
SALT_METALS = frozenset({3, 11, 12, 13, 19, 20, 30, 37, 38, 55, 56})
_METALS = frozenset({*range(21, 31), *range(39, 51), *range(57, 84), 4, 31}) | SALT_METALS
# How screens write the complexes they hold; another complex is written as its ligands and its metal
_COMPLEXES = (
    "CC(=O)OC[C@H]1O[C@@H]([S-])[C@H](OC(C)=O)[C@@H](OC(C)=O)[C@@H]1OC(C)=O.CCP(CC)CC.[Au+]",
    "N.N.Cl[Pt]Cl", "O=C(O)C(=O)O.[NH-][C@@H]1CCCC[C@H]1[NH-].[Pt+2]", "C1CC(C1)(C(=O)[O-])C(=O)[O-].N.N.[Pt+2]",
)  # fmt: skip
_INCHIKEY = re.compile(r"^[A-Z]{14}-[A-Z]{10}-[A-Z]$")


@dataclass(frozen=True)
class Structure:
    """A compound without its salt.

    Attributes
    ----------
    smiles
        Canonical isomeric SMILES, as RDKit writes it.
    inchikey
        Standard InChIKey, 27 characters.
    notes
        What was left out that some would call another substance: labels, the geometry at a metal. It takes no part in
        comparing.
    """

    smiles: str
    inchikey: str
    notes: tuple[str, ...] = field(default=(), compare=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep RDKit's own messages off stderr: what is wrong is told in the error."""
    from rdkit import rdBase

    blocked = rdBase.BlockLogs()
    try:
        yield
    finally:
        del blocked


@in_words
def is_inchikey(text: str) -> bool:
    """Whether a text is written as an InChIKey."""
    return bool(_INCHIKEY.match(text))


@in_words
def is_flat(inchikey: str) -> bool:
    """Whether an InChIKey says no stereo: its second block ends as that of a molecule without any."""
    return inchikey[15:25] == "UHFFFAOYSA"


@in_words
def why_not(smiles: object) -> str:
    """Why a text is not the SMILES of one molecule, with the remedy; empty where it is."""
    text = str(smiles).strip()
    if re.search(r"\s", text):
        return (
            f"{text!r} has a space or a line break in it, and what follows would be lost: join a broken SMILES, and "
            "take a name or an extension after it away"
        )
    if _structure(text) is None:
        return f"{text!r} is not the SMILES of a molecule: correct it or leave it out"
    return ""


@in_words
def structure(smiles: str) -> Structure:
    """Canonical SMILES and InChIKey of a compound: its parent, the same however it is written.

    Parameters
    ----------
    smiles
        One SMILES. Salts are stripped, covalently written ones (``[Na]O``) too; charges that protons explain are
        neutralised; isotopes are dropped; the ligands of a metal are told from it, whether bound, dative or apart;
        stereo is kept as written; mixtures are left whole.

    Raises
    ------
    InputError
        If it cannot be read as a molecule, or text follows after a space or a line break.

    Examples
    --------
    >>> structure("CC(=O)Oc1ccccc1C(=O)[O-].[Na+]") == structure("O=C(O)c1ccccc1OC(C)=O")
    True
    >>> structure("N[Pt](N)(Cl)Cl") == structure("[NH3]->[Pt](<-[NH3])(Cl)Cl")
    True
    """
    wrong = why_not(smiles)
    if wrong:
        raise InputError(wrong)
    found = _structure(str(smiles).strip())
    assert found is not None  # noqa: S101 - why_not read it
    return found


@in_words
def salt_stripped(smiles: str) -> str:
    """Canonical SMILES of a compound without its counter-ions.

    Examples
    --------
    >>> salt_stripped("Cl.NCCc1ccc(O)c(O)c1")
    'NCCc1ccc(O)c(O)c1'
    """
    return structure(smiles).smiles


@in_words
def structures(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the structures of a table of compounds.

    Parameters
    ----------
    frame
        Has a column ``smiles``; a missing one stays missing.

    Returns
    -------
    DataFrame
        A copy with ``smiles`` canonical and without salt, and ``inchikey``.

    Raises
    ------
    InputError
        If there is no column ``smiles``, or naming every SMILES that is not one.
    """
    if "smiles" not in frame:
        raise InputError(f"the compounds have no column smiles: they have {examples(frame.columns, 10)}")
    given = [None if pd.isna(text) or not str(text).strip() else str(text).strip() for text in frame["smiles"]]
    named = list(zip(frame.index, given, strict=True))
    wrong = [f"{name}: {text}" for name, text in named if text is not None and why_not(text)]
    if wrong:
        broken = sum(1 for text in given if text is not None and re.search(r"\s", text))
        more = f"; {broken} of them have a space or a line break in them, and what follows would be lost"
        raise InputError(
            f"{len(wrong)} of {sum(text is not None for text in given)} SMILES are not molecules ({examples(wrong)})"
            f"{more if broken else ''}: correct them, or leave them empty"
        )
    found = [None if text is None else structure(text) for text in given]
    copy = frame.copy()
    copy["smiles"] = pd.Series([one.smiles if one else None for one in found], index=frame.index, dtype=object)
    copy["inchikey"] = pd.Series([one.inchikey if one else None for one in found], index=frame.index, dtype=object)
    return copy


@lru_cache(maxsize=65_536)
def _structure(smiles: str) -> Structure | None:
    from rdkit import Chem

    if re.search(r"\s", smiles):
        return None
    with quiet():
        molecule = Chem.MolFromSmiles(smiles)
        if molecule is None or molecule.GetNumAtoms() == 0 or any(a.GetAtomicNum() == 0 for a in molecule.GetAtoms()):
            return None
        notes = []
        if any(atom.GetIsotope() for atom in molecule.GetAtoms()):
            notes.append("isotopes are not told apart")
            molecule = _unlabelled(molecule)
        if ligands := ligands_of(molecule):
            return _complex(ligands, Chem.MolToSmiles(molecule), notes)
        # written and read once more, so that the order of the input's atoms cannot reach the canonical form
        parent = Chem.MolFromSmiles(Chem.MolToSmiles(_without_salt(_ionic(molecule))))
        key = str(Chem.MolToInchiKey(parent))  # type: ignore[no-untyped-call]
        return Structure(Chem.MolToSmiles(parent), key, tuple(notes)) if _INCHIKEY.match(key) else None


def _unlabelled(molecule: Any) -> Any:
    """Without isotopes; labelled hydrogens, which stand as atoms, go into the atoms that bear them."""
    from rdkit import Chem

    plain = Chem.Mol(molecule)
    for atom in plain.GetAtoms():
        atom.SetIsotope(0)
    return Chem.MolFromSmiles(Chem.MolToSmiles(Chem.RemoveHs(plain)))


def _ionic(molecule: Any) -> Any:
    """Cut the bonds of alkali and alkaline earth metals, aluminium and zinc, which only salts have."""
    from rdkit import Chem

    bonds = [bond for bond in molecule.GetBonds() if _is_salt_bond(bond)]
    if not bonds:
        return molecule
    cut = Chem.RWMol(molecule)
    for bond in bonds:
        ends = (bond.GetBeginAtom(), bond.GetEndAtom())
        metal, other = sorted(ends, key=lambda atom: atom.GetAtomicNum() not in SALT_METALS)
        cut.RemoveBond(metal.GetIdx(), other.GetIdx())
        for at, sign in ((metal.GetIdx(), 1), (other.GetIdx(), -1)):
            atom = cut.GetAtomWithIdx(at)
            atom.SetFormalCharge(atom.GetFormalCharge() + sign)
    done = cut.GetMol()
    Chem.SanitizeMol(done)
    return Chem.MolFromSmiles(Chem.MolToSmiles(done))


def _is_salt_bond(bond: Any) -> bool:
    ends = {bond.GetBeginAtom().GetAtomicNum(), bond.GetEndAtom().GetAtomicNum()}
    return bool(ends & SALT_METALS) and not ends <= (_METALS | {6})


@cache
def _counter_ions() -> frozenset[str]:
    from rdkit import Chem

    return frozenset(_flat(Chem.MolFromSmiles(smiles)) for smiles in _COUNTER_IONS)


@cache
def _solvents() -> frozenset[str]:
    from rdkit import Chem

    return frozenset(_flat(Chem.MolFromSmiles(smiles)) for smiles in _SOLVENTS)


def _flat(molecule: Any) -> str:
    """SMILES of a fragment without charge and stereo, to recognise a counter-ion in any form."""
    from rdkit import Chem

    copy = Chem.Mol(molecule)
    if copy.GetNumAtoms() == 1:
        symbol = copy.GetAtomWithIdx(0).GetSymbol()
        return symbol if symbol in {"Cl", "Br", "I", "F", "O", "N"} else f"[{symbol}]"
    Chem.RemoveStereochemistry(copy)
    return Chem.MolToSmiles(_uncharged(copy))


def _uncharged(molecule: Any) -> Any:
    """Neutral as far as protons go; quaternary nitrogen stays, and so does what cannot hold a proton (PF6)."""
    from rdkit import Chem
    from rdkit.Chem.MolStandardize import rdMolStandardize

    if not any(atom.GetFormalCharge() for atom in molecule.GetAtoms()):
        return molecule
    neutral = rdMolStandardize.Uncharger().uncharge(molecule)
    return molecule if Chem.MolFromSmiles(Chem.MolToSmiles(neutral)) is None else neutral


def _without_salt(molecule: Any) -> Any:
    """Take counter-ions, solvents and repeats off and neutralise what is left; leave mixtures and lone ions."""
    from rdkit import Chem

    parts = Chem.GetMolFrags(molecule, asMols=True)
    if len(parts) == 1:
        return _uncharged(parts[0])
    # where all are counter-ions, as in sodium salicylate, the one that is no solvent and has carbon is the compound
    ions = _counter_ions()
    kept = [part for part in parts if _flat(part) not in ions]
    if not kept:
        kept = [part for part in parts if _has_carbon(part) and _flat(part) not in _solvents()]
    distinct = {Chem.MolToSmiles(one): one for one in map(_uncharged, kept)}
    return next(iter(distinct.values())) if len(distinct) == 1 else molecule


def _has_carbon(molecule: Any) -> bool:
    return any(atom.GetAtomicNum() == 6 for atom in molecule.GetAtoms())


def ligands_of(molecule: Any) -> tuple[str, ...]:
    """Metals and neutral ligands of a complex, sorted; empty where no metal binds.

    Bonds to the metal, covalent or dative, are cut, and each ligand gets the protons it lacks, so that all ways of
    writing one complex end in the same parts. Ions of salts beside it are left out.
    """
    from rdkit import Chem

    metals = [atom.GetIdx() for atom in molecule.GetAtoms() if atom.GetAtomicNum() in _METALS - SALT_METALS]
    if not metals:
        return ()
    apart = Chem.RWMol(molecule)
    for at in metals:
        for neighbour in list(apart.GetAtomWithIdx(at).GetNeighbors()):
            apart.RemoveBond(at, neighbour.GetIdx())
            if neighbour.GetAtomicNum() not in _METALS:
                _settled(neighbour, bound=True)
    for atom in apart.GetAtoms():
        if atom.GetAtomicNum() in _METALS:
            atom.SetFormalCharge(0)
            atom.SetNoImplicit(True)  # noqa: FBT003
            atom.SetNumExplicitHs(0)
        elif atom.GetFormalCharge() < 0 and not any(n.GetFormalCharge() > 0 for n in atom.GetNeighbors()):
            _settled(atom, bound=False)
    done = Chem.MolFromSmiles(Chem.MolToSmiles(apart.GetMol()))
    if done is None:
        return ()
    parts = [Chem.MolToSmiles(_uncharged(part)) for part in Chem.GetMolFrags(done, asMols=True)]
    return tuple(sorted(part for part in parts if part not in _SALT_IONS))


_SALT_IONS = frozenset({"[Li]", "[Na]", "[K]", "[Mg]", "[Ca]", "[Zn]", "[Rb]", "[Cs]", "[Sr]", "[Ba]", "[Al]"})


def _settled(atom: Any, *, bound: bool) -> None:
    """Neutral atom with the protons it has alone: one let go by a metal, or one that is an anion."""
    if atom.GetFormalCharge() > 0 and bound:
        atom.SetFormalCharge(0)  # ammonia drawn as ammonium on the metal keeps its three hydrogens
        atom.SetNumExplicitHs(atom.GetTotalNumHs())
        atom.SetNoImplicit(True)  # noqa: FBT003
        return
    atom.SetFormalCharge(0)
    atom.SetNoImplicit(False)  # noqa: FBT003
    atom.SetNumExplicitHs(0)


@cache
def _written() -> dict[tuple[str, ...], Structure]:
    """Complexes that screens hold, by their parts, as they write them."""
    from rdkit import Chem

    found = {}
    for smiles in _COMPLEXES:
        molecule = Chem.MolFromSmiles(smiles)
        key = str(Chem.MolToInchiKey(molecule))  # type: ignore[no-untyped-call]
        found[ligands_of(molecule)] = Structure(Chem.MolToSmiles(molecule), key)
    return found


def _complex(parts: tuple[str, ...], as_given: str, notes: list[str]) -> Structure | None:
    from rdkit import Chem

    if held := _written().get(parts):
        told = () if held.smiles == as_given else ("ligands and metal are compared, the geometry at the metal is not",)
        return Structure(held.smiles, held.inchikey, (*notes, *told))
    molecule = Chem.MolFromSmiles(".".join(parts))
    key = str(Chem.MolToInchiKey(molecule))  # type: ignore[no-untyped-call]
    return Structure(Chem.MolToSmiles(molecule), key, tuple(notes)) if _INCHIKEY.match(key) else None
