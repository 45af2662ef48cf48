"""A drug that hits the altered gene itself: what mutations and gains of a drug's own target do, by the screens.

Most events do nothing to most drugs, and effects are drawn towards 0 by that. A mutation or a gain of a drug's own
target is another kind of pair: it goes with sensitivity on average, and varies far more. Both are told by the pairs of
that kind themselves (empirical Bayes; mean and variance by the method of moments, each pair by its precision), so that
few altered lines are drawn towards what such alterations do, not towards nothing. No published pair is looked at.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

FEWEST = 20  # pairs of a kind; fewer tell nothing of it
KINDS = ("mut", "gain", "fusion")  # a loss of its target tells nothing of a drug: .02 (29 pairs of both screens)
_ROUNDS, _START, _LEAST = 50, 0.1, 1e-4


def hits(events: pd.Index, drugs: pd.Index, targets: dict[str, list[str]]) -> np.ndarray:
    """Whether a drug hits the gene of an event (of a fusion either), events x drugs."""
    genes = [_genes(str(event)) for event in events]
    own = [set(targets.get(str(drug), ())) for drug in drugs]
    found: np.ndarray = np.array([[bool(gene & target) for target in own] for gene in genes], dtype=bool)
    return found.reshape(len(genes), len(own))


def _genes(event: str) -> set[str]:
    """Genes of an event.

    Examples
    --------
    >>> sorted(_genes("BCR-ABL1_fusion"))
    ['ABL1', 'BCR', 'BCR-ABL1']
    >>> _genes("ERBB2_gain")
    {'ERBB2'}
    """
    gene, _, kind = event.rpartition("_")
    return {gene, *gene.split("-")} if kind == "fusion" else {gene}


def priors(difference: pd.DataFrame, noise: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is to be expected of pairs of an event and a drug that hits its gene.

    Parameters
    ----------
    difference
        Means of altered lines less the others, events x drugs (sd over lines); NaN where not known.
    noise
        Variance of each difference by its numbers of lines, ``(n_events, n_drugs)``. Not by the lines' own spread: a
        few very sensitive lines make both the difference and its spread large, and a mean weighted by that is too high.
    inside
        By :func:`hits`.

    Returns
    -------
    ndarray, ndarray
        Mean, and variance beyond that of other pairs, events x drugs; 0 for all other pairs, and for kinds of events
        of fewer than ``FEWEST`` such pairs.
    """
    seen = difference.to_numpy(dtype=np.float64)
    kinds = np.array([str(event).rpartition("_")[2] for event in difference.index])
    mean, variance = np.zeros(seen.shape), np.zeros(seen.shape)
    for kind in KINDS:
        own = inside & (kinds == kind)[:, None]
        known = own & np.isfinite(seen)
        if known.sum() >= FEWEST:
            mean[own], variance[own] = _moments(seen[known], noise[known])
    return mean, variance


def _moments(values: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
    """Mean and variance of what was measured with known noise, each value by its precision."""
    between = _START
    for _ in range(_ROUNDS):
        weight = 1 / (noise + between)
        mean = float(weight @ values / weight.sum())
        square = weight**2
        between = max(float(square @ ((values - mean) ** 2 - noise) / square.sum()), _LEAST)
    return mean, between
