"""Which screened drugs act like a new one: of a drug without any, no preference between lines is known.

Of compounds that share neither a target gene, a mechanism, a described target, a skeleton nor a scaffold with a
screened drug, structure and targets carried no preference over in another laboratory. How a new drug acts is looked up
in the package's tables by its name and structure where it is not told.
"""

from __future__ import annotations

from functools import cache
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import examples
from omics_rx.harmonize import drug_names, mechanisms
from omics_rx.response import compounds
from omics_rx.response.similarity import DrugFeatures, texts

COLUMNS = ("targets", "mechanism", "pathway", "target_text")
NONE_KNOWN = "no preference known: no screened drug shares a target gene, mechanism or scaffold with it"
_RINGS = 2  # a scaffold of one ring says nothing of how a compound acts

# words of the training drugs of a fitted model, found once and dropped with them
_WORDS: WeakKeyDictionary[DrugFeatures, dict[str, set[str]]] = WeakKeyDictionary()


def looked_up(drugs: pd.DataFrame, new: np.ndarray) -> tuple[pd.DataFrame, list[str]]:
    """How new drugs act, from the package's tables where nothing of it was told; and what was used, in words.

    Parameters
    ----------
    drugs
        Index and ``name``; ``inchikey`` of the structure without salt; ``targets``, ``mechanism``, ``pathway`` and
        ``target_text`` where told.
    new
        Which of them are not among the training drugs, ``(n_drugs,)``.
    """
    table, filled = _acting(), drugs.copy()
    for column in COLUMNS:
        filled[column] = pd.Series(texts(drugs, column), index=drugs.index, dtype=object)
    told = filled[list(COLUMNS)].notna().any(axis=1).to_numpy()
    keys, notes = texts(drugs, "inchikey"), [""] * len(drugs)
    for place in np.flatnonzero(new & ~told):
        found = _found(str(drugs["name"].iloc[place]), keys[place])
        if found is None:
            continue
        row = table.loc[found]
        used = [(column, str(row[column])) for column in COLUMNS if pd.notna(row[column])]
        for column, text in used:
            filled.loc[drugs.index[int(place)], column] = text
        said = "; ".join(f"{column} {text}" for column, text in used if column != "target_text")
        notes[place] = f"how it acts was looked up ({said or used[0][1]})"
    return filled, notes


def related(drugs: pd.DataFrame, training: pd.DataFrame, known: DrugFeatures) -> list[list[str]]:
    """Training ``drug_id`` of the relatives of each drug.

    Parameters
    ----------
    drugs
        ``name``, ``smiles`` and ``inchikey`` without salt, and how they act.
    training, known
        Table of the training drugs, and their features.
    """
    theirs, own = _words_of(training, known), {f"asked {name}": words for name, words in _words(drugs).items()}
    asked = pd.Index([f"asked {name}" for name in drugs.index])
    kin = mechanisms.relatives({**theirs, **own}, asked, training.index)
    return [[str(drug) for drug in training.index[row]] for row in kin]


def kin_of(training: pd.DataFrame, known: DrugFeatures) -> np.ndarray:
    """Which training drugs are relatives of each other, itself among them, ``(n_drugs, n_drugs)``."""
    return mechanisms.relatives(_words_of(training, known), training.index, training.index)


def named(drugs: list[str], names: pd.Series) -> str:
    """A few relatives by name, and how many there are."""
    return examples(names.reindex(drugs), 3) if drugs else ""


def _words_of(training: pd.DataFrame, known: DrugFeatures) -> dict[str, set[str]]:
    if known not in _WORDS:
        _WORDS[known] = _words(training)
    return _WORDS[known]


def _words(drugs: pd.DataFrame) -> dict[str, set[str]]:
    frame = drugs.rename(index=str)
    found = mechanisms.tokens(frame)
    for drug, scaffold in zip(frame.index, compounds.scaffolds(frame), strict=True):
        if scaffold is not None and _n_rings(scaffold) >= _RINGS:
            found[str(drug)].add(f"scaffold {scaffold}")
    return found


def _n_rings(smiles: str) -> int:
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(smiles)
    return 0 if molecule is None else int(molecule.GetRingInfo().NumRings())


@cache
def _acting() -> pd.DataFrame:
    """Compounds of which the package's tables say how they act, by InChIKey."""
    own = resources.table("drugs.tsv").set_index("drug_id")
    more = resources.table("repurposing_universe.tsv").set_index("inchikey")
    joined = pd.concat([table.reindex(columns=[*COLUMNS]) for table in (own, more)])
    joined = joined[joined.notna().any(axis=1)]
    return joined[~joined.index.duplicated()]


@cache
def _by_skeleton() -> dict[str, str]:
    """The one compound of each skeleton (first block of the InChIKey)."""
    blocks = pd.Series([str(key)[:14] for key in _acting().index], index=_acting().index)
    return {block: str(key) for key, block in blocks[~blocks.duplicated(keep=False)].items()}


def _found(name: str, inchikey: str | None) -> str | None:
    """Compound of the tables that a structure is, or else a name; None where it is none or several."""
    if inchikey is not None:
        return inchikey if inchikey in _acting().index else _by_skeleton().get(inchikey[:14])
    found = [drug for drug in drug_names.known_as(name) if drug in _acting().index]
    return found[0] if len(found) == 1 else None
