"""Clinical tables: follow-up in months, and every other column beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.io.clinical_tables import ClinicalSource, as_text, joined_text, label
from omics_rx.io.follow_up import follow_up
from omics_rx.io.follow_up_columns import Pair, chosen_pair, look_like_follow_up
from omics_rx.io.pairing import naming_column, paired, statement
from omics_rx.io.said import Aloud, say_aloud

if TYPE_CHECKING:
    from anndata import AnnData

_BARCODE = re.compile(r"^TCGA[-.]\w{2}[-.]\w{4}(?:[-.](\d{2}))?", re.IGNORECASE)
_PATIENT = re.compile(
    r"^_?(?:bcr[_ .]?)?(?:patient|cases?|subject|donor|individual|participant)(?:[_ .]?(?:id|identifier|name|barcode|"
    r"code|no|nr|number|submitter_id))?$",
    re.IGNORECASE,
)
_TIDY = "omics_rx_follow_up_in_months"
_SAMPLE_TYPE = re.compile(r"^(?:tumou?r_)?(?:sample|tissue)[_ .]?type$", re.IGNORECASE)


@in_words
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
    ``days_to_last_follow_up``, also with the name of their table before or after; of ``follow_up.tsv`` the last visit
    of each patient), and any table whose column names say time, event and unit. What cannot be told is refused, never
    guessed: ``OS.time`` is days only where the values can be days, and a yes in a column of censoring is asked.

    Parameters
    ----------
    source
        Delimited text file, packed or not, the first sheet of an xlsx workbook, parquet, or a frame; or several of
        these that share a column, such as cBioPortal's ``data_clinical_sample.txt`` and
        ``data_clinical_patient.txt``, which are joined by it.
    samples
        Sample names to match, such as a cohort's ``obs_names``: the column that holds them becomes the index, and
        TCGA barcodes are cut to the level both sides have. A row's number, and numbers in a column that is not called
        an id, name nobody; under half matched is refused unless ``columns`` names the column. None takes the first
        column.
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
        ``attrs["notes"]`` says what was done. Without any follow-up the first three are absent. A patient with a time
        below zero, dead without a date or alive with a date of death has no follow-up, and a note says so.

    Raises
    ------
    MissingFileError, IntegrityError
        If the file is not there, or is damaged.
    InputError
        If samples, endpoint, unit or event codes cannot be told, repeat or contradict each other, or a time is
        longer than a life.
    """
    sources = _listed(source)
    with _named_in_errors(sources):
        table = _read(sources, samples, endpoint, time_unit, columns, events)
    say_aloud(table.attrs["notes"])
    return table


@contextmanager
def _named_in_errors(sources: Sequence[ClinicalSource]) -> Iterator[None]:
    """Name the sources in every error."""
    try:
        yield
    except InputError as error:
        named = [label(one) for one in sources]
        if not sources or any(name in str(error) for name in named):
            raise
        raise type(error)(f"{' and '.join(named)}: {error}") from error


def _listed(source: ClinicalSource | Sequence[ClinicalSource]) -> list[ClinicalSource]:
    if isinstance(source, (str, Path, pd.DataFrame)) or not isinstance(source, Sequence):
        return [source]
    return list(source)


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
    tidied = len(sources) == 1 and isinstance(sources[0], pd.DataFrame) and sources[0].attrs.get(_TIDY) is True
    if tidied and not told and endpoint is None and {"time", "event"} <= set(frame):
        pair: Pair | None = Pair("", "time", "event", "months")  # as this function gave it
    else:
        pair = chosen_pair(frame, told, endpoint)
    follow = follow_up(frame, pair, time_unit, events, endpoint or _named_endpoint(frame), notes) if pair else None
    if follow is None:
        notes.append(_no_follow_up(frame))
    others = frame.rename(columns={name: f"{name}_as_given" for name in ("time", "event", "endpoint") if name in frame})
    if tidied:
        others = others.drop(columns=[f"{name}_as_given" for name in ("time", "event", "endpoint")], errors="ignore")
    tidy = others.apply(_numbers) if len(others.columns) else others
    tidy = pd.concat([follow, tidy], axis=1) if follow is not None else tidy
    key = told.get("sample")
    if samples is None and key is None and pair and frame.columns[0] in (pair.time, pair.event):
        raise InputError(
            f"the first column, {frame.columns[0]!r}, is follow-up and no name of a sample: put a column of names "
            "first, or pass columns={'sample': ...}"
        )
    taken = [pair.time, pair.event] if pair else []
    result = _indexed(tidy, frame, key, samples, taken, notes)
    result.attrs.update({"notes": notes, _TIDY: follow is not None})
    return result


def _no_follow_up(frame: pd.DataFrame) -> str:
    """Say that there is none, aloud where columns look as if there were."""
    said = "no follow-up was found: no pair of time and event columns by their names"
    hint = "; if there is one, name it with columns={'time': ..., 'event': ...}"
    looking = look_like_follow_up(frame.columns)
    return Aloud(f"{said} ({examples(looking)} look like it){hint}") if looking else said + hint


def _numbers(column: pd.Series) -> pd.Series:
    """Column as numbers where every known field is one, else as text."""
    if pd.api.types.is_bool_dtype(column) or column.map(lambda value: isinstance(value, bool)).all():
        return column
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.isna().sum() == column.isna().sum():
        return numbers
    return column.map(lambda value: value if pd.isna(value) else str(value))


def _indexed(
    tidy: pd.DataFrame,
    frame: pd.DataFrame,
    key: str | None,
    samples: Sequence[str] | None,
    taken: Sequence[str],
    notes: list[str],
) -> pd.DataFrame:
    if samples is None:
        name = key or naming_column(frame)
        ids = frame[name].astype(str)
        unique = _one_row_each(tidy.set_axis(ids.to_numpy(), axis=0), name)
        return unique.drop(columns=name).rename_axis("sample")
    wanted = [str(sample) for sample in samples]
    pairing = paired(frame, wanted, key=key, taken=taken)
    there = set(pairing.rows.dropna())
    chosen = [(sample, one) for sample, one in zip(wanted, pairing.keys, strict=True) if one in there]
    among = pairing.rows.isin(pairing.keys).to_numpy()
    rows = _one_row_each(tidy[among].set_axis(pairing.rows[among].to_numpy(), axis=0), pairing.column)
    notes.extend(statement(pairing, len(wanted), [s for s, one in zip(wanted, pairing.keys, strict=True)
                                                  if one not in there]))  # fmt: skip
    result = rows.loc[[one for _, one in chosen]]
    return result.set_axis([sample for sample, _ in chosen], axis=0).rename_axis("sample")


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
    columns: Mapping[str, str] | None = None,
    events: Mapping[object, bool] | None = None,
) -> tuple[AnnData, list[str]]:
    """Cohort with the columns of clinical tables in its ``obs``, and what was found; see :func:`read_clinical`.

    Normal tissue (TCGA's sample types 10 to 19) carries no follow-up, and of several samples of a patient one does,
    the primary tumour first, so that nobody counts twice.
    """
    sources = _listed(clinical)
    with _named_in_errors(sources):
        table = _read(sources, list(cohort.obs_names), endpoint, time_unit, columns, events)
    joined = cohort.copy()
    if "event" in table and len(table) < cohort.n_obs:
        table["event"] = table["event"].astype("boolean")
    clash = [name for name in table.columns if name in joined.obs]
    table = table.rename(columns={name: f"{name}_clinical" for name in clash})
    joined.obs = joined.obs.join(table)
    said = list(table.attrs.get("notes", []))
    if "time" in table:
        said += _once_a_patient(joined.obs, table)
    return joined, said


def _once_a_patient(obs: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """Take the follow-up from normal tissue and from further samples of a patient, and say so."""
    said = []
    normal = [name for name in obs.index if _is_normal(name)]
    if normal:
        obs.loc[normal, "time"] = np.nan
        said.append(f"{len(normal)} normal tissue samples carry no follow-up ({examples(normal)})")
    known = obs.index[obs["time"].notna()]
    patients = _patients(known, table)
    if patients is None:
        return said
    order = pd.DataFrame({"patient": patients, "rank": [_rank(name, table) for name in known], "name": known})
    kept = order.sort_values(["rank", "name"], kind="stable").drop_duplicates("patient")["name"]
    further = [name for name in known if name not in set(kept)]
    if further:
        obs.loc[further, "time"] = np.nan
        said.append(
            Aloud(f"{len(further)} further samples of patients that stand twice carry no follow-up, so that each "
                  f"patient counts once ({examples(further)})")
        )  # fmt: skip
    return said


def _patients(samples: pd.Index, table: pd.DataFrame) -> list[str] | None:
    """Patient of each sample by its barcode, or by a column that is called so; None where nothing tells."""
    barcodes = [_BARCODE.match(name) for name in samples]
    if len(samples) and all(barcodes):
        return [name[:12].upper().replace(".", "-") for name in samples]
    column = next((name for name in table if _PATIENT.match(str(name))), None)
    if column is None:
        return None
    told = table[column].reindex(samples)
    return [name if pd.isna(one) else f"patient {one}" for name, one in zip(samples, told, strict=True)]


def _rank(sample: str, table: pd.DataFrame) -> str:
    """Order of a patient's samples: the sample type of a barcode, else a primary tumour before any other."""
    barcode = _BARCODE.match(sample)
    if barcode:
        return barcode[1] or ""
    column = next((name for name in table if _SAMPLE_TYPE.match(str(name))), None)
    told = str(table[column].get(sample, "")).lower() if column is not None else ""
    return "0" if "primary" in told or not told else "1"


def _is_normal(name: str) -> bool:
    """Whether a TCGA barcode is that of normal tissue: sample types 10 to 19."""
    barcode = _BARCODE.match(name)
    return bool(barcode and barcode[1] and barcode[1].startswith("1"))
