"""Ink and paper belong together: a plot reads on a white page, in a dark notebook and on a transparent figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from omics_rx.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Plot = TypeVar("Plot", bound=Callable[..., Any])
# what stands for ink, muted ink, grid and paper on a dark figure
_DARK = {
    style.INK: "#f0f2f4", style.MUTED: "#b3bcc6", style.GRID: "#454c54", style.PAPER: "#16191d",
    # the darker shades of further groups become lighter ones of the same hue
    **dict(zip(style.MORE[:6], ("#7fb2ff", "#ffb27f", "#7fe0c0", "#ffa3db", "#ffe08a", "#a6e3ff"), strict=True)),
}  # fmt: skip
_ASKED = 4.5  # contrast of text
_PARTS = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


def picture(plot: Plot) -> Plot:
    """Make a function that draws end with ink that reads on the paper of its figure."""

    @wraps(plot)
    def drawn(*args: Any, **settings: Any) -> Any:
        ax = plot(*args, **settings)
        match_paper(ax)
        return ax

    return drawn  # type: ignore[return-value]


def match_paper(ax: Axes) -> None:
    """Give a transparent figure paper, and on a dark one turn ink, muted ink and grid light.

    The plots draw in colours that nothing else uses (:mod:`omics_rx.plots.style`), so that the swap touches nothing
    but them.
    """
    figure: Any = ax.figure
    paper = figure.get_facecolor()
    if paper[3] < 0.5:  # whatever lies below would shine through: a notebook's page, light or dark
        figure.set_facecolor(style.PAPER)
        return
    swaps = _swaps(paper)
    if not swaps:
        return
    for own in _axes(ax):
        for artist in own.findobj():
            _swap(artist, swaps)
        own.tick_params(colors=swaps[style.MUTED], labelcolor=swaps.get(style.INK, style.INK))


def _swaps(paper: Any) -> dict[str, str]:
    """Colour to the one that stands for it on this paper; none on white."""
    found = dict(_DARK) if style.readable_on(paper) == "#ffffff" else {}
    for ink in (style.INK, style.MUTED):
        if style.contrast(found.get(ink, ink), paper) < _ASKED:
            found[ink] = style.readable_on(paper)
    return found


def _axes(ax: Axes) -> Iterator[Axes]:
    """Axes of the plot: those drawn into, and those of its colour bars."""
    yield ax
    for mapped in (*ax.images, *ax.collections):
        if mapped.colorbar is not None:
            yield mapped.colorbar.ax


def _swap(artist: Any, swaps: dict[str, str]) -> None:
    from matplotlib.colors import to_hex

    for part in _PARTS:
        read, write = getattr(artist, f"get_{part}", None), getattr(artist, f"set_{part}", None)
        if read is None or write is None:
            continue
        colour = read()
        if getattr(colour, "ndim", 1) == 2:  # a collection: one colour for all, or one for each
            if len(colour) != 1:
                continue
            colour = colour[0]
        if isinstance(colour, str) and colour in {"none", "auto"}:
            continue
        told = to_hex(colour)
        if told in swaps:
            write(swaps[told])
    plate = getattr(artist, "get_bbox_patch", lambda: None)()
    if plate is not None:
        _swap(plate, swaps)
