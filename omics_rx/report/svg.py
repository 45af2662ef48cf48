"""Pictures for a page: plots drawn as SVG, cleaned so that nothing in them runs, loads or clashes."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

from omics_rx.core.errors import InputError
from omics_rx.plots import style

_ELEMENTS = frozenset(
    ["svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "defs",
     "clipPath", "use", "image", "title", "desc", "linearGradient", "radialGradient", "stop", "pattern"]
)  # fmt: skip
# colours of the plots that the page sets itself, so that light and dark both read well
_THEME = {style.INK: "var(--ink)", style.MUTED: "var(--muted)", style.GRID: "var(--grid)", style.PAPER: "var(--paper)"}
_COLOURS = re.compile("|".join(_THEME), re.IGNORECASE)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SIZE = re.compile(r"^([\d.]+)(pt|px|in)?$")
_PIXELS = {"pt": 4 / 3, "in": 96.0, "px": 1.0, None: 1.0}
_RC: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "omics_rx", "font.family": ["DejaVu Sans"], "font.size": 9.0,
    "axes.titlesize": 9.5, "axes.labelsize": 9.0, "xtick.labelsize": 9.0, "ytick.labelsize": 9.0,
    "legend.fontsize": 9.0, "figure.dpi": 100,
}  # fmt: skip


def draw(plot: Callable[..., Any], *args: Any, size: tuple[float, float], **settings: Any) -> str:
    """Draw a plot of ``omics_rx.plots`` as an SVG element, the same text for the same input.

    Parameters
    ----------
    plot
        Function that takes ``ax``.
    *args
        Its frames.
    size
        Width and height in inches.
    **settings
        Its keyword arguments.
    """
    from matplotlib import style as styles
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # a page looks the same whatever the user's own style is: usetex, dark, large
    with styles.context(["default", _RC]), warnings.catch_warnings():
        # the reader's browser has the glyphs that the font used for measuring lacks
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_visible(False)
        plot(*args, ax=figure.subplots(), **settings)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def clean(svg: str, *, prefix: str, label: str) -> str:
    """Make an SVG element safe to stand in a page.

    Only shapes, text and embedded PNGs are kept: no scripts, no style sheets, no handlers, no address outside the
    page. Ids get a prefix, so that several pictures do not clash. Ink, muted and grid colours become the page's.

    Parameters
    ----------
    svg
        An SVG element.
    prefix
        Put before every id.
    label
        What the picture shows, for readers who cannot see it.

    Raises
    ------
    InputError
        If the text is no well-formed SVG.
    """
    body = _NOT_XML.sub("", svg[svg.find("<svg") :]) if "<svg" in svg else ""
    try:
        if not body or "<!ENTITY" in svg:
            raise ET.ParseError("no svg element" if not body else "entities are refused")
        root = ET.fromstring(body)  # noqa: S314 - entities are refused above
    except ET.ParseError as error:
        raise InputError(f"a picture is no well-formed SVG ({error}): pass the text of one svg element") from error
    _strip(root)
    used = set(re.findall(r"#([\w.:-]+)", ET.tostring(root, encoding="unicode")))
    for element in root.iter():
        _tidy(element, prefix, used)
    _fit(root)
    root.set("role", "img")
    root.set("aria-label", label)
    return ET.tostring(root, encoding="unicode")


def _strip(element: ET.Element) -> None:
    """Drop namespaces and every element that is not on the list."""
    element.tag = _local(element.tag)
    for child in list(element):
        if not isinstance(child.tag, str) or _local(child.tag) not in _ELEMENTS:
            element.remove(child)
        else:
            _strip(child)


def _local(name: Any) -> str:
    return str(name).rpartition("}")[2]


def _tidy(element: ET.Element, prefix: str, used: set[str]) -> None:
    attributes = {_local(name): value for name, value in element.attrib.items() if _kept(name)}
    if attributes.get("id") not in used:
        attributes.pop("id", None)
    element.attrib.clear()
    for name, value in attributes.items():
        told = f"{prefix}{value}" if name == "id" else value
        if name == "href":
            if value.startswith("#"):
                told = f"#{prefix}{value[1:]}"
            elif not value.startswith("data:image/png;base64,"):
                continue
        told = re.sub(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)", rf"url(#{prefix}\1)", told)
        if re.search(r"url\(\s*['\"]?(?!#)", told):
            continue
        element.set(name, _COLOURS.sub(lambda found: _THEME[found[0].lower()], told))


def _kept(name: str) -> bool:
    local = _local(name)
    foreign = name.startswith("{") and local != "href"
    return not foreign and not local.lower().startswith("on") and local not in {"class", "role", "aria-label"}


def _fit(root: ET.Element) -> None:
    """Give width and height in pixels and a view box, so that the page can scale the picture."""
    sizes = []
    for name in ("width", "height"):
        match = _SIZE.match(root.get(name, ""))
        if match:
            sizes.append(float(match[1]) * _PIXELS[match[2]])
            root.set(name, f"{sizes[-1]:.0f}")
    if len(sizes) == 2 and "viewBox" not in root.attrib:
        root.set("viewBox", f"0 0 {sizes[0]:g} {sizes[1]:g}")
