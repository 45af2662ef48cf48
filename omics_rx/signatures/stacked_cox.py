"""Stacked Cox: one ridge Cox model a pattern, joined by a non-negative ridge Cox over their honest predictions.

The weights of the patterns are learnt from out-of-fold log hazards, so a pattern that merely has many genes
earns nothing. Everything collapses to one coefficient a gene.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from omics_rx.core.errors import InputError, NotFittedError
from omics_rx.signatures import cox, penalty
from omics_rx.signatures.risk_sets import Outcome
from omics_rx.signatures.training import CohortScale, TrainingSet

Floats = NDArray[np.float64]
MIN_GENES = 3


@dataclass(frozen=True, eq=False)
class PatternFit:
    """One pattern's model: its genes, its ridge penalty, its log hazard ratios and its cross-validated gain."""

    genes: tuple[str, ...]
    penalty: float
    coefficients: Floats = field(repr=False)
    gain: float


class StackedCox(BaseEstimator):  # type: ignore[misc]
    """Per-pattern ridge Cox models under a non-negative ridge Cox.

    1. For each pattern: ridge Cox over its genes (z within cohort, cohorts as strata), the penalty chosen by
       cross-validated partial likelihood; the same folds give out-of-fold log hazards.
    2. Over the patterns: non-negative ridge Cox on the out-of-fold log hazards, each scaled to unit sd.
    3. Collapse: the coefficient of a gene is the weighted sum of its coefficients in the patterns.

    Parameters
    ----------
    patterns
        Pattern name to its genes.
    n_folds
        Inner folds, stratified by cohort and event.
    seed
        Deals the folds.

    Attributes
    ----------
    genes_, coefficients_
        Genes with a coefficient, and the log hazard ratio per sd within cohort, ``(p,)``.
    patterns_
        Pattern name to its :class:`PatternFit`.
    weights_
        Pattern name to its weight, not negative; weight on a log hazard of unit sd.
    skipped_
        Patterns with fewer than three measured genes.
    scale_
        The :class:`CohortScale` of the training samples.
    """

    def __init__(self, patterns: Mapping[str, Sequence[str]], *, n_folds: int = 5, seed: int = 0) -> None:
        self.patterns = patterns
        self.n_folds = n_folds
        self.seed = seed

    def fit(self, train: TrainingSet) -> StackedCox:
        """Fit on pooled cohorts.

        Raises
        ------
        InputError
            If no pattern has three measured genes, or there are fewer events than two a fold.
        """
        if not isinstance(train, TrainingSet):
            raise InputError(f"a {type(train).__name__} is no training set: signatures.build makes one from cohorts")
        if train.n_events < 2 * self.n_folds:
            raise InputError(
                f"{train.n_events} events in {train.n} samples: {self.n_folds} folds need two each; "
                "add cohorts or follow-up"
            )
        used = measured(self.patterns, train)
        self.skipped_ = tuple(name for name in self.patterns if name not in used)
        self.scale_ = CohortScale.learn(train)
        z = self.scale_.apply(train)
        fold = train.folds(self.n_folds, seed=self.seed, name="stacked-cox")
        scaled = [CohortScale.learn(train.rows(fold != number)).apply(train) for number in range(self.n_folds)]
        outcome = Outcome(train.time, train.event, train.cohort)
        risks, self.patterns_ = [], {}
        for name, genes in used.items():
            columns = train.columns(genes)
            chosen = penalty.choose([(part[:, columns],) * 2 for part in scaled], fold, outcome)
            beta = cox.ridge(z[:, columns], outcome.follow_up(), chosen.penalty)
            self.patterns_[name] = PatternFit(genes, chosen.penalty, beta, chosen.gain)
            risks.append(chosen.risk)
        self._join(np.column_stack(risks), z, train, outcome)
        return self

    def _join(self, risks: Floats, z: Floats, train: TrainingSet, outcome: Outcome) -> None:
        """Weigh the patterns by their out-of-fold risks and collapse them to genes."""
        spread = np.array([_within_sd(risks[:, at], train.cohort) for at in range(risks.shape[1])])
        scaled = risks / np.where(spread > 1e-12, spread, np.inf)
        second = train.folds(self.n_folds, seed=self.seed, name="stacked-cox-join")
        chosen = penalty.choose([(scaled, scaled)] * self.n_folds, second, outcome, fit=cox.nonnegative_ridge)
        weights = cox.nonnegative_ridge(scaled, outcome.follow_up(), chosen.penalty)
        self.weights_ = dict(zip(self.patterns_, weights.tolist(), strict=True))
        total = np.zeros(z.shape[1])
        for weight, fitted in zip(weights, self.patterns_.values(), strict=True):
            columns = train.columns(fitted.genes)
            own = _within_sd(z[:, columns] @ fitted.coefficients, train.cohort)
            total[columns] += weight * fitted.coefficients / own if own > 1e-12 else 0.0
        kept = np.flatnonzero(total)
        self.genes_ = tuple(train.genes[at] for at in kept)
        self.coefficients_ = total[kept]

    def risk(self, z: Floats, train: TrainingSet) -> Floats:
        """Log hazard of samples whose columns are those of ``train``, z within cohort: ``(n, p)`` to ``(n,)``."""
        if not hasattr(self, "coefficients_"):
            raise NotFittedError("this StackedCox was not fitted: call fit with a training set first")
        return np.asarray(z[:, train.columns(self.genes_)] @ self.coefficients_)


def measured(patterns: Mapping[str, Sequence[str]], train: TrainingSet) -> dict[str, tuple[str, ...]]:
    """Patterns with the genes that are measured, where there are three or more.

    Raises
    ------
    InputError
        If no pattern has three.
    """
    found = {
        name: tuple(gene for gene in dict.fromkeys(genes) if gene in train.positions)
        for name, genes in patterns.items()
    }
    used = {name: genes for name, genes in found.items() if len(genes) >= MIN_GENES}
    if not used:
        raise InputError(
            f"none of {len(found)} patterns has {MIN_GENES} genes that all cohorts measure: "
            "check the gene names of the cohorts"
        )
    return used


def _within_sd(values: Floats, cohort: NDArray[np.str_]) -> float:
    """Sd of values around the mean of their cohort."""
    centred = values.copy()
    names = np.unique(cohort)
    for name in names:
        rows = cohort == name
        centred[rows] -= centred[rows].mean()
    return float(np.sqrt((centred**2).sum() / max(values.size - names.size, 1)))
