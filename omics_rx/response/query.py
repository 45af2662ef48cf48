"""The drugs a prediction is asked for: those of the screen, or any structures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.screen import DrugScreen
from omics_rx.response import similarity
from omics_rx.response.similarity import DrugFeatures, tanimoto


@dataclass(frozen=True, eq=False)
class Query:
    """Drugs asked for.

    Attributes
    ----------
    names
        The name each has in the answer, ``(n_drugs,)``.
    features
        Their descriptions; ``features.names`` is the training ``drug_id`` of a compound that was recognised.
    applicability
        1 for training drugs, else the largest Tanimoto similarity to one, ``(n_drugs,)``.
    table
        Index ``drug_id``; ``name``, ``known``, ``nearest``.
    """

    names: pd.Index
    features: DrugFeatures
    applicability: np.ndarray
    table: pd.DataFrame


def resolve(drugs: pd.DataFrame | None, screen: DrugScreen, known: DrugFeatures) -> Query:
    """Describe the drugs asked for and recognise those that were trained on.

    Parameters
    ----------
    drugs
        None for all training drugs; else a frame with ``smiles``, and ``name`` and ``drug_id`` (column or index)
        where they have one. A drug of the training screen is recognised by InChIKey or, where the frame
        gives no structure, by its ``drug_id``.
    screen, known
        The training screen and its drugs as the parts saw them.

    Raises
    ------
    InputError
        If drugs repeat, a structure cannot be read, or a drug has neither a structure, a target nor a pathway and
        is not known.
    """
    if drugs is None:
        table = pd.DataFrame(
            {"name": screen.drugs.loc[known.names, "name"], "known": True, "nearest": known.names},
            index=known.names.rename("drug_id"),
        )
        return Query(known.names, known, np.ones(len(known)), table)
    frame = _tidy(drugs)
    asked = similarity.features(frame)
    ids = _recognised(frame, screen.drugs.loc[known.names])
    _check_described(asked, frame, ids)
    nearest = tanimoto(asked.bits, known.bits)
    seen = ids.notna().to_numpy()
    table = pd.DataFrame(
        {
            "name": frame["name"],
            "known": seen,
            "nearest": np.where(seen, ids, known.names[nearest.argmax(axis=1)]),
        },
        index=frame.index,
    )
    # a new drug must not be taken for a training drug because an id of the user's happens to be the same
    named = [
        str(found) if known_ else f"new:{name}" for found, known_, name in zip(ids, seen, frame.index, strict=True)
    ]
    features = DrugFeatures(pd.Index(named), asked.bits, asked.targets, asked.pathway, asked.smiles)
    return Query(frame.index, features, np.where(seen, 1.0, nearest.max(axis=1)), table)


def _tidy(drugs: pd.DataFrame) -> pd.DataFrame:
    frame = drugs.set_index("drug_id") if "drug_id" in drugs else drugs.copy()
    if isinstance(frame.index, pd.RangeIndex) and "name" in frame:
        frame.index = pd.Index(frame["name"])
    frame.index = frame.index.astype(str).rename("drug_id")
    if not len(frame):
        raise InputError("no drugs were given: pass None for the drugs of the screen")
    if not frame.index.is_unique:
        repeated = frame.index[frame.index.duplicated()].unique()
        raise InputError(f"{len(repeated)} drugs stand twice ({examples(repeated)}): one row a compound")
    for column in ("name", "smiles"):
        if column not in frame:
            frame[column] = frame.index if column == "name" else None
    return frame


def _recognised(frame: pd.DataFrame, known: pd.DataFrame) -> pd.Series:
    """The training ``drug_id`` of each drug, missing for new ones."""
    by_key = {key: drug for drug, key in known["inchikey"].dropna().items()}
    keys = frame["inchikey"] if "inchikey" in frame else pd.Series(None, index=frame.index, dtype=object)
    found: dict[str, object] = {}
    for drug, smiles, key in zip(frame.index, frame["smiles"], keys, strict=True):
        has_structure = pd.notna(smiles)
        own = key if pd.notna(key) else (inchikey(str(smiles)) if has_structure else None)
        if own is not None:
            found[drug] = by_key.get(own)
        else:
            found[drug] = drug if drug in known.index else None
    return pd.Series(found, dtype=object).reindex(frame.index)


def inchikey(smiles: str) -> str | None:
    """InChIKey of a structure, None where it cannot be made."""
    from omics_rx.harmonize.drugs import structure

    try:
        return structure(smiles).inchikey
    except InputError:
        return None


def _check_described(asked: DrugFeatures, frame: pd.DataFrame, ids: pd.Series) -> None:
    bare = [
        name
        for position, name in enumerate(frame.index)
        if pd.isna(ids[name])
        and not asked.bits[position].any()
        and not asked.targets[position]
        and not asked.pathway[position]
    ]
    if bare:
        raise InputError(
            f"{len(bare)} drugs are not in the screen and have no structure, target or pathway ({examples(bare)}): "
            "give their SMILES"
        )
