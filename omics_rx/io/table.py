"""Wide text tables, read line by line: one row of numbers at a time, never a column at a time.

A matrix of expression has tens of thousands of columns. Readers made for long tables keep a parser, a type and a
buffer for each; one call that parses all numbers of a line needs neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.paths import existing
from omics_rx.io.column_words import ENTREZ, beside_values, called_clinical, plain
from omics_rx.io.files import Line, kind, not_read, text, text_lines
from omics_rx.io.layout import fields, found_delimiter, found_header, is_decimal, probe, value_of, whole_numbers
from omics_rx.io.numbers import MISSING, loses_digits, parse_numbers
from omics_rx.io.said import Aloud

_DECIMAL_COMMA = re.compile(r"^[+-]?\d*,\d+(?:[eE][+-]?\d+)?$")
# 1,5 and 1.234,5 and 1,234.5
_NUMBER_WITH_COMMA = re.compile(rf"{_DECIMAL_COMMA.pattern}|^[+-]?\d{{1,3}}(?:\.\d{{3}}|,\d{{3}})+[.,]\d+$")
_POINTED = re.compile(rb"(?<![\w.+-])\d+\.\d+(?![\w.])")
_THOUSANDS = re.compile(rb"[1-9]\d{0,2}\.\d{3}")
_WHOLE = re.compile(rb"(?<![\w.,+-])\d{1,3}(?![\w.,])")
_SPACED = re.compile(rb"\b\d{1,3}(?:(?:'|\xe2\x80\x99|\xe2\x80\xaf|\xc2\xa0| )\d{3})+\b")
_MANY_POINTS, _FEW_WHOLE = 20, 50  # numbers with a point; at least one in so many has none
_SURE_DECIMAL = re.compile(rb",(?:\d{1,2}|\d{4,})(?!\d)|(?<!\d)0,\d")


@dataclass(frozen=True, eq=False)
class Table:
    """A table of numbers with names.

    Attributes
    ----------
    rows, columns
        Names, ``n`` and ``p`` of them.
    numbers
        Shape ``(n, p)``; float32, or float64 where whole numbers would lose digits. NaN is missing.
    annotations
        Text columns and known id columns, ``n`` rows, positional index.
    notes
        What was repaired or passed over, in sentences.
    """

    rows: list[str]
    columns: list[str]
    numbers: np.ndarray
    annotations: pd.DataFrame
    notes: tuple[str, ...] = ()

    def frame(self) -> pd.DataFrame:
        """Return the numbers as a frame, rows x columns."""
        return pd.DataFrame(self.numbers, index=self.rows, columns=self.columns)


@dataclass
class _Layout:
    """How the lines of one file are cut."""

    path: Path
    delimiter: bytes
    header: list[str]
    noted: list[int]
    notes: list[str] = field(default_factory=list)
    comma_line: int = 0
    point_line: int = 0
    sure_comma: bool = False

    @cached_property
    def numeric(self) -> list[int]:
        skip = {0, *self.noted}
        return [i for i in range(len(self.header)) if i not in skip]

    @cached_property
    def leading(self) -> int:
        """Number of leading fields that are no numbers, or 0 where such fields stand elsewhere too."""
        skip = sorted({0, *self.noted})
        return len(skip) if skip == list(range(len(skip))) else 0


@in_words
def read_table(path: Path | str, *, delimiter: str | None = None) -> Table:
    r"""Read a wide table of numbers with a header line and row names in the first column.

    Delimiter (tab, comma, semicolon, bar, spaces), packing (gzip, bz2, xz, zstd), byte order marks, line ends, a
    header that lacks the field over the row names (as R writes it) and decimal commas are told from the content.
    Columns of text become annotations.

    Parameters
    ----------
    path
        Text file, packed or not.
    delimiter
        One character; None tells it from the first lines.

    Returns
    -------
    Table
        Numbers, names, annotations and notes.

    Raises
    ------
    MissingFileError, IntegrityError
        If the file is not there, or is truncated.
    InputError
        If it is empty, has no header, rows of unequal length, text among numbers, or decimals written in two ways;
        the message names file, line and column.
    """
    file = existing(path)
    if (form := kind(file)) != "text":
        raise not_read(file, form, "delimited text", "a text file, or read it with read_bulk or read_features")
    with text_lines(file) as lines:
        return parse(lines, file, delimiter=delimiter)


def parse(lines: Iterator[Line], path: Path, *, delimiter: str | None = None, n_annotations: int = 0) -> Table:
    """Read a table from numbered lines; ``path`` is named in errors. See :func:`read_table`.

    ``n_annotations`` columns after the row names are annotations whatever they hold.
    """
    notes: list[str] = []
    head = probe(lines, path, notes)
    mark = delimiter.encode() if delimiter else found_delimiter(head, path)
    header, first = found_header(head, mark, path)
    if len(first) == len(head):
        notes.append(Aloud(f"{path.name} has no header: its first line is that of {text(head[0][1])[:40]!r}"))
    noted = {*range(1, n_annotations + 1), *beside_values(header)}
    if not all(_all_numbers(line, mark) for _, line in first):
        cut = [fields(line, mark) for _, line in first]
        words = _text_columns(header, cut)
        _refuse_separated(path, header, cut, set(words) - noted)
        noted.update(words)
    layout = _Layout(path, mark, header, sorted(noted), notes)
    return _filled(layout, first, lines)


def _refuse_separated(path: Path, header: list[str], rows: list[list[str]], words: set[int]) -> None:
    """Refuse columns of numbers with apostrophes or blanks before their thousands, which are no text."""
    for position in sorted(words):
        tokens = [row[position].strip().encode() for row in rows if position < len(row) and row[position].strip()]
        spaced = [token for token in tokens if _SPACED.fullmatch(token)]
        whole = sum(token.isdigit() for token in tokens)
        if spaced and len(spaced) + whole == len(tokens):
            raise InputError(
                f"{path}, column {header[position]!r}: {spaced[0].decode()!r} has a thousands separator: write numbers "
                "without it"
            )


def _all_numbers(line: bytes, mark: bytes) -> bool:
    _, _, rest = line.partition(mark)
    return mark != b" " and parse_numbers(rest, mark) is not None


def _text_columns(header: list[str], probed: list[list[str]]) -> list[int]:
    """Positions of columns that hold text rather than measurements."""
    found = []
    for position in range(1, len(header)):
        tokens = [row[position] for row in probed if position < len(row)]
        is_text = any(value_of(token) is None and not _NUMBER_WITH_COMMA.match(token) for token in tokens)
        if is_text and not _some_numbers(tokens):
            found.append(position)
    return found


def _some_numbers(tokens: list[str]) -> bool:
    """Whether most fields are numbers, so that the text among them is a fault and not a column of text."""
    values = [value_of(token) for token in tokens if token not in MISSING]
    return sum(value is not None for value in values) * 2 > len(values)


def _filled(layout: _Layout, first: list[Line], lines: Iterator[Line]) -> Table:
    numeric = layout.numeric
    if not numeric:
        raise InputError(
            f"{layout.path} has no column of numbers (columns: {examples(layout.header[1:])}): keep one header row; "
            "clinical tables are read by read_clinical"
        )
    values = np.zeros((256, len(numeric)), dtype=np.float32)
    names: list[str] = []
    notes: list[list[str]] = []
    for number, line in _chained(first, lines):
        if not line.strip():
            continue
        name, noted, row = _row(layout, number, line)
        if len(names) == len(values):
            values.resize((2 * len(values), len(numeric)), refcheck=False)
        if values.dtype == np.float32 and loses_digits(row):
            values = values.astype(np.float64)
        values[len(names)] = row
        names.append(name)
        notes.append(noted)
    _check_decimals(layout)
    _check_points(layout, first)
    columns = [layout.header[i] for i in layout.noted]
    names = whole_numbers(names)
    _name_by_entrez(names, notes, columns, layout.notes)
    check_names(layout.path, names)
    values.resize((len(names), len(numeric)), refcheck=False)
    annotations = pd.DataFrame(notes, columns=pd.Index(columns, dtype=object), dtype=object)
    for place, name in enumerate(columns):
        if plain(name) in ENTREZ:
            annotations.isetitem(place, whole_numbers(annotations.iloc[:, place].tolist()))
    return Table(names, [layout.header[i] for i in numeric], values, annotations, tuple(layout.notes))


def _chained(first: list[Line], lines: Iterator[Line]) -> Iterator[Line]:
    yield from first
    yield from lines


def _row(layout: _Layout, number: int, line: bytes) -> tuple[str, list[str], np.ndarray]:
    """Name, annotations and numbers of one line: at once where it is plain, field by field where not."""
    lead = layout.leading
    if lead and not line.startswith(b'"'):
        parts = line.split(layout.delimiter, lead)
        if len(parts) == lead + 1 and not any(b'"' in part for part in parts[:lead]):
            row = _plain_row(layout, number, parts[lead])
            if row is not None:
                return text(parts[0]).strip(), [text(part).strip() for part in parts[1:lead]], row
    elif lead == 1 and (end := line.find(b'"' + layout.delimiter, 1)) > 0 and b'"' not in line[1:end]:
        row = _plain_row(layout, number, line[end + 2 :])
        if row is not None:
            return text(line[1:end]).strip(), [], row
    return _slow_row(layout, number, line)


def _plain_row(layout: _Layout, number: int, rest: bytes) -> np.ndarray | None:
    """Numbers of the rest of a line, or None where a field is no plain number or their count is wrong."""
    expected, mark = len(layout.header) - layout.leading, layout.delimiter
    if mark == b" ":
        return None
    has_point = b"." in rest
    if mark != b"," and b"," in rest:
        if has_point:
            return None
        layout.comma_line = layout.comma_line or number
        layout.sure_comma = layout.sure_comma or bool(_SURE_DECIMAL.search(rest))
        rest = rest.replace(b",", b".")
    row = parse_numbers(rest, mark)
    if row is None or len(row) != expected:
        return None
    if has_point and not layout.point_line:
        layout.point_line = number
    return row


def _slow_row(layout: _Layout, number: int, line: bytes) -> tuple[str, list[str], np.ndarray]:
    tokens = [token.strip() for token in fields(line, layout.delimiter)]
    if len(tokens) != len(layout.header):
        raise InputError(
            f"{layout.path}, line {number}: {len(tokens)} fields where the header has {len(layout.header)} "
            f"(row {tokens[0]!r}): a broken line, a delimiter inside a field (a decimal comma?), or two header rows"
        )
    row = np.empty(len(layout.numeric))
    for place, position in enumerate(layout.numeric):
        value = value_of(tokens[position])
        row[place] = _odd_value(layout, number, position, tokens) if value is None else value
        if value is not None and "." in tokens[position] and tokens[position] not in MISSING:
            layout.point_line = layout.point_line or number
    return tokens[0], [tokens[i] for i in layout.noted], row


def _odd_value(layout: _Layout, number: int, position: int, tokens: list[str]) -> float:
    token = tokens[position]
    if layout.delimiter != b"," and _DECIMAL_COMMA.match(token):
        layout.comma_line = layout.comma_line or number
        layout.sure_comma = layout.sure_comma or bool(_SURE_DECIMAL.search(token.encode()))
        return float(token.replace(",", "."))
    texts = sum(value_of(tokens[i]) is None for i in layout.numeric)
    second = number <= 3 and texts * 2 > len(layout.numeric)
    hint = "two header rows? Keep one" if second else "correct it, or write NA where nothing was measured"
    if called_clinical(tokens[0]):
        hint = "a clinical row among the genes: move it to a clinical table"
    raise InputError(
        f"{layout.path}, line {number}, column {layout.header[position]!r}: {token!r} is no number "
        f"(row {tokens[0]!r}): {hint}"
    )


def _check_decimals(layout: _Layout) -> None:
    if layout.comma_line and layout.point_line:
        raise InputError(
            f"{layout.path} writes decimals with a comma (line {layout.comma_line}) and with a point (line "
            f"{layout.point_line}): write them in one way"
        )
    if layout.comma_line and not layout.sure_comma:
        raise InputError(
            f"{layout.path}, line {layout.comma_line}: numbers like 1,234 can have a decimal comma or a thousands "
            "separator: write them without it"
        )
    if layout.comma_line:
        layout.notes.append("decimal commas were read as decimal points")


def _check_points(layout: _Layout, first: list[Line]) -> None:
    """Refuse points that may stand before thousands: three digits after each, and whole numbers without one.

    Decimals have three digits in every field only where every number has them.
    """
    shown = [line.partition(layout.delimiter)[2] for _, line in first]
    pointed: list[bytes] = []
    for number in (found[0] for line in shown for found in _POINTED.finditer(line)):
        if not _THOUSANDS.fullmatch(number):
            return
        pointed.append(number)
    if len(pointed) < _MANY_POINTS:
        return
    whole = [number for line in shown for number in _WHOLE.findall(line) if number.strip(b"0")]
    if len(whole) * _FEW_WHOLE >= len(pointed):
        raise InputError(
            f"{layout.path}: numbers like {pointed[0].decode()} and whole ones like {whole[0].decode()} can have "
            "points before thousands, or decimals: write them without points, or all with the same decimals"
        )


def _name_by_entrez(names: list[str], notes: list[list[str]], columns: list[str], said: list[str]) -> None:
    """Name rows that have no name and an Entrez id by it, as ``|7157``: cBioPortal leaves their symbol empty."""
    ids = [i for i, name in enumerate(columns) if plain(name) in ENTREZ]
    nameless = [row for row, name in enumerate(names) if not name]
    if not ids or not nameless:
        return
    for row in nameless:
        number = notes[row][ids[0]].removesuffix(".0")
        names[row] = f"|{number}" if number.isdigit() else ""
    named = sum(bool(names[row]) for row in nameless)
    said.append(f"{named} rows without a name are named by their Entrez id")


def check_names(path: Path, names: list[str]) -> None:
    """Refuse rows without a name, or values in their place."""
    values = [name for name in names if is_decimal(name)]
    if len(values) > len(names) / 2:
        raise InputError(
            f"{path}: the first column holds values ({examples(values)}), not names: add a column of row names"
        )
    empty = sum(not name for name in names)
    if empty:
        raise InputError(f"{path}: {empty} of {len(names)} rows have no name in the first column: name them")
