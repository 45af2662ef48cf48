"""Rows of a compound library: read a chunk at a time, each row judged before it is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, MissingFileError, examples
from omics_rx.harmonize.drugs import Finder, structure, why_not
from omics_rx.response.applicability import is_mixture

Structures = pd.DataFrame | Path | str | Iterable[tuple[str, str]]
_DESCRIBED = ("targets", "pathway", "mechanism")


def read(rows: pd.DataFrame, finder: Finder) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Facts of each row with a status, and the rows that can be asked about, salts taken off."""
    told = [_judged(name, text, finder) for name, text in zip(rows["name"], rows["smiles"], strict=True)]
    facts = pd.DataFrame(told, columns=["smiles", "status", "warning"], index=rows.index)
    facts.insert(0, "name", rows["name"])
    facts["nearest"] = pd.Series(None, index=rows.index, dtype=object)
    facts[["similarity", "half_width"]] = np.nan
    kept = facts["status"].eq("new")
    asked = facts.loc[kept, ["name", "smiles"]].join(rows[[name for name in _DESCRIBED if name in rows]])
    return facts, asked


def _judged(name: str, text: object, finder: Finder) -> tuple[str | None, str, str]:
    """Structure without salt, status and warning of one row."""
    wrong = why_not(text)
    if wrong:
        return None, "unreadable", "text after a space" if "space" in wrong else "no molecule"
    bare = structure(str(text)).smiles
    if is_mixture(bare):
        return bare, "mixture", "several compounds"
    found = finder.find(name, bare)
    return (bare, "ambiguous", found.problem) if found.problem else (bare, "new", "")


def chunks(structures: Structures, size: int) -> Iterator[pd.DataFrame]:
    """Frames of ``size`` rows with ``name`` and ``smiles``, indexed by their row in the library as text."""
    start = 0
    for frame in _frames(structures, size):
        if "smiles" not in frame:
            raise InputError(f"the library has no column smiles: it has {examples(frame.columns, 10)}")
        rows = frame.reset_index(drop=True)
        rows.index = pd.Index([f"row-{start + i}" for i in range(len(rows))], name="drug_id")
        if "name" not in rows:
            rows["name"] = rows.index
        rows["name"] = rows["name"].astype(str)
        start += len(rows)
        yield rows[[name for name in ("name", "smiles", *_DESCRIBED) if name in rows]]


def _frames(structures: Structures, size: int) -> Iterator[pd.DataFrame]:
    if isinstance(structures, pd.DataFrame):
        yield from (structures.iloc[i : i + size] for i in range(0, len(structures), size))
    elif isinstance(structures, str | Path):
        yield from _from_file(Path(structures), size)
    else:
        pairs = iter(structures)
        while rows := list(islice(pairs, size)):
            yield pd.DataFrame(rows, columns=["name", "smiles"])


def _from_file(path: Path, size: int) -> Iterator[pd.DataFrame]:
    if not path.is_file():
        raise MissingFileError(f"{path} is not there: give a csv, tsv or smi file of structures")
    plain = path.name.removesuffix(".gz")
    if plain.endswith(".smi"):
        yield from pd.read_csv(path, sep=r"\s+", header=None, names=["smiles", "name"], usecols=[0, 1], dtype=str,
                               chunksize=size)  # fmt: skip
    elif plain.endswith((".csv", ".tsv", ".txt")):
        yield from pd.read_csv(path, sep="," if plain.endswith(".csv") else "\t", dtype=str, chunksize=size)
    else:
        raise InputError(f"{path.name} is no csv, tsv or smi file: name it by what it is")
