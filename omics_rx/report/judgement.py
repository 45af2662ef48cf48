"""Sections of a judgement: how a saved signature does on cohorts of one's own, beside others on the same patients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from omics_rx import plots
from omics_rx.report import svg
from omics_rx.report.page import Block, Figure, KeyFigure, KeyFigures, Page, Section, Table, Text
from omics_rx.report.prognosis import prognosis_sections
from omics_rx.report.sections import limits_section, listed, methods_section
from omics_rx.report.whom import whom_section

_TWO = dict.fromkeys(
    ("Uno", "AUC 36 m", "AUC 60 m", "hazard ratio", "value", "lower", "upper", "I2"), ".2f"
)  # fmt: skip
_MONTHS = dict.fromkeys(("until",), ".0f")
_POOLED = "concordance"
_SHOWN = {  # column of the page to figure, how it is written, and its interval
    "median, months": ("median", ".0f", "median_lower", "median_upper"),
    "mean up to a month": ("restricted_mean", ".1f", "mean_lower", "mean_upper"),
    "mean less that of low": ("mean_difference", "+.1f", "difference_lower", "difference_upper"),
    "hazard ratio": ("hazard_ratio", ".2f", "hr_lower", "hr_upper"),
}


def judgement_page(result: Any) -> Page:
    """Page of a judgement alone."""
    cohorts = list(result.scores)
    words = f"The signature {result.name} on {listed(cohorts)}: nothing was refitted and no sign flipped."
    return Page(f"How {result.name} does", words, tuple(judgement_sections(result)))


def judgement_sections(result: Any) -> list[Section]:
    """Sections of a judgement, to put on a page with others."""
    return [
        Section("Does it order these patients?", tuple(_answer(result)), "answer"),
        Section("How sure is that, and what does as well?", tuple(_certainty(result)), "certainty"),
        whom_section(result),
        Section("Survival by risk group", tuple(_curves(result)), "figures"),
        Section("Over time", tuple(_over_time(result)), "figures"),
        *prognosis_sections(result),
        limits_section(result.limits),
        methods_section(result, "the judgement"),
    ]


def _own(result: Any) -> pd.DataFrame:
    table: pd.DataFrame = result.table[result.table["method"] == "signature"]
    return table


def _answer(result: Any) -> Iterable[Block]:
    figures = [
        KeyFigure(
            str(row["cohort"]), f"{row['concordance']:.2f}",
            f"95% interval {row['lower']:.2f} to {row['upper']:.2f}; {int(row['events'])} events ({row['endpoint']}) "
            f"in {int(row['n'])} patients",
        )
        for row in _own(result).to_dict("records")
    ]  # fmt: skip
    pooled = result.pooled[(result.pooled["what"] == _POOLED) & (result.pooled["method"] == "signature")]
    for row in pooled.to_dict("records"):
        note = f"95% interval {row['lower']:.2f} to {row['upper']:.2f}, random effects (Hartung and Knapp)"
        figures.append(KeyFigure(f"all {row['n_cohorts']} cohorts", f"{row['value']:.2f}", note))
    yield KeyFigures(tuple(figures))
    sure = [str(row["cohort"]) for row in _own(result).to_dict("records") if row["lower"] > 0.5]
    rest = [name for name in result.scores if name not in sure]
    parts = [f"above chance in {listed(sure)}"] if sure else []
    parts += [f"not clearly above chance in {listed(rest)}, whose interval holds 0.5"] if rest else []
    yield Text(
        "Of two patients, one of whom is known to have had the event first, concordance is the chance that the "
        f"signature gave that one the higher risk. It is {' and '.join(parts)}."
    )


def _certainty(result: Any) -> Iterable[Block]:
    rows = result.table.shape[0] + int((result.pooled["what"] == _POOLED).sum())
    words = "; ".join(
        f"{row['cohort']}, {row['method']} {row['concordance']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"
        for row in result.table.to_dict("records")
    )
    yield Figure(
        svg.draw(plots.concordance_forest, result, size=(7.4, 1.3 + 0.42 * rows)),
        "Concordance of the signature, of others on the same patients and of proliferation, by cohort and pooled.",
        f"Concordance with 95% interval: {words}.",
    )
    shown = result.table.drop(columns=["role", "lower", "upper"]).assign(
        concordance=[_with_interval(row, "concordance") for row in result.table.to_dict("records")]
    )
    first = ["cohort", "method", "endpoint", "n", "events"]
    shown = shown[[*first, *(name for name in shown if name not in first)]]
    yield Table(
        shown.rename(columns={"uno": "Uno", "auc_36": "AUC 36 m", "auc_60": "AUC 60 m"}),
        "Harrell's concordance with its 95% bootstrap interval, Uno's, and the cumulative-dynamic AUC at months.",
        _TWO,
    )
    if len(result.gains):
        gains = result.gains.assign(gain=[_with_interval(row, "difference", "+.3f") for row in _records(result.gains)])
        yield Table(
            gains[["cohort", "against", "gain", "p_value"]].rename(columns={"p_value": "p"}),
            "Concordance of the signature less that of another score on the same patients, with its 95% interval.",
            {"p": ".3f"},
        )
    if len(result.pooled):
        pooled = result.pooled.assign(value=[_with_interval(row, "value", ".3f") for row in _records(result.pooled)])
        yield Table(
            pooled[["what", "method", "value", "i2", "n_cohorts"]].rename(columns={"i2": "I2", "n_cohorts": "cohorts"}),
            "Pooled over cohorts by random effects, with the interval of Hartung and Knapp; I2 is the share of the "
            "spread that lies between cohorts.",
            {"I2": ".2f"},
        )


def _curves(result: Any) -> Iterable[Block]:
    kinds = dict(zip(result.table["cohort"], result.table["endpoint"], strict=True))
    for name, scores in result.scores.items():
        if not len(scores["risk_group"].dropna()):
            yield Text(f"{name}: no patient has a risk group, so there is no curve.")
            continue
        picture = svg.draw(plots.kaplan_meier, scores, size=(6.8, 4.2), endpoint=str(kinds[name]))
        words = f"{name}: time to {kinds[name]} by risk group, with 95% bands; ticks are patients lost to follow-up."
        yield Figure(picture, words, f"Kaplan-Meier curves. {words}")
    ratios = _ratios(result)
    if len(ratios):
        picture = svg.draw(plots.ratio_forest, ratios, size=(6.8, 1.2 + 0.32 * len(ratios)))
        words = "Hazard ratio of high against low risk, by cohort and pooled over cohorts."
        yield Figure(picture, words, f"Forest plot. {words}")
    groups = result.groups
    shown = groups[["cohort", "group", "n", "events"]].rename(columns={"group": "risk", "n": "patients"})
    for name, (column, form, lower, upper) in _SHOWN.items():
        shown[name] = [_with_interval(row, column, form, lower, upper) for row in _records(groups)]
    shown = shown.assign(until=groups["until"], **{"log-rank p": groups["log_rank_p"]})
    yield Table(
        shown, "Median and restricted mean months without event, with 95% intervals, and high against low risk.",
        {**_MONTHS, "log-rank p": ".4f"},
    )  # fmt: skip
    if len(result.survival):
        share = result.survival.assign(
            share=[_with_interval(row, "survival", ".0%") for row in _records(result.survival)]
        )
        wide = share.pivot_table(index=["cohort", "group"], columns="at", values="share", aggfunc="first", sort=False)
        wide = wide.rename(columns=lambda month: f"at {month:g} months").reset_index().rename_axis(columns=None)
        yield Table(wide, "Share without event at months, with 95% intervals.", {})


def _ratios(result: Any) -> pd.DataFrame:
    known: pd.DataFrame = result.groups.dropna(subset=["hazard_ratio", "hr_lower", "hr_upper"])
    names = {"cohort": "name", "hazard_ratio": "ratio", "hr_lower": "lower", "hr_upper": "upper"}
    rows = known[list(names)].rename(columns=names).assign(role="cohort")
    pooled = result.pooled[result.pooled["what"].str.startswith("hazard ratio")].rename(columns={"value": "ratio"})
    told = pooled.assign(name=[f"{count} cohorts" for count in pooled["n_cohorts"]], role="pooled")
    kept = ["name", "ratio", "lower", "upper", "role"]
    return pd.concat([one[kept] for one in (rows, told) if len(one)], ignore_index=True) if len(rows) else rows


def _over_time(result: Any) -> Iterable[Block]:
    for cohort, rows in result.auc.groupby("cohort", sort=False):
        words = f"{cohort}: area under the time-dependent ROC curve for an event by each month."
        yield Figure(svg.draw(plots.auc_over_time, rows, size=(6.2, 3.9)), words, f"AUC over time. {words}")
    for (cohort, month), rows in result.roc.groupby(["cohort", "at"], sort=False):
        words = f"{cohort}: ROC curves for an event within {month:g} months, weighted for censoring."
        yield Figure(svg.draw(plots.roc_curves, rows, size=(4.8, 4.6)), words, f"ROC curves. {words}")
    if not len(result.auc):
        yield Text("Too few patients are followed for a time-dependent AUC.")


def _records(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.to_dict("records")


def _with_interval(
    row: dict[Any, Any], name: str, form: str = ".2f", lower: str = "lower", upper: str = "upper"
) -> str:  # fmt: skip
    """Figure with its interval; a bound that is not reached is said to be open."""
    if pd.isna(row.get(name)):
        return "not reached" if name == "median" else ""
    bounds = [f"{row[bound]:{form}}" if not pd.isna(row.get(bound)) else "open" for bound in (lower, upper)]
    return f"{row[name]:{form}} ({bounds[0]} to {bounds[1]})"
