"""Pickles from outside, read through an allow-list: nothing is imported that is not named here.

A pickle names the functions that rebuild its objects, and reading it calls them. Each reader below allows
the few that its data needs and refuses every other before it is looked up. Tensors are rebuilt as numpy
arrays from torch's legacy byte layout, so that torch itself is not needed.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import IntegrityError

_Allowed = Mapping[tuple[str, str], Any]
# torch/serialization.py: MAGIC_NUMBER and PROTOCOL_VERSION of the layout that precedes its zip files
_TORCH_MAGIC, _TORCH_PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_TORCH_DTYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "LongStorage": "<i8", "IntStorage": "<i4"}


class AllowListUnpickler(pickle.Unpickler):
    """Unpickler that finds only what it was given.

    Parameters
    ----------
    file
        Binary file to read.
    allowed
        (module, name) to the object that stands for it.
    label
        What is read, for the error.
    persistent
        What rebuilds objects stored outside the pickle; without it such objects are refused.
    """

    def __init__(
        self, file: Any, *, allowed: _Allowed, label: str, persistent: Callable[[Any], Any] | None = None
    ) -> None:
        super().__init__(file)
        self._allowed = allowed
        self._label = label
        self._persistent = persistent

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for ``module.name``, or refuse."""
        if (module, name) not in self._allowed:
            raise IntegrityError(
                f"{self._label} asks for {module}.{name}, which its data does not need: "
                "the file is not what it should be, do not use it"
            )
        return self._allowed[module, name]

    def persistent_load(self, pid: Any) -> Any:
        """Rebuild an object stored outside the pickle."""
        if self._persistent is None:
            raise IntegrityError(f"{self._label} refers to objects outside itself: the file is not what it should be")
        return self._persistent(pid)


def _read(file: Any, label: str, allowed: _Allowed, persistent: Callable[[Any], Any] | None = None) -> Any:
    try:
        return AllowListUnpickler(file, allowed=allowed, label=label, persistent=persistent).load()
    except IntegrityError:
        raise
    except Exception as error:
        raise IntegrityError(f"{label} is damaged ({type(error).__name__}: {error}): download it again") from error


def plain(file: Path) -> Any:
    """Read a pickle of dicts, lists, text and numbers.

    Raises
    ------
    IntegrityError
        If it holds anything else, or is damaged.
    """
    with file.open("rb") as handle:
        return _read(handle, file.name, {})


@cache
def _frame_classes() -> dict[tuple[str, str], Any]:
    """What a pickled data frame of numbers, text and categories is rebuilt from, by its old and new homes."""
    wanted = {
        "numpy": ("dtype", "ndarray"),
        "numpy.core.multiarray": ("_reconstruct",),
        "numpy.core.numeric": ("_frombuffer",),
        "numpy._core.multiarray": ("_reconstruct",),
        "numpy._core.numeric": ("_frombuffer",),
        "pandas._libs.arrays": ("__pyx_unpickle_NDArrayBacked",),
        "pandas._libs.internals": ("_unpickle_block",),
        "pandas.core.arrays.categorical": ("Categorical",),
        "pandas.core.arrays.integer": ("Int32Dtype", "IntegerArray"),
        "pandas.core.dtypes.dtypes": ("CategoricalDtype",),
        "pandas.core.frame": ("DataFrame",),
        "pandas.core.indexes.base": ("Index", "_new_Index"),
        "pandas.core.indexes.range": ("RangeIndex",),
        "pandas.core.internals.managers": ("BlockManager",),
    }
    allowed: dict[tuple[str, str], Any] = {("builtins", "slice"): slice}
    for module, names in wanted.items():
        home = import_module(module.replace("numpy.core", "numpy._core"))
        allowed.update({(module, name): getattr(home, name) for name in names})
    return allowed


def frame(file: Path) -> pd.DataFrame:
    """Read a pickled data frame of numbers, text and categories.

    Raises
    ------
    IntegrityError
        If it asks for anything else, is damaged, or is no frame.
    """
    with file.open("rb") as handle:
        found = _read(handle, file.name, _frame_classes())
    if not isinstance(found, pd.DataFrame):
        raise IntegrityError(f"{file.name} holds a {type(found).__name__}, not a table: download it again")
    return found


def _storage(data: bytes, label: str) -> np.ndarray:
    """Rebuild one torch storage from its legacy bytes: four small pickles, then counted little-endian values."""
    file = io.BytesIO(data)
    magic = _read(file, label, {})
    protocol = _read(file, label, {})
    system = _read(file, label, {})
    if magic != _TORCH_MAGIC or protocol != _TORCH_PROTOCOL or not system.get("little_endian"):
        raise IntegrityError(f"{label} holds tensors in a layout that is not read here: download it again")
    kinds = {("torch", name): name for name in _TORCH_DTYPES}

    def described(pid: Any) -> tuple[str, str, int]:
        _, kind, key, _, count, view = pid
        if view is not None:
            raise IntegrityError(f"{label} holds a view of a storage, which its data does not need")
        return kind, key, int(count)

    kind, key, count = _read(file, label, kinds, described)
    keys = _read(file, label, {})
    stored = int(np.frombuffer(file.read(8), dtype="<i8")[0])
    values = np.frombuffer(file.read(), dtype=_TORCH_DTYPES[kind])
    if keys != [key] or stored != count or values.size != count:
        raise IntegrityError(f"{label} says {count} values and holds {values.size}: download it again")
    return values


def _tensor(storage: np.ndarray, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> np.ndarray:
    """Cut a contiguous tensor out of its storage."""
    expected = tuple(int(np.prod(size[axis + 1 :])) for axis in range(len(size)))
    count = int(np.prod(size))
    if tuple(stride) != expected or offset < 0 or offset + count > storage.size:
        raise IntegrityError("a tensor does not fit its storage: download the data again")
    return storage[offset : offset + count].reshape(size)


def tensors(file: Path) -> dict[str, np.ndarray]:
    """Read a pickled dict of torch tensors as numpy arrays, without torch.

    Raises
    ------
    IntegrityError
        If it holds anything else, or is damaged.
    """
    label = file.name
    allowed = {
        ("torch._utils", "_rebuild_tensor_v2"): _tensor,
        ("torch.storage", "_load_from_bytes"): lambda data: _storage(data, label),
        ("collections", "OrderedDict"): OrderedDict,
    }
    with file.open("rb") as handle:
        found = _read(handle, label, allowed)
    if not isinstance(found, dict) or not all(isinstance(value, np.ndarray) for value in found.values()):
        raise IntegrityError(f"{label} is not a dict of tensors: download it again")
    return found
