"""Cell types: what marks them, and which genes tell immune from tumour cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core import cohort as cohorts
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import track
from omics_rx.harmonize.needs import Needs, prepare
from omics_rx.scores import blocks
from omics_rx.scores.kernels.separation import benjamini_hochberg, separation

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.screen import DrugScreen

_GENES_AT_A_TIME_VALUES = 8_000_000
_MIN_CELLS = 3
HAEMATOPOIETIC, BREAST = "blood", "breast"


@in_words
def marker_genes(cells: AnnData, labels: pd.Series | str, *, progress: bool | None = None) -> pd.DataFrame:
    """Tell for every gene and group of cells how well the gene separates the group from all other cells.

    Parameters
    ----------
    cells
        Cells x genes. Counts are brought to log2(CPM + 1) of the cell; values on a log scale are used as they are.
    labels
        Group of each cell by cell name, or the name of an ``obs`` column. Cells without a group are left out.
    progress
        True or False shows a bar or not; None shows it on a terminal or in a notebook.

    Returns
    -------
    pandas.DataFrame
        One row a group and gene, best first within a group: ``group``, ``gene``, ``auroc`` (share of pairs of a cell
        inside and one outside in which the inside one is higher), ``log2_fold`` (difference of means), ``share_inside``
        and ``share_outside`` (of cells with a value above zero), ``p_value`` (Wilcoxon rank sum, tie corrected) and
        ``q_value`` (Benjamini-Hochberg within the group).

    Raises
    ------
    InputError
        If there are fewer than two groups, or a group has under 3 cells.
    """
    data, groups = _labelled(cells, labels)
    names = sorted(groups.unique())
    members = groups.to_numpy()[:, None] == np.array(names, dtype=object)[None, :]
    tables = [_one_part(part, members, names) for part in _gene_parts(data, progress=progress)]
    table = pd.concat(tables, ignore_index=True)
    table["q_value"] = table.groupby("group")["p_value"].transform(lambda p: benjamini_hochberg(p.to_numpy()))
    return table.sort_values(["group", "auroc", "gene"], ascending=[True, False, True], ignore_index=True)


def _labelled(cells: AnnData, labels: pd.Series | str) -> tuple[AnnData, pd.Series]:
    """Cells that have a group, and their groups."""
    data = cohorts.as_cohort(cells)
    if isinstance(labels, str) and labels not in data.obs:
        raise InputError(f"the cells have no obs column {labels!r}: they have {examples(data.obs.columns, 10)}")
    told: pd.Series = data.obs[labels] if isinstance(labels, str) else labels
    groups = told.astype(object).reindex(data.obs_names)
    groups = groups[groups.notna()].astype(str)
    sizes = groups.value_counts()
    small = sizes.index[sizes < _MIN_CELLS]
    if len(sizes) < 2:
        raise InputError(
            f"{len(sizes)} groups of cells were found in {data.n_obs} cells: do the labels carry cell names?"
        )
    if len(small):
        raise InputError(
            f"{len(small)} groups have under {_MIN_CELLS} cells ({examples(small)}): "
            "join them with others or leave their cells unlabelled"
        )
    return data[groups.index], groups


def _gene_parts(data: AnnData, *, progress: bool | None) -> Iterable[tuple[pd.Index, np.ndarray]]:
    """Yield some genes at a time, all cells of each, on a log scale; memory stays flat."""
    ready = prepare(data, Needs("comparing cells", rename=False))
    if ready.unanswered:
        raise InputError(f"{len(ready.unanswered)} cells have no counts ({examples(ready.unanswered)}): leave them out")
    data = ready.data
    values: Any = data.X
    matrix: Any = values.tocsc() if hasattr(values, "tocsc") else np.asarray(values)
    size = max(1, _GENES_AT_A_TIME_VALUES // data.n_obs)
    starts = range(0, data.n_vars, size)
    for start in track(starts, "Comparing cells", total=len(starts), progress=progress):
        genes = data.var_names[start : start + size]
        part = np.asarray(blocks.as_block(matrix[:, start : start + size], genes, keep_sparse=False), dtype=np.float64)
        missing = np.isnan(part).any(axis=0)
        if missing.any():
            raise InputError(
                f"{int(missing.sum())} genes are missing in some cells ({examples(genes[missing])}): drop them"
            )
        yield genes, part


def _one_part(part: tuple[pd.Index, np.ndarray], members: np.ndarray, names: list[str]) -> pd.DataFrame:
    genes, values = part
    auroc, p_value = separation(values, members)
    inside = members.astype(np.float64)
    n_inside, n_outside = inside.sum(axis=0), (1 - inside).sum(axis=0)
    shown = (values > 0).astype(np.float64)
    sums, shows = values.T @ inside, shown.T @ inside
    columns = {
        "auroc": auroc,
        "log2_fold": sums / n_inside - (values.sum(axis=0)[:, None] - sums) / n_outside,
        "share_inside": shows / n_inside,
        "share_outside": (shown.sum(axis=0)[:, None] - shows) / n_outside,
        "p_value": p_value,
    }
    table: dict[str, Any] = {"group": np.repeat(names, len(genes)), "gene": np.tile(genes.to_numpy(), len(names))}
    return pd.DataFrame(table | {name: matrix.T.ravel() for name, matrix in columns.items()})


@in_words
def iic_genes_from_cells(
    cells: AnnData,
    labels: pd.Series | str,
    *,
    immune: Sequence[str],
    tumour: Sequence[str],
    max_q: float = 0.05,
    min_log2_fold: float = 0.25,
) -> pd.DataFrame:
    """Find genes that are up in immune cells and down in tumour cells, from labelled single cells.

    Parameters
    ----------
    cells
        Cells x genes, of tumours.
    labels
        Type of each cell by name, or an ``obs`` column.
    immune, tumour
        Which types are immune, which are tumour cells; further types (stroma) are others.
    max_q
        False discovery rate of both comparisons.
    min_log2_fold
        Least difference of means, up in immune against all other cells and down in tumour against immune cells.

    Returns
    -------
    pandas.DataFrame
        Index gene, best first: ``immune_auroc`` and ``immune_log2_fold`` (immune against all other cells),
        ``tumour_auroc`` and ``tumour_log2_fold`` (tumour against immune cells), ``q_value`` (the larger of the two).

    Raises
    ------
    InputError
        If a type is not among the labels.

    Notes
    -----
    After the candidate genes of Wang et al., Journal of Big Data 2023 (10.1186/s40537-023-00809-1).
    """
    data, types = _labelled(cells, labels)
    absent = sorted({*immune, *tumour} - set(types))
    if absent or not immune or not tumour or set(immune) & set(tumour):
        raise InputError(
            "immune and tumour types must be two separate lists of labels; "
            f"not among the labels: {examples(absent) or '-'} (the labels are {examples(sorted(types.unique()), 20)})"
        )
    side = types.map(dict.fromkeys(immune, "immune") | dict.fromkeys(tumour, "tumour")).fillna("other")
    against_rest = marker_genes(data, side.replace("tumour", "other"), progress=False)
    against_immune = marker_genes(data, side[side != "other"], progress=False)
    parts = {"immune": against_rest, "tumour": against_immune}
    by = {name: rows[rows["group"] == name].set_index("gene") for name, rows in parts.items()}
    table = pd.DataFrame({f"{name}_{column}": by[name][column] for name in parts for column in ("auroc", "log2_fold")})
    table["q_value"] = np.maximum(by["immune"]["q_value"], by["tumour"]["q_value"].reindex(table.index))
    kept = (
        (table["q_value"] < max_q)
        & (table["immune_log2_fold"] >= min_log2_fold)
        & (table["tumour_log2_fold"] <= -min_log2_fold)
    )
    return table[kept].sort_values("immune_auroc", ascending=False)


@in_words
def iic_genes_from_lines(
    screen: DrugScreen, *, max_q: float = 0.05, min_auroc: float = 0.75, min_difference: float = 0.5
) -> pd.DataFrame:
    """Find genes that are up in haematopoietic cell lines and down in breast lines.

    Parameters
    ----------
    screen
        Screen whose lines have ``obs["tissue"]`` with ``"blood"`` and ``"breast"``, such as ``datasets.load("gdsc2")``.
    max_q
        False discovery rate of the comparison.
    min_auroc
        Least share of pairs of a haematopoietic and a breast line in which the former is higher.
    min_difference
        Least difference of means, in the unit of the screen's expression: a gene that no line expresses may rank
        well by noise of its probe alone.

    Returns
    -------
    pandas.DataFrame
        Index gene, best first: ``auroc``, ``difference`` (of means, in the screen's unit) and ``q_value``.

    Raises
    ------
    InputError
        If the screen has fewer than 3 lines of either kind with expression.
    """
    lines = screen.cells
    if "tissue" not in lines.obs:
        raise InputError(f"the lines have no obs column 'tissue': they have {examples(lines.obs.columns, 10)}")
    values = cohorts.expression(lines[lines.obs["tissue"].isin([HAEMATOPOIETIC, BREAST]).to_numpy()])
    values = values.dropna(how="all").dropna(axis=1)
    blood = (lines.obs["tissue"].reindex(values.index) == HAEMATOPOIETIC).to_numpy()
    if min(blood.sum(), (~blood).sum()) < _MIN_CELLS:
        raise InputError(
            f"the screen has {int(blood.sum())} haematopoietic and {int((~blood).sum())} breast lines with expression, "
            f"and {_MIN_CELLS} of each are needed: load a whole screen"
        )
    auroc, p_value = separation(values.to_numpy(), blood[:, None])
    table = pd.DataFrame(
        {"auroc": auroc[:, 0], "difference": values[blood].mean() - values[~blood].mean()}, index=values.columns
    )
    table["q_value"] = benjamini_hochberg(p_value[:, 0])
    kept = (table["q_value"] < max_q) & (table["auroc"] >= min_auroc) & (table["difference"] >= min_difference)
    return table[kept].sort_values("auroc", ascending=False)
