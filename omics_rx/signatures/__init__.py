"""Signatures: which few genes carry the risk, and whether they hold in a cohort never seen."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_NAMES = {
    "RECIPES": "recipes:RECIPES",
    "PatientChances": "therapy.arm_signature:PatientChances",
    "ResponseSignature": "therapy.signature:ResponseSignature",
    "ResponseStudy": "therapy.study:ResponseStudy",
    "RiskSignature": "signature:RiskSignature",
    "SearchResult": "searching:SearchResult",
    "Rule": "therapy.rule:Rule",
    "Study": "study:Study",
    "TreatmentSignature": "therapy.arm_signature:TreatmentSignature",
    "TreatmentStudy": "therapy.arm_study:TreatmentStudy",
    "build": "building:build",
    "build_arms": "therapy.arm_building:build_arms",
    "build_response": "therapy.building:build_response",
    "clinical_gain": "clinical:gain",
    "compare_groups": "follow_up:compare_groups",
    "compare_risk_groups": "follow_up:compare_risk_groups",
    "describe_groups": "follow_up:describe",
    "explain_signature": "explain:explain",
    "explain_model": "explain:explain_model",
    "fewest_markers": "panel_curves:fewest_markers",
    "from_weights": "published:from_weights",
    "learning_curve": "panel_curves:learning_curve",
    "points": "nomogram:points",
    "list": "library:list_signatures",
    "load": "library:load_signature",
    "load_response_study": "therapy.study:load_response_study",
    "load_study": "study:load_study",
    "load_treatment_study": "therapy.arm_study:load_treatment_study",
    "read_modalities": "therapy.tables:read_modalities",
    "read_tables": "therapy.tables:read_tables",
    "search": "searching:search",
    "search_panel": "panel:search_panel",
    "trend": "therapy.judging:trend",
}

if TYPE_CHECKING:
    from omics_rx.signatures.building import build
    from omics_rx.signatures.clinical import gain as clinical_gain
    from omics_rx.signatures.explain import explain as explain_signature
    from omics_rx.signatures.explain import explain_model
    from omics_rx.signatures.follow_up import compare_groups, compare_risk_groups
    from omics_rx.signatures.follow_up import describe as describe_groups
    from omics_rx.signatures.library import list_signatures as list  # noqa: A004
    from omics_rx.signatures.library import load_signature as load
    from omics_rx.signatures.nomogram import points
    from omics_rx.signatures.panel import search_panel
    from omics_rx.signatures.panel_curves import fewest_markers, learning_curve
    from omics_rx.signatures.published import from_weights
    from omics_rx.signatures.recipes import RECIPES
    from omics_rx.signatures.searching import SearchResult, search
    from omics_rx.signatures.signature import RiskSignature
    from omics_rx.signatures.study import Study, load_study
    from omics_rx.signatures.therapy.arm_building import build_arms
    from omics_rx.signatures.therapy.arm_signature import PatientChances, TreatmentSignature
    from omics_rx.signatures.therapy.arm_study import TreatmentStudy, load_treatment_study
    from omics_rx.signatures.therapy.building import build_response
    from omics_rx.signatures.therapy.judging import trend
    from omics_rx.signatures.therapy.rule import Rule
    from omics_rx.signatures.therapy.signature import ResponseSignature
    from omics_rx.signatures.therapy.study import ResponseStudy, load_response_study
    from omics_rx.signatures.therapy.tables import read_modalities, read_tables

__all__ = [
    "RECIPES",
    "PatientChances",
    "ResponseSignature",
    "ResponseStudy",
    "RiskSignature",
    "Rule",
    "SearchResult",
    "Study",
    "TreatmentSignature",
    "TreatmentStudy",
    "build",
    "build_arms",
    "build_response",
    "clinical_gain",
    "compare_groups",
    "compare_risk_groups",
    "describe_groups",
    "explain_model",
    "explain_signature",
    "fewest_markers",
    "from_weights",
    "learning_curve",
    "list",
    "load",
    "load_response_study",
    "load_study",
    "load_treatment_study",
    "points",
    "read_modalities",
    "read_tables",
    "search",
    "search_panel",
    "trend",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        module, _, attribute = _NAMES[name].partition(":")
        return getattr(import_module(f"omics_rx.signatures.{module}"), attribute)
    message = f"module 'omics_rx.signatures' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__():  # type: ignore[no-untyped-def]
    return sorted(__all__)
