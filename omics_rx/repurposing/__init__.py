"""Which drug next for this subtype, why, and how sure: evidence, a cross-fitted ranker, explanations that add up."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from omics_rx.core.damage import guarded

_NAMES = {
    "Explanation": "omics_rx.repurposing.explain",
    "Ledger": "omics_rx.repurposing.ledger",
    "Ranker": "omics_rx.repurposing.ranker",
    "Ranking": "omics_rx.repurposing.ranking",
    "event_effects": "omics_rx.repurposing.alterations.effects",
    "event_frequencies": "omics_rx.repurposing.alterations.frequencies",
    "export_structures": "omics_rx.repurposing.docking",
    "load_ranking": "omics_rx.repurposing.ranking",
    "read_docking_scores": "omics_rx.repurposing.docking_scores",
    "read_library": "omics_rx.repurposing.library",
    "read_network": "omics_rx.repurposing.edges",
    "universe": "omics_rx.repurposing.further",
}
_FILES = ("evidence", "labels", "posterior", "reversal", "selectivity", "targets")

if TYPE_CHECKING:
    from omics_rx.repurposing import evidence, labels, posterior, reversal, selectivity, targets
    from omics_rx.repurposing.alterations.effects import event_effects
    from omics_rx.repurposing.alterations.frequencies import event_frequencies
    from omics_rx.repurposing.docking import export_structures
    from omics_rx.repurposing.docking_scores import read_docking_scores
    from omics_rx.repurposing.edges import read_network
    from omics_rx.repurposing.explain import Explanation
    from omics_rx.repurposing.further import universe
    from omics_rx.repurposing.ledger import Ledger
    from omics_rx.repurposing.library import read_library
    from omics_rx.repurposing.ranker import Ranker
    from omics_rx.repurposing.ranking import Ranking, load_ranking

__all__ = [
    "Explanation", "Ledger", "Ranker", "Ranking", "event_effects", "event_frequencies",
    "evidence", "export_structures", "labels", "load_ranking",
    "posterior",
    "read_docking_scores", "read_library", "read_network", "reversal", "selectivity", "targets",
    "universe",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        found = getattr(import_module(_NAMES[name]), name)
        return globals().setdefault(name, guarded(found)) if name.startswith("read_") else found
    if name in _FILES:
        return import_module(f"omics_rx.repurposing.{name}")
    message = f"module 'omics_rx.repurposing' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
