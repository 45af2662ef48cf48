"""For whom a figure holds, and whether a yearly series stays where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.plots import forest, style
from omics_rx.plots.ink import picture
from omics_rx.plots.survival import p_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CHANCE = {"concordance": 0.5, "auc": 0.5}
_NAMES = {"concordance": "Concordance", "auc": "Area under the curve", "agreement": "Share called alike",
          "correlation": "Correlation"}  # fmt: skip
_MOST = 40


@in_words
@picture
def subgroup_forest(found: Any, *, cohort: str | None = None, ax: Axes | None = None) -> Axes:
    """A figure at each level of clinical columns, with its interval; levels that cannot be told say so.

    Parameters
    ----------
    found
        ``metrics.subgroups.Subgroups``, or a judgement that holds them.
    cohort
        Which cohort; the first by default.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If nothing was judged by levels, or there is no such cohort.
    """
    held = getattr(found, "subgroups", found)
    if not hasattr(held, "tests"):
        raise InputError(f"subgroups are a {type(found).__name__}: give a judgement made by=['age', ...]")
    if hasattr(held, "table") and not len(held.table):
        raise InputError("nothing was judged by levels: say by=['age', ...]")
    style.need(held.table, ("cohort", "column", "level", "n", "events", "value", "lower", "upper", "told"), "subgroups")
    cohorts = held.table["cohort"].fillna("").unique().tolist()
    chosen = cohorts[0] if cohort is None else cohort
    if chosen not in cohorts:
        raise InputError(f"no cohort is called {chosen}: there are {', '.join(map(str, cohorts))}")
    table = held.table[held.table["cohort"].fillna("") == chosen]
    tests = held.tests[held.tests["cohort"].fillna("") == chosen].set_index("column")
    lines = _lines(table, tests)
    ax = style.dress(style.axes(ax, (7.6, 1.0 + 0.29 * len(lines))), grid="x", spines=("bottom",))
    kind = str(table["figure"].iloc[0])
    if kind in _CHANCE:
        ax.axvline(_CHANCE[kind], color=style.MUTED, linewidth=1, linestyle=forest.DASHED)
    heights = np.arange(len(lines))[::-1]
    drawn = [(at, line) for at, line in zip(heights, lines, strict=True) if "value" in line]
    for at, line in drawn:
        ax.hlines(at, line["lower"], line["upper"], color=style.BLUE, linewidth=2)
        ax.plot([line["value"]], [at], linestyle="none", marker="s", markersize=6, color=style.BLUE)
    forest.beside(ax, [line["name"] for line in lines], [line["text"] for line in lines],
                  [style.INK if "value" in line else style.MUTED for line in lines])  # fmt: skip
    for label, line in zip(ax.get_yticklabels(), lines, strict=True):
        label.set_fontweight("bold" if line.get("head") else "normal")
    if drawn:
        low, high = min(line["lower"] for _, line in drawn), max(line["upper"] for _, line in drawn)
        ax.set_xlim(min(low, _CHANCE.get(kind, low)) - 0.03, max(high, _CHANCE.get(kind, high)) + 0.03)
    ax.set_xlabel(f"{_NAMES.get(kind, kind)} with 95% interval")
    return ax


def _lines(table: pd.DataFrame, tests: pd.DataFrame) -> list[dict[str, Any]]:
    """Lines of the picture, first on top: a head for each column with its test, then its levels."""
    lines: list[dict[str, Any]] = []
    for column, rows in table.groupby("column", sort=False):
        tested = tests.reindex([column])
        p, corrected = (float(tested[name].iloc[0]) for name in ("p_value", "p_corrected"))
        words = "no test" if np.isnan(p) else f"interaction {p_text(p)}, corrected {p_text(corrected)}"
        lines.append({"name": str(column), "text": words, "head": True})
        shown = rows if len(rows) <= _MOST else rows[rows["told"] == ""]
        for row in shown.to_dict("records"):
            name = f"{style.shorten(str(row['level']), 30)}  ({row['events']}/{row['n']})"
            if row["told"]:
                lines.append({"name": name, "text": "cannot tell"})
                continue
            text = f"{row['value']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"
            lines.append({"name": name, "text": text, **{key: row[key] for key in ("value", "lower", "upper")}})
        if len(shown) < len(rows):
            lines.append({"name": f"{len(rows) - len(shown)} more levels", "text": "cannot tell"})
    return lines


@in_words
@picture
def control_chart(series: Any, *, ax: Axes | None = None) -> Axes:
    """A score followed over years, with the limits that a series without drift crosses at the stated rate.

    Parameters
    ----------
    series
        What ``omics_rx.control_chart`` gives, or its table.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If a column is missing.
    """
    from matplotlib.ticker import MaxNLocator

    table = getattr(series, "table", series)
    style.need(table, ("year", "n", "chart", "limit", "alarm"), "the series")
    ax = style.dress(style.axes(ax, (7.0, 3.6)), grid="y")
    limit = float(table["limit"].iloc[0])
    ax.axhspan(-limit, limit, color=style.GRID, alpha=0.45, linewidth=0)
    ax.axhline(0, color=style.MUTED, linewidth=0.8)
    ax.plot(table["year"], table["chart"], color=style.BLUE, linewidth=1.5, marker="o", markersize=5)
    out = table[table["alarm"]]
    if len(out):
        ax.plot(out["year"], out["chart"], linestyle="none", marker="o", markersize=8, color=style.VERMILLION,
                label="beyond the limits")  # fmt: skip
        style.legend(ax, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)
    rate = getattr(series, "alarm_rate", None)
    told = "" if rate is None else f"; {rate:.0%} of series without drift leave the band"
    ax.set(xlabel=f"Year{told}", ylabel="Weighted mean, standard errors")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax
