"""Kinds of evidence, a file each: drugs x one column for a subtype or a patient; missing stays missing.

A kind is one file that ends in a :class:`Kind`, and one line below; a user's own is the same file, handed to
``Ranker.fit(kinds=)``. It is tested by the contract suite for being registered.
"""

from __future__ import annotations

from typing import Any

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.registry import Registry
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.frame import column, describe, errors, patient_evidence, subtype_evidence
from omics_rx.repurposing.evidence.kind import OUTCOMES, Kind
from omics_rx.repurposing.evidence.sources import LINE_GROUP, MIN_LINES, MIN_TUMOURS, N_DISEASE, Basis, Sources

__all__ = [
    "KINDS", "LINE_GROUP", "MIN_LINES", "MIN_TUMOURS", "N_DISEASE", "OUTCOMES", "Basis", "Case", "Kind", "Sources",
    "brought", "column", "columns", "describe", "errors", "patient_evidence", "subtype_evidence",
]  # fmt: skip

_HERE = "omics_rx.repurposing.evidence"
# in the order of a ranking's columns
KINDS = Registry(
    "kind of evidence",
    {
        "pooled_selectivity": f"{_HERE}.pooled_selectivity:KIND",
        "potency": f"{_HERE}.potency:KIND",
        "breast_sensitivity": f"{_HERE}.breast_sensitivity:KIND",
        "target_level": f"{_HERE}.target_level:KIND",
        "target_spread": f"{_HERE}.target_spread:KIND",
        "target_proliferation": f"{_HERE}.target_proliferation:KIND",
        "predicted_sensitivity": f"{_HERE}.predicted_sensitivity:KIND",
        "predicted_selectivity": f"{_HERE}.predicted_selectivity:KIND",
        "measured_sensitivity": f"{_HERE}.measured_sensitivity:KIND",
        "measured_selectivity": f"{_HERE}.measured_selectivity:KIND",
        "target_expression": f"{_HERE}.target_expression:KIND",
        "pathway_activity": f"{_HERE}.pathway_activity:KIND",
        "held_out_selectivity": f"{_HERE}.held_out_selectivity:KIND",
        "reversal": f"{_HERE}.reversal:KIND",
        "reversal_srges": f"{_HERE}.reversal_srges:KIND",
        "proximity": f"{_HERE}.proximity:KIND",
        "malignant_cells": f"{_HERE}.malignant_cells:KIND",
        "alteration_measured": f"{_HERE}.alteration_measured:KIND",
        "alteration_published": f"{_HERE}.alteration_published:KIND",
        "target_alteration": f"{_HERE}.target_alteration:KIND",
        "trial_gain": f"{_HERE}.trial_gain:KIND",
        "over_peak": f"{_HERE}.over_peak:KIND",
        "applicability": f"{_HERE}.applicability:KIND",
    },
)


def columns() -> frozenset[str]:
    """Names of all columns that registered kinds give, which a user's own cannot have."""
    return frozenset(one.name for kind in (*KINDS.values(), OUTCOMES) for one in (kind, *kind.support))


@in_words
def brought(basis: Basis, own: tuple[Kind, ...] = ()) -> dict[str, Any]:
    """What each kind prepares itself from what the user brought, by its name.

    Raises
    ------
    InputError
        If a kind of the user's is none, or is called as a registered one or another of theirs.
    """
    taken = set(columns())
    for kind in own:
        if not isinstance(kind, Kind) or kind.compute is None or kind.direction not in (1, -1):
            raise InputError(f"kinds holds {kind!r}: give Kind objects with a compute, and a direction of 1 or -1")
        if kind.name in taken:
            raise InputError(f"kinds holds {kind.name}, which is the name of another kind: call it otherwise")
        taken.add(kind.name)
    return {kind.name: kind.prepare(basis) for kind in (*KINDS.values(), *own) if kind.prepare is not None}
