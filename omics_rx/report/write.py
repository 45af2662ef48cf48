"""Results to one page that anyone can open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.registry import Registry
from omics_rx.core.saving import write_text
from omics_rx.report.page import Page

# what tells a kind of result apart: attributes that it alone has
_MARKS = {
    "treatment study": ("signature", "predictive", "record"),
    "treatment signature": ("model", "counts", "treatment"),
    "patient chances": ("patient", "best_arm", "group"),
    "response study": ("signature", "ladder", "scores"),
    "response signature": ("encoder", "weights", "outcome"),
    "judgement": ("roc", "pooled", "scores"),
    "follow-up": ("groups", "table", "limits"),
    "study": ("signature", "table", "scores"),
    "ranking": ("subtype", "table", "explanations"),
    "prediction": ("mean", "preference", "calibrated_for"),
    "signature": ("genes", "weights", "cutoffs"),
}
_PAGES = Registry(
    "result",
    {
        "treatment study": "omics_rx.report.arms:treatment_study_page",
        "treatment signature": "omics_rx.report.arms:treatment_signature_page",
        "patient chances": "omics_rx.report.arms:patient_chances_page",
        "response study": "omics_rx.report.therapy:response_study_page",
        "response signature": "omics_rx.report.therapy:response_signature_page",
        "follow-up": "omics_rx.report.followed:follow_up_page",
        "judgement": "omics_rx.report.judgement:judgement_page",
        "study": "omics_rx.report.study:study_page",
        "ranking": "omics_rx.report.ranking:ranking_page",
        "prediction": "omics_rx.report.response:response_page",
        "signature": "omics_rx.report.study:signature_page",
    },
)


@in_words
def write(result: Any, path: Path | str) -> Path:
    """Write a result as one self-contained HTML file, at once or not at all.

    Parameters
    ----------
    result
        A study, a judgement, a ranking, a prediction, a signature, or a :class:`~omics_rx.report.page.Page` of several
        of them.
    path
        File to write.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        If there is no page for this kind of result.
    OutputError
        If the file cannot be written.
    """
    from omics_rx.report.html import render

    file = Path(path)
    write_text(file, render(as_page(result)))
    return file


@in_words
def as_page(result: Any) -> Page:
    """Turn a result into a page; a page stays as it is.

    Raises
    ------
    InputError
        If there is no page for this kind of result.
    """
    if isinstance(result, Page):
        return result
    for kind, marks in _MARKS.items():
        if all(hasattr(result, mark) for mark in marks):
            made: Page = _PAGES[kind](result)
            return made
    raise InputError(
        f"a {type(result).__name__} has no page: pass a study, a judgement, a ranking, a prediction, a signature or a "
        "Page"
    )
