"""Texts of frames: those that another pandas wrote, and those that a spreadsheet would take for formulas."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

_OWN = pd.Series(["a"]).dtype
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


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
    return changed
