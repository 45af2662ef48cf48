"""Verbs of signatures: building one from cohorts or tables of patients, and judging it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from omics_rx.cli.call import free, note, say, tell, wrote
from omics_rx.cli.options import Expression, Out, Seed, TimeUnit, Unit, reference_of
from omics_rx.cli.tables import page_file, table_file, write_table
from omics_rx.core.errors import InputError, examples


def build(
    train: Annotated[list[str], typer.Option(help="NAME=FILE or NAME=FILE,CLINICAL of a training cohort; repeat.")],
    out: Out,
    recipe: Annotated[
        str, typer.Option(help="Which study to make; therapy learns a yes-or-no outcome from tables of patients.")
    ] = "cell_death",
    outcome: Annotated[str | None, typer.Option(help="For therapy: column of the outcome, such as pcr.")] = None,
    positive: Annotated[
        str | None, typer.Option(help="For therapy: value of the outcome that means a response.")
    ] = None,
    ordered: Annotated[
        str | None, typer.Option(help="For therapy: column of an ordered outcome, tested for a trend.")
    ] = None,
    modalities: Annotated[
        Path | None, typer.Option(help="For therapy: table of column and modality, in the order they are added.")
    ] = None,
    known_before: Annotated[
        list[str] | None, typer.Option(help="For therapy: a feature known before it, whatever it looks like; repeat.")
    ] = None,
    treatment: Annotated[str | None, typer.Option(help="For therapy: column of the arm of a trial.")] = None,
    control: Annotated[
        str | None, typer.Option(help="For therapy with arms: the arm that the others are held against.")
    ] = None,
    within: Annotated[
        list[str] | None,
        typer.Option(help="For therapy with arms: a column of the kind of patient; repeat. Receptors when left out."),
    ] = None,
    expected: Annotated[
        list[str] | None,
        typer.Option(help="For therapy with arms: ARM=FEATURE that was expected to foretell benefit; repeat."),
    ] = None,
    external: Annotated[list[str] | None, typer.Option(help="NAME=FILE of a cohort that is opened once.")] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="The event; 'mixed' where cohorts with different ones are meant.")
    ] = None,
    reopen: Annotated[
        list[str] | None, typer.Option(help="NAME of an external cohort another study has opened; repeat.")
    ] = None,
    time_unit: TimeUnit = None,
    n_genes: Annotated[
        int | None, typer.Option(help="Most genes of the signature; 12 when left out, where the recipe chooses them.")
    ] = None,
    without_signal: Annotated[
        str, typer.Option(help="Where noise would do as well: 'refuse', or 'tell' and make it all the same.")
    ] = "refuse",
    report: Annotated[Path | None, typer.Option(help="Also write the study as a page.")] = None,
    seed: Seed = 0,
) -> None:
    """Build a signature from cohorts with follow-up, and judge it once on an external cohort."""
    from omics_rx import signatures
    from omics_rx.signatures.options import UnusedOptionError, refuse_unused

    free(out)
    page_file(report)
    _refuse_unit_without_file(time_unit, [*train, *(external or [])])
    shared: dict[str, Any] = {"reopen": reopen or [], "without_signal": without_signal, "seed": seed}
    of_trial: dict[str, Any] = {"outcome": outcome, "treatment": treatment, "control": control}
    of_response: dict[str, Any] = {"positive": positive, "ordered": ordered, "known_before": tuple(known_before or ())}
    of_follow_up: dict[str, Any] = {"endpoint": endpoint, "n_genes": n_genes}
    try:
        refuse_unused(
            recipe, {**of_trial, **of_response, **of_follow_up, "modalities": modalities, "within": within,
                     "expected": expected, "time_unit": time_unit},
        )  # fmt: skip
        if recipe == "therapy":
            of_response["modalities"] = signatures.read_modalities(modalities) if modalities else None
            outside = _patients(external or [])
            of_response["expected"] = _expected(expected) if expected else None
            therapy = {name: value for name, value in of_response.items() if value is not None}
            kinds = {"within": within} if within else {}
            study: Any = signatures.build(
                "therapy", _patients(train), external=outside, therapy=therapy, **shared, **of_trial, **kinds
            )
        else:
            outside = _cohorts(external or [], time_unit=time_unit)
            study = signatures.build(
                recipe, _cohorts(train, time_unit=time_unit), external=outside, **shared, **of_follow_up
            )
    except UnusedOptionError as error:
        raise InputError(error.told(_flag)) from error
    _write_study(study, out, report)


def follow_up(
    expression: Expression,
    out: Out,
    signature: Annotated[str, typer.Option(help="Name of a shipped signature, or a saved .json.")] = "prognosis",
    model: Annotated[
        Path | None, typer.Option(help="Saved response model, to compare predicted sensitivity, too.")
    ] = None,
    more: Annotated[list[str] | None, typer.Option(help="NAME=FILE of a further table of the samples; repeat.")] = None,
    reference: Annotated[str, typer.Option(help="Scale of the signature: cohort, or frozen.")] = "cohort",
    unit: Unit = None,
    report: Annotated[Path | None, typer.Option(help="Also write it as a page.")] = None,
    *,
    pathways: Annotated[bool, typer.Option(help="Compare Reactome pathways too.")] = True,
) -> None:
    """Compare patients of high and low risk in all that can be told of them: cells, subtype, pathways, sensitivity."""
    from omics_rx import io, response, signatures
    from omics_rx.report import write

    table_file(out)
    page_file(report)
    made = signatures.load(signature)
    if not isinstance(made, signatures.RiskSignature):
        raise InputError(
            f"{made.name} gives chances of {made.outcome}, no risk over time: it has no groups to follow up"
        )
    cohort = io.read_cohort(expression, unit=unit)
    found = made.follow_up(
        cohort, sensitivity=response.load(model).predict(cohort) if model else None, more=_tables(more or []),
        pathways=pathways, reference=reference_of(reference),
    )  # fmt: skip
    for line in found.limits:
        note(line)
    say(found.table.head(15).to_string())
    tell(groups=found.groups.value_counts(), table=found.table.head(50), limits=found.limits)
    write_table(found.table, out, index="row")
    if report:
        write(found, report)
        wrote(report)


def _tables(named: list[str]) -> dict[str, Any]:
    """Read ``NAME=FILE`` of further tables, samples in rows."""
    from omics_rx.io.source_table import whole_table

    wrong = [text for text in named if not all(text.partition("="))]
    if wrong:
        raise InputError(f"cannot read {examples(wrong)}: write NAME=FILE")
    pairs = [text.partition("=") for text in named]
    return {name: (table := whole_table(Path(file))).set_index(table.columns[0]) for name, _, file in pairs}


def judge(
    cohort: Annotated[list[str], typer.Option(help="NAME=FILE or NAME=FILE,CLINICAL with follow-up; repeat.")],
    out: Out,
    signature: Annotated[str, typer.Option(help="Name of a shipped signature, or a saved .json.")] = "prognosis",
    beside: Annotated[
        list[str] | None, typer.Option(help="Another signature to hold beside it on the same patients; repeat.")
    ] = None,
    month: Annotated[
        list[float] | None, typer.Option(help="At which survival and ROC curves are told; 36 and 60 when left out.")
    ] = None,
    reference: Annotated[str, typer.Option(help="Scale of the signature: cohort, or frozen.")] = "cohort",
    by: Annotated[
        str | None,
        typer.Option(help="For whom: columns with commas between, such as race,age,er_status,stage,site."),
    ] = None,
    time_unit: TimeUnit = None,
    report: Annotated[Path | None, typer.Option(help="Also write the judgement as a page.")] = None,
    seed: Seed = 0,
) -> None:
    """Judge a saved signature on cohorts with follow-up, nothing refitted; writes its figures as a table."""
    from omics_rx import signatures
    from omics_rx.report import write

    table_file(out, *(["by_level"] if by else []))
    page_file(report)
    made: list[signatures.RiskSignature] = []
    for name in (signature, *(beside or [])):
        one = signatures.load(name)
        if not isinstance(one, signatures.RiskSignature):
            raise InputError(f"{one.name} gives chances of {one.outcome}, no risk over time: judge has no use for it")
        made.append(one)
    _refuse_unit_without_file(time_unit, cohort)
    found = made[0].judge(
        _cohorts(cohort, time_unit=time_unit), beside=made[1:], months=tuple(month or (36, 60)),
        reference=reference_of(reference), by=_columns(by), seed=seed,
    )  # fmt: skip
    for line in [*found.limits, *found.subgroups.said]:
        note(line)
    say(found.table.to_string(index=False))
    tell(figures=found.table, groups=found.groups, survival=found.survival, pooled=found.pooled, limits=found.limits)
    for table in (found.groups.dropna(axis=1, how="all"), found.survival, found.pooled):
        if len(table):
            say(table.to_string(index=False))
    if len(found.subgroups.table):
        say(found.subgroups.table.dropna(axis=1, how="all").to_string(index=False))
        say(found.subgroups.tests.to_string(index=False))
        tell(by_level=found.subgroups.table, tests=found.subgroups.tests)
    levels = {"by_level": found.subgroups.table.set_index("cohort")} if len(found.subgroups.table) else None
    write_table(found.table.set_index("cohort"), out, more=levels)
    if report:
        write(found, report)
        wrote(report)


def _columns(by: str | None) -> list[str] | None:
    """Read ``race,age``."""
    if by is None:
        return None
    names = [name.strip() for name in by.split(",") if name.strip()]
    if not names:
        raise InputError("--by names no column: write --by race,age")
    return names


def _refuse_unit_without_file(time_unit: str | None, cohorts: list[str]) -> None:
    if time_unit is not None and not any("=" in text for text in cohorts):
        raise InputError("--time-unit says nothing here: no cohort is read from a file, and datasets are in months")


def _cohorts(named: list[str], *, time_unit: str | None = None) -> dict[str, Any]:
    """Read ``NAME=FILE`` or ``NAME=FILE,CLINICAL``."""
    from omics_rx import datasets, io

    wrong = [text for text in named if "=" not in text and text not in datasets.list().index]
    if wrong:
        raise InputError(f"cannot read {examples(wrong)}: write NAME=FILE, or the name of a dataset")
    found = {}
    for text in named:
        name, _, files = text.partition("=")
        expression, _, clinical = files.partition(",")
        found[name] = (
            io.read_cohort(expression, clinical=clinical or None, time_unit=time_unit) if files else datasets.load(name)
        )
    return found


def _patients(named: list[str]) -> dict[str, Any]:
    """Read ``NAME=FILE`` or ``NAME=FILE,FILE`` of tables of patients, a file a kind of measurement."""
    from omics_rx import signatures

    wrong = [text for text in named if "=" not in text]
    if wrong:
        raise InputError(f"cannot read {examples(wrong)}: write NAME=FILE, or NAME=FILE,FILE for several kinds")
    pairs = [text.partition("=") for text in named]
    return {name: signatures.read_tables(files.split(",")) for name, _, files in pairs}


def _expected(told: list[str]) -> dict[str, list[str]]:
    """Read ``ARM=FEATURE``."""
    found: dict[str, list[str]] = {}
    for text in told:
        arm, sign, feature = text.partition("=")
        if not (sign and arm and feature):
            raise InputError(f"cannot read {text}: write --expected ARM=FEATURE")
        found.setdefault(arm, []).append(feature)
    return found


def _flag(name: str) -> str:
    """Option of the shell that stands for a setting."""
    return f"--{name.replace('_', '-')}"


def _write_study(study: Any, out: Path, report: Path | None) -> None:
    from omics_rx.report import write

    study.signature.save(out)
    say(study.limits[0])
    say(study.table.to_string(index=False))
    tell(figures=study.table, limits=list(study.limits))
    wrote(out)
    if report:
        write(study, report)
        wrote(report)
