"""Tables that verbs write: their format is told by the suffix of the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from omics_rx.cli.call import free, tell, wrote
from omics_rx.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
_OTHERS = (".parquet", ".xlsx")


def table_file(out: Path, *words: str) -> Path:
    """Refuse a suffix that names no format, and files that are there, before any work is done.

    Parameters
    ----------
    *words
        Of the tables that will stand beside it.
    """
    if out.suffix.lower() not in _SEPARATORS and out.suffix.lower() not in _OTHERS:
        raise InputError(f"cannot tell the format of {out}: end it in .csv, .tsv, .xlsx or .parquet")
    for word in words:
        free(beside(out, word))
    return free(out)


def page_file(out: Path | None) -> Path | None:
    """Refuse a page under a suffix of another format, and a file that is there."""
    if out is None:
        return None
    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"a page is HTML: end {out} in .html; a browser prints it to PDF")
    return free(out)


def write_table(
    table: pd.DataFrame, out: Path, *, index: str | None = None, more: Mapping[str, pd.DataFrame] | None = None
) -> None:
    """Write a table whole or not at all, with nothing in it that a spreadsheet would run, and say its shape.

    Parameters
    ----------
    index
        What the first column is called where the table does not say: ``"sample"``.
    more
        Further tables by the word that is put into their file's name.
    """
    from omics_rx.core.saving import writing

    named = table.rename_axis(index) if index and table.index.name is None else table
    for file, one in {out: named, **{beside(out, word): further for word, further in (more or {}).items()}}.items():
        with writing(file) as draft:
            _write(one, draft, out.suffix.lower())
        wrote(file, f": {one.shape[0]:,} x {one.shape[1]:,}")
    tell(rows=table.shape[0], columns=[str(name) for name in table.columns])


def beside(out: Path, word: str) -> Path:
    """Name of a second table beside the first: ``ln_ic50.csv`` and ``ln_ic50.drugs.csv``."""
    return out.with_name(f"{out.stem}.{word}{out.suffix}")


def _write(table: pd.DataFrame, draft: Path, suffix: str) -> None:
    from omics_rx.core.texts import for_spreadsheets

    if suffix == ".parquet":
        table.to_parquet(draft)
    elif suffix == ".xlsx":
        with draft.open("wb") as stream:  # the draft has a name of its own, which tells no format
            for_spreadsheets(table).to_excel(stream, engine="openpyxl")
    else:
        for_spreadsheets(table).to_csv(draft, sep=_SEPARATORS[suffix])
