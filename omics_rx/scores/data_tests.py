"""What methods need of the data themselves, as tests of a prepared cohort; each gives a doubt, or None."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from omics_rx.core.units import amount_of
from omics_rx.harmonize.needs import Doubt, Prepared

if TYPE_CHECKING:
    from anndata import AnnData

Test: TypeAlias = Callable[[Prepared], Doubt | None]

FEW_GENES = 5000  # a panel, or genes chosen for their spread; the smallest platforms of whole genomes hold more
_PER_MILLION = ("TPM", "CPM")
_NEARLY_ALL = 0.8
_TCGA = re.compile(r"^TCGA-\w{2}-\w{4}-(?P<code>\d{2})")
_NORMAL_CODES = range(10, 20)
_TISSUE_COLUMNS = (
    "sample_type", "sample_type_id", "tissue_type", "sample_type.samples", "tissue_type.samples", "definition",
    "sample_class", "tumor_normal", "tumour_normal", "normal_tumor", "shortlettercode", "tissue", "disease_state",
)  # fmt: skip
_NORMAL = re.compile(
    r"^(solid tissue normal|normal|healthy|control|adjacent|non-?tumou?r|benign|nt|blood derived normal|1[0-9])\b",
    re.IGNORECASE,
)
_ARRAY_LOW, _ARRAY_SKEW = 1.5, 0.0


def n_genes(ready: Prepared) -> int:
    """Number of genes of a prepared cohort."""
    return int(ready.source.n_vars)


def whole_transcriptome(ready: Prepared) -> Doubt | None:
    """Say that genes are compared with the sample's other genes, and that there are few of these."""
    n = n_genes(ready)
    if n >= FEW_GENES:
        return None
    return Doubt(
        f"{n:,} genes are a panel or a selection, and a sample's genes are compared with all its others: scores are "
        "relative to these few and cannot be held against those of other tables"
    )


def whole_for_shares(profiled: frozenset[str] = frozenset()) -> Test:
    """Test that refuses a panel or a selection of genes where shares are parts of all that is expressed.

    Parameters
    ----------
    profiled
        Genes of a reference that knows more than markers: where it knows nearly all genes of the cohort, both are
        parts of one whole, however small.
    """

    def test(ready: Prepared) -> Doubt | None:
        n = n_genes(ready)
        if n >= FEW_GENES or sum(gene in profiled for gene in ready.source.var_names) >= _NEARLY_ALL * n:
            return None
        if not ready.found.detected and amount_of(ready.found.unit) in _PER_MILLION:
            return Doubt(
                f"{n:,} genes are few; their {ready.found.unit}, as told, is taken as of the whole transcriptome"
            )
        return Doubt(
            f"{n:,} genes are a panel or a selection, and cells that the reference lacks show in all other genes: "
            "shares would be far too high. Pass the whole expression matrix; or the panel's part of whole TPM, saying "
            'so with core.cohort.with_info(cohort, unit="TPM"); or use method="cibersort", whose shares are relative',
            refuses=True,
        )

    return test


def normal_tissue(data: AnnData) -> pd.Series:
    """Which samples are normal tissue, by their TCGA barcode or a column that says so.

    Returns
    -------
    pandas.Series
        True or False by sample.
    """
    found = pd.Series(data=False, index=data.obs_names.copy())
    for sample in data.obs_names:
        if barcode := _TCGA.match(str(sample)):
            found[sample] = int(barcode["code"]) in _NORMAL_CODES
    for name in data.obs.columns:
        if str(name).lower() not in _TISSUE_COLUMNS:
            continue
        texts = data.obs[name].astype(object).map(lambda value: str(value).strip())
        normal = texts.map(lambda text: bool(_NORMAL.match(text)))
        if 0 < normal.mean() < 1:
            found |= normal.set_axis(found.index)
    return found


def like_an_array(values: pd.DataFrame) -> bool:
    """Whether logarithms look as those of an array do: a background under every gene, and a tail on the high side.

    Parameters
    ----------
    values
        Samples x genes, log2. Logarithms of reads go down to zero, and their tail is on the low side.
    """
    known = values.to_numpy(dtype=np.float64)
    known = known[np.isfinite(known)]
    if known.size < 100:
        return False
    low, middle = np.quantile(known, [0.01, 0.5])
    skew = float(np.mean(((known - known.mean()) / known.std()) ** 3))
    return bool(low > _ARRAY_LOW and skew > _ARRAY_SKEW and middle - low < np.quantile(known, 0.99) - middle)
