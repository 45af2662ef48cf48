"""Whom evidence is asked for: a subtype, or one tumour of it; what several kinds need is made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.repurposing import targets
from omics_rx.repurposing.evidence.sources import LINE_GROUP, MIN_LINES, MIN_TUMOURS, Sources
from omics_rx.repurposing.labels import SUBTYPES
from omics_rx.repurposing.selectivity import group_difference, standardised, without_general


@dataclass(frozen=True, eq=False)
class Case:
    """A subtype, or one patient of it, and the sources.

    Attributes
    ----------
    sources
        What evidence is drawn from.
    subtype
        The subtype, also of the patient.
    patient
        Her tumour's name in the cohort; None for the subtype at large.
    """

    sources: Sources
    subtype: str
    patient: str | None = None
    _made: dict[str, Any] = field(default_factory=dict, repr=False)

    @in_words
    def need(self, name: str) -> Any:
        """One of the sources by the name in ``Kind.needs``.

        Raises
        ------
        InputError
            If it is not there.
        """
        found = self.sources.get(name)
        if found is None:
            raise InputError(f"the sources of evidence hold no {name}: name it in needs=, so that the kind is left out")
        return found

    @in_words
    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Make what several columns of a kind share, once a case."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    @property
    def key(self) -> str:
        """What its pairs with drugs are called by: the subtype, or the patient."""
        return self.subtype if self.patient is None else f"patient {self.patient}"

    @property
    def group(self) -> str | None:
        """Group of breast lines that stands for the subtype; None where no line does."""
        return LINE_GROUP.get(self.subtype)

    @cached_property
    def inside(self) -> pd.Series:
        """True for tumours of the subtype, False for others, missing for those without a call."""
        called = self.sources.subtypes
        return (called == self.subtype).where(called.notna())

    @cached_property
    def targets(self) -> dict[str, list[str]]:
        """Drug to its target genes."""
        return targets.genes_of(self.sources.drugs["targets"])

    @cached_property
    def differences(self) -> pd.Series:
        """Gene to how far it stands above the other tumours (standard deviations).

        Of a subtype over this cohort and those that ship; of a patient her own.
        """
        if self.patient is not None:
            own: pd.Series = standardised(self.sources.genes).T[self.patient].dropna()
            return own
        if self.subtype not in SUBTYPES or not self.sources.reference:
            return targets.gene_differences(self.sources.genes, self.inside)
        return self._effect(0)

    @property
    def errors(self) -> pd.Series:
        """Standard errors of :attr:`differences`, where several cohorts say what they are; else empty."""
        if self.patient is not None or self.subtype not in SUBTYPES or not self.sources.reference:
            return pd.Series(dtype="float64")
        return self._effect(1)

    def _effect(self, part: int) -> pd.Series:
        """Subtype less the mean of the three others, over cohorts."""
        k = len(SUBTYPES)
        found: pd.Series = self.sources.effects[part][self.subtype].dropna() * (k / (k - 1))
        return found

    @cached_property
    def signature(self) -> pd.Series:
        """Gene to a statistic that orders genes from down to up: Welch's t of the subtype, or her z."""
        if self.patient is not None:
            return self.differences
        t: pd.Series = group_difference(self.sources.genes, self.inside)["t"].dropna()
        return t

    @cached_property
    def predicted(self) -> pd.DataFrame:
        """Predicted preference (ln uM), a drug a row: ``mean``, ``difference`` from the others, ``t`` (not for one)."""
        preference = self.sources.preference
        if self.patient is None:
            return group_difference(preference, self.inside)
        own = preference.loc[self.patient]
        others = preference.drop(index=self.patient).mean()
        return pd.DataFrame({"mean": own, "difference": own - others, "t": float("nan")})

    @cached_property
    def measured(self) -> pd.DataFrame:
        """Measured responses of the subtype's lines against the other breast lines, a drug a row; see :meth:`lines`."""
        return self.lines(self.sources.responses)

    @in_words
    def targets_in_lines(self, what: str) -> pd.Series:
        """Mean over a drug's target genes of a column of :attr:`Sources.breast_line_genes`."""
        return targets.target_expression(self.targets, self.sources.breast_line_genes[what].dropna())

    @in_words
    def lines(self, responses: pd.DataFrame) -> pd.DataFrame:
        """``mean``, ``difference``, ``t``, ``n_inside`` of responses (lines x drugs); missing without such lines."""
        groups = self.sources.line_groups.dropna()
        breast = without_general(responses).reindex(groups.index)
        return group_difference(breast, groups == self.group, min_each=MIN_LINES)

    def check(self) -> None:
        """Refuse a subtype of too few tumours.

        Raises
        ------
        InputError
            If fewer than five tumours are of the subtype, or of the others.
        """
        n_in, n_out = int(self.inside.eq(1).sum()), int(self.inside.eq(0).sum())
        if n_in < MIN_TUMOURS or n_out < MIN_TUMOURS:
            counts = ", ".join(f"{name} {count}" for name, count in self.sources.subtypes.value_counts().items())
            raise InputError(
                f"{n_in} tumours are {self.subtype} and {n_out} are not ({counts}): at least {MIN_TUMOURS} of each are "
                "needed to rank drugs for it; rank another subtype or a larger cohort"
            )
