"""Tables of patients from files: a row a patient, a column a feature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.texts import says_nothing
from omics_rx.io.clinical_tables import ROW_NUMBER, are_row_numbers, as_text
from omics_rx.io.said import say_aloud

_IDS = {"patient", "patient_id", "patientid", "sample", "sample_id", "sampleid", "id", "case", "case_id", "subject"}


@in_words
def read_tables(files: Sequence[Path | str]) -> pd.DataFrame | dict[str, pd.DataFrame]:
    """Read one table, or several by the names of their files, each a kind of measurement.

    Parameters
    ----------
    files
        Tables as :func:`io.read_clinical` reads them: text (comma, tab or semicolon, decimal points or commas; packed
        or not), parquet, or the first sheet of a workbook. Patients are named by a column called patient, sample or
        id, else by the first column.

    Raises
    ------
    MissingFileError, IntegrityError, InputError
        If a file is not there, is damaged, is no table, or its patients are not named.
    """
    tables = {Path(file).name.split(".")[0]: _table(Path(file)) for file in files}
    if len(tables) < len(files):
        raise InputError(f"{len(files)} files have {len(tables)} names ({examples(tables)}): a name is a modality")
    return tables if len(tables) > 1 else next(iter(tables.values()))


@in_words
def read_modalities(file: Path | str) -> dict[str, list[str]]:
    """Read which column belongs to which kind of measurement: a table with columns ``column`` and ``modality``.

    Raises
    ------
    MissingFileError, IntegrityError, InputError
        If the file is not there, is damaged, or has no such columns.
    """
    table = _read(Path(file))
    if not {"column", "modality"} <= set(table):
        raise InputError(f"{file} has the columns {examples(table)}: it needs column and modality")
    grouped = table.groupby(table["modality"].astype(str), sort=False)["column"]
    return {str(name): list(map(str, own)) for name, own in grouped}


def _table(file: Path) -> pd.DataFrame:
    table = _read(file)
    named = [column for column in table if str(column).strip().casefold().replace(" ", "_") in _IDS]
    named = named if len(named) < 2 else [column for column in named if column == table.columns[0]] or named
    if len(named) > 1:
        raise InputError(f"{file} has {len(named)} columns that may name the patients ({examples(named)}): keep one")
    ids = table[named[0] if named else table.columns[0]]
    if not named and (are_row_numbers(ids.tolist()) or ids.dropna().astype(str).str.fullmatch(r"-?\d*\.\d+").any()):
        raise InputError(f"{file}: the first column ({ids.name}) does not name patients: call the column patient")
    if ids.isna().any():
        raise InputError(f"{int(ids.isna().sum())} rows of {file} have no {ids.name}: name every patient")
    rest = table.drop(columns=[ids.name, *(name for name in (ROW_NUMBER,) if name in table and name != ids.name)])
    return rest.apply(_numbers).set_axis(ids.astype(str).str.strip(), axis=0).rename_axis(None)


def _numbers(column: pd.Series) -> pd.Series:
    """Column of numbers where every known field is one, else as it stands."""
    made = pd.to_numeric(column.mask(says_nothing(column)), errors="coerce")
    return made if made.notna().sum() == (~says_nothing(column)).sum() else column


def _read(file: Path) -> pd.DataFrame:
    """Read a table of text by the door of clinical tables: text, parquet or a workbook, decimal commas and all."""
    notes: list[str] = []
    table = as_text(file, notes)
    say_aloud(notes)
    if table.shape[1] < 2 or not len(table):
        raise InputError(f"{file} has {len(table)} rows and {table.shape[1]} columns: give patients x columns")
    return table
