"""Patients of a trial: who was given which arm, of what kind she is, and which columns only say the arm again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.signatures.therapy import outcome as outcomes
from omics_rx.signatures.therapy import regimens
from omics_rx.signatures.therapy.arm_model import Trial
from omics_rx.signatures.therapy.models import Data
from omics_rx.signatures.therapy.reading import Patients, frames, read

MOST_CLASSES = 12


@dataclass(frozen=True, eq=False)
class Assigned:
    """Patients of one cohort with their arms.

    Attributes
    ----------
    patients
        Features and outcome of those who have an arm, a kind and an outcome; the arm is no feature.
    arm, group
        Of each patient.
    classes
        Every column of few values, as text: what else patients may be grouped by.
    columns
        Columns that tell the group.
    called
        Text of the column of the arm to the arm that it is.
    """

    patients: Patients
    arm: pd.Series
    group: pd.Series
    classes: pd.DataFrame = field(repr=False)
    columns: tuple[str, ...] = ()
    called: dict[str, str] = field(default_factory=dict)


def assigned(
    name: str, cohort: Any, *, outcome: str, treatment: str, control: object, within: str | Sequence[str] | None,
    arms: Mapping[str, str] | None, positive: object = None, ordered: str | None = None,
    modalities: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Assigned, str]:  # fmt: skip
    """Read a cohort of a trial; the control as the cohort calls it comes with it.

    Raises
    ------
    InputError
        If the column of the arm is not there, is the outcome or measures something, the control is not named, or the
        kinds of patients cannot be told.
    """
    if treatment in (outcome, ordered):
        raise InputError(f"{treatment} is the outcome: name the column of the arm as treatment=...")
    whole = _whole(frames(cohort))
    if treatment not in whole:
        raise unknown_name("column for treatment", treatment, list(whole.columns))
    try:
        _refuse_outcome(whole, treatment, outcome, positive)
        arm, named, told = regimens.read(whole[treatment], name=treatment, control=control, same=arms)
        group, columns = regimens.receptors(whole.drop(columns=[treatment, outcome], errors="ignore"), within)
    except InputError as error:
        raise type(error)(f"{name}: {error}") from error
    patients = read(name, cohort, outcome=outcome, positive=positive, ordered=ordered, modalities=modalities)
    known = patients.outcome.index
    for what, told_of in ((treatment, arm.index), ("receptor group" if columns else "group", group.dropna().index)):
        lacking = known.difference(told_of)
        if len(lacking):
            told.append(f"{len(lacking)} patients of {name} have no {what} and were left out ({examples(lacking, 3)}).")
        known = known.intersection(told_of, sort=False)
    if not len(known):
        raise InputError(f"{name}: no patient has an outcome, an arm and a receptor group: nothing can be compared")
    called = dict(zip(whole[treatment].astype(object)[arm.index].map(regimens.text_of), arm, strict=True))
    arm, group = arm[known], group[known].astype(str)
    table = patients.table.loc[known]
    twins = _twins(table, arm, group)
    told += [f"{examples(twins)} of {name} says the arm again and is no feature."] if twins else []
    gone = [*twins, *(feature for feature, own in patients.column.items() if own == treatment)]
    classes = whole.loc[known].drop(columns=[treatment, outcome], errors="ignore")
    classes = classes[[c for c in classes if 2 <= classes[c].nunique() <= MOST_CLASSES]].astype(object)
    kept = replace(
        patients, table=table.drop(columns=gone), outcome=patients.outcome[known],
        order=None if patients.order is None else patients.order[patients.order.index.intersection(known)],
        told=(*patients.told, *told),
    )  # fmt: skip
    return Assigned(kept, arm, group, classes.where(classes.notna(), None), columns, called), named


def _whole(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """All tables side by side; of a column in several tables the first."""
    found: pd.DataFrame | None = None
    for frame in parts.values():
        own = frame.set_axis([str(column) for column in frame.columns], axis=1)
        if found is None:
            found = own
        else:
            found = found.join(own[[column for column in own if column not in found]], how="outer")
    return pd.DataFrame() if found is None else found


def _refuse_outcome(whole: pd.DataFrame, treatment: str, outcome: str, positive: object) -> None:
    """Refuse arms that are the outcome in other words: every arm with it or every arm without it."""
    if outcome not in whole:
        return
    truth = outcomes.binary(whole[outcome], name=outcome, positive=positive)
    own = whole[treatment].reindex(truth.index)
    share = truth.groupby(own.astype(str)).mean()[lambda s: s.index.isin(set(own.dropna().astype(str)))]
    few = len(share) <= min(regimens.MOST_ARMS, len(truth) // 5)
    if few and len(share) > 1 and truth.any() and not truth.all() and share.isin([0.0, 1.0]).all():
        raise InputError(
            f"{treatment} tells {outcome} of every patient: it is the outcome under another name; name the column of "
            "the arm"
        )


def _twins(table: pd.DataFrame, arm: pd.Series, group: pd.Series) -> list[str]:
    """Features that are one value in every arm of every group and differ between arms of a group."""
    cell = group.str.cat(arm, sep="\t")
    found = []
    for name in table:
        own = table[name].dropna()
        if own.nunique() < 2 or own.nunique() > regimens.MOST_ARMS:
            continue
        by = own.groupby(cell[own.index])
        if by.size().max() > 2 and by.nunique().max() < 2 and own.groupby(group[own.index]).nunique().max() > 1:
            found.append(str(name))
    return found


def trial_of(given: Sequence[Assigned], data: Data, control: str) -> Trial:
    """The training cohorts as one trial, over patients in the order of ``data``."""
    arm, group = (
        np.concatenate([getattr(one, what).set_axis(_names(one)).to_numpy(dtype=object) for one in given])
        for what in ("arm", "group")
    )
    names = np.concatenate([_names(one) for one in given])
    at = pd.Index(names).get_indexer(data.table.index)
    arm, group = arm[at].astype(str), group[at].astype(str)
    arms = (control, *sorted(set(arm.tolist()) - {control}))
    return Trial(data, arm, group, arms, tuple(sorted(set(group.tolist()))))


def _names(one: Assigned) -> list[str]:
    return [f"{one.patients.name}/{patient}" for patient in one.arm.index]
