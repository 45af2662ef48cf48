"""MicroRNA expression: a file in, a cohort under miRBase 22 names out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import expression, info, with_info
from omics_rx.core.errors import InputError, MissingFileError, examples, unknown_name
from omics_rx.core.paths import existing
from omics_rx.core.units import unit_named
from omics_rx.harmonize.mirna_names import KINDS, recognised_mirnas
from omics_rx.harmonize.mirna_renaming import mirnas
from omics_rx.harmonize.renaming import changes
from omics_rx.harmonize.symbols import recognised
from omics_rx.harmonize.units import check_possible
from omics_rx.io.apart import clinical_apart, samples_alone, with_own_follow_up
from omics_rx.io.assembly import Axis, assembled, check_settings
from omics_rx.io.clinical import with_clinical
from omics_rx.io.clinical_tables import ClinicalSource
from omics_rx.io.cycles import refuse_cycles
from omics_rx.io.files import kind as file_kind
from omics_rx.io.files import not_read, opened
from omics_rx.io.frames import read_parquet, read_sheet
from omics_rx.io.gdc_mirna import gdc_kind, has_gdc_mirna, read_gdc_mirna
from omics_rx.io.mirna_rows import human_alone, once_each
from omics_rx.io.numbers import as_narrow_as_exact
from omics_rx.io.orientation import ENOUGH, N_PROBE, ORIENTATIONS, told_axis
from omics_rx.io.published import Published, read_gct
from omics_rx.io.rcc import is_rcc, rcc_files, read_rcc
from omics_rx.io.said import Aloud, with_reading
from omics_rx.io.several_kinds import rearranged
from omics_rx.io.table import Table, read_table

if TYPE_CHECKING:
    from anndata import AnnData

_ANY_SPECIES = re.compile(r"^[a-z]{3,4}[-.](?:mir|let)[-.]?\d|^MI(?:MAT)?\d{7}|^(?:mir|let)-?\d", re.IGNORECASE)
_CCLE_LINE = re.compile(r"^[A-Z0-9]+_[A-Z]+(?:_[A-Z]+)*$")
_SHAPES = ("samples x microRNAs", "microRNAs x samples")
_MIRGE_TOTAL = "miRNAtotal"
_AS_CPM = {"TPM": "CPM", "log2(TPM + 1)": "log2(CPM + 1)"}


@in_words
def read_mirna(
    path: Path | str,
    *,
    kind: str | None = None,
    clinical: ClinicalSource | Sequence[ClinicalSource] | None = None,
    sheet: str | None = None,
    orientation: str | None = None,
    unit: str | None = None,
    domain: str | None = None,
    replicates: str = "refuse",
    endpoint: str | None = None,
    time_unit: str | None = None,
    columns: Mapping[str, str] | None = None,
    events: Mapping[object, bool] | None = None,
) -> AnnData:
    """Read microRNA expression into a cohort whose microRNAs carry their names in miRBase 22.

    Formats: ``mirnas.quantification.txt`` and ``isoforms.quantification.txt`` of the GDC, one file or a folder with
    its sample sheet, and the wide tables that Firehose and TCGAbiolinks make of them (reads per million, counts in
    ``layers["counts"]``); ``CCLE_miRNA_*.gct``; counts of miRDeep2's quantifier, of miRge, sRNAbench and mirtop; UMIs
    of QIAseq; RCC files of nCounter, one or a folder, and tables made of them; any matrix in delimited text, parquet
    or xlsx, microRNAs in either axis, named by mature strand, precursor or accession, with or without what a platform
    puts behind the name. ``harmonize.changes`` tells what became of each name and :func:`notes` what was found and
    decided.

    Parameters
    ----------
    path
        File or folder.
    kind
        ``"mature"`` or ``"precursor"``: which to keep of a source that holds both, and what names mean that fit both.
    clinical, endpoint, time_unit, columns, events
        As in :func:`read_bulk`.
    sheet
        Which sheet of a workbook; None takes the first.
    orientation
        ``"samples x genes"`` or ``"genes x samples"``; None tells it from the names, or, where these are not known,
        takes the longer axis for microRNAs and says so.
    unit, domain
        One of ``core.cohort.UNITS`` and ``DOMAINS``; None leaves them to the format, or to be detected.
    replicates
        ``"refuse"`` or ``"average"`` samples that stand twice (counts are added).

    Returns
    -------
    anndata.AnnData
        Samples x microRNAs; ``var`` holds ``source_id``, ``accession`` and ``kind``. Controls are left out; of a graft
        human microRNAs are kept, and ``obs["other_species_share"]`` holds the share of the others.

    Raises
    ------
    MissingFileError, IntegrityError
        If a file is not there, or is damaged.
    InputError
        If it holds no matrix, holds genes, cycles of PCR or microRNAs of another species, mixes precursors with mature
        strands, repeats samples, or under half of its names are human microRNAs.
    """
    if kind is not None and kind not in KINDS:
        raise unknown_name("kind of microRNA", kind, KINDS)
    check_settings(orientation, ORIENTATIONS, replicates)
    unit = None if unit is None else unit_named(unit)
    file = existing(path)
    found, told = _found(file, kind, sheet)
    axis = _mirna_axis(found.table, file, ORIENTATIONS[1] if told else orientation)
    cohort, said = assembled(
        found.table, file, axis, noun="microRNAs", average=replicates == "average",
        samples=found.samples if told else None, layers=found.layers,
    )  # fmt: skip
    if 0 in cohort.shape:
        raise InputError(f"{file} holds {cohort.n_obs} samples and {cohort.n_vars} microRNAs: nothing to work on")
    cohort, apart = samples_alone(cohort)
    cohort, controls = human_alone(cohort, str(file))
    cohort, repeats = once_each(cohort, str(file))
    cohort, beside = clinical_apart(cohort, "microRNAs")
    said = [*found.notes, *said, *apart, *controls, *repeats, *beside]
    if unit is None and found.unit is None:
        refuse_cycles(expression(cohort).to_numpy(), cohort.var_names, str(file))
    lines = np.mean([bool(_CCLE_LINE.match(name)) for name in cohort.obs_names]) > 0.5
    if domain is None and lines:
        domain = "cell_line"
        said.append(f"the samples are cell lines by their names ({examples(cohort.obs_names, 2)})")
    cohort = with_info(cohort, unit=unit or found.unit or _unit(cohort), domain=domain, origin=file.name)
    try:
        if unit is not None:
            check_possible(expression(cohort), unit)
        cohort = mirnas(cohort, kind=kind)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
    said += _names_found(cohort)
    if clinical is not None:
        cohort, more = with_clinical(
            cohort, clinical, endpoint=endpoint, time_unit=time_unit, columns=columns, events=events
        )
        said += more
    elif beside:
        cohort, more = with_own_follow_up(cohort, endpoint=endpoint, time_unit=time_unit)
        said += more
    return with_reading(cohort, said)


def _found(file: Path, kind: str | None, sheet: str | None) -> tuple[Published, bool]:
    """What the file holds, and whether its format says that microRNAs are in the rows."""
    if file.is_dir():
        if panels := rcc_files(file):
            return read_rcc(panels), True
        if not has_gdc_mirna(file):
            raise MissingFileError(f"{file} holds no *quantification.txt of the GDC: pass a file, or another folder")
        return read_gdc_mirna(file, kind=kind), True
    form = file_kind(file)
    if form == "parquet":
        return _shaped(read_parquet(file), file)
    if form == "xlsx":
        return _shaped(read_sheet(file, sheet), file)
    if form != "text":
        raise not_read(file, form, "microRNA expression", "text, parquet or xlsx")
    if gdc_kind(file):
        return read_gdc_mirna(file, kind=kind), True
    with opened(file) as stream:
        if stream.read(16).lstrip(b"\xef\xbb\xbf").startswith((b"#1.2", b"#1.3")):
            return read_gct(file), True
    if is_rcc(file):
        return read_rcc([file]), True
    table = read_table(file)
    if _is_mirdeep2(table):
        return _from_mirdeep2(table, file), True
    if _MIRGE_TOTAL in table.rows:
        return _from_mirge(table), True
    return _shaped(table, file)


def _shaped(table: Table, file: Path) -> tuple[Published, bool]:
    """Table as it stands, or microRNAs x samples of one of another shape."""
    found = rearranged(table, file, _looks, "microRNAs")
    return (found, True) if found is not None else (Published(table, pd.DataFrame()), False)


def _is_mirdeep2(table: Table) -> bool:
    return {"read_count", "total"} <= set(table.columns) and "precursor" in table.annotations


def _from_mirdeep2(table: Table, file: Path) -> Published:
    """Counts of ``miRNAs_expressed_all_samples``: a line for each strand and precursor, reads counted in each.

    A read that maps to several precursors of a strand is counted whole in each line, or, where it was weighed by its
    places (option ``-W``, which leaves fractions), in parts.
    """
    chosen = [
        i for i, name in enumerate(table.columns) if name not in {"read_count", "total"} and not name.endswith("(norm)")
    ]
    names = [table.columns[i] for i in chosen]
    if names == ["seq"]:
        names = [file.name.split(".")[0]]
    numbers = table.numbers[:, chosen].astype(np.float64)
    weighed = bool(np.any(numbers != np.round(numbers)))
    groups = pd.DataFrame(numbers, index=table.rows).groupby(level=0, sort=False)
    joined = groups.sum() if weighed else groups.max()
    several = len(table.rows) - len(joined)
    said = [
        f"counts of miRDeep2; {several} further lines of strands with several precursors were "
        + ("added, for their reads were weighed" if weighed else "not added, for they count the same reads (largest)"),
        "its read_count, total and (norm) columns were passed over",
    ]
    kept = Table(
        list(joined.index), names, as_narrow_as_exact(joined.to_numpy()), pd.DataFrame(index=range(len(joined)))
    )
    return Published(kept, pd.DataFrame(index=range(len(names))), "unknown" if weighed else "counts", said)


def _from_mirge(table: Table) -> Published:
    keep = [i for i, name in enumerate(table.rows) if name != _MIRGE_TOTAL]
    annotations = table.annotations.iloc[keep].reset_index(drop=True)
    kept = Table([table.rows[i] for i in keep], table.columns, table.numbers[keep], annotations, table.notes)
    said = [f"counts of miRge; its row {_MIRGE_TOTAL} was left out"]
    return Published(kept, pd.DataFrame(index=range(len(table.columns))), None, said)


def _mirna_axis(table: Table, file: Path, orientation: str | None) -> Axis:
    """Tell which axis holds microRNAs by their names, or by its length where none is known."""
    found = told_axis(table, _looks, orientation)
    if found is not None:
        axis, names, share = found
        shape = _SHAPES[axis.in_rows]
        return replace(
            axis, statement=f"{shape}: told by the {axis.statement} ({share:.0%})" if names else f"{shape}, as told"
        )
    for what, names in (("row", table.rows), ("column", table.columns)):
        if recognised(names[:N_PROBE]) > ENOUGH:
            raise InputError(f"{file}: the {what} names are genes ({examples(names)}), not microRNAs: use read_bulk")
    longer = len(table.rows) > len(table.columns)
    how = "no microRNA is known in either axis, so the longer is taken for microRNAs"
    return Axis(longer, None, f"{_SHAPES[longer]}: {how}")


def _looks(ids: list[str]) -> float:
    """Share of names that are human microRNAs, or are spelled as microRNAs of any species."""
    probed = [str(name) for name in ids[:N_PROBE]]
    spelled = float(np.mean([bool(_ANY_SPECIES.match(name)) for name in probed])) if probed else 0.0
    return max(spelled, recognised_mirnas(probed))


def _unit(cohort: AnnData) -> str:
    """Unit by the values; what sums to a million is counted per million, for microRNAs have one length."""
    detected = info(cohort).unit
    return _AS_CPM.get(detected, detected)


def _names_found(cohort: AnnData) -> list[str]:
    report = changes(cohort)
    counts = report["status"].value_counts()
    kinds = cohort.var["kind"].value_counts()
    what = ", ".join(f"{count} {name}" for name, count in counts.items())
    of = " and ".join(f"{count} {name}" for name, count in kinds.items()) or "none known"
    said = [f"{len(report)} names carried to miRBase 22: {what}; in the cohort {of}"]
    merged = report[report["reason"].str.contains("columns of", regex=False)]
    if len(merged):
        how = merged["reason"].str.rsplit(" ", n=1).str[-1].iloc[0]
        names = merged["id"].dropna().unique()
        said.append(Aloud(f"{len(names)} microRNAs stood in several rows, which were {how} ({examples(names)})"))
    return said
