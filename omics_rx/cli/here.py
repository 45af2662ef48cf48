"""Verbs that need no file: what is installed here, the public datasets, and a first run on them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omics_rx.cli.options import Out, Seed, Subtype


def doctor() -> None:
    """Say what is installed here and what can run: to paste into a report of a fault."""
    from omics_rx.workflow.doctor import doctor as examined

    typer.echo(str(examined()))


def quickstart(
    out: Out = Path("omics_rx_quickstart"),
    subtype: Subtype = "Basal",
    seed: Seed = 0,
) -> None:
    """Take a real breast cohort to a signature, predicted sensitivities and an explained drug ranking."""
    from omics_rx.workflow.quickstart import run_quickstart

    result = run_quickstart(out, subtype=subtype, seed=seed)
    typer.echo(str(result))


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
