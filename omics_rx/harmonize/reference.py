"""Frozen references: what one new sample is compared with, learnt once and never from the sample itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples

_FEWEST = 3


@dataclass(frozen=True, eq=False)
class GeneReference:
    """Mean and standard deviation of each gene in a training cohort, frozen.

    Attributes
    ----------
    genes
        ``p`` gene symbols.
    mean, sd
        Of each gene, shape ``(p,)``, in ``unit``; the deviation has ``n - 1`` below the line and is above 0.
    n_samples
        Samples it was learnt from.
    unit, domain, origin
        Of these samples, as far as known.
    constant
        Genes left out because they did not vary or were known for fewer than three samples.
    """

    genes: tuple[str, ...]
    mean: np.ndarray
    sd: np.ndarray
    n_samples: int
    unit: str = "unknown"
    domain: str = ""
    origin: str = ""
    constant: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        mean, sd = np.array(self.mean, dtype=np.float64), np.array(self.sd, dtype=np.float64)
        p = len(self.genes)
        if mean.shape != (p,) or sd.shape != (p,):
            raise InputError(f"a reference of {p} genes has {mean.shape} means and {sd.shape} deviations: one a gene")
        if len(set(self.genes)) != p:
            repeated = pd.Index(self.genes)[pd.Index(self.genes).duplicated()]
            raise InputError(
                f"{len(repeated)} genes stand twice in the reference ({examples(repeated)}): one row a gene"
            )
        bad = ~np.isfinite(mean) | ~np.isfinite(sd) | (sd <= 0)
        if bad.any():
            raise InputError(
                f"{int(bad.sum())} genes of the reference have no finite mean or no deviation above 0 "
                f"({examples(np.array(self.genes)[bad])}): leave them out"
            )
        for name, array in (("mean", mean), ("sd", sd)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    @in_words
    def learn(cls, frame: pd.DataFrame, *, unit: str = "unknown", domain: str = "", origin: str = "") -> GeneReference:
        """Learn a reference from a training cohort.

        Parameters
        ----------
        frame
            Samples x genes, shape ``(n, p)``; missing values are passed over.
        unit, domain, origin
            What the samples are, kept with the reference.

        Raises
        ------
        InputError
            If there are fewer than three samples, repeated genes, infinite values, or no gene that varies.
        """
        if len(frame) < _FEWEST:
            raise InputError(f"a reference needs at least {_FEWEST} samples, not {len(frame)}: pass a larger cohort")
        if not frame.columns.is_unique:
            repeated = frame.columns[frame.columns.duplicated()].unique()
            raise InputError(f"{len(repeated)} genes stand twice ({examples(repeated)}): harmonise the genes first")
        values = frame.to_numpy(dtype=np.float64)
        if np.isinf(values).any():
            raise InputError(f"{int(np.isinf(values).sum())} values are infinite: a logarithm of zero? Add 1 first")
        known = np.isfinite(values)
        count = known.sum(axis=0)
        mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1)
        squares = (np.where(known, values - mean, 0.0) ** 2).sum(axis=0)
        sd = np.sqrt(squares / np.maximum(count - 1, 1))
        varies = (count >= _FEWEST) & (sd > 1e-9 * np.maximum(1.0, np.abs(mean)))
        if not varies.any():
            raise InputError("no gene varies among these samples: nothing to refer to")
        names = frame.columns.astype(str)
        return cls(
            tuple(names[varies]), mean[varies], sd[varies], len(frame), unit, domain, origin, tuple(names[~varies])
        )

    @in_words
    def z(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Standardise samples by the frozen means and deviations.

        Parameters
        ----------
        frame
            Samples x genes in the reference's unit, any genes in any order.

        Returns
        -------
        pandas.DataFrame
            Samples x the reference's genes, shape ``(n, p)``, float64; NaN for genes the samples lack. Each sample
            depends on itself alone.
        """
        values = frame.reindex(columns=list(self.genes)).to_numpy(dtype=np.float64)
        return pd.DataFrame((values - self.mean) / self.sd, index=frame.index, columns=list(self.genes))

    @in_words
    def subset(self, genes: Iterable[str]) -> GeneReference:
        """Reference of the named genes, in their order; those it lacks are left out."""
        position = {gene: i for i, gene in enumerate(self.genes)}
        kept = [gene for gene in genes if gene in position]
        where = [position[gene] for gene in kept]
        return GeneReference(
            tuple(kept), self.mean[where], self.sd[where], self.n_samples, self.unit, self.domain, self.origin
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the same as values that JSON can hold."""
        return {
            "genes": list(self.genes),
            "mean": self.mean.tolist(),
            "sd": self.sd.tolist(),
            "n_samples": self.n_samples,
            "unit": self.unit,
            "domain": self.domain,
            "origin": self.origin,
            "constant": list(self.constant),
        }

    @classmethod
    @in_words
    def from_dict(cls, values: Mapping[str, Any]) -> GeneReference:
        """Read what :meth:`as_dict` gave.

        Raises
        ------
        InputError
            If a field is missing.
        """
        missing = [name for name in ("genes", "mean", "sd", "n_samples") if name not in values]
        if missing:
            raise InputError(f"a reference has no {', '.join(missing)}: the file is not whole")
        return cls(
            tuple(values["genes"]), np.array(values["mean"]), np.array(values["sd"]), int(values["n_samples"]),
            str(values.get("unit", "unknown")), str(values.get("domain", "")), str(values.get("origin", "")),
            tuple(values.get("constant", ())),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class QuantileReference:
    """Distribution of values within a training sample, to which a new sample's ranks are mapped.

    Attributes
    ----------
    quantiles
        Mean over training samples of each order statistic at ``q`` even levels from 0 to 1, shape ``(q,)``.
    n_samples
        Samples it was learnt from.
    """

    quantiles: np.ndarray
    n_samples: int

    @classmethod
    @in_words
    def learn(cls, frame: pd.DataFrame, *, n_quantiles: int = 1001) -> QuantileReference:
        """Learn the mean distribution of samples x genes, as quantile normalisation does (Bolstad 2003).

        Raises
        ------
        InputError
            If a sample has no value.
        """
        levels = np.linspace(0, 1, n_quantiles)
        values = frame.to_numpy(dtype=np.float64)
        empty = ~np.isfinite(values).any(axis=1)
        if empty.any():
            raise InputError(f"{int(empty.sum())} samples have no value ({examples(frame.index[empty])}): remove them")
        rows = [np.quantile(row[np.isfinite(row)], levels) for row in values]
        return cls(np.mean(rows, axis=0), len(frame))

    @in_words
    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Give each sample the reference's distribution by the ranks of its known values; ties share a value."""
        level = within_sample_ranks(frame)
        grid = np.linspace(0, 1, len(self.quantiles))
        mapped = np.interp(level.to_numpy(), grid, self.quantiles)
        return pd.DataFrame(np.where(level.isna(), np.nan, mapped), index=frame.index, columns=frame.columns)

    def as_dict(self) -> dict[str, Any]:
        """Return the same as values that JSON can hold."""
        return {"quantiles": self.quantiles.tolist(), "n_samples": self.n_samples}

    @classmethod
    @in_words
    def from_dict(cls, values: Mapping[str, Any]) -> QuantileReference:
        """Read what :meth:`as_dict` gave.

        Raises
        ------
        InputError
            If the quantiles are missing, or do not ascend.
        """
        quantiles = np.array(values.get("quantiles", ()), dtype=np.float64)
        if len(quantiles) < 2 or not (np.diff(quantiles) >= 0).all():
            raise InputError("a reference of quantiles holds two or more ascending values: the file is not whole")
        return cls(quantiles, int(values.get("n_samples", 0)))


@in_words
def within_sample_ranks(frame: pd.DataFrame) -> pd.DataFrame:
    """Rank of each gene within its sample, (rank - 0.5) / known genes, from 0 to 1; ties averaged, NaN kept."""
    ranks = frame.rank(axis=1)
    return (ranks - 0.5).div(ranks.count(axis=1), axis=0)


@in_words
def normal_scores(frame: pd.DataFrame) -> pd.DataFrame:
    """Normal quantile of each gene's rank within its sample: a scale that needs no other sample."""
    return pd.DataFrame(stats.norm.ppf(within_sample_ranks(frame).to_numpy()), index=frame.index, columns=frame.columns)


@in_words
def standardise_samples(frame: pd.DataFrame) -> pd.DataFrame:
    """Each sample to mean 0 and standard deviation 1 over its known genes.

    Raises
    ------
    InputError
        If a sample has fewer than two known values or they are all equal.
    """
    values = frame.to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        known = np.isfinite(values)
        count = known.sum(axis=1)
        mean = np.where(known, values, 0.0).sum(axis=1) / count
        sd = np.sqrt((np.where(known, values - mean[:, None], 0.0) ** 2).sum(axis=1) / count)
    flat = ~(sd > 0)
    if flat.any():
        raise InputError(
            f"{int(flat.sum())} samples do not vary among their genes ({examples(frame.index[flat])}): remove them"
        )
    return pd.DataFrame((values - mean[:, None]) / sd[:, None], index=frame.index, columns=frame.columns)
