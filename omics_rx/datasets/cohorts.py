"""Breast cancer cohorts with expression and follow-up, from the SurvSet collection (Drysdale 2022, arXiv 2203.03094).

Each is read by the same steps; what differs is a :class:`_Layout`. A tumour's clinical columns are given one name and
one coding in all of them: ``er_positive`` and ``node_positive`` (true, false or missing), ``grade`` (1 to 3),
``size`` (T category, 1 to 4), ``age`` (years), ``metastasis``, ``histology``, and ``er_level`` (0 to 3) where ER was
recorded as a level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import cohort as cohorts
from omics_rx.core.errors import IntegrityError
from omics_rx.datasets import tidy, unpickle
from omics_rx.datasets.registry import Raw

if TYPE_CHECKING:
    from anndata import AnnData

_GENE = "num_HS_"
_MISSING = {"missing", "na", "x", ""}


@dataclass(frozen=True)
class _Layout:
    """How one cohort's table is written.

    Attributes
    ----------
    endpoint, unit
        What the event is, and what the expression is in.
    shape
        Tumours and genes the table must have.
    numbers
        Our column to the table's, for grade, size, age and levels.
    flags
        Our column to the table's, true where the number is above 0.
    texts
        Our column to the table's, for words.
    """

    name: str
    endpoint: str
    unit: str
    shape: tuple[int, int]
    numbers: Mapping[str, str]
    flags: Mapping[str, str]
    texts: Mapping[str, str]


_GSE1992 = _Layout(
    "gse1992", "relapse", "log2 ratio", (124, 15528),
    numbers={"grade": "fac_grade", "size": "num_size", "age": "num_age"},
    flags={"er_positive": "fac_er_positive", "node_positive": "fac_node_status"}, texts={},
)  # fmt: skip
# ER was stained and recorded as a level; any staining is called positive, as in the other two cohorts
_GSE3143 = _Layout(
    "gse3143", "death", "log2 intensity", (158, 8659),
    numbers={"er_level": "num_erlev"}, flags={"er_positive": "num_erlev"}, texts={},
)  # fmt: skip
_GSE4335 = _Layout(
    "gse4335", "death", "log2 ratio", (115, 12793),
    numbers={"grade": "num_grade", "size": "fac_tumor_size", "age": "num_age"},
    flags={"er_positive": "fac_er_status", "node_positive": "fac_node_status", "metastasis": "fac_metastasis"},
    texts={"histology": "fac_histology"},
)  # fmt: skip


def gse1992(bring: tidy.Bring, *, screens: str = "latest") -> AnnData:  # noqa: ARG001 - cohorts have no screens
    """Load 124 tumours with relapse-free months."""
    return _load(_GSE1992, bring)


def gse3143(bring: tidy.Bring, *, screens: str = "latest") -> AnnData:  # noqa: ARG001 - cohorts have no screens
    """Load 158 tumours with months to death."""
    return _load(_GSE3143, bring)


def gse4335(bring: tidy.Bring, *, screens: str = "latest") -> AnnData:  # noqa: ARG001 - cohorts have no screens
    """Load 115 tumours with months to death."""
    return _load(_GSE4335, bring)


def _load(layout: _Layout, bring: tidy.Bring) -> AnnData:
    def make(raw: Raw, folder: Path) -> None:
        _tidy(layout, unpickle.frame(raw.path(f"{layout.name}.pickle"))).write_h5ad(folder / "cohort.h5ad")

    return tidy.read(tidy.kept(layout.name, bring, make) / "cohort.h5ad")


def _tidy(layout: _Layout, table: pd.DataFrame) -> AnnData:
    """Turn a SurvSet table into a cohort with current gene symbols."""
    from anndata import AnnData

    from omics_rx.harmonize import genes as with_current_symbols

    genes = [str(column) for column in table if str(column).startswith(_GENE)]
    if (len(table), len(genes)) != layout.shape:
        raise IntegrityError(
            f"{layout.name} has {len(table)} tumours and {len(genes)} genes, not {layout.shape}: download it again"
        )
    samples = pd.Index(table["pid"].astype(str).to_numpy())
    # no gene symbol holds an underscore; one of the tables has HLA_A for HLA-A
    symbols = pd.Index([column.removeprefix(_GENE).replace("_", "-") for column in genes])
    cohort = AnnData(
        table[genes].to_numpy(dtype=np.float32),
        obs=_clinical(layout, table).set_axis(samples),
        var=pd.DataFrame(index=symbols),
    )
    told = cohorts.with_info(cohort, unit=layout.unit, domain="tumour", origin=layout.name)
    return with_current_symbols(told)


def _clinical(layout: _Layout, table: pd.DataFrame) -> pd.DataFrame:
    """Follow-up in months and clinical columns under common names."""
    obs = pd.DataFrame(
        {
            "time": table["time"].to_numpy(dtype=np.float64),
            "event": table["event"].to_numpy(dtype=np.int64) == 1,
            "endpoint": layout.endpoint,
        },
    )
    for ours, theirs in layout.flags.items():
        number = _number(table[theirs])
        obs[ours] = (number > 0).astype("boolean").mask(number.isna())
    for ours, theirs in layout.numbers.items():
        obs[ours] = _number(table[theirs])
    for ours, theirs in layout.texts.items():
        obs[ours] = table[theirs].astype(str)
    return obs


def _number(column: pd.Series) -> pd.Series:
    """Numbers of a column whose unknown values are written as words."""
    text = column.astype(object)
    known = text.where(~text.astype(str).str.lower().isin(_MISSING))
    return pd.to_numeric(known, errors="raise").astype(np.float64).reset_index(drop=True)
