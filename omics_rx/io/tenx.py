"""Single cells as 10x Genomics writes them: folders of three files, and .h5, of both versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core import budget
from omics_rx.core.errors import InputError, IntegrityError, MissingFileError, examples
from omics_rx.harmonize.symbols import numbered
from omics_rx.io.files import opened, text_lines
from omics_rx.io.hdf5_checks import HDF5_DAMAGE
from omics_rx.io.layout import fields
from omics_rx.io.market import read_market
from omics_rx.io.sparse_checks import check_matrix
from omics_rx.io.tenx_layout import chosen_matrices

if TYPE_CHECKING:
    from anndata import AnnData

_MATRIX = re.compile(r"^(?P<prefix>.*?)(?:count_matrix_sparse|matrix|counts?)?\.mtx(?:\.\w+)?$")
_H5 = re.compile(r"^(?P<prefix>.*?)(?:sample_)?(?:raw|filtered)_(?:feature|gene)_bc_matri(?:x|ces)(?:_h5)?\.h5$")
_ROLES = {
    "genes": re.compile(r"^(?:count_matrix_)?(?:features|genes)\.(?:tsv|txt|csv)(?:\.\w+)?$"),
    "barcodes": re.compile(r"^(?:count_matrix_)?(?:barcodes|cells)\.(?:tsv|txt)(?:\.\w+)?$"),
    "table": re.compile(r"^(?:obs|metadata|cells)\.csv(?:\.\w+)?$"),
}
_EXPRESSION = "Gene Expression"
_MOST_BESIDE = 2000


@dataclass(frozen=True)
class TenxFolder:
    """The files of one sample.

    Attributes
    ----------
    sample
        What their names share at the start, or the folder's name.
    matrix, genes
        Matrix Market file and the names of one of its axes.
    barcodes, table
        Names of its other axis, and a table of them; one of the two is there.
    """

    sample: str
    matrix: Path
    genes: Path
    barcodes: Path | None
    table: Path | None


def tenx_samples(folder: Path) -> tuple[list[TenxFolder], list[str]]:
    """Samples of a folder, in it or below it; raw matrices are passed over where filtered ones stand beside them.

    Raises
    ------
    MissingFileError
        If there is no matrix, or one lacks its genes or barcodes; the message names the file.
    """
    matrices = sorted(file for file in folder.rglob("*.mtx*") if _MATRIX.match(file.name))
    if not matrices:
        there = sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []
        lacking = "holds features and barcodes and lacks matrix.mtx" if _any_role(there) else "holds no matrix.mtx"
        raise MissingFileError(
            f"{folder} {lacking}: a 10x folder has matrix.mtx, features.tsv or genes.tsv, and barcodes.tsv, packed "
            f"or not (there: {examples(there)})"
        )
    if len({file.parent for file in matrices}) < len(matrices):  # STARsolo's other ways to count multiple reads
        matrices = [file for file in matrices if _prefix(file) or file.name.startswith("matrix")] or matrices
    found, said = chosen_matrices(matrices, folder, lambda file: _prefix(file).rstrip("_-. "))
    return [replace(tenx_files(file), sample=sample) for sample, file in found], said


def tenx_h5_samples(folder: Path) -> tuple[list[tuple[str, Path]], list[str]]:
    """Samples of a folder that holds 10x ``.h5`` files and no folder of three files."""
    files = sorted(file for file in folder.rglob("*.h5") if _H5.match(file.name))
    return chosen_matrices(files, folder, lambda file: _before(_H5, file)) if files else ([], [])


def _before(pattern: re.Pattern[str], file: Path) -> str:
    named = pattern.match(file.name)
    return named["prefix"].rstrip("_-. ") if named else ""


def _prefix(file: Path) -> str:
    """What stands before the usual name of a matrix, where its genes are called so, too."""
    named = _MATRIX.match(file.name)
    prefix = named["prefix"] if named else ""
    return prefix if prefix and any(other.name.startswith(prefix) for other in file.parent.iterdir()
                                    if other != file) else ""  # fmt: skip


def tenx_files(matrix: Path) -> TenxFolder:
    """Files that belong to a matrix: those beside it whose names begin alike."""
    named = _MATRIX.match(matrix.name)
    prefix = named["prefix"] if named else ""
    found: dict[str, Path] = {}
    for file in sorted(matrix.parent.iterdir()):
        if not file.name.startswith(prefix):
            continue
        for role, pattern in _ROLES.items():
            if pattern.match(file.name.removeprefix(prefix).lstrip("._-")):
                found.setdefault(role, file)
    lacking = [] if "genes" in found else [f"{prefix}features.tsv or {prefix}genes.tsv (the genes)"]
    if "barcodes" not in found and "table" not in found:
        lacking.append(f"{prefix}barcodes.tsv (the cells)")
    if lacking:
        there = sorted(file.name for file in matrix.parent.iterdir())
        raise MissingFileError(
            f"{matrix.parent} holds {matrix.name} and lacks {' and '.join(lacking)}, packed or not: copy or download "
            f"it again (there: {examples(there)})"
        )
    sample = prefix.rstrip("_-. ") or matrix.parent.name
    return TenxFolder(sample, matrix, found["genes"], found.get("barcodes"), found.get("table"))


def _any_role(names: list[str]) -> bool:
    return any(pattern.search(name) for name in names for pattern in _ROLES.values())


def read_tenx_folder(files: TenxFolder) -> tuple[AnnData, list[str]]:
    """Read the files of one sample; which axis holds genes is told by the number of names.

    Raises
    ------
    InputError, IntegrityError
        If a file is damaged, or the names do not fit the matrix.
    """
    values = read_market(files.matrix)
    genes = _names(files.genes)
    table = _cell_table(files.table) if files.table else None
    cells = (
        [row[0] for row in _names(files.barcodes)] if files.barcodes else list(table.index) if table is not None else []
    )
    n_rows, n_columns = values.shape
    said: list[str] = []
    if (n_rows, n_columns) == (len(genes), len(cells)):
        values = values.T
    elif (n_rows, n_columns) == (len(cells), len(genes)):
        said.append(f"{files.matrix.name} is cells x genes, told by the number of names")
    else:
        raise InputError(
            f"{files.matrix} has {n_rows} rows and {n_columns} columns, and there are {len(genes)} genes in "
            f"{files.genes.name} and {len(cells)} cells in {(files.barcodes or files.table or files.matrix).name}: "
            "the files are not of one run, or one is cut short"
        )
    var = pd.DataFrame({"gene_ids": [row[0] for row in genes]})
    if all(len(row) > 1 for row in genes):
        var["name"] = [row[1] for row in genes]
    if all(len(row) > 2 for row in genes):
        var["feature_types"] = [row[2] for row in genes]
    found, more = tenx_cells(values.tocsr(), var, cells, files.matrix)
    if table is not None:
        found.obs = found.obs.join(table.reindex(found.obs_names))
        lacking = int((~found.obs_names.isin(table.index)).sum())
        if lacking:
            more.append(f"{lacking} of {found.n_obs} cells are not in {files.table.name if files.table else ''}")
    return found, [*said, *more]


def tenx_cells(values: Any, var: pd.DataFrame, cells: list[str], file: Path) -> tuple[AnnData, list[str]]:
    """Cells x genes from cells x features: other features (antibodies, guides) go to ``obsm`` under their type."""
    from anndata import AnnData

    repeated = pd.Index(cells)[pd.Index(cells).duplicated()].unique()
    if len(repeated):
        raise InputError(f"{file}: {len(repeated)} cells stand twice ({examples(repeated)}): name each once")
    types = var["feature_types"] if "feature_types" in var else pd.Series(_EXPRESSION, index=var.index)
    is_gene = (types == _EXPRESSION).to_numpy()
    if not is_gene.any():
        raise InputError(f"{file} holds no gene expression, only {examples(types.unique())}: pass another file")
    names = var["name"] if "name" in var else var["gene_ids"]
    kept = var[is_gene].drop(columns="name", errors="ignore")
    index = pd.Index(numbered(names[is_gene].astype(str)), dtype=object)
    found = AnnData(
        _counts(values[:, np.flatnonzero(is_gene)]),
        obs=pd.DataFrame(index=pd.Index(cells, dtype=object)),
        var=kept.set_axis(index, axis=0),
    )
    said = []
    for kind in types[~is_gene].unique():
        here = np.flatnonzero((types == kind).to_numpy())
        if len(here) > _MOST_BESIDE:
            said.append(f"{len(here)} features of type {kind!r} were left out, for they are no genes")
            continue
        place = re.sub(r"\W+", "_", str(kind)).lower()
        columns = pd.Index(numbered(names.iloc[here].astype(str)), dtype=object)
        found.obsm[place] = pd.DataFrame(values[:, here].toarray(), index=found.obs_names, columns=columns)
        said.append(f"{len(here)} features of type {kind!r} are in obsm[{place!r}]")
    return found, said


def _counts(values: Any) -> Any:
    """Sparse values as float32 where no whole number loses digits."""
    large = values.nnz and float(np.abs(values.data).max()) > 2.0**24
    return values.astype(np.float64 if large else np.float32)


def _names(file: Path) -> list[list[str]]:
    mark = b"," if re.search(r"\.csv(?:\.\w+)?$", file.name) else b"\t"
    with text_lines(file) as lines:
        rows = [_unquoted(fields(line, mark)) for _, line in _filled(lines)]
    if not rows:
        raise InputError(f"{file} holds no name: copy or download it again")
    return rows


def _unquoted(row: list[str]) -> list[str]:
    """Fields of a row that was put in quotes as a whole."""
    return [field.strip().strip('"') for field in row[0].split("\t")] if len(row) == 1 and "\t" in row[0] else row


def _filled(lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    return ((number, line) for number, line in lines if line.strip())


def _cell_table(file: Path) -> pd.DataFrame:
    with opened(file) as stream:
        table = pd.read_csv(stream, index_col=0, low_memory=False)
    table.index = table.index.astype(str)
    repeated = table.index[table.index.duplicated()].unique()
    if len(repeated):
        raise InputError(f"{file}: {len(repeated)} cells stand twice ({examples(repeated)}): keep one row each")
    return table.rename_axis(None)


def read_tenx_h5(file: Path, handle: Any) -> tuple[AnnData, list[str]]:
    """Read an open 10x .h5: one group ``matrix`` (version 3) or one group a genome (version 2).

    Raises
    ------
    InputError
        If it holds several genomes, or is not whole.
    """
    groups = ["matrix"] if "matrix" in handle else sorted(handle)
    if len(groups) > 1:
        raise InputError(f"{file} holds {len(groups)} genomes ({examples(groups)}): read the human one by itself")
    group = handle[groups[0]]
    try:
        if "features" in group:
            parts = group["features"]
            told = {"gene_ids": "id", "name": "name", "feature_types": "feature_type"}
        else:
            parts, told = group, {"gene_ids": "genes", "name": "gene_names"}
        var = pd.DataFrame({column: parts[name].asstr()[:] for column, name in told.items() if name in parts})
        cells = list(group["barcodes"].asstr()[:])
        n_genes, n_cells = (int(size) for size in group["shape"][:])
        budget.check(max(n_genes, n_cells), budget.ROWS, str(file), "rows or columns")
        values = _csc((group["data"][:], group["indices"][:], group["indptr"][:]), (n_genes, n_cells))
    except InputError:
        raise
    except HDF5_DAMAGE as error:
        raise IntegrityError(f"{file} is no whole 10x file ({error}): copy or download it again") from error
    if (len(var), len(cells)) != (n_genes, n_cells):
        raise IntegrityError(
            f"{file} says {n_genes} genes x {n_cells} cells and names {len(var)} x {len(cells)}: copy it again"
        )
    return tenx_cells(values.T.tocsr(), var, cells, file)


def _csc(parts: tuple[Any, Any, Any], shape: tuple[int, int]) -> Any:
    from scipy import sparse

    values = sparse.csc_matrix(parts, shape=shape)
    check_matrix(values, "the matrix")
    return values
