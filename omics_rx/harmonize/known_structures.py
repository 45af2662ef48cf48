"""Structures of compounds that the package's tables know, by whatever they are called."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.harmonize import drug_names
from omics_rx.harmonize.structures import is_inchikey


@cache
def _held() -> Mapping[str, str]:
    """SMILES of each compound that has one."""
    tables = [
        resources.table(file).set_index(key)["smiles"].dropna()
        for file, key in (
            ("structures.tsv", "drug_id"), ("drugs.tsv", "drug_id"), ("repurposing_universe.tsv", "inchikey"),
        )
    ]  # fmt: skip
    joined = pd.concat(tables)
    return {str(drug): str(smiles) for drug, smiles in joined[~joined.index.duplicated()].items()}


@in_words
def known_structure(name: str) -> str | None:
    """SMILES of the one compound that a name, brand, code or InChIKey stands for; None where it is none or several.

    Examples
    --------
    >>> known_structure("Glucophage") == known_structure("metformin hydrochloride") is not None
    True
    >>> known_structure("Herceptin"), known_structure("no such drug")
    (None, None)
    """
    said = str(name).strip()
    if is_inchikey(said):
        return _held().get(said)
    if not said or drug_names.antibody(said):
        return None
    found = {_held()[drug] for drug in drug_names.known_as(said) if drug in _held()}
    return found.pop() if len(found) == 1 else None


@in_words
def with_known_structures(drugs: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Drugs with the structures that the tables hold where none is given.

    Parameters
    ----------
    drugs
        ``name`` (else the index is one), and ``smiles`` where known.

    Returns
    -------
    DataFrame, Series
        The same drugs with ``smiles``; which were filled in.
    """
    called = drugs.index.to_series(index=drugs.index)
    names = drugs["name"].where(drugs["name"].notna(), called) if "name" in drugs else called
    given = drugs["smiles"] if "smiles" in drugs else pd.Series(None, index=drugs.index, dtype=object)
    open_yet = given.isna() | given.astype(str).str.strip().eq("")
    found = [known_structure(str(name)) if none else None for name, none in zip(names, open_yet, strict=True)]
    filled = pd.Series([one is not None for one in found], index=drugs.index)
    smiles = pd.Series(found, index=drugs.index, dtype=object).where(filled, given.astype(object))
    return drugs.assign(smiles=smiles), filled
