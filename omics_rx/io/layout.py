"""Telling how a text table is cut: comments, delimiter, header, fields."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from omics_rx.core import budget
from omics_rx.core.errors import InputError, examples
from omics_rx.io.files import Line, text
from omics_rx.io.headers import joined_headers, lacking_header
from omics_rx.io.numbers import MISSING

_DELIMITERS = (b"\t", b",", b";", b"|", b" ")
_N_PROBE = 25
_WITH_ZERO = re.compile(r"^\d+\.0+$")


def probe(lines: Iterator[Line], path: Path, notes: list[str]) -> list[Line]:
    """First lines that are neither empty nor comments; a comment cut as the line below it is the header."""
    head: list[Line] = []
    comments: list[Line] = []
    for number, line in lines:
        if not line.strip():
            continue
        if not head and line.startswith((b"#", b"!")):
            comments.append((number, line))
            continue
        if not head and comments and _is_header(comments[-1][1], line):
            number_above, above = comments.pop()
            head.append((number_above, above.lstrip(b"#! ")))
        head.append((number, line))
        if len(head) > _N_PROBE:
            break
    if not head:
        raise InputError(f"{path} holds no table: it is empty or all comments")
    if len(head) == 1:
        raise InputError(f"{path} has one line only: a header and no rows")
    if comments:
        notes.append(f"{len(comments)} comment lines above the header were passed over")
    return head


def _is_header(comment: bytes, below: bytes) -> bool:
    counts = [(comment.count(mark), below.count(mark)) for mark in (b"\t", b",", b";")]
    return any(above == under > 0 for above, under in counts)


def found_delimiter(head: list[Line], path: Path) -> bytes:
    """Tell the delimiter: the one that cuts most of the first rows alike, and like the header.

    A row that is cut otherwise is left to be refused by its number.
    """
    sizes = {}
    for mark in _DELIMITERS:
        counts = [n_fields(line, mark) for _, line in head]
        width, times = Counter(counts[1:]).most_common(1)[0]
        if width > 1 and times * 2 > len(counts) - 1 and width - counts[0] in (0, 1):
            sizes[mark] = width
    if not sizes:
        raise InputError(
            f"{path}, line {head[0][0]}: the first lines are not cut alike by tab, comma, semicolon, bar or space: "
            "see that each row has as many fields as the header, and that commas are not both decimal and delimiter"
        )
    for mark in (b"\t", b";"):  # beside which commas are decimal commas, and spaces belong to names
        if mark in sizes:
            return mark
    return max(sizes, key=lambda mark: sizes[mark])


def found_header(head: list[Line], mark: bytes, path: Path) -> tuple[list[str], list[Line]]:
    """Column names and the lines below them; a first name is added where the header has none for the row names."""
    budget.check(head[0][1].count(mark) + 1, budget.COLUMNS, str(path), "columns")
    names = fields(head[0][1], mark)
    width = Counter(n_fields(line, mark) for _, line in head[1:]).most_common(1)[0][0]
    if width == len(names) + 1:
        names = ["", *names]
    if len(names) < 2:
        raise InputError(f"{path}, line {head[0][0]}: only one field was found: pass the delimiter the file uses")
    if made := lacking_header(names, path):
        return made, head
    if len(head) > 2 and (joined := joined_headers(names, fields(head[1][1], mark), path)):
        return joined, head[2:]
    names = [names[0], *whole_numbers(names[1:])]
    values = [name for name in names[1:] if is_decimal(name)]
    if len(values) > len(names[1:]) / 2:
        raise InputError(
            f"{path}, line {head[0][0]}: the first line holds values ({examples(values)}), not names: add a header"
        )
    return names, head[1:]


def whole_numbers(names: list[str]) -> list[str]:
    """Names without the ``.0`` that a missing value or a spreadsheet put behind ids that are numbers."""
    if sum(bool(_WITH_ZERO.match(name)) for name in names) * 2 <= len(names):
        return names
    return [name.partition(".")[0] if _WITH_ZERO.match(name) else name for name in names]


def is_decimal(name: str) -> bool:
    """Whether a field is written as a decimal, which no name is."""
    return bool(re.fullmatch(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?", name))


def fields(line: bytes, mark: bytes) -> list[str]:
    """Cut a line into its fields, quotes taken off."""
    if b'"' in line:
        return next(
            csv.reader([text(line.replace(b"\r", b" "))], delimiter=mark.decode(), skipinitialspace=mark == b" ")
        )
    parts = line.split() if mark == b" " else line.split(mark)
    return [text(part).strip() for part in parts]


def n_fields(line: bytes, mark: bytes) -> int:
    """Count the fields of a line without cutting it, where it has no quotes."""
    return len(fields(line, mark)) if b'"' in line or mark == b" " else line.count(mark) + 1


def value_of(token: str) -> float | None:
    """Value of a field, NaN where it is missing, None where it is text."""
    if token in MISSING:
        return np.nan
    try:
        return float(token) if "_" not in token else None
    except ValueError:
        return None
