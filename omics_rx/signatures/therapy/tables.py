"""Tables of patients from files: a row a patient, a column a feature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from omics_rx.core.errors import InputError, MissingFileError, examples

_IDS = {"patient", "patient_id", "patientid", "sample", "sample_id", "sampleid", "id", "case", "case_id", "subject"}


def read_tables(files: Sequence[Path | str]) -> pd.DataFrame | dict[str, pd.DataFrame]:
    """Read one table, or several by the names of their files, each a kind of measurement.

    Parameters
    ----------
    files
        Text tables (comma, tab or semicolon; packed or not). Patients are named by a column called patient, sample or
        id, else by the first column.

    Raises
    ------
    MissingFileError, InputError
        If a file is not there, is no table, or its patients are not named.
    """
    tables = {Path(file).name.split(".")[0]: _table(Path(file)) for file in files}
    if len(tables) < len(files):
        raise InputError(f"{len(files)} files have {len(tables)} names ({examples(tables)}): a name is a modality")
    return tables if len(tables) > 1 else next(iter(tables.values()))


def read_modalities(file: Path | str) -> dict[str, list[str]]:
    """Read which column belongs to which kind of measurement: a table with columns ``column`` and ``modality``.

    Raises
    ------
    MissingFileError, InputError
        If the file is not there or has no such columns.
    """
    table = _read(Path(file))
    if not {"column", "modality"} <= set(table):
        raise InputError(f"{file} has the columns {examples(table)}: it needs column and modality")
    grouped = table.groupby(table["modality"].astype(str), sort=False)["column"]
    return {str(name): list(map(str, own)) for name, own in grouped}


def _table(file: Path) -> pd.DataFrame:
    table = _read(file)
    named = [column for column in table if str(column).strip().casefold().replace(" ", "_") in _IDS]
    if len(named) > 1:
        raise InputError(f"{file} has {len(named)} columns that may name the patients ({examples(named)}): keep one")
    ids = table[named[0] if named else table.columns[0]]
    if not named and (
        pd.api.types.is_float_dtype(ids) or list(ids) in (list(range(len(ids))), list(range(1, len(ids) + 1)))
    ):
        raise InputError(f"{file}: the first column ({ids.name}) does not name patients: call the column patient")
    if ids.isna().any():
        raise InputError(f"{int(ids.isna().sum())} rows of {file} have no {ids.name}: name every patient")
    return table.drop(columns=ids.name).set_axis(ids.astype(str).str.strip(), axis=0).rename_axis(None)


def _read(file: Path) -> pd.DataFrame:
    if not file.is_file():
        raise MissingFileError(f"no file {file}: give a table of patients")
    try:
        table = pd.read_csv(file, sep=None, engine="python", encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError, OSError, EOFError) as error:
        raise InputError(f"{file} cannot be read as a table ({error}): save it as text, a row a patient") from error
    if table.shape[1] < 2 or not len(table):
        raise InputError(f"{file} has {len(table)} rows and {table.shape[1]} columns: give patients x columns")
    return table
