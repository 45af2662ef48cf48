"""What evidence is drawn from: the same for every subtype and every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from omics_rx.repurposing.evidence.kind import Kind

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.screen import DrugScreen
    from omics_rx.repurposing import proximity, reversal

MIN_TUMOURS, MIN_LINES, N_DISEASE = 5, 3, 100
# lines are known as luminal at large; both luminal subtypes of tumours are compared with them
LINE_GROUP = {"LumA": "Luminal", "LumB": "Luminal", "Her2": "Her2", "Basal": "Basal"}


@dataclass(frozen=True, eq=False)
class Basis:
    """What a kind may prepare itself from, before any subtype is ranked.

    Attributes
    ----------
    cohort
        Tumours, current symbols, with ``obs`` and ``obsm`` as the user gave them.
    drugs
        Drugs to rank, index ``drug_id``.
    screen
        The screen that the response model was fitted on.
    given
        What the user brought, by the name of ``Ranker.fit``'s argument; None where not.
    """

    cohort: AnnData
    drugs: pd.DataFrame
    screen: DrugScreen
    given: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Sources:
    """What evidence is drawn from, the same for every subtype.

    Attributes
    ----------
    drugs
        Index ``drug_id``; ``name``, ``targets`` where known.
    preference
        Predicted preference of the tumours, tumours x drugs (ln uM); low is sensitive.
    subtypes
        Subtype of each tumour.
    genes
        Tumours x genes, logarithmic.
    responses
        Measured ln IC50, lines x drugs (ln uM).
    line_groups
        Breast lines to ``"Basal"``, ``"Her2"`` or ``"Luminal"``.
    profiles
        Perturbation profiles, one a drug; None without a library.
    extra
        Subtype to the user's own columns, drugs x columns.
    extra_directions
        Column of the user's to 1 or -1.
    events
        Genomic events of the lines, lines x events.
    mean
        Predicted ln IC50 of the tumours, tumours x drugs (ln uM).
    applicability
        Likeness of each drug to the nearest screened one.
    network
        The user's network of genes.
    expressing
        Share of malignant and of other cells that express each drug's targets.
    held_out
        ln IC50 of the lines predicted by fits that had not seen them, lines x drugs (ln uM).
    target
        What the response model predicts: ``"ln_ic50"``, or ``"auc"`` in place of every ln IC50 above.
    brought
        Kind to what its ``prepare`` made.
    own_kinds
        Kinds of the user's, beside those registered.
    """

    drugs: pd.DataFrame
    preference: pd.DataFrame
    subtypes: pd.Series
    genes: pd.DataFrame
    responses: pd.DataFrame
    line_groups: pd.Series
    profiles: reversal.Library | None
    extra: Mapping[str, pd.DataFrame]
    extra_directions: Mapping[str, int]
    events: pd.DataFrame | None = None
    mean: pd.DataFrame | None = None
    applicability: pd.Series | None = None
    network: proximity.Network | None = None
    expressing: pd.DataFrame | None = None
    held_out: pd.DataFrame | None = None
    target: str = "ln_ic50"
    brought: Mapping[str, Any] = field(default_factory=dict)
    own_kinds: tuple[Kind, ...] = ()

    @property
    def concentrations(self) -> pd.DataFrame | None:
        """Predicted ln IC50 of the tumours, where it is one and drugs can be told by structure."""
        return self.mean if self.target == "ln_ic50" and "inchikey" in self.drugs else None

    def has(self, need: str) -> bool:
        """Whether a need of a kind is there."""
        return self.get(need) is not None

    def get(self, need: str) -> Any:
        """What a kind needs, by its name; None where it is not there."""
        return self.brought[need] if need in self.brought else getattr(self, need, None)

    def members(self) -> tuple[Kind, ...]:
        """Kinds, registered or the user's, whose needs are there."""
        from omics_rx.repurposing.evidence import KINDS

        every = (*(KINDS[name] for name in KINDS), *self.own_kinds)
        return tuple(kind.in_target(self.target) for kind in every if all(self.has(need) for need in kind.needs))

    def kinds(self) -> tuple[Kind, ...]:
        """Kinds that a ranking is made from: those whose needs are there, and the user's own columns."""
        own = tuple(
            Kind(name, name.replace("_", " "), "as given", direction, "given by the user")
            for name, direction in self.extra_directions.items()
        )
        return (*(kind for kind in self.members() if kind.ranked), *own)
