"""Intrinsic subtype and receptor status of breast tumours from expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import InputError
from omics_rx.core.work import log
from omics_rx.harmonize.needs import NO_READS, Needs, Prepared, prepare
from omics_rx.scores.kernels.ranks import row_ranks
from omics_rx.scores.mixture import fit_mixture

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

SUBTYPES = ("Basal", "Her2", "LumA", "LumB", "Normal")
RECEPTORS: dict[str, tuple[tuple[str, ...], ...]] = {
    "er_status": (("ESR1",), ("ESR1", "GATA3", "FOXA1", "XBP1")),
    "pr_status": (("PGR",),),
    "her2_status": (("ERBB2", "GRB7"),),
}
CITES = ("parker2009", "zhao2015")
_SURE = 0.8
_UNCORRECTED_SHARES = (0.4, 0.65)
_BALANCED_SHARE = 0.5
MIN_SAMPLES = 20
_MIN_GENES = 0.5
_MIN_RECORDED = 0.8
_NO_LEVEL = ("log2 ratio", "z")
_MIN_LEVEL_AGREEMENT = 0.25


def centroids() -> pd.DataFrame:
    """Five PAM50 centroids, genes x subtypes."""
    table = resources.table("pam50.tsv").set_index("gene")
    return table[list(SUBTYPES)].astype(np.float64)


def subtype(
    cohort: CohortLike, *, reference: str | CohortLike = "cohort", min_coverage: float = _MIN_GENES
) -> pd.DataFrame:
    """Call the PAM50 subtype and the receptor status of each tumour.

    Parameters
    ----------
    cohort
        AnnData or frame of breast tumours, samples x genes, under any identifiers that ``harmonize.genes`` knows.
    reference
        What genes are centred on. ``"cohort"``: their medians in this cohort, at least 20 tumours; where the share of
        ER-positive tumours (as recorded in ``obs["er_positive"]``, else from expression) lies outside 0.40 to 0.65,
        ER-positive and ER-negative tumours weigh one half each, since centroids are relative to a mixed cohort.
        ``"frozen"``: shipped medians of a mixed RNA-seq cohort, for a single patient: a call then depends on nothing
        but the sample itself. Or another cohort of the same platform and unit, whose medians are used: the
        better choice for a patient measured on an array.
    min_coverage
        Least share of the fifty genes, in the cohort and in each sample.

    Returns
    -------
    pandas.DataFrame
        One row a sample: ``subtype``; Spearman correlation to ``Basal``, ``Her2``, ``LumA``, ``LumB``, ``Normal``;
        ``margin`` (best less second-best correlation); ``er_status``, ``pr_status``, ``her2_status``
        (``"positive"``, ``"negative"`` or ``"unknown"``, see :func:`receptors`); ``reference``, what genes were
        centred on. A sample with too few genes has a missing subtype and says why in ``reference``.

    Raises
    ------
    InputError
        If the cohort has too few of the genes or too few samples to centre on itself; if ``"frozen"`` is asked of
        ratios or z-scores, which have lost the level of each gene.

    Notes
    -----
    Parker et al., Journal of Clinical Oncology 2009; the correction for ER mix follows the argument of Zhao et al.,
    Breast Cancer Research 2015, by weighted medians instead of drawn subsets, so that it is exact and repeatable.
    """
    ready = prepare(cohort, pam50_needs(min_coverage))
    values = _pam50_values(ready)
    status = _receptors(ready)
    centre, stated = _centre(ready, values, status["er_status"], reference)
    centred = (values - centre.reindex(values.columns)).loc[:, centre.reindex(values.columns).notna().to_numpy()]
    table = _correlations(centred)
    enough = centred.notna().sum(axis=1) >= min_coverage * len(centroids())
    table[~enough.to_numpy()] = np.nan
    calls = _calls(table, enough, stated).join(status)[["subtype", *SUBTYPES, "margin", *RECEPTORS, "reference"]]
    calls.loc[calls.index.isin(list(ready.unanswered)), "reference"] = f"not called: {NO_READS}"
    return ready.told(calls)


def pam50_needs(min_coverage: float = _MIN_GENES, *, min_samples: int = 0) -> Needs:
    """What :func:`subtype` needs of a cohort."""
    return Needs(
        "the PAM50 subtype",
        genes=tuple(centroids().index),
        coverage=min_coverage,
        hinges=("ESR1", "ERBB2", "MKI67"),
        min_samples=min_samples,
    )


def receptors(cohort: CohortLike) -> pd.DataFrame:
    """Tell receptor status from expression, within a cohort.

    ESR1 (where that does not fall into two groups: ESR1, GATA3, FOXA1 and XBP1 together), PGR, and ERBB2 with GRB7,
    one amplicon, are each standardised, averaged and split into two normal distributions. A tumour is ``"positive"``
    or ``"negative"`` when its group is at least 80% sure; otherwise, or where the first gene is missing or the cohort
    does not fall into two groups, it is ``"unknown"``. No fixed cut-off is used, since none carries from one platform
    to another; so a cohort of one kind, or of fewer than 20, has no status.

    Returns
    -------
    pandas.DataFrame
        Samples x ``er_status``, ``pr_status``, ``her2_status``.
    """
    return _receptors(prepare(cohort, Needs("receptor status", genes=("ESR1", "PGR", "ERBB2"))))


def _receptors(ready: Prepared) -> pd.DataFrame:
    """Receptor status of a prepared cohort; see :func:`receptors`."""
    table = pd.DataFrame("unknown", index=ready.source.obs_names.copy(), columns=pd.Index(list(RECEPTORS)))
    for column, choices in RECEPTORS.items():
        for genes in choices:
            high = _probability_high(ready, genes)
            if high is not None:
                table.loc[high >= _SURE, column] = "positive"
                table.loc[high <= 1 - _SURE, column] = "negative"
                break
    return table


def _probability_high(ready: Prepared, genes: tuple[str, ...]) -> np.ndarray | None:
    """Probability of the high of two groups, or None where there are no two groups or the first gene is missing."""
    values = ready.values(genes)
    if genes[0] not in values:
        return None
    if len(values) < 2 or not (values.std() > 0).all():
        return None
    level = ((values - values.mean()) / values.std()).mean(axis=1).where(values[genes[0]].notna()).to_numpy()
    mixture = fit_mixture(level)
    return mixture.probability_high(level) if mixture is not None and mixture.bimodal else None


def _pam50_values(ready: Prepared) -> pd.DataFrame:
    values = ready.values(centroids().index)
    return values.loc[:, values.notna().any().to_numpy()]


def _centre(
    ready: Prepared, values: pd.DataFrame, er_status: pd.Series, reference: str | CohortLike
) -> tuple[pd.Series, str]:
    """Level of each gene that counts as zero, and where it comes from, in words."""
    if not isinstance(reference, str):
        other = prepare(reference, pam50_needs())
        weights, _ = _er_weights(other.source, _receptors(other)["er_status"])
        return _weighted_medians(_pam50_values(other), weights), "another cohort"
    if reference == "frozen":
        medians = resources.table("pam50_frozen.tsv").set_index("gene")["median_log2"].astype(np.float64)
        _check_levels(ready, values, medians)
        return medians, "frozen"
    if reference != "cohort":
        raise InputError(f'reference {reference!r} is not known: use "cohort", "frozen" or a cohort to centre on')
    if len(values) < MIN_SAMPLES:
        raise InputError(
            f"{len(values)} samples are too few to centre genes on their own cohort, {MIN_SAMPLES} are needed: "
            'use reference="frozen", or pass a cohort of the same platform as reference'
        )
    weights, stated = _er_weights(ready.source, er_status)
    return _weighted_medians(values, weights), stated


def _check_levels(ready: Prepared, values: pd.DataFrame, medians: pd.Series) -> None:
    """Refuse values that say nothing of the level of a gene within a sample: ratios, z-scores, centred genes."""
    told = ready.found
    agreement = float(values.T.corrwith(medians.reindex(values.columns), method="spearman").median())
    if (not told.detected and told.unit in _NO_LEVEL) or agreement < _MIN_LEVEL_AGREEMENT:
        raise InputError(
            f"genes have lost their levels (unit {told.unit}; within a sample they follow the frozen medians with "
            f"correlation {agreement:.2f}): pass a cohort of the same platform as reference instead of frozen medians"
        )


def _er_weights(data: AnnData, er_status: pd.Series) -> tuple[np.ndarray, str]:
    """Weight of each sample in the medians, and what was done, in words."""
    recorded = _recorded_er(data)
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


def _recorded_er(data: AnnData) -> pd.Series | None:
    """ER status on record, where it is known for most samples."""
    if "er_positive" not in data.obs:
        return None
    told = pd.to_numeric(data.obs["er_positive"].astype(object), errors="coerce")
    if told.notna().mean() < _MIN_RECORDED:
        return None
    return pd.Series(np.select([told == 1, told == 0], ["positive", "negative"], "unknown"), index=told.index)


def _weighted_medians(values: pd.DataFrame, weights: np.ndarray) -> pd.Series:
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


def _correlations(centred: pd.DataFrame) -> pd.DataFrame:
    """Spearman correlation of each sample to each centroid over the genes known in the sample."""
    profile = centroids().loc[centred.columns]
    values = centred.to_numpy()
    result = np.full((len(values), len(SUBTYPES)), np.nan)
    known = ~np.isnan(values)
    for pattern in np.unique(known, axis=0):
        rows = np.flatnonzero((known == pattern).all(axis=1))
        if pattern.sum() < 3:
            continue
        left = row_ranks(values[np.ix_(rows, pattern)])
        right = row_ranks(profile.to_numpy()[pattern].T)
        left -= left.mean(axis=1, keepdims=True)
        right -= right.mean(axis=1, keepdims=True)
        length = np.sqrt((left**2).sum(axis=1))[:, None] * np.sqrt((right**2).sum(axis=1))
        with np.errstate(invalid="ignore", divide="ignore"):
            result[rows] = (left @ right.T) / length
    return pd.DataFrame(result, index=centred.index, columns=pd.Index(SUBTYPES))


def _calls(table: pd.DataFrame, enough: pd.Series, stated: str) -> pd.DataFrame:
    called = table.copy()
    scores = table.to_numpy()
    known = ~np.isnan(scores).any(axis=1)
    names = pd.Series(pd.NA, index=table.index, dtype=object)
    names[known] = np.array(SUBTYPES, dtype=object)[scores[known].argmax(axis=1)]
    called.insert(0, "subtype", names)
    ordered = np.sort(scores, axis=1)
    called["margin"] = ordered[:, -1] - ordered[:, -2]
    called["reference"] = stated
    called.loc[~enough.to_numpy(), "reference"] = "not called: too few PAM50 genes"
    return called
