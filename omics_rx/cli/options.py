"""Options that verbs share, and what is read of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from omics_rx.core.errors import unknown_name

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


def reference_of(name: str) -> Literal["cohort", "frozen"]:
    """Scale of a signature or of subtypes."""
    if name == "frozen":
        return "frozen"
    if name != "cohort":
        raise unknown_name("reference", name, ("cohort", "frozen"))
    return "cohort"


def model_of(file: Path | None, *, screen: str = "gdsc2") -> Any:
    """Model of a file, or the default one of a screen."""
    from omics_rx import response

    return response.load(file) if file else response.default(screen)
