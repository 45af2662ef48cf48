"""Whether the same thing, written another legal way, gets the same answer, is asked for, or differs without a word.

A case is one thing written one way. Its answer is *right* when it equals the answer of the plain way, *asks* when one
clear error names the choice, *differs silently* when it is another number without a word, and a *raw error* when
something that is no error of this package is raised. Cases that must be asked for (no answer can be right) say so.
Rows live one file a topic in ``same_answer_cases``: each has ``rows()``, which yields :class:`Row`.

Usage: python benchmarks/same_answer.py [TOPIC ...] [--cases]; ends with 1 where a case differs silently or raises raw.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import OmicsRxError

FOLDER = Path(__file__).parent / "same_answer_cases"
VERDICTS = ("right", "asks", "differs silently", "raw error")


@dataclass(frozen=True)
class Row:
    """Ways to write one kind of thing.

    Attributes
    ----------
    name
        The kind, as it is printed.
    right
        Gives the right answer: a frame, a series, an array, a mapping, text or a number. None: every way must be asked.
    ways
        How it is written, to what answers then.
    tolerance
        Largest difference of two numbers that count as the same.
    """

    name: str
    right: Callable[[], Any] | None
    ways: Mapping[str, Callable[[], Any]]
    tolerance: float = 1e-6


def same(left: Any, right: Any, tolerance: float) -> bool:
    """Whether two answers are the same: labels, values within the tolerance, and what is missing."""
    if isinstance(left, pd.DataFrame) and isinstance(right, pd.DataFrame):
        if set(left.columns) != set(right.columns) or set(left.index) != set(right.index):
            return False
        left = left.loc[right.index, right.columns]
        return all(same(left[name], right[name], tolerance) for name in right.columns)
    if isinstance(left, pd.Series) and isinstance(right, pd.Series):
        if set(left.index) != set(right.index):
            return False
        return same(left[right.index].to_numpy(), right.to_numpy(), tolerance)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return set(left) == set(right) and all(same(left[key], right[key], tolerance) for key in right)
    one, other = np.asarray(left), np.asarray(right)
    if one.shape != other.shape:
        return False
    if one.dtype.kind in "fiub" and other.dtype.kind in "fiub":
        close = np.isclose(one.astype(float), other.astype(float), rtol=0, atol=tolerance, equal_nan=True)
        return bool(close.all())
    return bool((pd.isna(one) & pd.isna(other) | (one.astype(object) == other.astype(object))).all())


def verdict(way: Callable[[], Any], right: Any, tolerance: float, *, must_ask: bool) -> tuple[str, str]:
    """What became of one case, and the words that came with it."""
    try:
        answer = way()
    except OmicsRxError as error:
        return "asks", str(error)
    except Exception as error:  # noqa: BLE001 (whatever it is, a user cannot act on it)
        return "raw error", f"{type(error).__name__}: {error}"
    if not must_ask and same(answer, right, tolerance):
        return "right", ""
    return "differs silently", f"{answer!r}"[:300]


def cases_of(topic: str) -> Iterator[dict[str, str]]:
    """One record a case of a topic."""
    module = importlib.import_module(f"same_answer_cases.{topic}")
    for row in module.rows():
        right = None if row.right is None else row.right()
        for name, way in row.ways.items():
            found, words = verdict(way, right, row.tolerance, must_ask=row.right is None)
            yield {"topic": topic, "row": row.name, "case": name, "verdict": found, "words": words}


def summary(cases: pd.DataFrame) -> pd.DataFrame:
    """Number of cases and share of each verdict, a line a row and one for all."""
    parts = [*cases.groupby(["topic", "row"], sort=False), (("all", ""), cases)]
    lines = {
        key: {"cases": len(part), **{name: (part["verdict"] == name).mean() for name in VERDICTS}}
        for key, part in parts
    }
    return pd.DataFrame.from_dict(lines, orient="index")


def main() -> int:
    """Print a line a row; 1 where anything differs silently or raises raw."""
    known = sorted(file.stem for file in FOLDER.glob("[!_]*.py"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topics", nargs="*", help=f"of {', '.join(known)}; all when left out")
    parser.add_argument("--cases", action="store_true", help="also print every case that is not right")
    told = parser.parse_args()
    if strange := sorted(set(told.topics) - set(known)):
        parser.error(f"no topic {', '.join(strange)}: there are {', '.join(known)}")
    warnings.simplefilter("ignore")
    logging.getLogger("omics_rx").setLevel(logging.ERROR)
    cases = pd.DataFrame([case for topic in told.topics or known for case in cases_of(topic)])
    with pd.option_context("display.width", 200, "display.max_rows", None, "display.float_format", "{:.2f}".format):
        print(summary(cases).to_string())
        wrong = cases[~cases["verdict"].isin(["right", "asks"])]
        for _, case in (cases[cases["verdict"] != "right"] if told.cases else wrong).iterrows():
            print(f"\n{case['verdict']}: {case['topic']}, {case['row']}, {case['case']}\n    {case['words'][:400]}")
    return int(len(wrong) > 0)


if __name__ == "__main__":
    sys.exit(main())
