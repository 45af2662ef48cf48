"""The PAM50 centroids, and how near a sample lies to each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.scores.kernels.ranks import row_ranks

_DECIMALS = 5  # expression comes in single precision; what differs below has come out of the centring, and ties
SUBTYPES = ("Basal", "Her2", "LumA", "LumB", "Normal")


def centroids() -> pd.DataFrame:
    """Five PAM50 centroids, genes x subtypes."""
    table = resources.table("pam50.tsv").set_index("gene")
    return table[list(SUBTYPES)].astype(np.float64)


def correlations(centred: pd.DataFrame) -> pd.DataFrame:
    """Spearman correlation of each sample to each centroid over the genes known in the sample."""
    profile = centroids().loc[centred.columns]
    values = centred.to_numpy().round(_DECIMALS)
    result = np.full((len(values), len(SUBTYPES)), np.nan)
    known = ~np.isnan(values)
    for pattern in np.unique(known, axis=0):
        rows = np.flatnonzero((known == pattern).all(axis=1))
        if pattern.sum() < 3:
            continue
        left = row_ranks(values[np.ix_(rows, pattern)])
        right = row_ranks(profile.to_numpy()[pattern].T)
        left -= left.mean(axis=1, keepdims=True)
        right -= right.mean(axis=1, keepdims=True)
        length = np.sqrt((left**2).sum(axis=1))[:, None] * np.sqrt((right**2).sum(axis=1))
        with np.errstate(invalid="ignore", divide="ignore"):
            result[rows] = (left @ right.T) / length
    return pd.DataFrame(result, index=centred.index, columns=pd.Index(SUBTYPES))
