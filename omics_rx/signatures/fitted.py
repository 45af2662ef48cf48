"""What a recipe made of a training set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.signatures.signature import RiskSignature
from omics_rx.signatures.training import CohortScale, TrainingSet, moments

if TYPE_CHECKING:
    from omics_rx.signatures.assemble import Member

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a recipe made of a training set.

    Attributes
    ----------
    genes, weights
        The small signature: genes, and weights on z within cohort; the score has unit sd in training.
    cutoff
        Median score in training.
    full_genes, full_weights
        The larger model it was distilled from; weights are None where the model is not linear.
    fidelity
        Correlation of the small with the full score in training; of an ensemble, with its held-back risks.
    parts
        Weight of each part of the full model (pattern, combination), not negative.
    patterns
        Gene of the small signature to the part that gives it most of its weight.
    skipped
        Parts that could not be fitted.
    full_model
        z over ``full_genes``, ``(n, u)``, to the full score; None where the weights say it.
    notes
        Sentences about the fit that a reader must know.
    """

    genes: tuple[str, ...]
    weights: Floats
    cutoff: float
    full_genes: tuple[str, ...]
    full_weights: Floats | None
    fidelity: float
    parts: Mapping[str, float]
    patterns: Mapping[str, str]
    skipped: tuple[str, ...]
    full_model: Callable[[Floats], Floats] | None = None
    notes: tuple[str, ...] = ()

    def full_risk(self, z: Floats) -> Floats:
        """Score by the full model of z over ``full_genes``, ``(n, u)`` to ``(n,)``."""
        if self.full_weights is not None:
            return np.asarray(z @ self.full_weights)
        if self.full_model is None:
            message = "a Fitted holds full_weights or a full_model"
            raise TypeError(message)
        return self.full_model(z)

    def risks(self, z: Floats, train: TrainingSet) -> tuple[Floats, Floats]:
        """Scores by the small signature and by the full model, each ``(n,)``, of samples x ``train.genes``."""
        small = z[:, train.columns(self.genes)] @ self.weights
        return small, self.full_risk(z[:, train.columns(self.full_genes)])

    def full_score(self, member: Member) -> pd.Series:
        """Score a cohort by the full model, z within the cohort; genes it lacks count as average."""
        values = member.frame.reindex(columns=list(self.full_genes)).to_numpy()
        mean, sd = moments(values)
        z = np.nan_to_num((values - mean) / sd, nan=0.0)
        return pd.Series(self.full_risk(z), index=member.frame.index)

    def draft(self, name: str, train: TrainingSet) -> RiskSignature:
        """Make the small signature, with nothing yet of where it comes from."""
        z = CohortScale.learn(train).apply(train)[:, train.columns(self.genes)]
        return RiskSignature(
            name, self.genes, {gene: float(weight) for gene, weight in zip(self.genes, self.weights, strict=True)},
            np.atleast_2d(np.corrcoef(z, rowvar=False)), None, {"high": self.cutoff},
        )  # fmt: skip
