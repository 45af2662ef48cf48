"""The command line: one verb a job. Verbs call the library and write files; they compute nothing themselves."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from omics_rx import __version__
from omics_rx.core.errors import InputError, OmicsRxError, examples, unknown_name
from omics_rx.core.paths import existing, means_file

if TYPE_CHECKING:
    import pandas as pd


class _Verbs(TyperGroup):
    """Ends a user's mistake with its message and exit code 2, and an interrupt with what was kept."""

    def invoke(self, ctx: Any) -> Any:
        logging.basicConfig(level=logging.WARNING, format="%(message)s")
        logging.getLogger("omics_rx").setLevel(logging.INFO)
        try:
            return super().invoke(ctx)
        except OmicsRxError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            typer.echo("Interrupted. Finished steps are kept: the same command continues from there.", err=True)
            raise typer.Exit(130) from error


app = typer.Typer(
    cls=_Verbs,
    help="Prognostic signatures, drug response and drug repurposing from tumour omics.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
Out = Annotated[Path, typer.Option("--out", "-o", help="Where to write.")]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.")]
Expression = Annotated[
    Path,
    typer.Argument(
        help="Expression file or folder: bulk in either orientation, microRNAs, or single cells (10x, h5ad)."
    ),
]
Clinical = Annotated[Path | None, typer.Option(help="Table with time, event and clinical columns.")]
Subtype = Annotated[str, typer.Option(help="LumA, LumB, Her2, Basal or Normal.")]
TimeUnit = Annotated[
    str | None, typer.Option(help="Unit of the follow-up where its column does not say: days, months or years.")
]
Unit = Annotated[
    str | None,
    typer.Option(help="Unit of the expression where the file does not say: counts, TPM, FPKM, 'log2(TPM + 1)', ..."),
]
ModelFile = Annotated[Path | None, typer.Option(help="Saved model; the default one when left out.")]


def main() -> None:
    """Run the command line, also where a stream was closed (``2>&-``): it writes nowhere, and not into another file."""
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
    app()


def _version(value: bool) -> None:  # noqa: FBT001 - the shell gives it
    if value:
        typer.echo(f"omics-rx {__version__}")
        raise typer.Exit


@app.callback()
def _told(
    version: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Say the version and stop.")
    ] = False,
) -> None:
    pass


@app.command()
def doctor() -> None:
    """Say what is installed here and what can run: to paste into a report of a fault."""
    from omics_rx.workflow.doctor import doctor as examined

    typer.echo(str(examined()))


@app.command()
def quickstart(
    out: Out = Path("omics_rx_quickstart"),
    subtype: Subtype = "Basal",
    seed: Seed = 0,
) -> None:
    """Take a real breast cohort to a signature, predicted sensitivities and an explained drug ranking."""
    from omics_rx.workflow.quickstart import run_quickstart

    result = run_quickstart(out, subtype=subtype, seed=seed)
    typer.echo(str(result))


@app.command()
def check(expression: Expression, clinical: Clinical = None, time_unit: TimeUnit = None, unit: Unit = None) -> None:
    """Say what a cohort is, and which scores, signatures and models can run on it."""
    from omics_rx import io
    from omics_rx.workflow.check import check as run_check

    typer.echo(str(run_check(io.read_cohort(expression, clinical=clinical, time_unit=time_unit, unit=unit))))


@app.command()
def data(
    names: Annotated[list[str] | None, typer.Argument(help="Datasets to bring to this machine.")] = None,
    *,
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove from the cache what killed runs and other versions left.")
    ] = False,
) -> None:
    """List the public datasets, or bring the named ones to this machine."""
    from omics_rx import datasets
    from omics_rx.core import cache

    if clean:
        count, freed = cache.clean()
        typer.echo(f"removed {count} leftovers ({freed / 1e6:,.1f} MB) from {cache.folder()}; downloads stay")
        return
    for name in names or []:
        typer.echo(f"{name}: {datasets.load(name)!r}")
    if not names:
        typer.echo(datasets.list().to_string())


@app.command()
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

    _table_file(out)
    if bool(signature) == bool(sets):
        raise InputError("name either --signature or --sets, and not both")
    if method is not None and (signature or sets in ("immune", "subtype")):
        raise InputError(f"--method says nothing for {signature or sets}: leave it out")
    if reference is not None and not signature and sets != "subtype":
        raise InputError(f"--reference says nothing for --sets {sets}: leave it out")
    scale = _reference(reference or "cohort")
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
    _write_table(table, out)


@app.command()
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

    settings: dict[str, Any] = {
        "reopen": reopen or [], "without_signal": without_signal, "seed": seed,
    }  # fmt: skip
    _refuse_unit_without_file(time_unit, [*train, *(external or [])])
    of_response: dict[str, Any] = {"positive": positive, "ordered": ordered, "known_before": tuple(known_before or ())}
    try:
        refuse_unused(
            recipe, {**of_response, "outcome": outcome, "modalities": modalities, "treatment": treatment,
                     "control": control, "within": within, "expected": expected, "endpoint": endpoint,
                     "n_genes": n_genes, "time_unit": time_unit},
        )  # fmt: skip
        if recipe == "therapy":
            if modalities:
                of_response["modalities"] = signatures.read_modalities(modalities)
            settings |= {"external": _patients(external or []), "outcome": outcome, "treatment": treatment}
            settings |= {"control": control} | ({"within": within} if within else {})
            if expected:
                of_response["expected"] = _expected(expected)
            if treatment is not None and ordered is None:
                del of_response["ordered"]
            settings["therapy"] = of_response
            study: Any = signatures.build("therapy", _patients(train), **settings)
        else:
            settings |= {"endpoint": endpoint, "n_genes": n_genes}
            settings["external"] = _cohorts(external or [], time_unit=time_unit)
            study = signatures.build(recipe, _cohorts(train, time_unit=time_unit), **settings)
    except UnusedOptionError as error:
        raise InputError(error.told(_flag)) from error
    _write_study(study, out, report)


def _expected(told: list[str]) -> dict[str, list[str]]:
    """Read ``ARM=FEATURE``."""
    found: dict[str, list[str]] = {}
    for text in told:
        arm, sign, feature = text.partition("=")
        if not (sign and arm and feature):
            raise InputError(f"cannot read {text}: write --expected ARM=FEATURE")
        found.setdefault(arm, []).append(feature)
    return found


@app.command()
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
    time_unit: TimeUnit = None,
    report: Annotated[Path | None, typer.Option(help="Also write the judgement as a page.")] = None,
    seed: Seed = 0,
) -> None:
    """Judge a saved signature on cohorts with follow-up, nothing refitted; writes its figures as a table."""
    from omics_rx import signatures
    from omics_rx.report import write

    _table_file(out)
    made: list[signatures.RiskSignature] = []
    for name in (signature, *(beside or [])):
        one = signatures.load(name)
        if not isinstance(one, signatures.RiskSignature):
            raise InputError(f"{one.name} gives chances of {one.outcome}, no risk over time: judge has no use for it")
        made.append(one)
    _refuse_unit_without_file(time_unit, cohort)
    found = made[0].judge(
        _cohorts(cohort, time_unit=time_unit), beside=made[1:], months=tuple(month or (36, 60)),
        reference=_reference(reference), seed=seed,
    )  # fmt: skip
    for line in found.limits:
        typer.echo(line, err=True)
    typer.echo(found.table.to_string(index=False))
    for table in (found.groups.dropna(axis=1, how="all"), found.survival, found.pooled):
        if len(table):
            typer.echo(table.to_string(index=False))
    _write_table(found.table.set_index("cohort"), out)
    if report:
        write(found, report)
        typer.echo(f"wrote {report}")


def _refuse_unit_without_file(time_unit: str | None, cohorts: list[str]) -> None:
    if time_unit is not None and not any("=" in text for text in cohorts):
        raise InputError("--time-unit says nothing here: no cohort is read from a file, and datasets are in months")


def _flag(name: str) -> str:
    """Option of the shell that stands for a setting."""
    return f"--{name.replace('_', '-')}"


def _write_study(study: Any, out: Path, report: Path | None) -> None:
    from omics_rx.report import write

    study.signature.save(out)
    typer.echo(study.limits[0])
    typer.echo(study.table.to_string(index=False))
    typer.echo(f"wrote {out}")
    if report:
        write(study, report)
        typer.echo(f"wrote {report}")


@app.command()
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


@app.command()
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
    _table_file(out)
    prediction = _model(model).predict(io.read_cohort(expression, unit=unit), drug or None)
    table = getattr(prediction, what)
    _write_table(table.assign(trained_on=prediction.trained_on) if prediction.trained_on.any() else table, out)


@app.command()
def rank(
    out: Out,
    expression: Annotated[Path | None, typer.Argument(help="Tumours; the cohort gse1992 when left out.")] = None,
    subtype: Annotated[
        str | None, typer.Option(help="Subtype, by whatever it is called (TNBC, luminal A); Basal when left out.")
    ] = None,
    model: ModelFile = None,
    labels: Annotated[Path | None, typer.Option(help="Your own labels, tab-separated.")] = None,
    seed: Seed = 0,
    unit: Unit = None,
    *,
    patient: Annotated[
        str | None, typer.Option(help="Rank for this tumour of the cohort, by its name, in place of a subtype.")
    ] = None,
    mutations: Annotated[
        list[Path] | None,
        typer.Option(help="Alterations of the tumours: MAF, copy numbers, annotated VCF or words; repeat."),
    ] = None,
    panel: Annotated[
        str | None, typer.Option(help="Genes that were sequenced: a file of one a line, or exome.")
    ] = None,
    candidates: Annotated[
        str,
        typer.Option(
            help="What to offer: existing (launched, not yet approved for the subtype), investigational, "
            "all, or names joined by commas."
        ),
    ] = "existing",
    universe: Annotated[bool, typer.Option(help="Judge launched drugs outside oncology too.")] = True,
    library: Annotated[Path | None, typer.Option(help="Perturbation library: GMT, GCT, GCTX or a table.")] = None,
    network: Annotated[Path | None, typer.Option(help="Network of genes: SIF or a table of edges.")] = None,
    min_score: Annotated[float | None, typer.Option(help="Smallest weight of an edge of the network.")] = None,
    docking: Annotated[Path | None, typer.Option(help="Docking scores: SDF of poses or a table.")] = None,
    better: Annotated[str | None, typer.Option(help="Which docking scores are good: low or high.")] = None,
    structures: Annotated[int, typer.Option(help="Write so many drugs as 3-D structures for docking.")] = 0,
) -> None:
    """Rank existing drugs for a subtype or a patient; writes tables, report.html and candidates.md to a folder."""
    from omics_rx import datasets, io, repurposing
    from omics_rx.core.saving import together, write_text
    from omics_rx.report import write

    if patient is not None and subtype is not None:
        raise InputError("--patient and --subtype are both given: a patient is ranked by her own tumour, leave one out")
    for told, of, name in ((better, docking, "better"), (min_score, network, "min-score"), (panel, mutations, "panel")):
        if told is not None and of is None:
            raise InputError(f"--{name} is given without its file: give both, or leave it out")
    if unit is not None and expression is None:
        raise InputError("--unit is given without expression: leave it out")
    cohort = io.read_cohort(expression, unit=unit) if expression else datasets.load("gse1992")
    if mutations:
        cohort = io.read_alterations(mutations, sample=patient, panel=_panel(panel)).onto(cohort)
    # a patient is ranked by the two questions, where her alterations count by themselves, unless labels are given
    learnt = None if patient is not None and labels is None else _labels(labels)
    ranker = repurposing.Ranker(labels=learnt, seed=seed).fit(
        _model(model, screen="gdsc"),
        cohort,
        repurposing.read_library(library, conditions=True) if library else None,
        extra=repurposing.read_docking_scores(docking, better=better) if docking else None,
        network=repurposing.read_network(network, min_score=min_score) if network else None,
        universe="resources" if universe else None,
    )
    by = "subtype" if patient is None else "patient"
    ranking = ranker.rank(patient or subtype or "Basal", by=by, candidates=_candidates(candidates))
    with together(out, gone=["structures.sdf"]) as draft:  # what belongs to an older ranking goes with it
        ranking.save(draft)
        write(ranking, draft / "report.html")
        write_text(draft / "candidates.md", "\n".join(str(ranking.sheet(drug)) for drug in ranking.table.index[:10]))
        if structures:
            written = repurposing.export_structures(ranking, draft / "structures.sdf", n=structures, seed=seed)
            for name, reason in written.loc[~written["written"], ["name", "reason"]].itertuples(index=False):
                typer.echo(f"no structure of {name}: {reason}", err=True)
    for sentence in ranking.told.sentences() if ranking.told is not None else ():
        typer.echo(sentence)
    shown = ["rank", "name", "stands", "rank_low", "rank_high"]
    typer.echo(ranking.table[shown].head(15).to_string(index=False))
    if len(ranking.controls):
        own = ranking.controls[["name", "better_than"]].head(8).itertuples(index=False)
        found = ", ".join(f"{name} {share:.0%}" for name, share in own)
        whom = ranking.subtype if patient is None else "her subtype"
        typer.echo(f"approved for {whom} already, and the share of drugs each beats: {found}")
    typer.echo(f"wrote {out}")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder that `rank` or `quickstart` wrote.")],
    out: Out,
) -> None:
    """Write a saved ranking as one self-contained page."""
    from omics_rx import repurposing
    from omics_rx.report import write

    write(repurposing.load_ranking(folder), out)
    typer.echo(f"wrote {out}")


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


def _model(file: Path | None, *, screen: str = "gdsc2") -> Any:
    from omics_rx import response

    return response.load(file) if file else response.default(screen)


def _candidates(named: str) -> str | list[str]:
    """A choice of candidates, or several names of drugs."""
    names = [name.strip() for name in named.split(",") if name.strip()]
    return names if len(names) > 1 else named.strip()


def _panel(told: str | None) -> str | Path | None:
    return told if told is None or told in ("exome", "genome") else Path(told)


def _labels(file: Path | None) -> pd.DataFrame | str:
    from omics_rx.io.source_table import whole_table

    return "resources" if file is None else whole_table(file)


def _reference(name: str) -> Literal["cohort", "frozen"]:
    if name == "frozen":
        return "frozen"
    if name != "cohort":
        raise unknown_name("reference", name, ("cohort", "frozen"))
    return "cohort"


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


def _write_chances(signature: Any, files: list[Path], out: Path, *, reference: str) -> None:
    """Chances of response of patients in one table or several."""
    from omics_rx import signatures

    table = signature.score(signatures.read_tables(files), reference=reference)
    for note in table.attrs.get("notes", ()):
        typer.echo(note, err=True)
    _write_table(table, out)


def _table_file(out: Path) -> Path:
    """Refuse a suffix that names no format, before any work is done."""
    if out.suffix not in _SEPARATORS and out.suffix != ".parquet":
        raise InputError(f"cannot tell the format of {out}: end it in .csv, .tsv or .parquet")
    return out


def _write_table(table: pd.DataFrame, out: Path) -> None:
    from omics_rx.core.saving import writing
    from omics_rx.core.texts import for_spreadsheets

    with writing(out) as draft:
        if out.suffix == ".parquet":
            table.to_parquet(draft)
        else:
            for_spreadsheets(table).to_csv(draft, sep=_SEPARATORS[out.suffix])
    typer.echo(f"wrote {out}: {table.shape[0]:,} x {table.shape[1]:,}")
