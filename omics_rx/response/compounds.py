"""Which drugs are one compound, one scaffold or one mechanism, for dividing without leaks.

References
----------
Bemis and Murcko, The properties of known drugs 1: molecular frameworks, J Med Chem 39 (1996), 2887-2893.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache

import pandas as pd

from omics_rx.harmonize.drug_names import squeezed, without_salt_words


def same_compound(drugs: pd.DataFrame) -> list[int]:
    """Group drugs that share a parent skeleton, a name or an alias.

    The first block of the InChIKey of the largest fragment decides, so salts and stereoisomers stand together.
    Doxorubicin and epirubicin do too: two drugs, but too alike for one to be called unseen beside the other.

    Parameters
    ----------
    drugs
        Index ``drug_id``; ``name``, ``aliases`` (";"), ``smiles``, ``inchikey`` where known.

    Returns
    -------
    list of int
        Group of each drug.
    """
    keys: list[list[Hashable]] = []
    for drug in drugs.itertuples():
        found: list[Hashable] = [("name", name) for name in _names(drug)]
        smiles = getattr(drug, "smiles", None)
        inchikey = getattr(drug, "inchikey", None)
        if pd.notna(smiles):
            found.append(("skeleton", _skeleton(str(smiles))))
        elif pd.notna(inchikey):
            found.append(("skeleton", str(inchikey).split("-", maxsplit=1)[0]))
        keys.append(found)
    return _connected(keys)


def scaffolds(drugs: pd.DataFrame) -> list[str | None]:
    """Bemis-Murcko scaffold of each drug as SMILES; None for molecules without rings or structure."""
    return [_scaffold(str(smiles)) if pd.notna(smiles) else None for smiles in drugs["smiles"]]


def mechanisms(drugs: pd.DataFrame) -> list[str]:
    """Pathway of each drug, else its mechanism, else "unknown": drugs of unknown mechanism stand together.

    Whole pathways are dealt into folds by this; which drugs act alike is told by
    :mod:`omics_rx.harmonize.mechanisms`.
    """
    columns = [drugs[name] for name in ("pathway", "mechanism") if name in drugs]
    result = pd.Series(None, index=drugs.index, dtype=object)
    for column in columns:
        result = result.where(result.notna(), column.astype(object))
    return ["unknown" if pd.isna(value) else str(value).strip().casefold() for value in result]


def joined(first: Sequence[Hashable], second: Sequence[Hashable | None]) -> list[int]:
    """Smallest groups that split neither of two groupings; None joins nothing."""
    return _connected(
        [[("first", a), *([("second", b)] if b is not None else [])] for a, b in zip(first, second, strict=True)]
    )


def _names(drug: object) -> list[str]:
    aliases = getattr(drug, "aliases", None)
    texts = [str(getattr(drug, "name", "")), *(str(aliases).split(";") if pd.notna(aliases) else [])]
    return [key for text in texts if (key := squeezed(without_salt_words(text)))]


def _connected(keys: Sequence[Sequence[Hashable]]) -> list[int]:
    """Number of the connected component of each item; items that share a key are connected."""
    parent = list(range(len(keys)))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    owner: dict[Hashable, int] = {}
    for item, own in enumerate(keys):
        for key in own:
            parent[root(item)] = root(owner.setdefault(key, item))
    return [root(item) for item in range(len(keys))]


@lru_cache(maxsize=65_536)
def _skeleton(smiles: str) -> str:
    from rdkit import Chem, rdBase
    from rdkit.Chem.MolStandardize import rdMolStandardize

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
        if molecule is None:
            return smiles
        parent = rdMolStandardize.FragmentParent(molecule)
        neutral = rdMolStandardize.ChargeParent(parent, skipStandardize=True)
        key = str(Chem.MolToInchiKey(neutral))  # type: ignore[no-untyped-call,unused-ignore]
        return key.split("-", maxsplit=1)[0] or smiles


@lru_cache(maxsize=65_536)
def _scaffold(smiles: str) -> str | None:
    from rdkit import Chem, rdBase
    from rdkit.Chem.Scaffolds import MurckoScaffold

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
        if molecule is None:
            return None
        Chem.RemoveStereochemistry(molecule)
        core = MurckoScaffold.GetScaffoldForMol(molecule)  # type: ignore[no-untyped-call,unused-ignore]
        return Chem.MolToSmiles(core) or None
