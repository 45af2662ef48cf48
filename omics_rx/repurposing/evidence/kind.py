"""What a kind of evidence is: a name, a unit, a direction, where it comes from, what it needs, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from omics_rx.core.arguments import in_words

if TYPE_CHECKING:
    from omics_rx.repurposing.evidence.case import Case
    from omics_rx.repurposing.evidence.sources import Basis


@dataclass(frozen=True)
class Kind:
    """One kind of evidence.

    Attributes
    ----------
    name, label
        Column name, and the words for a reader.
    unit
        What it is measured in.
    direction
        1 where a high value speaks for a drug, -1 where a low one does.
    source
        Where it comes from.
    compute
        From a :class:`~omics_rx.repurposing.evidence.Case` (a subtype or a patient, and all sources) to one value a
        drug, index ``drug_id``; a drug left out or NaN is one of which nothing is known.
    needs
        Names of what must be there: attributes of ``Sources``, or what a ``prepare`` made under a kind's name. Where
        one is missing the kind is not part of a ranking.
    prepare
        Once at the start, from what the user brought to what ``compute`` finds in ``case.sources.brought[name]``; None
        where there is nothing, so that the kind is left out.
    ranked
        Whether it moves scores; else it is shown.
    question
        ``"drug"`` where it says which drugs are worth trying at all, ``"subtype"`` where it says for whom.
    weight
        Its weight in the default rule, beside kinds of the same question; 0 where it is shown there and moves nothing.
    slope
        What one unit adds to a score by the default rule, for a kind of which 0 speaks neither for nor against a drug,
        whomever it is asked for; None where its weight and the spread of the cohort's subtypes tell.
    error
        As ``compute``: by how much the value of another cohort, or of other lines, may differ from this one (standard
        deviation of the difference); None where it is not known, which rank intervals then leave out.
    over
        Whose choice the error is of: ``"tumours"``, or ``"lines"``, which are the same for every cohort.
    support
        Kinds that are shown beside it and move nothing, such as its t or its number of lines.
    cites
        Keys of ``resources/citations.toml``.
    """

    name: str
    label: str
    unit: str
    direction: int
    source: str
    compute: Callable[[Case], pd.Series] | None = None
    needs: tuple[str, ...] = ()
    prepare: Callable[[Basis], Any] | None = None
    ranked: bool = True
    question: str = "subtype"
    weight: float = 0.15
    slope: float | None = None
    error: Callable[[Case], pd.Series] | None = None
    over: str = "tumours"
    support: tuple[Kind, ...] = ()
    cites: tuple[str, ...] = ()

    @in_words
    def in_target(self, target: str) -> Kind:
        """The kind as a model of AUC says it; as it is for a model of ln IC50."""
        if target != "auc":
            return self
        return replace(
            self, unit=self.unit.replace("ln uM", "AUC"), source=self.source.replace("ln IC50", "AUC"),
            support=tuple(kind.in_target(target) for kind in self.support),
        )  # fmt: skip


OUTCOMES = Kind(
    "outcomes",
    "outcomes of experiments",
    "expected outcome, -1 to 1",
    1,
    "ledger of outcomes: its own and, by what they share, those of other drugs",
)
