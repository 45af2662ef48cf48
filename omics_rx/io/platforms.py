"""Probes of an array to the genes they stand for, by the platform's annotation table."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.symbols import numbered, recognised
from omics_rx.io.files import text, text_lines

if TYPE_CHECKING:
    from anndata import AnnData

_SEVERAL = re.compile(r"\s*(?:///|//|;|,|\|)\s*")
_ENOUGH = 0.3
_N_PROBE = 2000


def with_gene_names(cohort: AnnData, file: Path) -> tuple[AnnData, list[str]]:
    """Name a cohort's probes by their genes.

    A probe of one gene takes the gene's name, and several probes of a gene are numbered, so that ``harmonize.genes``
    joins them. A probe of several genes, of none, or that the table lacks keeps its own name.

    Raises
    ------
    InputError
        If no column of the table holds the probes, or none holds human genes.
    """
    table = _annotation(file)
    probes = cohort.var_names
    shares = {name: float(probes.isin(table[name].dropna()).mean()) for name in table}
    key = max(shares, key=lambda name: shares[name])
    if shares[key] < _ENOUGH:
        raise InputError(
            f"{file} is of another platform: no column holds the probes ({examples(probes)}), its first column, "
            f"{table.columns[0]!r}, has {examples(table.iloc[:, 0])}"
        )
    rows = table.dropna(subset=[key]).drop_duplicates(key).set_index(key).reindex(probes)
    known = {name: recognised(_single(rows[name])[:_N_PROBE]) for name in rows}
    gene = max(known, key=lambda name: known[name], default="")
    if not gene or known[gene] < _ENOUGH:
        raise InputError(f"{file}: no column of {examples(table.columns, 10)} holds human genes")
    parts = rows[gene].map(
        lambda value: [] if pd.isna(value) else list(dict.fromkeys(filter(None, _SEVERAL.split(value))))
    )
    names = [found[0] if len(found) == 1 else probe for probe, found in zip(probes, parts, strict=True)]
    renamed = cohort.copy()
    renamed.var["probe"] = list(probes)
    renamed.var_names = pd.Index(numbered(names), dtype=object)
    several = int(sum(len(found) > 1 for found in parts))
    none = int(sum(not found for found in parts))
    said = f"{len(probes) - several - none} of {len(probes)} probes are named by the platform's column {gene!r}"
    return renamed, [f"{said}; {several} stand for several genes and {none} for none, and keep their own name"]


def _single(column: pd.Series) -> list[str]:
    return [value for value in column.dropna().astype(str) if not _SEVERAL.search(value)]


def _parts(value: object) -> list[str]:
    """Genes named in a field, each once."""
    return list(dict.fromkeys(filter(None, _SEVERAL.split(value)))) if isinstance(value, str) else []


def _annotation(file: Path) -> pd.DataFrame:
    """Platform table below any lines of comments and of SOFT."""
    with text_lines(file) as lines:
        plain = [text(line) for _, line in lines if line.strip() and not line.startswith((b"#", b"!", b"^"))]
    if len(plain) < 2:
        raise InputError(f"{file} holds no annotation table")
    rows = list(csv.reader(plain, delimiter=max("\t,", key=plain[0].count)))
    width = len(rows[0])
    table = pd.DataFrame([row[:width] + [""] * (width - len(row)) for row in rows[1:]], columns=rows[0], dtype=object)
    return table.map(lambda value: value.strip() or None).loc[:, ~pd.Index(rows[0]).duplicated()]
