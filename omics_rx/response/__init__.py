"""What is the IC50 of this drug in this tumour? Response models for lines, tumours and drugs never seen."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omics_rx.response import cells, library, resistance, scaffolds
    from omics_rx.response.crossfit import evaluate, out_of_fold
    from omics_rx.response.explain import DrugExplanation, Explanation
    from omics_rx.response.explain_atoms import AtomExplanation
    from omics_rx.response.explain_network import NetworkExplanation
    from omics_rx.response.few_shot import AdaptedModel
    from omics_rx.response.groups import by_group
    from omics_rx.response.library import LibraryScreen
    from omics_rx.response.model import ResponseModel
    from omics_rx.response.panel import measure_first
    from omics_rx.response.parts import PARTS
    from omics_rx.response.piloting import PilotedDrug, pilot
    from omics_rx.response.prediction import Prediction
    from omics_rx.response.resistance import Resistance
    from omics_rx.response.splits import SPLITS, Fold, check, folds, leaks
    from omics_rx.response.store import default, load

__all__ = [
    "PARTS", "SPLITS", "AdaptedModel", "AtomExplanation", "DrugExplanation", "Explanation", "Fold", "LibraryScreen",
    "NetworkExplanation", "PilotedDrug", "Prediction", "Resistance", "ResponseModel", "by_group", "cells", "check",
    "default", "evaluate", "folds", "leaks", "library", "load", "measure_first", "out_of_fold", "pilot", "resistance",
    "scaffolds",
]  # fmt: skip

_NAMES = {
    "PARTS": "parts",
    "SPLITS": "splits",
    "AdaptedModel": "few_shot",
    "AtomExplanation": "explain_atoms",
    "DrugExplanation": "explain",
    "Explanation": "explain",
    "Fold": "splits",
    "LibraryScreen": "library",
    "NetworkExplanation": "explain_network",
    "PilotedDrug": "piloting",
    "Prediction": "prediction",
    "Resistance": "resistance",
    "ResponseModel": "model",
    "by_group": "groups",
    "check": "splits",
    "default": "store",
    "evaluate": "crossfit",
    "folds": "splits",
    "leaks": "splits",
    "load": "store",
    "measure_first": "panel",
    "out_of_fold": "crossfit",
    "pilot": "piloting",
}
_MODULES = ("cells", "library", "resistance", "scaffolds")


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f"omics_rx.response.{_NAMES[name]}"), name)
    if name in _MODULES:
        return import_module(f"omics_rx.response.{name}")
    message = f"module 'omics_rx.response' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
