"""The unit of a matrix and the domain of its samples, told from values and names where nobody said them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

_LARGEST_LOG = 40.0  # 2**40 is beyond any count or intensity
_FLOOR = 0.01  # share of the values that are the smallest one where silent genes pile up
_CELL_LINE = re.compile(r"^(ACH-\d{6}|SIDM\d{5}|CVCL_\w{4})$")
# CCLE's names of lines end in their tissue: MCF7_BREAST
_CCLE_LINE = re.compile(
    r"^[A-Z0-9]+_(AUTONOMIC_GANGLIA|BILIARY_TRACT|BONE|BREAST|CENTRAL_NERVOUS_SYSTEM|CERVIX|ENDOMETRIUM|FIBROBLAST|"
    r"HAEMATOPOIETIC_AND_LYMPHOID_TISSUE|KIDNEY|LARGE_INTESTINE|LIVER|LUNG|OESOPHAGUS|OVARY|PANCREAS|PLEURA|PROSTATE|"
    r"SALIVARY_GLAND|SKIN|SMALL_INTESTINE|SOFT_TISSUE|STOMACH|THYROID|UPPER_AERODIGESTIVE_TRACT|URINARY_TRACT)$"
)
_BARCODE_CELL = re.compile(r"^[ACGT]{8,}(-\d+)?$")
_N_NAMES = 200


def detect_unit(values: np.ndarray) -> str:
    """Tell the unit of an expression matrix from its values.

    Parameters
    ----------
    values
        Samples x genes, shape ``(n, p)``; missing values are passed over.

    Returns
    -------
    str
        ``"counts"``, ``"TPM"``, ``"log2(TPM + 1)"``, ``"log2 intensity"``, ``"log2 expression"``, ``"log2 ratio"``,
        ``"z"`` or ``"unknown"``. Whole numbers above 50 are counts; rows that sum to a million are TPM. Logarithms
        whose silent genes share one smallest value, or that dip below zero while the typical gene lies above, are
        sequenced expression with an unknown pseudo-count. Other values on both sides of zero are ratios, or z where
        genes have mean 0 and variance 1.
    """
    known = values[np.isfinite(values)]
    if known.size == 0:
        return "unknown"
    low, high = float(known.min()), float(known.max())
    if low < 0:
        return _unit_around_zero(values, known)
    if high > 50:
        if np.all(known == np.round(known)):
            return "counts"
        totals = np.nansum(values, axis=1)
        return "TPM" if np.all(np.abs(totals / 1e6 - 1) < 0.05) else "unknown"
    totals = np.nansum(np.exp2(np.minimum(values, _LARGEST_LOG)) - 1, axis=1)
    if np.all(np.abs(totals / 1e6 - 1) < 0.1):
        return "log2(TPM + 1)"
    if high <= 3:
        return "unknown"
    return "log2 expression" if _has_floor(known) else "log2 intensity"


def _unit_around_zero(values: np.ndarray, known: np.ndarray) -> str:
    """Unit of values on both sides of zero, shape ``(n, p)``, ``known`` the finite ones among them.

    A ratio has one sample or pool below the line, so half of a sample's genes lie on each side of zero. A logarithm
    of expression with a small pseudo-count, log2(FPKM + 0.1), dips below zero for silent genes only: its typical gene
    lies well above, or its silent genes pile up at the logarithm of the pseudo-count.
    """
    if _is_standardised(values):
        return "z"
    if known.max() > _LARGEST_LOG:
        return "unknown"
    measured = values[np.isfinite(values).any(axis=1)]
    centre = float(np.median(np.nanmedian(measured, axis=1)))
    if centre > 0.5 * known.std():
        return "log2 intensity" if known.min() >= -1.0 and not _has_floor(known) else "log2 expression"
    return "log2 expression" if _has_floor(known) else "log2 ratio"


def _has_floor(known: np.ndarray) -> bool:
    """Whether a share of the values is the smallest one, as genes without any read are, and none piles up on top."""
    at_floor, at_ceiling = float(np.mean(known == known.min())), float(np.mean(known == known.max()))
    return at_floor >= _FLOOR and at_ceiling < at_floor / 10


def _is_standardised(values: np.ndarray) -> bool:
    """Whether the typical gene has mean 0 and standard deviation 1 over the samples shown."""
    if values.shape[0] < 10:
        return False
    measured = values[:, np.isfinite(values).all(axis=0)]
    if measured.shape[1] == 0:
        return False
    deviation = float(np.median(measured.std(axis=0)))
    centre = float(np.median(np.abs(measured.mean(axis=0))))
    return 0.8 < deviation < 1.2 and centre < 0.3


def detect_domain(names: pd.Index, values: np.ndarray) -> str:
    """Tell cell lines, tumours and single cells apart from the sample names and the share of zeros.

    Parameters
    ----------
    names
        Of all samples.
    values
        Of some of them, shape ``(n, p)``.

    Returns
    -------
    str
        ``"cell_line"``, ``"tumour"`` or ``"single_cell"``.
    """
    shown = [str(name) for name in names[:_N_NAMES]]
    if np.mean([bool(_CELL_LINE.match(name)) for name in shown]) > 0.5 or _are_ccle_lines(shown):
        return "cell_line"
    barcodes = np.mean([bool(_BARCODE_CELL.match(name.split("_")[-1])) for name in shown]) > 0.5
    sparse = values.size > 0 and float(np.mean(values == 0)) > 0.8
    return "single_cell" if barcodes or (sparse and len(names) > _N_NAMES) else "tumour"


def _are_ccle_lines(names: list[str]) -> bool:
    """Whether most names are those of CCLE; of several tissues, since ``P1_LUNG`` can be a patient's."""
    tissues = [found.group(1) for name in names if (found := _CCLE_LINE.match(name))]
    return len(tissues) * 2 > len(names) and len(set(tissues)) > 1
