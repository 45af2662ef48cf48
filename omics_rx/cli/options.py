"""Options that verbs share, and what is read of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from omics_rx.core.errors import InputError, unknown_name
from omics_rx.core.paths import existing, means_file

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
Columns = Annotated[str | None, typer.Option(help="Columns of the clinical table: time=OS.time,event=OS,sample=ID.")]
SetColumns = Annotated[
    str | None,
    typer.Option(help="For a table of gene sets: its set column, gene column and perhaps weights, by commas."),
]
Replicates = Annotated[
    str | None, typer.Option(help="Where a sample stands twice: refuse (when left out), or average.")
]
ModelFile = Annotated[Path | None, typer.Option(help="Saved model; the default one when left out.")]


@dataclass(frozen=True)
class How:
    """How a bulk cohort is to be read where its file does not say."""

    unit: str | None = None
    columns: str | None = None
    replicates: str | None = None

    def read(self, expression: Path, *, clinical: Path | None = None, time_unit: str | None = None) -> Any:
        """Read a cohort of any kind; columns and replicates are of bulk alone."""
        from omics_rx import io

        if self.columns is None and self.replicates is None:
            return io.read_cohort(expression, clinical=clinical, time_unit=time_unit, unit=self.unit)
        if self.columns is not None and clinical is None:
            raise InputError("--columns names those of a clinical table: give it by --clinical")
        return io.read_bulk(
            expression, clinical=clinical, time_unit=time_unit, unit=self.unit,
            replicates=self.replicates or "refuse", columns=_pairs(self.columns),
        )  # fmt: skip


def _pairs(told: str | None) -> dict[str, str] | None:
    """Read ``time=OS.time,event=OS``."""
    if told is None:
        return None
    parts = [part.partition("=") for part in told.split(",") if part.strip()]
    wrong = [name for name, sign, value in parts if not (sign and name.strip() and value.strip())]
    if wrong or not parts:
        raise InputError(f"cannot read --columns {told!r}: write time=COLUMN,event=COLUMN")
    return {name.strip(): value.strip() for name, _, value in parts}


def columns_of(told: str | None) -> list[str] | None:
    """Names joined by commas."""
    return None if told is None else [name.strip() for name in told.split(",")]


def reference_file(told: str | None) -> Path | None:
    """File of a reference cohort, where one is named in place of ``cohort`` or ``frozen``."""
    if told is None or not means_file(told):
        return None
    return existing(told, what="reference cohort")


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
