"""Several modalities of the same patients joined, with TCGA barcodes cut to one level."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import as_cohort, record, with_record
from omics_rx.core.errors import InputError, examples, unknown_name

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

LEVELS = {"patient": 12, "sample": 15}
_BARCODE = re.compile(r"^TCGA-\w{2}-\w{4}(?:-(?P<type>\d{2})(?P<rest>\w?.*))?$", re.IGNORECASE)
_TYPES = {"10": "blood of the patient", "11": "normal tissue", "12": "normal buccal cells", "13": "normal tissue",
          "14": "normal bone marrow", "20": "control"}  # fmt: skip
_FOLLOW_UP = ("time", "event", "endpoint")
_LEFT_OUT = "left_out"
_RECORD = "reading"


@dataclass(frozen=True)
class _Cut:
    """Samples of a modality that stay, under their new names, and those left out with the reason."""

    samples: list[str]
    names: list[str]
    left_out: list[tuple[str, str, str]]


@in_words
def join(modalities: Mapping[str, AnnData], *, level: str = "patient", by: str | None = None) -> MuData:
    """Join modalities on the patient; every patient of any modality is kept.

    TCGA barcodes are cut to the level asked for; other names are taken as they are. Where several samples come to
    one name, the first by sample type (01, the primary tumour, before 06), then by name is kept. At the level of
    patients, normal tissue, blood and controls are left out. :func:`left_out` lists all that was, :func:`notes` counts.

    Parameters
    ----------
    modalities
        Name to samples x features.
    level
        ``"patient"`` or ``"sample"`` (patient and sample type).
    by
        Column of every ``obs`` that names the patient, instead of the samples' names.

    Returns
    -------
    mudata.MuData
        One AnnData a modality, each with the name it had in ``obs["sample_as_given"]``. ``time``, ``event`` and
        ``endpoint`` of the modalities are in the joint ``obs``.

    Raises
    ------
    InputError
        If there are fewer than two modalities, none shares a patient with another, or follow-ups contradict.
    """
    if level not in LEVELS:
        raise unknown_name("level", level, LEVELS)
    if len(modalities) < 2:
        raise InputError(f"{len(modalities)} modalities were given: join takes two or more, as name to cohort")
    parts: dict[str, AnnData] = {}
    lost: list[tuple[str, str, str, str]] = []
    said: list[str] = []
    for name, data in modalities.items():
        cohort = as_cohort(data)
        cut = _cut(cohort, name, level, by)
        part = cohort[cut.samples].copy()
        part.obs["sample_as_given"] = cut.samples
        part.obs_names = pd.Index(cut.names, dtype=object)
        parts[name] = part
        lost += [(name, *one) for one in cut.left_out]
        said.append(f"{name}: {len(cut.samples)} of {cohort.n_obs} samples, {cohort.n_vars} features")
        said += _reasons_counted(name, cut)
    said += _overlap(parts, level)
    return _mudata(parts, lost, said)


@in_words
def left_out(joined: MuData) -> pd.DataFrame:
    """Samples that :func:`join` left out.

    Returns
    -------
    pandas.DataFrame
        One row a sample: ``modality``, ``sample``, ``id`` (the name it was cut to) and ``reason``.

    Raises
    ------
    InputError
        If the data did not come from :func:`join`.
    """
    found = record(joined, _LEFT_OUT)
    if found is None:
        raise InputError("nothing is recorded of samples left out: pass what io.join returned")
    return pd.DataFrame(found).reset_index(drop=True)


def _cut(cohort: AnnData, modality: str, level: str, by: str | None) -> _Cut:
    given = cohort.obs_names.astype(str).tolist()
    if by is None:
        told = given
    elif by not in cohort.obs:
        raise InputError(f"modality {modality!r} has no obs column {by!r}: it has {examples(cohort.obs.columns)}")
    elif cohort.obs[by].isna().any():
        absent = cohort.obs_names[cohort.obs[by].isna()]
        raise InputError(f"modality {modality!r}: {len(absent)} samples have no {by!r} ({examples(absent)})")
    else:
        told = cohort.obs[by].astype(str).tolist()
    rows = []
    for position, (sample, name) in enumerate(zip(given, told, strict=True)):
        barcode = _BARCODE.match(name)
        kind = (barcode["type"] if barcode else None) or (_type_of(sample) if by else None) or ""
        rows.append((name.upper()[: LEVELS[level]] if barcode else name, kind, sample, position))
    lost = [
        (sample, name, _reason(kind)) for name, kind, sample, _ in rows if level == "patient" and kind[:1] in {"1", "2"}
    ]
    dropped = {sample for sample, _, _ in lost}
    best: dict[str, tuple[str, str, str, int]] = {}
    for row in sorted((row for row in rows if row[2] not in dropped), key=lambda row: (row[0], row[1], row[2])):
        kept = best.setdefault(row[0], row)
        if kept is not row:
            lost.append((row[2], row[0], f"another sample of {row[0]}; {kept[2]} was kept"))
    chosen = sorted(best.values(), key=lambda row: row[3])
    if not chosen:
        raise InputError(f"modality {modality!r} has no tumour sample: all {len(given)} are normal or controls")
    return _Cut([row[2] for row in chosen], [row[0] for row in chosen], lost)


def _type_of(sample: str) -> str | None:
    barcode = _BARCODE.match(sample)
    return barcode["type"] if barcode else None


def _reason(kind: str) -> str:
    return f"{_TYPES.get(kind, 'normal or control')} (sample type {kind})"


def _reasons_counted(modality: str, cut: _Cut) -> list[str]:
    aside = [sample for sample, _, reason in cut.left_out if "sample type" in reason]
    further = [sample for sample, _, reason in cut.left_out if "sample type" not in reason]
    said = []
    if aside:
        said.append(f"{modality}: {len(aside)} normal or control samples were left out ({examples(aside)})")
    if further:
        said.append(f"{modality}: {len(further)} further samples of a patient were left out ({examples(further)})")
    return said


def _overlap(parts: Mapping[str, AnnData], level: str) -> list[str]:
    sets = {name: set(part.obs_names) for name, part in parts.items()}
    for name, own in sets.items():
        if not any(own & other for other_name, other in sets.items() if other_name != name):
            shown = "; ".join(f"{one}: {examples(sorted(ids), 2)}" for one, ids in sets.items())
            raise InputError(
                f"modality {name!r} shares no {level} with any other ({shown}): name them alike, or pass by= with the "
                "obs column that names the patient"
            )
    everyone, whole = set().union(*sets.values()), set.intersection(*sets.values())
    return [f"{len(everyone)} {level}s in all, {len(whole)} with every modality"]


def columns_left_below() -> AbstractContextManager[Any]:
    """Within it, MuData leaves columns with the modality they belong to; mudata 0.3 and 0.4 are told so differently."""
    import mudata

    if hasattr(mudata, "set_options"):
        return mudata.set_options(pull_on_update=False)
    return mudata.settings.override(pull_on_update=False)


def _mudata(parts: dict[str, AnnData], lost: list[tuple[str, str, str, str]], said: list[str]) -> MuData:
    import mudata
    from anndata import AnnData

    with warnings.catch_warnings(), columns_left_below():
        # features of two modalities may share a name (a gene and its protein); each is found in its own modality
        warnings.filterwarnings("ignore", message=".*var_names.*", category=UserWarning)
        joined = mudata.MuData(parts)
    for name, values in _follow_up(parts, joined.obs_names).items():
        joined.obs[name] = values
    frame = pd.DataFrame(lost, columns=["modality", "sample", "id", "reason"], dtype=object)
    frame.index = frame.index.astype(str)
    told: Any = with_record(AnnData(uns={}), _LEFT_OUT, frame)
    joined.uns.update(with_record(told, _RECORD, "\n".join(said)).uns)
    return joined


def _follow_up(parts: Mapping[str, AnnData], names: pd.Index) -> dict[str, pd.Series]:
    """Follow-up of the modalities, which must agree where several tell it."""
    found: dict[str, pd.Series] = {}
    for column in _FOLLOW_UP:
        told = [part.obs[column].astype(object).reindex(names) for part in parts.values() if column in part.obs]
        if not told:
            continue
        table = pd.concat(told, axis=1)
        differs = table.apply(lambda row: len(set(row.dropna())) > 1, axis=1)
        if differs.any():
            raise InputError(
                f"the modalities contradict each other in {column!r} of {int(differs.sum())} patients "
                f"({examples(names[differs])}): correct it, or give the clinical table to one of them"
            )
        values = table.apply(lambda row: next(iter(row.dropna()), None), axis=1)
        found[column] = values.infer_objects()
        if column == "event" and values.isna().any():
            found[column] = values.astype("boolean")
    return found
