"""Which axis of a matrix holds genes, told by the identifiers in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.symbols import current_symbols, recognised
from omics_rx.io.assembly import Axis
from omics_rx.io.clinical_tables import are_row_numbers
from omics_rx.io.said import Aloud
from omics_rx.io.table import Table

ORIENTATIONS = ("samples x genes", "genes x samples")
_LONGER = 3
ENOUGH = 0.3  # share of names known, from which an axis is told by them
N_PROBE = 3000
_SURE = 0.5
_MIRNA = re.compile(r"^(?:[a-z]{3,4}[-._])?(?:mir|let)[-._]\d|^MIMAT\d{7}", re.IGNORECASE)
SAMPLE_COLUMN = re.compile(
    r"^(?:bcr[_ .])?(?:patient|case|subject|sample|donor|model|depmap)(?:[_ .]?(?:id|name|barcode|code|no))?$|^id$",
    re.IGNORECASE,
)


class MirnaTableError(InputError):
    """A table of microRNAs where genes are wanted."""


def only_numbered(table: Table) -> bool:
    """Whether the rows have no names but their numbers."""
    return are_row_numbers(table.rows)


def with_names(table: Table) -> Table:
    """Rows named by the only column of text that can name samples, where they are only numbered, as by DepMap and R.

    Of DepMap's several profiles of a model the default one is kept. The column of names is the one that is called
    sample, patient or id, or the only column of words in which each stands once.
    """
    table = _default_profiles(table)
    if not only_numbered(table) and "IsDefaultEntryForModel" not in table.annotations:
        return table
    filled = [str(name) for name in table.annotations if table.annotations[name].all()]
    columns = [name for name in filled if SAMPLE_COLUMN.match(name)]
    if not columns:
        columns = [name for name in filled if table.annotations[name].is_unique and _are_words(table.annotations[name])]
    if len(columns) != 1:
        return table
    said = f"samples are named by the column {columns[0]!r}, for the rows are only numbered"
    names = table.annotations[columns[0]].astype(str).tolist()
    return replace(table, rows=names, notes=(*table.notes, said))


def _default_profiles(table: Table) -> Table:
    """Rows of DepMap that are the default entry of their model, since its releases of 2025 list every sequencing."""
    if "IsDefaultEntryForModel" not in table.annotations:
        return table
    kept = table.annotations["IsDefaultEntryForModel"].str.lower().isin({"yes", "true", "1"}).to_numpy()
    if kept.all() or not kept.any():
        return table
    said = Aloud(
        f"{int((~kept).sum())} of {len(kept)} profiles are not their model's default (IsDefaultEntryForModel) and were "
        "left out"
    )
    return replace(
        table, rows=[name for name, one in zip(table.rows, kept, strict=True) if one], numbers=table.numbers[kept],
        annotations=table.annotations[kept].reset_index(drop=True), notes=(*table.notes, said),
    )  # fmt: skip


def _are_words(column: pd.Series) -> bool:
    return not column.astype(str).str.fullmatch(r"[+-]?[\d.,]+").any()


def weight_of_rows(table: Table, weight: Callable[[list[str]], float]) -> tuple[float, str | None]:
    """How much the rows look like features by their best identifiers, and the annotation column that holds these.

    Parameters
    ----------
    table
        Either orientation.
    weight
        How much a list of identifiers looks like features, 0 to 1. A column of annotations, such as a chromosome,
        counts less the more often its entries repeat.

    Returns
    -------
    tuple of float and str or None
        None where the names of the rows are the best, or no column reaches :data:`ENOUGH`.
    """
    best, column = weight(table.rows), None
    for name in table.annotations:
        ids = table.annotations[name].tolist()
        found = weight(ids) * len(set(ids)) / len(ids)
        if found > max(best, ENOUGH):
            best, column = found, str(name)
    return best, column


def told_axis(
    table: Table, weight: Callable[[list[str]], float], orientation: str | None
) -> tuple[Axis, list[str], float] | None:
    """Axis of features by the names in a table, or as told; None where no names tell it.

    Returns
    -------
    tuple of Axis, list of str and float, or None
        The axis, stated as where its names stand; these names; and how much they look like features.
    """
    rows, column = weight_of_rows(table, weight)
    if orientation is not None:
        in_rows = orientation == ORIENTATIONS[1]
        return Axis(in_rows, column if in_rows else None, f"{orientation}, as told"), [], 0.0
    columns = weight(table.columns)
    if max(rows, columns) < ENOUGH or rows == columns:
        return None
    # few samples among many genes: one called C3 is no gene; aliases alone (patients P1, P2) weigh a half
    short = rows > _SURE and len(table.rows) > _LONGER * len(table.columns)
    if columns > rows and not short:
        return Axis(in_rows=False, column=None, statement="column names"), table.columns, columns
    if column is not None:
        ids = table.annotations[column].tolist()
        return Axis(in_rows=True, column=column, statement=f"column {column!r}"), ids, rows
    return Axis(in_rows=True, column=None, statement="row names"), table.rows, rows


def gene_axis(table: Table, orientation: str | None, file: Path | str = "the table") -> Axis:
    """Tell which axis holds genes by the identifiers in it, or by its length where no identifier is known.

    Aliases alone (a patient called ``P1``) do not turn a table against its length.

    Raises
    ------
    InputError
        If the names are those of microRNAs.
    """
    _refuse_mirnas(table, file)
    found = told_axis(table, gene_weight, orientation)
    longer = len(table.rows) > len(table.columns)
    if found is not None and found[1] and found[0].in_rows != longer and _sure(found[1]) < _SURE:
        found = None
    if found is None:
        sizes = f"{len(table.rows)} rows, {len(table.columns)} columns"
        how = f"no identifier is known in the names of rows or columns ({sizes}), so the longer is taken for genes"
        return Axis(longer, None, f"{ORIENTATIONS[longer]}: {how}")
    axis, ids, _ = found
    if not ids:
        return axis
    share = f"{recognised(ids[:N_PROBE]):.0%} of the {axis.statement} are human genes{_others(ids)}"
    return replace(axis, statement=f"{ORIENTATIONS[axis.in_rows]}: {share}")


def _refuse_mirnas(table: Table, file: Path | str) -> None:
    for what, names in (("row", table.rows), ("column", table.columns)):
        probed = names[:N_PROBE]
        if probed and sum(bool(_MIRNA.match(name)) for name in probed) * 2 > len(probed):
            raise MirnaTableError(
                f"{file}: the {what} names are microRNAs ({examples(probed)}), not genes: use read_mirna"
            )


def _others(ids: list[str]) -> str:
    """Name some that are no genes, which clinical columns among the genes are."""
    probed = ids[:N_PROBE]
    unknown = (current_symbols(probed)["status"] == "unknown").to_numpy()
    return f", not {examples(np.array(probed, dtype=object)[unknown], 3)}" if unknown.any() else ""


def _sure(ids: list[str]) -> float:
    """Share of identifiers that no patient is called: current symbols and stable ids."""
    found = current_symbols(ids[:N_PROBE])
    sure = (found["status"] == "kept") | found["reason"].str.contains(" id", regex=False)
    return float((sure & (found["status"] != "unknown")).mean()) if len(found) else 0.0


def gene_weight(ids: list[str]) -> float:
    """How much identifiers look like genes, 0 to 1.

    A current symbol or stable id counts whole, any other name a half, since ``p1`` is an alias too; a number counts a
    half, since samples are numbered, and a run of numbers nothing.
    """
    probed = ids[:N_PROBE]
    found = current_symbols(probed)
    numbers = [int(name) for name in probed if name.isdigit()]
    if len(numbers) * 2 > len(probed):
        return 0.0 if max(numbers) <= 10 * len(ids) else float((found["status"] != "unknown").mean()) / 2
    sure = (found["status"] == "kept") | found["reason"].str.contains(" id", regex=False)
    return float(np.where(sure & (found["status"] != "unknown"), 1.0, 0.5 * (found["status"] != "unknown")).mean())
