"""Sections of a study of a trial: which arm for whom, what that is worth, and one patient's chance under each arm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from omics_rx import plots
from omics_rx.core.errors import InputError
from omics_rx.report import svg
from omics_rx.report.page import Block, Figure, KeyFigure, KeyFigures, Page, Section, Table, Text
from omics_rx.report.sections import limits_section, methods_section
from omics_rx.report.therapy import calibration_figures

_FORMATS = {
    **dict.fromkeys(("auc", "within", "odds_ratio", "shrunk", "shrunk_lower", "shrunk_upper"), ".2f"),
    **dict.fromkeys(("within_lower", "within_upper", "observed", "expected"), ".2f"),
    **dict.fromkeys(("slope", "slope_lower", "slope_upper"), ".2f"),
    **dict.fromkeys(("gain", "gain_lower", "gain_upper", "difference"), "+.3f"),
    **dict.fromkeys(("brier", "p_value", "q_value", "value", "robust", "robust_lower", "robust_upper"), ".3f"),
    "agree": ".0f",
}  # fmt: skip
_SHARES = dict.fromkeys(("share", "lower", "upper"), ".0%") | dict.fromkeys(
    ("gain", "gain_lower", "gain_upper"), "+.0%"
)


def treatment_study_page(study: Any) -> Page:
    """Page of a study of a trial alone."""
    arms = len(study.signature.arms)
    summary = f"The chance of {study.outcome} under {arms} arms, {study.control} being the control."
    return Page(f"Chance of {study.outcome} by arm", summary, tuple(treatment_study_sections(study)))


def treatment_signature_page(signature: Any) -> Page:
    """Page of a signature of a trial alone."""
    features, arms = len(signature.features), len(signature.arms)
    summary = f"{features} features give the chance of {signature.outcome} under each of {arms} arms."
    return Page(f"Chance of {signature.outcome} by arm", summary, (methods_section(signature, "the signature"),))


def treatment_study_sections(study: Any) -> list[Section]:
    """Sections of a study of a trial, to put on a page with others."""
    return [
        Section("Does the signature foretell the response?", tuple(_answer(study)), "answer"),
        Section("What is choosing an arm by it worth?", tuple(_rule(study)), "answer"),
        Section("How sure is it?", tuple(_certainty(study)), "certainty"),
        Section("Who benefits from which arm?", tuple(_predictive(study)), "figures"),
        Section("Who does well anyway?", (_table(study.prognostic.head(15), _PROGNOSTIC),), "figures"),
        Section("Arms", (_arms(study),), "figures"),
        Section("Do the chances come true?", tuple(_chances(study)), "figures"),
        Section("Patients", (_table(study.patients, "Patients as given, judged, and who responded."),), "figures"),
        limits_section(study.limits),
        methods_section(study, "the signature"),
    ]


_PROGNOSTIC = "Odds ratio of a response a standard deviation, whatever the arm, within arm and group (95%)."


def _answer(study: Any) -> Iterable[Block]:
    if study.limits[0].startswith("Noise would have done as well"):
        yield Text(study.limits[0])
    own = study.table[study.table["method"] == "signature"]
    yield KeyFigures(
        tuple(
            KeyFigure(
                f"{row['cohort']} ({row['role']})", f"{row['auc']:.2f}",
                f"area under the curve, 95% interval {row['lower']:.2f} to {row['upper']:.2f}; {row['within']:.2f} "
                f"within arm and group; {row['responders']} responders in {row['n']} patients",
            )
            for row in own.to_dict("records")
        )
    )  # fmt: skip


def _rule(study: Any) -> Iterable[Block]:
    try:
        rule = study.rule()
    except InputError as error:
        yield Text(f"{error}.")
        return
    row = rule.table.set_index("policy")
    gain = rule.gains.set_index("against").loc["best arm by group"]
    yield Text(
        f"If each patient had the arm of her best chance, {row.loc['rule', 'robust']:.0%} would respond (doubly "
        f"robust, 95% interval {row.loc['rule', 'robust_lower']:.0%} to {row.loc['rule', 'robust_upper']:.0%}); "
        f"{row.loc['arms as given', 'value']:.0%} did under the arms as given. That is {gain['robust']:+.1%} "
        f"({gain['robust_lower']:+.1%} to {gain['robust_upper']:+.1%}) beside the best arm of each group."
    )
    yield _table(
        rule.table,
        "Share who would respond under each way to choose an arm, by models made without the patient: by inverse "
        "probability within group, and doubly robust (robust); agree: patients who had the arm that it names.",
    )
    for text in rule.limits:
        yield Text(text)


def _certainty(study: Any) -> Iterable[Block]:
    yield _table(
        study.table,
        "Area under the curve of each method on patients it has not seen; within: over pairs of one arm and group.",
    )
    yield _table(study.gains, "Area of the signature less that of each other method on the same patients.")
    yield _table(
        study.ladder, "The model made again as each kind of measurement, and the arm, is added; nested, paired."
    )
    if study.dealt_p is not None:
        yield Text(f"The recipe on dealt outcomes does as well with p = {study.dealt_p:.3f}.")


def _predictive(study: Any) -> Iterable[Block]:
    table = study.predictive
    told = table[table["odds_ratio"].notna()]
    if told.empty:
        yield Text("No interaction of arm and feature can be told: every cell has under ten events.")
        return
    first = told[told["family"] == "expected"]
    for rows, name in ((first, "expected before"), (told[told["family"] != "expected"], "searched for")):
        if len(rows):
            words = "; ".join(f"{r['arm']} by {r['feature']}: {r['odds_ratio']:.2g}, q {r['q_value']:.2g}"
                              for r in rows.head(8).to_dict("records"))  # fmt: skip
            size = (9.0, 1.4 + 0.36 * min(len(rows), 20))
            drawn = svg.draw(plots.interaction_forest, rows, size=size)
            yield Figure(drawn, f"Interactions of arm and feature, {name}: above 1 the arm gains as it rises.", words)
    columns = ["arm", "group", "feature", "family", "n_arm", "responders_arm", "n_control", "responders_control",
               "odds_ratio", "lower", "upper", "p_value", "q_value", "shrunk", "verdict"]  # fmt: skip
    yield _table(
        told[columns].head(25),
        f"Interactions of arm and feature against the control, smallest p first; {len(table) - len(told)} more cannot "
        "be told, for under ten events in a cell.",
    )


def _arms(study: Any) -> Table:
    words = "Responders of each arm and group (Wilson's 95%), and the gain over the control of the group (Newcombe's)."
    return Table(study.arms, words, {name: form for name, form in _SHARES.items() if name in study.arms})


def _chances(study: Any) -> Iterable[Block]:
    yield from calibration_figures(study)
    yield _table(study.calibration, "Calibration: slope 1 and intercept 0 are right.")


def patient_chances_page(chances: Any) -> Page:
    """Page of one patient's chances under each arm."""
    known = chances.table["chance"].notna().sum()
    summary = (
        f"Chance of {chances.outcome} of {chances.patient} ({chances.group}) under {len(chances.table)} arms: of "
        f"{len(chances.table) - known} of them nobody knows."
    )
    return Page(f"{chances.patient}: chance by arm", summary, tuple(patient_chances_sections(chances)))


def patient_chances_sections(chances: Any) -> list[Section]:
    """Sections of one patient's chances under each arm, to put on a page with others."""
    table: pd.DataFrame = chances.table
    known = table[table["chance"].notna()]
    blocks: list[Block] = []
    if known.empty:
        blocks.append(Text(f"Nobody knows her chance under any arm: {table['reason'].iloc[0]}."))
    else:
        words = "; ".join(
            f"{row['arm']}: {row['chance']:.0%} ({row['lower']:.0%} to {row['upper']:.0%})"
            for row in known.to_dict("records")
        )
        drawn = svg.draw(plots.arm_chances, table, size=(7.4, 1.2 + 0.36 * len(table)))
        blocks.append(Figure(drawn, "Her chance of a response under each arm, with its 95% interval.", words))
    if chances.best_arm:
        blocks.insert(
            0, Text(f"Of the arms that enough patients of her kind had, {chances.best_arm} has the best chance.")
        )
    form = dict.fromkeys(("chance", "lower", "upper"), ".0%")
    blocks.append(Table(table, "Chance under each arm; had_it: training patients of her kind who had the arm.", form))
    return [Section("Her chance under each arm of the trial", tuple(blocks), "answer"), limits_section(chances.limits)]


def _table(frame: pd.DataFrame, words: str) -> Table:
    formats = {name: form for name, form in _FORMATS.items() if name in frame}
    formats |= {name: ".2f" for name in ("lower", "upper") if name in frame}
    return Table(frame, words, formats)
