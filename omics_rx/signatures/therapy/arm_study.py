"""What a study of a trial found: whose chance is how good under which arm, and what a rule made of it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core import bundle
from omics_rx.core.arguments import in_words
from omics_rx.core.damage import told_as_damage
from omics_rx.core.errors import unknown_name
from omics_rx.core.provenance import Provenance
from omics_rx.signatures.study import file_of, scores_member, scores_of
from omics_rx.signatures.therapy import rule as rules
from omics_rx.signatures.therapy.arm_signature import TreatmentSignature

KIND, SCHEMA = "treatment study", 1
_FRAMES = (
    "table", "gains", "ladder", "calibration", "calibration_groups", "decision", "prognostic", "predictive", "arms",
    "patients", "dealt",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class TreatmentStudy:
    """What ``signatures.build("therapy", ..., outcome=..., treatment=...)`` found.

    Attributes
    ----------
    name, outcome, treatment, control
        What it is called, whose chance is foretold, the column of the arm, and the arm the others are held against.
    signature
        The signature, made from all training cohorts.
    table
        A row a cohort, role (``nested``, ``external``) and method (``signature``; ``without interactions``: arms do the
        same to everybody of a group; ``plain logistic + forest``): ``auc`` with its 95% interval, ``brier``, and
        ``within``, the area over pairs of one arm and group alone, with its interval.
    gains
        Area of the signature less that of each other method on the same patients.
    ladder
        The model made again as each kind of measurement, and the arm, is added, with the paired gain of each.
    calibration, calibration_groups, decision
        What became of the chances, and the net benefit of acting on them.
    prognostic
        What foretells the outcome whatever the arm: odds ratio a standard deviation, interval, p and q.
    predictive
        What foretells benefit from an arm against the control: see :func:`interactions.predictive`.
    arms
        Share of responders of each arm and group, and its gain over the control.
    scores
        Cohort to ``probability`` and ``log_odds`` under her own arm and ``outcome``; training cohorts nested.
    patients
        Cohort, role, given, without outcome or arm, judged, responders.
    dealt, dealt_p
        Areas on dealt outcomes, and the share of them that does as well; None where not tested.
    external_opened
        External cohort to what was opened and when.
    limits
        What a reader must know, one sentence each.
    provenance
        How it came to be.
    record
        Arms, folds and chances by which :meth:`rule` is judged.
    classes
        Columns of few values by which patients may be grouped.
    """

    name: str
    outcome: str
    treatment: str
    control: str
    signature: TreatmentSignature
    table: pd.DataFrame = field(repr=False)
    gains: pd.DataFrame = field(repr=False)
    ladder: pd.DataFrame = field(repr=False)
    calibration: pd.DataFrame = field(repr=False)
    calibration_groups: pd.DataFrame = field(repr=False)
    decision: pd.DataFrame = field(repr=False)
    prognostic: pd.DataFrame = field(repr=False)
    predictive: pd.DataFrame = field(repr=False)
    arms: pd.DataFrame = field(repr=False)
    scores: dict[str, pd.DataFrame] = field(repr=False)
    patients: pd.DataFrame = field(repr=False)
    dealt: pd.DataFrame = field(repr=False)
    dealt_p: float | None
    external_opened: dict[str, dict[str, str]]
    limits: list[str] = field(repr=False)
    provenance: Provenance = field(repr=False)
    record: rules.Record = field(repr=False)
    classes: pd.DataFrame = field(repr=False)

    @in_words
    def rule(self, by: str | Sequence[str] = (), *, seed: int = 0) -> rules.Rule:
        """Judge the rule that gives each patient the arm of her best chance among those her kind had.

        Every chance is by models made without her. Its value is the share who would respond under it.

        Parameters
        ----------
        by
            Columns of classes, such as published response subtypes, whose best arm is judged beside it.
        seed
            Of the resampled patients.

        Raises
        ------
        UnknownNameError
            If there is no such column of few values.
        InputError
            If no kind of patient had two arms.
        """
        names = [by] if isinstance(by, str) else list(by or ())
        for name in names:
            if name not in self.classes:
                raise unknown_name("column of classes", name, list(map(str, self.classes)))
        return rules.judge(self.record, by={name: self.classes[name] for name in names}, seed=seed)

    @in_words
    def save(self, path: Path | str) -> Path:
        """Save the study as one file; in a folder it is called ``study.orx``.

        Raises
        ------
        OutputError
            If the place cannot be written.
        """
        members = {f"{name}.parquet": bundle.parquet(getattr(self, name)) for name in _FRAMES}
        members["scores.parquet"] = scores_member(self.scores, "patient")
        members["signature.json"] = self.signature.to_json().encode()
        own = self.record
        members["record.parquet"] = bundle.parquet(own.patients.rename_axis("patient").reset_index())
        members["classes.parquet"] = bundle.parquet(self.classes.rename_axis("patient").reset_index())
        flat = own.chances.transpose(1, 0, 2).reshape(len(own.patients), -1)
        members["chances.parquet"] = bundle.parquet(pd.DataFrame(flat, columns=[str(i) for i in range(flat.shape[1])]))
        members["folds.parquet"] = bundle.parquet(
            pd.DataFrame(own.fold.T, columns=[str(i) for i in range(len(own.fold))])
        )
        record = {
            "name": self.name, "outcome": self.outcome, "treatment": self.treatment, "control": self.control,
            "cohorts": list(self.scores), "dealt_p": self.dealt_p, "external_opened": self.external_opened,
            "limits": self.limits, "provenance": self.provenance.as_dict(), "arms": list(own.arms),
            "groups": list(own.groups),
        }  # fmt: skip
        return bundle.save(file_of(path), kind=KIND, schema=SCHEMA, record=record, members=members)


@in_words
def load_treatment_study(path: Path | str) -> TreatmentStudy:
    """Open what ``TreatmentStudy.save`` wrote: the file, or the folder that holds ``study.orx``.

    Raises
    ------
    MissingFileError, IntegrityError
        If there is none; if it is damaged, altered or of a newer schema.
    """
    opened = bundle.load(file_of(path), kind=KIND, schema=SCHEMA)
    with told_as_damage(f"the study in {path}"):
        record = opened.record
        frames: dict[str, Any] = {name: opened.frame(f"{name}.parquet") for name in _FRAMES}
        patients, classes = (opened.frame(f"{name}.parquet").set_index("patient") for name in ("record", "classes"))
        fold = opened.frame("folds.parquet").to_numpy(dtype=np.intp).T
        chances = opened.frame("chances.parquet").to_numpy(dtype=np.float64)
        arms = tuple(record["arms"])
        return TreatmentStudy(
            name=record["name"], outcome=record["outcome"], treatment=record["treatment"], control=record["control"],
            signature=TreatmentSignature.from_json(opened.text("signature.json")), scores=scores_of(opened, "patient"),
            dealt_p=record["dealt_p"], external_opened=dict(record["external_opened"]), limits=list(record["limits"]),
            provenance=Provenance.from_dict(record["provenance"]), classes=classes.astype(object),
            record=rules.Record(
                patients, arms, tuple(record["groups"]), fold,
                chances.reshape(len(patients), len(fold), len(arms)).transpose(1, 0, 2),
            ), **frames,
        )  # fmt: skip
