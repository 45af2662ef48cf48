"""Is what was given of the kind that is asked for? One error says what it is and what to give."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from omics_rx.core.errors import InputError, unknown_name


def kind(what: str, value: Any, kinds: type | tuple[type, ...], remedy: str) -> None:
    """Refuse a value that is of another kind.

    Raises
    ------
    InputError
        If it is.
    """
    if not isinstance(value, kinds):
        shape = getattr(value, "shape", None)
        told = f"a {type(value).__name__}" if value is not None else "None"
        raise InputError(f"{what} is {told}{'' if shape is None else f' of shape {shape}'}: {remedy}")


def screen(value: Any) -> None:
    """Refuse what is no screen."""
    from omics_rx.core.screen import DrugScreen

    kind("the screen", value, DrugScreen, 'give a DrugScreen, such as orx.datasets.load("gdsc2")')


def model(value: Any) -> None:
    """Refuse what is no response model."""
    from omics_rx.response.model import ResponseModel

    kind("the model", value, ResponseModel, "give a ResponseModel, such as orx.response.default()")


def path(value: Any) -> None:
    """Refuse what is no path."""
    kind("the path", value, (str, Path), "give the path of a file, as text or pathlib.Path")


def word(what: str, value: Any, known: Iterable[str]) -> None:
    """Refuse a word that is not among those known."""
    names = list(known)
    if not isinstance(value, str) or value not in names:
        raise unknown_name(what, value, names)


def number(what: str, value: Any, low: float, below: float = float("inf"), *, whole: bool = False) -> None:
    """Refuse what is no number from ``low`` to below ``below``."""
    real = isinstance(value, int | float) or (hasattr(value, "dtype") and getattr(value, "ndim", 1) == 0)
    if not real or isinstance(value, bool) or not low <= value < below or (whole and int(value) != value):
        span = f"from {low:g}" + ("" if below == float("inf") else f" to below {below:g}")
        raise InputError(f"{what} is {value!r}: choose a {'whole ' if whole else ''}number {span}")
