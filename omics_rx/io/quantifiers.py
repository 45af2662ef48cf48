"""What read counters write: featureCounts tables, and a folder a sample from salmon or kallisto."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.paths import existing
from omics_rx.harmonize.symbols import recognised
from omics_rx.io.files import kind, opened, text, text_lines
from omics_rx.io.published import Published, not_shared
from omics_rx.io.table import Table

_FEATURE_COUNTS = ("Chr", "Start", "End", "Strand", "Length")
_ALIGNED = re.compile(r"(?:[._]?Aligned)?(?:\.sortedByCoord)?(?:\.out)?\.(?:bam|sam|cram)$", re.IGNORECASE)
_ENOUGH = 0.5
_N_PROBE = 3000


@dataclass(frozen=True)
class _Tool:
    """File that a quantifier leaves in each sample's folder, and its columns."""

    name: str
    file: str
    transcript: str
    tpm: str
    counts: str


_TOOLS = (
    _Tool("salmon", "quant.sf", "Name", "TPM", "NumReads"),
    _Tool("kallisto", "abundance.tsv", "target_id", "tpm", "est_counts"),
)


def is_feature_counts(table: Table) -> bool:
    """Whether a table is one of featureCounts."""
    return list(table.annotations.columns[: len(_FEATURE_COUNTS)]) == list(_FEATURE_COUNTS)


def tidy_feature_counts(table: Table) -> Published:
    """Counts of featureCounts, its samples named by their alignment files without folder and ending."""
    plain = [_ALIGNED.sub("", name.replace("\\", "/").rsplit("/", 1)[-1]) for name in table.columns]
    names = plain if len(set(plain)) == len(plain) and all(plain) else list(table.columns)
    samples = pd.DataFrame({"file": table.columns})
    named = Table(table.rows, names, table.numbers, table.annotations, table.notes)
    return Published(named, samples, "counts", ["counts of featureCounts, samples named by their alignment files"])


def quantifier(folder: Path) -> str | None:
    """Which quantifier left its files in a folder, or None."""
    return next((tool.name for tool in _TOOLS if _files(folder, tool)), None)


def _files(folder: Path, tool: _Tool) -> list[Path]:
    found = [*folder.rglob(tool.file), *folder.rglob(f"{tool.file}.gz")]
    return sorted(found, key=lambda file: file.as_posix())


def read_quantified(folder: Path, tx2gene: Path | str | pd.DataFrame | None = None) -> Published:
    """Sum the transcripts of salmon or kallisto to genes, TPM and estimated counts each by addition (tximport's rule).

    Samples are named by their folders. The gene of a transcript is the second part of a GENCODE name
    (``ENST...|ENSG...|``), or else what ``tx2gene`` says, with the transcript's version or without it. A transcript
    that has no gene keeps its own name, so that nothing is lost from the totals.

    Parameters
    ----------
    folder
        Folder that holds a ``quant.sf`` or ``abundance.tsv``, plain or gzipped, a sample.
    tx2gene
        Table of transcripts and genes, with or without a header; which column is which is told from the content.

    Raises
    ------
    InputError
        If files were made with different transcripts, a file is not whole, or the genes cannot be told.

    References
    ----------
    Soneson, Love and Robinson 2015, F1000Research 4:1521 (tximport).
    """
    tool = next(tool for tool in _TOOLS if _files(folder, tool))
    files = _files(folder, tool)
    first = _quantified(files[0], tool)
    genes, said = _genes(list(first.index), tx2gene, folder)
    codes, names = pd.factorize(np.asarray(genes, dtype=object))
    sums = {what: np.zeros((len(names), len(files))) for what in ("tpm", "counts")}
    for place, file in enumerate(files):
        one = first if place == 0 else _quantified(file, tool)
        if not one.index.equals(first.index):
            raise InputError(f"{file} has other transcripts than {files[0]}: they were quantified by different indices")
        for what, total in sums.items():
            np.add.at(total[:, place], codes, one[what].to_numpy())
    samples = pd.DataFrame({"file": [file.relative_to(folder).as_posix() for file in files]})
    annotations = pd.DataFrame(index=range(len(names)))
    table = Table([str(name) for name in names], _sample_names(files, folder), sums["tpm"], annotations)
    head = f"{len(files)} {tool.name} files, {len(first)} transcripts added up to {len(names)} genes, in TPM"
    return Published(table, samples, "TPM", [head, *said], {"counts": sums["counts"]})


def _sample_names(files: list[Path], folder: Path) -> list[str]:
    """Folders of the files without the parts that all share; the folder itself where it holds the only file.

    Raises
    ------
    InputError
        If two files lie in one folder, as a file and its packed copy do.
    """
    own = pd.Series([file.parent for file in files])
    if own.duplicated().any():
        twice = own[own.duplicated()].unique()
        told = examples(file.relative_to(folder).as_posix() for file in files if file.parent in set(twice))
        raise InputError(f"{len(twice)} folders hold the file of a sample more than once ({told}): keep one of each, "
                         "plain or packed")  # fmt: skip
    parts = [file.relative_to(folder).parts[:-1] or (folder.name,) for file in files]
    if len({len(one) for one in parts}) == 1 and len(parts) > 1:
        parts = not_shared(parts)
    return ["/".join(one) for one in parts]


def _quantified(file: Path, tool: _Tool) -> pd.DataFrame:
    """TPM and counts by transcript."""
    kind(file)  # which refuses an empty file
    with opened(file) as stream:
        header = text(stream.readline()).rstrip("\r\n").split("\t")
        absent = [name for name in (tool.transcript, tool.tpm, tool.counts) if name not in header]
        if absent:
            raise InputError(f"{file} has no column {', '.join(absent)}: it is no file of {tool.name}")
        kinds = {tool.transcript: str, tool.tpm: np.float64, tool.counts: np.float64}
        try:
            frame = pd.read_csv(
                stream, sep="\t", names=header, index_col=False, dtype=kinds, usecols=list(kinds), na_filter=False,
                quoting=csv.QUOTE_NONE,
            )  # fmt: skip
        except ValueError as error:  # pandas' parser errors are among these
            raise InputError(f"{file} is no whole file of {tool.name} ({error}): copy it again") from error
    frame = frame.set_index(tool.transcript)[[tool.tpm, tool.counts]].set_axis(["tpm", "counts"], axis=1)
    bad = ~np.isfinite(frame.to_numpy()).all(axis=1) | (frame.to_numpy() < 0).any(axis=1)
    if bad.any() or not len(frame):
        raise InputError(
            f"{file}: {int(bad.sum())} of {len(frame)} transcripts have no finite value from 0 "
            f"({examples(frame.index[bad])}): quantify it again"
        )
    return frame


def _genes(ids: list[str], tx2gene: Path | str | pd.DataFrame | None, folder: Path) -> tuple[list[str], list[str]]:
    """Gene of each transcript, and how it was told."""
    if tx2gene is not None:
        return _by_table(ids, _mapping_table(tx2gene))
    parts = [name.split("|") for name in ids]
    if sum(len(one) > 2 for one in parts) * 2 <= len(ids):
        raise InputError(
            f"{folder}: the transcripts ({examples(ids)}) do not name their genes: pass tx2gene, a table of "
            "transcripts and genes, or quantify by an index of GENCODE names"
        )
    return [one[1] if len(one) > 2 else one[0] for one in parts], ["genes from GENCODE's transcript names"]


def _mapping_table(source: Path | str | pd.DataFrame) -> pd.DataFrame:
    if isinstance(source, pd.DataFrame):
        frame = source if isinstance(source.index, pd.RangeIndex) else source.reset_index()
        return frame.astype(str)
    file = existing(source)
    with text_lines(file) as lines:
        plain = [text(line) for _, line in lines if line.strip() and not line.startswith(b"#")]
    rows = list(csv.reader(plain, delimiter=max("\t, ", key=plain[0].count))) if plain else []
    width = max((len(row) for row in rows), default=0)
    if width < 2:
        raise InputError(f"{file} holds no table of transcripts and genes: it has {width} columns")
    return pd.DataFrame([row + [""] * (width - len(row)) for row in rows], dtype=object)


def _by_table(ids: list[str], table: pd.DataFrame) -> tuple[list[str], list[str]]:
    best: tuple[float, int, bool] = (0.0, 0, False)
    for bare in (False, True):
        wanted = set(_bare(ids) if bare else ids)
        for column in range(table.shape[1]):
            listed = table.iloc[:, column]
            share = len(wanted & set(_bare(listed) if bare else listed)) / len(wanted)
            if share > best[0] + 1e-9:
                best = (share, column, bare)
    share, key, bare = best
    if share < _ENOUGH:
        raise InputError(
            f"tx2gene names {share:.0%} of the transcripts ({examples(ids)}; its first column has "
            f"{examples(table.iloc[:, 0])}): it is of another annotation"
        )
    held = _bare(table.iloc[:, key]) if bare else list(table.iloc[:, key])
    rows = pd.Series(range(len(held)), index=held)
    rows = rows[~rows.index.duplicated()].reindex(_bare(ids) if bare else ids)
    known = rows.notna().to_numpy()
    others = {i: list(table.iloc[rows[known].astype(int), i]) for i in range(table.shape[1]) if i != key}
    gene = max(others, key=lambda i: recognised(others[i][:_N_PROBE]))
    named = iter(others[gene])
    genes = [(next(named) or name) if there else name for name, there in zip(ids, known, strict=True)]
    said = [f"genes from tx2gene, by the transcripts' names {'without' if bare else 'with'} their versions"]
    if not known.all():
        absent = [name for name, there in zip(ids, known, strict=True) if not there]
        said.append(f"{len(absent)} transcripts have no gene in tx2gene and keep their own name ({examples(absent)})")
    return genes, said


def _bare(ids: Iterable[str]) -> list[str]:
    """Transcripts without version, and without what GENCODE writes after a bar."""
    return [str(name).split("|")[0].split(".")[0] for name in ids]
