"""Tables that verbs write: their format is told by the suffix of the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from omics_rx.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}


def table_file(out: Path) -> Path:
    """Refuse a suffix that names no format, before any work is done."""
    if out.suffix not in _SEPARATORS and out.suffix != ".parquet":
        raise InputError(f"cannot tell the format of {out}: end it in .csv, .tsv or .parquet")
    return out


def write_table(table: pd.DataFrame, out: Path) -> None:
    """Write a table whole or not at all, with nothing in it that a spreadsheet would run, and say its shape."""
    from omics_rx.core.saving import writing
    from omics_rx.core.texts import for_spreadsheets

    with writing(out) as draft:
        if out.suffix == ".parquet":
            table.to_parquet(draft)
        else:
            for_spreadsheets(table).to_csv(draft, sep=_SEPARATORS[out.suffix])
    typer.echo(f"wrote {out}: {table.shape[0]:,} x {table.shape[1]:,}")
