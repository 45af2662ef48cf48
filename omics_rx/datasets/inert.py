"""What the names in a pickle stand for: things that hold what they are given and can do nothing else.

Reading a pickle calls what it names and alters what it built. Were a name pandas' own class, a pickle could alter that
class for the whole process, or hand a C library a state that ends the process. Nothing here is anybody else's: each
name is a class of its own, made for one reading, and what it holds is checked when the data is built from it.
"""

from __future__ import annotations

import math
import pickletools
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from omics_rx.core.errors import IntegrityError

MOST_STEPS = 500_000  # of one pickle: the largest that is read has 33,000
MOST_TUPLES = 10_000  # Python hashes a tuple within a tuple without looking how deep they lie
_PLAIN = (str, int, float, bool, type(None))
_DTYPES = frozenset(["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "O8"])


class Inert:
    """Holds the arguments and the state that a pickle gives to what it believes to be another thing."""

    __slots__ = ("given", "state")
    given: tuple[Any, ...]
    state: Any

    def __new__(cls, *given: Any) -> Inert:
        """Keep the arguments."""
        made = super().__new__(cls)
        made.given, made.state = given, None
        return made

    def __setstate__(self, state: Any) -> None:
        """Keep the state. A pickle that would alter the class itself comes here without one, and fails."""
        self.state = state


def named(names: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], type[Inert]]:
    """A class of its own for each name, by module and name."""
    return {(module, name): type(name, (Inert,), {"__slots__": ()}) for module, some in names.items() for name in some}


def check_steps(file: BinaryIO, label: str) -> None:
    """Look through a pickle without doing what it says, and go back to its start.

    Raises
    ------
    IntegrityError
        If it has more steps, tuples or numbered places than any data that is read here.
    """
    start, steps, tuples = file.tell(), 0, 0
    for steps, (step, argument, _) in enumerate(pickletools.genops(file), 1):
        tuples += step.name.startswith("TUPLE") or step.name == "FROZENSET"
        far = step.name in ("PUT", "BINPUT", "LONG_BINPUT") and isinstance(argument, int) and argument > MOST_STEPS
        if far or steps > MOST_STEPS or tuples > MOST_TUPLES:
            raise IntegrityError(f"{label} has more steps than its data needs: the file is not what it should be")
    file.seek(start)


def is_a(value: Any, name: str) -> bool:
    """Whether it stands for something of that name."""
    return isinstance(value, Inert) and type(value).__name__ == name


def data_frame(found: Any) -> pd.DataFrame:
    """Build a table of numbers, text and categories from what stands for one.

    Raises
    ------
    ValueError
        If anything in it does not fit.
    """
    manager = found.state["_mgr"]
    blocks, (columns, rows) = _arguments(manager, "BlockManager", 2)
    names, index = _index(columns), _index(rows)
    parts = [_block(block, index, len(names)) for block in blocks]
    placed = [int(place) for part in parts for place in part.columns]
    _demand(sorted(placed) == list(range(len(names))), "its columns")
    frame = pd.concat(parts, axis=1)[list(range(len(names)))]
    frame.columns = names
    return frame


def _block(block: Any, index: pd.Index, n_columns: int) -> pd.DataFrame:
    values, placement, ndim = _arguments(block, "_unpickle_block", 3)
    _demand(ndim == 2, "a block")
    start, stop, step = _arguments(placement, "slice", 3) if is_a(placement, "slice") else (None, None, None)
    if start is None:
        places = [int(place) for place in _array(placement)]
    else:
        places = list(range(*slice(start, stop, step).indices(n_columns)))
    found = _column(values)
    if isinstance(found, np.ndarray):
        _demand(found.shape == (len(places), len(index)), "a block")
        return pd.DataFrame(found.T, index=index, columns=places, dtype=found.dtype)  # pandas 3 guesses texts
    _demand(len(places) == 1 and len(found) == len(index), "a column")
    return pd.DataFrame({places[0]: pd.Series(found, index=index)})


def _column(values: Any) -> np.ndarray | pd.Categorical | pd.arrays.IntegerArray:
    if is_a(values, "IntegerArray"):
        whole, mask = _array(values.state["_data"]), _array(values.state["_mask"])
        return pd.arrays.IntegerArray(whole, mask)
    if is_a(values, "__pyx_unpickle_NDArrayBacked"):
        kind, codes, *_ = values.state
        _demand(is_a(kind, "CategoricalDtype") and kind.state["ordered"] in (False, True, None), "a category")
        dtype = pd.CategoricalDtype(_index(kind.state["categories"]), ordered=kind.state["ordered"])
        return pd.Categorical.from_codes(_array(codes), dtype=dtype)  # checks the codes
    return _array(values)


def _index(value: Any) -> pd.Index:
    kind, told = _arguments(value, "_new_Index", 2)
    name = told.get("name")
    _demand(isinstance(name, _PLAIN), "a name")
    if kind.__name__ == "RangeIndex":
        return pd.RangeIndex(told["start"], told["stop"], told["step"], name=name)
    _demand(kind.__name__ == "Index", "an index")
    labels = _column(told["data"])
    return pd.Index(labels, dtype=labels.dtype, name=name)


def _array(value: Any) -> np.ndarray:
    """Build an array from its bytes, or from a list of plain values."""
    if is_a(value, "_frombuffer"):
        data, dtype, shape, order = value.given
    else:
        _demand(is_a(value, "_reconstruct"), "an array")
        _, shape, dtype, is_fortran, data = value.state
        order = "F" if is_fortran else "C"
    _demand(order in ("C", "F") and isinstance(shape, tuple), "an array")
    _demand(all(isinstance(size, int) and size >= 0 for size in shape), "the shape of an array")
    kind = _dtype(dtype)
    if kind.hasobject:
        _demand(isinstance(data, list) and len(data) == math.prod(shape), "an array of texts")
        _demand(all(isinstance(one, _PLAIN) for one in data), "an array of texts")
        flat = np.empty(len(data), dtype=object)
        flat[:] = data
    else:
        _demand(isinstance(data, (bytes, bytearray)) and len(data) == math.prod(shape) * kind.itemsize, "an array")
        flat = np.frombuffer(data, dtype=kind)
    return flat.reshape(shape, order=order)


def _dtype(value: Any) -> np.dtype[Any]:
    (code, *_), (version, order, *rest) = _arguments(value, "dtype", 3), value.state
    _demand(isinstance(code, str) and code in _DTYPES and version in (3, 4) and order in ("<", ">", "=", "|"), "a type")
    _demand(rest[:3] == [None, None, None] and rest[3:5] == [-1, -1], "a type")
    return np.dtype(object) if code == "O8" else np.dtype(code if order == "|" else order + code)


def _arguments(value: Any, name: str, count: int) -> Any:
    _demand(is_a(value, name) and len(value.given) == count, name)
    return value.given


def _demand(holds: bool, what: str) -> None:  # noqa: FBT001 - reads as what is demanded
    if not holds:
        message = f"{what} does not fit"
        raise ValueError(message)
