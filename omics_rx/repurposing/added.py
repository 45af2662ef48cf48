"""Drugs that a user adds to those screened: told apart by name and structure, and what cannot be predicted named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from omics_rx import harmonize
from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.drug_finder import Finder
from omics_rx.harmonize.drug_names import antibody

_NAMES = ("name", "drug", "drug_name", "compound", "preferred_name", "molecule")
_SMILES = ("smiles", "canonical_smiles", "isomeric_smiles", "structure")
_TARGETS = ("targets", "target", "gene", "genes", "target_genes")
APART = ("drug_id", "name", "reason")


def new_drugs(drugs: pd.DataFrame, known: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Drugs that a screen does not hold, by structure.

    Parameters
    ----------
    drugs
        ``name`` and ``smiles``; ``targets`` (text, a list, symbols, Entrez or Ensembl ids) and ``mechanism`` where
        known.
    known
        Drugs of the screen: index ``drug_id``; ``name``, ``inchikey`` where known.

    Returns
    -------
    DataFrame, DataFrame
        The drugs that are new, index ``drug_id`` (the InChIKey); those that stand apart, index ``drug_id`` (the name),
        with ``name`` and ``reason``: antibodies, drugs without a structure, and drugs that the screen has.

    Raises
    ------
    InputError
        For missing columns, a structure that is none or stands twice, or a name of the screen with another structure.
    """
    table = _columns(drugs)
    finder = Finder(known)
    other = np.array([finder.by_name(name, explain=False).drug_id is None for name in table["name"]], dtype=bool)
    table.loc[other, "smiles"] = harmonize.drugs.with_known_structures(table[other])[0]["smiles"]
    apart: list[tuple[str, str, str]] = []
    asked: list[str] = []
    kept = []
    for position, (name, smiles) in enumerate(zip(table["name"], table["smiles"], strict=True)):
        drawn = isinstance(smiles, str) and bool(smiles.strip())
        found = finder.find(name, smiles if drawn else None)
        called = finder.by_name(name, explain=False).drug_id
        if antibody(name):
            apart.append((name, name, "an antibody: out of scope, nothing is predicted from structure"))
        elif called is not None and called != found.drug_id:
            why = found.note or found.problem or "another structure would not be told from it"
            asked.append(f"{name} is the name of {finder.label(called)}: {why}")
        elif found.drug_id is not None:
            continue  # the screen has it
        elif not drawn:
            apart.append((name, name, "no structure: give its SMILES to have it predicted"))
        elif found.problem:
            asked.append(f"{name}: {found.problem}")
        else:
            kept.append(position)
    if asked:
        raise InputError(
            f"{len(asked)} further drugs are not told apart from the screen's ({examples(asked)}): correct the name or "
            "the structure"
        )
    new = harmonize.drugs.structures(table.iloc[kept])
    new.index = pd.Index(new["inchikey"].astype(str), name="drug_id")
    if new.index.has_duplicates:
        raise InputError(f"{examples(new['name'][new.index.duplicated()])}: structures that stand twice; keep one")
    if "targets" in new:
        new["targets"] = pd.Series([_targets(value) for value in new["targets"]], index=new.index, dtype=object)
    return new, pd.DataFrame(apart, columns=list(APART)).drop_duplicates("drug_id").set_index("drug_id")


def _columns(drugs: Any) -> pd.DataFrame:
    """Table with ``name``, ``smiles`` and ``targets`` under these names."""
    if not isinstance(drugs, pd.DataFrame):
        raise InputError(f"universe is a frame with name and smiles, not a {type(drugs).__name__}")
    by_name = {str(name).strip().casefold(): name for name in drugs}
    renamed = {}
    for wanted, words in (("name", _NAMES), ("smiles", _SMILES), ("targets", _TARGETS)):
        found = next((by_name[word] for word in words if word in by_name), None)
        if found is not None:
            renamed[found] = wanted
    table = drugs.rename(columns=renamed)
    if "name" not in table and not pd.api.types.is_numeric_dtype(table.index.dtype):
        table.insert(0, "name", table.index.astype(str))
    missing = [name for name in ("name", "smiles") if name not in table]
    if missing:
        raise InputError(
            f"the further drugs have no column {', '.join(missing)}: give name and smiles (they have "
            f"{examples(drugs.columns, 10)})"
        )
    nameless = table["name"].isna() | table["name"].astype(str).str.strip().eq("")
    if nameless.any():
        raise InputError(f"{int(nameless.sum())} further drugs have no name: name them")
    return table.assign(name=table["name"].astype(str).str.strip()).reset_index(drop=True)


def _targets(value: Any) -> str | None:
    """Target genes joined by ``;``, from text, a list, Entrez or Ensembl ids; missing where there are none."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        if value is None or value != value or not str(value).strip():
            return None
        texts = [str(value).strip().strip("[](){}").replace("'", "").replace('"', "")]
    else:
        texts = [str(one) for one in value if one == one and one is not None]
    read = [harmonize.target_genes(text) for text in texts]
    genes = [gene for one in read for gene in (*one.genes, *one.unknown)]
    return ";".join(dict.fromkeys(genes)) or None
