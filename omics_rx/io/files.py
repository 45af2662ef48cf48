"""Opening files: what they are is told by their first bytes, never by their name."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from omics_rx.core import budget
from omics_rx.core.damage import told_as_damage
from omics_rx.core.errors import InputError, IntegrityError
from omics_rx.io.unpacking import BZ2, DAMAGED, ZSTD, unpacked

Line = tuple[int, bytes]
_PARQUET, _HDF5, _ZIP, _OLE = b"PAR1", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_BOM = b"\xef\xbb\xbf"
_PROBE = 1 << 16
_LONGEST_FIELD = 50  # lines in one quoted field, beyond which a stray quote is likelier


def kind(path: Path) -> str:
    """Tell ``"text"``, ``"parquet"``, ``"hdf5"``, ``"xlsx"``, ``"zip"`` or ``"xls"`` from a file's first bytes.

    Raises
    ------
    InputError
        If the file is empty, or holds bytes of no format that is read here.
    IntegrityError
        If a parquet file, a workbook or another zip is cut short or damaged.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder: pass the file in it that is meant")
    with path.open("rb") as handle:
        start = handle.read(_PROBE)
    if not start:
        raise InputError(f"{path} is empty (0 bytes): copy or download it again")
    if start.startswith(_PARQUET):
        _check_parquet(path)
        return "parquet"
    for magic, name in ((_HDF5, "hdf5"), (_OLE, "xls")):
        if start.startswith(magic):
            return name
    if start.startswith(b"MuData") and start[512:].startswith(_HDF5):  # HDF5 below a block that says so
        return "hdf5"
    if start.startswith(_ZIP):
        _check_zip(path)
        return "xlsx" if b"xl/" in start or b"[Content_Types].xml" in start else "zip"
    with opened(path) as stream:
        inside = stream.read(_PROBE)
        line = inside if b"\n" in inside else inside + stream.readline(budget.most(budget.LINE_BYTES))
    _check_line(line.partition(b"\n")[0], path)
    if not inside:
        raise InputError(f"{path} holds no text (0 bytes when unpacked): copy or download it again")
    if other := _other_kind(inside):
        raise InputError(f"{path} is {other}")
    if b"\x00" in inside and not inside.startswith(_UTF16):
        raise InputError(f"{path} is a binary file of no known format: pass text, parquet, xlsx or h5ad")
    return "text"


def _check_parquet(path: Path) -> None:
    """Refuse a parquet file that is cut short, or says it holds more than one input may."""
    import pyarrow.parquet as pq

    with told_as_damage(path, "copy or download it again"):
        told = pq.read_metadata(path)
    budget.check_frame(told.num_rows, told.num_columns, str(path))


def _check_zip(path: Path) -> None:
    """Refuse a workbook or other zip that is cut short, or unpacks to more than one input may."""
    with told_as_damage(path, "copy or download it again"), zipfile.ZipFile(path) as archive:
        listed = archive.infolist()
    budget.check_zip(listed, path.stat().st_size, str(path))


def _other_kind(start: bytes) -> str | None:
    """What a file is that people take for data, and what to do about it."""
    if start.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        return "a web page: the download gave a page (of an error, or to log in) in place of the file, so get it again"
    if start.startswith(b"%PDF"):
        return "a PDF: save its table as text or as a workbook"
    if start.startswith((b"RDX", b"RDA", b"X\n\x00\x00")):
        return "saved by R: load it there and write it as text (write.table) or as h5ad"
    if start[257:262] == b"ustar":
        return "a tar archive: unpack it, and pass the file or folder in it"
    return None


def not_read(path: Path, form: str, what: str, wanted: str) -> InputError:
    """Build the error for a format that is not read as what was asked for."""
    first = {"zip": "unpack it, and pass", "xls": "save it as xlsx, or pass"}.get(form, "pass")
    return InputError(f"{path} is a {form}, which is not read as {what}: {first} {wanted}")


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Give the unpacked bytes of a plain, gzip, bz2, xz or zstd file.

    Raises
    ------
    IntegrityError
        If the packed file is truncated or damaged.
    """
    with path.open("rb") as handle:
        start = handle.read(6)
    try:
        with unpacked(path, start) as stream:
            yield stream
    except DAMAGED as error:
        raise IntegrityError(f"{path} is truncated or damaged ({error}): copy or download it again") from error
    except OSError as error:
        if start.startswith((BZ2, ZSTD)) and error.errno is None:
            raise IntegrityError(f"{path} is truncated or damaged ({error}): copy or download it again") from error
        raise


@contextmanager
def text_lines(path: Path) -> Iterator[Iterator[Line]]:
    """Give the lines of a text file with their numbers, from 1, without line ends, in UTF-8.

    A byte order mark is dropped; UTF-16 is turned into UTF-8; line ends may be those of Unix, Windows or old Macs.
    A quoted field with line breaks in it makes one line.

    Raises
    ------
    InputError
        If a quoted field does not end, or what reads the lines finds one too long to be a field.
    """
    try:
        with _numbered_lines(path) as lines:
            yield lines
    except csv.Error as error:
        raise InputError(
            f'{path}: a quoted field (") cannot be read ({error}): remove or double the quote that opens it'
        ) from error


@contextmanager
def _numbered_lines(path: Path) -> Iterator[Iterator[Line]]:
    with opened(path) as stream:
        start = stream.read(_PROBE)
        if start.startswith(_UTF16):
            plain: Any = _encoded(path, "utf-16")
        elif b"\n" not in start and b"\r" in start:
            plain = _encoded(path, "latin-1")
        else:
            plain = None
        if plain is not None:
            yield _whole_lines(plain, path)
            return
    with opened(path) as stream:
        yield _whole_lines(stream, path)


def _encoded(path: Path, encoding: str) -> Iterator[bytes]:
    with opened(path) as stream, io.TextIOWrapper(stream, encoding=encoding, newline=None) as text:
        most = budget.most(budget.LINE_BYTES)
        for line in iter(partial(text.readline, most + 1), ""):
            yield line.encode(encoding if encoding == "latin-1" else "utf-8")


def _whole_lines(stream: Any, path: Path) -> Iterator[Line]:
    start, parts = 0, list[bytes]()
    for number, raw in enumerate(_bounded_lines(stream, path), 1):
        line = raw.rstrip(b"\r\n")
        if number == 1:
            line = line.removeprefix(_UTF8_BOM)
        if parts:
            parts.append(line)
            if line.count(b'"') % 2:
                yield start, b" ".join(parts)
                parts = []
        elif b'"' in line and line.count(b'"') % 2:
            start, parts = number, [line]
        else:
            yield number, line
        if len(parts) > _LONGEST_FIELD:
            break
    if parts:
        raise InputError(
            f'{path}, line {start}: a quoted field (") is opened and not closed: remove or double the quote'
        )


def _check_line(line: bytes, path: Path) -> None:
    """Refuse a line that is too long, or cut into too many fields, before it is cut."""
    budget.check(len(line), budget.LINE_BYTES, f"a line of {path}", "bytes")
    budget.check(max(line.count(mark) for mark in b"\t,;|"), budget.COLUMNS, str(path), "columns")


def _bounded_lines(stream: Any, path: Path) -> Iterator[bytes]:
    """Lines of a stream, none of them longer than a line may be, and not endlessly many empty ones."""
    most, most_empty, empty = budget.most(budget.LINE_BYTES), budget.most(budget.EMPTY_LINES), 0
    for line in iter(partial(stream.readline, most + 1), b"") if hasattr(stream, "readline") else stream:
        if len(line) > budget.COLUMNS:
            _check_line(line, path)
        empty = 0 if line.strip() else empty + 1
        if empty > most_empty:
            budget.check(empty, budget.EMPTY_LINES, str(path), "empty lines one after the other")
        yield line


def text(field: bytes) -> str:
    """Decode a field: UTF-8, or Latin-1 where it is not."""
    try:
        return field.decode("utf-8")
    except UnicodeDecodeError:
        return field.decode("latin-1")
