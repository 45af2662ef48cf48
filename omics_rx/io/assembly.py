"""A table of numbers to a cohort: samples to the rows, each once, and sentences about what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.core.unit_values import detect_unit
from omics_rx.harmonize.symbols import numbered
from omics_rx.io.table import Table

if TYPE_CHECKING:
    from anndata import AnnData

REPLICATES = ("refuse", "average")


@dataclass(frozen=True)
class Axis:
    """Where the features of a table are.

    Attributes
    ----------
    in_rows
        Whether they are in the rows of the file.
    column
        Annotation column with the best identifiers of the rows; None where the row names are the best.
    statement
        How it was told.
    """

    in_rows: bool
    column: str | None
    statement: str


def check_settings(orientation: str | None, orientations: Sequence[str], replicates: str) -> None:
    """Refuse an orientation or a choice for replicates that is not known, before any file is read."""
    if orientation is not None and orientation not in orientations:
        raise unknown_name("orientation", orientation, orientations)
    if replicates not in REPLICATES:
        raise unknown_name("choice for replicates", replicates, REPLICATES)


def assembled(
    table: Table,
    file: Path,
    axis: Axis,
    *,
    noun: str,
    average: bool,
    samples: pd.DataFrame | None = None,
    layers: Mapping[str, np.ndarray] | None = None,
) -> tuple[AnnData, list[str]]:
    """Cohort of a table, and what was found and decided.

    Parameters
    ----------
    table
        Either orientation; text columns go to ``var`` where features are in the rows, else to ``obs``.
    file
        Named in errors.
    axis
        Where the features are.
    noun
        What a feature is, in the plural, for the sentences.
    average
        Join rows of one sample (added for counts) rather than refuse them.
    samples
        Annotations of the samples where features are in the rows, one row each.
    layers
        Further values in the orientation of the table.

    Raises
    ------
    InputError
        If a sample stands twice and ``average`` is False, or a value is infinite.
    """
    from anndata import AnnData

    further = dict(layers or {})
    var = pd.DataFrame(index=table.columns)
    noted = table.annotations.columns.tolist()
    if axis.in_rows:
        var = table.annotations.map(lambda field: field or None)
        if axis.column is not None:
            var["row_name"] = table.rows
        named = table.rows if axis.column is None else var[axis.column].fillna("").astype(str).tolist()
        said_of = pd.DataFrame(index=range(len(table.columns))) if samples is None else samples
        table = Table(table.columns, named, np.ascontiguousarray(table.numbers.T), said_of, table.notes)
        further = {name: np.ascontiguousarray(values.T) for name, values in further.items()}
    _check_finite(table, file, noun)
    table, further, joined = _one_each(table, further, file, average=average, counted=noun != "features")
    obs = table.annotations.map(lambda field: field or None).set_axis(pd.Index(table.rows, dtype=object), axis=0)
    where = "var" if axis.in_rows else "obs"
    apart = [f"{len(noted)} columns beside the values are in {where} ({examples(noted)})"] if noted else []
    said = [*table.notes, axis.statement, *apart, *joined, *facts(table.columns, table.numbers, noun)]
    var.index = pd.Index(numbered(table.columns), dtype=object)
    return AnnData(table.numbers, obs=obs, var=var, layers=further), said


def _check_finite(table: Table, file: Path, noun: str) -> None:
    infinite = np.isinf(table.numbers)
    if infinite.any():
        raise InputError(
            f"{file}: {int(infinite.sum())} values are infinite, in {int(infinite.any(axis=0).sum())} {noun} "
            f"({examples(places(infinite, table.rows, table.columns))}): a logarithm of zero? Add 1 before taking it, "
            "or write NA"
        )


def places(found: np.ndarray, samples: Sequence[str], features: Sequence[str]) -> list[str]:
    """Name the marked values of a samples x features array, the first hundred."""
    return [f"{features[column]} in {samples[row]}" for row, column in np.argwhere(found)[:100]]


def _one_each(
    table: Table, layers: dict[str, np.ndarray], file: Path, *, average: bool, counted: bool
) -> tuple[Table, dict[str, np.ndarray], list[str]]:
    """Refuse rows that stand twice, or join them; the table has samples in its rows."""
    names = pd.Index(table.rows)
    if names.is_unique:
        return table, layers, []
    repeated = names[names.duplicated()].unique()
    if not average:
        raise InputError(
            f"{file}: {len(repeated)} samples stand twice ({examples(repeated)}): name each once, or pass "
            'replicates="average" if they are replicates'
        )
    added = counted and detect_unit(table.numbers[:200]) == "counts"
    numbers = _by_name(table.numbers, names, added=added)
    kept = {name: _by_name(values, names, added=name == "counts") for name, values in layers.items()}
    first = ~names.duplicated()
    said = f"{len(repeated)} samples stand twice and were {'added' if added else 'averaged'} ({examples(repeated)})"
    annotations = table.annotations[first].reset_index(drop=True)
    return Table(list(names[first]), table.columns, numbers, annotations, table.notes), kept, [said]


def _by_name(values: np.ndarray, names: pd.Index, *, added: bool) -> np.ndarray:
    groups = pd.DataFrame(values, index=names).groupby(level=0, sort=False)
    joined = groups.sum(min_count=1) if added else groups.mean()
    return joined.to_numpy(dtype=values.dtype)


def facts(ids: list[str], values: np.ndarray, noun: str) -> list[str]:
    """Sentences about size, repeated features and missing values."""
    names, missing = pd.Index(ids), np.isnan(values)
    said = [f"{values.shape[0]} samples x {values.shape[1]} {noun}"]
    repeated = names[names.duplicated()].unique()
    if len(repeated):
        said.append(f"{len(repeated)} {noun} stand in several columns ({examples(repeated)})")
    empty = missing.all(axis=0)
    if empty.any():
        said.append(f"{int(empty.sum())} {noun} have no value in any sample ({examples(names[empty])})")
    if missing.any():
        said.append(f"{int(missing.sum())} values are missing, {missing.mean():.2%} of all")
    return said
