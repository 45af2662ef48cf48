"""Prognostic signatures, drug-response prediction and drug repurposing from tumour omics.

Rooms are imported when they are first named, so that importing the package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_ROOMS = (
    "core", "datasets", "harmonize", "io", "metrics", "plots", "report", "repurposing", "response", "scores",
    "signatures", "workflow",
)  # fmt: skip
_NAMES = {
    "DrugScreen": "omics_rx.core.screen:DrugScreen", "check": "omics_rx.workflow.check:check",
    "cite": "omics_rx.core.provenance:cite", "control_chart": "omics_rx.workflow.drift:control_chart",
    "doctor": "omics_rx.workflow.doctor:doctor", "drift": "omics_rx.workflow.drift:drift",
}  # fmt: skip

if TYPE_CHECKING:
    from omics_rx import (
        core,
        datasets,
        harmonize,
        io,
        metrics,
        plots,
        report,
        repurposing,
        response,
        scores,
        signatures,
        workflow,
    )
    from omics_rx.core.provenance import cite
    from omics_rx.core.screen import DrugScreen
    from omics_rx.workflow.check import check
    from omics_rx.workflow.doctor import doctor
    from omics_rx.workflow.drift import control_chart, drift

__all__ = [
    "DrugScreen", "__version__", "check", "cite", "control_chart", "core", "datasets", "doctor",
    "drift", "harmonize", "io", "metrics", "plots",
    "report", "repurposing", "response", "scores", "signatures", "workflow",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"omics_rx.{name}")
    if name in _NAMES:
        module, _, attribute = _NAMES[name].partition(":")
        return getattr(import_module(module), attribute)
    message = f"module 'omics_rx' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
