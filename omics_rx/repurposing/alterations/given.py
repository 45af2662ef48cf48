"""Variants of a cohort that brings events alone: each event stands for an alteration, of which no more is known."""

from __future__ import annotations

import pandas as pd

from omics_rx.io.alterations.value import COLUMNS

_KINDS = {
    "mut": ("mutation", "unspecified", ""), "germline": ("mutation", "unspecified", "germline"),
    "gain": ("gain", "amplified", ""), "loss": ("loss", "deep deletion", ""), "fusion": ("fusion", "", ""),
}  # fmt: skip
_WHY = "an event as given; which change it is, is not said"


def variants_of(events: pd.DataFrame) -> pd.DataFrame:
    """Variants that events of 1 stand for, as rows of :class:`omics_rx.io.Alterations`.

    Parameters
    ----------
    events
        Tumours x events of 1, 0 and missing, under the screens' names.

    Examples
    --------
    >>> table = variants_of(pd.DataFrame({"ERBB2_gain": [1.0], "TP53_mut": [0.0]}, index=["P7"]))
    >>> table[["sample", "gene", "kind", "effect"]].values.tolist()
    [['P7', 'ERBB2', 'gain', 'amplified']]
    """
    rows = []
    for event in events.columns:
        made = _variant(str(event))
        if made is not None:
            rows += [{"sample": str(name), **made} for name in events.index[(events[event] == 1).to_numpy()]]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _variant(event: str) -> dict[str, str] | None:
    known = {"prediction": "", "is": "told", "why": _WHY, "event": event}
    if event == "MSI":
        return {"gene": "MSI", "kind": "MSI", "change": "high", "effect": "unstable", "origin": "", **known}
    gene, _, word = event.rpartition("_")
    if not gene or word not in _KINDS:
        return None
    kind, effect, origin = _KINDS[word]
    change = gene.replace("-", "::", 1) if kind == "fusion" and "-" in gene else ""
    own = gene.rpartition("-")[2] if kind == "fusion" else gene
    return {"gene": own, "kind": kind, "change": change, "effect": effect, "origin": origin, **known}
