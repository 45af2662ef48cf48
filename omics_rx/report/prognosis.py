"""Sections of a study about chances, decisions, clinical columns, and what TRIPOD+AI asks a report to say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from omics_rx import plots
from omics_rx.report import svg
from omics_rx.report.page import Block, Figure, Section, Table, Text
from omics_rx.report.sections import LIMITS, METHODS

_FORMATS = {
    **dict.fromkeys(
        ("observed", "expected", "ratio", "slope", "slope lower", "slope upper", "base", "with the signature"), ".2f"
    ),
    **dict.fromkeys(("ICI", "Brier", "Brier of one curve", "p"), ".3f"),
    **dict.fromkeys(("gain", "lower", "upper"), "+.3f"),
    "hazard ratio": ".2f",
}
# item of the TRIPOD+AI checklist (Collins et al., BMJ 2024, 385:e078378) and the section that answers it
_TRIPOD = (
    ("5, 20", "Data and participants", "Patients"),
    ("8", "Outcome", "Survival by risk group"),
    ("9", "Predictors", "The genes of the signature"),
    ("11", "Missing data", LIMITS),
    ("12, 16, 23", "Analysis, training against evaluation, performance", "How sure is the signature?"),
    ("15", "Model output", "Survival by risk group"),
    ("18", "Code and versions", METHODS),
    ("22", "Model specification", "The genes of the signature, and the signature's own file"),
    ("26", "Limitations", LIMITS),
)


def patients_sections(study: Any) -> list[Section]:
    """Flow of patients from the cohorts as given to those judged, where the study keeps it."""
    table = getattr(study, "patients", None)
    if table is None or not len(table):
        return []
    words = (
        "Patients of each cohort: as given, left out for want of follow-up, judged, and scored; events among those "
        "judged, and median follow-up in months by the reverse Kaplan-Meier method."
    )
    return [Section("Patients", (Table(table, words, {"median_follow-up": ".0f"}),), "figures")]


def prognosis_sections(study: Any) -> list[Section]:
    """Sections for the tables that a study has: calibration and decisions, and the gain over clinical columns."""
    found = []
    chances = list(_chances(study))
    if chances:
        found.append(Section("Do the predicted chances come true?", tuple(chances), "figures"))
    clinical = getattr(study, "clinical", None)
    if clinical is not None and len(clinical):
        found.append(Section("What does it add to clinical variables?", tuple(_clinical(clinical)), "certainty"))
    return found


def tripod_section() -> Section:
    """Where on the page the items of TRIPOD+AI are answered; what a page made from data cannot answer is said."""
    table = pd.DataFrame(_TRIPOD, columns=["item", "asks for", "section of this page"])
    words = (
        "Items of TRIPOD+AI that data alone cannot answer (background and intended use, eligibility, treatments, "
        "fairness, funding, protocol, public involvement) are for the authors to write."
    )
    return Section(
        "TRIPOD+AI: where items are answered", (Table(table, "Items and sections.", {}), Text(words)), "methods"
    )


def _chances(study: Any) -> Iterable[Block]:
    table = getattr(study, "calibration", None)
    if table is None or not len(table):
        return
    names = {
        "at": "months", "slope_lower": "slope lower", "slope_upper": "slope upper", "ici": "ICI", "brier": "Brier",
        "null": "Brier of one curve", "n_events": "events",
    }  # fmt: skip
    kept = [name for name in table if name not in ("e50", "e90", "gain")]
    yield Table(
        table[kept].rename(columns=names),
        "Observed and expected chance of an event by a horizon. A slope below 1 says that predictions are too far "
        "apart; ICI is the mean distance between predicted and smoothed observed chances; the Brier score is held "
        "against that of one survival curve for all.",
        _FORMATS,
    )
    for cohort, groups in study.calibration_groups.groupby("cohort", sort=False):
        words = f"{cohort}: chance of an event in fifths of the patients by prediction, with 95% intervals."
        yield Figure(svg.draw(plots.calibration, groups, size=(5.0, 4.6)), words, f"Calibration plot. {words}")
    for cohort, rows in study.decision.groupby("cohort", sort=False):
        words = (
            f"{cohort}: net benefit of treating by the chance of an event within {rows['at'].iloc[0]:.0f} months, "
            "beside treating everybody and nobody; higher is better at the risk at which one would treat."
        )
        yield Figure(svg.draw(plots.decision_curve, rows, size=(6.0, 4.2)), words, f"Decision curve. {words}")


def _clinical(table: pd.DataFrame) -> Iterable[Block]:
    names = {
        "base_concordance": "base", "concordance": "with the signature", "difference": "gain", "p_value": "p",
        "hazard_ratio": "hazard ratio", "base": "compared with",
    }  # fmt: skip
    kept = ["cohort", "base", "n", "events", "base_concordance", "concordance", "difference", "p_value", "hazard_ratio"]
    shown = table.assign(
        cohort=table["cohort"].astype(str) + " (" + table["role"].astype(str) + ")",
        difference=[
            f"{row['difference']:+.3f} ({row['lower']:+.3f} to {row['upper']:+.3f})" for row in table.to_dict("records")
        ],
    )
    yield Table(
        shown[kept].rename(columns=names),
        "Concordance of cross-validated Cox models without and with the signature on the same patients, the gain with "
        "its 95% interval, the likelihood ratio test, and the hazard ratio a standard deviation of the score, the rest "
        "held.",
        {name: text for name, text in _FORMATS.items() if name != "gain"},
    )
    for cohort, rows in table[table["base"] == "clinical"].groupby("cohort", sort=False):
        columns = str(rows["columns"].iloc[0]).replace("_", " ")
        yield Text(f"Clinical variables of {cohort}: {columns}.")
