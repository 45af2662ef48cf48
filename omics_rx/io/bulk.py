"""Bulk expression: a file in, a cohort out, with what was found and decided on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import expression, record, with_info
from omics_rx.core.errors import InputError, examples
from omics_rx.core.paths import existing
from omics_rx.core.units import UNITS, unit_named
from omics_rx.harmonize.units import check_possible
from omics_rx.io.apart import genes_alone, samples_alone, with_own_follow_up, without_copies
from omics_rx.io.assembly import assembled, check_settings, places
from omics_rx.io.cell_files import read_h5ad
from omics_rx.io.clinical import with_clinical
from omics_rx.io.clinical_tables import ClinicalSource
from omics_rx.io.cycles import refuse_cycles
from omics_rx.io.files import kind, not_read, opened
from omics_rx.io.frames import read_parquet, read_sheet
from omics_rx.io.hdf5_checks import hdf5_form
from omics_rx.io.orientation import ENOUGH, ORIENTATIONS, gene_axis, gene_weight, with_names
from omics_rx.io.platforms import with_gene_names
from omics_rx.io.published import (
    Published,
    is_star_folder,
    read_gct,
    read_series_matrix,
    read_star_folder,
    sample_sheets,
)
from omics_rx.io.quantifiers import is_feature_counts, quantifier, read_quantified, tidy_feature_counts
from omics_rx.io.remembered import remembered
from omics_rx.io.said import with_reading
from omics_rx.io.sample_files import files_of, several, together
from omics_rx.io.several_kinds import rearranged
from omics_rx.io.table import read_table

if TYPE_CHECKING:
    from anndata import AnnData

_SAMPLES = "folder of files of one sample each"
_OTHER_FOLDER = "folder without files of GDC STAR, salmon, kallisto, htseq, RSEM, StringTie or cufflinks"
_FEW = 0.2  # of values below zero; of differences and ratios about half are
_LARGEST_SCORE = 50  # whole numbers up to it may be scores


@in_words
def read_bulk(
    path: Path | str | Sequence[Path | str],
    *,
    clinical: ClinicalSource | Sequence[ClinicalSource] | None = None,
    platform: Path | str | None = None,
    tx2gene: Path | str | pd.DataFrame | None = None,
    sheet: str | None = None,
    orientation: str | None = None,
    unit: str | None = None,
    domain: str | None = None,
    replicates: str = "refuse",
    endpoint: str | None = None,
    time_unit: str | None = None,
    columns: Mapping[str, str] | None = None,
    events: Mapping[object, bool] | None = None,
    cache: bool = False,
) -> AnnData:
    """Read bulk expression into a cohort; format, packing and orientation are told from the content.

    Formats: a matrix in delimited text (plain, gzip, bz2, xz, zstd) with genes in either axis, as UCSC Xena, cBioPortal
    and R write it; the same in parquet or xlsx; GCT 1.2 and 1.3; a GEO series matrix; featureCounts; a folder of GDC's
    STAR gene counts with its sample sheet, or of salmon or kallisto files (as TPM, counts in ``layers["counts"]``);
    files of one sample each, of htseq, RSEM, StringTie, cufflinks, STAR or featureCounts, in a folder; h5ad. Genes keep
    the identifiers of the file; one that stands twice is numbered (``MATR3``, ``MATR3#2``). ``harmonize.genes`` brings
    them to current symbols and joins them. Rows that are only numbered are named by their one column of sample, patient
    or model ids, as DepMap writes them.

    Parameters
    ----------
    path
        File or folder; files of one sample each as a list or a glob (``"runs/*.counts"``), named by file.
    platform
        For probes, the annotation table of their platform (GEO's ``GPL*`` tables and the like): which column holds
        probes and which holds symbols is told from the content. A probe of several genes keeps its own name.
    tx2gene
        For salmon and kallisto, a table of transcripts and genes; not needed where GENCODE's names say the gene.
    sheet
        Which sheet of a workbook; None takes the first.
    clinical
        Clinical table of the same samples: a file, a frame, or several that share a column, such as cBioPortal's
        patients and samples; see :func:`read_clinical`. Samples without a row in it stay, with missing values.
    orientation
        ``"samples x genes"`` or ``"genes x samples"``; None tells it from the identifiers, or, where these are not
        known, takes the longer axis for genes and says so.
    unit, domain
        What the values and samples are, one of ``core.cohort.UNITS`` and ``DOMAINS``; None leaves them to be
        detected.
    replicates
        What to do where a sample name stands twice: ``"refuse"``, or ``"average"`` the values (add, for counts) and
        keep the first row's annotations.
    endpoint, time_unit, columns, events
        Passed to :func:`read_clinical`.
    cache
        Keep a copy of what was read in the cache folder, from which the next call with the same files and settings
        takes it, many times faster. ``core.cache.clear("cohorts")`` removes all copies.

    Returns
    -------
    anndata.AnnData
        Samples x genes; ``obs`` holds text columns of the file and the clinical table. :func:`notes` tells what was
        found and decided.

    Raises
    ------
    MissingFileError, IntegrityError
        If a file is not there, or is damaged.
    InputError
        If it holds no matrix, infinite values or a few values below zero among counts, repeats samples, cannot have
        the unit told (as after a second logarithm), or the clinical table does not fit.
    """
    check_settings(orientation, ORIENTATIONS, replicates)
    unit = None if unit is None else unit_named(unit)
    files = several(path)
    file = existing(path) if files is None else files[0].parent
    form = _form(file) if files is None else _SAMPLES
    for option, given, forms in (("tx2gene", tx2gene, _QUANTIFIED), ("sheet", sheet, ("xlsx",))):
        if given is not None and form not in forms:
            raise InputError(f"{option} is for {' and '.join(forms)}, and {file} is a {form}: leave it out")
    settings: dict[str, Any] = {"orientation": orientation, "average": replicates == "average", "sheet": sheet}

    def read() -> tuple[AnnData, list[str]]:
        if form == _SAMPLES:
            own = files_of(file) if files is None else files
            cohort, said = together((_read(one, _form(one), tx2gene=tx2gene, **settings) for one in own), own, file)
        else:
            cohort, said = _read(file, form, tx2gene=tx2gene, **settings)
        if platform is None:
            return cohort, said
        cohort, more = with_gene_names(cohort, existing(platform))
        return cohort, [*said, *more]

    if cache and form != "hdf5":  # which is read as fast as a copy of it
        beside = sample_sheets(file) if form in _NAMED_BY_SHEET else []
        sources: dict[str, list[Any]] = {
            "files": files or [file],
            "beside": beside,
            "tx2gene": [tx2gene],
            "platform": [platform],
        }
        cohort, said = remembered(sources, settings | {"form": form}, read)
    else:
        cohort, said = read()
    said_unit = unit or record(cohort, "unit")
    if said_unit in UNITS:
        _check_unit(cohort, said_unit, file)
    elif isinstance(cohort.X, np.ndarray):
        _check_counts(cohort, file)
        refuse_cycles(np.asarray(cohort.X), cohort.var_names, str(file))
    origin = record(cohort, "origin") or file.name
    cohort, apart = samples_alone(cohort)
    cohort, copies = without_copies(cohort)
    cohort, more = genes_alone(cohort, str(file))
    said = [*said, *apart, *copies, *more]
    cohort = with_info(cohort, unit=unit or record(cohort, "unit"), domain=domain, origin=origin)
    if clinical is not None:
        cohort, more = with_clinical(
            cohort, clinical, endpoint=endpoint, time_unit=time_unit, columns=columns, events=events
        )
        said += more
    elif more:
        cohort, told = with_own_follow_up(cohort, endpoint=endpoint, time_unit=time_unit)
        said += told
    return with_reading(cohort, said)


def _check_unit(cohort: AnnData, unit: str, file: Path) -> None:
    try:
        check_possible(expression(cohort), unit)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def _check_counts(cohort: AnnData, file: Path) -> None:
    """Refuse a few values below zero among whole numbers as large as counts, where no unit is told."""
    values = np.asarray(cohort.X)
    negative = values < 0
    if not negative.any() or negative.mean() > _FEW or np.nanmax(values) <= _LARGEST_SCORE:
        return
    known = values[np.isfinite(values)]
    if np.all(known == np.round(known)):
        raise InputError(
            f"{file}: {int(negative.sum())} values are below zero "
            f"({examples(places(negative, cohort.obs_names, cohort.var_names))}) among whole numbers as counts are: "
            'correct them, or pass unit="unknown" if they are no counts'
        )


def _read(
    file: Path,
    form: str,
    *,
    tx2gene: Path | str | pd.DataFrame | None,
    sheet: str | None,
    orientation: str | None,
    average: bool,
) -> tuple[AnnData, list[str]]:
    if form == "hdf5":
        return _from_h5ad(file)
    if form in _PUBLISHED:
        return _from_published(_PUBLISHED[form](file), file, average=average)
    if form in _QUANTIFIED:
        return _from_published(read_quantified(file, tx2gene), file, average=average)
    if form == "text":
        table = read_table(file)
        if is_feature_counts(table):
            return _from_published(tidy_feature_counts(table), file, average=average)
    elif form == "parquet":
        table = read_parquet(file)
    elif form == "xlsx":
        table = read_sheet(file, sheet)
    else:
        raise not_read(file, form, "bulk expression", "text, parquet, xlsx or h5ad")
    if orientation is None and (found := rearranged(table, file, gene_weight, "genes")):
        return _from_published(found, file, average=average)
    axis = gene_axis(table, orientation, file)
    return assembled(table if axis.in_rows else with_names(table), file, axis, noun="genes", average=average)


_PUBLISHED: dict[str, Callable[[Path], Published]] = {
    "GCT": read_gct,
    "series matrix": read_series_matrix,
    "STAR folder": read_star_folder,
}
_NAMED_BY_SHEET = ("STAR folder", _SAMPLES)
_QUANTIFIED = ("salmon folder", "kallisto folder")


def _form(file: Path) -> str:
    if file.is_dir():
        tool = quantifier(file)
        if is_star_folder(file) or tool:
            return f"{tool} folder" if tool else "STAR folder"
        return _SAMPLES if files_of(file) else _OTHER_FOLDER
    form = kind(file)
    if form == "text":
        with opened(file) as stream:
            start = stream.read(16).lstrip(b"\xef\xbb\xbf")
        if start.startswith((b"#1.2", b"#1.3")):
            return "GCT"
        if start.startswith((b"!Series_", b"!Sample_", b"!series_")):
            return "series matrix"
    return form


def _from_published(found: Published, file: Path, *, average: bool) -> tuple[AnnData, list[str]]:
    axis = gene_axis(found.table, ORIENTATIONS[1])
    if gene_weight(found.table.rows) >= ENOUGH:
        axis = replace(axis, column=None)  # stable ids, before the symbols beside them
    cohort, said = assembled(
        found.table, file, axis, noun="genes", average=average, samples=found.samples, layers=found.layers
    )
    return with_info(cohort, unit=found.unit), [*found.notes, *said]


def _from_h5ad(file: Path) -> tuple[AnnData, list[str]]:
    if (form := hdf5_form(file)) != "h5ad":
        raise InputError(f"{file} is a {form} and no h5ad: write the matrix as text or h5ad, or see read_single_cell")
    cohort = read_h5ad(file, backed=False)
    if cohort.X is None:
        layers = f"its layers are {examples(cohort.layers)}" if len(cohort.layers) else "and it has no layer"
        raise InputError(f"{file} has no X, {layers}: set X to the one that holds expression, and write it again")
    if not cohort.obs_names.is_unique:
        repeated = cohort.obs_names[cohort.obs_names.duplicated()].unique()
        raise InputError(f"{file}: {len(repeated)} samples stand twice ({examples(repeated)}): name each once")
    return cohort, [f"{cohort.n_obs} samples x {cohort.n_vars} genes from an h5ad file, taken as they are"]
