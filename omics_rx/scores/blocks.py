"""Expression a block of samples at a time: from memory, from a backed file, or from dask arrays."""

from __future__ import annotations

import hashlib
import io
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from scipy import sparse

from omics_rx.core import cache
from omics_rx.core.cohort import computed, is_dask
from omics_rx.core.errors import InputError, OutputError, examples
from omics_rx.core.saving import writing
from omics_rx.core.work import log
from omics_rx.io.sparse_checks import check_matrix

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_BLOCK_VALUES = 4_000_000  # values worked on at a time: 32 MB of float64 whatever the cohort's size


def row_blocks(data: AnnData, *, whole: bool = False, keep_sparse: bool = False) -> list[slice]:
    """Runs of samples of a size that keeps memory flat.

    Parameters
    ----------
    data
        Samples x genes.
    whole
        One run of all samples.
    keep_sparse
        Sparse values will stay sparse, so that only stored values count.
    """
    size = data.n_obs if whole else max(1, _BLOCK_VALUES // max(1, _values_per_row(data, keep_sparse=keep_sparse)))
    return [slice(start, min(start + size, data.n_obs)) for start in range(0, data.n_obs, size)]


def _values_per_row(data: AnnData, *, keep_sparse: bool) -> int:
    if not keep_sparse or data.is_view or is_dask(data.X):
        return int(data.n_vars)
    if data.isbacked:
        group = getattr(data.X, "group", None)
        stored = None if group is None else group["data"].shape[0]
    else:
        stored = getattr(data.X, "nnz", None)
    # a row of stored values also costs its place in the result and its own overhead
    return int(data.n_vars) if stored is None else min(int(data.n_vars), stored // data.n_obs + 100)


def read(data: AnnData, rows: slice, *, keep_sparse: bool = False) -> np.ndarray | sparse.csr_array:
    """Values of a run of samples, dense, or sparse where ``keep_sparse`` and nothing is negative or missing."""
    # rows of a view are read through the view: its X would copy all of them
    values = data[rows].X if data.is_view else data.X[rows]
    if data.isbacked:
        check_matrix(values, f"rows {rows.start} to {rows.stop} of {data.filename}")
    return as_block(values, data.var_names, keep_sparse=keep_sparse)


def as_block(values: Any, genes: pd.Index, *, keep_sparse: bool) -> np.ndarray | sparse.csr_array:
    """Bring a block to what kernels take: finite or NaN, float, canonical where sparse.

    Raises
    ------
    InputError
        If a value is infinite.
    """
    values = computed(values)
    if keep_sparse and sparse.issparse(values):
        table = sparse.csr_array(cast("Any", values))
        if table.nnz == 0 or (np.isfinite(table.data).all() and table.data.min() >= 0):
            if not table.has_canonical_format or np.any(table.data == 0):
                table = table.copy()  # a slice may share its memory with the cohort
                table.sum_duplicates()
                table.eliminate_zeros()
            return table
    # frames lie gene by gene, and rows are what is worked on
    dense: np.ndarray = np.ascontiguousarray(values.toarray() if hasattr(values, "toarray") else values)
    if dense.dtype not in (np.float32, np.float64):
        dense = dense.astype(np.float64)
    if np.isinf([np.nanmin(dense, initial=0.0), np.nanmax(dense, initial=0.0)]).any():
        infinite = np.isinf(dense).any(axis=0)
        raise InputError(
            f"values of {int(infinite.sum())} genes are infinite ({examples(genes[infinite])}): "
            "a logarithm of zero? Add 1 before taking it"
        )
    return dense


def known_genes(data: AnnData) -> np.ndarray:
    """Genes that are known in at least one sample, shape ``(n_genes,)``."""
    if is_dask(data.X):
        return _known_in_dask(data)
    known = np.zeros(data.n_vars, dtype=bool)
    for rows in row_blocks(data, keep_sparse=True):
        values = read(data, rows, keep_sparse=True)
        if sparse.issparse(values):  # nothing is missing in it
            return np.ones(data.n_vars, dtype=bool)
        known |= ~np.isnan(values).all(axis=0)
        if known.all():
            break
    return known


def _known_in_dask(data: AnnData) -> np.ndarray:
    """Same, chunk by chunk where the chunks are."""
    found = _one_column_chunk(data.X).map_blocks(_known_in_chunk, dtype=bool, chunks=(1, data.n_vars), meta=_MASK)
    known: np.ndarray = np.any(np.asarray(found.compute()), axis=0)
    return known


_MASK = np.empty((0, 0), dtype=bool)


def _known_in_chunk(values: Any) -> np.ndarray:
    if hasattr(values, "toarray"):
        if np.isfinite(values.data).all():
            return np.ones((1, values.shape[1]), dtype=bool)
        values = values.toarray()
    known: np.ndarray = np.any(~np.isnan(np.asarray(values, dtype=np.float64)), axis=0, keepdims=True)
    return known


def _one_column_chunk(array: Any) -> Any:
    """Dask array with all genes of a sample in one chunk."""
    return array if array.numblocks[1] == 1 else array.rechunk({1: -1})


def map_dask(array: Any, function: Any, n_columns: int) -> np.ndarray:
    """Apply a function to every chunk of samples where the chunks are: on threads, processes or a cluster.

    Parameters
    ----------
    array
        Dask array, samples x genes.
    function
        Takes the values of a chunk, gives ``(n_samples, n_columns)``; must be picklable.
    """
    whole = _one_column_chunk(array)
    mapped = whole.map_blocks(
        function, dtype=np.float64, chunks=(whole.chunks[0], (n_columns,)), meta=np.empty((0, 0), dtype=np.float64)
    )
    result: np.ndarray = np.asarray(mapped.compute())
    return result


class FinishedBlocks:
    """Blocks of a result that are kept in the cache until all of them are there.

    An interrupted call over a file of millions of cells goes on where it stopped. The key holds the file's path,
    size and time of change, the names, the sets, the settings and the code, so nothing old can be taken for new.
    """

    def __init__(self, data: AnnData, *parts: object) -> None:
        file = Path(str(data.filename)).resolve()
        state = file.stat()
        names = [cache.key(list(map(str, index))) for index in (data.obs_names, data.var_names)]
        self.folder = cache.location(
            "scores",
            cache.key(str(file), state.st_size, state.st_mtime_ns, names, _BLOCK_VALUES, cache.code("scores"), *parts),
        )
        self._known: dict[str, Path] = {}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._known = {file.name.split(".")[0]: file for file in self.folder.glob("*.npy")}
        except OSError as error:
            cache.told_once(self.folder, error)

    def get(self, rows: slice) -> np.ndarray | None:
        """Scores of a block that was finished before; None where it was not, or is not as it was written."""
        file = self._known.get(self._name(rows))
        if file is None:
            return None
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != file.name.split(".")[1]:
            log.warning("%s in the cache is damaged: its scores are computed again", file)
            return None
        scores: np.ndarray = np.load(io.BytesIO(data), allow_pickle=False)
        return scores

    def put(self, rows: slice, scores: np.ndarray) -> None:
        """Keep a finished block; a file is there whole, under the hash of its bytes, or not at all."""
        data = io.BytesIO()
        np.save(data, scores, allow_pickle=False)
        digest = hashlib.sha256(data.getvalue()).hexdigest()
        try:
            with writing(self.folder / f"{self._name(rows)}.{digest}.npy") as draft:
                draft.write_bytes(data.getvalue())
        except OutputError as error:
            cache.told_once(self.folder, error)

    def clear(self) -> None:
        """Remove the blocks: the result is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _name(rows: slice) -> str:
        return f"{rows.start}-{rows.stop}"
