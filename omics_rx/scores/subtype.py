"""Intrinsic subtype and receptor status of breast tumours from expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.work import log
from omics_rx.harmonize.needs import NO_READS, Needs, Prepared, prepare
from omics_rx.harmonize.normal_tissue import NormalTissue, asked_genes, normal_tissue
from omics_rx.harmonize.organs import of_another_organ
from omics_rx.scores.centring import ALONE, check_levels, er_weights, frozen_medians, on_cohort, weighted_medians
from omics_rx.scores.centroids import SUBTYPES, centroids, correlations
from omics_rx.scores.mixture import fit_mixture
from omics_rx.scores.records import recorded_receptor

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

RECEPTORS: dict[str, tuple[tuple[str, ...], ...]] = {
    "er_status": (("ESR1",), ("ESR1", "GATA3", "FOXA1", "XBP1")),
    "pr_status": (("PGR",),),
    "her2_status": (("ERBB2", "GRB7"),),
}
CITES = ("parker2009", "zhao2015")
_SURE = 0.8
_TIE = 1e-9
_DECIMALS = 6
_MIN_GENES = 0.5


@in_words
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
        ER-positive tumours (on record under a usual name such as ``obs["er_status"]``, else from expression) lies
        outside 0.40 to 0.65, ER-positive and ER-negative tumours weigh one half each, since centroids are relative to a
        mixed cohort; a cohort of one kind, as ESR1 within each sample tells it, is centred on the frozen medians,
        which ``reference`` then says. Normal tissue, by barcode, name or ``sample_type``, or where
        nothing tells by expression that lies apart from all tumours, is left out of the medians, as ``reference`` then
        says.
        ``"frozen"``: shipped medians of a mixed RNA-seq cohort, for a single patient: a call then depends on nothing
        but the sample itself. Or another cohort of the same platform and unit, whose medians are used, balanced for ER
        like those of the cohort itself, as ``reference`` in the result says: the better choice for a patient measured
        on an array.
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
    normal = _normals_in(ready)
    status = _receptors(ready, normal)
    centre, stated = _centre(ready, values, status["er_status"], normal, reference)
    centred = (values - centre.reindex(values.columns)).loc[:, centre.reindex(values.columns).notna().to_numpy()]
    centred = centred.round(_DECIMALS)  # so that values that were equal as written tie in either precision
    table = correlations(centred)
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
        single=True,
        tests=(of_another_organ,),
    )


@in_words
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
    ready = prepare(cohort, Needs("receptor status", genes=("ESR1", "PGR", "ERBB2"), single=True))
    return _receptors(ready, _normals_in(ready))


def _normals_in(ready: Prepared) -> NormalTissue:
    """Samples of a prepared cohort that are normal tissue, as told or as their expression says."""
    return normal_tissue(ready.source.obs, ready.values(asked_genes()))


def _receptors(ready: Prepared, normal: NormalTissue) -> pd.DataFrame:
    """Receptor status of a prepared cohort; see :func:`receptors`."""
    table = pd.DataFrame("unknown", index=ready.source.obs_names.copy(), columns=pd.Index(list(RECEPTORS)))
    for column, choices in RECEPTORS.items():
        for genes in choices:
            high = _probability_high(ready, genes, ~normal.all)
            if high is not None:
                table.loc[high >= _SURE, column] = "positive"
                table.loc[high <= 1 - _SURE, column] = "negative"
                break
        recorded = recorded_receptor(ready.source.obs, column.removesuffix("_status"))
        if recorded is not None:
            open_yet = (table[column] == "unknown").to_numpy()
            table.loc[open_yet, column] = recorded[open_yet]
    return table


def _probability_high(ready: Prepared, genes: tuple[str, ...], tumour: np.ndarray) -> np.ndarray | None:
    """Probability of the high of two groups, or None where there are no two groups or the first gene is missing."""
    values = ready.values(genes)
    if genes[0] not in values:
        return None
    tumours = values[tumour]
    if len(tumours) < 2 or not (tumours.std() > 0).all():
        return None
    level = ((values - tumours.mean()) / tumours.std()).mean(axis=1).where(values[genes[0]].notna())
    mixture = fit_mixture(level[tumours.index].to_numpy())
    return mixture.probability_high(level.to_numpy()) if mixture is not None and mixture.bimodal else None


def _pam50_values(ready: Prepared) -> pd.DataFrame:
    values = ready.values(centroids().index)
    return values.loc[:, values.notna().any().to_numpy()]


def _centre(
    ready: Prepared, values: pd.DataFrame, er_status: pd.Series, normal: NormalTissue, reference: str | CohortLike
) -> tuple[pd.Series, str]:
    """Level of each gene that counts as zero, and where it comes from, in words."""
    if not isinstance(reference, str):
        other = prepare(reference, pam50_needs())
        aside = _normals_in(other)
        tumours = ~aside.all
        weights, stated = er_weights(other.source.obs[tumours], _receptors(other, aside)["er_status"][tumours])
        return weighted_medians(_pam50_values(other)[tumours], weights), f"another {stated}"
    if reference == "frozen":
        check_levels(ready, values)
        log.warning("PAM50: %s", ALONE)
        return frozen_medians(), f"frozen; {ALONE}"
    if reference != "cohort":
        raise InputError(f'reference {reference!r} is not known: use "cohort", "frozen" or a cohort to centre on')
    return on_cohort(ready, values, er_status, normal)


def _calls(table: pd.DataFrame, enough: pd.Series, stated: str) -> pd.DataFrame:
    called = table.copy()
    scores = table.to_numpy()
    known = ~np.isnan(scores).any(axis=1)
    names = pd.Series(pd.NA, index=table.index, dtype=object)
    names[known] = np.array(SUBTYPES, dtype=object)[scores[known].argmax(axis=1)]
    called.insert(0, "subtype", names)
    ordered = np.sort(scores, axis=1)
    margin = ordered[:, -1] - ordered[:, -2]
    called["margin"] = np.where(margin < _TIE, 0.0, margin)
    called["reference"] = stated
    called.loc[~enough.to_numpy(), "reference"] = "not called: too few PAM50 genes"
    return called
