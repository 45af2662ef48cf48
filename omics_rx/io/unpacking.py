"""Unpacking: gzip, bz2, xz and zstd as one stream of bytes, unpacked ahead of its reader."""

from __future__ import annotations

import bz2
import io
import lzma
import queue
import threading
import zlib
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

from omics_rx.core import budget
from omics_rx.core.errors import InputError

_inflater: ModuleType
try:  # the same calls, and nearly twice as quick
    from zlib_ng import zlib_ng

    _inflater = zlib_ng
except ImportError:  # an interpreter that no wheel is built for
    _inflater = zlib

_GZIP, BZ2, _XZ, ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
_BUFFER = 1 << 20  # a line of a wide table is some hundred thousand bytes
_BLOCKS_AHEAD = 4
_BITE = 1 << 18
_LARGEST_BLOCK = 1 << 22  # however well a block packs
DAMAGED: tuple[type[Exception], ...] = (EOFError, zlib.error, _inflater.error, lzma.LZMAError)


def unpacked(path: Path, start: bytes) -> Any:
    """Unpacked bytes of a plain, gzip, bz2, xz or zstd file as a binary stream, told by its first bytes.

    What unpacks runs in a thread of its own, some blocks ahead of the reader.
    """
    if start.startswith(_GZIP):
        blocks = _inflated(path)
    elif start.startswith(BZ2):
        blocks = _blocks(bz2.open(path, "rb"))  # noqa: SIM115 - closed by what reads it
    elif start.startswith(_XZ):
        blocks = _blocks(lzma.open(path, "rb"))  # noqa: SIM115 - closed by what reads it
    elif start.startswith(ZSTD):
        import pyarrow as pa

        blocks = _blocks(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
    else:
        return path.open("rb", buffering=_BUFFER)
    return io.BufferedReader(_Ahead(_bounded(blocks, path)), _BUFFER)


def _bounded(blocks: Generator[bytes], path: Path) -> Generator[bytes]:
    """The same blocks, up to what one input may unpack to."""
    total, packed = 0, path.stat().st_size
    most = budget.most(budget.most_unpacked(packed))
    with closing(blocks):
        for block in blocks:
            total += len(block)
            if total > most:
                raise InputError(f"{path} unpacks to more than {total / packed:,.0f} times its size: {budget.REMEDY}")
            yield block


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
