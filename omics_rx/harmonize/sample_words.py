"""Words that tell what a sample is: TCGA's barcode, columns about samples, patterns in text."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

_TCGA = re.compile(r"^TCGA[-.]\w{2}[-.]\w{4}[-.](\d{2})", re.IGNORECASE)
# names of columns that say of what kind, tissue or condition a sample is
ABOUT_COLUMN = re.compile(
    r"sample.?type|tissue|^type$|source|^group$|^status$|disease|normal|histology|condition|^class$|sample.?kind|"
    r"definition|shortlettercode|tumou?r.?type|sample.?class|phenotype|characteristics|title|site|metasta|primary",
    re.IGNORECASE,
)


def tcga_types(names: pd.Index) -> pd.Series:
    """Two digits of the sample type in TCGA's barcodes (01 a primary tumour, 06 a metastasis, 11 normal tissue).

    Missing for names that are no barcode of a sample.
    """
    return pd.Series(names.astype(str), index=names).str.extract(_TCGA, expand=False)


def has(words: pd.Series, pattern: re.Pattern[str]) -> np.ndarray:
    """Whether a pattern stands in each text, shape ``(n,)``."""
    return words.map(lambda text: bool(pattern.search(text))).to_numpy(dtype=bool)
