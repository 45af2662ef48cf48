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
    return _ks_sorted(np.sort(at, axis=1), n_genes)


def _ks_sorted(ordered: np.ndarray, n_genes: int) -> np.ndarray:
    t = ordered.shape[1]
    gap = np.arange(1, t + 1) / t - ordered / n_genes
    a = gap.max(axis=1)
    b = 1 / t - gap.min(axis=1)
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
    order = np.argsort(at, axis=1)
    return _enrichment_sorted(np.take_along_axis(at, order, axis=1), np.take_along_axis(size, order, axis=1), n_genes)


def _enrichment_sorted(ordered: np.ndarray, weights: np.ndarray, n_genes: int) -> np.ndarray:
    t = ordered.shape[1]
    total = weights.sum(axis=1, keepdims=True)
    share = weights / np.where(total > 0, total, 1)
    share[total[:, 0] == 0] = 1 / t
    after = np.cumsum(share, axis=1)
    after -= (ordered - np.arange(1, t + 1)) / max(n_genes - t, 1)
    high = after.max(axis=1)
    after -= share
    low = after.min(axis=1)
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
        name = "the signature"
        scored = self.score_many(signature.rename(name).to_frame().T, n_genes=n_genes)
        return pd.DataFrame({method: scored[method][name] for method in METHODS})

    def score_many(self, signatures: pd.DataFrame, *, n_genes: int = 150) -> dict[str, pd.DataFrame]:
        """Score every drug against many signatures, such as one a patient, in one pass.

        Parameters
        ----------
        signatures
            Signatures x genes; NaN where a gene is not known.
        n_genes
            As in :meth:`score`.

        Returns
        -------
        dict of str to DataFrame
            Each of ``METHODS`` to drugs x signatures.

        Raises
        ------
        InputError
            If signatures and profiles share fewer than 50 genes, or a signature has no gene on one side.
        """
        shared = self.z.columns.intersection(signatures.columns, sort=False)
        known = signatures[shared].notna().sum(axis=1)
        if known.min() < _MIN_GENES:
            raise InputError(
                f"{int((known < _MIN_GENES).sum())} of {len(known)} signatures and the perturbation profiles share "
                f"{int(known.min())} genes or more (profiles hold {examples(self.z.columns)}): at least {_MIN_GENES} "
                "needed; are both gene symbols?"
            )
        values = signatures[shared].to_numpy(dtype=np.float64)
        at = self.z.columns.get_indexer(shared)
        query = _taken(values, n_genes)
        for side, sign in (("up", 1), ("down", -1)):
            empty = ~(np.sign(query) == sign).any(axis=1)
            if empty.any():
                raise InputError(
                    f"{int(empty.sum())} signatures have 0 {side} genes ({examples(signatures.index[empty])}): both "
                    "sides are needed"
                )
        scored = {**self._by_products(query, at), **self._by_positions(query, at)}
        return {m: pd.DataFrame(scored[m], index=self.z.index, columns=signatures.index) for m in METHODS}

    def _by_products(self, query: np.ndarray, at: np.ndarray) -> dict[str, np.ndarray]:
        """The scores that are sums over the query's genes, ``query`` signatures x genes with 0 for those not taken."""
        values = self.z.to_numpy(dtype=np.float64)[:, at]
        norm = np.sqrt(values**2 @ (query != 0).T.astype(np.float64)) * np.linalg.norm(query, axis=1)
        ranks = np.zeros(query.shape)
        largest = np.zeros(len(query))
        n = self.z.shape[1]
        for row, own in enumerate(query):
            here = np.flatnonzero(own)
            ranks[row, here] = rankdata(np.abs(own[here])) * np.sign(own[here])
            largest[row] = np.sum((n - np.arange(here.size)) * (here.size - np.arange(here.size)))
        dots = values @ query.T
        return {
            "xsum": self.extreme[:, at] @ np.sign(query).T,
            "cosine": np.where(norm > 0, dots / np.where(norm > 0, norm, 1.0), 0.0),
            "zhang": self.signed_rank[:, at] @ ranks.T / largest,
        }

    def _by_positions(self, query: np.ndarray, at: np.ndarray) -> dict[str, np.ndarray]:
        """The scores that walk down each profile: one sort a signature and side serves them all."""
        n = self.z.shape[1]
        # |z| by position: a sorted position finds its weight, and each drug's positions begin where the last one's end
        weights = np.abs(-np.sort(-self.z.to_numpy(dtype=np.float64), axis=1)).ravel()
        start = (np.arange(len(self.z)) * n - 1)[:, None]
        place = self.position[:, at].astype(np.int64) + start
        out = {name: np.empty((len(self.z), len(query))) for name in ("cmap_ks", "wtcs", "rges")}
        for column, own in enumerate(query):
            found = []
            for sign in (1, -1):
                ordered = np.sort(place[:, np.sign(own) == sign], axis=1)
                size = weights.take(ordered, mode="clip")
                ordered -= start
                found.append((_ks_sorted(ordered, n), _enrichment_sorted(ordered, size, n)))
            (ks_up, es_up), (ks_down, es_down) = found
            out["cmap_ks"][:, column] = _scaled(_unless_same_sign(ks_up, ks_down))
            out["wtcs"][:, column] = _unless_same_sign(es_up, es_down) / 2
            out["rges"][:, column] = ks_up - ks_down
        return out


def _taken(values: np.ndarray, n_genes: int) -> np.ndarray:
    """Signatures x genes with the ``n_genes`` largest above 0 and as many smallest below kept, and 0 elsewhere."""
    filled = np.nan_to_num(values)
    order = np.argsort(-filled, axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(order.shape[1]), order.shape), axis=1)
    n_up, n_all = (filled > 0).sum(axis=1, keepdims=True), order.shape[1]
    first = place < np.minimum(n_genes, n_up)
    last = (place >= n_all - n_genes) & (filled < 0)
    return np.where(first | last, filled, 0.0)


def _scaled(score: np.ndarray) -> np.ndarray:
    """Divide by the largest positive or the smallest negative score, each on its own side."""
    high, low = max(score.max(), 0.0), min(score.min(), 0.0)
    return np.where(score > 0, score / (high or 1.0), -(score / (low or 1.0)))


def consensus(scores: pd.DataFrame) -> pd.Series:
    """Mean of the scores after each is divided by its root mean square over the drugs; 0 stays no connection."""
    size = np.sqrt((scores**2).mean())
    mean: pd.Series = (scores / size.where(size > 0, 1.0)).mean(axis=1)
    return mean
