"""The numbers of one line at once: fields cut by position, parsed together by arrow."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

MISSING = frozenset(
    {"", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "None", "-", ".", "?", "Undetermined"}
)

_WHOLE_IN_FLOAT32 = 2.0**24
_SMALLEST_FLOAT32 = 2.0**-126
_EXACT_DIGITS = 15


@cache
def _missing() -> Any:
    import pyarrow as pa

    return pa.array(sorted(MISSING))


def parse_numbers(line: bytes, delimiter: bytes) -> np.ndarray | None:
    """Values of the fields of a line, shape ``(n_fields,)``, float64; NaN where a field is missing.

    Parameters
    ----------
    line
        Fields without quotes.
    delimiter
        One byte.

    Returns
    -------
    numpy.ndarray or None
        None where a field is neither a number nor one of ``MISSING``, so that the caller can say which.

    Examples
    --------
    >>> parse_numbers(b"1.5,NA,-2e3", b",")
    array([ 1.5e+00,      nan, -2.0e+03])
    """
    if line.isdigit() and len(line) <= _EXACT_DIGITS:  # a count alone, of a file of one sample: no array of texts
        return np.array([float(line)])
    import pyarrow as pa
    import pyarrow.compute as pc

    cuts = np.flatnonzero(np.frombuffer(line, dtype=np.uint8) == ord(delimiter))
    offsets = np.empty(len(cuts) + 2, dtype=np.int64)
    offsets[0] = 0
    offsets[1:-1] = cuts - np.arange(len(cuts))  # where fields begin once the delimiters are taken out
    offsets[-1] = len(line) - len(cuts)
    data = pa.py_buffer(line.translate(None, delimiter))
    fields = pa.LargeStringArray.from_buffers(len(cuts) + 1, pa.py_buffer(offsets), data)
    try:
        return pc.cast(fields, pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        pass
    try:
        known = pc.if_else(pc.is_in(fields, value_set=_missing().cast(pa.large_string())), None, fields)
        return pc.cast(known, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None


def loses_digits(row: np.ndarray) -> bool:
    """Whether 32 bits would change a whole number, or make a value infinite or zero."""
    size = np.abs(row)
    outside = (size > _WHOLE_IN_FLOAT32) | ((size < _SMALLEST_FLOAT32) & (size > 0))
    if not outside.any():
        return False
    with np.errstate(over="ignore", under="ignore"):
        return bool(np.any(row[outside] != row[outside].astype(np.float32)))


def as_narrow_as_exact(values: np.ndarray) -> np.ndarray:
    """Values as float32 where no whole number loses digits, else as they are."""
    return values if any(loses_digits(row) for row in values) else values.astype(np.float32)
