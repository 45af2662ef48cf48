"""Sections of a prediction: which tumours are predicted to respond to what."""

from __future__ import annotations

from typing import Any

import pandas as pd

from omics_rx import plots
from omics_rx.core.arguments import in_words
from omics_rx.plots.response import top_drugs
from omics_rx.plots.style import order
from omics_rx.report import svg
from omics_rx.report.page import Block, Figure, Page, Section, Table, Text
from omics_rx.report.sections import limits_section, listed, methods_section

_N_DRUGS, _N_TABLE = 25, 5


def response_page(prediction: Any) -> Page:
    """Page of a prediction alone: all samples as one group."""
    groups = pd.Series("all samples", index=prediction.mean.index)
    n_samples, n_drugs = prediction.mean.shape
    summary = f"Predicted ln IC50 of {n_drugs:,} drugs in {n_samples:,} samples. {_certainty(prediction)}"
    return Page("Predicted drug response", summary, tuple(response_sections(prediction, groups)))


@in_words
def response_sections(
    prediction: Any, subtypes: pd.Series, drugs: pd.DataFrame | None = None, *, focus: str | None = None
) -> list[Section]:
    """Sections of a prediction, to put on a page with others.

    Parameters
    ----------
    prediction
        With ``mean`` and ``preference`` (samples x drugs, ln uM), ``calibrated_for`` and ``reference``.
    subtypes
        Subtype of each sample.
    drugs
        Index ``drug_id`` with ``name``; by default the prediction's own.
    focus
        Subtype whose drugs are pictured; by default the drugs that set the subtypes apart most.
    """
    known = drugs if drugs is not None else getattr(prediction, "drugs", None)
    names = {} if known is None else {str(drug): str(name) for drug, name in known["name"].items()}
    preference = prediction.preference
    groups = subtypes.reindex(preference.index)
    shown = top_drugs(preference, groups, focus=focus)[:_N_DRUGS]
    picture = svg.draw(
        plots.sensitivity_heatmap, preference, groups, size=(7.4, 1.5 + 0.2 * len(shown)), focus=focus,
        n_drugs=_N_DRUGS, names=names,
    )  # fmt: skip
    chosen = f"with the lowest mean in {focus} against the others" if focus else "whose means differ most by subtype"
    blocks: list[Block] = [
        Text(
            "Preference is the predicted ln IC50 less what the drug's mean and the sample's general sensitivity "
            "explain, so it shows what distinguishes drugs. Below 0 a tumour is predicted more sensitive to this drug "
            "than to drugs at large."
        ),
        Figure(
            picture,
            f"Predicted preference of {len(preference)} samples for the {len(shown)} drugs {chosen}. "
            "Blue: more sensitive.",
            f"Heat map of predicted preference. {_words(preference, groups, names)}",
        ),
        _table(preference, groups, names),
        Text(f"How the samples came to the scale of the model: {str(prediction.reference).rstrip('.')}."),
    ]
    return [
        Section("Predicted sensitivity of the tumours", tuple(blocks), "figures"),
        Section("How sure are the predicted responses?", (Text(_certainty(prediction)),), "certainty"),
        limits_section(_limits(prediction)),
        methods_section(prediction, "the prediction"),
    ]


def _certainty(prediction: Any) -> str:
    worst = "" if prediction.held is None else (
        f" In the twentieth of these that is predicted worst, which cannot be told beforehand, they held "
        f"{prediction.held.iloc[-1]:.0%}."
    )  # fmt: skip
    return (
        f"The intervals of the predicted ln IC50 are made to hold {prediction.coverage:.0%} of the responses of "
        f"{_trained(prediction)} that the model has not seen.{worst} How large its errors are in anything else is not "
        "known."
    )


def _trained(prediction: Any) -> str:
    return f"{str(prediction.calibrated_for).replace('_', ' ')}s"


def _limits(prediction: Any) -> list[str]:
    return [f"The intervals of predicted responses were learnt from {_trained(prediction)} and cover nothing else."]


def _words(preference: pd.DataFrame, groups: pd.Series, names: dict[str, str]) -> str:
    parts = []
    for group in order(groups):
        first = top_drugs(preference, groups, focus=group)[:2]
        parts.append(f"{group}: {listed(names.get(str(drug), str(drug)) for drug in first)}")
    return f"Most preferred against the other samples, {'; '.join(parts)}."


def _table(preference: pd.DataFrame, groups: pd.Series, names: dict[str, str]) -> Table:
    """The drugs each subtype prefers most against all other samples."""
    rows = []
    for group in order(groups):
        inside = (groups.astype(object) == group).to_numpy()
        means, others = preference[inside].mean(), preference[groups.notna().to_numpy() & ~inside].mean()
        first = top_drugs(preference, groups, focus=group)[:_N_TABLE]
        rows += [(group, names.get(str(drug), str(drug)), means[drug], means[drug] - others[drug]) for drug in first]
    frame = pd.DataFrame(rows, columns=["subtype", "drug", "mean preference", "difference"])
    caption = (
        f"The {_N_TABLE} drugs each subtype is predicted to prefer most, in ln µM: mean over its samples, and the "
        "difference from all other samples."
    )
    return Table(frame, caption, {"mean preference": "+.2f", "difference": "+.2f"})
