"""A page as one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.report import page as pages
from omics_rx.report import svg

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPT = _TEMPLATES / "catalogue.js"
MISSING = "\N{EN DASH}"
_LONG = 45  # characters beyond which a column needs room to be read on a phone


def render(page: pages.Page) -> str:
    """Write a page as HTML: no address outside the page, every text escaped.

    Only a page with a catalogue has a script, which the page names by its sha256, so that no other can run; all is
    there to be read without it. The same page gives the same text.
    """
    from markupsafe import Markup

    environment = _environment()
    numbers = itertools.count(1)

    def picture(figure: pages.Figure) -> Markup:
        prefix = f"f{next(numbers)}-"
        # clean() keeps only listed elements and attributes, and writes every text escaped
        return Markup(svg.clean(figure.svg, prefix=prefix, label=figure.alt))  # noqa: S704

    environment.globals.update(
        picture=picture, kind=lambda block: type(block).__name__, grid=grid, cell=cell, base64=_base64
    )
    template = environment.get_template("page.html.j2")
    script = _squeezed(_SCRIPT.read_text(encoding="utf-8")).strip() if _has_catalogue(page) else ""
    text = template.render(
        page=page, sections=list(_anchored(page.sections)), script=Markup(script),  # noqa: S704 - a file of our own
        allowed=f"'sha256-{_base64(hashlib.sha256(script.encode()).digest())}'" if script else "'none'",
    )  # fmt: skip
    return _squeezed(text)


def _squeezed(text: str) -> str:
    return re.sub(r"\n\s*\n+", "\n", text)


def _has_catalogue(page: pages.Page) -> bool:
    return any(isinstance(block, pages.Catalogue) for section in page.sections for block in section.blocks)


def _base64(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode("ascii")


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _anchored(sections: tuple[pages.Section, ...]) -> Iterator[tuple[str, pages.Section]]:
    """Each section with an id of its own made from its title."""
    taken: set[str] = set()
    for section in sections:
        stem = re.sub(r"[^a-z0-9]+", "-", section.title.lower()).strip("-") or "section"
        yield own_anchor(stem, taken), section


def own_anchor(stem: str, taken: set[str]) -> str:
    """Take a stem as an id, with a number where it is taken."""
    numbered = (f"{stem}-{number}" for number in itertools.count(2))
    anchor = next(one for one in itertools.chain([stem], numbered) if one not in taken)
    taken.add(anchor)
    return anchor


def grid(table: pages.Table) -> dict[str, Any]:
    """Cells of a table as text, which columns are numbers or long, and whether anything is missing.

    Examples
    --------
    >>> grid(pages.Table(pd.DataFrame({"p": [0.5, 0.25]}), "caption", {"p": ".0%"}))["rows"]
    [['50%'], ['25%']]
    """
    frame = table.frame.reset_index() if table.frame.index.name else table.frame
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    cells = [[cell(value, table.formats.get(str(column.name))) for value in column] for column in columns]
    return {
        "header": [str(name).replace("_", " ") for name in frame.columns],
        "numeric": [
            pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column) for column in columns
        ],
        "long": [max(map(len, column), default=0) > _LONG for column in cells],
        "rows": [list(row) for row in zip(*cells, strict=True)],
        "links": [table.links.get(str(name), {}) for name in frame.columns],
        "missing": any(MISSING in column for column in cells),
    }


def cell(value: Any, spec: str | None = None) -> str:
    """Write one value: a missing one as a dash, a number by its format with a true minus, a truth as yes or no.

    What its format would round to nothing is told as less than its last digit: no p is 0.

    Examples
    --------
    >>> [cell(value, ".3f") for value in (0.0, 0.0002, 0.0006)], cell(0.002, ".0%")
    (['0.000', '< 0.001', '0.001'], '< 1%')
    """
    if value is None or value is pd.NA or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating | int | np.integer):
        number = float(value)
        integer = number.is_integer() and abs(number) < 1e15
        text = format(value, spec) if spec else f"{int(number):,}" if integer else f"{number:.3g}"
        if number > 0 and (nothing := re.fullmatch(r"(0|0\.0*)0(%?)|0(%?)", text)):
            digits, *units = nothing.groups(default="")
            return f"< {digits}1{''.join(units)}"
        return text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text
    return str(value)
