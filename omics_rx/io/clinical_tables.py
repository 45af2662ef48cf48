"""Clinical tables as text, every field as it stands: one file or frame, or several joined by a column they share."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.io.files import existing, kind, not_read, text, text_lines
from omics_rx.io.follow_up import ABSENT
from omics_rx.io.frames import sheet_cells

ClinicalSource: TypeAlias = Path | str | pd.DataFrame


def label(source: ClinicalSource) -> str:
    """What a source is called in errors."""
    return "the clinical frame" if isinstance(source, pd.DataFrame) else str(source)


def joined_text(sources: Sequence[ClinicalSource], notes: list[str]) -> pd.DataFrame:
    """Tables joined by the column they share, patients to their samples."""
    tables = [as_text(source, notes) for source in sources]
    if not tables:
        raise InputError("no clinical table is given: pass at least one")
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


def as_text(source: ClinicalSource, notes: list[str]) -> pd.DataFrame:
    """Table with every field as text and missing ones as NaN; a named index becomes the first column."""
    if isinstance(source, pd.DataFrame):
        frame = source.reset_index(names=source.index.name or "sample") if _is_named(source) else source
        return frame.reset_index(drop=True).astype(object)
    file = existing(source)
    form = kind(file)
    if form == "parquet":
        return as_text(pd.read_parquet(file), notes)
    if form == "xlsx":
        cells, said = sheet_cells(file)
        notes.extend(said)
        rows = [["" if cell is None else _written(cell) for cell in row] for _, row in cells]
        return _tabulated(rows, file)
    if form != "text":
        raise not_read(file, form, "a clinical table", "text, parquet or xlsx")
    with text_lines(file) as lines:
        plain = [text(line) for _, line in lines if line.strip() and not line.startswith(b"#")]
    if len(plain) < 2:
        raise InputError(f"{file} holds no clinical table: {len(plain)} lines")
    mark = max("\t,;", key=plain[0].count)
    return _tabulated(list(csv.reader(io.StringIO("\n".join(plain)), delimiter=mark)), file)


def _written(cell: object) -> str:
    """Write a cell of a workbook as text; whole numbers without a point."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _tabulated(rows: list[list[str]], file: Path) -> pd.DataFrame:
    header = rows[0] if len(rows[1]) <= len(rows[0]) else ["sample", *rows[0]]
    unnamed = "row_name" if "sample" in header else "sample"
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
    return frame.map(lambda field: np.nan if field.strip().lower() in ABSENT else field.strip())


def _is_named(frame: pd.DataFrame) -> bool:
    return not isinstance(frame.index, pd.RangeIndex)
