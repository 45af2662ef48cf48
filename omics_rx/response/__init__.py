"""What is the IC50 of this drug in this tumour? Response models for lines, tumours and drugs never seen."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omics_rx.response.crossfit import evaluate, out_of_fold
    from omics_rx.response.model import ResponseModel
    from omics_rx.response.parts import PARTS
    from omics_rx.response.prediction import Prediction
    from omics_rx.response.splits import SPLITS, folds
    from omics_rx.response.store import default, load

__all__ = ["PARTS", "SPLITS", "Prediction", "ResponseModel", "default", "evaluate", "folds", "load", "out_of_fold"]

_NAMES = {
    "PARTS": "parts",
    "SPLITS": "splits",
    "Prediction": "prediction",
    "ResponseModel": "model",
    "default": "store",
    "folds": "splits",
    "load": "store",
    "out_of_fold": "crossfit",
    "evaluate": "crossfit",
}


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f"omics_rx.response.{_NAMES[name]}"), name)
    message = f"module 'omics_rx.response' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
