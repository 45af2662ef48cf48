"""Quality of single cells: measured, cut at stated thresholds, normalised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import record, with_info, with_record
from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.cell_sums import count_blocks
from omics_rx.harmonize.symbols import current_symbols, unnumbered
from omics_rx.io.said import notes

if TYPE_CHECKING:
    from anndata import AnnData

_RECORD = "reading"
_DROPPED = "cells_dropped"
_SETTINGS = "cell_quality"


@in_words
def cell_quality(cells: AnnData, *, layer: str | None = None) -> pd.DataFrame:
    """Measure each cell; cells on disk are read in blocks.

    Parameters
    ----------
    cells
        Cells x genes, counts.
    layer
        Layer that holds the counts; None takes ``X``.

    Returns
    -------
    pandas.DataFrame
        One row a cell: ``n_counts``; ``n_genes``, genes with a count; ``mitochondrial_share`` of the counts, 0 to 1,
        missing for an empty cell and where no gene of the table is mitochondrial.

    Raises
    ------
    InputError
        If the values are no counts.
    """
    import scanpy as sc
    from anndata import AnnData

    symbols = current_symbols([unnumbered(str(name)) for name in cells.var_names])["symbol"]
    is_mitochondrial = symbols.str.startswith("MT-").to_numpy()
    var = pd.DataFrame({"mitochondrial": is_mitochondrial}, index=pd.RangeIndex(cells.n_vars).astype(str))
    parts = []
    for start, block in count_blocks(cells, layer):
        names = cells.obs_names[start : start + block.shape[0]]
        part = AnnData(block, obs=pd.DataFrame(index=names), var=var)
        measured, _ = sc.pp.calculate_qc_metrics(part, qc_vars=["mitochondrial"], percent_top=None, log1p=False)
        parts.append(measured)
    whole = pd.concat(parts)
    found = pd.DataFrame(index=cells.obs_names.copy())
    found["n_counts"] = whole["total_counts"].to_numpy(dtype=np.float64)
    found["n_genes"] = whole["n_genes_by_counts"].to_numpy(dtype=np.int64)
    mitochondrial = whole["total_counts_mitochondrial"].to_numpy(dtype=np.float64)
    known = (found["n_counts"] > 0).to_numpy() & is_mitochondrial.any()
    found["mitochondrial_share"] = np.where(known, mitochondrial / np.maximum(found["n_counts"], 1), np.nan)
    return found


@in_words
def qc(
    cells: AnnData,
    *,
    min_counts: int = 250,
    min_genes: int = 200,
    max_mitochondrial: float = 0.2,
    layer: str | None = None,
) -> AnnData:
    """Leave out cells of poor quality; genes are all kept.

    The thresholds are those of the breast atlas of Wu et al. 2021 (doi:10.1038/s41588-021-00911-1): at least 250
    counts and 200 genes, and at most 20% of the counts mitochondrial. :func:`dropped_cells` lists what was left out.

    Parameters
    ----------
    cells
        Cells x genes, counts. Those that pass are read into memory.
    min_counts, min_genes
        Fewest counts and genes of a cell.
    max_mitochondrial
        Largest share of a cell's counts from mitochondrial genes, 0 to 1.
    layer
        Layer that holds the counts; None takes ``X``.

    Returns
    -------
    anndata.AnnData
        The cells that pass, with ``n_counts``, ``n_genes`` and ``mitochondrial_share`` in ``obs``.

    Raises
    ------
    InputError
        If the values are no counts, a threshold is out of range, or no cell passes.
    """
    if not 0 <= max_mitochondrial <= 1:
        raise InputError(f"max_mitochondrial is {max_mitochondrial}: give a share from 0 to 1, not per cent")
    if min(min_counts, min_genes) < 0:
        raise InputError(f"min_counts {min_counts} and min_genes {min_genes} are not below 0")
    measured = cell_quality(cells, layer=layer)
    few = measured["n_counts"] < min_counts
    poor = measured["n_genes"] < min_genes
    dying = measured["mitochondrial_share"] > max_mitochondrial
    reasons = _reasons(
        (few, f"fewer than {min_counts} counts"),
        (poor, f"fewer than {min_genes} genes"),
        (dying, f"over {max_mitochondrial:.0%} mitochondrial"),
    )
    keep = (reasons == "").to_numpy()
    if not keep.any():
        raise InputError(
            f"none of {len(keep)} cells passes (median {measured['n_counts'].median():.0f} counts, "
            f"{measured['n_genes'].median():.0f} genes, {measured['mitochondrial_share'].median():.0%} mitochondrial): "
            "set min_counts, min_genes and max_mitochondrial to the data"
        )
    passed = cells[keep].to_memory() if cells.isbacked else cells[keep].copy()
    passed.obs[measured.columns] = measured[keep].to_numpy()
    passed.obs = passed.obs.astype({"n_counts": float, "n_genes": int})
    dropped = measured[~keep].assign(reason=reasons[~keep]).rename_axis("cell").reset_index()
    dropped.index = dropped.index.astype(str)
    settings = {
        "min_counts": min_counts, "min_genes": min_genes, "max_mitochondrial": max_mitochondrial, "n_read": len(keep),
        "mitochondrial_genes_known": bool(measured["mitochondrial_share"].notna().any()),
    }  # fmt: skip
    told = "\n".join([*notes(cells), _said(settings, reasons)])
    return with_record(with_record(with_record(passed, _DROPPED, dropped), _SETTINGS, settings), _RECORD, told)


def _reasons(*tests: tuple[pd.Series, str]) -> pd.Series:
    """What each cell fails, joined; empty where it passes."""
    fails = np.column_stack([test.to_numpy(dtype=bool) for test, _ in tests])
    words = [reason for _, reason in tests]
    told = {
        row: ", ".join(word for word, failed in zip(words, row, strict=True) if failed)
        for row in set(map(tuple, fails))
    }
    return pd.Series([told[tuple(row)] for row in fails], index=tests[0][0].index, dtype=object)


def _said(settings: Mapping[str, object], reasons: pd.Series) -> str:
    """What was left out and why, in a sentence."""
    lost = reasons[reasons != ""]
    counts = ", ".join(f"{count} for {reason}" for reason, count in lost.value_counts().items()) or "none"
    unknown = "" if settings["mitochondrial_genes_known"] else "; no gene is mitochondrial, so their share is unknown"
    return f"{len(lost)} of {len(reasons)} cells were left out ({counts}){unknown}"


@in_words
def dropped_cells(cells: AnnData) -> pd.DataFrame:
    """Cells that :func:`qc` left out.

    Returns
    -------
    pandas.DataFrame
        One row a cell: ``cell``, ``n_counts``, ``n_genes``, ``mitochondrial_share``, ``reason``; ``attrs`` holds the
        thresholds, the number of cells read and whether any mitochondrial gene was known.

    Raises
    ------
    InputError
        If the cells did not go through :func:`qc`.
    """
    found = record(cells, _DROPPED)
    if found is None:
        raise InputError("nothing is recorded of the quality of these cells: pass what io.qc returned")
    frame = pd.DataFrame(found).reset_index(drop=True)
    frame.attrs.update(record(cells, _SETTINGS) or {})
    return frame


@in_words
def normalise(cells: AnnData, *, target: float = 1e6, layer: str | None = None) -> AnnData:
    """Bring each cell to the same total and take log2(x + 1), with scanpy; counts are kept in ``layers["counts"]``.

    Parameters
    ----------
    cells
        Cells x genes, counts, in memory.
    target
        Counts of a cell afterwards. A million gives log2(CPM + 1), the unit other rooms know; for any other the unit
        is ``"unknown"``.
    layer
        Layer that holds the counts; None takes ``X``.

    Returns
    -------
    anndata.AnnData
        The same cells, unit ``log2(CPM + 1)``.

    Raises
    ------
    InputError
        If the cells are on disk, the values are no counts, or a cell has none.
    """
    import scanpy as sc

    if cells.isbacked:
        raise InputError(
            "the cells are on disk, and normalised values would not fit: choose some, cells[...].to_memory()"
        )
    if target <= 0:
        raise InputError(f"target is {target}: give the counts of a cell after normalising, such as 1e6")
    totals = np.concatenate([np.asarray(block.sum(axis=1)).ravel() for _, block in count_blocks(cells, layer)])
    empty = cells.obs_names[totals == 0]
    if len(empty):
        raise InputError(f"{len(empty)} cells have no counts ({examples(empty)}): pass them through io.qc first")
    counts = cells.X if layer is None else cells.layers[layer]
    changed = cells.copy()
    changed.layers["counts"] = counts.copy()
    changed.X = counts.astype(np.float32)
    sc.pp.normalize_total(changed, target_sum=target)
    sc.pp.log1p(changed, base=2)
    return with_info(changed, unit="log2(CPM + 1)" if target == 1e6 else "unknown", domain="single_cell")
