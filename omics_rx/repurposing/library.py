"""Perturbation libraries from files: what each drug does to each gene, one row a profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, IntegrityError, MissingFileError, examples

# how collections name a profile: "ascorbic acid-1610" (CMap), "tretinoin DB00755 mouse GSE31280 sample 2829" (GEO)
_TAIL = re.compile(r"(-\d+| (DB\d{5}|\d+) (human|mouse|rat) GSE\d+ sample \d+)$")
_SIDE = re.compile(r"[ _-](up|dn|down)$", re.IGNORECASE)


def read_library(
    path: Path | str, *, down: Path | str | None = None, names: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Read a perturbation library for :meth:`Ranker.fit`; the format is told from the content.

    Formats: GMT of drug signatures, either two files (up, and ``down``) or one whose sets end in ``_UP`` and ``_DN``;
    GCT and GCTX; a delimited table of profiles x genes, such as the consensus profiles of LINCS L1000.

    Parameters
    ----------
    path
        The file; of two GMT files the one with the genes that go up.
    down
        The GMT file with the genes that go down.
    names
        Profile name to the drug's name, id or InChIKey; profiles it does not hold are left out. None takes profile
        names as they are, without the numbers that CMap and GEO collections append.

    Returns
    -------
    DataFrame
        Profiles x genes. From GMT 1 is up, -1 down and 0 neither; the sets of one drug are averaged.

    Raises
    ------
    MissingFileError, IntegrityError, InputError
        If the file is not there or damaged; if it holds no profile, or a set stands on both sides or on one only.
    """
    file = Path(path)
    if not file.is_file():
        raise MissingFileError(f"no file {file}: name a perturbation library")
    if file.read_bytes()[:8] == b"\x89HDF\r\n\x1a\n":
        table = _from_gctx(file)
    elif down is not None or _is_gmt(file):
        table = _from_gmt(file, down)
    else:
        table = _from_table(file)
    table.index = _named(table.index, names)
    table = table[table.index.notna()]
    if table.empty:
        raise InputError(f"{file}: none of its profiles is named in names ({examples(names or ())})")
    return table.groupby(level=0, sort=False).mean() if down is not None or _is_gmt(file) else table


def _named(rows: pd.Index, names: Mapping[str, str] | None) -> pd.Index:
    found = [_TAIL.sub("", str(row)).strip() if names is None else names.get(str(row)) for row in rows]
    return pd.Index(found, dtype=object, name="drug")


def _is_gmt(file: Path) -> bool:
    return file.name.casefold().endswith((".gmt", ".gmt.gz"))


def _from_gmt(file: Path, down: Path | str | None) -> pd.DataFrame:
    from omics_rx.io import read_gene_sets

    if down is not None:
        sides = {"up": read_gene_sets(file), "down": read_gene_sets(down)}
    else:
        sides = {"up": {}, "down": {}}
        for name, genes in read_gene_sets(file).items():
            side = _SIDE.search(name)
            if side is None:
                raise InputError(f"{file}: set {name} does not say its side: end it in _UP or _DN, or give down=")
            sides["up" if side[1].casefold() == "up" else "down"][_SIDE.sub("", name)] = genes
    single = sorted(set(sides["up"]) ^ set(sides["down"]))
    if single:
        raise InputError(f"{len(single)} signatures have one side only ({examples(single)}): both are needed")
    genes = sorted({gene for sets in sides.values() for own in sets.values() for gene in own})
    at = {gene: i for i, gene in enumerate(genes)}
    rows = list(sides["up"])
    values = np.zeros((len(rows), len(genes)), dtype=np.float32)
    for sign, which in ((1, "up"), (-1, "down")):
        for row, name in enumerate(rows):
            columns = np.array([at[gene] for gene in sides[which][name]])
            values[row, columns] += sign  # a gene on both sides says nothing
    return pd.DataFrame(values, index=rows, columns=genes)


def _from_gctx(file: Path) -> pd.DataFrame:
    """CMap's HDF5 layout: the matrix is stored profiles x genes."""
    import h5py

    try:
        with h5py.File(file) as store:
            values = store["0/DATA/0/matrix"][()]
            columns, rows = store["0/META/COL"], store["0/META/ROW"]
            named = "pert_iname" if "pert_iname" in columns else "id"
            symbols = next((name for name in ("pr_gene_symbol", "gene_symbol") if name in rows), "id")
            index, genes = _texts(columns[named][()]), _texts(rows[symbols][()])
    except (KeyError, OSError) as error:
        raise IntegrityError(f"{file} is no GCTX file or is damaged ({error}): copy it again") from error
    return pd.DataFrame(values, index=index, columns=genes)


def _texts(values: np.ndarray) -> list[str]:
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def _from_table(file: Path) -> pd.DataFrame:
    from omics_rx.core import cohort
    from omics_rx.io import read_bulk, read_table
    from omics_rx.io.files import text_lines

    with text_lines(file) as lines:
        first = next((line for _, line in lines), b"")
    if first.startswith(b"#1."):
        return cohort.expression(read_bulk(file))
    return read_table(file).frame()
