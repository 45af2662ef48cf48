"""Matrices that come as frames: parquet files and sheets of a workbook, held to what a text file is held to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core.damage import told_as_damage
from omics_rx.core.errors import InputError, MissingDependencyError, examples
from omics_rx.core.index import only_counts
from omics_rx.io.column_words import beside_values
from omics_rx.io.layout import value_of, whole_numbers
from omics_rx.io.numbers import as_narrow_as_exact
from omics_rx.io.table import Table, check_names


def read_parquet(file: Path) -> Table:
    """Read a matrix from parquet; without an index of names its first column holds them.

    Raises
    ------
    IntegrityError
        If it is damaged.
    InputError
        If it holds no numbers, or text among them.
    """
    with told_as_damage(file, "write or copy it again"):
        frame = pd.read_parquet(file)
    if only_counts(frame.index):
        if frame.shape[1] < 2:
            raise InputError(f"{file} has {frame.shape[1]} columns: a matrix has names and numbers")
        frame = frame.set_index(frame.columns[0])
    places = [f"row {name!r}" for name in frame.index]
    return _as_table(frame, file, places, [])


def read_sheet(file: Path, sheet: str | None = None) -> Table:
    """Read a matrix from a sheet of an xlsx workbook: names in the first column and in one header row.

    Raises
    ------
    InputError
        If the sheet is not there, has two header rows, or text among its numbers; the message names the cell's row.
    """
    grid, said = sheet_cells(file, sheet)
    header, body = grid[0], grid[1:]
    frame = pd.DataFrame([row[1][1:] for row in body], dtype=object)
    frame.columns = pd.Index([_label(cell) for cell in header[1][1:]], dtype=object)
    frame.index = pd.Index([_label(row[1][0]) for row in body], dtype=object)
    _refuse_second_header(frame, file, body[0][0])
    return _as_table(frame, file, [f"row {number}" for number, _ in body], said)


def sheet_cells(file: Path, sheet: str | None = None) -> tuple[list[tuple[int, list[object]]], list[str]]:
    """Rows of a sheet with their numbers, the header first, and what was passed over.

    Empty rows, empty columns on the right, and titles above the header (rows with one cell) are left out.

    Raises
    ------
    IntegrityError
        If the workbook is damaged.
    InputError
        If it has no such sheet or no table.
    MissingDependencyError
        If the package that reads workbooks is missing.
    """
    name, others, rows = _cells(file, sheet)
    filled = [(number, row) for number, row in enumerate(rows, 1) if any(cell is not None for cell in row)]
    said = [f"sheet {name!r} was read, and not {examples(others)}"] if others else []
    titles = 0
    while titles < len(filled) and sum(cell is not None for cell in filled[titles][1]) == 1:
        titles += 1
    if len(filled) - titles < 2:
        raise InputError(f"{file}, sheet {name!r} holds no table: {len(filled)} rows with anything in them")
    if titles:
        said.append(f"{titles} rows above the header were passed over")
    filled = filled[titles:]
    width = max(i + 1 for _, row in filled for i, cell in enumerate(row) if cell is not None)
    return [(number, row[:width] + [None] * (width - len(row))) for number, row in filled], said


def _cells(file: Path, sheet: str | None) -> tuple[str, list[str], list[list[object]]]:
    try:
        import openpyxl
    except ImportError as error:
        raise MissingDependencyError(
            f"{file} is a workbook, which needs the package openpyxl: install it, or save the sheet as text"
        ) from error
    with told_as_damage(file), file.open("rb") as handle:  # by its name, openpyxl would go by the ending
        book = openpyxl.load_workbook(handle, read_only=True, data_only=True)
        names = [one.title for one in book.worksheets]
        if sheet is not None and sheet not in names:
            raise InputError(f"{file} has no sheet {sheet!r}: it has {examples(names)}")
        chosen = sheet or names[0]
        rows = [[_cell(value) for value in row] for row in book[chosen].iter_rows(values_only=True)]
    return chosen, [name for name in names if name != chosen], rows


def _cell(value: object) -> object:
    """Cell without spaces around its text; an empty one is None."""
    if isinstance(value, str):
        return value.strip() or None
    return value


def _label(value: object) -> str:
    """Name in a cell: a whole number without a point, a date as the day it stands for."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _refuse_second_header(frame: pd.DataFrame, file: Path, row: int) -> None:
    """Refuse a first row of text above columns of numbers."""
    if len(frame) < 2:
        return
    below = frame.iloc[1:26].map(_value)
    numeric = (below.notna().mean(axis=0) > 0.5).to_numpy()
    first = frame.iloc[0][numeric]
    texts = first[first.map(lambda cell: cell is not None and _value(cell) is None)]
    if numeric.any() and len(texts) > len(first) / 2:
        raise InputError(
            f"{file}, row {row}: {len(texts)} columns of numbers begin with text ({examples(texts)}), as under two "
            "header rows: keep one header row with a name for each column"
        )


def _value(cell: object) -> float | None:
    """Value of a cell, NaN where it is missing, None where it is text, a date or a yes or no."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NA or cell is pd.NaT:
        return np.nan
    if isinstance(cell, str):
        return value_of(cell.strip())
    if isinstance(cell, (bool, np.bool_)) or not isinstance(cell, (int, float, np.number)):
        return None
    return float(cell)


def _as_table(frame: pd.DataFrame, file: Path, places: list[str], said: list[str]) -> Table:
    """Table of a frame: columns without numbers are annotations, text in a column of numbers is refused."""
    numbers, noted = dict[int, np.ndarray](), list[int]()
    beside = {i - 1 for i in beside_values(["", *(str(name) for name in frame.columns)])}
    for position in range(frame.shape[1]):
        column = frame.iloc[:, position]
        if position in beside:
            noted.append(position)
            continue
        if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
            numbers[position] = column.to_numpy(dtype=np.float64, na_value=np.nan)
            continue
        values = [_value(cell) for cell in column]
        texts = [i for i, value in enumerate(values) if value is None]
        present = sum(value is not None and not np.isnan(value) for value in values)
        if texts and present <= len(texts):
            noted.append(position)
        elif texts:
            raise InputError(
                f"{file}, {places[texts[0]]}, column {str(frame.columns[position])!r}: {str(column.iloc[texts[0]])!r} "
                f"is no number ({len(texts)} such cells in the column): correct it, or write NA where nothing was "
                "measured"
            )
        else:
            numbers[position] = np.array(values, dtype=np.float64)
    if not numbers:
        raise InputError(f"{file} has no column of numbers (columns: {examples(frame.columns)})")
    names = whole_numbers([_label(name) for name in frame.index])
    check_names(file, names)
    matrix = as_narrow_as_exact(np.column_stack(list(numbers.values())))
    notes = pd.DataFrame({i: _text(frame.iloc[:, i]) for i in noted}, index=range(len(names)), dtype=object)
    notes.columns = pd.Index([_label(frame.columns[i]) for i in noted], dtype=object)
    return Table(names, whole_numbers([_label(frame.columns[i]) for i in numbers]), matrix, notes, tuple(said))


def _text(column: pd.Series) -> list[str]:
    return ["" if pd.isna(cell) else _label(cell) for cell in column.astype(object)]
