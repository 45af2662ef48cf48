"""The one runner: a cohort and gene sets in, one number a sample and set out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from scipy import sparse

from omics_rx.core import cohort as cohorts
from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.core.work import track
from omics_rx.scores.kernels import KERNELS, TRAITS
from omics_rx.scores.sets import GeneSets, GeneSetsLike, as_sets

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

_BLOCK_VALUES = 4_000_000  # values ranked at a time: 32 MB of float64 whatever the cohort's size
_DEPTH = ("member", "sign", "number")


def score(
    cohort: CohortLike,
    gene_sets: GeneSetsLike | GeneSets,
    *,
    method: str = "ssgsea",
    min_coverage: float = 0.3,
    progress: bool | None = None,
    **settings: Any,
) -> pd.DataFrame:
    """Score every sample for every gene set.

    Gene names are matched literally: bring cohort and sets to the same names first, with ``harmonize.genes``.

    Parameters
    ----------
    cohort
        AnnData or frame, samples x genes. NaN is a gene missing for that sample: it leaves the ranking and the set
        of that sample and is never read as zero.
    gene_sets
        Set name to genes, or to {gene: weight}, or a frame with ``set``, ``gene`` and perhaps ``weight``.
    method
        ``"ssgsea"``, ``"singscore"``, ``"gsva"``, ``"aucell"``, ``"zscore"``, ``"mean"`` or ``"ulm"``.
    min_coverage
        Least share of a set's (absolute weight of) genes that must be present. See :func:`coverage`.
    progress
        True or False shows a bar or not; None shows it on a terminal or in a notebook.
    **settings
        Passed to the kernel: ``alpha`` and ``ties`` of ssgsea, ``top`` and ``ties`` of aucell, ``ties`` of singscore,
        ``tau`` of gsva.

    Returns
    -------
    pandas.DataFrame
        Samples x sets. NaN where a sample has less than ``min_coverage`` of a set while others have more.

    Raises
    ------
    InputError
        If a set is below ``min_coverage`` in every sample, holds every gene of the cohort, or carries weights the
        method cannot use; if a gene stands twice; if the cohort is too small for the method.
    UnknownNameError
        If there is no such method.
    """
    sets = as_sets(gene_sets)
    data = _checked(cohort, sets, method, settings)
    present = _present(data)
    found = sets.coverage(data.var_names[present])
    low = found[found["coverage"] < min_coverage]
    if len(low):
        shown = [f"{name} {row.coverage:.0%}" for name, row in low.iterrows()]
        raise InputError(
            f"{len(low)} of {len(found)} gene sets have less than {min_coverage:.0%} of their genes in the cohort "
            f"({examples(shown)}): match the gene names (harmonize.genes), leave these sets out or lower min_coverage; "
            "scores.coverage lists what is missing"
        )
    if found["n_found"].max() >= present.sum():
        full = found.index[found["n_found"] >= present.sum()]
        raise InputError(
            f"{len(full)} gene sets hold every gene of the cohort ({examples(full)}): a set is scored against the "
            "other genes, so pass the whole expression matrix"
        )
    return _run(data, sets, method, min_coverage, progress=progress, settings=settings)


def coverage(cohort: CohortLike, gene_sets: GeneSetsLike | GeneSets) -> pd.DataFrame:
    """How much of each gene set a cohort has.

    Returns
    -------
    pandas.DataFrame
        Index set; ``n_genes``, ``n_found``, ``coverage`` (share of the absolute weight found) and ``missing``
        (names joined by ``;``). A gene that is NaN in every sample is missing.
    """
    data = cohorts.as_cohort(cohort)
    return as_sets(gene_sets).coverage(data.var_names[_present(data)])


def blocks(
    data: AnnData, *, whole: bool = False, keep_sparse: bool = False
) -> Iterator[tuple[slice, np.ndarray | sparse.csr_array]]:
    """Yield runs of samples and their values, small enough to keep memory flat, from memory or from a backed file.

    Values are dense, unless ``keep_sparse`` and the block is sparse without negative or missing values.
    """
    size = data.n_obs if whole else block_size(data)
    for start in range(0, data.n_obs, size):
        rows = slice(start, min(start + size, data.n_obs))
        yield rows, _block(data.X[rows], data, keep_sparse=keep_sparse)


def block_size(data: AnnData) -> int:
    """Number of samples worked on at a time."""
    return max(1, _BLOCK_VALUES // int(data.n_vars))


def _block(values: Any, data: AnnData, *, keep_sparse: bool) -> np.ndarray | sparse.csr_array:
    if hasattr(values, "compute"):
        values = values.compute()
    if keep_sparse and sparse.issparse(values):
        table = sparse.csr_array(cast("Any", values))
        if table.nnz == 0 or (np.isfinite(table.data).all() and table.data.min() >= 0):
            if not table.has_canonical_format or np.any(table.data == 0):
                table = table.copy()  # a slice may share its memory with the cohort
                table.sum_duplicates()
                table.eliminate_zeros()
            return table
    dense: np.ndarray = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
    if dense.dtype not in (np.float32, np.float64):
        dense = dense.astype(np.float64)
    if np.isinf([np.nanmin(dense, initial=0.0), np.nanmax(dense, initial=0.0)]).any():
        infinite = np.isinf(dense).any(axis=0)
        raise InputError(
            f"values of {int(infinite.sum())} genes are infinite ({examples(data.var_names[infinite])}): "
            "a logarithm of zero? Add 1 before taking it"
        )
    return dense


def _present(data: AnnData) -> np.ndarray:
    """Genes that are known in at least one sample."""
    present = np.zeros(data.n_vars, dtype=bool)
    for _, values in blocks(data, keep_sparse=True):
        if sparse.issparse(values):  # nothing is missing in it
            return np.ones(data.n_vars, dtype=bool)
        present |= ~np.isnan(values).all(axis=0)
        if present.all():
            break
    return present


def _checked(cohort: CohortLike, sets: GeneSets, method: str, settings: dict[str, Any]) -> AnnData:
    """Check names, method, weights and settings before any work is done."""
    data = cohorts.as_cohort(cohort)
    if isinstance(cohort, pd.DataFrame):
        data.X = cohort.to_numpy(dtype=np.float64)  # a cohort made of a frame is float32, which makes ties
    if not data.var_names.is_unique:
        repeated = data.var_names[data.var_names.duplicated()].unique()
        raise InputError(
            f"{len(repeated)} genes stand in several columns ({examples(repeated)}): merge them, harmonize.genes does"
        )
    if method not in TRAITS:
        raise unknown_name("score", method, TRAITS)
    traits = TRAITS[method]
    if _DEPTH.index(sets.kind()) > _DEPTH.index(traits.weights):
        fit = [name for name, other in TRAITS.items() if _DEPTH.index(other.weights) >= _DEPTH.index(sets.kind())]
        raise InputError(f"{method} cannot use the weights of these sets: score them with {', '.join(sorted(fit))}")
    if traits.whole_cohort and data.n_obs < 3:
        raise InputError(
            f"{method} compares samples with each other and has {data.n_obs}: use ssgsea, singscore or mean"
        )
    accepted = list(inspect.signature(KERNELS[method]).parameters)[2:]
    for name in settings:
        if name not in accepted:
            raise unknown_name(f"setting of {method}", name, accepted)
    return data


def _run(
    data: AnnData,
    sets: GeneSets,
    method: str,
    min_coverage: float,
    *,
    progress: bool | None,
    settings: dict[str, Any],
) -> pd.DataFrame:
    kernel: Callable[..., np.ndarray] = KERNELS[method]
    members = sets.members(data.var_names)
    full = np.array([weight.abs().sum() for weight in sets.weights.values()])
    scores = np.empty((data.n_obs, len(full)))
    traits = TRAITS[method]
    n_blocks = 1 if traits.whole_cohort else -(-data.n_obs // block_size(data))
    parts = blocks(data, whole=traits.whole_cohort, keep_sparse=traits.sparse)
    for rows, values in track(parts, f"Scoring with {method}", total=n_blocks, progress=progress):
        block = kernel(values, members, **settings)
        if not sparse.issparse(values) and np.isnan(np.min(values)):
            share = (~np.isnan(values)).astype(np.float64) @ abs(members) / full
            block = np.where(share >= min_coverage, block, np.nan)
        scores[rows] = block
    return pd.DataFrame(scores, index=data.obs_names.copy(), columns=pd.Index(sets.names))
