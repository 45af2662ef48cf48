"""Fractions of cell types in bulk samples, by a reference of pure types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.core.provenance import Provenance, frame_sha256
from omics_rx.core.work import rng, track
from omics_rx.harmonize.needs import Needs, prepare
from omics_rx.scores.kernels.fractions import constrained_fractions, svr_fractions, variability_weights
from omics_rx.scores.references import CellReference, til10, with_current_symbols

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

METHODS = ("quantiseq", "epic", "cibersort")
CITES = {"quantiseq": "finotello2019", "epic": "racle2017", "cibersort": "newman2015"}
OTHER = "other"
_FEW_TREGS = 0.02
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
        Samples x ``rmse``, ``correlation`` (of the fitted with the measured markers) and, where asked for, ``p_value``.
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
        mRNA content. ``"epic"``: the same with mixture and reference scaled over their common genes, and genes weighed
        by their variability where the reference knows it. ``"cibersort"``: nu-support-vector regression, relative
        shares of the reference's types only.
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
        If too few markers are there or a marker is missing in a sample, if the unit has lost the linear scale
        (ratios, z-scores), or if the method is not known.

    Notes
    -----
    Finotello et al., Genome Medicine 2019; Racle et al., eLife 2017; Newman et al., Nature Methods 2015. Both
    least-squares methods find the true minimum under ``sum <= 1``. Fractions of one type can be compared between
    samples measured alike; the shares of two types within a sample are less certain.
    """
    if method not in METHODS:
        raise unknown_name("deconvolution", method, METHODS)
    if n_permutations and method != "cibersort":
        raise InputError(f"n_permutations tests the fit of cibersort and does nothing for {method}: leave it out")
    pure = with_current_symbols(til10() if reference is None else reference)
    mixture = _linear(cohort, deconvolution_needs(pure, method, min_coverage))
    markers = _markers(pure, mixture, method, min_coverage)
    if method == "cibersort":
        fractions, fit = _by_regression(mixture, pure, markers, n_permutations, seed, progress=progress)
    else:
        fractions, fit = _by_least_squares(mixture, pure, markers, method)
    given = Provenance(
        "scores.deconvolve",
        inputs={"cohort": frame_sha256(mixture[markers]), "reference": frame_sha256(pure.profiles)},
        settings={"method": method, "reference": pure.name, "n_markers": len(markers), "n_permutations": n_permutations,
                  "seed": seed},
        cites=tuple(dict.fromkeys((CITES[method], *pure.cites))),
    )  # fmt: skip
    return Deconvolution(fractions, fit, method, pure.name, given)


def _linear(cohort: CohortLike, needs: Needs) -> pd.DataFrame:
    """Samples x genes on a linear scale, under current symbols."""
    ready = prepare(cohort, needs)
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
    """What :func:`deconvolve` needs of a cohort."""
    reference = with_current_symbols(til10()) if pure is None else pure
    return Needs(
        f"cell fractions by {method}", scale="linear", genes=tuple(_wanted(reference, method)), coverage=min_coverage
    )


def _wanted(pure: CellReference, method: str) -> list[str]:
    """Markers of a reference that a method reads."""
    left_out = set(pure.noisy) if method == "quantiseq" else set()
    return [gene for gene in pure.markers if gene not in left_out]


def _markers(pure: CellReference, mixture: pd.DataFrame, method: str, min_coverage: float) -> list[str]:
    wanted = _wanted(pure, method)
    found = [gene for gene in wanted if gene in mixture.columns]
    if len(found) < max(min_coverage * len(wanted), pure.profiles.shape[1]):
        absent = [gene for gene in wanted if gene not in mixture.columns]
        raise InputError(
            f"the cohort has {len(found)} of {len(wanted)} markers of {pure.name} ({min_coverage:.0%} and at least "
            f"{pure.profiles.shape[1]} are needed; missing: {examples(absent)}): pass the whole expression matrix"
        )
    gaps = mixture[found].isna().any(axis=1)
    if gaps.any():
        raise InputError(
            f"{int(gaps.sum())} samples lack a marker that others have ({examples(mixture.index[gaps])}): "
            "leave out these samples or these genes"
        )
    return found


def _by_least_squares(
    mixture: pd.DataFrame, pure: CellReference, markers: list[str], method: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    profiles, variability = pure.profiles, pure.variability
    if method == "epic":
        common = [gene for gene in profiles.index if gene in mixture.columns]
        totals = profiles.loc[common].sum()
        profiles = profiles / totals * 1e6
        variability = None if variability is None else variability / totals * 1e6
        scaled = mixture[markers].div(mixture[common].sum(axis=1), axis=0) * 1e6
    else:
        scaled = mixture[markers].div(mixture.sum(axis=1), axis=0) * 1e6
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
