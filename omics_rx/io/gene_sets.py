"""Gene sets from GMT, JSON, tables, and the libraries of Enrichr."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log
from omics_rx.harmonize.symbols import recognised
from omics_rx.io.enrichr import library, may_be_library
from omics_rx.io.files import existing, kind, opened, text, text_lines

_SHARE = 0.5
_NEAR = 0.1  # of two columns of ids the first is taken, though a few of its genes be unknown
_SET_NAMES = frozenset(
    {"set", "gene_set", "geneset", "gs_name", "term", "pathway", "cell population", "cell_type", "pattern", "signature"}
)


def read_gene_sets(path: Path | str, *, columns: Sequence[str] | None = None) -> dict[str, list[str]]:
    """Read gene sets; the format is told from the content.

    Formats: GMT (name, description, genes), a JSON object of lists, a table with a set column and a gene column, and
    a table with one column a set, packed or not; or an Enrichr library, told by its name
    (``"MSigDB_Hallmark_2020"``; all are in ``gseapy.get_library_name()``), which the first call downloads and keeps.
    Names and genes are taken literally, in the file's order, each gene once; which column holds genes is told by its
    identifiers. Sets without genes are left out with a warning.

    Parameters
    ----------
    path
        File, or the name of an Enrichr library.
    columns
        For a table, the names of its set column and of its gene column; None tells them from the content.

    Returns
    -------
    dict of str to list of str
        Set name to its genes.

    Raises
    ------
    MissingFileError, IntegrityError
        If the file is not there, or is damaged.
    UnknownNameError, DownloadError
        If Enrichr has no library of that name, or could not be asked.
    InputError
        If it holds no genes, two GMT lines share a name, or the columns cannot be told apart.
    """
    file = library(str(path)) if may_be_library(path) else existing(path)
    if kind(file) != "text":
        raise InputError(f"{file} is no text file: gene sets are read from GMT, JSON or a delimited table")
    with opened(file) as stream:
        start = stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")):
        sets = _from_json(file)
    elif _looks_like_gmt(start) and columns is None:
        sets = _from_gmt(file)
    else:
        sets = _from_table(file, columns)
    empty = [name for name, genes in sets.items() if not genes]
    if len(empty) == len(sets):
        raise InputError(f"{file} holds no gene: {len(sets)} sets, all empty")
    if empty:
        log.warning("%s: %d sets without genes are left out (%s)", file, len(empty), examples(empty))
    return {name: list(dict.fromkeys(genes)) for name, genes in sets.items() if genes}


def _looks_like_gmt(start: bytes) -> bool:
    """Tell GMT from a table: tabs, lines of unequal length or of many fields, and genes from the third field on."""
    lines = [line.split(b"\t") for line in start.splitlines()[:5] if line.strip()]
    if sum(len(line) >= 3 for line in lines) * 2 <= len(lines):
        return False
    genes = [text(field).strip() for line in lines for field in line[2:40] if field.strip()]
    return recognised(genes) >= _SHARE or len({len(line) for line in lines}) > 1


def _from_json(file: Path) -> dict[str, list[str]]:
    with opened(file) as stream:
        try:
            found = json.loads(stream.read().decode("utf-8-sig"))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise InputError(f"{file} is no whole JSON file ({error}): copy it again") from error
    if not isinstance(found, dict):
        raise InputError(f"{file} holds a JSON {type(found).__name__}, not an object of set names to lists of genes")
    # MSigDB's JSON holds an object a set, with its genes under geneSymbols
    sets = {str(name): value.get("geneSymbols") if isinstance(value, dict) else value for name, value in found.items()}
    lists = {name: genes for name, genes in sets.items() if isinstance(genes, list)}
    wrong = [name for name in sets if name not in lists]
    if wrong:
        raise InputError(f"{file}: {len(wrong)} sets are no lists of genes ({examples(wrong)}): write name: [genes]")
    return {name: [str(gene).strip() for gene in genes if str(gene).strip()] for name, genes in lists.items()}


def _from_gmt(file: Path) -> dict[str, list[str]]:
    sets: dict[str, list[str]] = {}
    with text_lines(file) as lines:
        for number, line in lines:
            if not line.strip():
                continue
            fields = [text(field).strip() for field in line.split(b"\t")]
            if len(fields) < 3:
                raise InputError(
                    f"{file}, line {number}: {len(fields)} fields, a GMT line has name, description, genes"
                )
            if fields[0] in sets:
                raise InputError(f"{file}, line {number}: the set {fields[0]!r} stands twice: rename or join them")
            # some collections write a weight after the gene: GENE,1.0
            sets[fields[0]] = [field.split(",")[0] for field in fields[2:] if field]
    return sets


def _from_table(file: Path, columns: Sequence[str] | None) -> dict[str, list[str]]:
    header, rows = _table(file)
    if columns is not None:
        absent = [name for name in columns if name not in header]
        if absent or len(columns) != 2:
            raise InputError(f"{file} has columns {examples(header, 10)}: name its set column and its gene column")
        return _grouped(rows, header.index(columns[0]), header.index(columns[1]))
    shares = [recognised([row[i] for row in rows if row[i]][:500]) for i in range(len(header))]
    if min(shares) >= _SHARE and len({name.lower() for name in header} & _SET_NAMES) == 0:
        return {name: [row[i] for row in rows if row[i]] for i, name in enumerate(header)}
    if max(shares) < _SHARE:
        raise InputError(
            f"{file}: no column of {examples(header, 10)} holds human genes: pass columns=(set column, gene column)"
        )
    gene = next(i for i, share in enumerate(shares) if share >= max(shares) - _NEAR)
    named = [i for i, name in enumerate(header) if name.lower() in _SET_NAMES and i != gene]
    others = named or [i for i in range(len(header)) if i != gene]
    if len(others) != 1:
        raise InputError(
            f"{file}: which of {examples([header[i] for i in others], 10)} names the set? "
            f"Pass columns=(set column, {header[gene]!r})"
        )
    return _grouped(rows, others[0], gene)


def _table(file: Path) -> tuple[list[str], list[list[str]]]:
    with text_lines(file) as lines:
        plain = [text(line) for _, line in lines if line.strip()]
    if len(plain) < 2:
        raise InputError(f"{file} holds no sets: one line only")
    mark = max("\t,;", key=plain[0].count)
    rows = [[field.strip() for field in row] for row in csv.reader(plain, delimiter=mark)]
    width = len(rows[0])
    ragged = [i for i, row in enumerate(rows, 1) if len(row) > width]
    if width < 2 or ragged:
        raise InputError(
            f"{file} is neither GMT nor a table: {width} columns in the header"
            + (f", more in lines {examples(ragged)}" if ragged else "")
            + ": give each line a set and a gene, or write GMT (name, description, genes, cut by tabs)"
        )
    return rows[0], [row + [""] * (width - len(row)) for row in rows[1:]]


def _grouped(rows: list[list[str]], name: int, gene: int) -> dict[str, list[str]]:
    sets: dict[str, list[str]] = {}
    for row in rows:
        if row[name] and row[gene]:
            sets.setdefault(row[name], []).append(row[gene])
    return sets
