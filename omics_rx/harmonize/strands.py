"""Mature strands that a table of precursors cannot tell: a precursor's reads are those of both its strands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from omics_rx.core.errors import examples

_STRAND = re.compile(r"^hsa-(?P<stem>miR-\d+[a-z]*|let-\d+[a-z]*)(?:-(?P<copy>\d))?(?:-[35]p)?$")


def precursors_of(strand: str, names: Iterable[str]) -> list[str]:
    """Precursors among names that a mature strand is cut from: ``hsa-mir-24-1`` and ``-2`` of ``hsa-miR-24-3p``.

    Examples
    --------
    >>> precursors_of("hsa-miR-24-3p", ["hsa-mir-24-1", "hsa-mir-24-2", "hsa-mir-21", "TP53"])
    ['hsa-mir-24-1', 'hsa-mir-24-2']
    """
    found = _STRAND.match(strand)
    if found is None:
        return []
    stem = found["stem"].replace("miR", "mir")
    copy = rf"-{found['copy']}" if found["copy"] else r"(?:-\d)?"
    wanted = re.compile(rf"^hsa-{re.escape(stem)}{copy}$|^{_symbol(stem)}(?:-?\d)?$")
    return [name for name in names if wanted.match(name)]


def _symbol(stem: str) -> str:
    """Gene symbol of a precursor, without the number of its copy: ``MIR24`` of ``mir-24``, ``MIRLET7A``."""
    kind, _, rest = stem.partition("-")
    return ("MIRLET" if kind == "let" else "MIR") + rest.upper()


def untold_strands(missing: Sequence[str], names: Iterable[str]) -> list[str]:
    """Sentence about the missing strands whose precursors are there, or nothing.

    Parameters
    ----------
    missing
        Features that are wanted and not there.
    names
        Features that are there.
    """
    there = list(names)
    own = {strand: found for strand in missing if (found := precursors_of(strand, there))}
    if not own:
        return []
    shown = examples(f"{strand} of {'/'.join(found[:2])}" for strand, found in own.items())
    said = f"{len(own)} mature strands cannot be told from precursors, whose reads are of both strands, and are missing"
    return [f"{said} ({shown})"]
