"""Facts that travel with the package: found in the wheel and in an editable checkout alike."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from omics_rx.core.errors import MissingFileError


@cache
def root() -> Path:
    """Folder of the facts: ``omics_rx/resources`` when installed, ``resources`` in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "resources", package.parent / "resources"):
        if (folder / "SOURCES.toml").is_file():
            return folder
    raise MissingFileError(f"the facts that belong to omics_rx are not beside it ({package}): reinstall the package")


def path(name: str) -> Path:
    """Path of one resource.

    Parameters
    ----------
    name
        Path below the resources folder, such as ``"genes.tsv.gz"``.

    Raises
    ------
    MissingFileError
        If there is no such resource.
    """
    found = root() / name
    if not found.is_file():
        raise MissingFileError(f"no resource {name!r} below {root()}: reinstall the package")
    return found


@cache
def _table(name: str) -> pd.DataFrame:
    return pd.read_csv(path(name), sep="\t", dtype=str, keep_default_na=False, na_values=[""], comment=None)


def table(name: str) -> pd.DataFrame:
    """Read a tab-separated table of facts; every column is text, an empty field is missing."""
    return _table(name).copy()


def read_json(name: str) -> Any:
    """Read a JSON resource."""
    return json.loads(path(name).read_text(encoding="utf-8"))


@cache
def sources() -> dict[str, dict[str, Any]]:
    """Source, licence and sha256 of every resource, by name."""
    return tomllib.loads((root() / "SOURCES.toml").read_text(encoding="utf-8"))
