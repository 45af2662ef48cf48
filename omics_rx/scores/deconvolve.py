"""Fractions of cell types in bulk samples, by a reference of pure types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples, named
from omics_rx.core.provenance import Provenance, frame_sha256
from omics_rx.core.units import amount_of
from omics_rx.core.work import log, rng, track
from omics_rx.harmonize.needs import Needs, Prepared, prepare
from omics_rx.scores.data_tests import whole_for_shares
from omics_rx.scores.kernels.fractions import constrained_fractions, svr_fractions, variability_weights
from omics_rx.scores.references import CellReference, til10, with_current_symbols

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

METHODS = ("quantiseq", "epic", "cibersort")
CITES = {"quantiseq": "finotello2019", "epic": "racle2017", "cibersort": "newman2015"}
OTHER = "other"
_FEW_TREGS = 0.02
_MORE_THAN_MARKERS = 1.2
_MUCH = 0.5
_N_SHUFFLES, _ALPHA = 199, 0.05
_TREG, _CD4 = "Regulatory T cells", "CD4 T cells"


@dataclass(frozen=True, eq=False)
class Deconvolution:
    """Cell-type fractions of samples and how well they fit.

    Attributes
    ----------
    fractions
        Samples x types; with ``"other"`` (all cells that the reference lacks) for the methods that tell it. Rows sum
        to 1.
    fit
        Samples x ``rmse``, ``correlation`` (of the fitted with the measured markers), where asked for ``p_value``, and
        ``reason``: why a sample has no fractions (they are NaN), else empty.
    method, reference
        How, and with which reference.
    provenance
        Inputs, settings, versions, citations.
    """

    fractions: pd.DataFrame
    fit: pd.DataFrame
    method: str
    reference: str
    provenance: Provenance


@in_words
def deconvolve(
    cohort: CohortLike,
    reference: CellReference | None = None,
    *,
    method: str = "quantiseq",
    min_coverage: float = 0.5,
    n_permutations: int = 0,
    seed: int = 0,
    progress: bool | None = None,
) -> Deconvolution:
    """Estimate the share of each cell type in bulk samples.

    Parameters
    ----------
    cohort
        AnnData or frame of tumours or blood, samples x genes, all genes measured. Counts, CPM, TPM and FPKM are used as
        they are, their logarithms and array intensities are taken back to a linear scale.
    reference
        Profiles of pure types; None takes :func:`til10`. See also :func:`reference_from_cells`.
    method
        ``"quantiseq"``: constrained least squares, mixture scaled to a million over all its genes, shares divided by
        mRNA content. ``"epic"``: the same with mixture and reference scaled over their common genes, so the reference
        must hold more than markers, and genes weighed by their variability where the reference knows it.
        ``"cibersort"``: nu-support-vector regression, relative shares of the reference's types only.
    min_coverage
        Least share of the reference's markers that the cohort must have.
    n_permutations
        For ``"cibersort"``: draws of random mixtures for the p of the fit (Newman et al. 2015); 0 gives none.
    seed
        Of the draws.
    progress
        True or False shows a bar or not; None shows it on a terminal or in a notebook.

    Returns
    -------
    Deconvolution

    Raises
    ------
    InputError
        If too few markers are there, if the cohort holds a panel or a selection of genes (unless TPM or CPM of the
        whole transcriptome are told, or for ``"cibersort"``), if the unit has lost the linear scale (ratios, z-scores),
        if ``"epic"`` is given a reference of markers only, or if the method is not known.

    Notes
    -----
    Finotello et al., Genome Medicine 2019; Racle et al., eLife 2017; Newman et al., Nature Methods 2015. Both
    least-squares methods find the true minimum under ``sum <= 1``. Fractions of one type can be compared between
    samples measured alike; the shares of two types within a sample are less certain.

    A sample without any read, one that lacks a marker that others have, and one whose fractions are not explained have
    none: where the reference's types are to make up over half of the cells, the fit must be better than that of
    shuffled markers in 95 of 100 draws. Else an intensity or two decide, as in a cohort of arrays whose tumours would
    be regulatory T cells for the most part.

    Few regulatory T cells (under 2%) are corrected for ``"quantiseq"`` as the paper describes: they are the mean of the
    fits with and without CD4 T cells, and CD4 T cells lose this mean. The authors' R program takes off the mean
    of the second fit and of the mean itself, since a line of it overwrites what the next one reads: CD4 T cells are
    lower there by a quarter of the difference of the two fits, before shares are brought to sum to 1.
    """
    method = named("deconvolution", method, METHODS)
    if n_permutations and method != "cibersort":
        raise InputError(f"n_permutations tests the fit of cibersort and does nothing for {method}: leave it out")
    pure = with_current_symbols(til10() if reference is None else reference)
    if method == "epic":
        _refuse_markers_only(pure)
    ready = prepare(cohort, deconvolution_needs(pure, method, min_coverage))
    if len(ready.unanswered) == ready.source.n_obs:
        raise InputError(f"no sample has an answer: {next(iter(ready.unanswered.values()))}")
    mixture = _linear(ready)
    markers = _markers(pure, mixture, method, min_coverage)
    reasons = _unanswered(ready, mixture, markers)
    answered = mixture[~mixture.index.isin(reasons.index)]
    if answered.empty:
        raise InputError(f"no sample has an answer: {reasons.iloc[0]} ({examples(reasons.index)})")
    if method == "cibersort":
        fractions, fit = _by_regression(answered, pure, markers, n_permutations, seed, progress=progress)
    else:
        scaled = _scaled(answered, ready, pure, method)
        fractions, fit = _by_least_squares(scaled, pure, markers, method)
        unexplained = _unexplained(scaled[markers], fractions, fit, pure, seed)
        reasons = pd.concat([reasons, unexplained]) if len(unexplained) else reasons
    fractions, fit = _with_reasons(ready.told(fractions), fit, reasons, mixture.index)
    given = Provenance(
        "scores.deconvolve",
        inputs={"cohort": frame_sha256(mixture[markers]), "reference": frame_sha256(pure.profiles)},
        settings={"method": method, "reference": pure.name, "n_markers": len(markers), "n_permutations": n_permutations,
                  "seed": seed},
        cites=tuple(dict.fromkeys((CITES[method], *pure.cites))),
    )  # fmt: skip
    return Deconvolution(fractions, fit, method, pure.name, given)


def _linear(ready: Prepared) -> pd.DataFrame:
    """Samples x genes on a linear scale, under current symbols."""
    linear = ready.values()
    linear = linear.loc[:, linear.notna().any().to_numpy()]
    if float(linear.min().min()) < -1e-6:
        raise InputError(
            f"{int((linear < 0).sum().sum())} values are negative on a linear scale: is the unit {ready.found.unit}?"
        )
    return linear


def deconvolution_needs(
    pure: CellReference | None = None, method: str = "quantiseq", min_coverage: float = 0.5
) -> Needs:
    """What :func:`deconvolve` needs of a cohort: markers of the reference, and for shares of all cells all genes."""
    reference = with_current_symbols(til10()) if pure is None else pure
    return Needs(
        f"cell fractions by {method}", scale="linear", genes=tuple(_wanted(reference, method)), coverage=min_coverage,
        tests=() if method == "cibersort" else (whole_for_shares(_all_genes(reference)),),
    )  # fmt: skip


def _wanted(pure: CellReference, method: str) -> list[str]:
    """Markers of a reference that a method reads."""
    left_out = set(pure.noisy) if method == "quantiseq" else set()
    return [gene for gene in pure.markers if gene not in left_out]


def _all_genes(pure: CellReference) -> frozenset[str]:
    """Genes of a reference that knows more than markers; empty for one of markers only."""
    return frozenset() if _markers_only(pure) else frozenset(map(str, pure.profiles.index))


def _markers_only(pure: CellReference) -> bool:
    return len(pure.profiles) <= _MORE_THAN_MARKERS * len(pure.markers)


def _refuse_markers_only(pure: CellReference) -> None:
    """EPIC scales mixture and reference over their common genes; among markers alone no cell is left to be other."""
    if _markers_only(pure):
        raise InputError(
            f'method="epic" needs a reference of more than markers, and {pure.name} has {len(pure.markers)} markers '
            f"among {len(pure.profiles)} genes: there would be no other cells. Bring EPIC's reference as a "
            'CellReference, make one with reference_from_cells, or use method="quantiseq"'
        )


def _unanswered(ready: Prepared, mixture: pd.DataFrame, markers: list[str]) -> pd.Series:
    """Samples that cannot be taken apart, and why."""
    reasons = dict(ready.unanswered)
    for sample in mixture.index[mixture[markers].isna().any(axis=1)]:
        reasons.setdefault(str(sample), "a marker that others have is missing")
    for sample in mixture.index[(mixture[markers].sum(axis=1) == 0).to_numpy()]:
        reasons.setdefault(str(sample), "no marker is expressed")
    return pd.Series(reasons, dtype=object)


def _with_reasons(
    fractions: pd.DataFrame, fit: pd.DataFrame, reasons: pd.Series, samples: pd.Index
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All samples in their order, those without an answer NaN with the reason; what is NaN is said."""
    fractions, fit = fractions.reindex(samples), fit.reindex(samples)
    fit["reason"] = reasons.reindex(samples).fillna("")
    fractions[(fit["reason"] != "").to_numpy()] = np.nan
    if len(reasons):
        log.warning("%d of %d samples have no cell fractions: %s", len(reasons), len(samples),
                    examples(f"{sample} ({why})" for sample, why in reasons.items()))  # fmt: skip
    return fractions, fit


def _markers(pure: CellReference, mixture: pd.DataFrame, method: str, min_coverage: float) -> list[str]:
    wanted = _wanted(pure, method)
    found = [gene for gene in wanted if gene in mixture.columns]
    if len(found) < max(min_coverage * len(wanted), pure.profiles.shape[1]):
        absent = [gene for gene in wanted if gene not in mixture.columns]
        raise InputError(
            f"the cohort has {len(found)} of {len(wanted)} markers of {pure.name} ({min_coverage:.0%} and at least "
            f"{pure.profiles.shape[1]} are needed; missing: {examples(absent)}): pass the whole expression matrix"
        )
    return found


def _scaled(mixture: pd.DataFrame, ready: Prepared, pure: CellReference, method: str) -> pd.DataFrame:
    """Genes per million: of all genes, or of those the reference has for EPIC.

    TPM and CPM that are told are parts of a million even where genes were left out of the table.
    """
    if method == "epic":
        total = mixture[[gene for gene in pure.profiles.index if gene in mixture.columns]].sum(axis=1)
    else:
        total = mixture.sum(axis=1)
        if not ready.found.detected and amount_of(ready.found.unit) in ("TPM", "CPM"):
            total = total.clip(lower=1e6)
    return mixture.div(total, axis=0) * 1e6


def _profiles(pure: CellReference, columns: pd.Index, method: str) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Profiles of the reference and their variability, scaled over the genes in common for EPIC."""
    if method != "epic":
        return pure.profiles, pure.variability
    totals = pure.profiles.loc[[gene for gene in pure.profiles.index if gene in columns]].sum()
    return pure.profiles / totals * 1e6, None if pure.variability is None else pure.variability / totals * 1e6


def _by_least_squares(
    mixture: pd.DataFrame, pure: CellReference, markers: list[str], method: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    profiles, variability = _profiles(pure, mixture.columns, method)
    scaled = mixture[markers]
    weights = None
    if method == "epic" and variability is not None:
        weights = variability_weights(profiles.loc[markers].to_numpy(), variability.loc[markers].to_numpy())
    pure_values = profiles.loc[markers].to_numpy()
    found = constrained_fractions(scaled.to_numpy(), pure_values, weights)
    fit = _fit(scaled.to_numpy(), found @ pure_values.T, mixture.index)
    names = list(profiles.columns)
    mrna = np.ones(len(names)) if pure.mrna is None else pure.mrna[names].to_numpy(dtype=np.float64)
    if method == "epic":
        told = 1.0 if pure.mrna is None else float(pure.mrna.get(OTHER, _other_mrna(mrna)))
        shares = np.column_stack([found, np.maximum(1 - found.sum(axis=1), 0)]) / np.append(mrna, told)
    else:
        shares = _with_other(found, mrna)
        if _TREG in names and _CD4 in names:
            shares = _more_tregs(shares, scaled.to_numpy(), pure_values, mrna, names)
    shares = shares / shares.sum(axis=1, keepdims=True)
    return pd.DataFrame(shares, index=mixture.index.copy(), columns=pd.Index([*names, OTHER])), fit


def _unexplained(
    scaled: pd.DataFrame, fractions: pd.DataFrame, fit: pd.DataFrame, pure: CellReference, seed: int
) -> pd.Series:
    """Samples said to be mostly cells of the reference whose markers fit it no better than shuffled ones, and why."""
    profiles = pure.profiles.loc[scaled.columns].to_numpy()
    claimed = 1 - fractions[OTHER]
    reasons = {}
    for sample in claimed.index[(claimed > _MUCH).to_numpy()]:
        draw = rng(seed, "deconvolve", "shuffled", sample)
        shuffled = draw.permuted(np.tile(scaled.loc[sample].to_numpy(), (_N_SHUFFLES, 1)), axis=1)
        null = _fit(shuffled, constrained_fractions(shuffled, profiles) @ profiles.T, pd.RangeIndex(_N_SHUFFLES))
        as_good = int((null["correlation"].fillna(-1) >= fit.loc[sample, "correlation"]).sum())
        p_value = (1 + as_good) / (1 + _N_SHUFFLES)
        if p_value > _ALPHA:
            much = f"{claimed[sample]:.0%} would be cells of the reference"
            reasons[sample] = f"{much}, and shuffled markers fit as well, p {p_value:.2f}"
    return pd.Series(reasons, dtype=object)


def _other_mrna(mrna: np.ndarray) -> float:
    """Content of mRNA of a cell of no type of the reference, where it is not told: the median of its types."""
    return float(np.median(mrna))


def _with_other(found: np.ndarray, mrna: np.ndarray) -> np.ndarray:
    """Shares of cells from shares of mRNA, keeping their total, and what is left."""
    total = found.sum(axis=1, keepdims=True)
    cells = found / mrna
    sums = cells.sum(axis=1, keepdims=True)
    cells = np.where(sums > 0, cells / np.where(sums > 0, sums, 1) * total, 0.0)
    return np.column_stack([cells, np.maximum(1 - cells.sum(axis=1), 0)])


def _more_tregs(
    shares: np.ndarray, scaled: np.ndarray, profiles: np.ndarray, mrna: np.ndarray, names: list[str]
) -> np.ndarray:
    """Correct few regulatory T cells, which CD4 T cells hide, by a fit without CD4 T cells."""
    treg, cd4 = names.index(_TREG), names.index(_CD4)
    few = shares[:, treg] < _FEW_TREGS
    if not few.any():
        return shares
    kept = [place for place in range(len(names)) if place != cd4]
    without = _with_other(constrained_fractions(scaled[few], profiles[:, kept]), mrna[kept])
    corrected = shares.copy()
    corrected[few, treg] = (shares[few, treg] + without[:, kept.index(treg)]) / 2
    corrected[few, cd4] = np.maximum(0, shares[few, cd4] - corrected[few, treg])
    return corrected


def _by_regression(
    mixture: pd.DataFrame, pure: CellReference, markers: list[str], n_draws: int, seed: int, *, progress: bool | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    markers = sorted(markers)  # the solver stops at a tolerance, so its answer would depend on the order of genes
    values, profiles = mixture[markers].to_numpy(), pure.profiles.loc[markers].to_numpy()
    parts = [svr_fractions(row[None, :], profiles) for row in track(values, "Regressing", progress=progress)]
    fractions, error, correlation = (np.concatenate(part) for part in zip(*parts, strict=True))
    fit = pd.DataFrame({"rmse": error, "correlation": correlation}, index=mixture.index.copy())
    if n_draws:
        draw = rng(seed, "deconvolve")
        random = draw.choice(values.ravel(), size=(n_draws, values.shape[1]))
        null = np.concatenate(
            [svr_fractions(row[None, :], profiles)[2] for row in track(random, "Permuting", progress=progress)]
        )
        fit["p_value"] = (1 + (null[None, :] >= correlation[:, None]).sum(axis=1)) / (1 + n_draws)
    return pd.DataFrame(fractions, index=mixture.index.copy(), columns=pure.profiles.columns), fit


def _fit(measured: np.ndarray, fitted: np.ndarray, names: pd.Index) -> pd.DataFrame:
    error = np.sqrt(((measured - fitted) ** 2).mean(axis=1))
    left = measured - measured.mean(axis=1, keepdims=True)
    right = fitted - fitted.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = (left * right).sum(axis=1) / np.sqrt((left**2).sum(axis=1) * (right**2).sum(axis=1))
    return pd.DataFrame({"rmse": error, "correlation": correlation}, index=names.copy())
