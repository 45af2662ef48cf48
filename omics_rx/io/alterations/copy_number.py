"""Thresholded copy number: cBioPortal's ``data_cna.txt`` and GISTIC's ``all_thresholded.by_genes.txt``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.paths import existing
from omics_rx.io.alterations.found import Found, rows
from omics_rx.io.files import text_lines
from omics_rx.io.source_table import likeliest_delimiter, squeezed
from omics_rx.io.table import parse

_ANNOTATIONS = ("hugosymbol", "genesymbol", "entrezgeneid", "locusid", "cytoband", "geneid")  # squeezed
_OF_MAF = {"center", "chromosome", "variantclassification"}
_LEVELS = (-2, -1.5, -1, 0, 1, 2)


def is_copy_number(header: list[str]) -> bool:
    """Whether a header is that of genes x samples of thresholded copy number."""
    lead = [squeezed(name) for name in header[:3]]
    return bool(lead) and lead[0] in _ANNOTATIONS[:2] and (
        len(lead) < 2 or lead[1] in _ANNOTATIONS or not set(lead[1:]) & _OF_MAF
    )  # fmt: skip


def read_copy_number(source: Path | str | pd.DataFrame) -> Found:
    """Read genes x samples of -2 (deep deletion), -1, 0, 1 and 2 (amplification).

    Raises
    ------
    InputError
        If the values are other than these: log ratios or copies are not thresholded.
    """
    genes, samples, values, label = _frame(source) if isinstance(source, pd.DataFrame) else _file(existing(source))
    known = np.unique(values[np.isfinite(values)])
    wrong = [value for value in known if value not in _LEVELS]
    if wrong or not len(known):
        raise InputError(
            f"{label} holds {len(wrong)} values that are no thresholded copy number ({examples(wrong)}): give whole "
            "numbers from -2 (deep deletion) to 2 (amplification), as GISTIC's all_thresholded.by_genes.txt; log "
            "ratios and copies have no threshold that fits every platform"
        )
    if len(set(samples)) < len(samples):
        twice = sorted({name for name in samples if samples.count(name) > 1})
        raise InputError(f"{label}: {len(twice)} samples stand in several columns ({examples(twice)}): keep one")
    made = []
    for gene, sample in zip(*np.nonzero(np.abs(values) == 2), strict=True):
        gained = values[gene, sample] > 0
        made.append(
            {"sample": samples[sample], "gene": genes[gene], "kind": "gain" if gained else "loss",
             "change": f"{values[gene, sample]:+g}", "effect": "amplified" if gained else "deep deletion",
             "origin": "somatic"}
        )  # fmt: skip

    @cache  # samples with values for the same genes share one set
    def measured(known: bytes) -> frozenset[str]:
        return frozenset(np.asarray(genes, dtype=object)[np.frombuffer(known, dtype=bool)].tolist())

    tested = {name: {"copy": measured(np.isfinite(values[:, place]).tobytes())} for place, name in enumerate(samples)}
    low = int((np.isin(values, (-1.5, -1, 1))).sum())
    said = [f"{label}: {len(made)} amplifications and deep deletions; {low} low gains and shallow losses are no events"]
    return Found(rows(made), samples, tested, said, "copy")


def _file(file: Path) -> tuple[list[str], list[str], np.ndarray, str]:
    with text_lines(file) as lines:
        first = next((line for _, line in lines if line.strip() and not line.startswith(b"#")), b"")
    delimiter = likeliest_delimiter(first)
    header = [squeezed(name) for name in first.decode("utf-8", "replace").split(delimiter)]
    n_annotations = sum(name in _ANNOTATIONS for name in header[1:])
    with text_lines(file) as lines:
        kept = ((number, line) for number, line in lines if not line.startswith(b"#"))
        table = parse(kept, file, delimiter=delimiter, n_annotations=n_annotations)
    return list(table.rows), list(table.columns), np.asarray(table.numbers, dtype=np.float64), str(file)


def _frame(frame: pd.DataFrame) -> tuple[list[str], list[str], np.ndarray, str]:
    named = [name for name in frame.columns if squeezed(name) in _ANNOTATIONS]
    by = frame.set_index(named[0]) if named else frame
    numbers = by.drop(columns=[name for name in named[1:] if name in by]).apply(pd.to_numeric, errors="coerce")
    label = frame.attrs.get("source", "the frame")
    return [str(name) for name in by.index], [str(name) for name in numbers], numbers.to_numpy(np.float64), label
