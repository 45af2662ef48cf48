"""Expression of cell lines in the files of their publishers: GDSC's RMA matrix, DepMap's omics matrices, CCLE's GCT."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from omics_rx.core.cohort import as_cohort, info, with_info
from omics_rx.core.errors import InputError, examples
from omics_rx.core.paths import existing
from omics_rx.harmonize.symbols import numbered
from omics_rx.io.bulk import read_bulk
from omics_rx.io.files import Line, kind, text_lines
from omics_rx.io.said import notes
from omics_rx.io.table import Table, parse

if TYPE_CHECKING:
    from anndata import AnnData

    Expression: TypeAlias = Path | str | pd.DataFrame | AnnData

_RMA_PREFIX = "DATA."
_UNITS_BY_NAME = (("rpkm", "FPKM"), ("fpkm", "FPKM"), ("tpm", "TPM"), ("counts", "counts"), ("reads", "counts"))


def read_line_expression(source: Expression) -> tuple[AnnData, pd.DataFrame, list[str]]:
    """Read expression of cell lines, its lines under the names of the file.

    Parameters
    ----------
    source
        GDSC's ``Cell_line_RMA_proc_basalExp.txt``, a DepMap ``Omics*Expression*.csv``, a CCLE GCT, anything that
        :func:`omics_rx.io.read_bulk` reads, a frame, or an AnnData.

    Returns
    -------
    tuple
        Cells x genes with the file's identifiers; the names and accessions of its lines, for telling which they are;
        and what was found and decided.

    Raises
    ------
    InputError
        If the file holds no expression of lines, or one line twice.
    """
    if not isinstance(source, str | Path):
        cells = as_cohort(source)
        return cells, pd.DataFrame({"name": cells.obs_names}, index=cells.obs_names), []
    file = existing(source)
    start = _header(file)
    if start.startswith(b"GENE_SYMBOLS"):
        return _rma(file)
    if b"ModelID" in start or (start.startswith((b",", b'"",', b"DepMap_ID,")) and b" (" in start):
        return _depmap(file)
    cells = read_bulk(file, domain="cell_line", unit=_unit_by_name(file))
    names = pd.Series(cells.obs_names, index=cells.obs_names).str.replace(r"\s*\(ACH-\d{6}\)$", "", regex=True)
    accession = pd.Series(cells.obs_names, index=cells.obs_names).str.extract(r"(ACH-\d{6})")[0]
    return cells, pd.DataFrame({"depmap_id": accession, "name": names}), notes(cells)


def _header(file: Path) -> bytes:
    if file.is_dir() or kind(file) != "text":
        return b""
    with text_lines(file) as lines:
        return next((line for _, line in lines if line.strip()), b"")


def _unit_by_name(file: Path) -> str | None:
    """Unit that CCLE writes in the names of its files; what is in them does not tell RPKM from TPM."""
    name = file.name.lower()
    if "logp1" in name or not name.startswith("ccle"):
        return None
    return next((unit for word, unit in _UNITS_BY_NAME if word in name), None)


def _rma(file: Path) -> tuple[AnnData, pd.DataFrame, list[str]]:
    """GDSC's microarrays: genes x ``DATA.<COSMIC id>``, log2 intensity after RMA (Iorio 2016).

    Rows of probe sets that stand for no gene have no symbol and are left out. Four lines were put on a second array,
    written ``DATA.909976.1``, which is set aside.
    """
    from anndata import AnnData

    nameless: list[int] = []
    with text_lines(file) as lines:
        table = parse(_named(lines, nameless), file, delimiter="\t", n_annotations=1)
    strange = [name for name in table.columns if not name.startswith(_RMA_PREFIX)]
    if strange:
        raise InputError(f"{file}: {len(strange)} columns are not DATA.<COSMIC id> ({examples(strange)})")
    cosmic = pd.Series([name.removeprefix(_RMA_PREFIX).split(".")[0] for name in table.columns])
    again = cosmic.duplicated().to_numpy()
    said = [f"GDSC microarrays: {(~again).sum()} lines x {len(table.rows)} genes, log2 intensity"]
    if nameless:
        said.append(f"{len(nameless)} rows without a gene symbol were left out")
    if again.any():
        names = examples(np.array(table.columns)[again])
        said.append(f"{int(again.sum())} second arrays of a line were set aside ({names})")
    ids = pd.Index(cosmic[~again].to_numpy(), dtype=object)
    cells = AnnData(
        np.ascontiguousarray(table.numbers.T[~again]),
        obs=pd.DataFrame(index=ids),
        var=pd.DataFrame(index=pd.Index(numbered(table.rows), dtype=object)),
    )
    told = with_info(cells, unit="log2 intensity", domain="cell_line", origin=file.name)
    return told, pd.DataFrame({"cosmic_id": ids}, index=ids), said


def _named(lines: Iterator[Line], nameless: list[int]) -> Iterator[Line]:
    for number, line in lines:
        if line.startswith(b"\t"):
            nameless.append(number)
        else:
            yield number, line


def _depmap(file: Path) -> tuple[AnnData, pd.DataFrame, list[str]]:
    """DepMap's ``Omics*`` matrices: models x ``GENE (ENTREZ)``, log2(TPM + 1).

    Newer releases hold several sequencings of a model and mark the one to use (``IsDefaultEntryForModel``).
    """
    from anndata import AnnData

    with text_lines(file) as lines:
        table = parse(lines, file, delimiter=",")
    models, kept, said = _models(table, file)
    genes = [place for place, name in enumerate(table.columns) if "(" in name or name.startswith("ENSG")]
    if not genes:
        raise InputError(f"{file}: no column is named GENE (ENTREZ), as DepMap names them ({examples(table.columns)})")
    values = table.numbers[kept][:, genes] if len(genes) < len(table.columns) else table.numbers[kept]
    ids = pd.Index(models[kept], dtype=object)
    if not ids.is_unique:
        repeated = ids[ids.duplicated()].unique()
        raise InputError(
            f"{file}: {len(repeated)} models stand in several rows ({examples(repeated)}): keep one of each"
        )
    names = pd.Index(numbered(table.columns[place] for place in genes), dtype=object)
    cells = AnnData(np.ascontiguousarray(values), obs=pd.DataFrame(index=ids), var=pd.DataFrame(index=names))
    unit = "log2(TPM + 1)" if "logp1" in file.name.lower() else info(cells).unit
    told = with_info(cells, unit=unit, domain="cell_line", origin=file.name)
    said.append(f"DepMap matrix: {len(ids)} models x {len(genes)} genes, {unit}")
    return told, pd.DataFrame({"depmap_id": ids}, index=ids), said


def _models(table: Table, file: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Model of each row, which rows to keep, and what was decided."""
    notes_ = table.annotations
    models = np.array(notes_.get("ModelID", table.rows), dtype=object)
    if not any(str(model).startswith("ACH-") for model in models):
        raise InputError(f"{file}: no row is named by a DepMap id such as ACH-000019 ({examples(models)})")
    if "IsDefaultEntryForModel" not in notes_:
        return models, np.ones(len(models), dtype=bool), []
    kept = notes_["IsDefaultEntryForModel"].str.lower().isin({"yes", "true", "1"}).to_numpy()
    lost = sorted(set(models) - set(models[kept]))
    if lost:
        raise InputError(f"{file}: {len(lost)} models have no default entry ({examples(lost)}): download it again")
    said = [f"{int((~kept).sum())} further sequencings of a model were set aside"] if not kept.all() else []
    return models, kept, said
