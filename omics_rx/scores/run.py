"""The one runner: a cohort and gene sets in, one number a sample and set out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from scipy import sparse

from omics_rx.core import cache, provenance
from omics_rx.core import cohort as cohorts
from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import is_dask
from omics_rx.core.errors import InputError, examples, named
from omics_rx.core.work import log, track
from omics_rx.harmonize import current_symbols, matrices
from omics_rx.harmonize import genes as current_genes
from omics_rx.harmonize.needs import NO_LEVELS, Needs, Prepared, prepare, with_reads
from omics_rx.scores import blocks
from omics_rx.scores import settings as setting_rules
from omics_rx.scores.data_tests import Test, sex_linked, whole_transcriptome
from omics_rx.scores.kernels import KERNELS, TRAITS
from omics_rx.scores.sets import GeneSets, GeneSetsLike, as_sets, resolved

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike
    from omics_rx.harmonize.units import Conversion

_DEPTH = ("member", "sign", "number")


@in_words
def score(
    cohort: CohortLike | Prepared,
    gene_sets: GeneSetsLike | GeneSets,
    *,
    method: str = "ssgsea",
    min_coverage: float = 0.3,
    key_added: str | None = None,
    resume: bool = True,
    n_jobs: int | None = None,
    progress: bool | None = None,
    **settings: Any,
) -> pd.DataFrame:
    """Score every sample for every gene set.

    Genes of cohort and sets meet under their current symbols, whatever they are called; names that are no human gene
    are matched as they are written. Which genes of a set the cohort lacks stands in the result's ``attrs["sets"]``, and
    the log names them. Samples are worked on in blocks, so memory does not grow with their number: an AnnData may be
    dense, sparse, backed by a file or made of dask arrays, whose chunks are scored where they are (on the dask cluster
    in use). A view of a backed file is read into memory: anndata gives no way to read such a view in parts.

    Parameters
    ----------
    cohort
        AnnData or frame, samples x genes. NaN is a gene missing for that sample: it leaves the ranking and the set
        of that sample and is never read as zero.
    gene_sets
        Set name to genes, or to {gene: weight}, or a frame with ``set``, ``gene`` and perhaps ``weight``, or any other
        form that :func:`as_sets` takes.
    method
        ``"ssgsea"``, ``"singscore"``, ``"gsva"``, ``"aucell"``, ``"zscore"``, ``"mean"`` or ``"ulm"``.
    min_coverage
        Least share of a set's (absolute weight of) genes that must be present. See :func:`coverage`.
    key_added
        Also write the scores into ``cohort.obsm[key_added]``, and the method, settings, set sizes, versions and time
        into ``cohort.uns[key_added]``. The cohort must be an AnnData; nothing else of it changes.
    resume
        Keep finished blocks of a backed file in the cache until the call ends, so that an interrupted call goes on
        where it stopped.
    n_jobs
        Threads that score blocks; None leaves it to ``joblib.parallel_config``. It changes no value.
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
        method cannot use; if a gene stands twice; if the cohort is too small for the method; if ``key_added`` is
        asked of a frame.
    UnknownNameError
        If there is no such method.
    """
    sets = as_sets(gene_sets)
    method = named("score", method, TRAITS)
    ready, names = _named(_checked(cohort, sets, method, settings, min_coverage))
    data, sets = ready.source, resolved(sets, names)
    if not isinstance(cohort, Prepared):
        ready = _with_sexes(ready, sets)
    if key_added is not None and (isinstance(cohort, pd.DataFrame | Prepared) or (cohort.isbacked and cohort.is_view)):
        what = "a frame" if isinstance(cohort, pd.DataFrame | Prepared) else "a view of a file"
        raise InputError(f"key_added writes into an AnnData and the cohort is {what}: leave it out")
    present = blocks.known_genes(data)
    found = sets.coverage(names[present])
    low = found[found["coverage"] < min_coverage]
    if len(low):
        shown = [f"{name} {row.coverage:.0%}" for name, row in low.iterrows()]
        if sets.coverage(data.obs_names)["coverage"].max() > found["coverage"].max():
            raise InputError("the genes of the sets are among the rows: a cohort is samples x genes, so transpose it")
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
    work = _Work(
        method, sets.members(names), _full_weights(sets), min_coverage, settings, data.var_names, ready.change,
        ready.found.unit not in NO_LEVELS,
    )  # fmt: skip
    scores = _run(data, work, sets, resume=resume, n_jobs=n_jobs, progress=progress)
    table = pd.DataFrame(scores, index=data.obs_names.copy(), columns=pd.Index(sets.names))
    table[table.index.isin(list(ready.unanswered))] = np.nan
    ready = _with_silent(ready, table)
    table = ready.told(table)
    table.attrs["sets"] = lost_genes(found, limit=len(found))
    if table.attrs["sets"] and not isinstance(cohort, Prepared):
        log.warning("%s", lost_genes(found, limit=5))
    if key_added is not None:
        _write(cast("AnnData", cohort), key_added, table, work, found)
    return table


@in_words
def coverage(cohort: CohortLike, gene_sets: GeneSetsLike | GeneSets) -> pd.DataFrame:
    """How much of each gene set a cohort has.

    Returns
    -------
    pandas.DataFrame
        Index set; ``n_genes``, ``n_found``, ``coverage`` (share of the absolute weight found) and ``missing``
        (names as they are written, joined by ``;``). A gene that is NaN in every sample is missing. Genes meet as in
        :func:`score`.
    """
    data = matrices.read(_in_memory(cohort)).data
    names = pd.Index(current_symbols(data.var_names)["symbol"])[blocks.known_genes(data)]
    return resolved(as_sets(gene_sets), names).coverage(names)


def lost_genes(found: pd.DataFrame, *, limit: int) -> str:
    """Say which sets of a table of coverage lack genes, and which; empty where none does."""
    lacking = found[found["n_found"] < found["n_genes"]]
    told = [
        f"{name} has {row.n_found} of {row.n_genes}, {row.coverage:.0%} (without {row.missing.replace(';', ', ')})"
        for name, row in lacking.iterrows()
    ]
    return f"{len(told)} of {len(found)} gene sets lack genes: {examples(told, limit)}" if told else ""


def _with_sexes(ready: Prepared, sets: GeneSets) -> Prepared:
    """Cohort that says which genes of the sets tell women from men, where it holds both."""
    doubt = sex_linked(gene for weight in sets.weights.values() for gene in weight.index)(ready)
    if doubt is None:
        return ready
    log.warning("%s: %s", ready.needs.what, doubt.sentence)
    return replace(ready, said=(*ready.said, doubt.sentence))


def _with_silent(ready: Prepared, table: pd.DataFrame) -> Prepared:
    """Cohort read in blocks that says which samples got no answer there."""
    silent = [str(name) for name in table.index[table.isna().all(axis=1)] if name not in ready.unanswered]
    if not silent:
        return ready
    said = f"{len(silent)} samples have no reads, or too few of the genes, and get no answer ({examples(silent)})"
    log.warning("%s: %s", ready.needs.what, said)
    return replace(ready, said=(*ready.said, said), unanswered=ready.unanswered | dict.fromkeys(silent, said))


def _named(ready: Prepared) -> tuple[Prepared, pd.Index]:
    """Cohort, and its genes under current symbols; a matrix on disk or in dask stays where it is."""
    names = ready.source.var_names
    symbols = pd.Index(current_symbols(names)["symbol"])
    if ready.needs.rename or symbols.equals(names):
        return ready, names
    if not ready.source.isbacked and not is_dask(ready.source.X):
        renamed = current_genes(ready.source, min_mapped=0.0)
        return replace(ready, source=renamed), renamed.var_names
    if not symbols.is_unique:
        repeated = symbols[symbols.duplicated()].unique()
        raise InputError(
            f"{len(repeated)} genes stand in several columns under older names ({examples(repeated)}): join them with "
            "harmonize.genes first"
        )
    return ready, symbols


def needs_of(method: str) -> Needs:
    """What a method needs of a cohort; genes are taken by the names they have."""
    ranked = TRAITS[method].scale == "rank"
    return Needs(
        method, scale="rank" if ranked else "log", levels="say" if ranked else "no", rename=False,
        in_blocks=True, tests=data_tests_of(method),
    )  # fmt: skip


def data_tests_of(method: str) -> tuple[Test, ...]:
    """What a method tests of the data: a whole transcriptome, where genes are compared with all others."""
    return (whole_transcriptome,) if TRAITS[method].relative else ()


def _checked(
    cohort: CohortLike | Prepared, sets: GeneSets, method: str, given: dict[str, Any], min_coverage: float
) -> Prepared:
    """Check names, method, weights and settings before any work is done, and prepare the cohort."""
    ready = cohort if isinstance(cohort, Prepared) else prepare(_in_memory(cohort), needs_of(method))
    data = ready.source
    if not data.var_names.is_unique:
        repeated = data.var_names[data.var_names.duplicated()].unique()
        raise InputError(
            f"{len(repeated)} genes stand in several columns ({examples(repeated)}): merge them, harmonize.genes does"
        )
    setting_rules.check(method, given, min_coverage)
    traits = TRAITS[method]
    if _DEPTH.index(sets.kind()) > _DEPTH.index(traits.weights):
        fit = [name for name, other in TRAITS.items() if _DEPTH.index(other.weights) >= _DEPTH.index(sets.kind())]
        raise InputError(f"{method} cannot use the weights of these sets: score them with {', '.join(sorted(fit))}")
    if traits.whole_cohort and data.n_obs < 3:
        raise InputError(
            f"{method} compares samples with each other and has {data.n_obs}: use ssgsea, singscore or mean"
        )
    return ready


def _in_memory(cohort: CohortLike) -> CohortLike:
    """Cohort, a view of a file read: anndata gives no way to read such a view in parts."""
    data = cohorts.as_cohort(cohort, copy=False)
    return data.to_memory() if data.isbacked and data.is_view else cohort


@dataclass(frozen=True, eq=False)
class _Work:
    """All that a block needs to be scored, picklable so that it travels to a worker.

    Attributes
    ----------
    members
        Weights, sparse, shape ``(n_genes, n_sets)``.
    full
        Absolute weight of each set, found or not, shape ``(n_sets,)``.
    change
        How values come to the scale of the method.
    silent
        Whether zero means silent, so that a sample of zeros alone has no answer.
    """

    method: str
    members: sparse.csr_array
    full: np.ndarray
    min_coverage: float
    settings: dict[str, Any]
    genes: pd.Index
    change: Conversion
    silent: bool

    def score(self, values: np.ndarray | sparse.csr_array) -> np.ndarray:
        """Scores of a block, NaN where a sample has too little of a set, or no reads."""
        kernel: Callable[..., np.ndarray] = KERNELS[self.method]
        read = with_reads(values) if self.silent else np.ones(values.shape[0], dtype=bool)
        values = self.change(values)
        scores = kernel(values, self.members, **self.settings)
        if not sparse.issparse(values) and np.isnan(np.min(values)):
            share = (~np.isnan(values)).astype(np.float64) @ abs(self.members) / self.full
            scores = np.where(share >= self.min_coverage, scores, np.nan)
        return scores if read.all() else np.where(read[:, None], scores, np.nan)

    def score_raw(self, values: Any) -> np.ndarray:
        """Scores of a chunk as dask gives it; dask also asks for the shape with an empty one."""
        if not values.shape[0]:
            return np.empty((0, len(self.full)))
        return self.score(blocks.as_block(values, self.genes, keep_sparse=TRAITS[self.method].sparse))


def _full_weights(sets: GeneSets) -> np.ndarray:
    return np.array([weight.abs().sum() for weight in sets.weights.values()])


def _run(
    data: AnnData, work: _Work, sets: GeneSets, *, resume: bool, n_jobs: int | None, progress: bool | None
) -> np.ndarray:
    """Scores of all samples, shape ``(n_samples, n_sets)``."""
    traits = TRAITS[work.method]
    if is_dask(data.X) and not traits.whole_cohort:
        return blocks.map_dask(data.X, work.score_raw, len(work.full))
    todo = blocks.row_blocks(data, whole=traits.whole_cohort, keep_sparse=traits.sparse)
    finished = None
    if data.isbacked and resume and len(todo) > 1:
        of_sets = {name: weight.to_dict() for name, weight in sets.weights.items()}
        finished = blocks.FinishedBlocks(data, of_sets, work.method, work.min_coverage, work.settings)
    scores = np.empty((data.n_obs, len(work.full)))
    done = _score_blocks(data, work, todo, finished, n_jobs=n_jobs)
    for rows, block in track(done, f"Scoring with {work.method}", total=len(todo), progress=progress):
        scores[rows] = block
    if finished is not None:
        finished.clear()
    return scores


def _score_blocks(
    data: AnnData, work: _Work, todo: list[slice], finished: blocks.FinishedBlocks | None, *, n_jobs: int | None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks as they are scored, in order; a block is read only when a thread is free for it."""
    from joblib import Parallel, delayed

    keep = TRAITS[work.method].sparse

    def one(rows: slice, known: np.ndarray | None, values: Any) -> tuple[slice, np.ndarray]:
        if known is not None:
            return rows, known
        scores = work.score(values)
        if finished is not None:
            finished.put(rows, scores)
        return rows, scores

    def parts() -> Iterator[tuple[slice, np.ndarray | None, Any]]:
        for rows in todo:
            known = finished.get(rows) if finished is not None else None
            yield rows, known, None if known is not None else blocks.read(data, rows, keep_sparse=keep)

    settings: dict[str, Any] = {"n_jobs": n_jobs, "pre_dispatch": "n_jobs", "return_as": "generator"}
    try:
        pool = Parallel(prefer="threads", **settings)
    except ValueError:  # the backend in force has no generators: threads are ours to take, as no value depends on them
        pool = Parallel(require="sharedmem", **settings)
    yield from pool(delayed(one)(*part) for part in parts())


def _write(data: AnnData, key: str, table: pd.DataFrame, work: _Work, found: pd.DataFrame) -> None:
    """Scores and how they came to be, into the AnnData, as plain values that h5ad can hold."""
    data.obsm[key] = table
    data.uns[key] = {
        "method": work.method,
        "settings": dict(work.settings),
        "min_coverage": work.min_coverage,
        "sets": found[["n_genes", "n_found", "coverage"]],
        "sets_key": cache.key(work.members.data.tolist(), work.members.indices.tolist(), list(table.columns)),
        "versions": provenance.versions(),
        "created": provenance.now(),
    }
