"""Texts of frames that another pandas wrote."""

from __future__ import annotations

import pandas as pd

_OWN = pd.Series(["a"]).dtype


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
