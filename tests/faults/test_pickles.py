"""Pickles made to alter this process or to end it: each is one error, and nothing of it stays."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import IntegrityError
from omics_rx.core.work import rng
from omics_rx.datasets import inert, unpickle


def stating(name: str, state: object) -> bytes:
    """A pickle that names something, and gives a state to the name itself."""
    module, own = name.rsplit(".", 1)
    return b"\x80\x02c" + f"{module}\n{own}\n".encode() + pickle.dumps(state, 2)[2:-1] + b"b."


FRAME_NAMES = [f"{module}.{name}" for module, names in unpickle._OF_A_FRAME.items() for name in names]


STATES = {"attribute": {"to_csv": 1}, "slot": (None, {"to_csv": 1}), "defaults": (None, {"__defaults__": ()})}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
@pytest.mark.parametrize("name", [*FRAME_NAMES, "torch._utils._rebuild_tensor_v2", "collections.OrderedDict"])
def test_a_pickle_cannot_alter_what_it_names(tmp_path, name, state):
    """A state given to a class or function, and not to what it made, would alter it for the whole process."""
    before = {one: dict(vars(one)) for one in (pd.DataFrame, pd.Index, pd.Categorical, pd.CategoricalDtype)}
    file = tmp_path / "x.pickle"
    file.write_bytes(stating(name, state))
    for reader in (unpickle.frame, unpickle.tensors):
        with pytest.raises(IntegrityError):
            reader(file)
    assert {one: dict(vars(one)) for one in before} == before


def test_no_reading_leaves_anything_to_the_next(tmp_path):
    """What stands for a class is made for one reading, so that nothing is handed on."""
    first, second = inert.named(unpickle._OF_A_FRAME), inert.named(unpickle._OF_A_FRAME)
    assert not {*first.values()} & {*second.values()}
    assert not hasattr(next(iter(first.values()))(), "__dict__")


def texts(*values) -> pd.Index:
    return pd.Index(values, dtype=object)  # what pickles of the past hold


def frame_for_pickling() -> pd.DataFrame:
    table = pd.DataFrame(
        {"a": [1.5, 2.5, np.nan], "b": pd.Series(["x", "y", None], texts("p", "q", "r"), object), "n": [1, 2, 3],
         "t": [True, False, True], "c": pd.Categorical.from_codes([0, 1, -1], texts("u", "v"))},
        index=texts("p", "q", "r"),
    )  # fmt: skip
    return table.set_axis(texts(*"abntc"), axis=1)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_frame_comes_back_as_it_was(tmp_path, protocol):
    table = frame_for_pickling()
    (tmp_path / "x.pickle").write_bytes(pickle.dumps(table, protocol))
    if protocol == 2:  # bytes of that protocol are made by a function, which is not needed
        with pytest.raises(IntegrityError, match="asks for"):
            unpickle.frame(tmp_path / "x.pickle")
    else:
        pd.testing.assert_frame_equal(unpickle.frame(tmp_path / "x.pickle"), table)


ODD_DTYPES = [
    (("V8", False, True), (3, "|", None, ("a",), {"a": (np.dtype("O"), 0)}, 8, 1, 27)),
    (("O8", False, True), (3, "|", None, None, None, 1 << 40, -1, 63)),
    (("f8", False, True), (3, "<", (np.dtype("O"), (4,)), None, None, -1, -1, 0)),
    (("U5", False, True), (3, "<", None, None, None, 20, 4, 8)),
    (("f8", False, True), (99, "<", None, None, None, -1, -1, 0)),
    (("f8", False, True), (3, "x", None, None, None, -1, -1, 0)),
    (("M8[ns]", False, True), (4, "<", None, None, None, -1, -1, 0, ({}, ("ns", 1, 1, 1)))),
    (("f8", False, True), None),
    ((8, False, True), (3, "<", None, None, None, -1, -1, 0)),
]


def _dtype(given, state):
    found = inert.named({"numpy": ("dtype",)})["numpy", "dtype"](*given)
    found.__setstate__(state)
    return found


@pytest.mark.parametrize(("given", "state"), ODD_DTYPES)
def test_a_type_that_numpy_would_believe_is_refused(given, state):
    with pytest.raises((ValueError, TypeError)):
        inert._dtype(_dtype(given, state))


def _array_of(shape, data, code="f8", order="C"):
    kind = _dtype((code, False, True), (3, "<", None, None, None, -1, -1, 0))
    return inert.named({"numpy": ("_frombuffer",)})["numpy", "_frombuffer"](data, kind, shape, order)


@pytest.mark.parametrize(
    ("shape", "data"),
    [((2,), b"x" * 8), ((-1,), b"x" * 8), ((1 << 40,), b""), ((1.0,), b"x" * 8), ([1], b"x" * 8), ((1,), ["x"]),
     ((1 << 32, 1 << 32), b"")],
)  # fmt: skip
def test_an_array_that_is_not_its_bytes_is_refused(shape, data):
    with pytest.raises(ValueError, match="does not fit"):
        inert._array(_array_of(shape, data))


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04)" + b"\x85" * 500_000 + b"}\x94" + b"h\x00.",  # tuples in tuples, as deep as C's stack
        b"\x80\x04}" + b"(" + b")" + b"\x85" * 500_000 + b"K\x01u.",  # the same, to be hashed
        b"\x80\x04Nr\xff\xff\xff\x7f.",  # a place that numbers two thousand million others
        b"\x80\x04" + b"N0" * 260_000 + b"N.",
        b"\x80\x05\x96" + (1 << 62).to_bytes(8, "little") + b"x.",  # bytes without end
        b"\x80\x04\x8e" + (1 << 62).to_bytes(8, "little") + b"x.",
        b"(" * 510_000 + b".",
    ],
    ids=["deep", "deep key", "far place", "many steps", "long array", "long bytes", "marks"],
)
@pytest.mark.parametrize("reader", [unpickle.plain, unpickle.frame, unpickle.tensors])
def test_a_pickle_that_asks_for_the_machine_is_refused(tmp_path, reader, data):
    (tmp_path / "x.pickle").write_bytes(data)
    with pytest.raises(IntegrityError):
        reader(tmp_path / "x.pickle")


def test_a_damaged_frame_is_refused_or_read(tmp_path):
    """A damaged byte never ends the process, and no other error than ours comes out."""
    whole, outcomes = pickle.dumps(frame_for_pickling(), 5), set()
    for number in range(int(os.environ.get("OMICS_RX_FUZZ", "300"))):
        random = rng(0, "frame pickle", number)
        data = bytearray(whole)
        for _ in range(int(random.integers(1, 4))):
            data[int(random.integers(len(data)))] = int(random.integers(256))
        (tmp_path / "x.pickle").write_bytes(bytes(data))
        try:
            outcomes.add(type(unpickle.frame(tmp_path / "x.pickle")))
        except IntegrityError as error:
            outcomes.add(type(error))
    assert outcomes == {pd.DataFrame, IntegrityError}
