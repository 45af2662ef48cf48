"""The domain of samples, told from their names and values where nobody said it; for units see ``core.unit_values``."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

_CELL_LINE = re.compile(r"^(ACH-\d{6}|SIDM\d{5}|CVCL_\w{4})$")
# CCLE's names of lines end in their tissue: MCF7_BREAST
_CCLE_LINE = re.compile(
    r"^[A-Z0-9]+_(AUTONOMIC_GANGLIA|BILIARY_TRACT|BONE|BREAST|CENTRAL_NERVOUS_SYSTEM|CERVIX|ENDOMETRIUM|FIBROBLAST|"
    r"HAEMATOPOIETIC_AND_LYMPHOID_TISSUE|KIDNEY|LARGE_INTESTINE|LIVER|LUNG|OESOPHAGUS|OVARY|PANCREAS|PLEURA|PROSTATE|"
    r"SALIVARY_GLAND|SKIN|SMALL_INTESTINE|SOFT_TISSUE|STOMACH|THYROID|UPPER_AERODIGESTIVE_TRACT|URINARY_TRACT)$"
)
_BARCODE_CELL = re.compile(r"^[ACGT]{8,}(-\d+)?$")
_N_NAMES = 200


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
