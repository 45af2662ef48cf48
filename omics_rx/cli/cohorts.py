"""Verbs on one cohort: what it is and can run, and its scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from omics_rx.cli.options import Clinical, Expression, Out, TimeUnit, Unit, reference_of
from omics_rx.cli.tables import table_file, write_table
from omics_rx.core.errors import InputError


def check(expression: Expression, clinical: Clinical = None, time_unit: TimeUnit = None, unit: Unit = None) -> None:
    """Say what a cohort is, and which scores, signatures and models can run on it."""
    from omics_rx import io
    from omics_rx.workflow.check import check as run_check

    typer.echo(str(run_check(io.read_cohort(expression, clinical=clinical, time_unit=time_unit, unit=unit))))


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
            help="Scale of a signature or of subtype: cohort (20 samples or more; when left out), or frozen (a single "
            "patient)."
        ),
    ] = None,
    also: Annotated[
        list[Path] | None, typer.Option(help="A further table of the same patients, for a response signature; repeat.")
    ] = None,
    unit: Unit = None,
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
    scale = reference_of(reference or "cohort")
    made = signatures.load(signature) if signature else None
    if isinstance(made, signatures.ResponseSignature | signatures.TreatmentSignature):
        if unit is not None:
            raise InputError("--unit says nothing to a response signature: leave it out")
        _write_chances(made, [expression, *(also or [])], out, reference=reference or "frozen")
        return
    if also:
        raise InputError("--also says nothing here: it is for the tables of a response signature")
    cohort = io.read_cohort(expression, unit=unit)
    if made is not None:
        table = made.score(cohort, reference=scale)
    elif sets == "immune":
        table = scores.immune(cohort)
    elif sets == "cell_death":
        table = scores.cell_death(cohort, method or "ssgsea")
    elif sets == "subtype":
        table = scores.subtype(cohort, reference=scale)
    else:
        table = scores.score(harmonize.genes(cohort), io.read_gene_sets(sets), method=method or "ssgsea")
    write_table(table, out)


def _write_chances(signature: Any, files: list[Path], out: Path, *, reference: str) -> None:
    """Chances of response of patients in one table or several."""
    from omics_rx import signatures

    table = signature.score(signatures.read_tables(files), reference=reference)
    for note in table.attrs.get("notes", ()):
        typer.echo(note, err=True)
    write_table(table, out)
