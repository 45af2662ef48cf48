"""The drugs a prediction is asked for: those of the screen, or any structures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.index import names_nothing
from omics_rx.core.screen import DrugScreen
from omics_rx.core.work import log
from omics_rx.harmonize import drugs as drug_door
from omics_rx.harmonize import targets as drug_targets
from omics_rx.harmonize.forms import standard_tautomer
from omics_rx.response import applicability, relatives, similarity
from omics_rx.response import asked as asked_for
from omics_rx.response.similarity import DrugFeatures, tanimoto

Asked = pd.DataFrame | str | Sequence[str]
_MOST_DRAWN = 20  # new drugs whose tautomers are looked at, which takes its time; of a library nobody reads them


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
        training compounds, empty where it is inside), ``note`` (what was decided of who it is, empty where nothing),
        ``relatives`` (training drugs that act like a new one, by name), ``preference_known`` (whether there are any).
    """

    names: pd.Index
    features: DrugFeatures
    applicability: np.ndarray
    table: pd.DataFrame


def resolve(drugs: Asked | None, screen: DrugScreen, known: DrugFeatures) -> Query:
    """Describe the drugs asked for and recognise those that were trained on.

    Parameters
    ----------
    drugs
        None for all training drugs; names or ids of training drugs; else a frame with ``smiles``, and ``name`` and
        ``drug_id`` (column or index) where they have one, or with ``name`` alone. Every look-up goes through
        :mod:`omics_rx.harmonize.drugs`.
    screen, known
        The training screen and its drugs as the parts saw them.

    Raises
    ------
    InputError
        If drugs repeat, a structure cannot be read, fits several drugs or is a mixture, or a drug has neither a
        structure, a target nor a pathway and is not known.
    """
    if drugs is not None:
        asked_for.kind("drugs", drugs, (str, pd.DataFrame, Iterable), "give names, or a frame with name and smiles")
    if drugs is None:
        table = pd.DataFrame(
            {
                "name": screen.drugs.loc[known.names, "name"],
                "known": True,
                "nearest": known.names,
                "warning": "",
                "note": "",
                "relatives": "",
                "preference_known": True,
            },
            index=known.names.rename("drug_id"),
        )
        return Query(known.names, known, np.ones(len(known)), table)
    frame = _tidy(drugs)
    found = drug_door.find(frame, screen.drugs.loc[known.names], what="the screen the model was trained on")
    frame, filled = _drawn(frame, found)
    if filled.any():
        found = drug_door.find(frame, screen.drugs.loc[known.names], what="the screen the model was trained on")
    bare = _without_salts(frame)
    _refuse_uncertain(frame, found)
    seen = found["drug_id"].notna().to_numpy()
    bare, acts = relatives.looked_up(bare, ~seen)
    asked = similarity.features(bare)
    applicability.refuse_mixtures(bare[~seen])
    _check_described(asked, known, found)
    nearest = tanimoto(asked.bits, known.bits)
    similar = np.where(seen, 1.0, nearest.max(axis=1))
    kin: list[list[str]] = [[] for _ in seen]
    if not seen.all():
        related = relatives.related(bare[~seen], screen.drugs.loc[known.names], known)
        for place, own in zip(np.flatnonzero(~seen), related, strict=True):
            kin[place] = own
    alone = np.array([not own for own in kin], dtype=bool) & ~seen
    table = pd.DataFrame(
        {
            "name": frame["name"],
            "known": seen,
            "nearest": np.where(seen, found["drug_id"], known.names[nearest.argmax(axis=1)]),
            "warning": _warnings(asked, known, seen, similar),
            "note": [
                "; ".join(filter(None, (*told, relatives.NONE_KNOWN if none else "")))
                for *told, none in zip(_notes(bare, known, found, filled), acts, alone, strict=True)
            ],
            "relatives": [relatives.named(own, screen.drugs["name"]) for own in kin],
            "preference_known": ~alone,
        },
        index=frame.index,
    )
    # a new drug must not be taken for a training drug because an id of the user's happens to be the same
    named = [
        str(one) if known_ else f"new:{name}"
        for one, known_, name in zip(found["drug_id"], seen, frame.index, strict=True)
    ]
    features = DrugFeatures(pd.Index(named), asked.bits, asked.targets, asked.pathway, asked.smiles)
    return Query(frame.index, features, similar, table)


def _drawn(frame: pd.DataFrame, found: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Structures by name of drugs that were not trained on, where the package's tables know them."""
    new = found["drug_id"].isna().to_numpy() & ~found["problem"].str.contains("antibod|fits ").to_numpy()
    drawn, filled = drug_door.with_known_structures(frame)
    filled &= new
    return frame.assign(smiles=drawn["smiles"].where(filled, frame["smiles"])), filled


def _refuse_uncertain(frame: pd.DataFrame, found: pd.DataFrame) -> None:
    """Refuse structures that cannot be read or fit several drugs, and antibodies; other unknown names may be new."""
    drawn = frame["smiles"].notna().to_numpy()
    asked = found["problem"].ne("").to_numpy() & (drawn | found["problem"].str.contains("antibod|fits ").to_numpy())
    if asked.any():
        told = [f"{name}: {text}" for name, text in found.loc[asked, "problem"].items()]
        raise InputError(f"{int(asked.sum())} of {len(found)} drugs are not certain ({examples(told)})")


def _without_salts(frame: pd.DataFrame) -> pd.DataFrame:
    """Structures without counter-ions, with their InChIKeys."""
    bare = drug_door.structures(frame)
    if "inchikey" in frame:
        bare["inchikey"] = bare["inchikey"].where(bare["inchikey"].notna(), frame["inchikey"])
    return bare


def _warnings(asked: DrugFeatures, known: DrugFeatures, seen: np.ndarray, similar: np.ndarray) -> list[str]:
    limits = applicability.domain(known)
    said = []
    for place, (smiles, known_, alike) in enumerate(zip(asked.smiles, seen, similar, strict=True)):
        by = [word for word, used in _used(asked, known, place).items() if used]
        said.append("" if known_ else applicability.warning(smiles, float(alike), limits, judged_by=by))
    return said


def _used(asked: DrugFeatures, known: DrugFeatures, place: int) -> dict[str, bool]:
    """What is told of a drug beside its structure that the training drugs give a meaning to."""
    shared = frozenset().union(*known.targets)
    targets = asked.targets[place]
    return {
        "targets": any(target in shared or drug_targets.read(target).genes for target in targets),
        "pathway": bool(asked.pathway[place] & frozenset().union(*known.pathway)),
    }


def _notes(frame: pd.DataFrame, known: DrugFeatures, found: pd.DataFrame, filled: pd.Series) -> list[str]:
    """What was decided of each drug that its user ought to know; targets that are no gene among it."""
    shared = frozenset().union(*known.targets)
    notes = []
    new = found["drug_id"].isna() & frame["smiles"].notna()
    drawn_as = [_drawn_as(str(text)) if one and new.sum() <= _MOST_DRAWN else "" for text, one in
                zip(frame["smiles"], new, strict=True)]  # fmt: skip
    told = zip(similarity.texts(frame, "targets"), found["note"], filled, drawn_as, strict=True)
    for text, note, by_name, tautomer in told:
        strange = [word for word in drug_targets.read(text or "").unknown if word not in shared]
        said = f"no gene, and not used as a target: {examples(strange)}" if strange else ""
        drawn = "a new compound, its structure found by name in the package's tables" if by_name else ""
        notes.append("; ".join(filter(None, (drawn, note, said, tautomer))))
    return notes


def _drawn_as(smiles: str) -> str:
    """That a new compound is drawn as another tautomer than the standard one, which is predicted apart."""
    other = standard_tautomer(smiles)
    return f"predicted in the tautomer drawn; in the standard form, {other}, it may differ a little" if other else ""


def tell(query: Query) -> None:
    """Write into the log which of the drugs asked for are outside the domain, and which were told with a note."""
    for column, said in (
        ("warning", "are outside the domain of the training compounds"),
        ("note", "were told with a note"),
    ):
        told = query.table.loc[query.table[column].ne(""), column]
        if len(told):
            log.warning(
                "%d of %d drugs %s (%s): see drugs['%s']",
                len(told), len(query.table), said, examples([f"{name}: {text}" for name, text in told.items()], 3),
                column,
            )  # fmt: skip


def _tidy(drugs: Asked) -> pd.DataFrame:
    if isinstance(drugs, str):
        drugs = [drugs]
    if not isinstance(drugs, pd.DataFrame):
        drugs = pd.DataFrame({"name": [str(drug) for drug in drugs]}, dtype=object)
    frame = drugs.set_index("drug_id") if "drug_id" in drugs else drugs.copy()
    if names_nothing(frame.index) and "name" in frame:
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
    frame["smiles"] = pd.Series(similarity.texts(frame, "smiles"), index=frame.index, dtype=object)
    return frame


def _check_described(asked: DrugFeatures, known: DrugFeatures, found: pd.DataFrame) -> None:
    """Refuse drugs of which nothing is known that a prediction could rest on, and say why each name finds nothing."""
    bare = [
        str(problem) or str(name)
        for place, (name, drug, problem) in enumerate(zip(found.index, found["drug_id"], found["problem"], strict=True))
        if drug is None and not asked.bits[place].any() and not any(_used(asked, known, place).values())
    ]
    if bare:
        raise InputError(
            f"{len(bare)} drugs are not in the screen and have no structure, target or pathway that is known "
            f"({examples(bare)}): give their SMILES"
        )


def known_drugs(asked: Iterable[object], names: pd.Index, drugs: pd.DataFrame) -> pd.Index:
    """Training ``drug_id`` of drugs given by whatever they are called.

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
    return drug_door.resolve(
        asked, drugs.loc[names], what="the screen the model was trained on", remedy="leave them out"
    )
