"""What this package says where peers print a number: one case a call of a peer, on the small inputs beside this file.

The peers' own numbers lie in one table a topic, with their versions in README.md; ``benchmarks/peers.py`` computes them
anew where the peer is installed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
TOPICS = ("survival", "scores", "curves", "molecules", "ranking")
Value = float | str


@dataclass(frozen=True)
class Case:
    """One call of a peer and the same asked of this package.

    Attributes
    ----------
    key
        Name of the case in the table of its topic.
    peer, call
        Who prints the numbers, and by which call.
    ours
        Gives our values by the names that the table has.
    tolerance, why
        Largest difference that counts as equal, and why it is not 0. Texts are the same or not.
    stated, bound
        Where the peer defines the thing in another way: the definition, and how far apart the values may be.
    """

    key: str
    peer: str
    call: str
    ours: Callable[[], Mapping[str, Value]]
    tolerance: float = 1e-9
    why: str = "same formula, rounding of doubles"
    stated: str = ""
    bound: float = 0.0


def cases(topic: str) -> list[Case]:
    """Cases of a topic, with keys that are all different."""
    found: list[Case] = importlib.import_module(f"peer_{topic}").CASES
    assert len({case.key for case in found}) == len(found)
    return found


def stored(topic: str) -> dict[str, dict[str, Value]]:
    """Numbers that peers printed: case to name to value."""
    table = pd.read_csv(HERE / f"{topic}.csv", keep_default_na=False, dtype=str)
    return {
        str(key): {name: _value(text) for name, text in zip(rows["name"], rows["value"], strict=True)}
        for key, rows in table.groupby("key", sort=False)
    }


def verdict(case: Case, ours: Value, theirs: Value) -> str:
    """``equal``, ``definition`` (other, as stated) or ``wrong``."""
    if isinstance(ours, str) or isinstance(theirs, str):
        same = ours == theirs
        return "equal" if same else "definition" if case.stated else "wrong"
    gap = abs(ours - theirs)
    if gap <= case.tolerance * max(1.0, abs(theirs)) or (ours != ours and theirs != theirs):
        return "equal"
    return "definition" if case.stated and gap <= case.bound else "wrong"


def check(case: Case, theirs: Mapping[str, Value]) -> None:
    """Hold our values to the stored ones; every stored value must be answered."""
    ours = case.ours()
    assert set(theirs) == set(ours), f"{case.peer}, {case.call}: other names"
    off = {name: (ours[name], value) for name, value in theirs.items() if verdict(case, ours[name], value) == "wrong"}
    assert not off, f"{case.peer}, {case.call}: ours and theirs {off} (allowed: {case.tolerance}, {case.why})"


def _value(text: str) -> Value:
    try:
        return float(text)
    except ValueError:
        return text
