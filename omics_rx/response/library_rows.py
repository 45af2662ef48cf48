"""Rows of a compound library: read a chunk at a time, each row judged before it is asked about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.paths import existing
from omics_rx.harmonize.drugs import Finder, structure, why_not
from omics_rx.io.files import kind, not_read, opened, text, text_lines
from omics_rx.io.source_table import likeliest_delimiter, squeezed
from omics_rx.response.applicability import is_mixture

Structures = pd.DataFrame | Path | str | Iterable[tuple[str, str]]
_DESCRIBED = ("targets", "pathway", "mechanism")
_N_PROBE = 20  # lines, of which one at least must begin with a structure
_SMILES = ("smiles", "canonicalsmiles", "isomericsmiles")


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
        yield from _from_file(structures, size)
    else:
        pairs = iter(structures)
        while rows := list(islice(pairs, size)):
            yield pd.DataFrame(rows, columns=["name", "smiles"])


def _from_file(path: Path | str, size: int) -> Iterator[pd.DataFrame]:
    file = existing(path, what="library of structures")
    if (form := kind(file)) != "text":
        raise not_read(file, form, "a library of structures", "a csv, tsv or smi file")
    with text_lines(file) as lines:
        start = [text(line) for _, line in islice((line for line in lines if line[1].strip()), _N_PROBE)]
    header = start[0] if start else ""
    mark = likeliest_delimiter(header.encode())
    mark = mark if mark in header else r"\s+"
    if any(squeezed(name) in _SMILES for name in re.split(mark, header)):
        settings: dict[str, Any] = {"sep": mark, "dtype": str, "chunksize": size, "encoding": "utf-8-sig"}
        with opened(file) as stream, pd.read_csv(stream, **settings) as chunks_of_file:
            for chunk in chunks_of_file:
                yield chunk.rename(columns=_ours)
        return
    if all(why_not(line.split(None, 1)[0]) for line in start):
        raise InputError(f"{file} is no csv, tsv or smi file of structures: it has no column smiles, and its first "
                         f"line ({header[:60]!r}) does not begin with one")  # fmt: skip
    with text_lines(file) as lines:  # SMILES and a name, without a header
        rows = ([*text(line).split(None, 1), None][:2] for _, line in lines if line.strip())
        while some := list(islice(rows, size)):
            yield pd.DataFrame(some, columns=["smiles", "name"])


def _ours(name: object) -> str:
    known = squeezed(name)
    return "smiles" if known in _SMILES else known if known in ("name", *_DESCRIBED) else str(name)
