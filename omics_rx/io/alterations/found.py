"""What one file of alterations holds, before anything is decided about it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

# kinds of alteration; of the last four none is a change of one gene's sequence or copies
KINDS = ("mutation", "gain", "loss", "fusion", "MSI", "TMB", "receptor")
COLUMNS = ("sample", "gene", "kind", "change", "effect", "origin", "told", "prediction", "note")
NONCODING = frozenset({"intron", "UTR", "flank", "intergenic", "RNA", "silent", "other"})


@dataclass(eq=False)
class Found:
    """Variants of one file, and what it tested.

    Attributes
    ----------
    variants
        One row a variant, text, columns ``COLUMNS``: ``change`` is the short protein change, copy number or partner;
        ``effect`` what it does (``missense``, ``nonsense``, ``frameshift``, ``splice``, ``inframe``, ``amplified``,
        ``deep deletion``, ...); ``told`` what the file or its writer says of its meaning (``pathogenic``, ``benign``,
        ``uncertain``, or empty); ``prediction`` a predictor's value.
    samples
        Every sample that the file speaks of.
    tested
        Sample to genes whose sequence or copies were looked at, by what was looked at (``"mutation"`` or ``"copy"``).
    said
        What was found and decided.
    form
        ``"variants"`` of a file of calls, ``"copy"`` of one of copy numbers, ``"words"`` of people: of one sample there
        is one of each, and words may stand beside the others.
    """

    variants: pd.DataFrame
    samples: list[str]
    tested: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    form: str = "variants"


def rows(made: list[dict[str, str]]) -> pd.DataFrame:
    """Table of variants; what a row does not tell is empty."""
    table = pd.DataFrame(made, columns=list(COLUMNS), dtype=object)
    return table.fillna("").astype(str)
