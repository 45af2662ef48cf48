"""The drugs a prediction is asked for: those of the screen, or any structures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.screen import DrugScreen
from omics_rx.core.work import log
from omics_rx.response import applicability, similarity
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
        Index ``drug_id``; ``name``, ``known``, ``nearest``, ``warning`` (why a new drug is outside the domain of the
        training compounds, empty where it is inside).
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
        where they have one. Salts are taken off. A drug of the training screen is recognised by InChIKey or, where
        the frame gives no structure, by its ``drug_id``.
    screen, known
        The training screen and its drugs as the parts saw them.

    Raises
    ------
    InputError
        If drugs repeat, a structure cannot be read or is a mixture, or a drug has neither a structure, a target nor a
        pathway and is not known.
    """
    if drugs is None:
        table = pd.DataFrame(
            {"name": screen.drugs.loc[known.names, "name"], "known": True, "nearest": known.names, "warning": ""},
            index=known.names.rename("drug_id"),
        )
        return Query(known.names, known, np.ones(len(known)), table)
    frame = _without_salts(_tidy(drugs))
    asked = similarity.features(frame)
    ids = _recognised(frame, screen.drugs.loc[known.names])
    applicability.refuse_mixtures(frame[ids.isna()])
    _check_described(asked, frame, ids)
    nearest = tanimoto(asked.bits, known.bits)
    seen = ids.notna().to_numpy()
    similar = np.where(seen, 1.0, nearest.max(axis=1))
    table = pd.DataFrame(
        {
            "name": frame["name"],
            "known": seen,
            "nearest": np.where(seen, ids, known.names[nearest.argmax(axis=1)]),
            "warning": _warnings(asked.smiles, seen, similar, applicability.domain(known)),
        },
        index=frame.index,
    )
    # a new drug must not be taken for a training drug because an id of the user's happens to be the same
    named = [
        str(found) if known_ else f"new:{name}" for found, known_, name in zip(ids, seen, frame.index, strict=True)
    ]
    features = DrugFeatures(pd.Index(named), asked.bits, asked.targets, asked.pathway, asked.smiles)
    return Query(frame.index, features, similar, table)


def _without_salts(frame: pd.DataFrame) -> pd.DataFrame:
    """Structures without counter-ions, with their InChIKeys."""
    from omics_rx.harmonize import drugs

    bare = drugs.structures(frame)
    if "inchikey" in frame:
        bare["inchikey"] = bare["inchikey"].where(bare["inchikey"].notna(), frame["inchikey"])
    return bare


def _warnings(
    smiles: tuple[str | None, ...], seen: np.ndarray, similar: np.ndarray, limits: applicability.Domain
) -> list[str]:
    return [
        "" if known_ else applicability.warning(text, float(alike), limits)
        for text, known_, alike in zip(smiles, seen, similar, strict=True)
    ]


def tell(query: Query) -> None:
    """Write into the log which of the drugs asked for are outside the domain of the training compounds."""
    outside = query.table.loc[query.table["warning"].ne(""), "warning"]
    if len(outside):
        log.warning(
            "%d of %d drugs are outside the domain of the training compounds (%s): see drugs['warning']",
            len(outside), len(query.table), examples([f"{name}: {text}" for name, text in outside.items()], 3),
        )  # fmt: skip


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
    by_key = {key: drug for drug, key in _keys(known).dropna().items()}
    found = [
        by_key.get(key) if pd.notna(key) else (drug if drug in known.index else None)
        for drug, key in zip(frame.index, frame["inchikey"], strict=True)
    ]
    return pd.Series(found, index=frame.index, dtype=object)


def _keys(known: pd.DataFrame) -> pd.Series:
    """InChIKey of each training drug, made from its structure where the screen gives none."""
    from omics_rx.harmonize import drugs

    keys: pd.Series = known["inchikey"]
    bare = known.loc[keys.isna() & known["smiles"].notna(), ["smiles"]]
    return keys if bare.empty else keys.where(keys.notna(), drugs.structures(bare)["inchikey"].reindex(keys.index))


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


def ids_of(asked: pd.Index, names: pd.Index, drugs: pd.DataFrame) -> list[str | None]:
    """Training ``drug_id`` of each drug given by id or name; None for strangers and for names that drugs share."""
    called = drugs.loc[names, "name"].astype(str).str.casefold()
    alone = called[~called.duplicated(keep=False)]
    by_name = {name: str(drug) for drug, name in alone.items()}
    known = set(names)
    return [str(key) if str(key) in known else by_name.get(str(key).casefold()) for key in asked]


def known_drugs(asked: pd.Index, names: pd.Index, drugs: pd.DataFrame) -> pd.Index:
    """Training ``drug_id`` of drugs given by id or by name, in any case.

    Parameters
    ----------
    asked
        Ids or names.
    names
        The ``drug_id`` of each training drug.
    drugs
        Table of the screen's drugs, with ``name``.

    Raises
    ------
    InputError
        If a drug is unknown to the model, or given twice.
    """
    found = ids_of(asked, names, drugs)
    unknown = [key for key, drug in zip(asked, found, strict=True) if drug is None]
    if unknown:
        raise InputError(
            f"{len(unknown)} measured drugs are not among those the model was trained on ({examples(unknown)}): leave "
            "them out, or give the drug_id of the screen"
        )
    result = pd.Index(found, dtype=object)
    if not result.is_unique:
        raise InputError(f"drugs are given twice ({examples(result[result.duplicated()])}): give one value a drug")
    return result
