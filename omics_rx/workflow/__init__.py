"""Whole jobs: a real cohort to an explained ranking, and what can be run on a cohort at all."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omics_rx.workflow.check import Check
    from omics_rx.workflow.quickstart import Quickstart, run_quickstart

_NAMES = {"Quickstart": "quickstart", "run_quickstart": "quickstart", "Check": "check"}
__all__ = ["Check", "Quickstart", "run_quickstart"]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f"omics_rx.workflow.{_NAMES[name]}"), name)
    message = f"module 'omics_rx.workflow' has no attribute {name!r}"
    raise AttributeError(message)
