"""Sections of a signature study: how well the risk orders patients it never saw, and from which genes it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from omics_rx import plots
from omics_rx.core.arguments import in_words
from omics_rx.report import svg
from omics_rx.report.page import Block, Figure, KeyFigure, KeyFigures, Page, Section, Table, Text
from omics_rx.report.prognosis import patients_sections, prognosis_sections, tripod_section
from omics_rx.report.sections import known, limits_section, listed, methods_section
from omics_rx.report.whom import whom_section

_FORMATS = {
    "concordance": ".2f",
    "lower": ".2f",
    "upper": ".2f",
    "Uno": ".2f",
    "AUC 36 m": ".2f",
    "AUC 60 m": ".2f",
    "difference": "+.2f",
    "p_value": ".3f",
}
_HOW = {
    "external": "took no part in training",
    "left out": "judged by a signature made from the other cohorts",
    "cross-validated": "judged by signatures made without the patient",
}
_ROLES = tuple(_HOW)
_RIVAL = "proliferation"
_FEW_EVENTS = 100


def study_page(study: Any) -> Page:
    """Page of a study alone."""
    return Page(f"Prognostic signature: {study.name}", _summary(study), tuple(study_sections(study)))


def _summary(study: Any) -> str:
    """What the page is about; what was found is its first section."""
    trained = list(dict.fromkeys(study.table.loc[study.table["role"] != "external", "cohort"].astype(str)))
    outside = list(dict.fromkeys(study.table.loc[study.table["role"] == "external", "cohort"].astype(str)))
    judged_on = f", judged on {listed(outside)}, which took no part in it" if outside else ""
    return f"A signature of {len(study.signature.genes)} genes, trained on {listed(trained)}{judged_on}."


def signature_page(signature: Any) -> Page:
    """Page of a signature alone."""
    summary = f"A signature of {len(signature.genes)} genes for {signature.endpoint}."
    sections = [_genes_section(signature), methods_section(signature, "the signature")]
    return Page(f"Prognostic signature: {signature.name}", summary, tuple(sections))


@in_words
def study_sections(study: Any) -> list[Section]:
    """Sections of a study, to put on a page with others.

    Parameters
    ----------
    study
        With ``table`` (cohort, role, endpoint, n, events, concordance, lower, upper, method), ``scores`` (cohort to
        a frame of time, event, risk_group), ``signature`` and ``provenance``; ``limits`` are shown where there are.
    """
    return [
        Section(
            "Does the signature predict outcome?",
            (*_of_noise(study), _key_figures(study), Text(study_sentence(study))),
            "answer",
        ),
        Section("How sure is the signature?", tuple(_certainty(study)), "certainty"),
        *patients_sections(study),
        Section("Survival by risk group", tuple(_curves(study)), "figures"),
        *prognosis_sections(study),
        whom_section(study),
        _genes_section(study.signature),
        limits_section(_told_limits(study) or _own_limits(study)),
        tripod_section(),
        methods_section(study, "the signature"),
    ]


def _of_noise(study: Any) -> tuple[Text, ...]:
    """What comes before every figure where dealt outcomes are predicted as well as the outcome."""
    first = next(iter(_told_limits(study)), "")
    return (Text(first),) if first.startswith("Noise would have done as well") else ()


def judged(study: Any) -> pd.Series:
    """Row of the table that answers: the signature on the first external cohort, else on the first other."""
    row: pd.Series = _of_signature(study).iloc[0]
    return row


def _ordered(study: Any) -> pd.DataFrame:
    """Rows of the table, external cohorts first, each cohort's methods together."""
    table = study.table.reset_index(drop=True)
    role = table["role"].map(lambda role: _ROLES.index(role) if role in _ROLES else len(_ROLES))
    ordered: pd.DataFrame = table.iloc[np.lexsort((np.arange(len(table)), role))].reset_index(drop=True)
    return ordered


def _of_signature(study: Any) -> pd.DataFrame:
    """Rows of the signature itself, without those of rivals."""
    table = _ordered(study)
    return (
        table[table["method"] == "signature"] if "method" in table and (table["method"] == "signature").any() else table
    )


def study_sentence(study: Any) -> str:
    """What the study found, in a few sentences: how well the signature does, and what does as well."""
    row = judged(study)
    external = study.table["role"].astype(str) == "external"
    trained = list(dict.fromkeys(study.table.loc[~external, "cohort"].astype(str)))
    sure = "above chance" if row["lower"] > 0.5 else "not clearly above chance, whose 0.5 lies in the interval"
    where = f"a cohort {_HOW.get(str(row['role']), str(row['role']))}".replace("cohort took", "cohort that took")
    return (
        f"The signature of {len(study.signature.genes)} genes, trained on {listed(trained)}, orders the patients of "
        f"{row['cohort']}, {where}, by risk with a concordance of {row['concordance']:.2f} (95% interval "
        f"{row['lower']:.2f} to {row['upper']:.2f}; {int(row['events'])} events in {int(row['n'])} patients): {sure}. "
        "Of two patients, one of whom is known to have had the event first, concordance is the chance that the "
        f"signature gave that one the higher risk.{_rivals(study, row)}"
    )


def _rivals(study: Any, row: pd.Series) -> str:
    """What simple rivals reach on the same patients, so that the figure is not read alone."""
    table = study.table
    same = (table["cohort"] == row["cohort"]) & (table["role"] == row["role"])
    rival = table[same & (table["method"] == _RIVAL)] if "method" in table else table.iloc[:0]
    parts = [f"{_RIVAL} alone reaches {rival['concordance'].iloc[0]:.2f}"] if len(rival) else []
    share = (getattr(study, "null_p", None) or {}).get(str(row["cohort"]))
    if share is not None:
        parts.append(f"{share:.0%} of random gene sets of the same size do as well as the signature")
    return f" On the same patients {listed(parts)}." if parts else ""


def _key_figures(study: Any) -> KeyFigures:
    table = _ordered(study)
    chosen = table["role"] != "left out"
    if "method" in table:
        chosen &= (table["method"] == "signature") | ((table["method"] == _RIVAL) & (table["role"] == "external"))
    rows = table[chosen] if chosen.any() else _of_signature(study)
    figures = (
        KeyFigure(
            f"{row['cohort']} ({_what(row)})",
            f"{row['concordance']:.2f}",
            f"95% interval {row['lower']:.2f} to {row['upper']:.2f}; {int(row['events'])} events "
            f"({row['endpoint']}) in {int(row['n'])} patients",
        )
        for row in rows.to_dict("records")
    )
    return KeyFigures(tuple(figures))


def _certainty(study: Any) -> Iterable[Figure | Table | Text]:
    table = _ordered(study)
    words = "; ".join(
        f"{row['cohort']} ({_what(row)}) {row['concordance']:.2f}, {row['lower']:.2f} to {row['upper']:.2f}"
        for row in table.to_dict("records")
    )
    forest = svg.draw(plots.concordance_forest, table, size=(7.4, 1.3 + 0.42 * len(table)))
    yield Figure(
        forest,
        f"Concordance in each cohort, of the signature and of what it must beat. {_roles(table)}",
        f"Concordance with 95% interval: {words}.",
    )
    first = [name for name in ("cohort", "role", "method") if name in table]
    shown = table[[*first, *(name for name in table if name not in first)]].drop(columns=["lower", "upper"])
    shown["concordance"] = [
        f"{row['concordance']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})" for row in table.to_dict("records")
    ]
    shown = shown.rename(columns={"uno": "Uno", "auc_36": "AUC 36 m", "auc_60": "AUC 60 m"})
    caption = (
        "Harrell's concordance with its 95% bootstrap interval, Uno's, and the cumulative-dynamic AUC at 36 and 60 "
        "months, in each cohort."
    )
    yield Table(shown, caption, _FORMATS)
    opened = getattr(study, "external_opened", None) or {}
    for name, record in opened.items():
        yield Text(
            f"{name} was opened {'' if record.get('before') else 'once, '}at {record['time']}, after the signature was "
            f"fixed (sha256 {str(record['sha256'])[:16]}…)"
            + (f"; it had been {record['before']}." if record.get("before") else ".")
        )
    for name, share in (getattr(study, "null_p", None) or {}).items():
        yield Text(
            f"In {name}, {share:.1%} of random gene sets of the same size do as well as the signature or better."
        )
    gains = getattr(study, "gains", None)
    if gains is not None and len(gains):
        yield Table(
            gains, "Concordance of the signature less that of a rival on the same patients, 95% interval.", _FORMATS
        )


def _what(row: Mapping[Any, Any]) -> str:
    return f"{row['role']}, {row['method']}" if known(row.get("method")) else str(row["role"])


def _roles(table: pd.DataFrame) -> str:
    said = [f"{role}: {how}" for role, how in _HOW.items() if (table["role"] == role).any()]
    random = "random genes: mean and middle 95% of Cox models over random genes, or of the whole recipe over them"
    rivals = [random] if "method" in table and table["method"].astype(str).str.startswith("random genes").any() else []
    words = "; ".join([*said, *rivals])
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _curves(study: Any) -> Iterable[Figure | Text]:
    endpoints = dict(zip(study.table["cohort"].astype(str), study.table["endpoint"].astype(str), strict=True))
    pairs = set(zip(study.table["cohort"].astype(str), study.table["role"].astype(str), strict=True))
    # a training cohort is also judged left out; the scores kept are those of its cross-validation
    roles = {
        name: next((role for role in ("external", "cross-validated", "left out") if (name, role) in pairs), "")
        for name in study.scores
    }
    order = sorted(
        study.scores, key=lambda name: _ROLES.index(roles[name]) if roles.get(name) in _ROLES else len(_ROLES)
    )
    for name in order:
        scores = study.scores[name]
        role = roles.get(name, "")
        how = f"{role}: {_HOW[role]}" if role in _HOW else role
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
    patterns = {
        str(gene): str(kind).replace("_", " ")
        for gene, kind in dict(getattr(signature, "patterns", None) or {}).items()
    }
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
