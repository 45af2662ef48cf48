"""How good is it, and is it better than the other one? Arrays in, figures out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omics_rx.metrics import (
        calibration,
        classification,
        compare,
        decision_curve,
        ranking,
        response,
        spans,
        subgroups,
        survival,
    )

__all__ = [
    "calibration",
    "classification",
    "compare",
    "decision_curve",
    "ranking",
    "response",
    "spans",
    "subgroups",
    "survival",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f"omics_rx.metrics.{name}")
    message = f"module 'omics_rx.metrics' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
