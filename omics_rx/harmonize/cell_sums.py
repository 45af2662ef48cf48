"""Single cells added up: one expression profile a patient and cell type, with the number of cells behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import as_cohort, computed, info, named_layers, record, with_info, with_record
from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.core.work import log
from omics_rx.harmonize import matrices

if TYPE_CHECKING:
    from anndata import AnnData

_RECORD = "pseudobulk"
_N_BLOCK = 20_000
_N_PROBE = 500
_NO_NAME = ["", "nan", "NaN", "NA", "None", "none", "null", "<NA>", "N/A", "n/a"]


@in_words
def pseudobulk(
    cells: AnnData, patient: str, cell_type: str | None = None, *, min_cells: int = 10, layer: str | None = None
) -> AnnData:
    """Add up the counts of each patient's cells, or of each cell type of each patient.

    Cells on disk are read in blocks. Cells without a patient or a cell type, and groups of fewer than ``min_cells``,
    are left out and reported by :func:`pseudobulk_groups`.

    Parameters
    ----------
    cells
        Cells x genes, counts.
    patient, cell_type
        Columns of ``obs``; without a cell type all cells of a patient are added up.
    min_cells
        Fewest cells of a profile, at least 1.
    layer
        Layer that holds the counts; None takes ``X``, or, in memory, ``raw`` or the layer that holds counts where ``X``
        does not, which is logged.

    Returns
    -------
    anndata.AnnData
        Profiles x genes, counts as float64; ``obs`` holds patient, cell type, ``n_cells``, ``n_counts`` and every
        column that has one value within each profile.

    Raises
    ------
    InputError
        If a column is not there, the values are no counts, or no group has ``min_cells`` cells.
    """
    from anndata import AnnData

    if min_cells < 1:
        raise InputError(f"min_cells is {min_cells}: a profile needs at least 1 cell")
    cells = _with_counts(as_cohort(cells), layer)
    columns = [patient] if cell_type is None else [patient, cell_type]
    for name in columns:
        if name not in cells.obs:
            raise unknown_name("obs column", name, map(str, cells.obs.columns))
    keys = cells.obs[columns].astype(object)
    keys = keys.where(~keys.isin(_NO_NAME))
    known = keys.notna().all(axis=1).to_numpy()
    groups = keys[known].astype(str).value_counts(sort=False).sort_index().rename("n_cells").reset_index()
    groups["kept"] = groups["n_cells"] >= min_cells
    if not groups["kept"].any():
        raise InputError(
            f"none of {len(groups)} groups has {min_cells} cells (the largest has {groups['n_cells'].max()}): lower "
            "min_cells, or add up whole patients"
        )
    kept = groups[groups["kept"]].reset_index(drop=True)
    code = _codes(keys, known, kept[columns])
    totals = np.zeros((len(kept), cells.n_vars))
    for start, block in count_blocks(cells, layer):
        here = code[start : start + block.shape[0]]
        rows = np.flatnonzero(here >= 0)
        adding = sparse.csr_matrix((np.ones(len(rows)), (here[rows], rows)), shape=(len(kept), block.shape[0]))
        added: Any = adding @ block
        totals += added.toarray() if hasattr(added, "toarray") else added
    obs = kept.drop(columns="kept").set_axis(pd.Index([":".join(row) for row in kept[columns].to_numpy()]), axis=0)
    obs["n_counts"] = totals.sum(axis=1)
    profiles = AnnData(totals, obs=obs.join(_constant(cells.obs, code, obs)), var=cells.var.copy())
    profiles = with_info(profiles, unit="counts", domain="tumour", origin=info(cells).origin)
    if not known.all():
        # an h5ad cannot hold missing text here, so it is written as empty
        nameless = pd.DataFrame([{**dict.fromkeys(columns, ""), "n_cells": int((~known).sum()), "kept": False}])
        groups = pd.concat([groups.astype(object), nameless.astype(object)], ignore_index=True)
    report = groups.astype({"n_cells": int, "kept": bool}).set_axis([str(i) for i in range(len(groups))], axis=0)
    return with_record(profiles, _RECORD, report)


def _with_counts(cells: AnnData, layer: str | None) -> AnnData:
    """Cells over genes alone, with their counts in ``X`` where no layer was told; cells on disk stay there."""
    if cells.isbacked or layer is not None:
        return cells
    read = matrices.read(cells, counts=True)
    if read.place != "X" or read.said:
        log.warning("pseudobulk: %s", "; ".join(read.said) or f"counts are read from {read.place}")
    return read.data


@in_words
def pseudobulk_groups(profiles: AnnData) -> pd.DataFrame:
    """Which groups of cells were added up and which left out.

    Parameters
    ----------
    profiles
        What :func:`pseudobulk` returned.

    Returns
    -------
    pandas.DataFrame
        One row a group: patient, cell type, ``n_cells``, ``kept``; cells without a patient or cell type make one
        row with both missing.

    Raises
    ------
    InputError
        If the cohort is no pseudobulk.
    """
    found = record(profiles, _RECORD)
    if found is None:
        raise InputError("nothing is recorded of groups of cells: pass what harmonize.pseudobulk returned")
    frame = pd.DataFrame(found).reset_index(drop=True)
    return frame.replace({"": None})


def _codes(keys: pd.DataFrame, known: np.ndarray, kept: pd.DataFrame) -> np.ndarray:
    """Row of ``kept`` that each cell belongs to, -1 where to none; shape ``(n_cells,)``."""
    place = {tuple(row): i for i, row in enumerate(kept.to_numpy())}
    texts = keys.astype(str).to_numpy()
    return np.array([place.get(tuple(row), -1) if there else -1 for row, there in zip(texts, known, strict=True)])


def _constant(obs: pd.DataFrame, code: np.ndarray, already: pd.DataFrame) -> pd.DataFrame:
    """Columns with one value within each profile."""
    used = obs[code >= 0].drop(columns=[name for name in already if name in obs])
    if not used.shape[1]:
        return pd.DataFrame(index=already.index)
    groups = used.astype(object).groupby(code[code >= 0])
    single = [name for name, most in groups.nunique(dropna=False).max().items() if most == 1]
    return groups.first()[single].set_axis(already.index, axis=0).infer_objects()


def count_blocks(cells: AnnData, layer: str | None) -> Iterator[tuple[int, Any]]:
    """Counts of some thousand cells at a time, with the place of the first; from memory or from disk.

    Raises
    ------
    InputError
        If a value is negative or no whole number; the message says where counts are, if there are any.
    """
    if layer is not None and layer not in cells.layers:
        raise unknown_name("layer", layer, named_layers(cells))
    matrix = cells.X if layer is None else cells.layers[layer]
    if matrix is None:
        raise InputError("the cells have no X: pass layer to say where their counts are")
    for start in range(0, cells.n_obs, _N_BLOCK):
        block = computed(matrix[start : start + _N_BLOCK])
        block = block if sparse.issparse(block) else np.asarray(block)
        if not are_counts(block):
            raise InputError(_no_counts(cells, layer, block))
        yield start, block


def are_counts(values: Any) -> bool:
    """Whether all values, dense or sparse, are whole numbers from 0."""
    numbers = np.asarray(values.data if hasattr(values, "nnz") else values)
    return bool(np.all(numbers >= 0) and np.all(numbers == np.floor(numbers)) and np.all(np.isfinite(numbers)))


def places_of_counts(cells: AnnData) -> list[str]:
    """Where the first cells have whole numbers, in the words a user would type."""
    found = [f"layer={name!r}" for name, values in named_layers(cells).items() if are_counts(_start(values))]
    if cells.raw is not None and are_counts(_start(cells.raw.X)):
        found.append("cells.raw.to_adata()")
    return found


def _start(matrix: Any) -> Any:
    first = matrix[:_N_PROBE]
    return first if sparse.issparse(first) else np.asarray(first)


def _no_counts(cells: AnnData, layer: str | None, block: Any) -> str:
    numbers = np.asarray(block.data if hasattr(block, "nnz") else block).ravel()
    bad = ~((numbers >= 0) & (numbers == np.floor(numbers)) & np.isfinite(numbers))
    where = "X" if layer is None else f"layer {layer!r}"
    shown = examples(f"{value:.4g}" for value in numbers[bad][:5])
    found = [place for place in places_of_counts(cells) if place != f"layer={layer!r}"]
    remedy = f"counts are in {' and '.join(found)}: pass that" if found else "pass the raw counts"
    return f"{where} holds no counts: {int(bad.sum())} values are negative or no whole numbers ({shown}); {remedy}"
