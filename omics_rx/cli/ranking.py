"""Verbs of rankings: making one of drugs for a subtype or a patient, and its page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omics_rx.cli.call import free_folder, note, say, tell, wrote
from omics_rx.cli.options import ModelFile, Out, Seed, Unit, model_of
from omics_rx.cli.tables import page_file
from omics_rx.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def rank(
    out: Out,
    expression: Annotated[Path | None, typer.Argument(help="Tumours; the cohort gse1992 when left out.")] = None,
    subtype: Annotated[
        str | None, typer.Option(help="Subtype, by whatever it is called (TNBC, luminal A); Basal when left out.")
    ] = None,
    model: ModelFile = None,
    labels: Annotated[
        Path | None, typer.Option(help="Labels to learn from, tab-separated; evidence alone without.")
    ] = None,
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
    network: Annotated[
        Path | None, typer.Option(help="Network of genes: SIF or a table of edges; the one that ships when left out.")
    ] = None,
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
    free_folder(out, "ranking.csv")
    cohort = io.read_cohort(expression, unit=unit) if expression else datasets.load("gse1992")
    if mutations:
        cohort = io.read_alterations(mutations, sample=patient, panel=_panel(panel)).onto(cohort)
    ranker = repurposing.Ranker(labels=_labels(labels), seed=seed).fit(
        model_of(model, screen="gdsc"),
        cohort,
        repurposing.read_library(library, conditions=True) if library else None,
        extra=repurposing.read_docking_scores(docking, better=better) if docking else None,
        network=repurposing.read_network(network, min_score=min_score) if network else "resources",
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
                note(f"no structure of {name}: {reason}")
    for sentence in ranking.told.sentences() if ranking.told is not None else ():
        say(sentence)
    shown = ["rank", "name", "stands", "rank_low", "rank_high"]
    say(ranking.table[shown].head(15).to_string(index=False))
    tell(subtype=ranking.subtype, ranking=ranking.table[shown], controls=ranking.controls, limits=list(ranking.limits))
    if len(ranking.controls):
        own = ranking.controls[["name", "better_than"]].head(8).itertuples(index=False)
        found = ", ".join(f"{name} {share:.0%}" for name, share in own)
        whom = ranking.subtype if patient is None else "her subtype"
        say(f"approved for {whom} already, and the share of drugs each beats: {found}")
    wrote(out)


def report(
    folder: Annotated[Path, typer.Argument(help="Folder that `rank` or `quickstart` wrote.")],
    out: Out,
) -> None:
    """Write a saved ranking as one self-contained page."""
    from omics_rx import repurposing
    from omics_rx.report import write

    page_file(out)
    write(repurposing.load_ranking(folder), out)
    wrote(out)


def _candidates(named: str) -> str | list[str]:
    """A choice of candidates, or several names of drugs."""
    names = [name.strip() for name in named.split(",") if name.strip()]
    return names if len(names) > 1 else named.strip()


def _panel(told: str | None) -> str | Path | None:
    return told if told is None or told in ("exome", "genome") else Path(told)


def _labels(file: Path | None) -> pd.DataFrame | None:
    from omics_rx.io.source_table import whole_table

    return None if file is None else whole_table(file)
