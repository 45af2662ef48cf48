"""What PAM50 genes are centred on: the cohort itself, balanced for receptors, frozen medians, or another cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import InputError
from omics_rx.core.work import log
from omics_rx.scores.centroids import centroids, correlations
from omics_rx.scores.records import recorded_receptor

if TYPE_CHECKING:
    from omics_rx.harmonize.needs import Prepared
    from omics_rx.harmonize.normal_tissue import NormalTissue

MIN_SAMPLES = 20
# SCAN-B's tumours of one subtype alone: 212 of 212 LumA, 53 of 63 Basal, 37 of 42 Her2 and 39 of 65 LumB are called so
UNSURE = "luminal A and B are not told apart surely without a mixed cohort as reference"
# benchmarks/pam50_agreement.py: 100 tumours of TCGA as CPM and as TPM, 400 of SCAN-B as FPKM
ALONE = (
    "each tumour alone on frozen medians: as its own cohort calls it in 94% (CPM), 86% (FPKM) and 81% (TPM), luminal A "
    "and B pass into each other by the unit (where the margin is 0.1 or more, in 100%, 90% and 85%)"
)
_UNCORRECTED_SHARES = (0.4, 0.65)
_BALANCED_SHARE = 0.5
_MIN_RECORDED = 0.8
_NO_LEVEL = ("log2 ratio", "z")
_MIN_LEVEL_AGREEMENT = 0.25
_LIKE_SEQUENCING = 0.6  # agreement with the levels of sequenced tumours of any subtype: .74 and .76; of an array .53
_ONE_SUBTYPE = 0.85
_ONE_KIND = (0.1, 0.95)  # shares of ER-positive tumours outside which a cohort is of one kind


def on_cohort(
    ready: Prepared, values: pd.DataFrame, er_status: pd.Series, found: NormalTissue
) -> tuple[pd.Series, str]:  # fmt: skip
    """Medians of a cohort's tumours, or the frozen ones where they are all of one kind, and what was done, in words.

    Centroids are relative to a cohort of all kinds. Whether one is, is told without the other samples: by ESR1 within
    each sample (against the median of its PAM50 genes), where levels agree with those of sequenced tumours, else by
    what is on record.

    Raises
    ------
    InputError
        If there are under 20 tumours; if all are of one kind and their levels do not allow frozen medians.
    """
    normal = found.all | values.isna().all(axis=1).to_numpy()
    tumours = values[~normal]
    told = f"; {found.told.sum()} normal samples left out of it" if found.told.any() else ""
    if found.said:
        log.warning("PAM50: %s", found.said)
        told += f"; {found.said}"
    if len(tumours) < MIN_SAMPLES:
        raise InputError(
            f"{len(tumours)} samples are too few to centre genes on their own cohort, {MIN_SAMPLES} are needed: "
            f'use reference="frozen" ({ALONE}), or pass a cohort of the same platform as reference'
        )
    share, source = _positive_share(ready, tumours)
    kind = ""
    if share is not None and not _ONE_KIND[0] <= share <= _ONE_KIND[1]:
        kind = f"tumours of one kind: {share:.0%} ER-positive by {source}"
    elif _has_levels(ready, tumours):
        kind = _one_subtype(tumours)
    if kind:
        if not _has_levels(ready, tumours):
            raise InputError(
                f"these are {kind}, and genes can be centred neither on such a cohort nor on frozen medians of "
                "sequenced tumours, for their levels differ: pass a mixed cohort of the same platform as reference"
            )
        log.warning("PAM50: %s, so genes are centred on frozen medians, not on this cohort; %s", kind, UNSURE)
        return frozen_medians(), f"frozen ({kind}); {UNSURE}; {ALONE}{told}"
    weights, stated = er_weights(ready.source.obs[~normal], er_status[~normal])
    return weighted_medians(tumours, weights), stated + told


def _positive_share(ready: Prepared, tumours: pd.DataFrame) -> tuple[float | None, str]:
    """Share of ER-positive tumours, told without comparing samples with each other; None where nothing tells it."""
    recorded = recorded_receptor(ready.source.obs, "er", least=_MIN_RECORDED)
    if recorded is not None:
        known = recorded[tumours.index]
        known = known[known != "unknown"]
        if len(known):
            return float((known == "positive").mean()), "record"
    if "ESR1" in tumours and _has_levels(ready, tumours):
        return float((tumours["ESR1"] > tumours.median(axis=1)).mean()), "ESR1 within each sample"
    return None, ""


def _has_levels(ready: Prepared, values: pd.DataFrame) -> bool:
    """Whether genes have the levels within a sample that sequencing gives them, by the unit or by the levels."""
    unit = ready.found.unit
    if unit in _NO_LEVEL or unit == "unknown":
        return False
    if unit != "log2 intensity":
        return _agreement(values) >= _MIN_LEVEL_AGREEMENT
    profiles = centroids().reindex(values.columns).add(frozen_medians().reindex(values.columns), axis=0)
    best = pd.concat([values.T.corrwith(profiles[name], method="spearman") for name in profiles], axis=1).max(axis=1)
    return float(best.median()) >= _LIKE_SEQUENCING


def _one_subtype(tumours: pd.DataFrame) -> str:
    """That nearly all tumours are of one subtype by the frozen medians, in words; empty where they are not."""
    both = [str(gene) for gene in tumours if gene in frozen_medians().index]
    near = correlations(tumours[both] - frozen_medians()[both]).dropna()
    shares = near.idxmax(axis=1).value_counts(normalize=True)
    if shares.empty or shares.iloc[0] < _ONE_SUBTYPE:
        return ""
    return f"tumours of one kind: {shares.iloc[0]:.0%} {shares.index[0]} by levels within each sample"


def frozen_medians() -> pd.Series:
    """Median of each PAM50 gene over a mixed cohort of sequenced tumours, log2."""
    return resources.table("pam50_frozen.tsv").set_index("gene")["median_log2"].astype(np.float64)


def _agreement(values: pd.DataFrame) -> float:
    """Correlation of the levels of genes within a typical sample with the frozen medians."""
    medians = frozen_medians().reindex(values.columns)
    return float(values.T.corrwith(medians, method="spearman").median())


def check_levels(ready: Prepared, values: pd.DataFrame) -> None:
    """Refuse values that say nothing of the level of a gene within a sample: ratios, z-scores, centred genes.

    Raises
    ------
    InputError
        If they do.
    """
    told, agreement = ready.found, _agreement(values)
    if (not told.detected and told.unit in _NO_LEVEL) or agreement < _MIN_LEVEL_AGREEMENT:
        raise InputError(
            f"genes have lost their levels (unit {told.unit}; within a sample they follow the frozen medians with "
            f"correlation {agreement:.2f}): pass a cohort of the same platform as reference instead of frozen medians"
        )


def er_weights(obs: pd.DataFrame, er_status: pd.Series) -> tuple[np.ndarray, str]:
    """Weight of each sample in the medians, and what was done, in words."""
    recorded = recorded_receptor(obs, "er", least=_MIN_RECORDED)
    er = er_status if recorded is None else recorded
    source = "expression" if recorded is None else "records"
    positive, negative = (er == "positive").to_numpy(), (er == "negative").to_numpy()
    if not positive.any() or not negative.any():
        log.warning(
            "ER-positive and ER-negative tumours cannot be told apart in this cohort, so the centring is not corrected "
            'for their mix: if nearly all are of one kind, use reference="frozen" or a mixed cohort as reference'
        )
        return np.ones(len(er)), "cohort (ER mix unknown)"
    share = positive.sum() / (positive.sum() + negative.sum())
    if _UNCORRECTED_SHARES[0] <= share <= _UNCORRECTED_SHARES[1]:
        return np.ones(len(er)), "cohort"
    weights = np.zeros(len(er))
    weights[positive] = _BALANCED_SHARE / positive.sum()
    weights[negative] = (1 - _BALANCED_SHARE) / negative.sum()
    return weights, f"cohort, balanced for ER ({share:.0%} positive by {source})"


def weighted_medians(values: pd.DataFrame, weights: np.ndarray) -> pd.Series:
    """Weighted median of each gene over its known values; the mean of the two middle values at an even split."""
    medians = {}
    for gene, column in values.items():
        known = column.notna().to_numpy()
        weight = weights[known] if weights[known].any() else np.ones(int(known.sum()))
        order = np.argsort(column.to_numpy()[known], kind="stable")
        ordered, running = column.to_numpy()[known][order], np.cumsum(weight[order])
        half = running[-1] / 2
        low = np.searchsorted(running, half * (1 - 1e-12))
        high = min(np.searchsorted(running, half * (1 + 1e-12)), ordered.size - 1)
        medians[gene] = (ordered[low] + ordered[high]) / 2
    return pd.Series(medians)
