"""Pickles from outside, read through an allow-list: nothing is imported, and nothing is called that is not ours.

A pickle names the functions that rebuild its objects, and reading it calls them. Each reader below knows the few names
that its data needs, refuses every other before it is looked up, and lets the known ones stand for inert things
(:mod:`omics_rx.datasets.inert`) from which tables and arrays are then built. Tensors are rebuilt as numpy arrays from
torch's legacy byte layout, so that torch itself is not needed.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import IntegrityError
from omics_rx.datasets import inert

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


def _read(
    file: Any, label: str, allowed: _Allowed, persistent: Callable[[Any], Any] | None = None,
    build: Callable[[Any], Any] | None = None,
) -> Any:  # fmt: skip
    """Read one pickle, and build from what stands in it."""
    try:
        inert.check_steps(file, label)
        found = AllowListUnpickler(file, allowed=allowed, label=label, persistent=persistent).load()
        return build(found) if build else found
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


# what a pickled data frame of numbers, text and categories is rebuilt from, by its old and new homes
_OF_A_FRAME = {
    "builtins": ("slice",),
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
    "pandas": ("DataFrame", "Index", "RangeIndex", "Categorical", "CategoricalDtype"),  # where they live since pandas 3
    "pandas.core.frame": ("DataFrame",),
    "pandas.core.indexes.base": ("Index", "_new_Index"),
    "pandas.core.indexes.range": ("RangeIndex",),
    "pandas.core.internals.managers": ("BlockManager",),
}


def frame(file: Path) -> pd.DataFrame:
    """Read a pickled data frame of numbers, text and categories.

    Raises
    ------
    IntegrityError
        If it asks for anything else, is damaged, or is no frame.
    """

    def build(found: Any) -> pd.DataFrame:
        if not inert.is_a(found, "DataFrame"):
            raise IntegrityError(f"{file.name} holds a {type(found).__name__}, not a table: download it again")
        return inert.data_frame(found)

    with file.open("rb") as handle:
        found: pd.DataFrame = _read(handle, file.name, inert.named(_OF_A_FRAME), build=build)
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
    whole = all(isinstance(value, int) and value >= 0 for value in (*size, *stride, offset))
    expected = tuple(math.prod(size[axis + 1 :]) for axis in range(len(size)))
    count = math.prod(size)
    if not whole or tuple(stride) != expected or offset + count > storage.size:
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
    names = {"torch._utils": ("_rebuild_tensor_v2",), "torch.storage": ("_load_from_bytes",)}
    allowed = inert.named({**names, "collections": ("OrderedDict",)})

    def tensor(value: Any) -> np.ndarray:
        if not inert.is_a(value, "_rebuild_tensor_v2") or not inert.is_a(value.given[0], "_load_from_bytes"):
            raise IntegrityError(f"{label} is not a dict of tensors: download it again")
        return _tensor(_storage(value.given[0].given[0], label), *value.given[1:])

    def build(found: Any) -> dict[str, np.ndarray]:
        if not isinstance(found, dict):
            raise IntegrityError(f"{label} is not a dict of tensors: download it again")
        return {name: tensor(value) for name, value in found.items()}

    with file.open("rb") as handle:
        found: dict[str, np.ndarray] = _read(handle, label, allowed, build=build)
    return found
