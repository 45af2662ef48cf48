"""A cohort from any file or folder that one of the readers knows, told by its content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.paths import existing
from omics_rx.io.bulk import read_bulk
from omics_rx.io.clinical_tables import ClinicalSource
from omics_rx.io.files import kind, opened
from omics_rx.io.gdc_mirna import gdc_kind, has_gdc_mirna
from omics_rx.io.hdf5_checks import hdf5_form
from omics_rx.io.mirna import read_mirna
from omics_rx.io.orientation import MirnaTableError
from omics_rx.io.rcc import is_rcc, rcc_files
from omics_rx.io.sample_files import several
from omics_rx.io.single_cell import read_single_cell

if TYPE_CHECKING:
    from anndata import AnnData


@in_words
def read_cohort(
    path: Path | str | Sequence[Path | str],
    *,
    clinical: ClinicalSource | Sequence[ClinicalSource] | None = None,
    endpoint: str | None = None,
    time_unit: str | None = None,
    unit: str | None = None,
) -> AnnData:
    """Read bulk expression, microRNAs or single cells, whichever a file or folder holds.

    Parameters
    ----------
    path
        Anything that :func:`read_bulk`, :func:`read_mirna` or :func:`read_single_cell` reads.
    clinical, endpoint, time_unit
        As in :func:`read_bulk`; cells have no clinical table.
    unit
        Unit of bulk values, where the file does not say; of cells and microRNAs it is told by the values.

    Raises
    ------
    MissingFileError, IntegrityError, InputError
        As the reader that fits.
    """
    if (files := several(path)) is not None:
        return read_bulk(files, clinical=clinical, endpoint=endpoint, time_unit=time_unit, unit=unit)
    file = existing(path)
    cells = _holds_cells(file)
    mirnas = not cells and _holds_mirnas(file)
    if unit is not None and (cells or mirnas):
        raise InputError(f"{file} holds cells or microRNAs, whose unit is told by their values: leave the unit out")
    if cells:
        if clinical is not None:
            raise InputError(f"{file} holds single cells, which take no clinical table: leave it out")
        return read_single_cell(file)
    if mirnas:
        return read_mirna(file, clinical=clinical, endpoint=endpoint, time_unit=time_unit)
    try:
        return read_bulk(file, clinical=clinical, endpoint=endpoint, time_unit=time_unit, unit=unit)
    except MirnaTableError:
        return read_mirna(file, clinical=clinical, endpoint=endpoint, time_unit=time_unit)


def _holds_cells(file: Path) -> bool:
    if file.is_dir():
        return any(file.rglob("*.mtx*")) or any(file.rglob("*_bc_matri*.h5"))
    form = kind(file)
    if form == "hdf5":
        return hdf5_form(file) in {"10x", "loom", "h5mu"}
    if form != "text":
        return False
    with opened(file) as stream:
        return bool(stream.read(16).startswith(b"%%MatrixMarket"))


def _holds_mirnas(file: Path) -> bool:
    if file.is_dir():
        return bool(rcc_files(file)) or has_gdc_mirna(file)
    return kind(file) == "text" and (is_rcc(file) or gdc_kind(file) is not None)
