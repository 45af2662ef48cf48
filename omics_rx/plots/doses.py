"""Dose-response curves with the points that they were fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.plots import forest, style
from omics_rx.plots.ink import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = len(style.CYCLE)


@in_words
@picture
def dose_response(curves: pd.DataFrame, points: pd.DataFrame | None = None, *, ax: Axes | None = None) -> Axes:
    """Fitted curves between the lowest and highest dose, with their points and IC50.

    Parameters
    ----------
    curves
        Rows of :func:`omics_rx.harmonize.fit_curves`, such as those of one drug: ``cell_id``, ``drug_id``, ``upper``,
        ``lower``, ``slope``, ``ln_ec50``, ``ln_ic50``, ``lowest_um``, ``highest_um``; the first six with a curve are
        drawn.
    points
        What they were fitted to: ``cell_id``, ``drug_id``, ``dose_um``, ``viability``.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If a column is missing or there is no curve.
    """
    needed = ("cell_id", "drug_id", "upper", "lower", "slope", "ln_ec50", "ln_ic50", "lowest_um", "highest_um")
    style.need(curves, needed, "a table of curves")
    fitted = curves.dropna(subset=["upper", "lower", "slope", "ln_ec50"])
    style.need(fitted, needed, "a table of curves that could be fitted")
    shown = fitted.head(_MOST)
    if points is not None:
        style.need(points, ("cell_id", "drug_id", "dose_um", "viability"), "a table of doses")
    ax = style.dress(style.axes(ax, (5.2, 3.8)), grid="both")
    one_drug = len(set(shown["drug_id"])) == 1
    for colour, row in zip(style.CYCLE, shown.to_dict("records"), strict=False):
        x = np.linspace(np.log(float(row["lowest_um"])), np.log(float(row["highest_um"])), 200)
        fall = 1 / (1 + np.exp(np.clip(float(row["slope"]) * (x - float(row["ln_ec50"])), -50, 50)))
        y = float(row["lower"]) + (float(row["upper"]) - float(row["lower"])) * fall
        name = row["cell_id"] if one_drug else f"{row['cell_id']}, {row['drug_id']}"
        ax.plot(np.exp(x), y, color=colour, linewidth=1.6, label=style.shorten(name, 24))
        if points is not None:
            own = points[(points["cell_id"] == row["cell_id"]) & (points["drug_id"] == row["drug_id"])]
            ax.plot(own["dose_um"], own["viability"], linestyle="none", marker="o", markersize=4, alpha=0.7,
                    color=colour, markeredgewidth=0)  # fmt: skip
        if not (row.get("censored") or row.get("below_lowest")) and np.isfinite(float(row["ln_ic50"])):
            ax.plot([np.exp(float(row["ln_ic50"]))], [0.5], marker="|", markersize=11, color=colour)
    ax.axhline(0.5, color=style.MUTED, linewidth=1, linestyle=forest.DASHED)
    ax.set(xscale="log", xlabel="Dose (µM)", ylabel="Viability (share of the control)")
    title = str(shown["drug_id"].iloc[0]) if one_drug else "Dose and response"
    left = len(fitted) - len(shown)
    style.title(ax, style.shorten(f"{title}{f', {left} curves not drawn' if left else ''}", 60))
    style.legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax
