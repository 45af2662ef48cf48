"""Which axis of a matrix holds genes, told by the identifiers in it."""

from __future__ import annotations

import numpy as np

from omics_rx.harmonize.symbols import current_symbols, recognised
from omics_rx.io.assembly import Axis
from omics_rx.io.table import Table

ORIENTATIONS = ("samples x genes", "genes x samples")
_ENOUGH = 0.3
_N_PROBE = 3000


def gene_axis(table: Table, orientation: str | None) -> Axis:
    """Tell which axis holds genes by the identifiers in it, or by its length where no identifier is known."""
    in_rows, best, column = _weight(table.rows), 0.0, None
    for name in table.annotations:
        ids = table.annotations[name].tolist()
        weight = _weight(ids) * len(set(ids)) / len(ids)
        if weight > max(best, in_rows, _ENOUGH):
            best, column = weight, str(name)
    rows, columns = max(in_rows, best), _weight(table.columns)
    if orientation is not None:
        of_rows = orientation == ORIENTATIONS[1]
        return Axis(of_rows, column if of_rows else None, f"{orientation}, as told")
    if max(rows, columns) >= _ENOUGH and rows != columns:
        where = "column names" if columns > rows else f"column {column!r}" if column else "row names"
        shape = ORIENTATIONS[1] if rows > columns else ORIENTATIONS[0]
        ids = table.columns if columns > rows else table.annotations[column].tolist() if column else table.rows
        statement = f"{shape}: {recognised(ids[:_N_PROBE]):.0%} of the {where} are human genes"
        return Axis(rows > columns, column if rows > columns else None, statement)
    longer = len(table.rows) > len(table.columns)
    shape = ORIENTATIONS[1] if longer else ORIENTATIONS[0]
    return Axis(longer, None, f"{shape}: no identifier is known in either axis, so the longer is taken for genes")


def _weight(ids: list[str]) -> float:
    """How much identifiers look like genes, 0 to 1.

    A current symbol or stable id counts whole, any other name a half, since ``p1`` is an alias too; a number counts a
    half, since samples are numbered, and a run of numbers nothing.
    """
    probed = ids[:_N_PROBE]
    found = current_symbols(probed)
    numbers = [int(name) for name in probed if name.isdigit()]
    if len(numbers) * 2 > len(probed):
        return 0.0 if max(numbers) <= 10 * len(ids) else float((found["status"] != "unknown").mean()) / 2
    sure = (found["status"] == "kept") | found["reason"].str.contains(" id", regex=False)
    return float(np.where(sure & (found["status"] != "unknown"), 1.0, 0.5 * (found["status"] != "unknown")).mean())
