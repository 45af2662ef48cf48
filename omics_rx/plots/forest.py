"""Values with their intervals one below another: the marks, and what is written on either side of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DASHED = (0, (4, 3))  # the line of no effect


def marks(
    ax: Axes, table: pd.DataFrame, value: str, groups: pd.Series, *, size: float = 6, label: Callable[[str], str] = str
) -> dict[str, str]:
    """Draw ``value`` with ``lower`` and ``upper`` of each row, the first on top; colour of each group."""
    colours, heights = style.colours(groups), np.arange(len(table))[::-1]
    for group in colours:
        chosen = (groups == group).to_numpy()
        part, at = table[chosen], heights[chosen]
        ax.hlines(at, part["lower"], part["upper"], color=colours[group], linewidth=2)
        ax.plot(part[value], at, linestyle="none", marker="s", markersize=size, color=colours[group],
                label=label(group))  # fmt: skip
    return colours


def beside(ax: Axes, names: Sequence[str], texts: Sequence[str], inks: Sequence[str] | None = None) -> None:
    """Name each row on the left and write its figures on the right, the first on top."""
    heights = np.arange(len(names))[::-1]
    for text, at, ink in zip(texts, heights, inks or [style.INK] * len(names), strict=True):
        ax.annotate(text, (1, at), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                    va="center", color=ink)  # fmt: skip
    ax.set_yticks(heights, names)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.tick_params(axis="y", length=0)
