"""Any table of samples x features as another modality of the same patients: radiomics, proteomics, methylation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.core.paths import existing
from omics_rx.harmonize.symbols import recognised
from omics_rx.io.assembly import Axis, assembled, check_settings
from omics_rx.io.clinical import with_clinical
from omics_rx.io.clinical_tables import ClinicalSource
from omics_rx.io.files import kind, not_read
from omics_rx.io.frames import read_parquet, read_sheet
from omics_rx.io.orientation import SAMPLE_COLUMN, only_numbered
from omics_rx.io.said import with_reading
from omics_rx.io.table import Table, read_table

if TYPE_CHECKING:
    from anndata import AnnData

FEATURE_ORIENTATIONS = ("samples x features", "features x samples")
_RADIOMICS = re.compile(
    r"^(?:original|wavelet[-\w]*|log-sigma[-\w]*|square|squareroot|logarithm|exponential|gradient|lbp-[-\w]+)_"
    r"(?:shape|shape2D|firstorder|glcm|glrlm|glszm|gldm|ngtdm)_\w+$"
)
_DIAGNOSTICS = "diagnostics_"
_METHYLATION = re.compile(r"^(?:cg\d{8}|ch\.(?:\d+|X)\.\w+)")
_SAMPLE = re.compile(r"^(?:TCGA-\w{2}-\w{4}|GSM\d+|ACH-\d{6}|C3[LN]-\d{5})")
_BARCODE = re.compile(r"TCGA-\w{2}-\w{4}")
_N_PROBE = 2000
_ENOUGH = 0.3


@in_words
def read_features(
    path: Path | str,
    *,
    id_column: str | None = None,
    orientation: str | None = None,
    clinical: ClinicalSource | Sequence[ClinicalSource] | None = None,
    sheet: str | None = None,
    unit: str = "unknown",
    domain: str = "tumour",
    replicates: str = "refuse",
    endpoint: str | None = None,
    time_unit: str | None = None,
    columns: Mapping[str, str] | None = None,
    events: Mapping[object, bool] | None = None,
) -> AnnData:
    """Read a table of samples x features into a cohort, to be joined to others with :func:`join`.

    A PyRadiomics table keeps its features; its ``diagnostics_*`` columns go to ``obsm["diagnostics"]`` as text, and
    its other columns (image, mask, label) to ``obs``. Of any other table columns of text go to ``obs`` or ``var``.

    Parameters
    ----------
    path
        Delimited text, parquet or xlsx.
    id_column
        Column that names the samples; None takes the first, and where that holds row numbers the only other that is
        called patient, case, subject, sample or id. Paths of images are named by the TCGA barcode in each, or by
        their file.
    orientation
        ``"samples x features"`` or ``"features x samples"``; None tells it from the names (methylation probes,
        genes, radiomic features, barcodes), or takes samples for the rows and says so.
    clinical, endpoint, time_unit, columns, events
        As in :func:`read_bulk`.
    sheet
        Which sheet of a workbook; None takes the first.
    unit, domain
        One of ``core.cohort.UNITS`` and ``DOMAINS``. The unit is not detected: a feature is no expression.
    replicates
        ``"refuse"`` or ``"average"`` samples that stand twice.

    Returns
    -------
    anndata.AnnData
        Samples x features; NaN is a feature missing for that sample.

    Raises
    ------
    MissingFileError, IntegrityError
        If the file is not there, or is damaged.
    InputError
        If it holds no numbers, ``id_column`` is not there, or samples stand twice.
    """
    check_settings(orientation, FEATURE_ORIENTATIONS, replicates)
    file = existing(path)
    table = _table(file, sheet)
    axis = _feature_axis(table, orientation)
    said: list[str] = []
    if not axis.in_rows:
        table, more = _with_ids(table, id_column, file)
        said += more
    elif id_column is not None:
        raise InputError(f"{file} is {FEATURE_ORIENTATIONS[1]}, where samples are named by the header: no id_column")
    apart = pd.DataFrame(index=range(len(table.rows)))
    if _is_radiomics(table):
        table, apart, more = _radiomics_apart(table, file)
        said += more
    cohort, more = assembled(table, file, axis, noun="features", average=replicates == "average")
    said += more
    if apart.shape[1]:
        first = ~pd.Index(table.rows).duplicated()
        cohort.obsm["diagnostics"] = apart[first].set_axis(cohort.obs_names, axis=0)
    cohort = with_info(cohort, unit=unit, domain=domain, origin=file.name)
    if clinical is not None:
        cohort, more = with_clinical(
            cohort, clinical, endpoint=endpoint, time_unit=time_unit, columns=columns, events=events
        )
        said += more
    return with_reading(cohort, said)


def _table(file: Path, sheet: str | None) -> Table:
    form = kind(file)
    if form == "text":
        return read_table(file)
    if form == "parquet":
        return read_parquet(file)
    if form == "xlsx":
        return read_sheet(file, sheet)
    raise not_read(file, form, "features", "text, parquet or xlsx")


def _feature_axis(table: Table, orientation: str | None) -> Axis:
    """Tell which axis holds features by the names in both."""
    if orientation is not None:
        return Axis(orientation == FEATURE_ORIENTATIONS[1], None, f"{orientation}, as told")
    weight = {}
    for where, names, others in (("rows", table.rows, table.columns), ("columns", table.columns, table.rows)):
        weight[where] = max(_share(names, _METHYLATION), _share(names, _RADIOMICS), _share(others, _SAMPLE))
    if max(weight.values()) < _ENOUGH:
        weight = {"rows": recognised(table.rows[:_N_PROBE]), "columns": recognised(table.columns[:_N_PROBE])}
    best = max(weight, key=lambda where: weight[where])
    if weight[best] < _ENOUGH or weight["rows"] == weight["columns"]:
        said = f"{FEATURE_ORIENTATIONS[0]}: no name is known in either axis, so rows are samples"
        return Axis(in_rows=False, column=None, statement=said)
    return Axis(best == "rows", None, f"{FEATURE_ORIENTATIONS[best == 'rows']}: told by the names of its {best}")


def _share(names: list[str], pattern: re.Pattern[str]) -> float:
    probed = names[:_N_PROBE]
    return float(np.mean([bool(pattern.match(name)) for name in probed])) if probed else 0.0


def _is_radiomics(table: Table) -> bool:
    return _share(table.columns, _RADIOMICS) > _ENOUGH or any(name.startswith(_DIAGNOSTICS) for name in table.columns)


def _with_ids(table: Table, id_column: str | None, file: Path) -> tuple[Table, list[str]]:
    """Table with its samples named by the column told, by the only one that can be meant, or by their images."""
    columns = [*map(str, table.annotations.columns), *table.columns]
    if id_column is None:
        candidates = [name for name in columns if SAMPLE_COLUMN.match(name)] if only_numbered(table) else []
        if len(candidates) != 1:
            return _named_by_image(table)
        id_column = candidates[0]
    if id_column not in columns:
        raise unknown_name("column", id_column, columns)
    if id_column in table.annotations:
        names = [str(name) for name in table.annotations[id_column]]
        kept = replace(table, rows=names, annotations=table.annotations.drop(columns=id_column))
    else:
        place = table.columns.index(id_column)
        values = table.numbers[:, place]
        if np.isnan(values).any():
            raise InputError(f"{file}: {int(np.isnan(values).sum())} samples have no {id_column!r}: name them")
        names = [str(int(value)) if value == int(value) else str(value) for value in values]
        others = [i for i in range(len(table.columns)) if i != place]
        kept = replace(table, rows=names, columns=[table.columns[i] for i in others], numbers=table.numbers[:, others])
    empty = sum(not name for name in names)
    if empty:
        raise InputError(f"{file}: {empty} samples have no {id_column!r}: name them")
    return kept, [f"samples are named by the column {id_column!r}"]


def _named_by_image(table: Table) -> tuple[Table, list[str]]:
    paths = [name.replace("\\", "/") for name in table.rows]
    if not all("/" in path for path in paths):
        return table, []
    found = [_BARCODE.findall(path) for path in paths]
    if all(found):
        names, how = [one[-1] for one in found], "the TCGA barcode in the path of their image"
    else:
        names, how = [PurePosixPath(path).name.split(".")[0] for path in paths], "the file of their image"
        if len(set(names)) < len(set(paths)):
            return table, ["samples are named by the whole path of their image, for its last part repeats"]
    annotations = table.annotations.copy()
    annotations.insert(0, "image", table.rows)
    return replace(table, rows=names, annotations=annotations), [f"samples are named by {how}"]


def _radiomics_apart(table: Table, file: Path) -> tuple[Table, pd.DataFrame, list[str]]:
    """Radiomic features, the diagnostics beside them, and every other column as an annotation."""
    is_feature = [bool(_RADIOMICS.match(name)) for name in table.columns]
    if not any(is_feature):
        raise InputError(f"{file} holds diagnostics and no radiomic feature ({examples(table.columns)})")
    numbers = pd.DataFrame(table.numbers, columns=table.columns)
    is_diagnostic = numbers.columns.str.startswith(_DIAGNOSTICS)
    as_text = numbers.loc[:, is_diagnostic].map(lambda value: "" if np.isnan(value) else f"{value:g}")
    noted = table.annotations.columns.astype(str).str.startswith(_DIAGNOSTICS)
    apart = pd.concat([table.annotations.loc[:, noted], as_text], axis=1).astype(str)
    others = numbers.loc[:, [not (one or two) for one, two in zip(is_feature, is_diagnostic, strict=True)]]
    annotations = pd.concat([table.annotations.loc[:, ~noted], others], axis=1)
    kept = replace(
        table, columns=[name for name, one in zip(table.columns, is_feature, strict=True) if one],
        numbers=np.ascontiguousarray(table.numbers[:, is_feature]), annotations=annotations,
    )  # fmt: skip
    said = f"{len(kept.columns)} radiomic features; {apart.shape[1]} diagnostics are in obsm['diagnostics']"
    beside = (
        f", {annotations.shape[1]} other columns in obs ({examples(annotations.columns)})" if annotations.size else ""
    )
    return kept, apart, [said + beside]
