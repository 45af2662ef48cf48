"""What an index says: names, or nothing but places."""

from __future__ import annotations

import pandas as pd


def only_counts(index: pd.Index) -> bool:
    """Whether an index counts rows from 0, as pandas does where nobody named them.

    The type of an index does not tell it: pandas 3 keeps any even steps as a range, those of given numbers too.

    Examples
    --------
    >>> only_counts(pd.Index([0, 1, 2])), only_counts(pd.Index([1, 2, 3])), only_counts(pd.Index(["a", "b"]))
    (True, False, False)
    """
    return bool(pd.RangeIndex(len(index)).equals(index))


def names_nothing(index: pd.Index) -> bool:
    """Whether an index holds whole numbers only, where rows are named by words: of a filtered or sorted frame, too."""
    return bool(pd.api.types.is_integer_dtype(index.dtype))
