"""How surprising it is that a list and a set share so many genes."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln


def overlap_p(overlap: np.ndarray, set_size: np.ndarray, n_listed: int, n_genes: int) -> np.ndarray:
    """Chance that a list of genes drawn at random shares at least so many with each set.

    Parameters
    ----------
    overlap
        Genes of the list in each set, shape ``(n_sets,)``.
    set_size
        Genes of each set, shape ``(n_sets,)``.
    n_listed
        Genes of the list.
    n_genes
        Genes that could be drawn, the background.

    Returns
    -------
    numpy.ndarray
        Upper tail of the hypergeometric distribution, shape ``(n_sets,)``.

    Notes
    -----
    Fisher's exact test, one-sided. The terms of the tail are summed from logarithms, so that a p of 1e-200 is right to
    nine digits.
    """
    overlap, set_size = np.asarray(overlap), np.asarray(set_size)
    least = np.maximum(overlap, np.maximum(0, n_listed + set_size - n_genes))
    most = np.minimum(set_size, n_listed)
    terms = np.arange(int((most - least).max(initial=0)) + 1)[None, :] + least[:, None]
    counted = terms <= most[:, None]
    shared, size = np.minimum(terms, most[:, None]), set_size[:, None]
    log_chance = (
        _log_choose(size, shared)
        + _log_choose(n_genes - size, n_listed - shared)
        - _log_choose(np.array(n_genes), np.array(n_listed))
    )
    tail: np.ndarray = np.where(counted, np.exp(log_chance), 0.0).sum(axis=1)
    return np.where(overlap <= np.maximum(0, n_listed + set_size - n_genes), 1.0, np.minimum(tail, 1.0))


def odds_ratio(overlap: np.ndarray, set_size: np.ndarray, n_listed: int, n_genes: int) -> np.ndarray:
    """Odds of being in the set, genes of the list against all others; one half added to each count, so it is finite."""
    only_set, only_list = set_size - overlap, n_listed - overlap
    neither = n_genes - set_size - only_list
    ratio: np.ndarray = (overlap + 0.5) * (neither + 0.5) / ((only_set + 0.5) * (only_list + 0.5))
    return ratio


def _log_choose(total: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Logarithm of the number of ways to choose ``part`` of ``total``."""
    ways: np.ndarray = gammaln(total + 1.0) - gammaln(part + 1.0) - gammaln(total - part + 1.0)
    return ways
