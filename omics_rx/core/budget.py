"""How much one input may ask for, so that a small hostile file ends in an error and not in the machine's memory.

The limits lie far above any real file. ``OMICS_RX_BUDGET=4`` makes all of them four times as large.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING

from omics_rx.core.errors import InputError

if TYPE_CHECKING:
    from zipfile import ZipInfo

SETTING = "OMICS_RX_BUDGET"
REMEDY = f"if the file is what it should be, set {SETTING} (1 by default) higher, on a machine with the memory for it"

UNPACKED_BYTES = 1 << 37  # of one text file, read as a stream
RATIO = 2_000  # unpacked to packed bytes, beyond the first 64 MiB: gzip makes at most a thousandth
ALWAYS_UNPACKED = 1 << 26
LINE_BYTES = 1 << 27  # a table of 100,000 columns has lines of 2 MB
EMPTY_LINES = 100_000  # one after the other
ROWS = 50_000_000
COLUMNS = 2_000_000
VALUES = 8_000_000_000  # of one matrix, the stored ones of a sparse one
MEMBERS = 10_000  # of one zip
BUNDLE_BYTES = 8 << 30


def factor() -> float:
    """What all limits are multiplied by: ``OMICS_RX_BUDGET``, 1 by default.

    Raises
    ------
    InputError
        If it is no number above 0.
    """
    told = os.environ.get(SETTING, "1")
    try:
        found = float(told)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise InputError(f"{SETTING} is {told!r}: set it to a number above 0, such as 2")
    return found


def check(asked: float, limit: float, what: str, unit: str) -> None:
    """Refuse what asks for more than its limit.

    Parameters
    ----------
    asked, limit
        How much is asked for, and how much may be at a factor of 1.
    what, unit
        What asks, and what is counted.

    Raises
    ------
    InputError
        If it asks for more.

    Examples
    --------
    >>> check(3e9, ROWS, "x.mtx", "rows")
    Traceback (most recent call last):
    ...
    omics_rx.core.errors.InputError: x.mtx asks for 3,000,000,000 rows, more than the 50,000,000 that one input may: \
if the file is what it should be, set OMICS_RX_BUDGET (1 by default) higher, on a machine with the memory for it
    """
    most = limit * factor()
    if asked > most:
        raise InputError(f"{what} asks for {asked:,.0f} {unit}, more than the {most:,.0f} that one input may: {REMEDY}")


def check_frame(n_rows: int, n_columns: int, what: str) -> None:
    """Refuse a table with more rows, columns or values than one input may have.

    Raises
    ------
    InputError
        If it says it has.
    """
    check(n_rows, ROWS, what, "rows")
    check(n_columns, COLUMNS, what, "columns")
    check(n_rows * n_columns, VALUES, what, "values")


def check_zip(listed: Collection[ZipInfo], packed: int, what: str) -> None:
    """Refuse an archive of so many bytes that has too many members, or unpacks to more than one input may.

    Raises
    ------
    InputError
        If it says it does.
    """
    check(len(listed), MEMBERS, what, "members")
    check(sum(info.file_size for info in listed), most_unpacked(packed), what, "bytes")


def most_unpacked(packed: int) -> int:
    """Bytes that a packed input of so many bytes may unpack to, at a factor of 1."""
    return min(RATIO * packed + ALWAYS_UNPACKED, UNPACKED_BYTES)


def most(limit: int) -> int:
    """A limit as it is here, times the factor."""
    return int(limit * factor())
