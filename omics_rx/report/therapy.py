"""Sections of a response study: chances of patients never seen, what each modality adds, and what moves them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from omics_rx import plots
from omics_rx.report import svg
from omics_rx.report.page import Block, Figure, KeyFigure, KeyFigures, Page, Section, Table, Text
from omics_rx.report.sections import limits_section, methods_section

_AREA = dict.fromkeys(("auc", "lower", "upper", "apparent"), ".2f")
_FORMATS = {
    **_AREA, **dict.fromkeys(("optimism", "gain", "gain_lower", "gain_upper", "difference"), "+.3f"),
    **dict.fromkeys(("brier", "p_value", "importance", "null"), ".3f"),
    **dict.fromkeys(("observed", "expected", "slope", "slope_lower", "slope_upper", "intercept", "tau"), ".2f"),
}  # fmt: skip
_WHERE = {"nested": "models made without the patient", "external": "took no part in training"}


def response_study_page(study: Any) -> Page:
    """Page of a response study alone."""
    return Page(f"Chance of {study.outcome}", _summary(study), tuple(response_study_sections(study)))


def response_signature_page(signature: Any) -> Page:
    """Page of a response signature alone."""
    summary = f"A signature of {len(signature.features)} features for the chance of {signature.outcome}."
    return Page(f"Chance of {signature.outcome}", summary, (methods_section(signature, "the signature"),))


def response_study_sections(study: Any) -> list[Section]:
    """Sections of a response study, to put on a page with others."""
    found = [
        Section("Does the signature foretell the response?", tuple(_answer(study)), "answer"),
        Section("How sure is it?", tuple(_certainty(study)), "certainty"),
        Section("What does each kind of measurement add?", (_ladder(study),), "certainty"),
        Section("Do the chances come true?", tuple(_chances(study)), "figures"),
    ]
    if len(study.trend):
        found.append(Section("Does the score follow the ordered outcome?", tuple(_trend(study)), "figures"))
    return [
        *found,
        Section("What moves the chance", (_importance(study),), "figures"),
        Section(
            "Patients", (_table(study.patients, "Patients as given, judged, and those who responded."),), "figures"
        ),
        limits_section(study.limits),
        methods_section(study, "the signature"),
    ]


def _summary(study: Any) -> str:
    kinds = study.signature.training["modalities"]
    return f"The chance of {study.outcome} from {len(study.signature.features)} features of {len(kinds)} kinds."


def _own(study: Any) -> pd.DataFrame:
    """Rows of the signature, external cohorts first."""
    table: pd.DataFrame = study.table[study.table["method"] == "signature"]
    return pd.concat([table[table["role"] == "external"], table[table["role"] != "external"]])


def _answer(study: Any) -> Iterable[Block]:
    if study.limits[0].startswith("Noise would have done as well"):
        yield Text(study.limits[0])
    yield KeyFigures(
        tuple(
            KeyFigure(
                f"{row['cohort']} ({row['role']})", f"{row['auc']:.2f}",
                f"area under the curve, 95% interval {row['lower']:.2f} to {row['upper']:.2f}; {row['responders']} "
                f"responders in {row['n']} patients",
            )
            for row in _own(study).to_dict("records")
        )
    )  # fmt: skip
    row = _own(study).iloc[0]
    sure = "above chance" if row["lower"] > 0.5 else "not clearly above chance, whose 0.5 lies in the interval"
    yield Text(
        f"Of two patients of {row['cohort']} ({_WHERE[str(row['role'])]}), one of whom responds, the signature gives "
        f"that one the higher chance in {row['auc']:.0%} of pairs: {sure}."
    )


def _certainty(study: Any) -> Iterable[Block]:
    yield _table(
        study.table,
        "Area under the curve of each method on patients it has not seen, with its 95% interval; apparent: on the "
        "patients it was fitted on; optimism: what that has too much.",
    )
    yield _table(study.gains, "Area less that of the plain models on the same patients, with 95% intervals.")
    if study.dealt_p is not None:
        yield Text(f"The whole recipe on dealt outcomes does as well with p = {study.dealt_p:.3f}.")


def _ladder(study: Any) -> Table:
    return _table(
        study.ladder,
        "The signature made again as each kind of measurement is added, nested, and its paired gain over the step "
        "before with 95% intervals.",
    )


def _chances(study: Any) -> Iterable[Block]:
    yield from calibration_figures(study)
    yield _table(
        study.calibration, "Calibration: slope 1 and intercept 0 are right; gain: share of the Brier score saved."
    )
    for (cohort, role), table in study.decision.groupby(["cohort", "role"], sort=False):
        drawn = svg.draw(plots.decision_curve, table, size=(6.4, 4.2))
        yield Figure(
            drawn, f"Net benefit in {cohort} ({role}).", "Net benefit of each model, of treating all and of none."
        )


def calibration_figures(study: Any) -> Iterable[Figure]:
    """Predicted and observed share of responders in each cohort of a study of a yes-or-no outcome."""
    for (cohort, role), groups in study.calibration_groups.groupby(["cohort", "role"], sort=False):
        rows = groups.drop(columns="at")
        words = "; ".join(
            f"{row['predicted']:.2f} predicted, {row['observed']:.2f} observed" for row in rows.to_dict("records")
        )
        drawn = svg.draw(plots.calibration, rows, size=(5.0, 4.6))
        yield Figure(drawn, f"Predicted and observed share of responders in {cohort} ({role}).", words)


def _trend(study: Any) -> Iterable[Block]:
    for (cohort, role), points in study.trend_points.groupby(["cohort", "role"], sort=False):
        classes = points["class"].map(lambda value: f"{value:g}")
        medians = points.groupby("class")["score"].median()
        words = "; ".join(f"class {name:g}: median {value:+.2f}" for name, value in medians.items())
        drawn = svg.draw(plots.group_comparison, points["score"], classes, label="Log odds", size=(6.0, 4.2))
        yield Figure(drawn, f"Score by class of the ordered outcome in {cohort} ({role}).", words)
    yield _table(study.trend, "Kendall's tau-b of score and class, with its 95% interval and the p of no trend.")


def _importance(study: Any) -> Table:
    return _table(
        study.importance.head(20),
        "Mean absolute Shapley value of the features in training, in log odds, largest first.",
    )


def _table(frame: pd.DataFrame, words: str) -> Table:
    return Table(frame, words, {name: form for name, form in _FORMATS.items() if name in frame})
