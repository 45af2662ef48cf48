"""Plots of the arms of a trial: interactions with features, and a patient's chance under each arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.plots import forest, style
from omics_rx.plots.ink import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEAST, _MOST = 1 / 64, 64.0  # odds ratios beyond which an interval only says that it is long


@in_words
@picture
def interaction_forest(table: pd.DataFrame, *, n: int = 20, ax: Axes | None = None) -> Axes:
    """Odds ratios of arm by feature interactions with their intervals, against 1 (the arm does the same to everybody).

    Parameters
    ----------
    table
        ``arm``, ``group``, ``feature``, ``odds_ratio``, ``lower``, ``upper``, ``q_value``, as
        ``TreatmentStudy.predictive`` has; rows without an odds ratio are left out.
    n
        Most rows shown, the first ones.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If no row has an odds ratio.
    """
    style.need(table, ("arm", "group", "feature", "odds_ratio", "lower", "upper", "q_value"), "the interactions")
    rows = table.dropna(subset=["odds_ratio"]).head(n).reset_index(drop=True)
    if rows.empty:
        raise InputError(f"none of {len(table)} interactions could be told: nothing to draw")
    ax = style.dress(style.axes(ax, (8.0, 1.2 + 0.36 * len(rows))), grid="x", spines=("bottom",))
    drawn = rows[["odds_ratio", "lower", "upper"]].clip(_LEAST, _MOST)
    ax.axvline(1, color=style.MUTED, linewidth=1, linestyle=forest.DASHED)
    colours = forest.marks(ax, drawn, "odds_ratio", rows["arm"], label=style.shorten)
    texts = []
    for value in rows.to_dict("records"):
        ratio, lower, upper = (_ratio(value[name]) for name in ("odds_ratio", "lower", "upper"))
        texts.append(f"{ratio} ({lower} to {upper}), q {value['q_value']:.2g}")
    names = [
        f"{style.shorten(row['arm'], 16)}: {style.shorten(row['feature'], 24)}"
        + ("" if row["group"] == "all" else f", {row['group']}")
        for row in rows.to_dict("records")
    ]
    forest.beside(ax, names, texts)
    ax.set_xscale("log")
    shown = drawn[["lower", "upper"]].to_numpy(dtype=float)
    ax.set(xlim=(min(float(shown.min()) / 1.2, 0.8), max(float(shown.max()) * 1.2, 1.25)),
           xlabel="Odds ratio of the interaction a standard deviation (95%)")  # fmt: skip
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.xaxis.set_minor_formatter(lambda *_: "")
    style.legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=min(len(colours), 5), borderaxespad=0)
    return ax


def _ratio(value: float) -> str:
    """An odds ratio in two digits; beyond what is drawn only that it is."""
    if value < _LEAST:
        return f"<{_LEAST:.2g}"
    return f">{_MOST:.0f}" if value > _MOST else f"{value:.2g}"


@in_words
@picture
def arm_chances(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Chance of a response under each arm with its interval; an arm that nobody of the kind had is written so.

    Parameters
    ----------
    table
        ``arm``, ``chance``, ``lower``, ``upper``, as ``PatientChances.table`` has.
    ax
        Axes to draw into; new ones by default.
    """
    style.need(table, ("arm", "chance", "lower", "upper"), "the chances")
    ax = style.dress(style.axes(ax, (7.2, 1.0 + 0.36 * len(table))), grid="x", spines=("bottom",))
    heights = np.arange(len(table))[::-1]
    known = table["chance"].notna().to_numpy()
    part, at = table[known], heights[known]
    ax.hlines(at, part["lower"], part["upper"], color=style.SKY, linewidth=4)
    ax.plot(part["chance"], at, linestyle="none", marker="o", markersize=6, color=style.INK)
    texts = [
        f"{row['chance']:.0%} ({row['lower']:.0%} to {row['upper']:.0%})" if sure else "nobody knows"
        for row, sure in zip(table.to_dict("records"), known, strict=True)
    ]
    inks = [style.INK if sure else style.MUTED for sure in known]
    forest.beside(ax, [style.shorten(name) for name in table["arm"]], texts, inks)
    ax.set(xlim=(0, 1), xlabel="Chance of a response (95%)")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return ax
