"""Plots of single cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.plots import style
from omics_rx.plots.ink import picture
from omics_rx.plots.scores import colourbar

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes


@in_words
@picture
def umap(
    cells: AnnData, score: pd.Series | str, *, basis: str = "X_umap", label: str | None = None, ax: Axes | None = None
) -> Axes:
    """Cells at their places in a two-dimensional map, coloured by a score or by type.

    Parameters
    ----------
    cells
        AnnData whose ``obsm[basis]`` holds the places, shape ``(n_cells, 2)``, such as scanpy's ``tl.umap`` makes.
    score
        Number or type of each cell by cell name, or the name of an ``obs`` column. Cells with the highest scores are
        drawn last, so that they are not hidden; cells without a value are grey and drawn first.
    basis
        Which map.
    label
        What the score is; None takes its name.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If there is no such map, column or cell.
    """
    if basis not in cells.obsm:
        raise InputError(
            f"the cells have no obsm {basis!r}: make a map first (it has {examples(cells.obsm) or 'none'})"
        )
    if isinstance(score, str) and score not in cells.obs:
        raise InputError(f"the cells have no obs column {score!r}: they have {examples(cells.obs.columns, 10)}")
    told: pd.Series = cells.obs[score] if isinstance(score, str) else score
    values = told.reindex(cells.obs_names)
    if values.isna().all():
        raise InputError(f"no cell of the map has a value ({examples(told.index)}): do the names match?")
    places = np.asarray(cells.obsm[basis])[:, :2]
    name = label or str(told.name or "Score")
    ax = style.dress(style.axes(ax, (5.2, 4.6)), spines=())
    known = values.notna().to_numpy()
    size = float(np.clip(12_000 / len(values), 1.0, 24.0))
    ax.scatter(places[~known, 0], places[~known, 1], s=size, color=style.MISSING, linewidths=0)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=np.float64)
        order = np.flatnonzero(known)[np.argsort(numbers[known], kind="stable")]
        low, high = np.quantile(numbers[known], [0.01, 0.99])
        shown = {"s": size, "linewidths": 0, "cmap": style.sequential(), "vmin": low, "vmax": high}
        points = ax.scatter(places[order, 0], places[order, 1], c=numbers[order], **shown)
        colourbar(ax, points, style.shorten(name))
    else:
        groups = values.astype(object)
        names = style.largest(groups.dropna().astype(str))
        rest = known & ~groups.astype(str).isin(names).to_numpy()
        if rest.any():
            said = f"{groups[rest].nunique()} smaller groups"
            ax.scatter(places[rest, 0], places[rest, 1], s=size, color=style.MISSING, linewidths=0, label=said)
        colours = style.colours(names)
        for group in names:
            inside = known & (groups.astype(str) == group).to_numpy()
            shown = {"s": size, "color": colours[group], "linewidths": 0, "label": style.shorten(group)}
            ax.scatter(places[inside, 0], places[inside, 1], **shown)
            if len(names) > len(style.CYCLE):  # more colours than a reader holds: write the name where the cells are
                ax.annotate(style.shorten(group, 18), np.median(places[inside], axis=0), ha="center", va="center",
                            fontsize="small", color=style.INK, bbox=style.PLATE)  # fmt: skip
        style.legend(ax, loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2.5)
        style.title(ax, style.shorten(name))
    axis = basis.removeprefix("X_").upper()
    ax.set(xticks=[], yticks=[], xlabel=f"{axis} 1", ylabel=f"{axis} 2")
    return ax
