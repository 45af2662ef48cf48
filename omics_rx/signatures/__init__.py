"""Signatures: which few genes carry the risk, and whether they hold in a cohort never seen."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_NAMES = {
    "RECIPES": "recipes:RECIPES",
    "RiskSignature": "signature:RiskSignature",
    "SearchResult": "searching:SearchResult",
    "Study": "study:Study",
    "build": "building:build",
    "clinical_gain": "clinical:gain",
    "compare_groups": "follow_up:compare_groups",
    "compare_risk_groups": "follow_up:compare_risk_groups",
    "describe_groups": "follow_up:describe",
    "explain_signature": "explain:explain",
    "explain_model": "explain:explain_model",
    "fewest_markers": "panel_curves:fewest_markers",
    "from_weights": "published:from_weights",
    "learning_curve": "panel_curves:learning_curve",
    "list": "library:list_signatures",
    "load": "library:load_signature",
    "load_study": "study:load_study",
    "search": "searching:search",
    "search_panel": "panel:search_panel",
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
    from omics_rx.signatures.panel import search_panel
    from omics_rx.signatures.panel_curves import fewest_markers, learning_curve
    from omics_rx.signatures.published import from_weights
    from omics_rx.signatures.recipes import RECIPES
    from omics_rx.signatures.searching import SearchResult, search
    from omics_rx.signatures.signature import RiskSignature
    from omics_rx.signatures.study import Study, load_study

__all__ = [
    "RECIPES",
    "RiskSignature",
    "SearchResult",
    "Study",
    "build",
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
    "load_study",
    "search",
    "search_panel",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        module, _, attribute = _NAMES[name].partition(":")
        return getattr(import_module(f"omics_rx.signatures.{module}"), attribute)
    message = f"module 'omics_rx.signatures' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__():  # type: ignore[no-untyped-def]
    return sorted(__all__)
