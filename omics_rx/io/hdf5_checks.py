"""What is looked at before an HDF5 file is read, since libraries meet some damage with endless memory or time."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Any

from omics_rx.core.errors import IntegrityError, examples

# what h5py and anndata raise of a file that was cut short or overwritten; a size read wrong asks for endless memory
HDF5_DAMAGE = (
    OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError, IndexError, OverflowError, MemoryError,
    AssertionError,
)  # fmt: skip
_MOST_UNPACKED = 2000  # gzip makes at most a thousandth of a table
_ALWAYS_FITS = 1 << 26
_SCANNED = 1 << 25
_HEAP = b"GCOL\x01\x00\x00\x00"
_SHORTEST_OBJECT = 16


def hdf5_form(file: Path) -> str:
    """Tell ``"h5ad"``, ``"loom"``, ``"10x"`` or what else an HDF5 file is, once it is seen to be whole enough to read.

    Raises
    ------
    IntegrityError
        If it is truncated or damaged.
    """
    import h5py

    _check_heaps(file)
    try:
        with h5py.File(file, "r") as handle:
            _check_sizes(file, handle)
            if "mod" in handle and "obs" in handle:
                return "h5mu"
            if "obs" in handle and "var" in handle:
                return "h5ad"
            if "row_attrs" in handle and "col_attrs" in handle:
                return "loom"
            if any("barcodes" in group for group in handle.values() if hasattr(group, "keys")):
                return "10x"
            return f"HDF5 file with {examples(handle)}"
    except IntegrityError:
        raise
    except HDF5_DAMAGE as error:
        raise IntegrityError(f"{file} is truncated or damaged ({error}): copy or download it again") from error


def _check_sizes(file: Path, handle: Any) -> None:
    """Refuse a file whose tables say they are larger than any packing of its bytes, before memory is asked for.

    Raises
    ------
    IntegrityError
        If one does.
    """
    import h5py

    most = _MOST_UNPACKED * file.stat().st_size + _ALWAYS_FITS

    def look(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.size and item.size * item.dtype.itemsize > most:
            size = item.size * item.dtype.itemsize / file.stat().st_size
            raise IntegrityError(
                f"{file} is damaged: {name!r} says it is {size:.0f} times as large as the file: "
                "copy or download it again"
            )

    handle.visititems(look)


def _check_heaps(file: Path) -> None:
    """Refuse a file whose tables of strings are overwritten, in which the HDF5 library can look for ever.

    A global heap holds objects one after the other, the last of them the free space up to its end (HDF5 File Format
    Specification 3.0, section III.E). The first 32 MiB of the file are looked at.

    Raises
    ------
    IntegrityError
        If an object ends beyond its heap.
    """
    with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as content:
        end = min(len(content), _SCANNED)
        place = content.find(_HEAP, 0, end)
        while place >= 0:
            if not _is_whole_heap(content, place):
                raise IntegrityError(f"{file} is damaged (a heap at byte {place}): copy or download it again")
            place = content.find(_HEAP, place + 1, end)


def _is_whole_heap(content: mmap.mmap, start: int) -> bool:
    place = start + len(_HEAP) + 8
    if place > len(content):
        return False
    end = start + int(struct.unpack_from("<Q", content, start + len(_HEAP))[0])
    if end > len(content):
        return False
    while end - place >= _SHORTEST_OBJECT:
        number, size = struct.unpack_from("<H6xQ", content, place)
        if number == 0:
            return bool(place + size == end)
        place += _SHORTEST_OBJECT + (size + 7) // 8 * 8
    return bool(place <= end)
