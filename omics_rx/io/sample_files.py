"""Files that hold one sample each, as counters leave them: found in a folder, a list or a glob, named, put together."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.cohort import named_layers, record, with_info
from omics_rx.core.errors import InputError, MissingFileError, examples
from omics_rx.core.paths import as_path, existing
from omics_rx.io.published import not_shared, sample_sheet

if TYPE_CHECKING:
    from anndata import AnnData

_PACKED = re.compile(r"\.(?:gz|bz2|xz|zst)$", re.IGNORECASE)
# what a counter calls its file of genes of one sample; the first that fits
_KINDS = {
    name: re.compile(rf"(?:^|[._-])?(?:{ending})$", re.IGNORECASE)
    for name, ending in (
        ("RSEM", r"genes\.results"), ("STAR", r"ReadsPerGene\.out\.tab"),
        ("StringTie", r"gene_?abund\w*\.(?:tab|tsv|txt)"), ("cufflinks", r"genes\.fpkm_tracking"),
        ("FPKM-UQ of the GDC", r"FPKM-UQ\.txt"), ("FPKM of the GDC", r"FPKM\.txt"),
        ("featureCounts", r"feature_?counts?(?:\.(?:txt|tsv|tab))?"),
        ("htseq", r"(?:htseq[\w.-]*|(?:gene|read)?[_.-]?counts?)(?:\.(?:txt|tsv|tab|out))?"),
    )
}  # fmt: skip


def sample_kind(file: Path) -> str | None:
    """Counter whose file of one sample this is by its name, or None."""
    plain = _PACKED.sub("", file.name)
    return next((name for name, ending in _KINDS.items() if ending.search(plain)), None)


def files_of(folder: Path) -> list[Path]:
    """Files of one sample each that a counter left in a folder.

    Raises
    ------
    InputError
        If two counters did.
    """
    visible = sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
    found = [(file, kind) for file in visible if (kind := sample_kind(file)) is not None]
    kinds = {kind: file for file, kind in found}
    if len(kinds) > 1:
        told = examples(f"{name}: {file.name}" for name, file in kinds.items())
        raise InputError(f"{folder} holds files of {len(kinds)} kinds ({told}): pass those of one, as a list or a glob")
    return [file for file, _ in found]


def several(source: object) -> list[Path] | None:
    """Files of a list or of a glob such as ``runs/*.counts``; None for what is one path.

    Raises
    ------
    MissingFileError, InputError
        If a file is not there, the list is empty, or the glob finds nothing.
    """
    if isinstance(source, (str, os.PathLike)):
        text = os.fspath(source)
        if not isinstance(text, str) or not re.search(r"[*?\[]", text) or as_path(text).exists():
            return None
        told = Path(text).expanduser()
        found = sorted(Path(told.anchor or ".").glob(str(told.relative_to(told.anchor) if told.anchor else told)))
        if not found:
            raise MissingFileError(f"no file fits {text}: check the pattern")
        return found
    if not isinstance(source, Sequence) or isinstance(source, bytes):
        return None
    if not source:
        raise InputError("the list of files is empty: name files of one sample each")
    return [existing(one, what="file") for one in source]


def names_of(files: Sequence[Path], folder: Path) -> tuple[list[str], str]:
    """Name of each sample, and what it was told by: the sample sheet, its file, or its folder."""
    sheet = sample_sheet(folder, list(files))
    if sheet is not None:
        return sheet["Sample ID"].astype(str).tolist(), "the sample sheet"
    plain = [_plain(file) for file in files]
    if all(plain) and len(set(plain)) == len(plain):
        return plain, "file"
    folders = [file.absolute().parts[:-1] for file in files]
    names = ["/".join(apart) or whole[-1] for apart, whole in zip(not_shared(folders), folders, strict=True)]
    if len(set(names)) < len(names):
        raise InputError(f"files of several samples are called alike ({examples(sorted(set(plain)))}): rename them")
    return names, "folder"


def _plain(file: Path) -> str:
    plain = _PACKED.sub("", file.name)
    kind = sample_kind(file)
    ending = _KINDS[kind] if kind is not None else re.compile(r"\.\w{1,8}$")
    return ending.sub("", plain).strip("._- ")


def together(
    read: Iterable[tuple[AnnData, list[str]]], files: Sequence[Path], folder: Path
) -> tuple[AnnData, list[str]]:
    """One cohort of files that hold one sample each.

    Parameters
    ----------
    read
        Cohort of each file, and what was found in it.
    files
        The files.
    folder
        Where they lie.

    Raises
    ------
    InputError
        If a file holds several samples; if files are of two kinds, of two units or of other genes.
    """
    from anndata import AnnData

    kinds = {sample_kind(file) for file in files}
    if len(kinds) > 1:
        raise InputError(f"the files are of {len(kinds)} kinds ({examples(sorted(str(one) for one in kinds))}): pass "
                         "those of one")  # fmt: skip
    parts: list[AnnData] = []
    said: list[str] = []
    for file, (one, told) in zip(files, read, strict=True):
        if one.n_obs != 1:
            raise InputError(f"{file} holds {one.n_obs} samples, and files of a folder, list or glob hold one each: "
                             "pass it alone")  # fmt: skip
        if parts:
            _check_alike(parts[0], one, files[0], file)
        said = said or told
        parts.append(one[:, parts[0].var_names] if parts else one)
    names, by = names_of(files, folder)
    first = parts[0]
    samples = pd.DataFrame({"file": [file.name for file in files]}, index=pd.Index(names, dtype=object))
    layers = {name: _stacked(parts, name) for name in named_layers(first)}
    cohort = AnnData(_stacked(parts, None), obs=samples, var=first.var.copy(), layers=layers)
    head = f"{len(files)} files of one sample each ({next(iter(kinds)) or 'of one kind'}), named by {by}"
    return with_info(cohort, unit=record(first, "unit")), [head, *said]


def _stacked(parts: Sequence[AnnData], layer: str | None) -> np.ndarray:
    values: list[Any] = [one.X if layer is None else one.layers[layer] for one in parts]
    return np.vstack([np.asarray(one) for one in values])


def _check_alike(first: AnnData, one: AnnData, its: Path, file: Path) -> None:
    units = [record(first, "unit"), record(one, "unit")]
    columns = [sorted(map(str, part.var.columns)) for part in (first, one)]
    if units[0] != units[1] or columns[0] != columns[1] or set(named_layers(first)) != set(named_layers(one)):
        raise InputError(f"{file} is of another kind than {its} (columns {examples(columns[1]) or 'none'} and "
                         f"{examples(columns[0]) or 'none'}): pass files of one kind")  # fmt: skip
    other = set(one.var_names) ^ set(first.var_names)
    if other:
        raise InputError(f"{file} and {its} differ in {len(other)} genes ({examples(sorted(map(str, other)))}): they "
                         "were counted by different annotations")  # fmt: skip
