"""A page as one self-contained HTML file."""

from __future__ import annotations

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
MISSING = "\N{EN DASH}"
_LONG = 45  # characters beyond which a column needs room to be read on a phone


def render(page: pages.Page) -> str:
    """Write a page as HTML: no script, no address outside the page, every text escaped.

    The same page gives the same text.
    """
    from markupsafe import Markup

    environment = _environment()
    numbers = itertools.count(1)

    def picture(figure: pages.Figure) -> Markup:
        prefix = f"f{next(numbers)}-"
        # clean() keeps only listed elements and attributes, and writes every text escaped
        return Markup(svg.clean(figure.svg, prefix=prefix, label=figure.alt))  # noqa: S704

    environment.globals.update(picture=picture, kind=lambda block: type(block).__name__, grid=grid)
    template = environment.get_template("page.html.j2")
    text = template.render(page=page, sections=list(_anchored(page.sections)), places=pages.PLACES)
    return re.sub(r"\n\s*\n+", "\n", text)


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
        anchor = next(
            name for name in itertools.chain([stem], (f"{stem}-{i}" for i in itertools.count(2))) if name not in taken
        )
        taken.add(anchor)
        yield anchor, section


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
