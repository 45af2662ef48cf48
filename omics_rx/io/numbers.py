"""The numbers of one line at once: fields cut by position, parsed together by arrow."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

MISSING = frozenset({"", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "None", "-", ".", "?"})


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
