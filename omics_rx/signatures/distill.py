"""From a model over hundreds of genes to a few genes that give nearly the same order of patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omics_rx.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


class NoSignalError(InputError):
    """A training set in which nothing predicts the outcome of samples held back."""


@dataclass(frozen=True, eq=False)
class Distilled:
    """A few genes standing for a larger model.

    Attributes
    ----------
    columns
        Positions of the chosen genes, the most telling first, ``(k,)``.
    weights
        Weight of each, on the z scale, ``(k,)``; the score has unit sd in training.
    fidelity
        Pearson correlation with the larger model's score, on the samples it was distilled on.
    """

    columns: Ints
    weights: Floats
    fidelity: float


def distil(
    z: Floats, score: Floats, cohort: NDArray[np.str_], *, n_genes: int, candidates: Sequence[int] | Ints | None = None
) -> Distilled:
    """Choose the genes that follow a score in every cohort, and weigh each by how closely it does.

    A gene's strength is its correlation with the score within each cohort, taken in the cohort where it is weakest;
    a gene whose sign differs between cohorts has none. The genes with the greatest strength are kept, and the
    strength is the weight. Genes that say the same are kept together on purpose: their mean carries less of a
    platform's noise than the sharpest fit to the score would. The outcome is not looked at again, so distilling adds
    no further fit to the events.

    Parameters
    ----------
    z
        Genes as the score's model scales them, ``(n, p)``.
    score
        The larger model's score, ``(n,)``.
    cohort
        Cohort of each sample, ``(n,)``.
    n_genes
        Most genes to keep.
    candidates
        Columns to choose from; None takes all.

    Raises
    ------
    NoSignalError
        If the score is constant, or no candidate follows it in every cohort.
    """
    pool = np.arange(z.shape[1]) if candidates is None else np.asarray(candidates, dtype=np.intp)
    strength = replicated_correlation(z[:, pool], score, cohort)
    order = np.argsort(-np.abs(strength).round(9), kind="stable")[:n_genes]  # last digits choose nothing
    chosen = order[strength[order] != 0]
    if not chosen.size:
        raise NoSignalError("no gene follows the model's score in every cohort: there is nothing to distil")
    short = z[:, pool[chosen]] @ strength[chosen]
    weights = strength[chosen] / float(short.std(ddof=1))
    return Distilled(pool[chosen], weights, float(np.corrcoef(short, score)[0, 1]))


def replicated_correlation(z: Floats, score: Floats, cohort: NDArray[np.str_]) -> Floats:
    """Correlation of each gene with a score in the cohort where it is weakest, 0 where signs differ, ``(p,)``."""
    found = np.array([_correlation(z[cohort == name], score[cohort == name]) for name in np.unique(cohort)])
    agree = (np.sign(found) == np.sign(found[0])).all(axis=0)
    return np.where(agree, np.sign(found[0]) * np.abs(found).min(axis=0), 0.0)


def _correlation(z: Floats, score: Floats) -> Floats:
    """Pearson correlation of each column with a score; 0 for a column or a score that does not vary."""
    genes, target = z - z.mean(axis=0), score - score.mean()
    length = np.sqrt((genes**2).sum(axis=0) * float(target @ target))
    return np.asarray(np.where(length > 1e-12, (target @ genes) / np.maximum(length, 1e-12), 0.0))
