"""How do two sources become comparable? Names, units, references and domains.

Functions and modules are imported when they are first named. No module carries the name of a function, so
``harmonize.genes`` is the function whatever was imported before it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_NAMES = {
    "Aligned": "domain",
    "ComBat": "batch",
    "Consensus": "alignment",
    "Finding": "symbols",
    "GeneReference": "reference",
    "QuantileReference": "reference",
    "changes": "renaming",
    "coral": "alignment",
    "current_mirnas": "mirna_names",
    "current_symbols": "symbols",
    "find_drugs": "drugs:find",
    "find_lines": "cell_lines:find",
    "fit_curves": "curves",
    "genes": "renaming",
    "mirnas": "mirna_renaming",
    "only_human": "matrices",
    "plate_grid": "plate_wells:from_grid",
    "plates": "plate_wells",
    "pseudobulk": "cell_sums",
    "pseudobulk_groups": "cell_sums",
    "subtype": "subtypes",
    "target_genes": "targets:read",
    "to_training_scale": "domain",
}
_MODULES = (
    "alignment",
    "batch",
    "cell_lines",
    "domain",
    "drugs",
    "mechanisms",
    "reference",
    "subtypes",
    "targets",
    "units",
)

if TYPE_CHECKING:
    from omics_rx.harmonize import (
        alignment,
        batch,
        cell_lines,
        domain,
        drugs,
        mechanisms,
        reference,
        subtypes,
        targets,
        units,
    )
    from omics_rx.harmonize.alignment import Consensus, coral
    from omics_rx.harmonize.batch import ComBat
    from omics_rx.harmonize.cell_lines import find as find_lines
    from omics_rx.harmonize.cell_sums import pseudobulk, pseudobulk_groups
    from omics_rx.harmonize.curves import fit_curves
    from omics_rx.harmonize.domain import Aligned, to_training_scale
    from omics_rx.harmonize.drugs import find as find_drugs
    from omics_rx.harmonize.matrices import only_human
    from omics_rx.harmonize.mirna_names import current_mirnas
    from omics_rx.harmonize.mirna_renaming import mirnas
    from omics_rx.harmonize.plate_wells import from_grid as plate_grid
    from omics_rx.harmonize.plate_wells import plates
    from omics_rx.harmonize.reference import GeneReference, QuantileReference
    from omics_rx.harmonize.renaming import changes, genes
    from omics_rx.harmonize.subtypes import subtype
    from omics_rx.harmonize.symbols import Finding, current_symbols
    from omics_rx.harmonize.targets import read as target_genes

__all__ = [
    "Aligned", "ComBat", "Consensus", "Finding", "GeneReference", "QuantileReference", "alignment", "batch",
    "cell_lines", "changes", "coral", "current_mirnas", "current_symbols", "domain", "drugs", "find_drugs",
    "find_lines", "fit_curves", "genes", "mechanisms", "mirnas", "only_human", "plate_grid", "plates",
    "pseudobulk", "pseudobulk_groups", "reference", "subtype", "subtypes", "target_genes", "targets",
    "to_training_scale", "units",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"omics_rx.harmonize.{name}")
    if name in _NAMES:
        module, _, attribute = _NAMES[name].partition(":")
        return getattr(import_module(f"omics_rx.harmonize.{module}"), attribute or name)
    message = f"module 'omics_rx.harmonize' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
