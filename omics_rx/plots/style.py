"""One look for every plot: colours that colour-blind readers tell apart, quiet axes, missing values shown as missing.

Colours are those of Okabe & Ito (2008), "Color universal design". Ink, muted ink and grid have colours that nothing
else uses, so that a page can swap them for its own in light and dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

INK, MUTED, GRID, PAPER = "#1f2328", "#5b6570", "#d5dae0", "#fffffe"
BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
# for more groups than the six that everyone tells apart: darker, then lighter shades of them
MORE = (
    "#00395c", "#8a3d00", "#00573f", "#8c3b6b", "#8f6400", "#1f7fb8",
    "#8fc1dd", "#f3b488", "#8fd3bd", "#ecc9dc", "#f6d98f", "#c3e2f5",
)  # fmt: skip
MISSING = "#a9b1ba"
PLATE = {"boxstyle": "round,pad=0.15", "facecolor": PAPER, "edgecolor": "none", "alpha": 0.7}
KNOWN = {
    "Basal": VERMILLION, "Her2": PURPLE, "LumA": BLUE, "LumB": SKY, "Normal": GREEN, "Luminal": BLUE,
    "low": BLUE, "high": VERMILLION, "external": VERMILLION, "left out": PURPLE, "cross-validated": BLUE,
    "training": BLUE, "unknown": MISSING,
}  # fmt: skip
MOST_GROUPS = 18  # as many as have colours of their own
MOST_ROWS = 60  # as many names as can be read one under another
_LARGEST = 24.0  # inches
# an order that readers of breast cancer papers expect; other names follow in their own order
_ORDER = ("LumA", "LumB", "Luminal", "Her2", "Basal", "Normal", "low", "intermediate", "high")


def axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Give the axes to draw into: those given, or new ones of a size in inches that notebooks display.

    However many rows there are, a new figure is no longer than 24 inches on a side. A figure without a layout of its
    own gets one that keeps everything written around its axes whole.
    """
    from matplotlib.figure import Figure

    if ax is None:
        from matplotlib import pyplot as plt

        width, height = (min(side, _LARGEST) for side in size)
        _, ax = plt.subplots(figsize=(width, height), layout="constrained")
        return ax
    figure = ax.get_figure()
    if isinstance(figure, Figure) and figure.get_layout_engine() is None and len(figure.axes) == 1:
        figure.set_layout_engine("constrained")
    return ax


def dress(ax: Axes, *, grid: Literal["", "x", "y", "both"] = "", spines: Iterable[str] = ("left", "bottom")) -> Axes:
    """Quieten an axes: only the spines named, ink colours, and a grid along x, along y, along both or not at all."""
    kept = set(spines)
    for name, spine in ax.spines.items():
        spine.set_visible(name in kept)
        spine.set_color(MUTED)
        spine.set_linewidth(0.8)
    ax.tick_params(colors=MUTED, labelcolor=INK, length=3, width=0.8)
    for text in (ax.title, ax.xaxis.label, ax.yaxis.label):
        text.set_color(INK)
    ax.patch.set_visible(False)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(axis=grid, color=GRID, linewidth=0.7)
    return ax


def title(ax: Axes, text: str) -> None:
    """Set a left-aligned title in ink."""
    ax.set_title(text, loc="left", color=INK, fontweight="bold")


def legend(ax: Axes, **options: Any) -> None:
    """Draw a legend without a frame, in ink."""
    drawn = ax.legend(**{"frameon": False, "labelcolor": INK, "handlelength": 1.2, "columnspacing": 1.3, **options})
    if drawn.get_title().get_text():
        drawn.get_title().set_color(INK)


def colours(names: Iterable[object]) -> dict[str, str]:
    """Colour of each group: the same one for a subtype or risk group in every plot, the cycle for the others.

    Up to 18 groups have colours of their own.
    """
    palette = (*CYCLE, *MORE)
    found: dict[str, str] = {}
    for name in map(str, names):
        free = [colour for colour in palette if colour not in found.values()] or [palette[len(found) % len(palette)]]
        found.setdefault(name, KNOWN.get(name, free[0]))
    return found


def order(labels: pd.Series) -> list[str]:
    """Names of the groups present, in the order readers expect."""
    present = list(dict.fromkeys(labels.dropna().astype(str)))
    known = [name for name in _ORDER if name in present]
    return [*known, *sorted(name for name in present if name not in known)]


def largest(labels: pd.Series, most: int = MOST_GROUPS) -> list[str]:
    """Names of the groups that are drawn, in the order readers expect: of too many the largest."""
    names = order(labels)
    if len(names) <= most:
        return names
    counts = labels.dropna().astype(str).value_counts()
    kept = set(counts.sort_index().sort_values(ascending=False, kind="stable").index[:most])
    return [name for name in names if name in kept]


def rows_read(n: int, most: int = MOST_ROWS) -> slice:
    """Rows whose names are written: every one, or every second, third, ... where they would lie on each other."""
    return slice(None, None, -(-n // most) or 1)


def diverging() -> Colormap:
    """Blue (below zero) to vermillion (above zero) through near-white; grey where missing."""
    from matplotlib.colors import LinearSegmentedColormap

    steps = ["#004a75", BLUE, "#8fc1dd", "#f5f4f1", "#f3b488", VERMILLION, "#8a3d00"]
    return LinearSegmentedColormap.from_list("omics_rx_diverging", steps).with_extremes(bad=MISSING)


def sequential() -> Colormap:
    """Near-white to dark blue; grey where missing."""
    from matplotlib.colors import LinearSegmentedColormap

    steps = ["#f5f4f1", "#b9d6e6", "#5fa6cf", BLUE, "#00395c"]
    return LinearSegmentedColormap.from_list("omics_rx_sequential", steps).with_extremes(bad=MISSING)


def _luminance(colour: Any) -> float:
    """Relative luminance of a colour (WCAG 2.2)."""
    from matplotlib.colors import to_rgb

    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def readable_on(colour: Any) -> str:
    """Black or white, whichever reads better on a colour."""
    return "#ffffff" if _luminance(colour) < 0.18 else "#000000"


def contrast(one: Any, other: Any) -> float:
    """Contrast of two colours, 1 to 21; 4.5 is asked of text (WCAG 2.2).

    Examples
    --------
    >>> contrast("white", "black"), contrast("red", "red")
    (21.0, 1.0)
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return round((high + 0.05) / (low + 0.05), 6)


def symmetric_limit(values: np.ndarray, share: float = 0.98) -> float:
    """Colour limit that holds a share of the absolute values, so that one outlier does not pale the rest."""
    known = np.abs(values[np.isfinite(values)])
    limit = float(np.quantile(known, share)) if known.size else 1.0
    return limit or 1.0


def need(frame: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Check that a frame has the columns a plot draws, and at least one row.

    Raises
    ------
    InputError
        If it is no frame, a column is missing or the frame is empty.
    """
    if not hasattr(frame, "columns"):
        raise InputError(f"{what} is {frame!r:.60}, where a DataFrame is needed")
    missing = [name for name in columns if name not in frame]
    if missing:
        raise InputError(
            f"{what} has no column {examples(missing)}: it has {examples(frame.columns, 12) or 'no columns'}"
        )
    if not len(frame):
        raise InputError(f"{what} has no rows: nothing to draw")


def shorten(text: object, width: int = 34) -> str:
    r"""Make any name a label: cut with an ellipsis where long, shown as it is written.

    A dollar sign starts no formula, and a name that begins with an underline is not left out of a legend.

    Examples
    --------
    >>> shorten("_other"), shorten("US$"), shorten("a" * 40, 5)
    (' _other', 'US\\$', 'aaaa…')
    """
    words = " ".join(str(text).split())
    cut = words if len(words) <= width else words[: width - 1].rstrip() + "…"
    plain = cut.replace("\\$", "$").replace("$", r"\$")
    return f" {plain}" if plain.startswith("_") else plain


def labelled(names: Iterable[object], labels: Mapping[str, str] | None) -> list[str]:
    """Replace ids by the labels a reader knows, where there are any."""
    known = labels or {}
    return [shorten(known.get(str(name), str(name))) for name in names]


def signed(value: float, digits: int = 2) -> str:
    """Write a number with its sign, a true minus, and a plain zero."""
    text = f"{value:+.{digits}f}"
    return f"{0:.{digits}f}" if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")
