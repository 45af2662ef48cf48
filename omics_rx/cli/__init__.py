"""The command line: one verb a job. Verbs call the library and write files; they compute nothing themselves."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from omics_rx import __version__
from omics_rx.cli.call import begin, failed, verb
from omics_rx.cli.cohorts import check, score
from omics_rx.cli.explaining import adapt, explain, library
from omics_rx.cli.here import data, doctor, quickstart
from omics_rx.cli.ranking import rank, report
from omics_rx.cli.response import predict, screen, train
from omics_rx.cli.signatures import build, follow_up, judge
from omics_rx.core.errors import OmicsRxError


class _Verbs(TyperGroup):
    """Ends a user's mistake with its message and exit code 2, and an interrupt with what was kept."""

    def invoke(self, ctx: Any) -> Any:
        logging.basicConfig(level=logging.WARNING, format="%(message)s")
        logging.getLogger("omics_rx").setLevel(logging.INFO)
        begin()
        try:
            return super().invoke(ctx)
        except OmicsRxError as error:
            failed(error)
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


for _verb in (doctor, quickstart, check, data, score, build, judge, follow_up, train, predict, explain, adapt, screen,
              library, rank, report):  # fmt: skip
    app.command(_verb.__name__.replace("_", "-"))(verb(_verb))
