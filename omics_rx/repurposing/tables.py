"""Rows of text from files, frames and graphs, whatever delimits, quotes or packs them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from omics_rx.core.errors import InputError, IntegrityError
from omics_rx.core.index import names_nothing
from omics_rx.core.paths import existing
from omics_rx.io.files import kind, not_read, text, text_lines

_MARKS = ("\t", ",", ";", "|")
_PROBED = 50


def rows_of(source: Any, what: str) -> list[list[str]]:
    """Rows of a file (text, packed or not, also the one file in a zip; parquet) or of a frame, with its header first.

    Parameters
    ----------
    source
        Path or frame. An index of a frame that is no range is a column.
    what
        What is read, for messages: ``"network"``.

    Raises
    ------
    MissingFileError, IntegrityError, InputError
        If the file is not there or damaged, or is none of these.
    """
    if isinstance(source, pd.DataFrame):
        return _of_frame(source)
    file = existing(source)
    if file.is_dir():
        raise InputError(f"{file} is a folder: name the file with the {what}")
    form = kind(file)
    if form == "parquet":
        return _of_frame(pd.read_parquet(file))
    if form == "zip":
        return _cut(_from_zip(file, what), file)
    if form != "text":
        raise not_read(file, form, f"a {what}", "a text file, packed or not")
    with text_lines(file) as lines:
        return _cut([text(line) for _, line in lines], file)


def _of_frame(frame: pd.DataFrame) -> list[list[str]]:
    if not names_nothing(frame.index):
        frame = frame.reset_index()
    cells = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return [[str(name) for name in frame.columns], *cells]


def _cell(value: object) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _from_zip(file: Path, what: str) -> list[str]:
    try:
        with zipfile.ZipFile(file) as packed:
            names = [name for name in packed.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
            if len(names) != 1:
                raise InputError(f"{file} holds {len(names)} files ({', '.join(names[:5])}): name one {what}, unpacked")
            return [text(line) for line in packed.read(names[0]).removeprefix(b"\xef\xbb\xbf").splitlines()]
    except zipfile.BadZipFile as error:
        raise IntegrityError(f"{file} is damaged ({error}): copy or download it again") from error


def _cut(lines: Iterable[str], file: Path) -> list[list[str]]:
    """Cut lines into fields: by the mark most lines have, else by spaces; a header behind ``#`` is one."""
    kept = [line.rstrip("\r\n") for line in lines if line.strip()]
    comments = 0
    while comments < len(kept) and kept[comments].lstrip().startswith("#"):
        comments += 1
    body, above = kept[comments:], kept[:comments]
    body = [line for line in body if not line.lstrip().startswith("#")]
    if not body:
        raise InputError(f"{file} holds no rows: it is empty or all comments")
    probed = body[:_PROBED]
    marks = [mark for mark in _MARKS if sum(mark in line for line in probed) * 2 > len(probed)]
    # a comma within numbers is none between fields: a header has none of these
    mark = next((one for one in marks if one in probed[0]), marks[0] if marks else None)
    rows = [_fields(line, mark) for line in body]
    if above:
        header = _fields(above[-1].lstrip().lstrip("#"), mark)
        if len(header) > 1 and len(header) == len(rows[0]):
            rows.insert(0, header)
    return rows


def _fields(line: str, mark: str | None) -> list[str]:
    if mark is None:
        cells = next(csv.reader(io.StringIO(" ".join(line.split())), delimiter=" "), [])
    elif '"' in line:
        cells = next(csv.reader(io.StringIO(line), delimiter=mark, skipinitialspace=True), [])
    else:
        cells = line.split(mark)
    return [cell.strip().strip("'") if cell.strip().startswith("'") else cell.strip() for cell in cells]
