"""Perturbation libraries from files: what each drug does to each gene, one row a profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omics_rx import harmonize
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, IntegrityError, examples
from omics_rx.core.paths import existing
from omics_rx.core.work import log
from omics_rx.harmonize.symbols import current_symbols
from omics_rx.repurposing import srges

# how collections name a profile: "ascorbic acid-1610" (CMap), "tretinoin DB00755 mouse GSE31280 sample 2829" (GEO)
_TAIL = re.compile(r"(-\d+| (DB\d{5}|\d+) (human|mouse|rat) GSE\d+ sample \d+)$")
_SIDE = re.compile(r"[ _-](up|dn|down)$", re.IGNORECASE)
_DRUG_NAMES = (
    "pert_iname", "cmap_name", "drug_id", "drug", "drug_name", "compound", "perturbagen", "pert_name", "name",
    "inchikey", "inchi_key", "pert_desc", "pert_id",
)  # fmt: skip
_GENE_NAMES = ("pr_gene_symbol", "gene_symbol", "symbol", "gene", "pr_gene_id", "gene_id", "entrez_id")
# columns of numbers that describe a profile
_ABOUT = re.compile(
    r"dose|time|conc|plate|well|batch|replicate|^rep$|^n_?|_n$|count|tas$|_id$|^id$|distil|_q75|_cc|strength|quality|"
    r"passage|day|hour|lane|index|^unnamed|year|zmad",
    re.IGNORECASE,
)
_CONDITIONS = frozenset(name for names in srges.COLUMNS.values() for name in names)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_MISSING = -666.0  # how CMap writes what was not measured
_FEW_STEMS = 5


@in_words
def read_library(
    path: Path | str, *, down: Path | str | None = None, names: Mapping[str, str] | None = None,
    conditions: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Read a perturbation library for :meth:`Ranker.fit`; the format is told from the content.

    Formats: GMT of drug signatures, either two files (up, and ``down``) or one whose sets end in ``_UP`` and ``_DN``;
    GCT (1.2, 1.3) and GCTX; a delimited table of profiles x genes or genes x profiles, such as the consensus profiles
    of LINCS L1000. Columns that describe a profile (dose, time, plate) are annotation and no genes.

    Parameters
    ----------
    path
        The file; of two GMT files the one with the genes that go up.
    down
        The GMT file with the genes that go down.
    names
        Profile name to the drug's name, id or InChIKey; profiles it does not hold are left out. None takes profile
        names as they are; the numbers that CMap and GEO collections append are cut off where the full name is no drug
        that is known.
    conditions
        Whether to keep dose (uM), time (hours) and line of each profile, where the file tells all three, as first
        columns ``dose``, ``time`` and ``line``; with them a ranking shows the sRGES of each drug.

    Returns
    -------
    DataFrame
        Profiles x genes, NaN where a profile lacks a gene. From GMT 1 is up, -1 down and 0 neither; the sets of one
        drug are averaged.

    Raises
    ------
    MissingFileError, IntegrityError, InputError
        If the file is not there or damaged; if it holds no profile, or a set stands on both sides or on one only.
    """
    file = existing(path, what="perturbation library")
    if file.is_dir():
        raise InputError(f"{file} is a folder: name a perturbation library")
    with file.open("rb") as start:
        begins = start.read(len(_HDF5))
    if begins == _HDF5:
        table = _from_gctx(file)
    elif down is not None or _is_gmt(file):
        table = _from_gmt(file, down)
    else:
        table = _from_table(file)
    about = table.attrs.pop("about", None)
    told = srges.conditions(about) if conditions and about is not None else None
    if told is not None:
        table = pd.concat([told.set_axis(table.index), table], axis=1)
    table.index = _named(table.index, names)
    table = table[table.index.notna()]
    if table.empty:
        raise InputError(f"{file}: none of its profiles is named in names ({examples(names or ())})")
    return table.groupby(level=0, sort=False).mean() if down is not None or _is_gmt(file) else table


def _named(rows: pd.Index, names: Mapping[str, str] | None) -> pd.Index:
    if names is not None:
        return pd.Index([names.get(str(row)) for row in rows], dtype=object, name="drug")
    return pd.Index(without_tails([str(row) for row in rows]), dtype=object, name="drug")


def without_tails(rows: list[str]) -> list[str]:
    """Names of profiles as names of drugs: the full one where it is a drug's, else without what a collection appends.

    Numbers are not cut off where most rows would become one (``compound-1``, ``compound-2``).

    Examples
    --------
    >>> without_tails(["MK-2206", "ascorbic acid-1610"])
    ['MK-2206', 'ascorbic acid']
    """
    tailed = [row for row in dict.fromkeys(rows) if _TAIL.search(row)]
    unknown = [
        row for row, key in zip(tailed, harmonize.drugs.identify(tailed)["drug_id"], strict=True) if pd.isna(key)
    ]
    stems = pd.Series([_TAIL.sub("", row).strip() for row in unknown], index=unknown, dtype=object)
    if len(stems) > _FEW_STEMS and stems.value_counts().iloc[0] * 2 > len(stems):
        return [row.strip() for row in rows]
    cut = stems.to_dict()
    return [cut.get(row, row.strip()) for row in rows]


def tidy(library: Any) -> pd.DataFrame:
    """Profiles x genes of a frame as a user hands it in: named by drug, without annotation, genes along the columns.

    Raises
    ------
    InputError
        If it is no frame, or rows are numbers and no column names drugs.
    """
    if not isinstance(library, pd.DataFrame):
        raise InputError(f"a library is a frame of profiles x genes or a file for read_library, not a "
                         f"{type(library).__name__}")  # fmt: skip
    table = library.copy()
    by_name = {str(name).strip().casefold(): name for name in table.columns}
    texts = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    named = next((by_name[name] for name in _DRUG_NAMES if name in by_name and by_name[name] in texts), None)
    if pd.api.types.is_numeric_dtype(table.index.dtype):
        if named is None:
            raise InputError(
                f"rows of the library have numbers for names ({examples(table.index)}) and no column is one of "
                f"{', '.join(_DRUG_NAMES[:6])}: name rows by drug"
            )
        table.index = pd.Index(table[named].astype(str), dtype=object)
    table = table.drop(columns=texts)
    return _without_annotation(_upright(table))


def _upright(table: pd.DataFrame) -> pd.DataFrame:
    """Profiles along the rows: turned where the rows are genes and the columns are none."""
    if min(table.shape) == 0 or _share_of_genes(table.columns) >= 0.5 or _share_of_genes(table.index) < 0.5:
        return table
    log.warning("the library has genes along its rows and was turned round")
    return table.T


def _share_of_genes(names: pd.Index) -> float:
    sample = [str(name) for name in names[:400]]
    return float((current_symbols(sample)["status"] != "unknown").mean()) if sample else 0.0


def _without_annotation(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out columns of numbers that describe a profile: named so, and no gene; where most are genes all others."""
    status = current_symbols(table.columns.astype(str))["status"].to_numpy()
    unknown = status == "unknown"
    about = np.array([bool(_ABOUT.search(str(name))) for name in table.columns]) & unknown
    gone = unknown if unknown.mean() < 0.5 else about
    if gone.any():
        log.warning("%d columns of the library are no genes and were left out (%s)", int(gone.sum()),
                    examples(table.columns[gone]))  # fmt: skip
    kept: pd.DataFrame = table.loc[:, ~gone]
    return kept


def _is_gmt(file: Path) -> bool:
    return file.name.casefold().endswith((".gmt", ".gmt.gz"))


def _from_gmt(file: Path, down: Path | str | None) -> pd.DataFrame:
    from omics_rx.io import read_gene_sets

    sides: dict[str, dict[str, list[str]]] = {"up": {}, "down": {}}
    if down is not None:
        sides = {"up": _unweighted(read_gene_sets(file), file), "down": _unweighted(read_gene_sets(down), Path(down))}
    else:
        for name, listed in _unweighted(read_gene_sets(file), file).items():
            side = _SIDE.search(name)
            if side is None:
                raise InputError(f"{file}: set {name} does not say its side: end it in _UP or _DN, or give down=")
            sides["up" if side[1].casefold() == "up" else "down"][_SIDE.sub("", name)] = listed
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


def _unweighted(sets: Mapping[str, list[str] | dict[str, float]], file: Path) -> dict[str, list[str]]:
    """Sets as lists of genes; weights would be lost here, and their signs with them."""
    weighed = [name for name, genes in sets.items() if isinstance(genes, dict)]
    if weighed:
        raise InputError(
            f"{file}: {len(weighed)} sets weigh their genes ({examples(weighed)}), and a library of sets has an up and "
            "a down side without weights: give profiles, drugs x genes, in their place"
        )
    return {name: list(genes) for name, genes in sets.items()}


def _from_gctx(file: Path) -> pd.DataFrame:
    """CMap's HDF5 layout: the matrix is stored profiles x genes."""
    import h5py

    try:
        with h5py.File(file) as store:
            values = store["0/DATA/0/matrix"][()]
            columns, rows = store["0/META/COL"], store["0/META/ROW"]
            index, genes = _texts(_first_of(columns, _DRUG_NAMES)[()]), _texts(_first_of(rows, _GENE_NAMES)[()])
            about = {name: _texts(columns[name][()]) for name in _CONDITIONS if name in columns}
    except (KeyError, OSError) as error:
        raise IntegrityError(f"{file} is no GCTX file or is damaged ({error}): copy it again") from error
    if values.shape != (len(index), len(genes)):
        raise IntegrityError(f"{file} has {values.shape} values for {len(index)} profiles and {len(genes)} genes: copy "
                             "it again")  # fmt: skip
    table = pd.DataFrame(np.where(values == _MISSING, np.nan, values), index=index, columns=genes)
    return _with_about(table, about)


def _first_of(held: Any, names: tuple[str, ...]) -> Any:
    return held[next((name for name in names if name in held and not _is_empty(held[name][()])), "id")]


def _is_empty(values: np.ndarray) -> bool:
    known = set(_texts(values[:50])) - {"", "-666", "nan", "NA"}
    return not known


def _texts(values: np.ndarray) -> list[str]:
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def _from_table(file: Path) -> pd.DataFrame:
    from omics_rx.core import cohort
    from omics_rx.io import read_bulk, read_table
    from omics_rx.io.files import text, text_lines

    with text_lines(file) as lines:
        first = next((line for _, line in lines), b"")
    if first.startswith(b"#1.3"):
        with text_lines(file) as lines:
            return _from_gct3([text(line).split("\t") for _, line in lines], file)
    if first.startswith(b"#1."):
        return cohort.expression(read_bulk(file))
    read = read_table(file)
    table = read.frame()
    by_name = {str(name).strip().casefold(): name for name in read.annotations}
    named = next((by_name[name] for name in _DRUG_NAMES if name in by_name), None)
    if named is not None and _share_of_genes(table.columns) >= 0.5:
        table.index = pd.Index(read.annotations[named].astype(str), dtype=object)
    told = {str(name): read.annotations[name].astype(str).tolist() for name in read.annotations} | {
        str(name): table[name].astype(str).tolist() for name in table if str(name).casefold() in _CONDITIONS
    }
    return _with_about(_without_annotation(_upright(table)), told)


def _with_about(table: pd.DataFrame, about: Mapping[str, list[str]]) -> pd.DataFrame:
    """The table with what is known of the conditions of its profiles beside it."""
    known = {name: values for name, values in about.items()
             if str(name).casefold() in _CONDITIONS and len(values) == len(table)}  # fmt: skip
    table.attrs["about"] = pd.DataFrame(known)
    return table


def _from_gct3(rows: list[list[str]], file: Path) -> pd.DataFrame:
    """GCT 1.3: genes x profiles, with columns about genes and rows about profiles, named by themselves."""
    try:
        n_genes, n_profiles, n_about_genes, n_about = (int(cell) for cell in rows[1][:4])
        header = rows[2]
        body = rows[3 + n_about :][:n_genes]
        start = 1 + n_about_genes
        values = np.array([[float(cell) if cell.strip() not in ("", "NA", "NaN", "na", "nan") else np.nan
                            for cell in row[start : start + n_profiles]] for row in body])  # fmt: skip
    except (ValueError, IndexError) as error:
        raise IntegrityError(f"{file} is no whole GCT 1.3 file ({error}): copy it again") from error
    if values.shape != (n_genes, n_profiles):
        raise IntegrityError(f"{file} says {n_genes} x {n_profiles} and holds {values.shape}: copy it again")
    about = {row[0].strip().casefold(): row[start : start + n_profiles] for row in rows[3 : 3 + n_about]}
    profiles = next((about[name] for name in _DRUG_NAMES if name in about and _known(about[name])), header[start:])
    columns = {name.strip().casefold(): i for i, name in enumerate(header[1:start], 1)}
    at = next(
        (columns[name] for name in _GENE_NAMES if name in columns and _known([row[columns[name]] for row in body])), 0
    )
    table = pd.DataFrame(values.T, index=profiles, columns=[row[at] for row in body])
    return _with_about(table.mask(table == _MISSING), about)


def _known(cells: list[str]) -> bool:
    return bool(set(cells[:50]) - {"", "-666", "NA", "na", "nan"})
