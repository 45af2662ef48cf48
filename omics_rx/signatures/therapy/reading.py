"""Patients with features of several kinds, from whatever they are held in: tables by modality, MuData, AnnData."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.core.provenance import frame_sha256
from omics_rx.core.texts import says_nothing
from omics_rx.signatures.therapy import outcome as outcomes

NUMBER, CATEGORY = "number", "category"
_MOST_LEVELS = 12
_CLINICAL, _PLAIN = "clinical", "features"
_FOLLOW_UP = ("time", "event")


@dataclass(frozen=True, eq=False)
class Patients:
    """Patients of one cohort.

    Attributes
    ----------
    name
        Of the cohort.
    table
        Patients x features: numbers as float64, categories as text, missing ones NaN or None.
    modality, column
        Feature to the kind of measurement it belongs to, and to its name there.
    outcome
        Whether each patient responded.
    order
        Ordered outcome of patients who have one.
    given, told
        Patients of the cohort as given, and what a reader must know.
    """

    name: str
    table: pd.DataFrame = field(repr=False)
    modality: dict[str, str]
    column: dict[str, str]
    outcome: pd.Series
    order: pd.Series | None
    given: int
    told: tuple[str, ...] = ()

    @property
    def modalities(self) -> tuple[str, ...]:
        """Kinds of measurement, in the order given."""
        return tuple(dict.fromkeys(self.modality.values()))

    def sha256(self) -> str:
        """Hash of features and outcome."""
        return frame_sha256(self.table.assign(**{"the outcome": self.outcome.astype(float)}))


def frames(cohort: Any, modalities: Mapping[str, Sequence[str]] | None = None) -> dict[str, pd.DataFrame]:
    """Tables of a cohort by kind of measurement, patients x columns.

    Parameters
    ----------
    cohort
        A frame (patients x columns), a mapping of frames or AnnData by modality, a MuData, or an AnnData whose ``obs``
        holds the clinical columns.
    modalities
        Modality to the columns of a single frame, where it holds several.

    Raises
    ------
    InputError
        If it is none of these, patients repeat, a modality is empty, or named columns are not there.
    """
    if isinstance(cohort, pd.DataFrame):
        found = {_PLAIN: cohort}
    elif hasattr(cohort, "mod"):
        found = {str(name): _matrix(part) for name, part in cohort.mod.items()}
        found = {_CLINICAL: _own_columns(cohort), **found}
    elif hasattr(cohort, "obs"):
        found = {_CLINICAL: pd.DataFrame(cohort.obs), "expression": _matrix(cohort)}
    elif isinstance(cohort, Mapping):
        found = {}
        for name, part in cohort.items():
            for inner, frame in _parts(str(name), part).items():
                found[inner] = frame if inner not in found else _beside(found[inner], frame, inner)
    else:
        raise InputError(
            f"a cohort is a table, tables by modality, a MuData or an AnnData, not a {type(cohort).__name__}"
        )
    found = {name: frame.drop(columns=[c for c in _FOLLOW_UP if c in frame and name == _CLINICAL])
             for name, frame in found.items() if frame.shape[1]}  # fmt: skip
    for name, frame in found.items():
        _checked(name, frame)
    return found if modalities is None else _divided(found, modalities)


def _parts(name: str, part: Any) -> dict[str, pd.DataFrame]:
    if isinstance(part, pd.DataFrame):
        return {name: part}
    if isinstance(part, pd.Series):
        return {name: part.to_frame()}
    if hasattr(part, "obs") and hasattr(part, "X"):
        own = pd.DataFrame(part.obs)
        return {name: _matrix(part)} | ({_CLINICAL: own} if own.shape[1] else {})
    raise InputError(f"modality {name} is a {type(part).__name__}: give a table, patients x columns")


def _beside(one: pd.DataFrame, two: pd.DataFrame, name: str) -> pd.DataFrame:
    both = one.columns.intersection(two.columns)
    if len(both):
        raise InputError(f"{len(both)} columns of {name} come twice ({examples(both)}): give each once")
    return one.join(two, how="outer")


def _own_columns(cohort: Any) -> pd.DataFrame:
    """Columns of a MuData's ``obs`` that are its own, not copies of a modality's."""
    frame = pd.DataFrame(cohort.obs)
    copied = tuple(f"{name}:" for name in cohort.mod)
    own = frame[[column for column in frame if not str(column).startswith(copied)]]
    for part in cohort.mod.values():
        more = pd.DataFrame(part.obs)
        fresh = [column for column in more if column not in own]
        own = own.join(more[fresh], how="outer") if fresh else own
    return own


def _matrix(part: Any) -> pd.DataFrame:
    values = part.X
    if values is None:
        raise InputError("an AnnData without X holds no features: put the values to learn from into X")
    dense = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
    return pd.DataFrame(dense, index=part.obs_names, columns=part.var_names)


def _checked(name: str, frame: pd.DataFrame) -> None:
    twice = frame.index[frame.index.duplicated()].unique()
    if len(twice):
        raise InputError(f"{len(twice)} patients come twice in {name} ({examples(twice)}): keep one row a patient")
    again = frame.columns[frame.columns.duplicated()].unique()
    if len(again):
        raise InputError(f"{len(again)} columns come twice in {name} ({examples(again)}): keep one of each")
    if not len(frame):
        raise InputError(f"{name} has no patients: give patients x columns")


def _divided(found: Mapping[str, pd.DataFrame], modalities: Mapping[str, Sequence[str]]) -> dict[str, pd.DataFrame]:
    """Columns by modality as told; those not named stay under an empty name, where outcomes are looked for."""
    whole = pd.concat(list(found.values()), axis=1) if len(found) > 1 else next(iter(found.values()))
    wanted = {str(name): [str(c) for c in columns] for name, columns in modalities.items()}
    named = [column for columns in wanted.values() for column in columns]
    absent = [column for column in named if column not in whole]
    if absent:
        raise InputError(f"{len(absent)} columns of the modalities are not there: {examples(absent)}")
    twice = sorted({column for column in named if named.count(column) > 1})
    if twice:
        raise InputError(f"{len(twice)} columns are in several modalities ({examples(twice)}): name each once")
    rest = whole.drop(columns=named)
    return {**{name: whole[columns] for name, columns in wanted.items()}, "": rest}


def read(
    name: str, cohort: Any, *, outcome: str, positive: object = None, ordered: str | None = None,
    modalities: Mapping[str, Sequence[str]] | None = None,
) -> Patients:  # fmt: skip
    """Read one cohort; a modality that a patient lacks is missing for that patient.

    Parameters
    ----------
    name, cohort
        What it is called, and what :func:`frames` takes.
    outcome
        Column of the outcome, in any of the tables.
    positive
        Value that means yes.
    ordered
        Column of an ordered outcome, such as the class of residual cancer burden.
    modalities
        As for :func:`frames`.

    Raises
    ------
    InputError
        If a column is not there or not one, modalities share no patient with the outcome, or the outcome cannot be
        told.
    """
    try:
        parts = frames(cohort, modalities)
        given = taken(parts, outcome, "outcome")
        classes = None if ordered is None else taken(parts, ordered, "ordered")
        known = outcomes.binary(given, name=outcome, positive=positive)
        order = None if classes is None else outcomes.ordered(classes, name=str(ordered))
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    patients = known.index
    table, modality, called, told = _joined(name, {k: v for k, v in parts.items() if k}, patients)
    without = len(given) - len(known)
    if without:
        told.insert(0, f"{without} patients of {name} have no {outcome} and were left out.")
    order = None if order is None else order[order.index.intersection(patients)]
    return Patients(name, table, modality, called, known, order, len(given), tuple(told))


def taken(parts: dict[str, pd.DataFrame], column: str, what: str) -> pd.Series:
    """Take a column out of the tables, so that it is no feature."""
    holders = [name for name, frame in parts.items() if column in frame]
    if not holders:
        names = [str(own) for frame in parts.values() if frame.shape[1] <= 500 for own in frame.columns]
        raise unknown_name(f"column for {what}", column, names)
    found: pd.Series | None = None
    for name in holders:
        own = parts[name][column]
        parts[name] = parts[name].drop(columns=column)
        if found is None:
            found = own
            continue
        both = found.index.intersection(own.index)
        same = (found[both].astype(str) == own[both].astype(str)) | found[both].isna() | own[both].isna()
        if not same.all():
            raise InputError(
                f"{column} is in {len(holders)} tables ({examples(holders)}) and differs between them for "
                f"{int((~same).sum())} patients ({examples(both[~same])}): keep one"
            )
        found = found.combine_first(own)
    assert found is not None  # noqa: S101 - a column has a holder here
    return found


def _joined(
    name: str, parts: Mapping[str, pd.DataFrame], patients: pd.Index
) -> tuple[pd.DataFrame, dict[str, str], dict[str, str], list[str]]:
    """One table over the patients with an outcome, and what was left out of it."""
    told, columns, modality, own_name = [], {}, {}, {}
    counts = pd.Series([str(column) for frame in parts.values() for column in frame]).value_counts()
    for kind, frame in parts.items():
        if not frame.shape[1]:
            continue
        common = frame.index.intersection(patients)
        if not len(common):
            raise InputError(
                f"{name}: no patient of {kind} has an outcome: {kind} holds {examples(frame.index, 3)}, the outcome "
                f"{examples(patients, 3)}; name patients alike in all tables"
            )
        if len(common) < len(patients):
            told.append(f"{len(patients) - len(common)} of {len(patients)} patients of {name} have no {kind}.")
        own = frame.reindex(patients)
        for column in own:
            feature = str(column) if counts[str(column)] == 1 else f"{kind}:{column}"
            columns[feature] = own[column]
            modality[feature], own_name[feature] = kind, str(column)
    if not columns:
        raise InputError(f"{name} has no feature beside its outcome: give columns to learn from")
    table = pd.DataFrame(columns, index=patients)
    return typed(table), modality, own_name, told


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers as float64, everything else as text, with what says that nothing is known missing.

    Raises
    ------
    InputError
        If a value is infinite.
    """
    made = {column: _typed(table[column]) for column in table}
    found = pd.DataFrame(made, index=table.index)
    numbers = found.select_dtypes("number")
    infinite = numbers.columns[np.isinf(numbers.to_numpy()).any(axis=0)] if numbers.shape[1] else []
    if len(infinite):
        raise InputError(f"{len(infinite)} columns hold infinite values ({examples(infinite)}): make them missing")
    return found


def _typed(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values) and not isinstance(values.dtype, pd.CategoricalDtype):
        return pd.Series(values.to_numpy(dtype=np.float64, na_value=np.nan), index=values.index)
    plain = values.astype(object).mask(says_nothing(values.astype(object)))
    numbers = pd.to_numeric(plain, errors="coerce")
    if numbers.notna().sum() == plain.notna().sum():
        return numbers.astype(np.float64)
    return plain.map(lambda value: None if pd.isna(value) else re.sub(r"\s+", " ", str(value).strip()).casefold())


def usable(patients: Sequence[Patients]) -> tuple[dict[str, str], list[str]]:
    """Features to learn from, with their kinds, and what was left out of them.

    A feature that is missing for everybody, does not vary, or is a text with a level for nearly every patient teaches
    nothing.

    Raises
    ------
    InputError
        If none is left, or cohorts hold one as numbers and as text.
    """
    kinds: dict[str, str] = {}
    told = []
    shared = [str(f) for f in patients[0].table if all(f in other.table for other in patients)]
    lost = sum(len(set(one.table) - set(shared)) for one in patients)
    if lost:
        told.append(f"{lost} features are not in every training cohort and were left out.")
    out: dict[str, list[str]] = {"are missing for everybody": [], "do not vary": [], "name single patients": []}
    for feature in shared:
        columns = [one.table[feature] for one in patients]
        known = [column.dropna() for column in columns]
        texts = [column.dtype.kind not in "fib" for column, own in zip(columns, known, strict=True) if len(own)]
        if not texts:
            out["are missing for everybody"].append(feature)
            continue
        if any(texts) != all(texts):
            raise InputError(f"{feature} is a number in one cohort and text in another: write it one way")
        joined = pd.concat([own for own in known if len(own)])
        if joined.nunique() < 2:
            out["do not vary"].append(feature)
        elif texts[0] and joined.nunique() > max(_MOST_LEVELS, len(joined) // 10):
            out["name single patients"].append(feature)
        else:
            kinds[feature] = CATEGORY if texts[0] else NUMBER
    told += [
        f"{len(names)} features {why} and were left out: {examples(names)}." for why, names in out.items() if names
    ]
    if not kinds:
        raise InputError(f"no feature is left to learn from: {' '.join(told) or 'the cohorts share none'}")
    return kinds, told
