"""One door for gene sets in files: GMT, GMX, GRP, JSON, XML, tables, workbooks, and the libraries of Enrichr."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.index import only_counts
from omics_rx.core.paths import existing
from omics_rx.core.work import log
from omics_rx.harmonize.symbols import recognised
from omics_rx.io.enrichr import library, may_be_library
from omics_rx.io.files import kind, not_read, opened, text, text_lines
from omics_rx.io.frames import sheet_cells
from omics_rx.io.set_columns import Members, has_roles, is_blank, sets_of_table, signed
from omics_rx.io.set_formats import from_gmt, from_gmx, from_json, from_list, from_xml

if TYPE_CHECKING:
    import pandas as pd

_SHARE = 0.5
_SIDE = re.compile(r"[ _.-](?P<side>up|dn|down)$", re.IGNORECASE)


@in_words
def read_gene_sets(
    path: Path | str, *, columns: Sequence[str] | None = None, pairs: bool = False
) -> dict[str, list[str]] | dict[str, dict[str, float]]:
    """Read gene sets; the format is told from the content.

    Formats: GMT (name, description, genes), GMX, GRP and other lists of a gene a line, a JSON object of lists, MSigDB's
    JSON and XML, a table (delimited text, parquet or xlsx) with a set column and a gene column or with one column a
    set, packed or not; or an Enrichr library, told by its name (``"MSigDB_Hallmark_2020"``; all are in
    ``gseapy.get_library_name()``), which the first call downloads and keeps.

    Headers of a table are read first: ``gs_name``, ``set``, ``term``, ``pathway``, ``source``, ``tf``, ``cell_type``
    name the set; ``gene_symbol``, ``gene``, ``target``, ``ensembl_gene``, ``entrez_gene`` the gene; ``weight`` and
    ``mor`` weigh it; ``direction`` says up or down. Content decides only where headers do not, and where two columns
    could be meant they are asked for. Names and genes are taken literally, in the file's order, each gene once; what
    is blank or NA is no gene. Sets without genes are left out with a warning.

    Parameters
    ----------
    path
        File, or the name of an Enrichr library.
    columns
        For a table, the names of its set column, of its gene column and perhaps of its column of weights; None tells
        them.
    pairs
        Join sets that end in ``_UP`` and ``_DN`` (or ``_DOWN``) into one set whose falling genes weigh -1; genes on
        both sides are left out with a warning that names them.

    Returns
    -------
    dict
        Set name to its genes; or, where the file weighs genes or ``pairs`` are joined, to gene and weight (negative:
        the gene falls). :func:`omics_rx.scores.score` takes either.

    Raises
    ------
    MissingFileError, IntegrityError
        If the file is not there, or is damaged.
    UnknownNameError, DownloadError
        If Enrichr has no library of that name, or could not be asked.
    InputError
        If it holds no genes, two GMT lines share a name, a gene has two weights in a set, or the columns cannot be
        told apart.
    """
    file = library(str(path)) if may_be_library(path) else existing(path)
    sets = _read(file, columns)
    empty = [name for name, genes in sets.items() if not genes]
    if len(empty) == len(sets):
        raise InputError(f"{file} holds no gene: {len(sets)} sets, all empty")
    if empty:
        log.warning("%s: %d sets without genes are left out (%s)", file, len(empty), examples(empty))
    kept = {name: genes for name, genes in sets.items() if genes}
    return _alike(join_pairs(kept, str(file)) if pairs else kept)


def join_pairs(sets: Mapping[str, Members], where: str) -> dict[str, Members]:
    """Join sets that end in ``_UP`` and ``_DN`` into signed ones; others stay.

    Raises
    ------
    InputError
        If no set has a partner.
    """
    sides: dict[str, dict[str, Members]] = {}
    for name, genes in sets.items():
        if found := _SIDE.search(name):
            side = "up" if found["side"].lower() == "up" else "down"
            sides.setdefault(_SIDE.sub("", name), {})[side] = genes
    whole = {stem: both for stem, both in sides.items() if len(both) == 2}
    if not whole:
        raise InputError(f"{where}: no two sets are a pair, NAME_UP and NAME_DN ({examples(sets)})")
    single = [stem for stem in sides if stem not in whole]
    if single:
        log.warning("%s: %d sets have one side only and stay as they are (%s)", where, len(single), examples(single))
    joined: dict[str, Members] = {}
    for name, genes in sets.items():
        stem = _SIDE.sub("", name)
        if stem not in whole:
            joined[name] = genes
        elif stem not in joined:
            joined[stem], both = signed({side: list(own) for side, own in whole[stem].items()}, f"{where}, {stem}")
            if both:
                log.warning("%s: %d genes of %s are in both sides and are left out (%s)", where, len(both), stem,
                            examples(both))  # fmt: skip
    return joined


def _alike(sets: Mapping[str, Members]) -> dict[str, list[str]] | dict[str, dict[str, float]]:
    """All sets as lists, or all with weights."""
    if all(isinstance(genes, list) or all(weight == 1 for weight in genes.values()) for genes in sets.values()):
        return {name: list(dict.fromkeys(genes)) for name, genes in sets.items()}
    return {name: dict.fromkeys(genes, 1.0) if isinstance(genes, list) else dict(genes) for name, genes in sets.items()}


def _read(file: Path, columns: Sequence[str] | None) -> dict[str, Members]:
    form = kind(file)
    if form in ("xlsx", "parquet"):
        header, rows = _workbook(file) if form == "xlsx" else _parquet(file)
        return sets_of_table(header, rows, str(file), single=_stem(file), columns=columns)
    if form != "text":
        raise not_read(file, form, "gene sets", "GMT, JSON, XML, xlsx or a delimited table")
    with opened(file) as stream:
        start = stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")):
        return from_json(file)
    if start.startswith(b"<"):
        return from_xml(file)
    with text_lines(file) as lines:
        plain = [text(line) for _, line in lines if line.strip()]
    return _from_text(plain, file, columns)


def _from_text(plain: list[str], file: Path, columns: Sequence[str] | None) -> dict[str, Members]:
    tabbed = [[field.strip() for field in line.rstrip("\r\n").split("\t")] for line in plain]
    if columns is None and not has_roles(tabbed[0]):
        if file.name.lower().endswith((".gmx", ".gmx.gz")) or _looks_like_gmx(tabbed):
            return from_gmx(tabbed)
        if _looks_like_gmt(tabbed):
            return from_gmt(tabbed, file)
    mark = max("\t,;", key=plain[0].count)
    body = [line for line in plain if not line.startswith("#")]
    if mark not in plain[0] and not any(mark in line for line in body):
        return from_list([line.strip() for line in plain], file)
    header, rows = _cut(body, max("\t,;", key=body[0].count), file)
    return sets_of_table(header, rows, str(file), single=_stem(file), columns=columns)


def _looks_like_gmt(lines: list[list[str]]) -> bool:
    """Tell GMT from a table: tabs, lines of unequal length or of many fields, and genes from the third field on."""
    first = lines[:20]
    if sum(len(line) >= 3 for line in first) * 2 <= len(first):
        return False
    if len(first) == 1 or len({len(line) for line in first}) > 1:
        return True
    genes = [field.split(",")[0] for line in first for field in line[2:40] if not is_blank(field)]
    return max(recognised(genes), recognised(gene.upper() for gene in genes)) >= _SHARE


def _looks_like_gmx(lines: list[list[str]]) -> bool:
    """Tell GMX: names, then descriptions, then genes in every column, the first among them."""
    if len(lines) < 4 or len(lines[0]) < 2:
        return False
    below = [fields[:2] for fields in lines[2:40]]
    genes = [[fields[i] for fields in below if len(fields) > i and not is_blank(fields[i])] for i in (0, 1)]
    on_top = [field for line in lines[:2] for field in line if not is_blank(field)]
    return all(column and recognised(column) >= 0.8 for column in genes) and recognised(on_top) < 0.2


def _cut(plain: list[str], mark: str, file: Path) -> tuple[list[str], list[list[str]]]:
    if len(plain) < 2:
        raise InputError(f"{file} holds no sets: one line only")
    rows = [[field.strip() for field in row] for row in csv.reader(plain, delimiter=mark)]
    if len(rows[1]) == len(rows[0]) + 1:  # R's write.table names no column of row names
        rows[0] = ["", *rows[0]]
    width = len(rows[0])
    ragged = [i for i, row in enumerate(rows, 1) if len(row) > width]
    if width < 2 or ragged:
        raise InputError(
            f"{file} is neither GMT nor a table: {width} columns in the header"
            + (f", more in lines {examples(ragged)}" if ragged else "")
            + ": give each line a set and a gene, or write GMT (name, description, genes, cut by tabs)"
        )
    return rows[0], [row + [""] * (width - len(row)) for row in rows[1:]]


def _workbook(file: Path) -> tuple[list[str], list[list[str]]]:
    cells, said = sheet_cells(file)
    for words in said:
        log.warning("%s: %s", file, words)
    rows = [["" if cell is None else _written(cell) for cell in row] for _, row in cells]
    return rows[0], rows[1:]


def _parquet(file: Path) -> tuple[list[str], list[list[str]]]:
    import pandas as pd

    return table_of(pd.read_parquet(file))


def table_of(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Header and fields of a frame as text; names of rows, where there are any, are its first column."""
    table = frame
    if not only_counts(table.index):
        table = table.reset_index(names=[str(name or "") for name in table.index.names])
    columns = [table.iloc[:, i].astype(object) for i in range(table.shape[1])]
    fields = [["" if missing else _written(value) for value, missing in zip(column, column.isna(), strict=True)]
              for column in columns]  # fmt: skip
    return [str(name) for name in table.columns], [list(row) for row in zip(*fields, strict=True)]


def _written(cell: object) -> str:
    """Cell as text; a whole number without a point."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _stem(file: Path) -> str:
    return file.name.split(".")[0]
