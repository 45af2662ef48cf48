"""A study: the signature, every figure about it, and what was opened when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from omics_rx.core import bundle
from omics_rx.core.arguments import in_words
from omics_rx.core.damage import told_as_damage
from omics_rx.core.paths import as_path
from omics_rx.core.provenance import Provenance
from omics_rx.core.shown import shown
from omics_rx.signatures import assess
from omics_rx.signatures import designs as designs_of
from omics_rx.signatures.files import to_json
from omics_rx.signatures.signature import RiskSignature

KIND, SCHEMA = "signature study", 4
_FRAMES = (
    "table",
    "gains",
    "nulls",
    "calibration",
    "calibration_groups",
    "decision",
    "clinical",
    "patients",
    "designs",
)
PATIENTS = ["cohort", "role", "given", "without_follow-up", "judged", "scored", "events", "median_follow-up"]


@dataclass(frozen=True, eq=False)
class Study:
    """What ``signatures.build`` found.

    Attributes
    ----------
    name, recipe
        What it is called, and the recipe's name.
    signature
        The signature, made from all training cohorts.
    table
        One row a cohort, role and method: ``cohort``, ``role`` (``external``: never touched before; ``left out``:
        by a signature made from the other cohorts; ``cross-validated``: by signatures made without the sample),
        ``endpoint``, ``n``, ``events``, ``concordance`` (Harrell), ``lower``, ``upper``
        (95% bootstrap over patients, widened for cross-validated scores, whose folds learn from each other), ``uno``
        (Uno's concordance),
        ``auc_36`` and ``auc_60`` (cumulative-dynamic AUC at these months, missing where patients
        are not followed that long), ``method`` (``signature``; ``full model``, before distilling; ``proliferation``;
        ``random genes``: mean and central 95% of ridge Cox models over random genes, or of the whole recipe
        over them).
    gains
        Concordance of the signature less that of proliferation on the same samples: ``cohort``, ``role``,
        ``against``, ``difference``, ``lower``, ``upper``, ``p_value``.
    scores
        Cohort to a frame of ``risk_score``, ``risk_group``, ``time`` (months), ``event``; training cohorts with
        their cross-validated scores, external cohorts with the signature's.
    external_opened
        External cohort to the ``sha256`` of what was opened and the ``time``.
    pattern_weights
        Part of the full model to its weight.
    nulls
        Concordance of each random gene set, sets x external cohorts.
    null_p
        External cohort to the share of ridge Cox models over random genes that do as well as the signature; the whole
        recipe over random genes does better than they do, see ``build(n_null_whole=)``.
    limits
        What a reader must know, one sentence each.
    provenance
        How it came to be.
    calibration
        External cohort and horizon to what became of the predicted chances: ``metrics.calibration.Calibration``'s
        figures, and the Brier score beside that of one curve for all (``null``) and the share of it saved (``gain``).
    calibration_groups
        Predicted and observed chance of an event in fifths of each external cohort, at each horizon.
    decision
        Net benefit on each external cohort: ``metrics.decision_curve``.
    patients
        Flow of patients: ``cohort``, ``role``, ``given``, ``without_follow-up``, ``judged``, ``scored`` (with a risk),
        ``events`` and ``median_follow-up`` (months, reverse Kaplan-Meier) of those judged.
    designs
        How much too good random folds are: a row a training cohort and ``design`` (``each site left out``, ``later
        patients``) with ``n``, ``events``, ``concordance`` and its 95% interval, the concordance of ``random_folds`` on
        the same patients, and ``optimism``, theirs less that of the design, with its interval; empty unless
        ``build(site=, before=)`` asked for it.
    clinical
        Gain over clinical columns, proliferation and both in each cohort that has them: ``signatures.clinical.gain``;
        of external cohorts, and of training cohorts by a signature made from the others (``left out``).
    """

    name: str
    recipe: str
    signature: RiskSignature
    table: pd.DataFrame = field(repr=False)
    gains: pd.DataFrame = field(repr=False)
    scores: dict[str, pd.DataFrame] = field(repr=False)
    external_opened: dict[str, dict[str, str]]
    pattern_weights: dict[str, float] = field(repr=False)
    nulls: pd.DataFrame = field(repr=False)
    null_p: dict[str, float]
    limits: list[str] = field(repr=False)
    provenance: Provenance = field(repr=False)
    calibration: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=assess.CALIBRATION), repr=False)
    calibration_groups: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=assess.GROUPS), repr=False)
    decision: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=assess.DECISION), repr=False)
    clinical: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=assess.CLINICAL), repr=False)
    patients: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PATIENTS), repr=False)
    designs: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=designs_of.COLUMNS), repr=False)

    def __repr__(self) -> str:
        return f"Study({self.name!r}: {len(self.signature.genes)} genes, {len(self.table)} figures, {self._judged()})"

    def _repr_html_(self) -> str:
        wanted = ("cohort", "role", "method", "endpoint", "n", "events", "concordance", "lower", "upper")
        columns = [one for one in wanted if one in self.table]
        return shown(
            f"Study {self.name}: a signature of {len(self.signature.genes)} genes; {self._judged()}",
            self.table[columns], rows=12, facts=["Concordance with 95% intervals; 0.5 is chance."],
            doubts=self.limits[:2],
            then=["study.signature.save('signature.json')", "study.gains", "orx.report.write(study, 'study.html')"],
        )  # fmt: skip

    def _judged(self) -> str:
        outside = self.table[self.table["role"] == "external"]
        if outside.empty:
            return "judged on no external cohort"
        first = outside.iloc[0]
        return f"{first['concordance']:.2f} ({first['lower']:.2f} to {first['upper']:.2f}) in {first['cohort']}"

    @in_words
    def save(self, path: Path | str) -> Path:
        """Save the study as one file; in a folder it is called ``study.orx``.

        Raises
        ------
        OutputError
            If the place cannot be written.
        """
        members = {f"{name}.parquet": bundle.parquet(getattr(self, name)) for name in _FRAMES}
        members["scores.parquet"] = scores_member(self.scores, "sample")
        members["signature.json"] = to_json(self.signature).encode()
        record = {
            "name": self.name, "recipe": self.recipe, "cohorts": list(self.scores),
            "external_opened": self.external_opened, "pattern_weights": self.pattern_weights, "null_p": self.null_p,
            "limits": self.limits, "provenance": self.provenance.as_dict(),
        }  # fmt: skip
        return bundle.save(file_of(path), kind=KIND, schema=SCHEMA, record=record, members=members)


def _with_assessment(record: dict[str, Any], members: dict[str, bytes]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Schema 1 judged no chances, decisions or gain over clinical columns: those tables are empty."""
    columns = {
        "calibration": assess.CALIBRATION, "calibration_groups": assess.GROUPS, "decision": assess.DECISION,
        "clinical": assess.CLINICAL,
    }  # fmt: skip
    empty = {f"{name}.parquet": bundle.parquet(pd.DataFrame(columns=names)) for name, names in columns.items()}
    return record, {**members, **empty}


def _with_patients(record: dict[str, Any], members: dict[str, bytes]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Schema 2 did not keep the flow of patients: that table is empty."""
    return record, {**members, "patients.parquet": bundle.parquet(pd.DataFrame(columns=PATIENTS))}


def _with_designs(record: dict[str, Any], members: dict[str, bytes]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Schema 3 left no site out and kept no later patients back: that table is empty."""
    return record, {**members, "designs.parquet": bundle.parquet(pd.DataFrame(columns=designs_of.COLUMNS))}


UPGRADE_FROM = {1: _with_assessment, 2: _with_patients, 3: _with_designs}


def file_of(path: Path | str) -> Path:
    """File of a saved study; in a folder it is called ``study.orx``."""
    given = as_path(path, what="saved study")
    return given / "study.orx" if given.is_dir() else given


def scores_member(scores: Mapping[str, pd.DataFrame], what: str) -> bytes:
    """Scores of all cohorts as one member of a bundle, with a column that names each ``sample`` or ``patient``."""
    rows = [frame.rename_axis(what).reset_index().assign(cohort=name) for name, frame in scores.items()]
    return bundle.parquet(pd.concat(rows, ignore_index=True))


def scores_of(opened: bundle.Bundle, what: str) -> dict[str, pd.DataFrame]:
    """Cohort to its scores, as :func:`scores_member` wrote them."""
    rows = opened.frame("scores.parquet")
    return {
        name: rows[rows["cohort"] == name].drop(columns="cohort").set_index(what).rename_axis(None)
        for name in opened.record["cohorts"]
    }


@in_words
def load_study(path: Path | str) -> Study:
    """Open what ``Study.save`` wrote: the file, or the folder that holds ``study.orx``.

    Raises
    ------
    MissingFileError, IntegrityError
        If there is none; if it is damaged, altered or of a newer schema.
    """
    opened = bundle.load(file_of(path), kind=KIND, schema=SCHEMA, upgrade_from=UPGRADE_FROM)
    with told_as_damage(f"the study in {path}"):
        return _restored(opened)


def _restored(opened: bundle.Bundle) -> Study:
    record: Mapping[str, Any] = opened.record
    frames = {name: opened.frame(f"{name}.parquet") for name in _FRAMES}
    return Study(
        name=record["name"], recipe=record["recipe"],
        signature=RiskSignature.from_json(opened.text("signature.json")), scores=scores_of(opened, "sample"),
        external_opened=dict(record["external_opened"]), pattern_weights=dict(record["pattern_weights"]),
        null_p=dict(record["null_p"]), limits=list(record["limits"]),
        provenance=Provenance.from_dict(record["provenance"]), **frames,
    )  # fmt: skip
