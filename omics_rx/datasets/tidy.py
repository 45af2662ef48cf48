"""Tidy copies: what was made of raw members is kept in the cache as h5ad and parquet, and read back in a moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core import cache
from omics_rx.core.texts import as_made_here
from omics_rx.datasets.registry import Raw

if TYPE_CHECKING:
    from anndata import AnnData

Bring = Callable[[], Raw]


def kept(name: str, bring: Bring, make: Callable[[Raw, Path], None]) -> Path:
    """Folder with the tidy copy of a dataset, made by ``make(raw, folder)`` when it is not there.

    The key holds the source of the rooms that shape the copy and the facts it was made with, so an older copy is
    never taken for one that this version would make.
    """
    key = f"{name}-{cache.code('datasets', 'harmonize')}"
    final = cache.held("datasets", key)
    if final is not None:
        return final
    raw = bring()
    return cache.entry("datasets", key, lambda folder: make(raw, folder))


def read(file: Path) -> AnnData:
    """Read a tidy h5ad, its words as words: h5ad keeps them as categories."""
    from anndata import read_h5ad

    found = read_h5ad(file)
    found.obs, found.var = as_made_here(found.obs), as_made_here(found.var)
    for held in (found.obsm, found.uns.get("omics_rx", {})):
        for name, values in dict(held).items():
            if isinstance(values, pd.DataFrame):
                held[name] = as_made_here(values)
    for column in found.obs.columns[found.obs.dtypes == "category"]:
        found.obs[column] = found.obs[column].astype(object)
    return found
