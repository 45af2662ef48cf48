"""What the settings of a scoring method may be."""

from __future__ import annotations

import inspect
from numbers import Real
from typing import Any

from omics_rx.core.errors import InputError, unknown_name
from omics_rx.scores.kernels import KERNELS

_TIES = {"ssgsea": ("average", "first"), "aucell": ("average", "first"), "singscore": ("min", "average")}
_RANGES = {"alpha": (0.0, float("inf")), "tau": (0.0, float("inf")), "top": (0.0, 1.0)}


def check(method: str, settings: dict[str, Any], min_coverage: float) -> None:
    """Refuse settings that the method does not have or that cannot be meant.

    Raises
    ------
    UnknownNameError
        If there is no such setting, or no such way of handling ties.
    InputError
        If a number lies outside its range.
    """
    _check_number("min_coverage", min_coverage, (0.0, 1.0))
    accepted = list(inspect.signature(KERNELS[method]).parameters)[2:]
    for name, value in settings.items():
        if name not in accepted:
            raise unknown_name(f"setting of {method}", name, accepted)
        if name == "ties" and value not in _TIES[method]:
            raise unknown_name(f"way of {method} to handle ties", str(value), _TIES[method])
        if name in _RANGES:
            _check_number(name, value, _RANGES[name])


def _check_number(name: str, value: object, limits: tuple[float, float]) -> None:
    low, high = limits
    if not isinstance(value, Real) or isinstance(value, bool) or not low <= float(value) <= high:
        raise InputError(f"{name} is {value!r}: give a number from {low:g} to {high:g}")
