"""Plots of how a risk tells patients apart: over time, at a month, between risk groups of several cohorts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.plots import forest, style
from omics_rx.plots.ink import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@in_words
@picture
def auc_over_time(auc: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Time-dependent area under the curve by month, one line a method, against 0.5 (chance).

    Parameters
    ----------
    auc
        ``method``, ``at`` (months) and ``auc`` of one cohort, such as rows of ``Judgement.auc``.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If a column is missing, nothing is known, or a method has two values at one month.
    """
    style.need(auc, ("method", "at", "auc"), "the areas")
    known = auc.dropna(subset=["at", "auc"])
    if known.empty:
        raise InputError(f"none of {len(auc)} areas is known: nothing to draw")
    if known.duplicated(["method", "at"]).any():
        raise InputError("a method has several areas at one month: draw one cohort at a time")
    names = list(dict.fromkeys(known["method"].astype(str)))
    ax = style.dress(style.axes(ax, (6.0, 3.8)), grid="y")
    colours = style.colours(names)
    ax.axhline(0.5, color=style.MUTED, linewidth=1, linestyle=forest.DASHED)
    for name in names:
        rows = known[known["method"] == name].sort_values("at")
        ax.plot(rows["at"], rows["auc"], color=colours[name], linewidth=2, marker="o", markersize=3.5,
                label=style.shorten(name))  # fmt: skip
    low, high = float(known["auc"].min()), float(known["auc"].max())
    ax.set(xlim=(0, float(known["at"].max()) * 1.03), ylim=(min(0.4, low - 0.05), min(1.0, max(0.8, high + 0.05))),
           xlabel="Months", ylabel="AUC for an event by then")  # fmt: skip
    style.legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0)
    return ax


@in_words
@picture
def roc_curves(roc: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Time-dependent ROC curves at one month, one line a method.

    Parameters
    ----------
    roc
        ``method``, ``false_positive`` and ``true_positive`` of one cohort at one month, such as rows of
        ``Judgement.roc``.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If a column is missing, nothing is known, or rows are of several cohorts or months.
    """
    style.need(roc, ("method", "false_positive", "true_positive"), "the curves")
    known = roc.dropna(subset=["false_positive", "true_positive"])
    if known.empty:
        raise InputError(f"none of {len(roc)} points is known: nothing to draw")
    mixed = [name for name in ("cohort", "at") if name in known and len(known[name].unique()) > 1]
    if mixed:
        raise InputError(f"the points are of several values of {' and '.join(mixed)}: draw one at a time")
    names = list(dict.fromkeys(known["method"].astype(str)))
    ax = style.dress(style.axes(ax, (4.8, 4.6)), grid="both")
    colours = style.colours(names)
    ax.plot([0, 1], [0, 1], color=style.MUTED, linewidth=1, linestyle=forest.DASHED)
    for name in names:
        rows = known[known["method"] == name]
        area = float(np.trapezoid(rows["true_positive"].to_numpy(float), rows["false_positive"].to_numpy(float)))
        ax.plot(rows["false_positive"], rows["true_positive"], color=colours[name], linewidth=2,
                label=f"{style.shorten(name, 24)} {area:.2f}")  # fmt: skip
    ax.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="Called, of those without an event by then",
           ylabel="Called, of those with one")  # fmt: skip
    style.legend(ax, loc="lower right", title="area")
    return ax


@in_words
@picture
def ratio_forest(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Hazard or odds ratios with their intervals on a log axis, one line each, against 1.

    Parameters
    ----------
    table
        ``name``, ``ratio``, ``lower``, ``upper``; ``role`` colours the marks where present.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If a column is missing, or no ratio is known.
    """
    style.need(table, ("name", "ratio", "lower", "upper"), "the table")
    return _forest(table.rename(columns={"ratio": "value"}), ax, centre=1.0, label="Ratio with 95% interval", log=True)


@in_words
@picture
def effects_forest(table: pd.DataFrame, *, n: int = 30, ax: Axes | None = None) -> Axes:
    """Effects between two groups with their intervals, the surest first.

    Parameters
    ----------
    table
        ``column``, ``effect``, ``lower``, ``upper``, ``q_value``, such as ``signatures.compare_groups`` gives.
    n
        Most rows drawn.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If a column is missing, or no effect is known.
    """
    style.need(table, ("column", "effect", "lower", "upper", "q_value"), "the table")
    known = table.dropna(subset=["effect", "lower", "upper"]).sort_values("q_value", kind="stable").head(n)
    sure = np.where(known["q_value"] < 0.05, "q < 0.05", "not sure")
    given = known.rename(columns={"effect": "value"}).assign(name=known["column"].astype(str), role=sure)
    return _forest(given, ax, centre=0.0, label="Effect, high against low risk (-1 to 1), 95% interval", log=False)


def _forest(table: pd.DataFrame, ax: Axes | None, *, centre: float, label: str, log: bool) -> Axes:
    rows: Any = table.dropna(subset=["value", "lower", "upper"]).reset_index(drop=True)
    if rows.empty:
        raise InputError(f"none of {len(table)} rows has a value with an interval: nothing to draw")
    ax = style.dress(style.axes(ax, (6.8, 1.1 + 0.3 * len(rows))), grid="x", spines=("bottom",))
    roles = rows["role"].astype(str) if "role" in rows else pd.Series("cohort", index=rows.index)
    ax.axvline(centre, color=style.MUTED, linewidth=1, linestyle=forest.DASHED)
    colours = forest.marks(ax, rows, "value", roles)
    if log:
        ax.set_xscale("log")
        low, high = float(min(rows["lower"].min(), 0.8)), float(max(rows["upper"].max(), 1.25))
        ticks = [one for one in (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32) if low * 0.9 <= one <= high * 1.1]
        ax.set_xlim(low * 0.9, high * 1.1)
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
    texts = [f"{row['value']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})" for row in rows.to_dict("records")]
    forest.beside(ax, [style.shorten(str(name), 40) for name in rows["name"]], texts)
    ax.set_xlabel(label)
    if len(colours) > 1:
        style.legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(colours), borderaxespad=0)
    return ax
