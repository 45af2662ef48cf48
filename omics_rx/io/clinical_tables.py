"""Clinical tables as text, every field as it stands: one file or frame, or several joined by a column they share."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.index import only_counts
from omics_rx.core.paths import existing, shortened
from omics_rx.core.texts import ABSENT
from omics_rx.io.files import kind, not_read, text, text_lines
from omics_rx.io.follow_up_columns import last_contacts
from omics_rx.io.frames import sheet_cells
from omics_rx.io.said import Aloud

ClinicalSource: TypeAlias = Path | str | pd.DataFrame
# what a first column without a name is called: its names are the samples', unless they only number the rows
NAMELESS, ROW_NUMBER = "sample", "row_number"
_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_POINT = re.compile(r"^[+-]?\d+(?:\.\d+)?$")
_THOUSANDS = re.compile(r"^[+-]?[1-9]\d{0,2},\d{3}$")


def label(source: ClinicalSource) -> str:
    """What a source is called in errors."""
    return "the clinical frame" if isinstance(source, pd.DataFrame) else shortened(str(source), 400)


def joined_text(sources: Sequence[ClinicalSource], notes: list[str]) -> pd.DataFrame:
    """Tables joined by the column they share, patients to their samples."""
    tables = [as_text(source, notes) for source in sources]
    if not tables:
        raise InputError("no clinical table is given: pass at least one")
    tables = [_latest(table, [other for other in tables if other is not table], notes) for table in tables]
    joined = tables[0]
    for table in tables[1:]:
        overlap = {
            name: len(set(joined[name].dropna()) & set(table[name].dropna())) for name in joined if name in table
        }
        key = max(overlap, key=lambda name: overlap[name], default=None)
        if key is None or not overlap[key]:
            raise InputError(
                f"two clinical tables share no column with the same values ({examples(joined.columns, 15)}; "
                f"{examples(table.columns, 15)}): name the patients alike in both"
            )
        one, many = (joined, table) if joined[key].is_unique else (table, joined)
        if not one[key].is_unique:
            raise InputError(
                f"two clinical tables both have several rows for one {key}: keep one row each in one of them"
            )
        others = [key, *(name for name in one if name not in many)]
        joined = many.merge(one[others], on=key, how="left", validate="many_to_one")
        notes.append(f"clinical tables were joined by {key!r}")
    return joined


def _latest(table: pd.DataFrame, others: Sequence[pd.DataFrame], notes: list[str]) -> pd.DataFrame:
    """One row a patient of a table of follow-up visits, as the GDC keeps them since 2025: the last visit."""
    visits = last_contacts(table.columns)
    keys = [name for name in table if any(name in other and other[name].is_unique for other in others)]
    if not visits or len(keys) != 1 or table[keys[0]].is_unique:
        return table
    days = table[visits].apply(pd.to_numeric, errors="coerce").max(axis=1)
    order = days.sort_values(ascending=False, kind="stable", na_position="last").index
    last = table.loc[order].drop_duplicates(keys[0]).sort_index()
    notes.append(f"of {len(table)} visits the last of each of {len(last)} patients was taken, by {examples(visits)}")
    return last.reset_index(drop=True)


def as_text(source: ClinicalSource, notes: list[str]) -> pd.DataFrame:
    """Table with every field as text and missing ones as NaN; a named index becomes the first column."""
    if isinstance(source, pd.DataFrame):
        frame = source.reset_index(names=_index_name(source)) if _is_named(source) else source
        told = frame.reset_index(drop=True).astype(object).map(_told)
        return with_decimal_points(told, "the clinical frame", notes)
    file = existing(source)
    form = kind(file)
    if form == "parquet":
        return as_text(pd.read_parquet(file), notes)
    if form == "xlsx":
        cells, said = sheet_cells(file)
        notes.extend(said)
        rows = [["" if cell is None else _written(cell) for cell in row] for _, row in cells]
        return with_decimal_points(_tabulated(rows, file), str(file), notes)
    if form != "text":
        raise not_read(file, form, "a clinical table", "text, parquet or xlsx")
    with text_lines(file) as lines:
        plain = [text(line) for _, line in lines if line.strip() and not line.startswith(b"#")]
    if len(plain) < 2:
        raise InputError(f"{file} holds no clinical table: {len(plain)} lines")
    mark = max("\t,;", key=plain[0].count)
    table = _tabulated(list(csv.reader(io.StringIO("\n".join(plain)), delimiter=mark)), file)
    return with_decimal_points(table, str(file), notes)


def with_decimal_points(table: pd.DataFrame, name: str, notes: list[str]) -> pd.DataFrame:
    """Table whose columns of numbers with decimal commas have decimal points.

    Raises
    ------
    InputError
        If all such numbers can have thousands separators just as well.
    """
    found: dict[str, pd.Series] = {}
    sure = False
    for column in table:
        known = table[column].dropna()
        texts = known[known.map(lambda field: isinstance(field, str))]
        with_comma = texts[texts.map(lambda field: bool(_COMMA.match(field)))]
        if with_comma.empty or not all(isinstance(f, str) and (_COMMA.match(f) or _POINT.match(f)) for f in known):
            continue
        if known.str.contains(".", regex=False).any():
            raise InputError(
                f"{name}: the column {column!r} writes decimals with a comma ({examples(with_comma, 2)}) and with a "
                f"point ({examples(known[known.str.contains('.', regex=False)], 2)}): write them in one way"
            )
        sure = sure or not all(_THOUSANDS.match(field) for field in with_comma)
        found[str(column)] = with_comma
    if found and not sure:
        column, fields = next(iter(found.items()))
        raise InputError(
            f"{name}: numbers like {fields.iloc[0]} in {column!r} can have a decimal comma or a thousands separator: "
            "write them without it"
        )
    for column in found:
        table[column] = table[column].map(lambda field: field if pd.isna(field) else field.replace(",", "."))
    if found:
        notes.append(Aloud(f"decimal commas were read as decimal points in {examples(found)}"))
    return table


def _written(cell: object) -> str:
    """Write a cell of a workbook as text; whole numbers without a point."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _tabulated(rows: list[list[str]], file: Path) -> pd.DataFrame:
    header = rows[0] if len(rows[1]) <= len(rows[0]) else ["", *rows[0]]
    unnamed = _nameless(header, [row[0] for row in rows[1:] if row])
    header = [name.strip() or (unnamed if i == 0 else f"column_{i + 1}") for i, name in enumerate(header)]
    wrong = [number for number, row in enumerate(rows[1:], 2) if len(row) != len(header)]
    if wrong:
        raise InputError(
            f"{file}: {len(wrong)} rows have not the header's {len(header)} fields (rows {examples(wrong)})"
        )
    repeated = pd.Index(header)[pd.Index(header).duplicated()]
    if len(repeated):
        raise InputError(f"{file}: {len(repeated)} columns stand twice ({examples(repeated)}): rename them")
    frame = pd.DataFrame(rows[1:], columns=pd.Index(header, dtype=object), dtype=object)
    return frame.map(_told)


def _told(field: object) -> object:
    """Field without spaces around it; NaN where it says that nothing is known."""
    if not isinstance(field, str):
        return field
    plain = field.strip()
    return np.nan if plain.lower() in ABSENT else plain


def _nameless(others: Sequence[object], values: Sequence[object]) -> str:
    """Name for a first column that has none: it names the samples, or numbers the rows, of which some may be gone."""
    known = [str(value).strip() for value in values]
    if all(value.isdigit() for value in known) or are_row_numbers(known):
        return ROW_NUMBER
    return "row_name" if NAMELESS in others else NAMELESS


def are_row_numbers(values: Sequence[object]) -> bool:
    """Whether values count the rows, from 0 or from 1."""
    numbers = [str(value).strip() for value in values]
    return bool(numbers) and numbers in ([str(i + first) for i in range(len(numbers))] for first in (0, 1))


def _index_name(frame: pd.DataFrame) -> str:
    return str(frame.index.name) if frame.index.name else _nameless(list(frame.columns), list(frame.index))


def _is_named(frame: pd.DataFrame) -> bool:
    return not only_counts(frame.index)
