"""Opening files: what they are is told by their first bytes, never by their name."""

from __future__ import annotations

import bz2
import csv
import io
import lzma
import queue
import threading
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from omics_rx.core.errors import InputError, IntegrityError, MissingFileError

_inflater: ModuleType
try:  # the same calls, and nearly twice as quick
    from zlib_ng import zlib_ng

    _inflater = zlib_ng
except ImportError:  # an interpreter that no wheel is built for
    _inflater = zlib

Line = tuple[int, bytes]
_GZIP, _BZ2, _XZ, _ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
_PARQUET, _HDF5, _ZIP, _OLE = b"PAR1", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_BOM = b"\xef\xbb\xbf"
_PROBE = 1 << 16
_BUFFER = 1 << 20  # a line of a wide table is some hundred thousand bytes
_BLOCKS_AHEAD = 4
_BITE = 1 << 18
_LARGEST_BLOCK = 1 << 22  # however well a block packs
_LONGEST_FIELD = 50  # lines in one quoted field, beyond which a stray quote is likelier
_DAMAGED: tuple[type[Exception], ...] = (EOFError, zlib.error, _inflater.error, lzma.LZMAError)


def existing(path: Path | str) -> Path:
    """Path of a file or folder that is there.

    Raises
    ------
    MissingFileError
        If it is not.
    """
    found = Path(path).expanduser()
    if not found.exists():
        raise MissingFileError(f"no file or folder {found}: check the path (the working folder is {Path.cwd()})")
    return found


def kind(path: Path) -> str:
    """Tell ``"text"``, ``"parquet"``, ``"hdf5"``, ``"xlsx"``, ``"zip"`` or ``"xls"`` from a file's first bytes.

    Raises
    ------
    InputError
        If the file is empty, or holds bytes of no format that is read here.
    """
    with path.open("rb") as handle:
        start = handle.read(_PROBE)
    if not start:
        raise InputError(f"{path} is empty (0 bytes): copy or download it again")
    for magic, name in ((_PARQUET, "parquet"), (_HDF5, "hdf5"), (_OLE, "xls")):
        if start.startswith(magic):
            return name
    if start.startswith(_ZIP):
        return "xlsx" if b"xl/" in start or b"[Content_Types].xml" in start else "zip"
    with opened(path) as stream:
        inside = stream.read(_PROBE)
    if not inside:
        raise InputError(f"{path} holds no text (0 bytes when unpacked): copy or download it again")
    if b"\x00" in inside and not inside.startswith(_UTF16):
        raise InputError(f"{path} is a binary file of no known format: pass text, parquet, xlsx or h5ad")
    return "text"


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
        with _unpacked(path, start) as stream:
            yield stream
    except _DAMAGED as error:
        raise IntegrityError(f"{path} is truncated or damaged ({error}): copy or download it again") from error
    except OSError as error:
        if start.startswith((_BZ2, _ZSTD)) and error.errno is None:
            raise IntegrityError(f"{path} is truncated or damaged ({error}): copy or download it again") from error
        raise


def _unpacked(path: Path, start: bytes) -> Any:
    if start.startswith(_GZIP):
        return io.BufferedReader(_Ahead(_inflated(path)), _BUFFER)
    for magic, unpack in ((_BZ2, bz2.open), (_XZ, lzma.open)):
        if start.startswith(magic):
            return io.BufferedReader(_Ahead(_blocks(unpack(path, "rb"))), _BUFFER)
    if start.startswith(_ZSTD):
        import pyarrow as pa

        return io.BufferedReader(_Readable(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")), _BUFFER)
    return path.open("rb", buffering=_BUFFER)


def _blocks(stream: Any) -> Generator[bytes]:
    with stream:
        while block := stream.read(_BUFFER):
            yield block


def _inflated(path: Path) -> Generator[bytes]:
    """Blocks of a gzip file, of one member or several, each checked by its own length and checksum.

    Packed bytes are taken in larger bites than ``gzip`` takes, so that the thread that unpacks seldom has to wait for
    its turn.
    """
    with path.open("rb", buffering=0) as handle:
        engine, begun = _inflater.decompressobj(31), False
        while packed := handle.read(_BITE):
            while packed:
                if not begun and not (packed := packed.lstrip(b"\0")):  # padding after a member
                    break
                begun = True
                if block := engine.decompress(packed, _LARGEST_BLOCK):
                    yield block
                packed = engine.unconsumed_tail
                if engine.eof:
                    packed, engine, begun = engine.unused_data, _inflater.decompressobj(31), False
        if begun:
            if block := engine.flush():
                yield block
            if not engine.eof:
                raise EOFError("the packed data ends early")


class _Ahead(io.RawIOBase):
    """Blocks that a second thread unpacks ahead of their reader, once more than the first is wanted."""

    def __init__(self, blocks: Generator[bytes]) -> None:
        self._blocks = blocks
        self._block = memoryview(b"")
        self._ready: queue.Queue[bytes | Exception] = queue.Queue(_BLOCKS_AHEAD)
        self._thread: threading.Thread | None = None
        self._begun = self._ended = self._stopped = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._block and not self._ended:
            self._block = memoryview(self._next())
            self._ended = not self._block
        count = min(len(buffer), len(self._block))
        buffer[:count] = self._block[:count]
        self._block = self._block[count:]
        return count

    def _next(self) -> bytes:
        if not self._begun:
            self._begun = True
            return next(self._blocks, b"")
        if self._thread is None:
            self._thread = threading.Thread(target=self._fill, name="omics_rx-unpack", daemon=True)
            self._thread.start()
        block = self._ready.get()
        if isinstance(block, Exception):
            self._ended = True
            raise block
        return block

    def _fill(self) -> None:
        block: bytes | Exception = b"?"
        while block and not self._stopped and not isinstance(block, Exception):
            try:
                block = next(self._blocks, b"")
            except Exception as error:  # noqa: BLE001 - raised again where it is read
                block = error
            self._ready.put(block)

    def close(self) -> None:
        if self.closed:
            return
        self._stopped = True
        while self._thread is not None and self._thread.is_alive():
            try:
                self._ready.get(timeout=0.01)
            except queue.Empty:
                continue
        self._blocks.close()
        super().close()


class _Readable(io.RawIOBase):
    """What ``BufferedReader`` needs of a pyarrow stream."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


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
        for line in text:
            yield line.encode(encoding if encoding == "latin-1" else "utf-8")


def _whole_lines(stream: Any, path: Path) -> Iterator[Line]:
    start, parts = 0, list[bytes]()
    for number, raw in enumerate(stream, 1):
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


def text(field: bytes) -> str:
    """Decode a field: UTF-8, or Latin-1 where it is not."""
    try:
        return field.decode("utf-8")
    except UnicodeDecodeError:
        return field.decode("latin-1")
