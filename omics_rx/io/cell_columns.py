"""Cells as tools leave them in a file: flagged genes are missing, text that means nothing is missing, no summaries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.io.apart import genes_alone
from omics_rx.io.modalities import columns_left_below
from omics_rx.io.said import Aloud

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anndata import AnnData

_FLAG = "feature_is_filtered"
_NOTHING = frozenset({"nan", "NaN", "NA", "N/A", "<NA>", "n/a", ""})
_NONE = frozenset({"None", "none", "null", "NULL"})  # which can be a category of its own, of a treatment say
_WHO = re.compile(
    r"donor|patient|subject|individual|participant|sample|batch|library|case|pool|cell_?type", re.IGNORECASE
)


def tidy_cells(cells: AnnData, origin: str) -> tuple[AnnData, list[str]]:
    """Cells without rows that are no genes and genes whose values were taken out, and with missing text missing.

    Cells on disk keep their matrices: what would be left out is said.

    Raises
    ------
    InputError
        If nothing is left.
    """
    said = _missing_text(cells)
    flagged = _flagged(cells)
    if cells.isbacked:
        if flagged.any():
            said.append(Aloud(f"{int(flagged.sum())} genes are flagged as filtered and hold zeros in X ({_FLAG})"))
        return cells, said
    if flagged.any() and not flagged.all():
        said.append(
            Aloud(f"{int(flagged.sum())} genes whose values were taken out of X ({_FLAG}) are missing, not zero "
                  f"({examples(cells.var_names[flagged])})")
        )  # fmt: skip
        cells = cells[:, ~flagged].copy()
    if cells.X is None:
        return cells, said
    alone, more = genes_alone(cells, origin, clinical=False)
    return alone, [*said, *more]


def _flagged(cells: AnnData) -> np.ndarray:
    """Genes that CELLxGENE flags: their values are in ``raw`` alone, and X holds zeros."""
    if _FLAG not in cells.var:
        return np.zeros(cells.n_vars, dtype=bool)
    return cells.var[_FLAG].astype(str).str.lower().isin({"true", "1"}).to_numpy()


def _missing_text(cells: AnnData) -> list[str]:
    """Turn ``"nan"`` and its like in columns of text into missing values, in place."""
    turned: dict[str, int] = {}
    for name in cells.obs:
        column = cells.obs[name]
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            continue
        nothing = _NOTHING | (_NONE if _WHO.search(str(name)) else frozenset())
        text = column.astype(object)
        lost = text.isin(nothing).to_numpy()
        if not lost.any():
            continue
        told = text.mask(lost)
        cells.obs[name] = pd.Categorical(told) if isinstance(column.dtype, pd.CategoricalDtype) else told
        turned[str(name)] = int(lost.sum())
    if not turned:
        return []
    shown = examples(f"{name}: {count}" for name, count in turned.items())
    return [Aloud(f"text that says nothing is missing ({shown} cells)")]


def one_unit(units: Mapping[str, str]) -> None:
    """Refuse samples of which some hold counts and others do not.

    Raises
    ------
    InputError
        Naming both.
    """
    counts = [name for name, unit in units.items() if unit == "counts"]
    others = [name for name, unit in units.items() if unit != "counts"]
    if counts and others:
        raise InputError(
            f"the samples are of two units: {examples(counts)} hold counts and {examples(others)} do not: read them "
            "apart, and bring them to one unit before they are joined"
        )


def read_h5mu(file: Any) -> tuple[AnnData, list[str]]:
    """Expression of a MuData file, its other modalities in ``obsm``.

    Raises
    ------
    InputError
        If none of its modalities is expression.
    """
    import mudata

    with columns_left_below():
        whole = mudata.read_h5mu(file)
    name = next((one for one in ("rna", "gex", "RNA", "GEX", "gene_expression", "mRNA") if one in whole.mod), None)
    if name is None:
        raise InputError(f"{file} has no modality of expression: it has {examples(whole.mod)}; write one as h5ad")
    cells = whole.mod[name].copy()
    said = [f"h5mu: modality {name!r} holds the genes"]
    for other, found in whole.mod.items():
        if other == name or found.n_vars > 2000 or found.X is None:
            continue
        values = found.X.toarray() if hasattr(found.X, "toarray") else np.asarray(found.X)
        frame = pd.DataFrame(values, index=found.obs_names, columns=found.var_names.astype(str))
        cells.obsm[other] = frame.reindex(cells.obs_names)
        said.append(f"{found.n_vars} features of modality {other!r} are in obsm[{other!r}]")
    for column in whole.obs:
        if column not in cells.obs and ":" not in str(column):
            cells.obs[column] = whole.obs[column].reindex(cells.obs_names)
    return cells, said
