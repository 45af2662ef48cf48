"""Verbs of drug response: fitting a model on a screen, and predicting with one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omics_rx.cli.call import free, note, say, tell, wrote
from omics_rx.cli.options import Expression, ModelFile, Out, Seed, Unit, model_of
from omics_rx.cli.tables import table_file, write_table
from omics_rx.core.errors import InputError
from omics_rx.core.paths import existing, means_file

if TYPE_CHECKING:
    import pandas as pd


IC50Unit = Annotated[
    str | None,
    typer.Option("--unit", help="Unit of its IC50 where the column does not say: uM, nM, 'log10 uM', pIC50."),
]
Value = Annotated[str | None, typer.Option(help="Column of its IC50 where it has another name.")]
DoseUnit = Annotated[str | None, typer.Option(help="Unit of its doses where the column does not say: uM, nM, M.")]
Measure = Annotated[str | None, typer.Option(help="What is measured at a dose: viability or inhibition.")]
SureOfUnit = Annotated[
    bool, typer.Option("--sure-of-unit", help="Its responses are in the unit told although known compounds differ.")
]


def train(
    out: Out,
    screen: Annotated[str, typer.Option(help="Screen to learn from: a named one, or your own long table.")] = "gdsc2",
    expression: Annotated[Path | None, typer.Option(help="Expression of the lines of your own screen.")] = None,
    unit: IC50Unit = None,
    seed: Seed = 0,
    value: Value = None,
    dose_unit: DoseUnit = None,
    measure: Measure = None,
    *,
    sure_of_unit: SureOfUnit = False,
) -> None:
    """Fit a response model on a drug screen and save it."""
    from omics_rx import response

    free(out)
    told = {"unit": unit, "value": value, "dose_unit": dose_unit, "measure": measure}
    fitted = response.ResponseModel(seed=seed).fit(_screen(screen, expression, told, sure_of_unit=sure_of_unit))
    fitted.save(out)
    tell(screen=repr(fitted.screen_))
    wrote(out)


def screen(
    table: Annotated[Path, typer.Argument(help="Your own long table: a row a line and drug, or a dose and viability.")],
    out: Out,
    expression: Annotated[Path | None, typer.Option(help="Expression of the lines, by which they are told.")] = None,
    unit: IC50Unit = None,
    value: Value = None,
    dose_unit: DoseUnit = None,
    measure: Measure = None,
    *,
    sure_of_unit: SureOfUnit = False,
) -> None:
    """Read a screen of your own, fit its curves, and write ln IC50 (ln uM) of every line and drug."""
    table_file(out, "drugs")
    told = {"unit": unit, "value": value, "dose_unit": dose_unit, "measure": measure}
    found = _own(str(table), expression, told, sure_of_unit=sure_of_unit)
    say(repr(found))
    tell(screen=repr(found))
    write_table(found.responses.reset_index(drop=True), out, index="row", more={"drugs": found.drugs})


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
    table_file(out, "drugs")
    prediction = model_of(model).predict(io.read_cohort(expression, unit=unit), drug or None)
    table = getattr(prediction, what)
    names = _names(prediction.drugs["name"].reindex(table.columns))
    about = prediction.drugs.reindex(table.columns).rename_axis("drug_id").assign(column=names)
    table = table.set_axis(names, axis=1)
    trained = prediction.trained_on
    write_table(table.assign(trained_on=trained) if trained.any() else table, out, index="sample",
                more={"drugs": about[["column", *(one for one in about if one != "column")]]})  # fmt: skip
    tell(what=what, unit="ln uM", samples=len(table), drugs=len(about), reference=str(prediction.reference),
         calibrated_for=prediction.calibrated_for)  # fmt: skip


def _names(names: pd.Series) -> list[str]:
    """Names of drugs as columns, each once: two of one name carry their ids."""
    texts = names.astype(object).where(names.notna(), names.index.astype(str)).astype(str)
    twice = texts.duplicated(keep=False) | (texts == "trained_on")
    return [f"{text} ({drug})" if again else text
            for drug, text, again in zip(texts.index, texts, twice, strict=True)]  # fmt: skip


def _screen(named: str, expression: Path | None, told: dict[str, Any], *, sure_of_unit: bool) -> Any:
    """Screen of the datasets, or one of the user's own with its expression."""
    from omics_rx import datasets

    if expression is None and not means_file(named):
        given = [f"--{name.replace('_', '-')}" for name, value in told.items() if value is not None]
        if given or sure_of_unit:
            raise InputError(
                f"{', '.join(given) or '--sure-of-unit'} is for a screen of your own; {named} has its unit"
            )
        return datasets.load(named)
    existing(named, what="table of a screen")
    if expression is None:
        raise InputError(f"{named} is a screen of your own: give the expression of its lines by --expression")
    return _own(named, expression, told, sure_of_unit=sure_of_unit)


def _own(named: str, expression: Path | None, told: dict[str, Any], *, sure_of_unit: bool) -> Any:
    from omics_rx import io

    found = io.read_screen(named, expression=expression, sure_of_unit=sure_of_unit, **told)
    for line in io.notes(found.cells):
        note(line)
    return found
