"""Noise and planted truth for every public function that returns a p, a q or an interval: one file a room.

**To add a case**, write in the room's file a function of a random generator that draws one data set and answers with
what the public function said of it, and register it::

    @case("metrics.curves.log_rank", "p", unit="patients")
    def groups_alike(random):
        time, event = random.exponential(30, 200), random.random(200) < 0.5
        return log_rank(time, event, random.integers(2, size=200)).p_value

    @case("metrics.compare.pool", "interval", unit="studies")
    def studies_around_nothing(random):
        ...
        return found.lower, found.upper, 0.0            # lower, upper, truth

A case of a ``"p"`` draws data without an effect and returns one p, or several (each counts). A case of a ``"q"`` draws
data without any effect and returns the smallest q of the study. A case of an ``"interval"`` plants a truth and returns
``(lower, upper, truth)``, or arrays of these. NaN is left out of the count and told.

``full`` is how many data sets are drawn by ``python benchmarks/null_and_coverage.py``, ``fast`` how many by the tests;
``fast=0`` keeps a case that takes minutes out of the tests. Where a method is known to be off, its docstring says by
how much and the case holds that figure: ``holds=(0.84, 0.90), stated="where it is said"``.

A function that hands on, draws or only reads such figures is named in ``REASONS`` of the room's file, as
``{"plots.kaplan_meier p": "draws the p of metrics.curves.log_rank"}``; without the kind it covers all of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

KINDS = ("p", "q", "interval")


@dataclass(frozen=True)
class Case:
    """One way to draw data for one kind of figure of one public function."""

    function: str
    kind: str
    label: str
    unit: str
    draw: Callable[[np.random.Generator], Any]
    level: float
    full: int
    fast: int
    holds: tuple[float, float]
    stated: str


CASES: list[Case] = []


def case(
    function: str, kind: str, *, unit: str, level: float = 0.95, full: int = 1000, fast: int = 100,
    holds: tuple[float, float] | None = None, stated: str = "",
) -> Callable[[Callable[[np.random.Generator], Any]], Callable[[np.random.Generator], Any]]:  # fmt: skip
    """Register a case; ``unit`` is what is resampled or exchanged (patients, drugs, drugs and lines, studies)."""
    if kind not in KINDS:
        message = f"{kind!r} is none of {', '.join(KINDS)}"
        raise ValueError(message)
    if holds is not None and not stated:
        message = f"{function}: say where another share than the usual one is stated"
        raise ValueError(message)
    usual = {
        "p": (0.03, 0.07),
        "q": (0.0, 0.07),
        "interval": (level - 0.03 if level > 0.9 else level - 0.02, level + 0.02),
    }

    def registered(draw: Callable[[np.random.Generator], Any]) -> Callable[[np.random.Generator], Any]:
        label = draw.__name__.strip("_").replace("_", " ")
        CASES.append(Case(function, kind, label, unit, draw, level, full, fast, holds or usual[kind], stated))
        return draw

    return registered


def load() -> tuple[list[Case], dict[str, str]]:
    """Every case and every reason for having none, of all rooms."""
    reasons: dict[str, str] = {}
    for found in pkgutil.iter_modules(__path__):
        reasons |= getattr(importlib.import_module(f"{__name__}.{found.name}"), "REASONS", {})
    return CASES, reasons
