"""Single cells in one file: h5ad in memory or on disk, loom, and dense text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.cohort import named_layers
from omics_rx.core.errors import InputError, IntegrityError, OmicsRxError, examples
from omics_rx.harmonize.symbols import numbered
from omics_rx.io.assembly import assembled
from omics_rx.io.hdf5_checks import HDF5_DAMAGE
from omics_rx.io.orientation import gene_axis
from omics_rx.io.sparse_checks import check_matrix, check_stored
from omics_rx.io.table import read_table

if TYPE_CHECKING:
    from anndata import AnnData

_IN_MEMORY = ("obs", "var", "uns", "obsm", "varm", "obsp", "varp")
_N_BLOCK = 512
_CELL_NAMES = ("CellID", "obs_names", "cell_id", "barcode", "barcodes", "cell_names")
_GENE_NAMES = ("Gene", "var_names", "gene_symbols", "gene_names", "Accession")


def read_h5ad(file: Path, *, backed: bool) -> AnnData:
    """Read an h5ad into memory, or open it: then ``X``, ``raw`` and every layer stay in the file.

    Raises
    ------
    IntegrityError
        If it is no whole h5ad.
    """
    import anndata

    try:
        if backed:
            return _opened(file)
        cells = anndata.read_h5ad(file)
        matrices = {"X": cells.X, **named_layers(cells), "raw": cells.raw.X if cells.raw is not None else None}
        for name, matrix in matrices.items():
            check_matrix(matrix, f"{name} of {file}")  # a place outside the matrix would end the process later
        return cells
    except OmicsRxError:
        raise
    except Exception as error:  # anndata does not export the error it raises of an element it cannot read
        if not isinstance(error, HDF5_DAMAGE) and not type(error).__module__.startswith("anndata"):
            raise
        raise IntegrityError(f"{file} is no whole h5ad ({error}): write it again with anndata") from error


def _opened(file: Path) -> AnnData:
    """Open without reading matrices; anndata's own backed mode leaves only ``X`` in the file."""
    import anndata
    import h5py

    handle = h5py.File(file, "r")
    for name, item in _stored(handle):
        check_stored(item, f"{name} of {file}")
    parts = {name: anndata.io.read_elem(handle[name]) for name in _IN_MEMORY if name in handle}
    layers = {name: _on_disk(item) for name, item in handle.get("layers", {}).items()}
    raw = None
    if "raw" in handle:
        raw = {name: anndata.io.read_elem(handle["raw"][name]) for name in ("var", "varm") if name in handle["raw"]}
    return anndata.AnnData(filename=file, filemode="r", layers=layers, raw=raw, **parts)


def _stored(handle: Any) -> Iterator[tuple[str, Any]]:
    """Sparse matrices of an open h5ad that stay in the file."""
    held = {"X": handle.get("X"), "raw": handle["raw"].get("X") if "raw" in handle else None}
    for name, item in {**held, **handle.get("layers", {})}.items():
        if hasattr(item, "keys") and "indptr" in item:
            yield name, item


def _on_disk(item: Any) -> Any:
    import anndata
    import h5py

    return anndata.io.sparse_dataset(item) if isinstance(item, h5py.Group) else item


def read_loom(file: Path, handle: Any) -> AnnData:
    """Read an open loom file (genes x cells) block by block into sparse cells x genes, layers too.

    Raises
    ------
    InputError
        If no attribute names the cells or the genes.
    IntegrityError
        If it is not whole.
    """
    from anndata import AnnData

    try:
        obs, var = _attributes(handle["col_attrs"]), _attributes(handle["row_attrs"])
        values = _transposed(handle["matrix"])
        layers = {name: _transposed(item) for name, item in handle.get("layers", {}).items()}
    except HDF5_DAMAGE as error:
        raise IntegrityError(f"{file} is no whole loom file ({error}): copy it again") from error
    cells, genes = _named(obs, _CELL_NAMES, file, "cells"), _named(var, _GENE_NAMES, file, "genes")
    if values.shape != (len(cells), len(genes)):
        raise IntegrityError(f"{file} names {len(cells)} cells and {len(genes)} genes for a matrix of {values.shape}")
    obs = obs.set_axis(pd.Index(cells, dtype=object), axis=0)
    return AnnData(values, obs=obs, var=var.set_axis(pd.Index(numbered(genes), dtype=object), axis=0), layers=layers)


def _attributes(group: Any) -> pd.DataFrame:
    """Columns of one value a row; attributes of several values a row (embeddings) are not among them."""
    columns = {}
    for name, item in group.items():
        if item.ndim == 1:
            columns[name] = item.asstr()[:] if item.dtype.kind in "OS" else item[:]
    return pd.DataFrame(columns)


def _named(frame: pd.DataFrame, known: tuple[str, ...], file: Path, what: str) -> list[str]:
    found = next((name for name in known if name in frame), None)
    if found is None:
        raise InputError(
            f"{file} does not name its {what}: it has the attributes {examples(frame.columns)} and none of "
            f"{', '.join(known)}"
        )
    return [str(name) for name in frame[found]]


def _transposed(matrix: Any) -> Any:
    from scipy import sparse

    blocks = [
        sparse.csr_matrix(np.asarray(matrix[:, start : start + _N_BLOCK]).T)
        for start in range(0, matrix.shape[1], _N_BLOCK)
    ]
    return sparse.vstack(blocks, format="csr")


def read_dense(file: Path) -> tuple[AnnData, list[str]]:
    """Read a dense text table of cells, genes in either axis, into a sparse matrix."""
    from scipy import sparse

    table = read_table(file)
    told = gene_axis(table, None)
    axis = replace(told, statement=told.statement.replace("samples", "cells"))
    cells, said = assembled(table, file, axis, noun="genes", average=False)
    if np.isnan(table.numbers).any():
        raise InputError(
            f"{file}: {int(np.isnan(table.numbers).sum())} values are missing, and counts of a cell are not: was the "
            "table put together from several? Read each by itself"
        )
    cells.X = sparse.csr_matrix(cells.X)
    return cells, [sentence.replace("samples x", "cells x") for sentence in said]
