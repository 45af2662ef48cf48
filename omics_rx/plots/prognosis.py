"""Plots of predicted chances: whether they come true, and whether acting on them helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.plots import style
from omics_rx.plots.ink import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@in_words
@picture
def calibration(groups: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Observed against predicted chance of an event, in groups of patients, one colour a horizon.

    Parameters
    ----------
    groups
        ``predicted``, ``observed``, ``lower``, ``upper``, and ``at`` (months) where there is more than one horizon.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If a column is missing or no group has an observed chance.
    """
    style.need(groups, ("predicted", "observed", "lower", "upper"), "the groups")
    known = groups.dropna(subset=["predicted", "observed"])
    if known.empty:
        raise InputError(f"none of {len(groups)} groups has an observed chance: nothing to draw")
    ax = style.dress(style.axes(ax, (5.0, 4.6)), grid="both")
    dated = "at" in known  # chances by a month; else of a yes or no
    names = known["at"].map(lambda month: f"{month:.0f} months") if dated else pd.Series("", index=known.index)
    colours = style.colours(names)
    ax.plot([0, 1], [0, 1], color=style.MUTED, linewidth=1, linestyle=(0, (4, 3)), label="as predicted")
    for name, colour in colours.items():
        rows = known[names == name]
        ax.vlines(rows["predicted"], rows["lower"], rows["upper"], color=colour, linewidth=1.5)
        ax.plot(rows["predicted"], rows["observed"], marker="o", markersize=6, color=colour, label=name or "patients")
    top = min(1.0, float(np.nanmax(known[["predicted", "observed", "upper"]].to_numpy(dtype=float))) + 0.05)
    ax.set(xlim=(0, top), ylim=(0, top), xlabel=f"Predicted chance{' of an event' * dated}",
           ylabel=f"Observed ({'Kaplan-Meier, ' * dated}95%)")  # fmt: skip
    style.legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0)
    return ax


@in_words
@picture
def decision_curve(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Net benefit by threshold, beside treating everybody and nobody.

    Parameters
    ----------
    table
        ``model``, ``threshold``, ``net_benefit``, ``lower``, ``upper``, as ``metrics.decision_curve`` gives.
    ax
        Axes to draw into; new ones by default.
    """
    style.need(table, ("model", "threshold", "net_benefit", "lower", "upper"), "the table")
    ax = style.dress(style.axes(ax, (6.0, 4.2)), grid="both")
    defaults = {"treat all": (0, (4, 3)), "treat none": "solid"}
    models = [name for name in dict.fromkeys(table["model"]) if name not in defaults]
    colours = style.colours(models)
    for name in [*models, *(name for name in defaults if (table["model"] == name).any())]:
        rows = table[table["model"] == name].sort_values("threshold")
        if name in defaults:
            ax.plot(rows["threshold"], rows["net_benefit"], color=style.MUTED, linestyle=defaults[name], label=name)
            continue
        ax.fill_between(rows["threshold"], rows["lower"], rows["upper"], color=colours[name], alpha=0.16, linewidth=0)
        ax.plot(rows["threshold"], rows["net_benefit"], color=colours[name], linewidth=2, label=style.shorten(name))
    top = float(np.nanmax(table["net_benefit"].to_numpy(dtype=float)))
    ax.set(ylim=(-0.25 * max(top, 0.04), 1.15 * max(top, 0.04)), xlabel="Risk at which one would treat",
           ylabel="Net benefit (events found a patient)")  # fmt: skip
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    style.legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0)
    return ax
