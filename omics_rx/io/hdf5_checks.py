"""What is looked at before an HDF5 file is read, since libraries meet some damage with endless memory or time."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Any

from omics_rx.core import budget
from omics_rx.core.errors import IntegrityError, OmicsRxError, examples

# what h5py and anndata raise of a file that was cut short or overwritten; a size read wrong asks for endless memory
HDF5_DAMAGE = (
    OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError, IndexError, OverflowError, MemoryError,
    AssertionError,
)  # fmt: skip
_SCANNED = 1 << 25
_HEAP = b"GCOL\x01\x00\x00\x00"
_SHORTEST_OBJECT = 16


def hdf5_form(file: Path) -> str:
    """Tell ``"h5ad"``, ``"loom"``, ``"10x"`` or what else an HDF5 file is, once it is seen to be whole enough to read.

    Raises
    ------
    IntegrityError, InputError
        If it is truncated, damaged, or reaches into other files; if it asks for more memory than one input may.
    """
    import h5py

    _check_heaps(file)
    try:
        with h5py.File(file, "r") as handle:
            _check_contents(file, handle)
            if "mod" in handle and "obs" in handle:
                return "h5mu"
            if "obs" in handle and "var" in handle:
                return "h5ad"
            if "row_attrs" in handle and "col_attrs" in handle:
                return "loom"
            if any("barcodes" in group for group in handle.values() if hasattr(group, "keys")):
                return "10x"
            return f"HDF5 file with {examples(handle)}"
    except OmicsRxError:
        raise
    except HDF5_DAMAGE as error:
        raise IntegrityError(f"{file} is truncated or damaged ({error}): copy or download it again") from error


def _check_contents(file: Path, handle: Any) -> None:
    """Refuse a file that reaches outside itself, or whose tables are together larger than any packing of its bytes.

    Links to other files, values kept in other files and tables put together from other files would bring any file of
    this machine into a matrix, and fill it with zeros where that file is not there.

    Raises
    ------
    IntegrityError, InputError
        If one does; if the tables ask for more memory than one input may.
    """
    import h5py

    total = 0

    def look(name: str, item: Any) -> None:
        nonlocal total
        for link in item if isinstance(item, h5py.Group) else ():
            place = f"{name}/{link}".lstrip("/")
            told = item.get(link, getlink=True)
            if isinstance(told, h5py.ExternalLink):
                raise IntegrityError(
                    f"{file} does not hold its {place!r}, but links to another file ({told.filename!r}): write both to "
                    "one file"
                )
            found = item.get(link)  # a link that leads nowhere is None
            if isinstance(found, h5py.Dataset):
                _check_is_inside(file, place, found)
                total += (found.size or 0) * found.dtype.itemsize

    look("", handle)
    handle.visititems(look)
    size = file.stat().st_size
    if total > budget.RATIO * size + budget.ALWAYS_UNPACKED:
        raise IntegrityError(
            f"{file} is damaged: its tables say they are {total / size:.0f} times as large as the file: copy or "
            "download it again"
        )


def _check_is_inside(file: Path, place: str, table: Any) -> None:
    if table.is_virtual or table.external:
        raise IntegrityError(f"{file} keeps the values of {place!r} in other files: write them into this one")
    budget.check(table.size or 0, budget.VALUES, f"{place!r} of {file}", "values")


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
