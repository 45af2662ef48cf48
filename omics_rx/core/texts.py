"""Texts of frames: those that another pandas wrote, that a spreadsheet runs as formulas, and that say nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_OWN = pd.Series(["a"]).dtype
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
# words for a value that nobody knows. A lone "-" is a receptor's negative and "none" an answer, so they are not among
# them: only between numbers do they mean that there is none
ABSENT = frozenset(
    {"", "na", "n/a", "nan", "null", "unknown", "unk", "missing", "not known", "not reported", "[not available]",
     "[unknown]", "[not applicable]", "[not evaluated]", "[discrepancy]", "--", "'--", "#n/a", ".", "?", "<na>",
     "not available", "not applicable", "not evaluated"}
)  # fmt: skip
ABSENT_NUMBER = ABSENT | {"-", "none"}


def says_nothing(values: pd.Series) -> NDArray[np.bool_]:
    """Which values are missing, or a word for that; where all others are numbers, ``-`` and ``none`` are words for it.

    Examples
    --------
    >>> says_nothing(pd.Series(["Positive", "Unknown", "-", " NA ", None], dtype=object)).tolist()
    [False, True, False, True, True]
    >>> says_nothing(pd.Series(["1.5", "2", "-", ""])).tolist()
    [False, False, True, True]
    """
    missing = values.isna().to_numpy(dtype=bool)
    words = [value.strip().casefold() if isinstance(value, str) else None for value in values.astype(object)]
    found = missing | np.array([word in ABSENT for word in words], dtype=bool)
    doubtful = np.array([word in ABSENT_NUMBER for word in words], dtype=bool) & ~found
    if doubtful.any():
        others = values[~(found | doubtful)]
        if len(others) and pd.to_numeric(others, errors="coerce").notna().all():
            return found | doubtful
    return found


def as_made_here(frame: pd.DataFrame) -> pd.DataFrame:
    """Frame whose texts have the type that this pandas gives a frame of its own.

    A file keeps the type of the pandas that wrote it: what one of release 3 wrote has strings where release 2 has
    objects, which h5ad of release 2 cannot hold.

    Examples
    --------
    >>> names = pd.Index(["x", "y"], dtype="string")
    >>> made = as_made_here(pd.DataFrame({"name": pd.array(["a", None], dtype="string")}, index=names))
    >>> own = pd.DataFrame({"name": ["a", None]}, index=["x", "y"])
    >>> made.dtypes.equals(own.dtypes), made.index.dtype == own.index.dtype
    (True, True)
    """
    changed = frame.copy(deep=False)
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if _is_foreign(column.dtype):
            words = column.astype(object)
            changed[name] = pd.Series(words.where(words.notna(), None).tolist(), index=frame.index, dtype=_OWN)
    for axis in (0, 1):
        names = changed.axes[axis]
        if _is_foreign(names.dtype):
            changed = changed.set_axis(pd.Index(names.tolist(), dtype=_OWN, name=names.name), axis=axis)
    return changed


def _is_foreign(dtype: object) -> bool:
    return isinstance(dtype, pd.StringDtype) and dtype != _OWN


def for_spreadsheets(frame: pd.DataFrame) -> pd.DataFrame:
    """Frame whose texts no spreadsheet runs as a formula: an apostrophe stands before those that look like one.

    Numbers stay as they are; :func:`from_spreadsheets` takes the apostrophes away.

    Examples
    --------
    >>> for_spreadsheets(pd.DataFrame({"name": ["=1+1", "lapatinib"], "x": [-1.0, 2.0]}))["name"].tolist()
    ["'=1+1", 'lapatinib']
    """
    return _each_text(frame, lambda text: f"'{text}" if text.startswith(_FORMULA) else text)


def from_spreadsheets(frame: pd.DataFrame) -> pd.DataFrame:
    """Undo :func:`for_spreadsheets`.

    Examples
    --------
    >>> frame = pd.DataFrame({"name": ["=1+1", "'quoted'", "-"]})
    >>> from_spreadsheets(for_spreadsheets(frame)).equals(frame)
    True
    """
    return _each_text(frame, lambda text: text.removeprefix("'"))


def _each_text(frame: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    changed = frame.copy(deep=False)

    def of(value: object) -> object:
        return change(value) if isinstance(value, str) else value

    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(column):
            changed[name] = column.map(of, na_action="ignore")
    if not pd.api.types.is_numeric_dtype(frame.index):
        changed.index = frame.index.map(of).rename(frame.index.name)
    changed.columns = frame.columns.map(of).rename(frame.columns.name)
    return changed
