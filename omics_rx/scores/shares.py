"""Shares of cell types in samples, and whether they differ between groups."""

from __future__ import annotations

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.scores.kernels.separation import benjamini_hochberg


@in_words
def shares(labels: pd.Series, samples: pd.Series) -> pd.DataFrame:
    """Share of each cell type among the cells of each sample.

    Parameters
    ----------
    labels
        Type of each cell, by cell name; cells without a type are not counted.
    samples
        Sample of each cell, same names.

    Returns
    -------
    pandas.DataFrame
        Samples x types; each row sums to 1.
    """
    both = pd.DataFrame(
        {"type": labels.astype(object), "sample": samples.astype(object).reindex(labels.index)}
    ).dropna()
    if both.empty:
        raise InputError(f"no cell has a type and a sample ({examples(labels.index)}): do the names match?")
    counts = pd.crosstab(both["sample"].astype(str), both["type"].astype(str))
    return counts.div(counts.sum(axis=1), axis=0)


@in_words
def compare_shares(shares: pd.DataFrame, groups: pd.Series, *, level: float = 0.95) -> pd.DataFrame:
    """Compare the share of each cell type between two groups of samples.

    Parameters
    ----------
    shares
        Samples x types: of :func:`shares`, or fractions of :func:`omics_rx.scores.deconvolve`. A sample, not a cell, is
        the unit of the comparison: cells of one patient are not independent.
    groups
        Group of each sample, exactly two, such as ``"high"`` and ``"low"`` risk; the difference is the first in
        alphabetical order less the second.
    level
        Of the interval.

    Returns
    -------
    pandas.DataFrame
        Index type: ``first``, ``second`` (names), ``n_first``, ``n_second``, ``mean_first``, ``mean_second``,
        ``difference`` of means, ``lower``, ``upper`` (Welch's t, which holds with few samples, too; the unit is the
        sample), ``p_value`` (Mann-Whitney, exact where small and untied) and ``q_value`` (Benjamini-Hochberg over the
        types).

    Raises
    ------
    InputError
        If there are not exactly two groups with at least 2 samples each.
    """
    from scipy.stats import mannwhitneyu

    known = groups.astype(object).reindex(shares.index).dropna().astype(str)
    names = sorted(known.unique())
    if len(names) != 2 or known.value_counts().min() < 2:
        sizes = examples(f"{name} {count}" for name, count in known.value_counts().items()) or "none"
        raise InputError(
            f"shares are compared between two groups of at least 2 samples, and there are {sizes}: do the names match?"
        )
    rows = {}
    for name, column in shares.reindex(known.index).items():
        first, second = (column[known == group].dropna().to_numpy(dtype=np.float64) for group in names)
        if min(len(first), len(second)) < 2:
            raise InputError(f"{name} is known in under 2 samples of a group: leave it out")
        gap, half = first.mean() - second.mean(), _welch(first, second, level)
        rows[name] = (*names, len(first), len(second), first.mean(), second.mean(), gap, gap - half, gap + half,
                      mannwhitneyu(first, second).pvalue)  # fmt: skip
    columns = [
        "first",
        "second",
        "n_first",
        "n_second",
        "mean_first",
        "mean_second",
        "difference",
        "lower",
        "upper",
        "p_value",
    ]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("type")
    table["q_value"] = benjamini_hochberg(table["p_value"].to_numpy())
    return table


def _welch(first: np.ndarray, second: np.ndarray, level: float) -> float:
    """Half the interval of a difference of means of groups that vary differently."""
    from scipy.stats import t

    shares = np.array([part.var(ddof=1) / part.size for part in (first, second)])
    if not shares.any():
        return 0.0
    free = shares.sum() ** 2 / (shares**2 / (np.array([first.size, second.size]) - 1)).sum()
    return float(t.ppf((1 + level) / 2, free) * np.sqrt(shares.sum()))
