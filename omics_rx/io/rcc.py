"""RCC files of NanoString's nCounter, one a sample: counts of each probe and its class."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.io.files import text, text_lines
from omics_rx.io.numbers import as_narrow_as_exact
from omics_rx.io.published import Published
from omics_rx.io.table import Table

_START = b"<Header>"
_COLUMNS = ("CodeClass", "Name", "Accession", "Count")


def is_rcc(file: Path) -> bool:
    """Whether a file is an RCC."""
    with file.open("rb") as handle:
        start = handle.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(_START) and b"FileVersion" in start


def rcc_files(folder: Path) -> list[Path]:
    """RCC files of a folder, in it or below it."""
    return [file for file in sorted(folder.rglob("*")) if file.suffix.lower() == ".rcc" and is_rcc(file)]


def read_rcc(files: list[Path]) -> Published:
    """Read RCC files of one panel; samples are named by the ID in each, or by their files where these repeat.

    Raises
    ------
    InputError
        If a file has no table of counts, or the panels differ.
    """
    read = [_one(file) for file in files]
    first = read[0][1]
    other = [file for file, (_, one) in zip(files, read, strict=True) if not one.index.equals(first.index)]
    if other:
        raise InputError(f"{len(other)} RCC files are of another panel than {files[0]} ({examples(other)})")
    given = [name for name, _ in read]
    unique = len(set(given)) == len(given) and all(given)
    names = given if unique else [file.name.rsplit(".", 1)[0] for file in files]
    numbers = np.column_stack([one["Count"].to_numpy(dtype=np.float64) for _, one in read])
    notes = first.reset_index()[["CodeClass", "Accession"]].astype(object)
    table = Table([str(name) for _, name in first.index], names, as_narrow_as_exact(numbers), notes)
    samples = pd.DataFrame({"file": [file.name for file in files]})
    return Published(table, samples, "counts", [f"{len(files)} RCC files of nCounter, {len(first)} probes"])


def _one(file: Path) -> tuple[str, pd.DataFrame]:
    rows: list[list[str]] = []
    sample, place = "", ""
    with text_lines(file) as lines:
        for _, line in lines:
            plain = text(line).strip()
            if plain.startswith("<"):
                place = plain
            elif place == "<Sample_Attributes>" and plain.upper().startswith("ID,"):
                sample = plain.partition(",")[2].strip()
            elif place == "<Code_Summary>" and plain:
                rows.append(next(csv.reader([plain])))
    if len(rows) < 2 or tuple(rows[0][:4]) != _COLUMNS or any(len(row) < 4 for row in rows):
        raise InputError(f"{file} has no whole table of counts (<Code_Summary>): export it again")
    frame = pd.DataFrame([row[:4] for row in rows[1:]], columns=list(_COLUMNS))
    counts = pd.to_numeric(frame["Count"], errors="coerce")
    if counts.isna().any():
        raise InputError(f"{file}: {int(counts.isna().sum())} counts are no numbers: export it again")
    frame["Count"] = counts
    return sample, frame.set_index(["CodeClass", "Name"])
