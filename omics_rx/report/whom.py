"""For whom a result holds: its figures by level, and what is not known of the patients and lines it was learnt from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from omics_rx import plots
from omics_rx.report import svg
from omics_rx.report.page import Block, Figure, Section, Table, Text
from omics_rx.report.sections import listed

TITLE = "Whom it holds for"
_FORMATS = {"statistic": ".2f", "p": ".3f", "corrected p": ".3f"}
_ANCESTRY = (
    "Not known: the cohorts that signatures are made from here do not record ancestry (gse1992, gse3143, gse4335), so "
    "that nobody can say from them for whom by ancestry a signature holds."
)
_LINES = (
    "Not known: the screens record no ancestry, age or sex of the people whose tumours became cell lines, so that a "
    "prediction learnt from them cannot be held against any of these."
)


def whom_section(result: Any, *, lines: bool = False) -> Section:
    """Figures at each level of the columns that were asked for, and what cannot be known.

    Parameters
    ----------
    result
        A judgement, whose ``subgroups`` are shown where it has any, or another result.
    lines
        Whether it was learnt from cell lines.
    """
    found = getattr(result, "subgroups", None)
    blocks: list[Block] = list(_by_level(found)) if found is not None and len(found.table) else [_not_asked(result)]
    designs = getattr(result, "designs", None)
    if designs is not None and len(designs):
        blocks.append(_by_design(designs))
    return Section(TITLE, (*blocks, Text(_LINES if lines else _ANCESTRY)), "certainty")


def _not_asked(result: Any) -> Text:
    told = getattr(result, "subgroups", None) is not None
    return Text(
        "No figure here is by age, ancestry, receptor, stage or site: one number stands for all patients judged. "
        + ("Say by=['age', 'race', 'er_status', 'stage', 'site'] to have them apart." if told else
           "A signature's judge(cohort, by=['age', 'race', 'er_status', 'stage', 'site']) tells them apart.")
    )  # fmt: skip


def _by_level(found: Any) -> Iterable[Block]:
    yield Text(_sentence(found))
    for cohort, rows in found.table.groupby("cohort", sort=False):
        known = rows[rows["told"] == ""]
        if len(known):
            lines = min(len(rows), 40 * rows["column"].nunique()) + rows["column"].nunique()
            picture = svg.draw(plots.subgroup_forest, found, size=(7.6, 1.0 + 0.29 * lines), cohort=cohort)
            words = f"{cohort}: {rows['figure'].iloc[0]} at each level, with 95% intervals; events and patients."
            yield Figure(picture, words, f"Forest plot. {words}")
    yield Table(
        _shown(found.table), "Each level: order of patients, observed and expected events, sizes of the groups."
    )
    tests = found.tests.rename(columns={"p_value": "p", "p_corrected": "corrected p", "told": "why none"})
    yield Table(
        tests[["cohort", "column", "levels", "n", "events", "statistic", "df", "p", "corrected p", "why none"]],
        "Whether levels differ by more than chance: one test a column, p corrected for their number (Holm).", _FORMATS,
    )  # fmt: skip
    yield Text(" ".join(found.said))


def _by_design(designs: pd.DataFrame) -> Table:
    rows = designs.to_dict("records")
    shown = designs[["cohort", "design", "n", "events"]].assign(
        concordance=[row["told"] or _span(row, "concordance", "lower", "upper") for row in rows],
        **{"random folds": designs["random_folds"]},
        optimism=[_span(row, "optimism", "optimism_lower", "optimism_upper", "+.2f") for row in rows],
    )
    return Table(
        shown, "Sites and years that took no part in training, beside random folds on the same patients: optimism is "
        "what random folds have too much.", {"random folds": ".2f"},
    )  # fmt: skip


def _sentence(found: Any) -> str:
    silent = int((found.table["told"] != "").sum())
    tests = found.tests.dropna(subset=["p_value"])
    sure = tests[tests["p_corrected"] < 0.05]
    words = (
        f"Levels of {listed(dict.fromkeys(sure['column']))} differ beyond chance."
        if len(sure)
        else "No column has levels that differ beyond chance; with few events that is no proof that it holds for all."
    )
    if tests.empty:
        words = "No column has two levels with events enough for a test."
    return f"{words} Of {silent} of {len(found.table)} levels it cannot be told: they have fewer than ten events."


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    rows = table.to_dict("records")
    several = len(set(table["cohort"])) > 1
    shown = table[[*(["cohort"] if several else []), "column", "level", "n", "events"]].copy()
    figure = str(table["figure"].iloc[0])
    shown[figure] = [_span(row, "value", "lower", "upper") if not row["told"] else "cannot tell" for row in rows]
    shown["slope"] = [_span(row, "slope", "slope_lower", "slope_upper") for row in rows]
    shown["observed"] = [_span(row, "observed", "observed_lower", "observed_upper", ".0%") for row in rows]
    shown["expected"] = [_one(row["expected"], ".0%") for row in rows]
    months = table["at"].dropna().unique()
    if len(months):
        shown["by month"] = [_one(row["at"], ".0f") for row in rows]
    if table["n_low"].notna().any():
        shown["low / high risk"] = [f"{_one(row['n_low'], '.0f')} / {_one(row['n_high'], '.0f')}" for row in rows]
    return shown


def _one(value: Any, form: str) -> str:
    return "" if pd.isna(value) else f"{value:{form}}"


def _span(row: dict[Any, Any], value: str, lower: str, upper: str, form: str = ".2f") -> str:
    if pd.isna(row[value]):
        return ""
    return f"{row[value]:{form}} ({_one(row[lower], form) or 'open'} to {_one(row[upper], form) or 'open'})"
