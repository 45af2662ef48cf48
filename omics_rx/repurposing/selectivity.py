"""Is one group more sensitive than the others? Arrays and frames in, one value a column out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words


@in_words
def group_difference(values: pd.DataFrame, inside: pd.Series, *, min_each: int = 3) -> pd.DataFrame:
    """Mean of a group less the mean of the rest, with Welch's t, column by column.

    Parameters
    ----------
    values
        Samples x columns; NaN where not measured.
    inside
        True for the samples of the group, False for those it is compared with; samples not named are left out.
    min_each
        A column with fewer values on either side has no difference (NaN).

    Returns
    -------
    DataFrame
        One row a column of ``values``: ``mean`` (of the group), ``difference``, ``t``, ``n_inside``, ``n_outside``.
    """
    member = inside.reindex(values.index)
    known = member.notna().to_numpy()
    table = values.to_numpy(dtype=np.float64)[known]
    mask = member[known].to_numpy(dtype=bool)
    (n_in, mean_in, var_in), (n_out, mean_out, var_out) = _moments(table[mask]), _moments(table[~mask])
    enough = (n_in >= min_each) & (n_out >= min_each)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = np.where(enough, mean_in - mean_out, np.nan)
        error = np.sqrt(var_in / n_in + var_out / n_out)
        t = np.where(error > 0, difference / error, np.nan)
    return pd.DataFrame(
        {
            "mean": np.where(n_in >= min_each, mean_in, np.nan),
            "difference": difference,
            "t": t,
            "n_inside": n_in.astype(int),
            "n_outside": n_out.astype(int),
        },
        index=values.columns,
    )


def _moments(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count, mean and unbiased variance of each column, passing over NaN."""
    seen = np.isfinite(table)
    n = seen.sum(axis=0).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(seen, table, 0.0).sum(axis=0) / n
        variance = (np.where(seen, table - mean, 0.0) ** 2).sum(axis=0) / (n - 1)
    return n, mean, variance


@in_words
def without_general(responses: pd.DataFrame) -> pd.DataFrame:
    """Take off each response what the drug's mean and the line's general sensitivity explain.

    A slowly growing line resists nearly everything; left in, that would make every drug of its subtype look weak.

    Parameters
    ----------
    responses
        ln IC50, lines x drugs (ln uM); NaN where not measured.

    Returns
    -------
    DataFrame
        In standard deviations of each drug over the lines: z less the line's mean z, where a line has ten drugs.
    """
    z = standardised(responses)
    return z.sub(z.mean(axis=1).where(z.notna().sum(axis=1) >= 10), axis=0)


@in_words
def standardised(values: pd.DataFrame, *, min_values: int = 3) -> pd.DataFrame:
    """Each column less its mean, over its standard deviation; NaN for columns that do not vary or are too short."""
    seen = values.notna().sum()
    spread = values.std(ddof=1).where(seen >= min_values)
    return (values - values.mean()) / spread.where(spread > 0)
