"""Long tables of a publisher: columns found by their names, whatever their order, case and punctuation."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from omics_rx.core.damage import told_as_damage
from omics_rx.core.errors import InputError, MissingDependencyError, examples
from omics_rx.core.paths import existing
from omics_rx.io.files import kind, not_read, opened, text_lines
from omics_rx.io.numbers import MISSING

Source = Path | str | pd.DataFrame
# Columns by which a file is told when another was asked for
_KNOWN_FILES = {
    "GDSC fitted dose response (read_gdsc)": ("CELL_LINE_NAME", "DRUG_NAME", "LN_IC50"),
    "GDSC list of screened compounds (compounds of read_gdsc)": ("DRUG_ID", "DRUG_NAME", "SCREENING_SITE"),
    "GDSC table of cell lines (cell_lines of read_gdsc)": ("Sample Name", "COSMIC identifier"),
    "CCLE drug data (read_ccle)": ("CCLE Cell Line Name", "Compound", "IC50 (uM)"),
    "DepMap table of models (cell_lines)": ("ModelID", "CellLineName"),
    "CTRP curves (read_ctrp)": ("experiment_id", "master_cpd_id", "area_under_curve"),
    "CTRP table of compounds": ("master_cpd_id", "cpd_name"),
    "CTRP table of cell lines": ("master_ccl_id", "ccl_name"),
    "CTRP table of experiments": ("experiment_id", "master_ccl_id"),
    "PRISM dose-response parameters (read_prism)": ("broad_id", "depmap_id", "ic50", "auc"),
}
_N_PROBE = 6


def read_columns(
    source: Source,
    needed: Mapping[str, Sequence[str]],
    optional: Mapping[str, Sequence[str]],
    *,
    what: str,
    ragged: bool = False,
) -> pd.DataFrame:
    """Read the columns of a long table under our names.

    Parameters
    ----------
    source
        Text with tabs, commas or semicolons, packed or not, a spreadsheet's first sheet, or a frame.
    needed, optional
        Our name of a column to the names that publishers give it, the likeliest first.
    what
        What the table is, for errors.
    ragged
        Whether the last column may hold unquoted delimiters, as GDSC writes lists of genes.

    Returns
    -------
    pandas.DataFrame
        Text as it stands, None where it is missing; ``attrs["source"]`` names the table. Optional columns that are not
        there are left out.

    Raises
    ------
    InputError
        If a needed column is not there, telling which and what the file seems to be, or there are no rows.
    """
    table = whole_table(source, ragged=ragged)
    label = table.attrs["source"]
    found = {squeezed(name): name for name in reversed(table.columns)}
    chosen = {
        ours: next((found[squeezed(name)] for name in names if squeezed(name) in found), None)
        for ours, names in {**needed, **optional}.items()
    }
    lost = [needed[ours][0] for ours in needed if chosen[ours] is None]
    if lost:
        raise InputError(_explained(label, table, lost, what))
    if len(table) == 0:
        raise InputError(f"{label}, {what}, has a header and no rows: copy or download it again")
    frame = pd.DataFrame({ours: table[theirs] for ours, theirs in chosen.items() if theirs is not None})
    frame = frame.reset_index(drop=True)
    frame.attrs.update(source=label, names={ours: theirs for ours, theirs in chosen.items() if theirs is not None})
    return frame


def numbers(frame: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of text as float64; NaN where it is missing.

    Raises
    ------
    InputError
        Naming rows and values that are no numbers.
    """
    values = pd.to_numeric(frame[column], errors="coerce").astype(np.float64)
    wrong = values.isna() & frame[column].notna() & ~frame[column].astype(str).str.lower().isin({"nan", "-nan"})
    if wrong.any():
        rows = frame.index[wrong]
        hint = "two header rows?" if rows[0] == 0 else "correct them, or leave them empty"
        told = [f"row {row + 2}: {frame[column][row]!r}" for row in rows[:5]]
        name = frame.attrs.get("names", {}).get(column, column)
        raise InputError(
            f"{frame.attrs.get('source', 'the table')}: {int(wrong.sum())} values of {name} are no numbers "
            f"({examples(told)}): {hint}"
        )
    return values


def identifiers(column: pd.Series) -> pd.Series:
    """Whole numbers as they were meant, where a spreadsheet or a missing value made ``924100.0`` of them."""
    return column.where(column.isna(), column.astype(str).str.replace(r"^(\d+)\.0$", r"\1", regex=True).str.strip())


def squeezed(name: object) -> str:
    """Name of a column without case and marks, by which every long table's columns are found."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def whole_table(source: Source, *, ragged: bool = False, comments: bool = False) -> pd.DataFrame:
    """Read all columns of a long table under their own names.

    Parameters
    ----------
    source, ragged
        See :func:`read_columns`.
    comments
        Whether lines that begin with ``#`` are comments, as MAF has them, and left out.

    Returns
    -------
    pandas.DataFrame
        Text as it stands, None where it is missing; ``attrs["source"]`` names the table.

    Raises
    ------
    InputError
        If it is no table.
    """
    if isinstance(source, pd.DataFrame):
        table = source.astype(object).where(source.notna(), None)
        table = table.map(lambda value: value if value is None else str(value)).rename(columns=str)
        return _named(table, source.attrs.get("source", "the frame"))
    file = existing(source)
    form = kind(file)
    if form == "xlsx":
        return _named(_spreadsheet(file), str(file))
    if form == "text":
        return _named(_delimited(file, ragged=ragged, comments=comments), str(file))
    raise not_read(file, form, "a table", "text (tsv, csv, packed or not) or xlsx")


def _named(table: pd.DataFrame, label: str) -> pd.DataFrame:
    table.attrs["source"] = label
    return table


def likeliest_delimiter(header: bytes) -> str:
    """Tab, comma or semicolon, whichever a header has most of."""
    return max(("\t", ",", ";"), key=lambda mark: header.count(mark.encode()))


def _delimited(file: Path, *, ragged: bool, comments: bool) -> pd.DataFrame:
    with text_lines(file) as lines:
        header = next((line for _, line in lines if line.strip() and not (comments and line.startswith(b"#"))), b"")
    delimiter = likeliest_delimiter(header)
    settings: dict[str, Any] = {
        "sep": delimiter, "dtype": str, "keep_default_na": False, "na_values": sorted(MISSING - {"-", ".", "?"}),
        "skip_blank_lines": True,
    }  # fmt: skip
    if ragged:
        width = header.count(delimiter.encode())
        settings["on_bad_lines"] = lambda row: [*row[:width], delimiter.join(row[width:])]
        settings["engine"] = "python"
    try:
        for encoding in ("utf-8-sig", "latin-1"):
            try:
                with _without_comments(file) if comments else opened(file) as stream:
                    table = pd.read_csv(stream, encoding=encoding, **settings)
            except UnicodeDecodeError:
                continue
            return _whole(table, file)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{file} is no whole table ({str(error).strip()}): copy or download it again") from error
    raise InputError(f"{file} is text in an encoding that is not known: save it as UTF-8")


@contextmanager
def _without_comments(file: Path) -> Iterator[IO[bytes]]:
    with text_lines(file) as lines:
        yield io.BytesIO(b"\n".join(line for _, line in lines if not line.startswith(b"#")))


def _whole(table: pd.DataFrame, file: Path) -> pd.DataFrame:
    """Refuse rows with more fields than the header, which pandas takes for an index and shifts."""
    if isinstance(table.index, pd.RangeIndex):
        return table.astype(object).where(table.notna(), None)
    first = [str(value) for value in table.reset_index().iloc[0]]
    raise InputError(
        f"{file}: rows have {len(first)} fields where the header has {table.shape[1]}; row 2 begins with "
        f"{examples(first, 4)}: remove any row above the column names, and delimiters at the ends of rows"
    )


def _spreadsheet(file: Path) -> pd.DataFrame:
    with told_as_damage(file, "copy or download it again"):
        try:
            table = pd.read_excel(file, dtype=str, keep_default_na=False, na_values=sorted(MISSING - {"-", ".", "?"}))
        except ImportError as error:
            raise MissingDependencyError(
                f"{file} is a spreadsheet, which needs the package openpyxl: install it, or save the sheet as text"
            ) from error
    return table.astype(object).where(table.notna(), None)


def _explained(label: str, table: pd.DataFrame, lost: list[str], what: str) -> str:
    """Why needed columns are not there: another header row, another file, or just not."""
    told = f"{label}, {what}, has no column {', '.join(lost)} (it has {examples(table.columns, 8)})"
    wanted = {squeezed(name) for name in lost}
    for row in range(min(_N_PROBE, len(table))):
        if wanted <= {squeezed(value) for value in table.iloc[row]}:
            return f"{told}: its column names stand in row {row + 2}, below another header row: remove the rows above"
    have = {squeezed(name) for name in table.columns}
    for name, columns in _KNOWN_FILES.items():
        if {squeezed(column) for column in columns} <= have:
            return f"{told}: it is a {name}"
    return f"{told}: pass the file as its publisher wrote it"
