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

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples

METHODS = ("cmap_ks", "wtcs", "xsum", "cosine", "zhang", "rges")
MIN_GENES = 50
_LEVEL = 1e-9  # deviations that differ by less are alike


def _steady(values: np.ndarray) -> np.ndarray:
    """Values without their last digits: what ties on one processor ties on every other."""
    return np.asarray(np.round(values, 9))


@in_words
def positions(z: np.ndarray) -> np.ndarray:
    """Position of each gene in each drug's profile, 1 for the most up-regulated, shape ``(n_drugs, n_genes)``.

    Genes of one value share the mean of their places, so that the order of columns tells nothing.
    """
    return np.asarray(rankdata(_steady(-z), axis=1, method="average"))


def _ends(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last place of each gene's value in each profile; one array where no profile has ties."""
    steady = _steady(-z)
    last, first = (rankdata(steady, axis=1, method=method) for method in ("max", "min"))
    return (last, last) if np.array_equal(first, last) else (first, last)


@in_words
def ks(at: np.ndarray, n_genes: int, *, first: np.ndarray | None = None) -> np.ndarray:
    """Kolmogorov-Smirnov statistic of a gene set in each profile (Lamb 2006, supplement).

    Within genes of one value nothing is ordered, so both distributions are compared where such genes end and where
    they begin, and a profile of one value everywhere gives no more than 1 / n.

    Parameters
    ----------
    at
        Positions of the set's genes, any order, shape ``(n_drugs, t)``; of genes that tie the last one.
    n_genes
        Genes in a profile.
    first
        The same, of genes that tie the first one; None where none tie.

    Returns
    -------
    ndarray, shape ``(n_drugs,)``
        ``a`` if ``a > b`` else ``-b``, of ``a = max(j / t - V(j) / n)``, ``b = max(V(j) / n - (j - 1) / t)``.
    """
    ordered = np.sort(at, axis=1)
    return _ks_sorted(ordered, ordered if first is None else np.sort(first, axis=1), n_genes)


def _ks_sorted(last: np.ndarray, first: np.ndarray, n_genes: int) -> np.ndarray:
    # of hits that tie the last one counts most in a and the first one in b, so each may take its turn
    t = last.shape[1]
    hits = np.arange(1, t + 1) / t
    a = (hits - last / n_genes).max(axis=1)
    b = 1 / t - (hits - first / n_genes).min(axis=1)
    return np.asarray(np.where(a > b, a, -b))


@in_words
def weighted_enrichment(
    at: np.ndarray, size: np.ndarray, n_genes: int, *, first: np.ndarray | None = None
) -> np.ndarray:
    """Weighted enrichment score with exponent 1 (Subramanian 2005): the largest deviation of the running sum.

    Parameters
    ----------
    at
        Positions of the set's genes, shape ``(n_drugs, t)``; of genes that tie the last one.
    size
        ``|z|`` of the same genes, shape ``(n_drugs, t)``.
    n_genes
        Genes in a profile.
    first
        The same, of genes that tie the first one; None where none tie.

    Returns
    -------
    ndarray, shape ``(n_drugs,)``
        Between -1 and 1. The running sum is largest just after a hit and smallest just before one; within genes of
        one value it is read at their ends. Where all weights are 0 every hit counts the same. Where both sides deviate
        alike neither is the larger, and the score is 0, as fgsea has it: a profile turned round has the score turned
        round. (The paper leaves this open; GSEA's first program takes the negative side.)
    """
    order = np.argsort(at, axis=1)
    last, weights = np.take_along_axis(at, order, axis=1), np.take_along_axis(size, order, axis=1)
    return _enrichment_sorted(last, last if first is None else np.sort(first, axis=1), weights, n_genes)


def _enrichment_sorted(last: np.ndarray, first: np.ndarray, weights: np.ndarray, n_genes: int) -> np.ndarray:
    t = last.shape[1]
    total = weights.sum(axis=1, keepdims=True)
    share = weights / np.where(total > 0, total, 1)
    share[total[:, 0] == 0] = 1 / t
    misses = max(n_genes - t, 1)
    after = np.cumsum(share, axis=1)
    high = (after - (last - np.arange(1, t + 1)) / misses).max(axis=1)
    low = (after - share - (first - np.arange(1, t + 1)) / misses).min(axis=1)
    score = np.where(high > -low, high, low)
    return np.asarray(np.where(np.abs(high + low) <= _LEVEL, 0.0, score))


def _unless_same_sign(up: np.ndarray, down: np.ndarray) -> np.ndarray:
    return np.where(np.sign(up) == np.sign(down), 0.0, up - down)


@in_words
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
    first, last, signed_rank, extreme
        First and last place of each gene's value in its profile (the same where no genes tie); rank of ``|z|`` with
        sign; z of the most up and most down genes and 0 elsewhere.
    """

    z: pd.DataFrame
    first: np.ndarray
    last: np.ndarray
    signed_rank: np.ndarray
    extreme: np.ndarray

    @classmethod
    @in_words
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
        if values.shape[1] < MIN_GENES:
            raise InputError(f"the perturbation profiles share {values.shape[1]} genes: at least {MIN_GENES} needed")
        first, last = _ends(values)
        n = values.shape[1]
        n_kept = min(n_extreme, n // 2)
        rank = rankdata(_steady(np.abs(values)), axis=1) * np.sign(values)
        # of genes that tie at the border each counts by the share of them that is kept
        tied = last - first + 1
        kept = np.clip(n_kept - first + 1, 0, tied) + np.clip(last - (n - n_kept), 0, tied)
        return cls(z, first, last, rank, values * kept / tied)

    @in_words
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

    @in_words
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
        if known.min() < MIN_GENES:
            raise InputError(
                f"{int((known < MIN_GENES).sum())} of {len(known)} signatures and the perturbation profiles share "
                f"{int(known.min())} genes or more (profiles hold {examples(self.z.columns)}): at least {MIN_GENES} "
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
        scored["cmap_ks"] = scaled(scored["cmap_ks"])
        return {m: pd.DataFrame(scored[m], index=self.z.index, columns=signatures.index) for m in METHODS}

    @in_words
    def unscaled(self, query: np.ndarray) -> dict[str, np.ndarray]:
        """Scores of a query over the profiles' genes, 0 for those not taken, with ``cmap_ks`` not yet scaled."""
        return {method: values[:, 0] for method, values in self.unscaled_many(query[None, :]).items()}

    @in_words
    def unscaled_many(self, queries: np.ndarray) -> dict[str, np.ndarray]:
        """The same of several queries (queries x genes): drugs x queries."""
        at = np.arange(self.z.shape[1])
        return {**self._by_products(queries, at), **self._by_positions(queries, at)}

    def _by_products(self, query: np.ndarray, at: np.ndarray) -> dict[str, np.ndarray]:
        """The scores that are sums over the query's genes, ``query`` signatures x genes with 0 for those not taken."""
        values = self.z.to_numpy(dtype=np.float64)[:, at]
        norm = np.sqrt(values**2 @ (query != 0).T.astype(np.float64)) * np.linalg.norm(query, axis=1)
        ranks = np.zeros(query.shape)
        largest = np.zeros(len(query))
        n = self.z.shape[1]
        for row, own in enumerate(query):
            here = np.flatnonzero(own)
            ranks[row, here] = rankdata(_steady(np.abs(own[here]))) * np.sign(own[here])
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
        place = self.last[:, at].astype(np.int64) + start
        opens = place if self.first is self.last else self.first[:, at].astype(np.int64) + start
        out = {name: np.empty((len(self.z), len(query))) for name in ("cmap_ks", "wtcs", "rges")}
        for column, own in enumerate(query):
            found = []
            for sign in (1, -1):
                here = np.sign(own) == sign
                last = np.sort(place[:, here], axis=1)
                size = weights.take(last, mode="clip")
                last -= start
                first = last if opens is place else np.sort(opens[:, here], axis=1) - start
                found.append((_ks_sorted(last, first, n), _enrichment_sorted(last, first, size, n)))
            (ks_up, es_up), (ks_down, es_down) = found
            out["cmap_ks"][:, column] = _unless_same_sign(ks_up, ks_down)
            out["wtcs"][:, column] = _unless_same_sign(es_up, es_down) / 2
            out["rges"][:, column] = ks_up - ks_down
        return out


@dataclass(frozen=True, eq=False)
class Library:
    """Drug profiles that may lack genes: each is scored on the genes it has, as if no other profile were there.

    Attributes
    ----------
    z
        Drugs x genes; NaN where a profile lacks a gene.
    parts
        Profiles that have the same genes, without gaps.
    """

    z: pd.DataFrame
    parts: tuple[Profiles, ...]

    @classmethod
    @in_words
    def of(cls, z: pd.DataFrame) -> Library:
        """Prepare drugs x genes profiles with gaps.

        Raises
        ------
        InputError
            If a profile has fewer than 50 genes.
        """
        known = np.isfinite(z.to_numpy(dtype=np.float64))
        patterns: dict[bytes, list[int]] = {}
        for row, own in enumerate(known):
            patterns.setdefault(own.tobytes(), []).append(row)
        parts = [Profiles.of(z.iloc[rows, np.flatnonzero(known[rows[0]])]) for rows in patterns.values()]
        return cls(z, tuple(parts))

    @in_words
    def score(self, signature: pd.Series, *, n_genes: int = 150) -> pd.DataFrame:
        """Score every drug against one signature; see :meth:`Profiles.score`.

        The query is chosen among all genes of the library; a gene that a profile lacks is no gene of the query for
        that profile. A profile without any on one side, or with fewer than 50 genes of the signature, is NaN.

        Raises
        ------
        InputError
            If no profile can be scored.
        """
        if len(self.parts) == 1:
            return self.parts[0].score(signature, n_genes=n_genes)
        shared = self.z.columns.intersection(signature.dropna().index, sort=False)
        query = pd.Series(_taken(signature[shared].to_numpy(dtype=np.float64)[None, :], n_genes)[0], index=shared)
        table = pd.DataFrame(np.nan, index=self.z.index, columns=list(METHODS))
        for part in self.parts:
            own = query.reindex(part.z.columns)
            if own.notna().sum() < MIN_GENES or not ((own > 0).any() and (own < 0).any()):
                continue
            found = part.unscaled(own.fillna(0.0).to_numpy())
            for method, values in found.items():
                table.loc[part.z.index, method] = values
        if table.isna().all(axis=None):
            raise InputError(
                f"signature and perturbation profiles share {len(shared)} genes (profiles hold "
                f"{examples(self.z.columns)}): at least {MIN_GENES} are needed, and some on either side"
            )
        table["cmap_ks"] = scaled(table[["cmap_ks"]].to_numpy())[:, 0]
        return table


def _taken(values: np.ndarray, n_genes: int) -> np.ndarray:
    """Signatures x genes with the ``n_genes`` largest above 0 and as many smallest below kept, and 0 elsewhere.

    Genes that tie with the last one taken are taken too, so that the order of genes tells nothing.
    """
    filled: np.ndarray = np.nan_to_num(values)
    if filled.shape[1] <= n_genes:
        return filled
    ordered = np.sort(filled, axis=1)
    up = (filled > 0) & (filled >= ordered[:, [-n_genes]])
    down = (filled < 0) & (filled <= ordered[:, [n_genes - 1]])
    return np.where(up | down, filled, 0.0)


@in_words
def scaled(score: np.ndarray) -> np.ndarray:
    """Divide by the largest positive or the smallest negative score of a column, each on its own side."""
    high, low = np.nanmax(score, axis=0).clip(min=0.0), np.nanmin(score, axis=0).clip(max=0.0)
    return np.asarray(
        np.where(score > 0, score / np.where(high > 0, high, 1.0), -(score / np.where(low < 0, low, 1.0)))
    )


@in_words
def consensus(scores: pd.DataFrame) -> pd.Series:
    """Mean of the scores after each is divided by its root mean square over the drugs; 0 stays no connection."""
    size = np.sqrt((scores**2).mean())
    mean: pd.Series = (scores / size.where(size > 0, 1.0)).mean(axis=1)
    return mean
