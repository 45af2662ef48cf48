"""Verbs on one cohort: what it is and can run, and its scores."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any

import typer

from omics_rx.cli.call import note as tell_note
from omics_rx.cli.call import say, tell
from omics_rx.cli.options import (
    Clinical,
    Columns,
    Expression,
    How,
    Out,
    Replicates,
    SetColumns,
    TimeUnit,
    Unit,
    columns_of,
    reference_file,
    reference_of,
)
from omics_rx.cli.tables import table_file, write_table
from omics_rx.core.errors import InputError, unknown_name
from omics_rx.core.paths import means_file


def check(
    expression: Expression,
    clinical: Clinical = None,
    time_unit: TimeUnit = None,
    unit: Unit = None,
    columns: Columns = None,
    replicates: Replicates = None,
) -> None:
    """Say what a cohort is, and which scores, signatures and models can run on it."""
    from omics_rx.workflow.check import check as run_check

    how = How(unit, columns, replicates)
    found = run_check(how.read(expression, clinical=clinical, time_unit=time_unit))
    say(found)
    tell(facts=found.facts, can_run=found.can_run)


def score(
    expression: Expression,
    out: Out,
    signature: Annotated[str, typer.Option(help="Name of a shipped signature, or a saved .json.")] = "",
    sets: Annotated[str, typer.Option(help="immune, cell_death, subtype, or a GMT or JSON file of gene sets.")] = "",
    method: Annotated[
        str | None, typer.Option(help="Method for cell_death or a file of gene sets; ssgsea when left out.")
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            help="Scale of a signature or of subtype: cohort (20 samples or more; when left out), frozen (a single "
            "patient), or an expression file of patients that these stand among."
        ),
    ] = None,
    also: Annotated[
        list[Path] | None, typer.Option(help="A further table of the same patients, for a response signature; repeat.")
    ] = None,
    unit: Unit = None,
    replicates: Replicates = None,
    columns: SetColumns = None,
) -> None:
    """Score every sample with a saved signature or with gene sets."""
    from omics_rx import harmonize, io, scores, signatures

    table_file(out)
    if bool(signature) == bool(sets):
        raise InputError("name either --signature or --sets, and not both")
    if method is not None and (signature or sets in ("immune", "subtype")):
        raise InputError(f"--method says nothing for {signature or sets}: leave it out")
    if reference is not None and not signature and sets != "subtype":
        raise InputError(f"--reference says nothing for --sets {sets}: leave it out")
    file = reference_file(reference)
    scale: Any = "cohort" if file is not None else reference_of(reference or "cohort")
    _no_misspelling(sets)
    if columns is not None and (not sets or sets in _OWN):
        raise InputError("--columns is for a table of gene sets: leave it out")
    made = signatures.load(signature) if signature else None
    if isinstance(made, signatures.ResponseSignature | signatures.TreatmentSignature):
        if unit is not None or replicates is not None or file is not None:
            raise InputError(
                "--unit, --replicates and a file as --reference say nothing to a response signature: leave them out"
            )
        _write_chances(made, [expression, *(also or [])], out, reference=reference or "frozen")
        return
    if also:
        raise InputError("--also says nothing here: it is for the tables of a response signature")
    how = How(unit, None, replicates)
    cohort = how.read(expression)
    beside = how.read(file) if file is not None else None
    if made is not None:
        table = made.score(cohort, reference=scale if beside is None else _learnt(beside))
    elif sets == "immune":
        table = scores.immune(cohort)
    elif sets == "cell_death":
        table = scores.cell_death(cohort, method or "ssgsea")
    elif sets == "subtype":
        table = scores.subtype(cohort, reference=scale if beside is None else beside)
    else:
        table = scores.score(harmonize.genes(cohort), io.read_gene_sets(sets, columns=columns_of(columns)),
                             method=method or "ssgsea")  # fmt: skip
    write_table(table, out, index="sample")


_OWN = ("immune", "cell_death", "subtype")


def _no_misspelling(sets: str) -> None:
    """Refuse a word that is nearly one of our own before a library of that name is asked for in the network."""
    if sets in _OWN or not sets or means_file(sets):
        return
    near = difflib.get_close_matches(sets.casefold().replace("-", "_").replace(" ", "_"), _OWN, n=1, cutoff=0.7)
    if near:
        raise unknown_name("collection of gene sets", sets, _OWN)


def _learnt(cohort: Any) -> Any:
    """Mean and deviation of the genes of another cohort, as the scale of a signature."""
    from omics_rx import harmonize
    from omics_rx.core import cohort as co

    named = harmonize.genes(cohort)
    told = co.info(named)
    return harmonize.GeneReference.learn(
        co.expression(named), unit=told.unit or "unknown", domain=told.domain or "", origin=told.origin or ""
    )


def _write_chances(signature: Any, files: list[Path], out: Path, *, reference: str) -> None:
    """Chances of response of patients in one table or several."""
    from omics_rx import signatures

    table = signature.score(signatures.read_tables(files), reference=reference)
    for note in table.attrs.get("notes", ()):
        tell_note(note)
    write_table(table, out, index="patient")
