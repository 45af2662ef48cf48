"""Matrices in the formats their publishers named: GCT, GEO series matrices, GDC folders of STAR counts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.io.files import Line, kind, opened, text, text_lines
from omics_rx.io.layout import fields
from omics_rx.io.numbers import as_narrow_as_exact
from omics_rx.io.table import Table, parse

_STAR = "*.rna_seq.augmented_star_gene_counts.tsv*"
_STAR_UNITS = {
    "tpm_unstranded": "TPM", "unstranded": "counts", "stranded_first": "counts", "stranded_second": "counts",
    "fpkm_unstranded": "FPKM", "fpkm_uq_unstranded": "FPKM",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Published:
    """A matrix with genes in its rows, and what its format says beside it.

    Attributes
    ----------
    table
        Genes x samples.
    samples
        What is said of the samples, one row each in the table's order.
    unit
        Unit where the format says it.
    notes
        What was found and decided.
    layers
        Further values of the same genes and samples, shape ``(n_genes, n_samples)`` each, such as ``"counts"``.
    """

    table: Table
    samples: pd.DataFrame
    unit: str | None = None
    notes: list[str] = field(default_factory=list)
    layers: dict[str, np.ndarray] = field(default_factory=dict)


def read_gct(file: Path) -> Published:
    """Read GCT 1.2 or 1.3: two lines of sizes, then genes x samples, in 1.3 with metadata of both.

    Raises
    ------
    InputError
        If the sizes are not what the file says.
    """
    with text_lines(file) as lines:
        version = next(lines)[1].strip()
        sizes = _sizes(next(lines, (2, b"")), file)
        header = next(lines, (3, b""))
        n_notes, n_extra = (sizes[2], sizes[3]) if version == b"#1.3" and len(sizes) == 4 else (1, 0)
        extra = [fields(line, b"\t") for _, line in _first(lines, n_extra)]
        table = parse(_after(header, lines), file, delimiter="\t", n_annotations=n_notes)
    if (len(table.rows), len(table.columns)) != (sizes[0], sizes[1]):
        raise InputError(
            f"{file} holds {len(table.rows)} rows and {len(table.columns)} samples, and its second line says "
            f"{sizes[0]} and {sizes[1]}: it is not whole"
        )
    samples = {row[0]: row[1 + n_notes :] for row in extra}
    return Published(table, pd.DataFrame(samples, index=range(len(table.columns)), dtype=object))


def _sizes(line: Line, file: Path) -> list[int]:
    try:
        sizes = [int(token) for token in fields(line[1], b"\t") if token]
    except ValueError:
        sizes = []
    if len(sizes) not in (2, 4):
        raise InputError(f"{file}, line 2: a GCT file says its sizes here, in 2 or 4 whole numbers")
    return sizes


def _first(lines: Iterator[Line], count: int) -> list[Line]:
    return [line for _, line in zip(range(count), lines, strict=False)]


def _after(header: Line, lines: Iterator[Line]) -> Iterator[Line]:
    yield header
    yield from lines


def read_series_matrix(file: Path) -> Published:
    """Read a GEO series matrix; ``!Sample_`` lines and ``key: value`` characteristics describe the samples.

    Raises
    ------
    InputError
        If the file has no table, or its table has no end.
    """
    described: list[list[str]] = []
    ended: list[int] = []
    with text_lines(file) as lines:
        for _, line in lines:
            if line.startswith(b"!series_matrix_table_begin"):
                break
            if line.startswith(b"!Sample_"):
                described.append(fields(line, b"\t"))
        else:
            raise InputError(f"{file} has no !series_matrix_table_begin: it is no whole series matrix")
        first = list(islice(_until_end(lines, ended), 2))
        if len(first) < 2 and ended:
            raise InputError(
                f"{file} has an empty table: GEO keeps the data of sequencing studies in supplementary files of the "
                "series (suppl/), so download and read these"
            )
        table = parse(chain(first, _until_end(lines, ended)), file, delimiter="\t")
    if not ended:
        raise InputError(f"{file} has no !series_matrix_table_end: it is truncated, download it again")
    samples = _characteristics(described, len(table.columns), file)
    platforms = sorted(set(samples.get("platform_id", pd.Series(dtype=object)).dropna()))
    said = [f"GEO series matrix of platform {examples(platforms)}"] if platforms else []
    return Published(table, samples, None, said)


def _until_end(lines: Iterator[Line], ended: list[int]) -> Iterator[Line]:
    for number, line in lines:
        if line.startswith(b"!series_matrix_table_end"):
            ended.append(number)
            return
        yield number, line


def _characteristics(described: list[list[str]], n_samples: int, file: Path) -> pd.DataFrame:
    """One column a sample line; characteristics become columns by their key, since samples may list other keys."""
    found: dict[str, list[str | None]] = {}
    for row in described:
        if len(row) != n_samples + 1:
            raise InputError(f"{file}: {row[0]} describes {len(row) - 1} samples, the table has {n_samples}")
        name = row[0].removeprefix("!Sample_")
        for i, value in enumerate(row[1:]):
            key, colon, rest = value.partition(":")
            column = key.strip() if name.startswith("characteristics") and colon else name
            told = rest.strip() if column != name else value
            found.setdefault(column, [None] * n_samples)[i] = told or None
    return pd.DataFrame(found, index=range(n_samples), dtype=object)


def is_star_folder(folder: Path) -> bool:
    """Whether a folder, or a folder in it, holds GDC's STAR gene counts."""
    return next(folder.rglob(_STAR), None) is not None


def read_star_folder(folder: Path, *, column: str = "tpm_unstranded") -> Published:
    """Read a GDC download of ``*.rna_seq.augmented_star_gene_counts.tsv`` files, one a sample; counts as a layer.

    Samples are named by the ``Sample ID`` of ``gdc_sample_sheet*.tsv`` in the folder or beside it, and by the file's
    name where there is no sheet.

    Parameters
    ----------
    folder
        Folder as the GDC client leaves it, one folder a file or all files together.
    column
        Which of the file's columns; ``tpm_unstranded`` is TPM, ``unstranded`` counts.

    Raises
    ------
    InputError
        If a file has no such column or other genes than the first, or the sheet lacks a file.
    """
    if column not in _STAR_UNITS:
        raise InputError(f"column {column!r} is not known: use one of {', '.join(_STAR_UNITS)}")
    files = sorted(folder.rglob(_STAR), key=lambda file: file.name)
    sheet = sample_sheet(folder, files)
    first = _star(files[0], column)
    numbers, counts = np.empty((len(first), len(files))), np.empty((len(first), len(files)))
    for place, file in enumerate(files):
        one = first if place == 0 else _star(file, column)
        if not one.index.equals(first.index):
            raise InputError(f"{file} has other genes than {files[0].name}: they are of different releases of GDC")
        numbers[:, place], counts[:, place] = one[column], one["counts"]
    names = [file.name.split(".")[0] for file in files] if sheet is None else sheet["Sample ID"].tolist()
    notes = first[["gene_name", "gene_type"]].reset_index(drop=True).astype(object)
    table = Table(list(first.index), names, as_narrow_as_exact(numbers), notes)
    samples = pd.DataFrame(index=range(len(files))) if sheet is None else sheet.reset_index(drop=True)
    said = f"{len(files)} GDC STAR files, column {column}, named by " + (
        "file, for there is no gdc_sample_sheet" if sheet is None else "the sample sheet"
    )
    return Published(table, samples, _STAR_UNITS[column], [said], {"counts": counts})


def not_shared(paths: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Parts of paths that are not the same in all, as deep as the shortest path."""
    differs = [i for i, parts in enumerate(zip(*paths, strict=False)) if len(set(parts)) > 1]
    return [tuple(one[i] for i in differs) for one in paths]


def sample_sheets(folder: Path) -> list[Path]:
    """Sample sheets of the GDC in a folder, then beside it, of which the first names its samples."""
    return [sheet for place in (folder, folder.parent) for sheet in sorted(place.glob("gdc_sample_sheet*.tsv"))]


def sample_sheet(folder: Path, files: list[Path]) -> pd.DataFrame | None:
    """Rows of the sample sheet in the order of the files."""
    sheets = sample_sheets(folder)
    if not sheets:
        return None
    sheet = pd.read_csv(sheets[0], sep="\t", dtype=str)
    absent = [name for name in ("File Name", "Sample ID") if name not in sheet]
    if absent:
        raise InputError(f"{sheets[0]} has no column {', '.join(absent)}: download the sample sheet again")
    by_file = sheet.drop_duplicates("File Name").set_index("File Name", drop=False)
    plain = [file.name.removesuffix(".gz") for file in files]
    lacking = [name for name in plain if name not in by_file.index]
    if lacking:
        raise InputError(
            f"{sheets[0]} lacks {len(lacking)} of {len(files)} files ({examples(lacking)}): another sheet?"
        )
    return by_file.loc[plain]


def _star(file: Path, column: str) -> pd.DataFrame:
    kind(file)  # which refuses an empty file
    with opened(file) as stream:
        rows = csv.reader(io.StringIO(text(stream.read())), delimiter="\t")
        plain = [row for row in rows if row and not row[0].startswith(("#", "N_"))]
    header = plain[0] if plain else []
    absent = [name for name in ("gene_id", "gene_name", "gene_type", "unstranded", column) if name not in header]
    if absent:
        raise InputError(f"{file} has no column {', '.join(absent)}: it is no augmented STAR file of GDC")
    short = [number for number, row in enumerate(plain) if len(row) != len(header)]
    if short:
        raise InputError(f"{file}: {len(short)} rows are not whole (genes {examples(plain[i][0] for i in short)})")
    frame = pd.DataFrame(plain[1:], columns=header).set_index("gene_id")
    try:
        numbers = {name: pd.to_numeric(frame[source]) for name, source in ((column, column), ("counts", "unstranded"))}
    except ValueError as error:
        raise InputError(f"{file} has text among its numbers ({error}): download it again") from error
    return frame[["gene_name", "gene_type"]].assign(**numbers)
