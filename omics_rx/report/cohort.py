"""Sections of a cohort: who is in it, and how strong each biology is in each tumour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from omics_rx import plots
from omics_rx.core.arguments import in_words
from omics_rx.report import svg
from omics_rx.report.page import Figure, Section, Table, Text
from omics_rx.report.sections import listed

_STATUS = ("er_status", "pr_status", "her2_status")
# numbers that stand beside scores in one frame and are none
_NOT_SCORES = ("risk_score", "gene_coverage", "margin", "Basal", "Her2", "LumA", "LumB", "Normal")


@in_words
def cohort_sections(
    description: Mapping[str, Any], subtypes: pd.DataFrame | pd.Series, scores: pd.DataFrame | None = None
) -> list[Section]:
    """Sections of a cohort, to put on a page with others.

    Parameters
    ----------
    description
        From ``core.cohort.describe``: unit, domain, origin, detected, n_samples, n_genes.
    subtypes
        ``subtype`` of each sample and, where called, er_status, pr_status and her2_status.
    scores
        Samples x scores. Columns named ``"kind: score"`` give one picture a kind; columns of text are passed over.
    """
    calls = subtypes.to_frame("subtype") if isinstance(subtypes, pd.Series) else subtypes
    blocks = [Text(_sentence(description)), *_composition(calls)]
    sections = [Section("The cohort", tuple(blocks), "figures")]
    pictures = tuple(_heatmaps(scores, calls["subtype"])) if scores is not None else ()
    if pictures:
        sections.append(Section("Cell death and immune infiltration", pictures, "figures"))
    return sections


def _sentence(description: Mapping[str, Any]) -> str:
    origin = description.get("origin") or "The cohort"
    detected = [str(name) for name in description.get("detected") or ()]
    noted = f" ({listed(detected)} detected from the values)" if detected else ""
    return (
        f"{origin}: {description['n_samples']:,} samples of domain {str(description['domain']).replace('_', ' ')}, "
        f"{description['n_genes']:,} genes, in {description['unit']}{noted}."
    )


def _composition(calls: pd.DataFrame) -> Iterable[Figure | Table]:
    counts = calls["subtype"].value_counts()
    words = listed(f"{count} {name}" for name, count in counts.items())
    yield Figure(
        svg.draw(plots.composition, calls["subtype"], size=(6.4, 0.9 + 0.36 * (len(counts) + 1))),
        f"Subtypes called from expression in {len(calls)} samples.",
        f"Bar chart of subtypes: {words}.",
    )
    found = {
        name: calls[name].astype(object).where(calls[name].notna(), "not known") for name in _STATUS if name in calls
    }
    if found:
        table = pd.DataFrame({name: column.value_counts() for name, column in found.items()}).fillna(0).astype(int)
        table.index.name = "call"
        yield Table(table, "Receptor status called from expression, number of samples.")


def _heatmaps(scores: pd.DataFrame, subtype: pd.Series) -> Iterable[Figure]:
    numbers = scores.select_dtypes("number").drop(columns=list(_NOT_SCORES), errors="ignore")
    kinds = {str(name): str(name).partition(": ") for name in numbers}
    for kind in dict.fromkeys(part[0] if part[1] else "" for part in kinds.values()):
        columns = [name for name, part in kinds.items() if (part[0] if part[1] else "") == kind]
        shown = numbers[columns].rename(columns={name: (kinds[name][2] or name).replace("_", " ") for name in columns})
        shown = shown.loc[:, shown.notna().any()]
        if shown.empty:
            continue
        title = kind or "Scores"
        yield Figure(
            svg.draw(plots.heatmap, shown, subtype, size=(7.4, 1.4 + 0.23 * shown.shape[1])),
            f"{title[0].upper()}{title[1:]} in each of {len(shown)} samples, standardised over the cohort; samples "
            "sorted by subtype.",
            f"Heat map of {shown.shape[1]} scores. {_strongest(shown, subtype)}",
        )


def _strongest(shown: pd.DataFrame, subtype: pd.Series) -> str:
    z = (shown - shown.mean()) / shown.std(ddof=0)
    means = z.groupby(subtype.reindex(z.index).astype(object)).mean()
    places = [f"{name} is highest in {means[name].idxmax()}" for name in means if means[name].notna().any()]
    return f"{listed(places)}." if places else ""
