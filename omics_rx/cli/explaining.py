"""Verbs that look into a fitted model: why a prediction, what measurements change, a library of structures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omics_rx.cli.call import say, tell, wrote
from omics_rx.cli.options import Expression, ModelFile, Out, Unit, model_of
from omics_rx.cli.tables import table_file, write_table
from omics_rx.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_Sample = Annotated[str, typer.Argument(help="Sample of --expression, or a line of the model by any of its names.")]
_Among = Annotated[
    Path | None, typer.Option("--expression", help="Cohort of the sample; the lines of the model when left out.")
]


def explain(
    sample: _Sample,
    drug: Annotated[str, typer.Argument(help="Drug, by any of its names.")],
    model: ModelFile = None,
    expression: _Among = None,
    unit: Unit = None,
    n: Annotated[int, typer.Option(help="Genes to show.")] = 15,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Also write what every gene adds.")] = None,
) -> None:
    """Say which genes and events move one prediction, and which training drugs are most alike."""
    if out is not None:
        table_file(out)
    made = model_of(model).explain(sample, drug, cohort=_cohort(expression, unit))
    events = float(made.events["contribution"].sum()) if len(made.events) else 0.0
    whole = made.core + events + made.rest
    say(f"{made.cell_id}, {made.drug_id}: ln IC50 {whole:.2f} (ln uM)")
    say(f"  average expression {made.base:+.2f}, genes {made.core - made.base:+.2f}, events {events:+.2f}, other parts "
        f"{made.rest:+.2f}")  # fmt: skip
    say(made.genes.head(n).to_string(header=False, float_format="{:+.3f}".format))
    for title, table in (("events", made.events), ("training drugs most alike", made.alike)):
        if len(table):
            say(f"{title}:\n{table.to_string()}")
    tell(sample=made.cell_id, drug=made.drug_id, base=made.base, core=made.core, rest=made.rest,
         genes=made.genes.head(n), events=made.events, alike=made.alike)  # fmt: skip
    if out is not None:
        write_table(made.genes.to_frame("contribution"), out, index="gene")


def adapt(
    sample: _Sample,
    measured: Annotated[Path, typer.Argument(help="Table of drug and ln_ic50 (ln uM) measured in this sample.")],
    out: Out,
    model: ModelFile = None,
    expression: _Among = None,
    unit: Unit = None,
    assay: Annotated[
        str | None, typer.Option(help="same or other than the training screen's; by the values when left out.")
    ] = None,
) -> None:
    """Predict all drugs of a sample in which some were measured."""
    if assay not in (None, "same", "other"):
        raise InputError(f"--assay is {assay!r}: say same or other")
    table_file(out)
    fitted = model_of(model)
    adapted = fitted.adapt(sample, _measured(measured), cohort=_cohort(expression, unit), assay=assay)
    found = adapted.predict()
    rows = {name: getattr(found, name).iloc[0] for name in ("mean", "lower", "upper", "preference")}
    table = found.drugs[["name"]].assign(**rows).sort_values("preference", kind="stable")
    say(table.head(10).to_string())
    tell(sample=sample, drugs=table)
    write_table(table, out, index="drug_id")


def library(
    structures: Annotated[
        str, typer.Argument(help="Table of name and smiles (csv, tsv, smi), or launched: drugs outside oncology.")
    ],
    expression: Expression,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of parts; an interrupted call goes on in it.")],
    model: ModelFile = None,
    unit: Unit = None,
    chunk: Annotated[int, typer.Option(help="Structures a step.")] = 1000,
    best: Annotated[int, typer.Option(help="Structures to show for the first sample.")] = 10,
) -> None:
    """Predict a library of structures for every sample, step by step, into a folder of Parquet files."""
    from omics_rx import response

    cohort = _cohort(expression, unit)
    source: Any = response.library.launched() if structures == "launched" else structures
    found = response.library.screen(model_of(model), cohort, source, out, chunk=chunk)
    say(found.counts.to_string())
    first = next(iter(_samples(found)), None)
    if first is not None and best:
        top = found.best(first, best)
        say(f"lowest ln IC50 of {first}:\n{top.to_string(index=False)}")
        tell(sample=first, best=top)
    tell(counts=found.counts)
    wrote(out)


def _samples(found: Any) -> list[str]:
    from omics_rx.response.library_work import FACTS

    for frame in found.frames():
        return [str(name) for name in frame.columns if name not in FACTS]
    return []


def _cohort(expression: Path | None, unit: str | None) -> Any:
    from omics_rx import io

    if expression is None:
        if unit is not None:
            raise InputError("--unit is given without --expression: leave it out")
        return None
    return io.read_cohort(expression, unit=unit)


def _measured(file: Path) -> pd.Series:
    """Measured ln IC50 by drug: a table of two columns, the second by name."""
    from omics_rx.io.source_table import numbers, read_columns

    rows = read_columns(
        file, {"drug": ("drug", "drug_name", "compound", "name"), "ln_ic50": ("ln_ic50", "ln_ic50_um")}, {},
        what="a table of measured drugs",
    )  # fmt: skip
    values: pd.Series = numbers(rows, "ln_ic50").set_axis(rows["drug"].astype(str))
    return values.dropna()
