"""Compounds by identity: structures to canonical SMILES and InChIKey, names to the compound they stand for.

Two names are one compound when their structures are, after counter-ions and solvents are taken off. Stereo is
kept: doxorubicin and epirubicin share every bond and are two drugs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import InputError, examples

if TYPE_CHECKING:
    from collections.abc import Iterator

# Counter-ions and solvents of pharmaceutical salts (Stahl and Wermuth 2011), written without charge
_COUNTER_IONS = (
    "Cl", "Br", "I", "F", "O", "N", "[Li]", "[Na]", "[K]", "[Mg]", "[Ca]", "[Zn]", "CS(=O)(=O)O", "OS(=O)(=O)O",
    "OP(=O)(O)O", "O[N+](=O)[O-]", "CC(=O)O", "OC=O", "OC(=O)C(F)(F)F", "OC(=O)C=CC(=O)O", "OC(=O)CCC(=O)O",
    "OC(=O)C(=O)O", "OC(=O)C(O)C(O)C(=O)O", "OC(=O)CC(O)C(=O)O", "OC(=O)CC(O)(CC(=O)O)C(=O)O", "CC(O)C(=O)O",
    "Cc1ccc(cc1)S(=O)(=O)O", "OS(=O)(=O)c1ccccc1", "CO", "CCO", "CC(C)O", "CC#N", "CS(C)=O", "CC(C)=O", "NCCO",
    "OCCN(CCO)CCO", "NC(CO)(CO)CO", "CNCC(O)C(O)C(O)C(O)CO",
)  # fmt: skip
# A metal beside these binds its ligands: the parts of cisplatin are one drug, not a drug and its salt
_SALT_METALS = {3, 11, 12, 19, 20, 30}
_METALS = {*range(21, 31), *range(39, 51), *range(57, 84), 3, 4, 11, 12, 13, 19, 20, 31, 37, 38, 55, 56}
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
    """

    smiles: str
    inchikey: str


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep RDKit's own messages off stderr: what is wrong is told in the error."""
    from rdkit import rdBase

    blocked = rdBase.BlockLogs()
    try:
        yield
    finally:
        del blocked


@cache
def _counter_ions() -> frozenset[str]:
    from rdkit import Chem

    return frozenset(Chem.MolToSmiles(Chem.MolFromSmiles(smiles)) for smiles in _COUNTER_IONS)


def _flat(molecule: Any) -> str:
    """SMILES of a fragment without charge and stereo, to recognise a counter-ion in any form."""
    from rdkit import Chem

    copy = Chem.Mol(molecule)
    if copy.GetNumAtoms() == 1:
        symbol = copy.GetAtomWithIdx(0).GetSymbol()
        return symbol if symbol in {"Cl", "Br", "I", "F", "O", "N"} else f"[{symbol}]"
    Chem.RemoveStereochemistry(copy)
    from rdkit.Chem.MolStandardize import rdMolStandardize

    return Chem.MolToSmiles(rdMolStandardize.Uncharger().uncharge(copy))


def _without_salt(molecule: Any) -> Any:
    """Take counter-ions, solvents and repeats off; leave complexes, mixtures and lone ions as they are."""
    from rdkit import Chem
    from rdkit.Chem.MolStandardize import rdMolStandardize

    numbers = {atom.GetAtomicNum() for atom in molecule.GetAtoms()}
    parts = Chem.GetMolFrags(molecule, asMols=True)
    if len(parts) == 1 or numbers & (_METALS - _SALT_METALS):
        return molecule
    kept = [part for part in parts if _flat(part) not in _counter_ions()]
    distinct = {Chem.MolToSmiles(part): part for part in kept}
    if len(distinct) != 1:
        return molecule
    return rdMolStandardize.Uncharger().uncharge(next(iter(distinct.values())))


@lru_cache(maxsize=20_000)
def _structure(smiles: str) -> Structure | None:
    from rdkit import Chem

    with _quiet():
        molecule = Chem.MolFromSmiles(smiles)
        if molecule is None or molecule.GetNumAtoms() == 0:
            return None
        # written and read once more, so that the order of the input's atoms cannot reach the canonical form
        parent = Chem.MolFromSmiles(Chem.MolToSmiles(_without_salt(molecule)))
        key = str(Chem.MolToInchiKey(parent))  # type: ignore[no-untyped-call]
        return Structure(Chem.MolToSmiles(parent), key) if _INCHIKEY.match(key) else None


def structure(smiles: str) -> Structure:
    """Canonical SMILES and InChIKey of a compound, its counter-ions taken off.

    Parameters
    ----------
    smiles
        One SMILES. Salts are stripped; stereo is kept as written; metal complexes and mixtures are left whole.

    Raises
    ------
    InputError
        If it cannot be read as a molecule.

    Examples
    --------
    >>> structure("CC(=O)Oc1ccccc1C(=O)[O-].[Na+]") == structure("O=C(O)c1ccccc1OC(C)=O")
    True
    """
    found = _structure(str(smiles).strip())
    if found is None:
        raise InputError(f"{smiles!r} is not the SMILES of a molecule: correct it or leave it out")
    return found


def salt_stripped(smiles: str) -> str:
    """Canonical SMILES of a compound without its counter-ions.

    Examples
    --------
    >>> salt_stripped("Cl.NCCc1ccc(O)c(O)c1")
    'NCCc1ccc(O)c(O)c1'
    """
    return structure(smiles).smiles


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
    found = [
        None if pd.isna(smiles) or not str(smiles).strip() else _structure(str(smiles).strip())
        for smiles in frame["smiles"]
    ]
    given = frame["smiles"].notna() & frame["smiles"].astype(str).str.strip().ne("")
    wrong = [
        f"{name}: {smiles}"
        for name, smiles, is_given, one in zip(frame.index, frame["smiles"], given, found, strict=True)
        if is_given and one is None
    ]
    if wrong:
        raise InputError(
            f"{len(wrong)} of {int(given.sum())} SMILES are not molecules ({examples(wrong)}): "
            "correct them, or leave them empty"
        )
    copy = frame.copy()
    copy["smiles"] = pd.Series([one.smiles if one else None for one in found], index=frame.index, dtype=object)
    copy["inchikey"] = pd.Series([one.inchikey if one else None for one in found], index=frame.index, dtype=object)
    return copy


def is_inchikey(text: str) -> bool:
    """Whether a text is written as an InChIKey."""
    return bool(_INCHIKEY.match(text))


def squeezed(name: object) -> str:
    """Write a name in capitals without spaces and punctuation, for finding candidates, never for deciding alone.

    Examples
    --------
    >>> squeezed("PD-0332991")
    'PD0332991'
    """
    return re.sub(r"[^A-Z0-9]", "", str(name).upper())


@cache
def _by_name() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Exact and squeezed names to the compounds that carry them."""
    table = resources.table("drugs.tsv")
    exact: dict[str, tuple[str, ...]] = {}
    loose: dict[str, tuple[str, ...]] = {}
    for drug_id, name, aliases in zip(table["drug_id"], table["name"], table["aliases"].fillna(""), strict=True):
        for alias in dict.fromkeys([name, *(part for part in aliases.split(";") if part)]):
            exact[alias] = tuple(dict.fromkeys((*exact.get(alias, ()), drug_id)))
            key = squeezed(alias)
            loose[key] = tuple(dict.fromkeys((*loose.get(key, ()), drug_id)))
    return exact, loose


def identify(names: Iterable[object]) -> pd.DataFrame:
    """Find the compound that each name, alias, InChIKey or SMILES stands for.

    Parameters
    ----------
    names
        Names as someone wrote them.

    Returns
    -------
    DataFrame
        Index ``source``, one row a name in the order given; ``drug_id`` (missing where unknown), ``name``, ``status``
        (``"known"``, ``"structure"`` for a molecule that is in no table, ``"ambiguous"``, ``"unknown"``) and
        ``reason``. A name that fits several compounds is given to none of them, and says which.
    """
    table = resources.table("drugs.tsv").set_index("drug_id")
    rows = [_identify_one(str(name).strip(), table) for name in names]
    return pd.DataFrame(rows, columns=["source", "drug_id", "name", "status", "reason"]).set_index("source")


def _identify_one(text: str, table: pd.DataFrame) -> tuple[str, str | None, str | None, str, str]:
    exact, loose = _by_name()
    if _INCHIKEY.match(text):
        if text in table.index:
            return text, text, str(table.loc[text, "name"]), "known", "InChIKey"
        return text, text, None, "structure", "an InChIKey of no compound in the table"
    for found, reason in ((exact.get(text), "name"), (loose.get(squeezed(text)), "name, but for case and punctuation")):
        if found and len(found) == 1:
            return text, found[0], str(table.loc[found[0], "name"]), "known", reason
        if found:
            both = examples(table.loc[list(found), "name"])
            return text, None, None, "ambiguous", f"fits {both}: give the InChIKey"
    molecule = _structure(text) if text else None
    if molecule is None:
        return text, None, None, "unknown", "no name, alias, InChIKey or SMILES that is known"
    known = molecule.inchikey in table.index
    name = str(table.loc[molecule.inchikey, "name"]) if known else None
    return text, molecule.inchikey, name, "known" if known else "structure", "SMILES"
