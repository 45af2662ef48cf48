"""The door to compounds: names, aliases and structures to the compound they stand for.

Two names are one compound when their structures are, after counter-ions and solvents are taken off. Names are never
read as structures: ``FCCP`` and ``CO 1686`` are legal SMILES of other molecules.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import examples
from omics_rx.harmonize import drug_names
from omics_rx.harmonize.drug_finder import Finder, Found, find, resolve
from omics_rx.harmonize.drug_names import squeezed, without_salt_words
from omics_rx.harmonize.known_structures import known_structure, with_known_structures
from omics_rx.harmonize.structures import (
    Structure,
    is_flat,
    is_inchikey,
    salt_stripped,
    structure,
    structures,
    why_not,
)

__all__ = [
    "Finder", "Found", "Structure", "find", "identify", "is_flat", "is_inchikey", "known_structure", "resolve",
    "salt_stripped", "squeezed", "structure", "structures", "why_not", "with_known_structures", "without_salt_words",
]  # fmt: skip

# a text with one of these may be a SMILES; names have brackets and signs, too, but are none that can be read
_MARKS = frozenset("=#[@/\\(")
_LEAST_ATOMS = 8


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


@in_words
def identify(names: Iterable[object]) -> pd.DataFrame:
    """Find the compound that each name, alias, InChIKey or, where it cannot be a name, SMILES stands for.

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
    if is_inchikey(text):
        if text in table.index:
            return text, text, str(table.loc[text, "name"]), "known", "InChIKey"
        return text, text, None, "structure", "an InChIKey of no compound in the table"
    registered = tuple(drug for drug in drug_names.known_as(text) if drug in table.index) if text else ()
    for found, reason in (
        (exact.get(text), "name"),
        (loose.get(squeezed(text)), "name, but for case and punctuation"),
        (registered, "official, brand, code or common name"),
    ):
        if found and len(found) == 1:
            return text, found[0], str(table.loc[found[0], "name"]), "known", reason
        if found:
            both = examples(table.loc[list(found), "name"])
            return text, None, None, "ambiguous", f"fits {both}: give the InChIKey"
    if not _is_smiles(text):
        return text, None, None, "unknown", "no name, alias or InChIKey that is known, and names are never structures"
    molecule = structure(text)
    known = molecule.inchikey in table.index
    name = str(table.loc[molecule.inchikey, "name"]) if known else None
    return text, molecule.inchikey, name, "known" if known else "structure", "SMILES"


def _is_smiles(text: str) -> bool:
    """Whether a text in a column of names is a SMILES beyond doubt: bonds or branches, and of some size."""
    if len(text) < _LEAST_ATOMS or not set(text) & _MARKS or why_not(text):
        return False
    return sum(letter.isalpha() for letter in text) >= _LEAST_ATOMS
