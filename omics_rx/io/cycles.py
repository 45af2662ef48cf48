"""Cycles of PCR (Ct), in which less is more."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from omics_rx.core.errors import InputError

_ASSAY = re.compile(r"[-_](?:\d{6}|\d{7})(?:_\w+)?$|^Hs\d{8}_\w\d$")
_SAYS_SO = re.compile(r"(?:^|[^a-z])c[tqp](?:$|[^a-z])", re.IGNORECASE)
_CEILINGS = (35.0, 36.0, 37.0, 38.0, 39.0, 40.0, 45.0, 50.0)
_MOST, _TYPICAL, _TYPICAL_WITH_SIGNS = 50.0, 20.0, 14.0


def refuse_cycles(values: np.ndarray, names: Iterable[str], origin: str) -> None:
    """Refuse values that look like cycles: no logarithm of an intensity has its median above 20.

    Parameters
    ----------
    values
        Samples x features.
    names
        Features as the file names them; numbers of assays lower what is needed.
    origin
        File, named in the error.

    Raises
    ------
    InputError
        Telling how to turn them.
    """
    known = values[np.isfinite(values)]
    if known.size == 0 or float(known.max()) > _MOST or float(known.min()) < 0:
        return
    listed = [str(name) for name in names]
    top = float(known.max())
    signs = [
        sum(bool(_ASSAY.search(name)) for name in listed) * 2 > len(listed),
        top in _CEILINGS and float(np.mean(known == top)) > 0.005,
        bool(_SAYS_SO.search(origin.rsplit("/", 1)[-1].split(".", maxsplit=1)[0])),
    ]
    typical = float(np.median(known))
    if typical > _TYPICAL or (any(signs) and typical > _TYPICAL_WITH_SIGNS):
        raise InputError(
            f"{origin} looks like cycles of PCR (Ct; median {typical:.1f}, largest {top:.1f}), where less is more: "
            "turn them (40 - Ct, or minus the difference to the reference), and pass unit='log2 expression'; if they "
            "are no cycles, pass their unit"
        )
