"""How do I read this file? One call a kind of file; what it is, is told by its content."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from omics_rx.core.damage import guarded

_NAMES = {
    "Alterations": "alterations",
    "Table": "table",
    "cell_quality": "cell_qc",
    "dropped_cells": "cell_qc",
    "harmony": "embedding",
    "join": "modalities",
    "left_out": "modalities",
    "normalise": "cell_qc",
    "notes": "said",
    "qc": "cell_qc",
    "read_alterations": "alterations",
    "read_bulk": "bulk",
    "read_ccle": "ccle",
    "read_ccle_points": "ccle",
    "read_clinical": "clinical",
    "read_cohort": "any_cohort",
    "read_ctrp": "ctrp",
    "read_features": "features",
    "read_gdsc": "gdsc",
    "read_gene_sets": "gene_sets",
    "read_mirna": "mirna",
    "read_prism": "prism",
    "read_screen": "own_screen",
    "read_single_cell": "single_cell",
    "read_table": "table",
    "said_aloud": "said",
}

if TYPE_CHECKING:
    from omics_rx.io.alterations import Alterations, read_alterations
    from omics_rx.io.any_cohort import read_cohort
    from omics_rx.io.bulk import read_bulk
    from omics_rx.io.ccle import read_ccle, read_ccle_points
    from omics_rx.io.cell_qc import cell_quality, dropped_cells, normalise, qc
    from omics_rx.io.clinical import read_clinical
    from omics_rx.io.ctrp import read_ctrp
    from omics_rx.io.embedding import harmony
    from omics_rx.io.features import read_features
    from omics_rx.io.gdsc import read_gdsc
    from omics_rx.io.gene_sets import read_gene_sets
    from omics_rx.io.mirna import read_mirna
    from omics_rx.io.modalities import join, left_out
    from omics_rx.io.own_screen import read_screen
    from omics_rx.io.prism import read_prism
    from omics_rx.io.said import notes, said_aloud
    from omics_rx.io.single_cell import read_single_cell
    from omics_rx.io.table import Table, read_table

__all__ = [
    "Alterations", "Table", "cell_quality", "dropped_cells", "harmony", "join", "left_out", "normalise", "notes", "qc",
    "read_alterations", "read_bulk",
    "read_ccle", "read_ccle_points", "read_clinical", "read_cohort", "read_ctrp", "read_features", "read_gdsc",
    "read_gene_sets", "read_mirna", "read_prism", "read_screen", "read_single_cell", "read_table", "said_aloud",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        found = getattr(import_module(f"omics_rx.io.{_NAMES[name]}"), name)
        # whatever a parser raises of bytes that are not what they were ends here in one error of ours
        return globals().setdefault(name, guarded(found)) if name.startswith("read_") else found
    message = f"module 'omics_rx.io' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
