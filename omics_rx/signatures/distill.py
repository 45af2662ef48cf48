"""From a model over hundreds of genes to a few genes that give nearly the same order of patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omics_rx.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Distilled:
    """A few genes standing for a larger model.

    Attributes
    ----------
    columns
        Positions of the chosen genes, in the order they were chosen, ``(k,)``.
    weights
        Weight of each, on the z scale, ``(k,)``; the score has unit sd in training.
    fidelity
        Pearson correlation with the larger model's score, on the samples it was distilled on.
    path
        The same after the first gene, the second, and so on, ``(k,)``.
    """

    columns: Ints
    weights: Floats
    fidelity: float
    path: Floats


def distil(z: Floats, score: Floats, *, n_genes: int, candidates: Sequence[int] | Ints | None = None) -> Distilled:
    """Choose genes one by one so that their best linear combination follows a score.

    Orthogonal forward selection: each step takes the gene that explains most of what the genes before it left
    of the score; the weights are the least-squares projection of the score on the chosen genes. The outcome is
    not looked at again, so distilling adds no further fit to the events.

    Parameters
    ----------
    z
        Genes as the score's model scales them, ``(n, p)``.
    score
        The larger model's score, ``(n,)``.
    n_genes
        Most genes to keep.
    candidates
        Columns to choose from; None takes all.

    Raises
    ------
    InputError
        If the score is constant or no candidate varies.

    References
    ----------
    Chen, Billings and Luo, Int J Control 1989, 50:1873; Hinton et al., arXiv 1503.02531 (distillation).
    """
    pool = np.arange(z.shape[1]) if candidates is None else np.asarray(candidates, dtype=np.intp)
    target = score - score.mean()
    total = float(np.sqrt(target @ target))
    basis = z[:, pool] - z[:, pool].mean(axis=0)
    if total == 0 or not basis.any():
        raise InputError("the model gives every patient the same score: there is nothing to distil")
    residual, left, chosen, path = target.copy(), basis.copy(), [], []
    start = np.sqrt((basis**2).sum(axis=0))
    for _ in range(min(n_genes, pool.size, z.shape[0] - 2)):
        norm = np.sqrt((left**2).sum(axis=0))
        free = norm > 1e-6 * np.maximum(start, 1e-300)
        gain = np.where(free, np.abs(residual @ left) / np.where(free, norm, 1.0), -1.0)
        best = int(np.argmax(gain))
        if gain[best] <= 1e-9 * total:
            break
        direction = left[:, best] / norm[best]
        residual = residual - direction * (direction @ residual)
        left = left - np.outer(direction, direction @ left)
        chosen.append(best)
        path.append(float(np.sqrt(max(0.0, 1 - float(residual @ residual) / total**2))))
    weights = np.linalg.lstsq(basis[:, chosen], target, rcond=None)[0]
    short = basis[:, chosen] @ weights
    weights = weights / float(short.std(ddof=1))
    return Distilled(pool[chosen], weights, path[-1], np.array(path))
