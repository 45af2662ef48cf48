"""Sections of a signature study: how well the risk orders patients it never saw, and from which genes it is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from omics_rx import plots
from omics_rx.report import svg
from omics_rx.report.page import Block, Figure, KeyFigure, KeyFigures, Page, Section, Table, Text
from omics_rx.report.sections import CERTAINTY, known, limits_section, listed, methods_section

_FORMATS = {"concordance": ".2f", "lower": ".2f", "upper": ".2f"}
_FEW_EVENTS = 100


def study_page(study: Any) -> Page:
    """Page of a study alone."""
    return Page(f"Prognostic signature: {study.name}", study_sentence(study), tuple(study_sections(study)))


def signature_page(signature: Any) -> Page:
    """Page of a signature alone."""
    summary = f"A signature of {len(signature.genes)} genes for {signature.endpoint}."
    sections = [_genes_section(signature), methods_section(signature, "the signature")]
    return Page(f"Prognostic signature: {signature.name}", summary, tuple(sections))


def study_sections(study: Any) -> list[Section]:
    """Sections of a study, to put on a page with others.

    Parameters
    ----------
    study
        With ``table`` (cohort, role, endpoint, n, events, concordance, lower, upper, method), ``scores`` (cohort to
        a frame of time, event, risk_group), ``signature`` and ``provenance``; ``limits`` are shown where there are.
    """
    return [
        Section("Does the signature predict outcome?", (_key_figures(study), Text(study_sentence(study))), "answer"),
        Section(CERTAINTY, tuple(_certainty(study)), "certainty"),
        Section("Survival by risk group", tuple(_curves(study)), "figures"),
        _genes_section(study.signature),
        limits_section([*_own_limits(study), *_told_limits(study)]),
        methods_section(study, "the signature"),
    ]


def judged(study: Any) -> pd.Series:
    """Row of the table that answers: the signature on the first external cohort, else on the first cohort."""
    table = study.table.reset_index(drop=True)
    external = table[table["role"].astype(str) == "external"]
    row: pd.Series = (external if len(external) else table).iloc[0]
    return row


def study_sentence(study: Any) -> str:
    """What the study found, in two sentences."""
    row = judged(study)
    trained = list(dict.fromkeys(study.table.loc[study.table["role"].astype(str) != "external", "cohort"].astype(str)))
    sure = "above chance" if row["lower"] > 0.5 else "not clearly above chance, whose 0.5 lies in the interval"
    where = "which took no part in training" if str(row["role"]) == "external" else "by patients left out of the fit"
    return (
        f"The signature of {len(study.signature.genes)} genes, trained on {listed(trained)}, orders the patients of "
        f"{row['cohort']}, {where}, by risk with a concordance of {row['concordance']:.2f} (95% interval "
        f"{row['lower']:.2f} to {row['upper']:.2f}; {int(row['events'])} events in {int(row['n'])} patients): {sure}. "
        "Of two patients, one of whom is known to have had the event first, concordance is the chance that the "
        "signature gave that one the higher risk."
    )


def _key_figures(study: Any) -> KeyFigures:
    figures = []
    for row in study.table.to_dict("records"):
        method = f", {row['method']}" if known(row.get("method")) else ""
        figures.append(
            KeyFigure(
                f"{row['cohort']} ({row['role']}{method})",
                f"{row['concordance']:.2f}",
                f"95% interval {row['lower']:.2f} to {row['upper']:.2f}; {int(row['events'])} events "
                f"({row['endpoint']}) in {int(row['n'])} patients",
            )
        )
    return KeyFigures(tuple(figures[:6]))


def _certainty(study: Any) -> Iterable[Figure | Table | Text]:
    table = study.table.reset_index(drop=True)
    words = "; ".join(
        f"{row['cohort']} ({row['role']}) {row['concordance']:.2f}, {row['lower']:.2f} to {row['upper']:.2f}"
        for row in table.to_dict("records")
    )
    forest = svg.draw(plots.concordance_forest, table, size=(7.4, 1.3 + 0.42 * len(table)))
    yield Figure(
        forest,
        "Concordance of the risk score in each cohort. Training cohorts are judged by patients left out of the fit; "
        "external cohorts took no part in training.",
        f"Concordance with 95% interval: {words}.",
    )
    yield Table(table, "Concordance of each cohort with its 95% bootstrap interval.", _FORMATS)
    opened = getattr(study, "external_opened", None) or {}
    for name, record in opened.items():
        yield Text(
            f"{name} was opened once, at {record['time']}, after the signature was fixed (sha256 "
            f"{str(record['sha256'])[:16]}…)."
        )
    nulls = getattr(study, "nulls", None)
    if isinstance(nulls, pd.DataFrame) and len(nulls):
        yield Table(nulls, "What chance and simple rivals reach on the same patients.", _FORMATS)


def _curves(study: Any) -> Iterable[Figure | Text]:
    endpoints = dict(zip(study.table["cohort"].astype(str), study.table["endpoint"].astype(str), strict=True))
    roles = dict(zip(study.table["cohort"].astype(str), study.table["role"].astype(str), strict=True))
    order = sorted(study.scores, key=lambda name: roles.get(name) != "external")
    for name in order:
        scores = study.scores[name]
        role = roles.get(name, "")
        how = "out-of-fold scores: no patient was scored by a fit that saw it" if role == "training" else role
        groups = [str(group) for group in scores["risk_group"].dropna().unique()]
        if not groups:
            yield Text(f"{name}: no patient has a risk group, so there is no curve.")
            continue
        endpoint = endpoints.get(name, "event")
        picture = svg.draw(plots.kaplan_meier, scores, size=(6.8, 4.2), endpoint=endpoint)
        yield Figure(
            picture,
            f"{name} ({how}): time to {endpoint} by risk group, with 95% bands; ticks are patients lost to follow-up.",
            f"Kaplan-Meier curves of {name}. {_curve_words(scores, endpoint)}",
        )


def _curve_words(scores: pd.DataFrame, endpoint: str) -> str:
    """The curves in words: who is left at the last whole year that a quarter of the patients reach."""
    from omics_rx.metrics.survival import survival_at

    complete = scores[["time", "event", "risk_group"]].dropna()
    at = max(12.0, float(np.floor(complete["time"].quantile(0.75) / 12) * 12))
    parts = []
    for group, rows in complete.groupby(complete["risk_group"].astype(str)):
        share = survival_at(rows["time"].to_numpy(dtype=float), rows["event"].astype(bool).to_numpy(), at)
        parts.append(f"{share:.0%} of the {group}-risk group ({len(rows)} patients)")
    return f"At {at:.0f} months {listed(parts)} are without {endpoint}."


def _genes_section(signature: Any) -> Section:
    weights = pd.Series(dict(signature.weights), dtype=float)
    weights = weights[weights != 0]
    patterns = {str(gene): str(kind) for gene, kind in dict(getattr(signature, "patterns", None) or {}).items()}
    raises = list(weights[weights > 0].sort_values(ascending=False).index)
    lowers = list(weights[weights < 0].sort_values().index)
    picture = svg.draw(plots.gene_weights, weights, patterns, size=(6.6, 1.0 + 0.27 * len(weights)))
    words = [f"more risk with more {listed(raises[:4])}"] if raises else []
    words += [f"less risk with more {listed(lowers[:4])}"] if lowers else []
    caption = f"Weights of the {len(weights)} genes of the signature: {'; '.join(words)}."
    blocks: list[Block] = [
        Figure(picture, caption, f"Bar chart of gene weights. {caption}"),
        Text(
            f"A sample is scored when the genes it has carry at least {signature.min_coverage:.0%} of the weight; the "
            "score of a sample below that is missing, with the reason."
        ),
    ]
    return Section("The genes of the signature", tuple(blocks), "figures")


def _own_limits(study: Any) -> list[str]:
    """Limits that the figures themselves show: few events, mixed endpoints."""
    table = study.table.drop_duplicates("cohort")
    events = [f"{row['events']} in {row['cohort']}" for row in table.to_dict("records") if row["events"] < _FEW_EVENTS]
    found = []
    if events:
        found.append(f"There are few events ({listed(events)}), so the intervals of the concordance are wide.")
    if len(set(table["endpoint"])) > 1:
        kinds = [f"{row['cohort']} records {row['endpoint']}" for row in table.to_dict("records")]
        found.append(f"The endpoints differ: {listed(kinds)}. Relapse and death are not the same outcome.")
    return found


def _told_limits(study: Any) -> list[str]:
    limits = getattr(study, "limits", None)
    return [limits] if isinstance(limits, str) else [str(item) for item in limits or ()]
