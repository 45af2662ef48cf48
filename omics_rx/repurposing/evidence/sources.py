"""What evidence is drawn from: the same for every subtype and every kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.harmonize.mechanisms import tokens
from omics_rx.repurposing.corrected import over_lines, pooled_contrasts
from omics_rx.repurposing.evidence.kind import Kind
from omics_rx.repurposing.selectivity import standardised
from omics_rx.repurposing.subtype_effects import CohortMeans, cohort_means, joined

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.screen import DrugScreen
    from omics_rx.repurposing import proximity, reversal

MIN_TUMOURS, MIN_LINES, N_DISEASE = 5, 3, 100
# genes of the proliferation score of PAM50 (Nielsen et al. 2010)
PROLIFERATION = ("BIRC5", "CCNB1", "CDC20", "NUF2", "CEP55", "NDC80", "MKI67", "PTTG1", "RRM2", "TYMS", "UBE2C")
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
    sister
        Another screen of the same laboratory with other compounds or lines; None without one.
    """

    cohort: AnnData
    drugs: pd.DataFrame
    screen: DrugScreen
    given: Mapping[str, Any]
    sister: DrugScreen | None = None


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
    instances
        All its profiles, and the ``drug_id``, ``dose``, ``time`` and ``line`` of each; None where these are not told.
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
    repeats
        Measured ln IC50 of the same compounds in another screen, lines x drugs (ln uM).
    line_genes
        Expression of the lines, lines x genes.
    breast_lines
        Lines that are of the breast.
    reference
        What subtypes look like in open cohorts that this one is none of.
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
    repeats: pd.DataFrame | None = None
    line_genes: pd.DataFrame | None = None
    breast_lines: pd.Index | None = None
    reference: tuple[CohortMeans, ...] = ()
    brought: Mapping[str, Any] = field(default_factory=dict)
    own_kinds: tuple[Kind, ...] = ()
    instances: tuple[reversal.Library, pd.DataFrame] | None = None
    _made: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @in_words
    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Make what a kind needs alike for every subtype and patient, once."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    @cached_property
    def screened(self) -> pd.Index:
        """Drugs that were measured in any line."""
        measured = self.responses.columns[self.responses.notna().any()]
        return self.drugs.index[self.drugs.index.isin(measured)]

    @cached_property
    def over_lines(self) -> pd.DataFrame:
        """Responses corrected by expression and joined over screens, lines x drugs (sd over lines)."""
        return over_lines(self.responses, self.held_out, self.repeats)

    @cached_property
    def pooled(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Contrasts of the breast lines' groups, drugs x groups, and their errors (sd over lines)."""
        words = tokens(self.drugs, structures=False)
        told = [words[str(drug)] for drug in self.drugs.index]
        return pooled_contrasts(self.over_lines, self.line_groups, told, self.drugs.index)

    @cached_property
    def breast_line_genes(self) -> pd.DataFrame:
        """Genes in breast lines, a gene a row: ``level``, ``spread``, ``proliferation`` (correlation with it)."""
        assert self.line_genes is not None  # noqa: S101 - the kinds that ask need both
        assert self.breast_lines is not None  # noqa: S101
        lines = self.line_genes.reindex(self.breast_lines).dropna(how="all")
        marks = lines.columns.intersection(list(PROLIFERATION))
        score = standardised(lines[marks].mean(axis=1).to_frame()).iloc[:, 0]
        along = standardised(lines).mul(score, axis=0).sum(min_count=3) / (len(lines) - 1)
        return pd.DataFrame({"level": lines.mean(), "spread": lines.std(), "proliferation": along})

    @cached_property
    def effects(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Genes x subtypes over this cohort and those that ship, and the errors (sd over tumours)."""
        return joined([*self.reference, cohort_means("given", self.genes, self.subtypes)])

    @property
    def concentrations(self) -> pd.DataFrame | None:
        """Predicted ln IC50 of the tumours, where it is one and drugs can be told by structure."""
        return self.mean if self.target == "ln_ic50" and "inchikey" in self.drugs else None

    @in_words
    def has(self, need: str) -> bool:
        """Whether a need of a kind is there."""
        return self.get(need) is not None

    @in_words
    def get(self, need: str) -> Any:
        """What a kind needs, by its name; None where it is not there."""
        return self.brought[need] if need in self.brought else getattr(self, need, None)

    def members(self) -> tuple[Kind, ...]:
        """Kinds, registered or the user's, whose needs are there."""
        from omics_rx.repurposing.evidence import KINDS

        every = (*KINDS.values(), *self.own_kinds)
        return tuple(kind.in_target(self.target) for kind in every if all(self.has(need) for need in kind.needs))

    @in_words
    def kinds(self, rule: str = "questions") -> tuple[Kind, ...]:
        """Kinds that a ranking is made from by a rule: those whose needs are there, and the user's own columns."""
        own = tuple(
            Kind(name, name.replace("_", " "), "as given", direction, "given by the user",
                 question="subtype" if self._differs(name) else "drug", weight=0.15 if self._differs(name) else 1.0)
            for name, direction in self.extra_directions.items()
        )  # fmt: skip
        kept = (kind for kind in self.members() if kind.ranked and (kind.weight > 0 or rule != "questions"))
        return (*kept, *own)

    def _differs(self, name: str) -> bool:
        """Whether a user's column says something else of some subtype."""
        columns = [frame[name] for frame in self.extra.values() if name in frame]
        return any(not column.equals(columns[0]) for column in columns[1:])
