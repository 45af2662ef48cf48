"""Organ that samples are of, told by a few genes that hardly any other organ expresses, where no column says it.

Each gene is ranked among all genes of its sample, so that neither the unit nor the other samples matter. An organ is
told of a cohort, never of one sample: where the typical sample has the organ's genes high, above those of the breast.
Tumours of the breast that have little left of it (basal ones) have no other organ's genes either, and are not told.
That organs have such genes: Uhlen et al., Science 2015, 347:1260419. These were picked by hand and stand by the error
rates of ``benchmarks/organs.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.cohort import expression, info, is_dask
from omics_rx.core.errors import InputError
from omics_rx.harmonize.needs import NO_LEVELS, Doubt, Needs, Prepared, prepare

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

PROGRAMMES: dict[str, tuple[float, tuple[str, ...]]] = {
    "blood": (0.65, ("PTPRC", "CD53", "LAPTM5", "CORO1A", "CD37", "IKZF1", "WAS")),
    "melanocytes": (0.75, ("MLANA", "PMEL", "TYR", "TYRP1", "DCT")),
    "nerve cells": (0.70, ("PHOX2A", "PHOX2B", "HAND2", "DBH", "TH", "STMN2", "CHGA", "INSM1", "ASCL1")),
    "the bowel": (0.62, ("CDX1", "CDX2", "VIL1", "CDH17", "LGALS4", "GUCY2C", "GPA33")),
    "the liver": (0.75, ("ALB", "APOA1", "APOA2", "APOH", "AHSG", "FGB", "FGA", "TTR", "AMBP")),
    "the lung": (0.75, ("SFTPB", "SFTPC", "SFTPD", "SFTA3", "NKX2-1", "NAPSA")),
    "the thyroid": (0.75, ("TG", "TPO", "TSHR", "SLC26A4", "PAX8")),
    "the prostate": (0.80, ("KLK2", "KLK3", "KLK4", "ACP3", "NKX3-1")),
    "glia": (0.75, ("GFAP", "OLIG1", "OLIG2", "BCAN", "NCAN", "PTPRZ1")),
}
BREAST = ("GATA3", "TRPS1", "SPDEF", "FOXA1", "TFAP2B", "TFAP2A", "TBX3", "PRLR", "KRT18", "XBP1", "ESR1", "ANKRD30A")
EPITHELIUM = ("EPCAM", "CDH1", "KRT18", "KRT8", "KRT19", "KRT7", "ELF3", "GRHL2", "ESRP1", "CLDN4", "CLDN7", "KRT5")
_LEAST_GENES, _LEAST_ALL, LEAST_SAMPLES = 4, 1000, 5
_ABOVE_BREAST = 0.1
_NO_EPITHELIUM = 0.35  # blood cells among a tumour's are high beside an epithelium
_MOST_SAMPLES = 200


def organ_in(cohort: CohortLike) -> str:
    """Organ other than the breast that a cohort is of by its expression; empty where none is told.

    Parameters
    ----------
    cohort
        Samples x genes; values that lost their levels, of under 1,000 genes or of under five samples tell nothing.
    """
    try:
        return other_organ(prepare(cohort, Needs("the organ", scale="rank"), quiet=True))
    except InputError:
        return ""


def other_organ(ready: Prepared) -> str:
    """The same of a prepared cohort."""
    data = ready.source
    few = data.n_vars < _LEAST_ALL or data.n_obs < LEAST_SAMPLES or is_dask(data.X)
    if few or ready.found.unit in NO_LEVELS or info(data).domain == "single_cell":
        return ""
    shown = np.unique(np.linspace(0, data.n_obs - 1, min(data.n_obs, _MOST_SAMPLES)).astype(int))
    return organ_of(levels(expression(data[shown])))


def of_another_organ(ready: Prepared) -> Doubt | None:
    """That a cohort is of another organ by its expression."""
    organ = other_organ(ready)
    if not organ:
        return None
    return Doubt(f"the typical sample expresses the genes of {organ}: subtypes of breast tumours mean nothing there")


def levels(values: pd.DataFrame) -> pd.DataFrame:
    """Mean place of each organ's genes among all genes of a sample, 0 to 1; organs with too few genes are left out.

    Parameters
    ----------
    values
        Samples x genes, any scale that keeps the order of genes within a sample.
    """
    places = values.rank(axis=1, pct=True)
    kinds = {name: genes for name, (_, genes) in PROGRAMMES.items()} | {"breast": BREAST, "epithelium": EPITHELIUM}
    own = {name: [gene for gene in genes if gene in places] for name, genes in kinds.items()}
    return pd.DataFrame({name: places[genes].mean(axis=1) for name, genes in own.items() if len(genes) >= _LEAST_GENES})


def organ_of(table: pd.DataFrame) -> str:
    """Organ of a cohort by what :func:`levels` tells of its samples; empty where none is told."""
    typical = table.median()
    breast, epithelium = typical.get("breast", np.nan), typical.get("epithelium", np.nan)
    found = {}
    for name, (least, _) in PROGRAMMES.items():
        if name not in typical or not typical[name] >= max(least, breast + _ABOVE_BREAST):
            continue
        if name != "blood" or epithelium <= _NO_EPITHELIUM:
            found[name] = float(typical[name] - least)
    return max(found, key=lambda name: found[name]) if found else ""
