"""Headers that are not one row of names: none at all, or two rows of which one names kinds of values."""

from __future__ import annotations

import re
from pathlib import Path

from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.symbols import gene_index
from omics_rx.io.column_words import kind_of

_FEATURE = re.compile(r"^(?:ENSG\d{11}|N_unmapped$|__\w+$|(?:[a-z]{3}-)?(?:mir|let)-\d)", re.IGNORECASE)
_HEADING = re.compile(
    r"^(?:[^\d]*(?:gene|id|symbol|name|probe|feature|transcript|ensembl|entrez|target|row|index|mirna|sample|locus|"
    r"accession|ref|key)[^\d]*|unnamed.*|)$|^\d*\.\d+$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[+-]?\d*\.?\d+(?:[eE][+-]?\d+)?")
_STAR = ("unstranded", "stranded_first", "stranded_second")  # columns of STAR's ReadsPerGene.out.tab


def lacking_header(names: list[str], path: Path) -> list[str] | None:
    """Header for a file whose first line is a gene's already, or None where it has one.

    Raises
    ------
    InputError
        If it has several columns of values, whose samples nothing names.
    """
    first = names[0]
    numbers = [bool(_NUMBER.fullmatch(name)) for name in names[1:]]
    if len(names) < 2 or not numbers[-1]:
        return None
    sure = bool(_FEATURE.match(first)) or first in gene_index().current
    if numbers == [False] * (len(numbers) - 1) + [True] and (sure or (len(names) == 2 and not _HEADING.search(first))):
        return ["", *(f"column_{i}" for i in range(2, len(names))), path.name.split(".")[0]]
    if not sure or not all(numbers):
        return None
    if first == "N_unmapped" and len(names) == 4:
        return ["", *_STAR]
    raise InputError(
        f"{path} has no header: its first line is that of {first} ({examples(names[1:], 3)}), so nothing names the "
        f"{len(names) - 1} samples: add a line of names"
    )


def joined_headers(names: list[str], second: list[str], path: Path) -> list[str] | None:
    """One header of two rows, of which one names samples and the other kinds of values; None where there is one.

    A sample that stands over the first of its columns only stands for the others, too.
    """
    if len(second) != len(names) or len(names) < 2:
        return None
    if any(_NUMBER.fullmatch(field) for field in second[1:]):
        return None
    kinds, samples = second[1:], names[1:]
    if not all(kind_of(field) for field in kinds):
        kinds, samples = names[1:], second[1:]
        if not all(kind_of(field) for field in kinds):
            return None
    filled: list[str] = []
    for sample in samples:
        if not sample and not filled:
            raise InputError(f"{path}: the first column of values has no sample in the first of two header rows")
        filled.append(sample or filled[-1])
    if len(set(kinds)) == 1:
        return [second[0] or names[0], *filled]
    return [second[0] or names[0], *(f"{sample}_{kind}" for sample, kind in zip(filled, kinds, strict=True))]
