"""Single cells: files and folders in, cells x genes out, with what was found and decided on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError, examples
from omics_rx.core.paths import existing
from omics_rx.harmonize.cell_sums import are_counts, places_of_counts
from omics_rx.harmonize.symbols import recognised
from omics_rx.io.cell_columns import one_unit, read_h5mu, tidy_cells
from omics_rx.io.cell_files import read_dense, read_h5ad, read_loom
from omics_rx.io.files import kind as file_kind
from omics_rx.io.files import not_read, opened
from omics_rx.io.hdf5_checks import hdf5_form
from omics_rx.io.said import with_reading
from omics_rx.io.tenx import read_tenx_folder, read_tenx_h5, tenx_files, tenx_h5_samples, tenx_samples

if TYPE_CHECKING:
    from anndata import AnnData

_N_PROBE = 2000
_MOST_GENES = 100_000  # of a species; a longer axis holds cells


@in_words
def read_single_cell(source: Path | str | Mapping[str, Path | str], *, backed: bool = False) -> AnnData:
    """Read single cells; the format is told from the content.

    Formats: 10x folders of version 2 (``genes.tsv``) and 3 (``features.tsv.gz``), packed or not, with or without a
    prefix to the names; 10x ``.h5`` of both versions; h5ad; loom; dense delimited text with genes in either axis.
    Nothing is filtered or normalised: see :func:`qc` and :func:`normalise`. :func:`notes` says what was found.

    Parameters
    ----------
    source
        File or folder, or sample to file or folder. Several samples (a mapping, or a folder with several matrices)
        are joined over the genes they share, cells named ``sample_cell``, the sample in ``obs["sample"]``.
    backed
        Open one h5ad and leave its matrices on disk.

    Returns
    -------
    anndata.AnnData
        Cells x genes, of domain ``single_cell``; unit ``counts`` where all values (of a file on disk, those of the
        first 2,000 cells) are whole numbers. Antibodies and guides of 10x files are in ``obsm``.

    Raises
    ------
    MissingFileError, IntegrityError
        If a file is not there (of a 10x folder, the message names which), or is damaged.
    InputError
        If axes are swapped, cells stand twice, samples share no gene, or ``backed`` is asked of anything but one h5ad.
    """
    if isinstance(source, Mapping):
        if backed:
            raise InputError("backed=True opens one h5ad: write the samples to one file first")
        if not source:
            raise InputError("no sample was given: pass sample names to files or folders")
        read = {str(name): _one_sample(existing(path), str(name)) for name, path in source.items()}
        return _joined(
            {name: cells for name, (cells, _) in read.items()}, [n for _, said in read.values() for n in said]
        )
    file = existing(source)
    parts = _parts(file, backed=backed)
    if len(parts) > 1:
        samples = [name for name, _, _ in parts]
        if len(set(samples)) < len(samples):
            raise InputError(f"{file} holds several matrices of one name ({examples(samples)}): pass them by sample")
        return _joined({name: cells for name, cells, _ in parts}, [n for _, _, said in parts for n in said])
    _, cells, said = parts[0]
    return _finished(cells, said, file.name)


def _one_sample(file: Path, sample: str) -> tuple[AnnData, list[str]]:
    parts = _parts(file, backed=False)
    if len(parts) > 1:
        raise InputError(
            f"{file}, given for sample {sample!r}, holds {len(parts)} matrices "
            f"({examples(name for name, _, _ in parts)}): pass each as a sample of its own"
        )
    _, cells, said = parts[0]
    _check(cells, file.name)
    return cells, [f"{sample}: {sentence}" for sentence in said]


def _parts(file: Path, *, backed: bool) -> list[tuple[str, AnnData, list[str]]]:
    """Sample, cells and sentences of each matrix in a file or folder."""
    if backed and (file.is_dir() or file_kind(file) != "hdf5" or hdf5_form(file) != "h5ad"):
        raise InputError(f"{file} is no h5ad, and only h5ad can stay on disk: read it, write it as h5ad, and open that")
    if file.is_dir():
        packed, said = tenx_h5_samples(file) if next(file.rglob("*.mtx*"), None) is None else ([], [])
        found = [(name, *_from_hdf5(h5, backed=False)) for name, h5 in packed]
        if not packed:
            samples, said = tenx_samples(file)
            found = [(one.sample, *read_tenx_folder(one)) for one in samples]
        return [(name, cells, [*said, *more]) for name, cells, more in found]
    form = file_kind(file)
    if form == "hdf5":
        return [(file.stem, *_from_hdf5(file, backed=backed))]
    if form != "text":
        raise not_read(file, form, "single cells", "a 10x folder or file, h5ad, loom or text")
    with opened(file) as stream:
        is_market = stream.read(16).startswith(b"%%MatrixMarket")
    if is_market:
        one = tenx_files(file)
        return [(one.sample, *read_tenx_folder(one))]
    return [(file.name.split(".")[0], *read_dense(file))]


def _from_hdf5(file: Path, *, backed: bool) -> tuple[AnnData, list[str]]:
    import h5py

    form = hdf5_form(file)
    if form == "h5ad":
        cells = read_h5ad(file, backed=backed)
        return cells, ["h5ad, its matrices left on disk" if backed else "h5ad, taken as it is"]
    with h5py.File(file, "r") as handle:
        if form == "loom":
            return read_loom(file, handle), ["loom"]
        if form == "h5mu":
            return read_h5mu(file)
        if form == "10x":
            cells, said = read_tenx_h5(file, handle)
            return cells, ["10x h5", *said]
    raise InputError(f"{file} is an {form}: no h5ad, 10x or loom file")


def _joined(samples: Mapping[str, AnnData], said: Sequence[str]) -> AnnData:
    """Cells of several samples over the genes all of them have."""
    import anndata

    by_id = all("gene_ids" in one.var and one.var["gene_ids"].is_unique for one in samples.values())
    keys = {name: pd.Index(one.var["gene_ids"] if by_id else one.var_names) for name, one in samples.items()}
    first = next(iter(samples))
    shared = keys[first]
    for key in keys.values():
        shared = shared[shared.isin(key)]
    if not len(shared):
        shown = "; ".join(f"{name}: {examples(key, 2)}" for name, key in keys.items())
        raise InputError(f"the samples share no gene ({shown}): bring each to symbols with harmonize.genes, then join")
    one_unit({name: _unit(one)[0] for name, one in samples.items()})
    var = samples[first].var.iloc[keys[first].get_indexer(shared)]
    parts, more = [], []
    for name, one in samples.items():
        part = one[:, keys[name].get_indexer(shared)].copy()
        part.var = var.copy()
        part.obs_names = pd.Index([f"{name}_{cell}" for cell in one.obs_names], dtype=object)
        if "sample" in part.obs:
            part.obs = part.obs.rename(columns={"sample": "sample_as_given"})
        lost = len(keys[name]) - len(shared)
        if lost:
            absent = one.var_names[~keys[name].isin(shared)]
            more.append(f"{name}: {lost} genes that not all samples have were left out ({examples(absent)})")
        if one.raw is not None:
            more.append(f"{name}: its raw was left out")
        parts.append(part)
    cells = anndata.concat(parts, join="inner", merge="same", label="sample", keys=list(samples))
    sizes = ", ".join(f"{name} {one.n_obs}" for name, one in samples.items())
    told = [*said, f"{len(samples)} samples joined over {len(shared)} genes (cells: {sizes})", *more]
    return _finished(cells, told, " + ".join(samples))


def _finished(cells: AnnData, said: Sequence[str], origin: str) -> AnnData:
    """Cells that say their unit, domain and reading, without a copy of their matrices."""
    from anndata import AnnData

    _check(cells, origin)
    cells, tidied = tidy_cells(cells, origin)
    unit, found = _unit(cells)
    told = [*said, *tidied, f"{cells.n_obs} cells x {cells.n_vars} genes", *found]
    record = with_info(AnnData(uns=dict(cells.uns)), unit=unit, domain="single_cell", origin=origin)
    cells.uns = with_reading(record, told).uns
    return cells


def _check(cells: AnnData, origin: str) -> None:
    if 0 in cells.shape:
        raise InputError(f"{origin} holds {cells.n_obs} cells and {cells.n_vars} genes: nothing to work on")
    repeated = cells.obs_names[cells.obs_names.duplicated()].unique() if not cells.obs_names.is_unique else []
    if len(repeated):
        raise InputError(
            f"{origin}: {len(repeated)} names stand for several cells ({examples(repeated)}): pass the samples apart, "
            "as sample to file, or name each cell once"
        )
    if cells.n_obs > _MOST_GENES:
        return
    rows, columns = recognised(cells.obs_names[:_N_PROBE]), recognised(cells.var_names[:_N_PROBE])
    if rows > 0.5 and columns < 0.1:
        raise InputError(
            f"{origin}: the axes are swapped, for the cells are named as genes ({examples(cells.obs_names)}) and the "
            f"genes are not ({examples(cells.var_names)}): write it transposed"
        )


def _unit(cells: AnnData) -> tuple[str, list[str]]:
    """Unit of the values, and sentences about values that are no counts."""
    if cells.X is None:
        places = places_of_counts(cells)
        return "unknown", [f"there is no X; counts are in {', '.join(places)}" if places else "there is no X"]
    values: Any = cells.X[:_N_PROBE] if cells.isbacked else cells.X
    if are_counts(values):
        return "counts", ["the first 2,000 cells hold counts"] if cells.isbacked and cells.n_obs > _N_PROBE else []
    numbers = np.asarray(values.data if hasattr(values, "nnz") else values)
    low = "scaled" if float(np.nanmin(numbers)) < 0 else "normalised"
    places = places_of_counts(cells)
    where = f"; whole numbers are in {', '.join(places)}" if places else ""
    return "unknown", [f"X holds no counts: values are {low}, up to {float(np.nanmax(numbers)):.4g}{where}"]
