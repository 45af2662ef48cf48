"""Clinical tables: follow-up in months, and every other column beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.io.clinical_tables import ClinicalSource, as_text, joined_text, label
from omics_rx.io.follow_up import chosen_pair, follow_up

if TYPE_CHECKING:
    from anndata import AnnData

_BARCODE = re.compile(r"^TCGA-\w{2}-\w{4}")
_LEVELS = (16, 15, 12)  # aliquot's vial, sample, patient


def read_clinical(
    source: ClinicalSource | Sequence[ClinicalSource],
    *,
    samples: Sequence[str] | None = None,
    endpoint: str | None = None,
    time_unit: str | None = None,
    columns: Mapping[str, str] | None = None,
    events: Mapping[object, bool] | None = None,
) -> pd.DataFrame:
    """Read a clinical table and bring its follow-up to months and seen events.

    Read as their publishers write them: TCGA-CDR and UCSC Xena (``OS``, ``OS.time`` in days), cBioPortal
    (``OS_STATUS`` as ``1:DECEASED``, ``OS_MONTHS``, comment lines above), GDC (``vital_status``, ``days_to_death``,
    ``days_to_last_follow_up``), and any table whose column names say time, event and unit. What cannot be told is
    refused, never guessed.

    Parameters
    ----------
    source
        Delimited text file, packed or not, the first sheet of an xlsx workbook, parquet, or a frame; or several of
        these that share a column, such as cBioPortal's ``data_clinical_sample.txt`` and
        ``data_clinical_patient.txt``, which are joined by it.
    samples
        Sample names to match, such as a cohort's ``obs_names``: the column that holds them becomes the index, and
        TCGA barcodes are cut to the level both sides have. None takes the first column.
    endpoint
        Which follow-up where there are several: a column stem such as ``"OS"`` or what it records, such as
        ``"death"``. Where the only one does not say what it records, its name.
    time_unit
        ``"days"``, ``"months"`` or ``"years"`` where the column does not say.
    columns
        ``{"sample": ..., "time": ..., "event": ...}``, each optional: which columns these are.
    events
        Value to whether the event was seen, for codes that are not self-evident, such as ``{1: False, 2: True}``.

    Returns
    -------
    pandas.DataFrame
        Index: samples (those of ``samples`` that are in the table, in their order). ``time`` in months, ``event``
        (bool, or nullable boolean where some are missing), ``endpoint``, and every other column, numbers as numbers.
        ``attrs["notes"]`` says what was done. Without any follow-up the first three are absent.

    Raises
    ------
    MissingFileError, IntegrityError
        If the file is not there, or is damaged.
    InputError
        If samples, endpoint, unit or event codes cannot be told, repeat or contradict each other, or a time is
        negative or longer than a life.
    """
    if isinstance(source, (str, Path, pd.DataFrame)) or not isinstance(source, Sequence):
        sources = [source]
    else:
        sources = list(source)
    try:
        return _read(sources, samples, endpoint, time_unit, columns, events)
    except InputError as error:
        named = [label(one) for one in sources]
        if not sources or any(name in str(error) for name in named):
            raise
        raise type(error)(f"{' and '.join(named)}: {error}") from error


def _read(
    sources: list[ClinicalSource],
    samples: Sequence[str] | None,
    endpoint: str | None,
    time_unit: str | None,
    columns: Mapping[str, str] | None,
    events: Mapping[object, bool] | None,
) -> pd.DataFrame:
    notes: list[str] = []
    frame = as_text(sources[0], notes) if len(sources) == 1 else joined_text(sources, notes)
    told = dict(columns or {})
    absent = [f"{role}={name!r}" for role, name in told.items() if name not in frame]
    if absent:
        raise InputError(f"the clinical table has no column {', '.join(absent)}: it has {examples(frame.columns, 15)}")
    pair = chosen_pair(frame, told, endpoint)
    follow = follow_up(frame, pair, time_unit, events, endpoint or _named_endpoint(frame), notes) if pair else None
    if follow is None:
        notes.append(
            "no follow-up was found: no pair of time and event columns by their names; if there is one, read the table "
            "with read_clinical(columns={'time': ..., 'event': ...})"
        )
    others = frame.rename(columns={name: f"{name}_as_given" for name in ("time", "event", "endpoint") if name in frame})
    tidy = others.apply(_numbers) if len(others.columns) else others
    tidy = pd.concat([follow, tidy], axis=1) if follow is not None else tidy
    key = told.get("sample")
    if samples is None and key is None and pair and frame.columns[0] in (pair.time, pair.event):
        raise InputError(
            f"the first column, {frame.columns[0]!r}, is follow-up and no name of a sample: put a column of names "
            "first, or pass columns={'sample': ...}"
        )
    result = _indexed(tidy, frame, key, samples, notes)
    result.attrs["notes"] = notes
    return result


def _numbers(column: pd.Series) -> pd.Series:
    """Column as numbers where every known field is one, else as text."""
    if pd.api.types.is_bool_dtype(column) or column.map(lambda value: isinstance(value, bool)).all():
        return column
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.isna().sum() == column.isna().sum():
        return numbers
    return column.map(lambda value: value if pd.isna(value) else str(value))


def _indexed(
    tidy: pd.DataFrame, frame: pd.DataFrame, key: str | None, samples: Sequence[str] | None, notes: list[str]
) -> pd.DataFrame:
    if samples is None:
        name = key or str(frame.columns[0])
        ids = frame[name].astype(str)
        unique = _one_row_each(tidy.set_axis(ids.to_numpy(), axis=0), name)
        return unique.drop(columns=name).rename_axis("sample")
    wanted = [str(sample) for sample in samples]
    name, level = _matching_column(frame, wanted, key)
    ids = frame[name].astype(str).str.slice(0, level)
    if level:
        notes.append(f"TCGA barcodes were cut to {level} characters to match {name!r}")
    there = set(ids)
    chosen = [sample for sample in wanted if sample[:level] in there]
    among = ids.isin([sample[:level] for sample in wanted]).to_numpy()
    rows = _one_row_each(tidy[among].set_axis(ids[among].to_numpy(), axis=0), name)
    lacking = [sample for sample in wanted if sample[:level] not in there]
    if lacking:
        notes.append(f"{len(lacking)} of {len(wanted)} samples are not in the clinical table ({examples(lacking)})")
    notes.append(f"samples were matched by the column {name!r}")
    return rows.loc[[s[:level] for s in chosen]].set_axis(chosen, axis=0).rename_axis("sample")


def _one_row_each(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """One row a sample: of several the first that has a follow-up; where they have several, these must agree."""
    if table.index.is_unique:
        return table
    follow = [column for column in ("time", "event") if column in table]
    if follow:
        known = table[table[follow].notna().all(axis=1)]
        differs = known.groupby(level=0)[follow].nunique().max(axis=1) > 1
        if differs.any():
            clash = differs.index[differs]
            raise InputError(
                f"{len(clash)} samples have several follow-ups that contradict each other by {name!r} "
                f"({examples(clash)}): keep one row each"
            )
        lacking = table[~table.index.isin(known.index)]
        chosen = pd.concat([known, lacking])
        return chosen[~chosen.index.duplicated()]
    return table[~table.index.duplicated()]


def _matching_column(frame: pd.DataFrame, wanted: list[str], key: str | None) -> tuple[str, int | None]:
    """Column that holds most of the wanted names, and the barcode level at which it does (None: as they are)."""
    barcodes = np.mean([bool(_BARCODE.match(sample)) for sample in wanted]) > 0.5
    best: tuple[int, str, int | None] = (0, "", None)
    for level in (None, *_LEVELS) if barcodes else (None,):
        cut = {sample[:level] for sample in wanted}
        for name in [key] if key else frame.columns:
            found = len(cut & set(frame[name].dropna().astype(str).str.slice(0, level)))
            if found > best[0]:
                best = (found, str(name), level)
        if best[0] >= len(cut) / 2:
            break
    if not best[0]:
        raise InputError(
            f"no column of the clinical table names the samples ({examples(wanted)}); its first column, "
            f"{frame.columns[0]!r}, has {examples(frame.iloc[:, 0].dropna())}: pass columns={{'sample': ...}}"
        )
    return best[1], best[2]


def _named_endpoint(frame: pd.DataFrame) -> str | None:
    """What the event is, where a column called endpoint says one thing for everybody."""
    said: list[str] = frame["endpoint"].dropna().astype(str).unique().tolist() if "endpoint" in frame else []
    return said[0] if len(said) == 1 else None


def with_clinical(
    cohort: AnnData,
    clinical: ClinicalSource | Sequence[ClinicalSource],
    *,
    endpoint: str | None = None,
    time_unit: str | None = None,
) -> tuple[AnnData, list[str]]:
    """Cohort with the columns of clinical tables in its ``obs``, and what was found; see :func:`read_clinical`.

    Normal tissue (TCGA's sample types 10 to 19) carries no follow-up.
    """
    table = read_clinical(clinical, samples=list(cohort.obs_names), endpoint=endpoint, time_unit=time_unit)
    joined = cohort.copy()
    if "event" in table and len(table) < cohort.n_obs:
        table["event"] = table["event"].astype("boolean")
    clash = [name for name in table.columns if name in joined.obs]
    table = table.rename(columns={name: f"{name}_clinical" for name in clash})
    joined.obs = joined.obs.join(table)
    said = list(table.attrs.get("notes", []))
    normal = [name for name in cohort.obs_names if _is_normal(name)]
    if normal and "time" in joined.obs:
        joined.obs.loc[normal, "time"] = np.nan
        said.append(f"{len(normal)} normal tissue samples carry no follow-up ({examples(normal)})")
    return joined, said


def _is_normal(name: str) -> bool:
    """Whether a TCGA barcode is that of normal tissue: sample types 10 to 19."""
    return name.startswith("TCGA-") and len(name) >= 15 and name[13] == "1" and name[12] == "-"
