"""Figures of a study beyond the order of patients: chances that come true, decisions, gain over clinical columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.metrics import calibration, decision_curve
from omics_rx.signatures import clinical
from omics_rx.signatures.assemble import Member
from omics_rx.signatures.baseline import Baseline

CALIBRATION = [
    "cohort", "endpoint", "at", "n", "n_events", "observed", "expected", "ratio", "slope", "slope_lower", "slope_upper",
    "ici", "e50", "e90", "brier", "null", "gain",
]  # fmt: skip
GROUPS = ["cohort", "at", "n", "predicted", "observed", "lower", "upper"]
DECISION = ["cohort", "at", *decision_curve.COLUMNS]
CLINICAL = ["cohort", "role", *clinical.COLUMNS]
_HORIZON = 60  # months at which decisions are judged, where patients are followed that long


@dataclass(frozen=True, eq=False)
class Assessment:
    """Tables of a study, and what could not be judged, in sentences."""

    calibration: pd.DataFrame = field(repr=False)
    calibration_groups: pd.DataFrame = field(repr=False)
    decision: pd.DataFrame = field(repr=False)
    clinical: pd.DataFrame = field(repr=False)
    sentences: list[str]


def assess(
    scores: Mapping[str, pd.DataFrame], left: Mapping[str, pd.Series], members: Mapping[str, Member],
    outside: Mapping[str, Member], *, baseline: Baseline | None, seed: int,
) -> Assessment:  # fmt: skip
    """Judge chances and decisions on external cohorts, and the gain over clinical columns where it can be judged.

    Chances are not judged on training cohorts: their baseline was learnt there. Nor is the gain judged on
    cross-validated scores: each was made from the outcomes of the patients beside it, so that under noise its gain has
    p < .05 in 14.5% of studies (Hoefling and Tibshirani 2008). A training cohort is judged by the signature made from
    the other cohorts.

    Parameters
    ----------
    scores
        External cohort to its ``risk_score`` by sample.
    left
        Training cohort to its risk by a signature made from the other cohorts; empty for a single one.
    members, outside
        Training and external cohorts.
    baseline
        The signature's; None leaves the first three tables empty.
    seed
        Of bootstraps and folds.
    """
    figures, groups, decisions, gains, told = [], [], [], [], []
    for name, member in outside.items():
        if baseline is not None:
            parts = _chances(member, scores[name]["risk_score"], baseline, seed=seed)
            figures += parts[0]
            groups += parts[1]
            decisions += parts[2]
            told += parts[3]
    alone = [name for name in members if name not in left]
    if alone:
        told.append(
            f"The gain over clinical columns was not judged in {examples(alone)}: its patients were scored by "
            "cross-validation, whose gain is too large."
        )
    risks = {**{name: scores[name]["risk_score"] for name in outside}, **left}
    for name, member in {**outside, **members}.items():
        if name not in risks:
            continue
        try:
            found = clinical.gain(member.cohort, risks[name], seed=seed)
        except InputError as error:
            told.append(f"The gain over clinical columns was not judged in {name}: {error}.")
            continue
        role = "external" if name in outside else "left out"
        gains.append(found.assign(cohort=name, role=role)[CLINICAL])
    return Assessment(
        pd.DataFrame(figures, columns=CALIBRATION), _joined(groups, GROUPS), _joined(decisions, DECISION),
        _joined([part for part in gains if len(part)], CLINICAL), told,
    )  # fmt: skip


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _chances(
    member: Member, score: pd.Series, baseline: Baseline, *, seed: int
) -> tuple[list[dict[str, object]], list[pd.DataFrame], list[pd.DataFrame], list[str]]:
    """Calibration at each horizon and the decision curve at one; sentences for what could not be judged."""
    scored = score.notna().to_numpy()
    time, event = member.endpoint.time[scored], member.endpoint.event[scored]
    curves = baseline.survival(score[scored])
    figures, groups, told = [], [], []
    for month in sorted(baseline.hazard):
        try:
            found = calibration.calibration(time, event, curves[month], at=month)
            error = calibration.brier_at(time, event, curves[month], at=month)
        except InputError as reason:
            told.append(f"Chances at {month} months were not judged in {member.name}: {reason}.")
            continue
        figures.append({"cohort": member.name, "endpoint": member.endpoint.name, **found.figures(), **error})
        groups.append(found.groups.assign(cohort=member.name, at=month)[GROUPS])
    judged = [int(row["at"]) for row in figures]
    if not judged:
        return figures, groups, [], told
    at = min(judged, key=lambda month: abs(month - _HORIZON))
    curve = decision_curve.decision_curve(time, event, {"signature": 1 - curves[at]}, at=at, seed=seed)
    return figures, groups, [curve.assign(cohort=member.name, at=at)[DECISION]], told
