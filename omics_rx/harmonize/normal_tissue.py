"""Which samples are normal tissue: told by barcode, name or a column, else by expression where they stand apart.

Normal tissue among tumours moves every mean and median that tumours are compared with. Where nobody says what a sample
is, genes that tell normal breast from breast tumours are asked (a meta-analysis of 24 GEO series, CC0, through STARGEO:
Hadley et al., Scientific Data 2017, doi:10.1038/sdata.2017.125). One sample says little by itself, for tumours of few
tumour cells look like normal tissue; so only a group of samples that lies apart from all others is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import examples
from omics_rx.harmonize.sample_words import ABOUT_COLUMN, has, tcga_types

_NORMAL_CODES = {"10", "11", "12", "13", "14"}  # of TCGA's sample types
_GTEX = re.compile(r"^GTEX-", re.IGNORECASE)
_NAMED = re.compile(r"(^|[-_. (])(normal|adjacent|nat|healthy)([-_. )\d]|$)", re.IGNORECASE)
_KIND_COLUMN = re.compile(
    r"^(?:sample|tissue|specimen)[_. ]?(?:types?|class|status|kind|type[_. ](?:id|name))?(?:[_.]samples)?$"
    r"|^(?:tumou?r_normal|normal_tumou?r|definition|shortlettercode|disease_state)$",
    re.IGNORECASE,
)
_NORMAL_KIND = re.compile(
    r"^(?:solid tissue normal|blood derived normal|normal(?![- ]?like)|healthy|control|adjacent|non-?tumou?r|benign|nt|"
    r"1[0-4])\b",
    re.IGNORECASE,
)
_TUMOUR_KIND = re.compile(
    r"^(?:primary|metasta|recurren|tumou?r|cancer|carcinoma|malignan|tp|tm|tr|t|0?[1-9](?:\.0)?$)", re.IGNORECASE
)
_CALL_COLUMN = re.compile(r"subtype|pam50|call|margin|normali[sz]", re.IGNORECASE)
_NORMAL_WORDS = re.compile(
    r"\b(solid tissue normal|adjacent normal|normal adjacent|normal|healthy|non[- ]?(tumou?r|cancer|malignant)\w*|"
    r"benign|reduction mammoplasty|nt)\b",
    re.IGNORECASE,
)
_NOT_NORMAL = re.compile(r"tumou?r|carcinoma|cancer|malignan|normal[- ]?like|abnormal|metasta", re.IGNORECASE)

MIN_SAMPLES = 20
_MIN_GENES = 15
# Ashman's D between the two groups, and the gap between them, both in their spread. Of the 17 normals of GSE42568 mixed
# with 8 to 104 of its tumours, groups of six or more lie 4.8 to 7.0 apart, of three to five 5.8 and more; among tumours
# alone, seven cohorts drawn in parts of 25 to 400, groups of six or more lie up to 4.9 apart, smaller ones up to 6.1.
_APART, _GROUP = 5.1, 6
_FEW_APART, _FEW_GAP, _FEW = 5.5, 1.4, 3


@dataclass(frozen=True, eq=False)
class NormalTissue:
    """Samples that are normal tissue.

    Attributes
    ----------
    told
        By barcode, name or a column, shape ``(n,)``.
    seen
        By expression alone, shape ``(n,)``.
    said
        What is to be said of those seen; empty where there are none.
    """

    told: np.ndarray
    seen: np.ndarray
    said: str

    @property
    def all(self) -> np.ndarray:
        """Told or seen, shape ``(n,)``."""
        both: np.ndarray = self.told | self.seen
        return both


def normal_tissue(obs: pd.DataFrame, values: pd.DataFrame | None = None) -> NormalTissue:
    """Which samples are normal tissue.

    Parameters
    ----------
    obs
        Samples x what is recorded.
    values
        The same samples x genes under current symbols, on a log scale; without, expression is not asked.
    """
    told = recorded_normal(obs)
    seen = np.zeros(len(obs), dtype=bool)
    if values is not None:
        asked = ~(told | _recorded_tumour(obs))
        seen[asked] = looks_normal(values[asked])
    names = obs.index[seen].astype(str)
    said = (
        f"{len(names)} samples that nothing names look like normal tissue by expression and are left out "
        f'({examples(names)}); obs["sample_type"] = "tumour" keeps one'
        if len(names)
        else ""
    )
    return NormalTissue(told, seen, said)


def recorded_normal(obs: pd.DataFrame) -> np.ndarray:
    """Samples that are normal tissue by TCGA's or GTEx's barcode, by name or by a column, shape ``(n,)``."""
    names = pd.Series(obs.index.astype(str), index=obs.index)
    found = tcga_types(obs.index).isin(_NORMAL_CODES).to_numpy(copy=True)
    found |= has(names, _GTEX) | has(names, _NAMED)
    for column in obs:
        if _KIND_COLUMN.match(str(column)):
            normal = has(_words(obs[column]), _NORMAL_KIND)
            found |= normal & ~normal.all()
        if _tells_of_samples(obs, column):
            words = _words(obs[column])
            found |= has(words, _NORMAL_WORDS) & ~has(words, _NOT_NORMAL)
    return found


def _tells_of_samples(obs: pd.DataFrame, column: object) -> bool:
    named = bool(ABOUT_COLUMN.search(str(column))) and not _CALL_COLUMN.search(str(column))
    return named and not pd.api.types.is_numeric_dtype(obs[column])


def _recorded_tumour(obs: pd.DataFrame) -> np.ndarray:
    """Samples of which barcode or a column of kinds says that they are tumours."""
    codes = tcga_types(obs.index)
    found = codes.notna().to_numpy() & ~codes.isin(_NORMAL_CODES).to_numpy()
    for column in obs:
        if _KIND_COLUMN.match(str(column)):
            found |= has(_words(obs[column]), _TUMOUR_KIND)
    return found


def _words(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").astype(str).str.strip()


@cache
def _genes() -> tuple[tuple[str, ...], tuple[str, ...]]:
    table = resources.table("breast_normal.tsv")
    higher = table["higher_in"] == "normal"
    return tuple(table.loc[higher, "gene"]), tuple(table.loc[~higher, "gene"])


def asked_genes() -> tuple[str, ...]:
    """Genes that :func:`looks_normal` reads."""
    return (*_genes()[0], *_genes()[1])


def looks_normal(values: pd.DataFrame) -> np.ndarray:
    """Samples that lie apart from all others towards normal breast, shape ``(n,)``.

    The mean z of genes that are higher in normal breast less that of genes that are higher in tumours is cut in two
    where the groups lie farthest apart by Ashman's D; the upper one is told where that is farther than among
    tumours alone.

    Parameters
    ----------
    values
        Samples x genes under current symbols, on a log scale. Under 20 samples, or under 15 of the genes on either
        side, nothing is told.
    """
    nobody = np.zeros(len(values), dtype=bool)
    if len(values) < MIN_SAMPLES:
        return nobody
    normal, tumour = (values[[gene for gene in side if gene in values]] for side in _genes())
    normal, tumour = (side.loc[:, (side.std() > 0).to_numpy()] for side in (normal, tumour))
    if min(normal.shape[1], tumour.shape[1]) < _MIN_GENES:
        return nobody
    level = _mean_z(normal) - _mean_z(tumour)
    cut = _lowest_above(np.sort(level[np.isfinite(level)]))
    return nobody if cut is None else np.nan_to_num(level, nan=-np.inf) >= cut


def _mean_z(values: pd.DataFrame) -> np.ndarray:
    return ((values - values.mean()) / values.std()).mean(axis=1).to_numpy(dtype=np.float64)


def _lowest_above(ordered: np.ndarray) -> float | None:
    """Lowest value of the upper of two groups, or None where no group lies apart."""
    best: dict[bool, tuple[float, float]] = {}
    for low in range(_FEW, len(ordered) - _FEW + 1):
        below, above = ordered[:low], ordered[low:]
        spread = float(np.sqrt((below.var() + above.var()) / 2))
        if spread <= 0:
            continue
        apart, gap = float(above.mean() - below.mean()) / spread, float(above[0] - below[-1]) / spread
        large = min(len(below), len(above)) >= _GROUP
        if apart >= (_APART if large else _FEW_APART) and gap >= (0 if large else _FEW_GAP):
            best[large] = max(best.get(large, (0.0, 0.0)), (apart, float(above[0])))
    return best[max(best)][1] if best else None
