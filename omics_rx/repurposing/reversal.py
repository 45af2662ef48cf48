"""Does a drug's expression profile undo a disease signature? Six published scores; below 0 is reversal in all.

The kernels take arrays: ``z`` is drugs x genes (how far the drug moves each gene), a gene's *position* is 1 for the
most up-regulated gene of that drug. References: Lamb 2006 (CMap KS), Subramanian 2017 (weighted connectivity),
Cheng 2014 (XSum), Zhang & Gant 2008, Chen 2017 (RGES).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from omics_rx.core.errors import InputError, examples

METHODS = ("cmap_ks", "wtcs", "xsum", "cosine", "zhang", "rges")
_MIN_GENES = 50


def positions(z: np.ndarray) -> np.ndarray:
    """Position of each gene in each drug's profile, 1 for the most up-regulated, shape ``(n_drugs, n_genes)``."""
    return np.asarray(rankdata(-z, axis=1, method="ordinal"))


def ks(at: np.ndarray, n_genes: int) -> np.ndarray:
    """Kolmogorov-Smirnov statistic of a gene set in each profile (Lamb 2006, supplement).

    Parameters
    ----------
    at
        Positions of the set's genes, any order, shape ``(n_drugs, t)``.
    n_genes
        Genes in a profile.

    Returns
    -------
    ndarray, shape ``(n_drugs,)``
        ``a`` if ``a > b`` else ``-b``, of ``a = max(j / t - V(j) / n)``, ``b = max(V(j) / n - (j - 1) / t)``.
    """
    ordered = np.sort(at, axis=1) / n_genes
    t = at.shape[1]
    steps = np.arange(1, t + 1) / t
    a = (steps - ordered).max(axis=1)
    b = (ordered - (steps - 1 / t)).max(axis=1)
    return np.asarray(np.where(a > b, a, -b))


def weighted_enrichment(at: np.ndarray, size: np.ndarray, n_genes: int) -> np.ndarray:
    """Weighted enrichment score with exponent 1 (Subramanian 2005): the largest deviation of the running sum.

    Parameters
    ----------
    at
        Positions of the set's genes, shape ``(n_drugs, t)``.
    size
        ``|z|`` of the same genes, shape ``(n_drugs, t)``.
    n_genes
        Genes in a profile.

    Returns
    -------
    ndarray, shape ``(n_drugs,)``
        Between -1 and 1. The running sum is largest just after a hit and smallest just before one. Where all
        weights are 0 every hit counts the same.
    """
    t = at.shape[1]
    order = np.argsort(at, axis=1)
    sorted_at = np.take_along_axis(at, order, axis=1)
    weights = np.take_along_axis(size, order, axis=1)
    total = weights.sum(axis=1, keepdims=True)
    share = np.where(total > 0, weights / np.where(total > 0, total, 1), 1 / t)
    hits = np.cumsum(share, axis=1)
    misses = (sorted_at - np.arange(1, t + 1)) / max(n_genes - t, 1)
    high = (hits - misses).max(axis=1)
    low = (hits - share - misses).min(axis=1)
    return np.asarray(np.where(high >= -low, high, low))


def _unless_same_sign(up: np.ndarray, down: np.ndarray) -> np.ndarray:
    return np.where(np.sign(up) == np.sign(down), 0.0, up - down)


def zhang(signed_ranks: np.ndarray, query_ranks: np.ndarray, n_genes: int) -> np.ndarray:
    """Connection strength (Zhang & Gant 2008) over its largest possible value, between -1 and 1.

    Parameters
    ----------
    signed_ranks
        Rank of ``|z|`` among all genes (n for the largest) with the sign of z, of the query's genes,
        shape ``(n_drugs, m)``.
    query_ranks
        Rank of the query's genes by size (m for the largest) with their sign, shape ``(m,)``.
    n_genes
        Genes in a profile.
    """
    m = query_ranks.size
    largest = np.sum((n_genes - np.arange(m)) * (m - np.arange(m)))
    return np.asarray(signed_ranks @ query_ranks / float(largest))


@dataclass(frozen=True, eq=False)
class Profiles:
    """Drug profiles with what every query needs, computed once.

    Attributes
    ----------
    z
        Drugs x genes.
    position, signed_rank, extreme
        Position of each gene; rank of ``|z|`` with sign; z of the most up and most down genes and 0 elsewhere.
    """

    z: pd.DataFrame
    position: np.ndarray
    signed_rank: np.ndarray
    extreme: np.ndarray

    @classmethod
    def of(cls, z: pd.DataFrame, *, n_extreme: int = 100) -> Profiles:
        """Prepare drugs x genes profiles.

        Raises
        ------
        InputError
            If values are missing or there are fewer than 50 genes.
        """
        values = z.to_numpy(dtype=np.float64)
        if not np.isfinite(values).all():
            raise InputError(
                f"{int((~np.isfinite(values)).any(axis=1).sum())} perturbation profiles have missing values: "
                "leave out these genes or profiles"
            )
        if values.shape[1] < _MIN_GENES:
            raise InputError(f"the perturbation profiles share {values.shape[1]} genes: at least {_MIN_GENES} needed")
        place = positions(values)
        n_kept = min(n_extreme, values.shape[1] // 2)
        outer = (place <= n_kept) | (place > values.shape[1] - n_kept)
        rank = rankdata(np.abs(values), axis=1) * np.sign(values)
        return cls(z, place, rank, np.where(outer, values, 0.0))

    def score(self, signature: pd.Series, *, n_genes: int = 150) -> pd.DataFrame:
        """Score every drug against one signature.

        Parameters
        ----------
        signature
            Gene to how far the disease moves it (a t or a log ratio); up above 0.
        n_genes
            Genes taken on either side, the largest first; a side takes no gene of the wrong sign.

        Returns
        -------
        DataFrame
            Drugs x ``METHODS``; below 0 the drug reverses the signature.

        Raises
        ------
        InputError
            If the signature shares fewer than 50 genes with the profiles, or one side is empty.
        """
        shared = signature.dropna()
        shared = shared[shared.index.isin(self.z.columns)]
        if len(shared) < _MIN_GENES:
            raise InputError(
                f"signature and perturbation profiles share {len(shared)} genes (profiles hold "
                f"{examples(self.z.columns)}): at least {_MIN_GENES} needed; are both gene symbols?"
            )
        ordered = shared.sort_values(ascending=False, kind="stable")
        up, down = ordered[ordered > 0].head(n_genes), ordered[ordered < 0].tail(n_genes)
        if up.empty or down.empty:
            raise InputError(f"the signature has {len(up)} genes up and {len(down)} down: both sides are needed")
        return self._scored(up, down)

    def _scored(self, up: pd.Series, down: pd.Series) -> pd.DataFrame:
        n = self.z.shape[1]
        at_up, at_down = self.z.columns.get_indexer(up.index), self.z.columns.get_indexer(down.index)
        values = self.z.to_numpy(dtype=np.float64)
        size = np.abs(values)
        ks_up, ks_down = (ks(self.position[:, at], n) for at in (at_up, at_down))
        es_up, es_down = (weighted_enrichment(self.position[:, at], size[:, at], n) for at in (at_up, at_down))
        query = pd.concat([up, down])
        at = np.concatenate([at_up, at_down])
        ranks = rankdata(query.abs()) * np.sign(query.to_numpy())
        norm = np.linalg.norm(values[:, at], axis=1) * np.linalg.norm(query)
        with np.errstate(invalid="ignore", divide="ignore"):
            cosine = np.where(norm > 0, values[:, at] @ query.to_numpy() / norm, 0.0)
        ks_score = _unless_same_sign(ks_up, ks_down)
        return pd.DataFrame(
            {
                "cmap_ks": _scaled(ks_score),
                "wtcs": _unless_same_sign(es_up, es_down) / 2,
                "xsum": self.extreme[:, at_up].sum(axis=1) - self.extreme[:, at_down].sum(axis=1),
                "cosine": cosine,
                "zhang": zhang(self.signed_rank[:, at], ranks, n),
                "rges": ks_up - ks_down,
            },
            index=self.z.index,
        )


def _scaled(score: np.ndarray) -> np.ndarray:
    """Divide by the largest positive or the smallest negative score, each on its own side."""
    high, low = max(score.max(), 0.0), min(score.min(), 0.0)
    return np.where(score > 0, score / (high or 1.0), -(score / (low or 1.0)))


def consensus(scores: pd.DataFrame) -> pd.Series:
    """Mean of the scores after each is divided by its root mean square over the drugs; 0 stays no connection."""
    size = np.sqrt((scores**2).mean())
    mean: pd.Series = (scores / size.where(size > 0, 1.0)).mean(axis=1)
    return mean
