"""A response study: the signature, every figure about it, and what was opened when."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from omics_rx.core import bundle
from omics_rx.core.arguments import in_words
from omics_rx.core.damage import told_as_damage
from omics_rx.core.provenance import Provenance
from omics_rx.signatures.study import file_of, scores_member, scores_of
from omics_rx.signatures.therapy.signature import ResponseSignature

KIND, SCHEMA = "response study", 1
_FRAMES = (
    "table", "gains", "ladder", "calibration", "calibration_groups", "decision", "trend", "trend_points", "importance",
    "patients", "dealt",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ResponseStudy:
    """What ``signatures.build("therapy", ..., outcome=...)`` found.

    Attributes
    ----------
    name, outcome
        What it is called, and whose chance is foretold.
    signature
        The signature, made from all training cohorts.
    table
        A row a cohort, role and method: ``cohort``, ``role`` (``nested``: by models made without the patient;
        ``external``: never touched before), ``method`` (``signature``; ``full model``: several classifiers, joined as
        held-back patients chose; ``early fusion``, ``late fusion``; ``plain logistic + forest``), ``n``,
        ``responders``, ``auc`` (mean over repeats), ``lower``, ``upper`` (95%, Newcombe's method 5), ``brier``,
        ``apparent`` (area on the patients it was fitted on), ``optimism``.
    gains
        Area of the signature and of the full model less that of the plain models on the same patients.
    ladder
        The signature made again as each modality is added: ``step``, ``added``, ``auc``, ``lower``, ``upper``,
        and the paired ``gain``, ``gain_lower``, ``gain_upper``, ``p_value`` over the step before.
    calibration, calibration_groups, decision
        What became of the chances, and the net benefit of acting on them.
    trend, trend_points
        Score over the ordered outcome: ``cohort``, ``role``, ``tau``, ``lower``, ``upper``, ``p_value``, ``n``,
        ``falling``; and each patient's ``class`` and ``score``.
    importance
        Feature to mean absolute Shapley value in training (log odds), with its modality.
    scores
        Cohort to a frame of ``probability``, ``log_odds``, ``outcome``; training cohorts nested.
    patients
        Cohort, role, given, without outcome, judged, responders.
    dealt
        Areas of the whole recipe on dealt outcomes.
    dealt_p
        Share of deals that are foretold as well as the outcome itself; None where not tested.
    external_opened
        External cohort to what was opened and when.
    limits
        What a reader must know, one sentence each.
    provenance
        How it came to be.
    """

    name: str
    outcome: str
    signature: ResponseSignature
    table: pd.DataFrame = field(repr=False)
    gains: pd.DataFrame = field(repr=False)
    ladder: pd.DataFrame = field(repr=False)
    calibration: pd.DataFrame = field(repr=False)
    calibration_groups: pd.DataFrame = field(repr=False)
    decision: pd.DataFrame = field(repr=False)
    trend: pd.DataFrame = field(repr=False)
    trend_points: pd.DataFrame = field(repr=False)
    importance: pd.DataFrame = field(repr=False)
    scores: dict[str, pd.DataFrame] = field(repr=False)
    patients: pd.DataFrame = field(repr=False)
    dealt: pd.DataFrame = field(repr=False)
    dealt_p: float | None
    external_opened: dict[str, dict[str, str]]
    limits: list[str] = field(repr=False)
    provenance: Provenance = field(repr=False)

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
        record = {
            "name": self.name, "outcome": self.outcome, "cohorts": list(self.scores), "dealt_p": self.dealt_p,
            "external_opened": self.external_opened, "limits": self.limits, "provenance": self.provenance.as_dict(),
        }  # fmt: skip
        return bundle.save(file_of(path), kind=KIND, schema=SCHEMA, record=record, members=members)


@in_words
def load_response_study(path: Path | str) -> ResponseStudy:
    """Open what ``ResponseStudy.save`` wrote: the file, or the folder that holds ``study.orx``.

    Raises
    ------
    MissingFileError, IntegrityError
        If there is none; if it is damaged, altered or of a newer schema.
    """
    opened = bundle.load(file_of(path), kind=KIND, schema=SCHEMA)
    with told_as_damage(f"the study in {path}"):
        record = opened.record
        frames: dict[str, Any] = {name: opened.frame(f"{name}.parquet") for name in _FRAMES}
        return ResponseStudy(
            name=record["name"], outcome=record["outcome"],
            signature=ResponseSignature.from_json(opened.text("signature.json")), scores=scores_of(opened, "patient"),
            dealt_p=record["dealt_p"], external_opened=dict(record["external_opened"]), limits=list(record["limits"]),
            provenance=Provenance.from_dict(record["provenance"]), **frames,
        )  # fmt: skip
