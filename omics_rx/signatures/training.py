"""What a signature is trained on: several cohorts side by side, each brought to scale within itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core.work import rng
from omics_rx.signatures import cox

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

CLOSE = 1e-9  # of what is compared: values that lie nearer are one, as the last bits differ between processors


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Pooled cohorts over the genes that all of them measure.

    Attributes
    ----------
    expression
        Values as measured, NaN where missing, ``(n, p)``.
    genes
        Gene symbols, ``p``.
    samples
        ``cohort/sample`` names, ``n``.
    time, event
        Months and whether the event was seen, ``(n,)``.
    cohort
        Cohort of each sample, ``(n,)``; a stratum of every Cox model.
    er
        Recorded oestrogen receptor: 1 positive, 0 negative, NaN not known, ``(n,)``; None where nobody asked.
    """

    expression: Floats
    genes: tuple[str, ...]
    samples: pd.Index
    time: Floats
    event: NDArray[np.bool_]
    cohort: NDArray[np.str_]
    er: Floats | None = None
    positions: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", {gene: at for at, gene in enumerate(self.genes)})

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.samples)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.event.sum())

    @property
    def cohorts(self) -> tuple[str, ...]:
        """Names of the cohorts, in order of first appearance."""
        return tuple(dict.fromkeys(self.cohort.tolist()))

    def rows(self, keep: NDArray[np.bool_] | Ints) -> TrainingSet:
        """Keep some samples."""
        return replace(
            self, expression=self.expression[keep], samples=self.samples[keep], time=self.time[keep],
            event=self.event[keep], cohort=self.cohort[keep], er=None if self.er is None else self.er[keep],
        )  # fmt: skip

    def only(self, genes: Iterable[str]) -> TrainingSet:
        """Keep some genes, in the order they stand; those not measured are passed over."""
        wanted = set(genes)
        kept = tuple(gene for gene in self.genes if gene in wanted)
        return replace(self, expression=self.expression[:, self.columns(kept)], genes=kept)

    def columns(self, genes: Sequence[str]) -> Ints:
        """Positions of genes."""
        return np.array([self.positions[gene] for gene in genes], dtype=np.intp)

    def follow_up(self) -> cox.FollowUp:
        """Follow-up with the cohorts as strata."""
        return cox.follow_up(self.time, self.event, self.cohort)

    def folds(self, n_folds: int, *, seed: int, name: str) -> Ints:
        """Fold of each sample, ``(n,)``, balanced over cohort and event.

        Parameters
        ----------
        n_folds
            Number of folds.
        seed, name
            Together they decide the deal, and nothing else does: not the order of the samples.
        """
        fold = np.empty(self.n, dtype=np.intp)
        start = 0
        for cohort in sorted(set(self.cohort.tolist())):
            for seen in (True, False):
                members = np.flatnonzero((self.cohort == cohort) & (self.event == seen))
                by_name = members[np.argsort(self.samples[members].astype(str), kind="stable")]
                dealt = rng(seed, name, cohort, seen).permutation(by_name)
                # the deal goes on where the last group stopped, so that fold sizes differ by one at most
                fold[dealt] = (start + np.arange(dealt.size)) % n_folds
                start += dealt.size
        return fold


@dataclass(frozen=True, eq=False)
class CohortScale:
    """Mean and sd of every gene within each cohort, learnt on training samples alone.

    Attributes
    ----------
    mean, sd
        Cohort name to ``(p,)``; a gene that does not vary has an infinite sd, so that its z is 0.
    """

    mean: Mapping[str, Floats]
    sd: Mapping[str, Floats]

    @classmethod
    def learn(cls, train: TrainingSet) -> CohortScale:
        """Learn from the samples of a training set, each cohort by itself."""
        means, sds = {}, {}
        for cohort in train.cohorts:
            means[cohort], sds[cohort] = moments(train.expression[train.cohort == cohort])
        return cls(means, sds)

    def apply(self, data: TrainingSet) -> Floats:
        """Scale within cohort: z, ``(n, p)``; a missing value takes its cohort's training mean, z = 0."""
        z = np.empty_like(data.expression)
        for cohort in data.cohorts:
            rows = data.cohort == cohort
            z[rows] = (data.expression[rows] - self.mean[cohort]) / self.sd[cohort]
        return np.nan_to_num(z, nan=0.0)


def moments(values: Floats) -> tuple[Floats, Floats]:
    """Mean and sd of each column; the sd of a column that does not vary is infinite."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=0) / np.maximum(count, 1)
    sd = np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / np.maximum(count - 1, 1))
    flat = sd <= 1e-9 * np.maximum(np.abs(mean), 1.0)
    return mean, np.where(flat, np.inf, sd)
