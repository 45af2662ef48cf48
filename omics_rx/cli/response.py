"""Verbs of drug response: fitting a model on a screen, and predicting with one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from omics_rx.cli.options import Expression, ModelFile, Out, Seed, Unit, model_of
from omics_rx.cli.tables import table_file, write_table
from omics_rx.core.errors import InputError
from omics_rx.core.paths import existing, means_file


def train(
    out: Out,
    screen: Annotated[str, typer.Option(help="Screen to learn from: a named one, or your own long table.")] = "gdsc2",
    expression: Annotated[Path | None, typer.Option(help="Expression of the lines of your own screen.")] = None,
    unit: Annotated[
        str | None, typer.Option(help="Unit of its IC50 where the column does not say: uM, nM, 'log10 uM', pIC50, ...")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Fit a response model on a drug screen and save it."""
    from omics_rx import response

    response.ResponseModel(seed=seed).fit(_screen(screen, expression, unit)).save(out)
    typer.echo(f"wrote {out}")


def predict(
    expression: Expression,
    out: Out,
    model: ModelFile = None,
    what: Annotated[str, typer.Option(help="mean, lower, upper or preference.")] = "mean",
    drug: Annotated[list[str] | None, typer.Option(help="Only this drug, by any of its names; repeat.")] = None,
    unit: Unit = None,
) -> None:
    """Predict ln IC50 (ln uM) of every drug for every sample; lines that were trained on are marked."""
    from omics_rx import io

    kinds = ("mean", "lower", "upper", "preference")
    if what not in kinds:
        raise InputError(f"cannot write {what!r}: choose {', '.join(kinds)}")
    table_file(out)
    prediction = model_of(model).predict(io.read_cohort(expression, unit=unit), drug or None)
    table = getattr(prediction, what)
    write_table(table.assign(trained_on=prediction.trained_on) if prediction.trained_on.any() else table, out)


def _screen(named: str, expression: Path | None, unit: str | None) -> Any:
    """Screen of the datasets, or one of the user's own with its expression."""
    from omics_rx import datasets, io

    if expression is None and not means_file(named):
        if unit is not None:
            raise InputError(f"--unit is for a screen of your own; {named} has its unit")
        return datasets.load(named)
    existing(named, what="table of a screen")
    if expression is None:
        raise InputError(f"{named} is a screen of your own: give the expression of its lines by --expression")
    found = io.read_screen(named, expression=expression, unit=unit)
    for line in io.notes(found.cells):
        typer.echo(line, err=True)
    return found
