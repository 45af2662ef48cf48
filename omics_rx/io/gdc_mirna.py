"""MicroRNA quantification as the GDC publishes it: precursors, or isoforms summed to mature strands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, MissingFileError, examples
from omics_rx.harmonize.mirna_names import KINDS
from omics_rx.io.files import kind as file_kind
from omics_rx.io.files import text_lines
from omics_rx.io.layout import fields
from omics_rx.io.numbers import as_narrow_as_exact
from omics_rx.io.published import Published, sample_sheet
from omics_rx.io.table import Table

_RPM = "reads_per_million_miRNA_mapped"
_COLUMNS = ("miRNA_ID", "read_count", _RPM, "cross-mapped")
_REGION = "miRNA_region"
_PATTERN = "*quantification.txt*"


def gdc_kind(file: Path) -> str | None:
    """Tell ``"precursor"`` (mirnas) from ``"mature"`` (isoforms) by the header; None where a file is neither."""
    if file_kind(file) != "text":
        return None
    with text_lines(file) as lines:
        header = fields(next(lines)[1], b"\t")
    if not set(_COLUMNS[:3]) <= set(header):
        return None
    return KINDS[0] if _REGION in header else KINDS[1]


def read_gdc_mirna(path: Path, *, kind: str | None = None) -> Published:
    """Read one file of the GDC, or a folder of them with its sample sheet.

    ``*mirnas.quantification.txt`` counts reads of precursors; ``*isoforms.quantification.txt`` lists the reads of
    each position, which are added up over a mature strand, all its precursors together. Reads outside mature strands
    are left out and counted in the notes. A strand that a sample's file does not list had no read there.

    Parameters
    ----------
    path
        File, or folder as the GDC client leaves it.
    kind
        ``"precursor"`` or ``"mature"`` where the folder holds both.

    Returns
    -------
    Published
        Reads per million as the table, read counts as the layer ``"counts"``.

    Raises
    ------
    MissingFileError
        If the folder holds no such file.
    InputError
        If the folder holds both kinds and none is asked for, or a file is damaged or of another release.
    """
    files = _files(path, kind)
    isoforms = gdc_kind(files[0]) == KINDS[0]
    read = [_isoforms(file) if isoforms else _precursors(file) for file in files]
    frames = [frame for frame, _ in read]
    if isoforms:
        ids = sorted(set().union(*(frame.index for frame in frames)))
        frames = [frame.reindex(ids, fill_value=0.0) for frame in frames]
    other = [file for file, frame in zip(files, frames, strict=True) if not frame.index.equals(frames[0].index)]
    if other:
        raise InputError(
            f"{len(other)} files list other microRNAs than {files[0].name} ({examples(file.name for file in other)}): "
            "they are of different releases of miRBase, read them apart"
        )
    sheet = sample_sheet(path if path.is_dir() else path.parent, files)
    names = [file.name.split(".")[0] for file in files] if sheet is None else sheet["Sample ID"].tolist()
    rpm = np.column_stack([frame[_RPM] for frame in frames])
    counts = np.column_stack([frame["read_count"] for frame in frames])
    table = Table(list(frames[0].index), names, as_narrow_as_exact(rpm), pd.DataFrame(index=range(len(rpm))))
    samples = pd.DataFrame(index=range(len(files))) if sheet is None else sheet.reset_index(drop=True)
    said = [
        f"{len(files)} GDC files of {'isoforms, added up to mature strands' if isoforms else 'precursors'}, named by "
        + ("file, for there is no gdc_sample_sheet" if sheet is None else "the sample sheet"),
        *_totals([facts for _, facts in read], isoforms=isoforms),
    ]
    return Published(table, samples, "CPM", said, {"counts": counts})


def has_gdc_mirna(folder: Path) -> bool:
    """Whether a folder, or a folder in it, holds files of the GDC's microRNA quantification."""
    return any(gdc_kind(file) for file in folder.rglob(_PATTERN))


def _files(path: Path, kind: str | None) -> list[Path]:
    if path.is_file():
        return [path]
    kinds = {file: gdc_kind(file) for file in sorted(path.rglob(_PATTERN), key=lambda file: file.name)}
    known = {name: [file for file, told in kinds.items() if told == name] for name in KINDS}
    if kind is None and all(known.values()):
        raise InputError(
            f"{path} holds {len(known['mature'])} isoform files (mature strands) and {len(known['precursor'])} files "
            "of precursors: pass kind='mature' or kind='precursor' to read one of them"
        )
    chosen = known[kind] if kind else known["mature"] or known["precursor"]
    if not chosen:
        raise MissingFileError(f"{path} holds no {_PATTERN} of the GDC{f' of {kind} microRNAs' if kind else ''}")
    return chosen


def _precursors(file: Path) -> tuple[pd.DataFrame, dict[str, float]]:
    frame = _numbers(file, _COLUMNS)
    repeated = frame["miRNA_ID"][frame["miRNA_ID"].duplicated()]
    if len(repeated):
        raise InputError(f"{file}: {len(repeated)} precursors stand twice ({examples(repeated)}): download it again")
    crossed = frame["read_count"][frame["cross-mapped"] == "Y"].sum()
    return frame.set_index("miRNA_ID"), {"all": frame["read_count"].sum(), "crossed": crossed}


def _isoforms(file: Path) -> tuple[pd.DataFrame, dict[str, float]]:
    frame = _numbers(file, (*_COLUMNS, _REGION))
    parts = frame[_REGION].str.split(",", n=1, expand=True).reindex(columns=[0, 1])
    mature = (parts[0] == "mature") & parts[1].notna()
    if not mature.any():
        raise InputError(f"{file}: no isoform lies in a mature strand ({examples(frame[_REGION].unique())})")
    crossed = frame["read_count"][frame["cross-mapped"] == "Y"].sum()
    facts = {"all": frame["read_count"].sum(), "crossed": crossed, "outside": frame["read_count"][~mature].sum()}
    return frame[mature].groupby(parts[1][mature])[["read_count", _RPM]].sum(), facts


def _numbers(file: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    with text_lines(file) as lines:
        rows = [(number, fields(line, b"\t")) for number, line in lines if line.strip()]
    header = rows[0][1]
    absent = [name for name in columns if name not in header]
    if absent:
        raise InputError(f"{file} has no column {', '.join(absent)}: it is no microRNA quantification of the GDC")
    short = [number for number, row in rows if len(row) != len(header)]
    if short:
        raise InputError(f"{file}: {len(short)} lines are not whole (lines {examples(short)}): download it again")
    frame = pd.DataFrame([row for _, row in rows[1:]], columns=header, index=[number for number, _ in rows[1:]])
    for name in ("read_count", _RPM):
        numbers = pd.to_numeric(frame[name], errors="coerce")
        bad = numbers.isna() | (numbers < 0)
        if bad.any():
            raise InputError(
                f"{file}, line {frame.index[bad][0]}, column {name!r}: {frame[name][bad].iloc[0]!r} is no number of "
                f"reads ({int(bad.sum())} such fields): download it again"
            )
        frame[name] = numbers.astype(np.float64)
    return frame


def _totals(facts: list[dict[str, float]], *, isoforms: bool) -> list[str]:
    whole = sum(one["all"] for one in facts) or 1.0
    said = [f"{sum(one['crossed'] for one in facts) / whole:.1%} of the reads also map to other microRNAs (kept)"]
    if isoforms:
        share = sum(one["outside"] for one in facts) / whole
        said.append(f"{share:.1%} of the reads lie outside mature strands and were left out")
        said.append("a strand without a line in a sample's file had no read there: 0")
    return said
