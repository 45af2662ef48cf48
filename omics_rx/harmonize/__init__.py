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
    "fit_curves": "curves",
    "genes": "renaming",
    "mirnas": "mirna_renaming",
    "pseudobulk": "cell_sums",
    "pseudobulk_groups": "cell_sums",
    "to_training_scale": "domain",
}
_MODULES = ("alignment", "batch", "cell_lines", "domain", "drugs", "reference", "units")

if TYPE_CHECKING:
    from omics_rx.harmonize import alignment, batch, cell_lines, domain, drugs, reference, units
    from omics_rx.harmonize.alignment import Consensus, coral
    from omics_rx.harmonize.batch import ComBat
    from omics_rx.harmonize.cell_sums import pseudobulk, pseudobulk_groups
    from omics_rx.harmonize.curves import fit_curves
    from omics_rx.harmonize.domain import Aligned, to_training_scale
    from omics_rx.harmonize.mirna_names import current_mirnas
    from omics_rx.harmonize.mirna_renaming import mirnas
    from omics_rx.harmonize.reference import GeneReference, QuantileReference
    from omics_rx.harmonize.renaming import changes, genes
    from omics_rx.harmonize.symbols import Finding, current_symbols

__all__ = [
    "Aligned", "ComBat", "Consensus", "Finding", "GeneReference", "QuantileReference", "alignment", "batch",
    "cell_lines", "changes", "coral", "current_mirnas", "current_symbols", "domain", "drugs", "fit_curves", "genes",
    "mirnas", "pseudobulk", "pseudobulk_groups", "reference", "to_training_scale", "units",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"omics_rx.harmonize.{name}")
    if name in _NAMES:
        return getattr(import_module(f"omics_rx.harmonize.{_NAMES[name]}"), name)
    message = f"module 'omics_rx.harmonize' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
