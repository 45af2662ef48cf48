"""Numbers in place of gene names: Entrez ids, or the row numbers that a converter left."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from omics_rx.harmonize.symbols import gene_index

_FEWEST = 10


def row_numbers(ids: Sequence[object]) -> str:
    """Why identifiers are no Entrez ids though they are numbers; empty where they can be, or are no numbers.

    Numbers that follow each other name rows. So do numbers of which fewer are known genes than of a list of genes, as
    every so many of a row of numbers (what is left of row numbers after a choice of genes) are by chance.

    Parameters
    ----------
    ids
        Identifiers as they stand.

    Examples
    --------
    >>> row_numbers(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
    'they are consecutive numbers, from 0 to 9'
    >>> row_numbers(["7157", "672", "675", "2064", "2099", "5241", "1956", "595", "1029", "4609"])
    ''
    """
    names = [str(name).strip().removesuffix(".0") for name in ids]
    numbers = [int(name) for name in names if name.isdigit() and len(name) < 16]
    if len(numbers) < _FEWEST or len(numbers) * 2 <= len(names):
        return ""
    values = np.array(numbers)
    ordered = np.unique(values)
    if np.mean(np.diff(ordered) == 1) > 0.9:
        return f"they are consecutive numbers, from {ordered[0]} to {ordered[-1]}"
    known = _known_ids()
    share = float(np.isin(ordered, known).mean())
    first, last = np.searchsorted(known, [ordered[0], ordered[-1] + 1])
    by_chance = (last - first) / (ordered[-1] + 1 - ordered[0])
    if share < (1 + by_chance) / 2:
        return (
            f"{share:.0%} of these numbers are Entrez ids of human genes, as {by_chance:.0%} of all numbers from "
            f"{ordered[0]} to {ordered[-1]} are"
        )
    return ""


@cache
def _known_ids() -> np.ndarray:
    return np.sort(np.array([int(number) for number in gene_index().by_entrez], dtype=np.int64))
