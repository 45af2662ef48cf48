"""Where is real data: named public screens and cohorts, downloaded once, verified and cached."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omics_rx.datasets.named import list_datasets as list  # noqa: A004 - the name users type
    from omics_rx.datasets.named import load

__all__ = ["list", "load"]

_NAMES = {"load": "load", "list": "list_datasets"}


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module("omics_rx.datasets.named"), _NAMES[name])
    message = f"module 'omics_rx.datasets' has no attribute {name!r}"
    raise AttributeError(message)
