"""Predicted sensitivity of single cells, by cluster and of the malignant cells against the others.

One cell's profile is too sparse for a prediction to be read by itself: what is told is of groups, with the spread
between their cells and an interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log, rng

if TYPE_CHECKING:
    from omics_rx.response.prediction import Prediction

_COLUMNS = ("cluster", "drug_id", "n", "mean", "lower", "upper", "spread")


@in_words
def by_cluster(
    prediction: Prediction, clusters: pd.Series, *, value: str = "preference", least: int = 10, seed: int = 0
) -> pd.DataFrame:
    """Predicted sensitivity of each cluster of cells to each drug.

    Parameters
    ----------
    prediction
        Predictions for single cells, ``model.predict(cells, domain="single_cell")``.
    clusters
        Cluster or cell type of each cell, by name; cells without one are left out.
    value
        ``"preference"`` or ``"mean"`` (ln uM; low is sensitive).
    least
        Clusters of fewer cells are left out.
    seed
        Of the bootstrap over cells.

    Returns
    -------
    pandas.DataFrame
        One row a cluster and drug: ``cluster``, ``drug_id``, ``n`` cells, ``mean``, ``lower`` and ``upper`` of it (95%,
        bootstrap over the cells, which are not independent samples of patients), ``spread`` (standard deviation between
        cells: the heterogeneity within the cluster and the noise of single cells together).

    Raises
    ------
    InputError
        If no cell has a cluster, no cluster is large enough, or the value is not known.
    """
    values = _values(prediction, value)
    labels = _labels(clusters, values.index)
    sizes = labels.value_counts()
    kept = [str(name) for name in sizes.index[sizes >= least]]
    if not kept:
        raise InputError(
            f"no cluster has {least} cells (the largest, {sizes.index[0]}, has {sizes.iloc[0]}): lower least"
        )
    frames = []
    for name in sorted(kept):
        own = values[labels.eq(name)]
        lower, upper = _interval(own.to_numpy(), rng(seed, "cluster", name))
        frames.append(
            pd.DataFrame(
                {"cluster": name, "drug_id": own.columns, "n": len(own), "mean": own.mean().to_numpy(), "lower": lower,
                 "upper": upper, "spread": own.std().to_numpy()}
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)[list(_COLUMNS)]


@in_words
def selectivity(
    prediction: Prediction, malignant: pd.Series, *, value: str = "preference", seed: int = 0
) -> pd.DataFrame:
    """How much more sensitive the malignant cells are predicted to be than the others, drug by drug.

    Parameters
    ----------
    prediction, value, seed
        As in :func:`by_cluster`.
    malignant
        Whether each cell is malignant, by name; missing where not known.

    Returns
    -------
    pandas.DataFrame
        Index ``drug_id``, most selective first: ``malignant`` and ``others`` (means, ln uM), ``difference`` (below 0,
        malignant cells are the more sensitive) with ``lower`` and ``upper`` (95%, bootstrap over cells), and
        ``resistant_share``, the share of the malignant cells that lie above the mean of the others.

    Raises
    ------
    InputError
        If fewer than two cells of either kind are known.
    """
    values = _values(prediction, value)
    known = malignant.reindex(values.index).dropna().astype(bool)
    ill, well = values.loc[known.index[known]], values.loc[known.index[~known]]
    if min(len(ill), len(well)) < 2:
        raise InputError(
            f"{len(ill)} malignant and {len(well)} other cells: at least two of each are needed (cells such as "
            f"{examples(values.index, 3)}; told of {examples(malignant.index, 3)})"
        )
    first = _resampled(ill.to_numpy(), rng(seed, "selectivity", "malignant"))
    second = _resampled(well.to_numpy(), rng(seed, "selectivity", "others"))
    lower, upper = np.percentile(first - second, [2.5, 97.5], axis=0)
    table = pd.DataFrame({"malignant": ill.mean(), "others": well.mean()})
    table["difference"] = table["malignant"] - table["others"]
    table["lower"], table["upper"] = lower, upper
    table["resistant_share"] = ill.gt(table["others"], axis="columns").mean()
    return table.sort_values("difference", kind="stable").rename_axis("drug_id")


def _values(prediction: Prediction, value: str) -> pd.DataFrame:
    if value not in ("preference", "mean"):
        raise InputError(f'value {value!r} is not known: use "preference" or "mean"')
    frame: pd.DataFrame = getattr(prediction, value)
    known = frame.notna().any(axis=0)
    if not known.any():
        raise InputError(
            "no preference is known for any of the drugs: no screened drug acts like them; see drugs['note']"
        )
    if not known.all():
        log.warning("%d of %d drugs are left out: no preference is known for them", int((~known).sum()), len(known))
    return frame.loc[:, known]


def _labels(clusters: pd.Series, cells: pd.Index) -> pd.Series:
    labels = clusters.reindex(cells).dropna().astype(str)
    if labels.empty:
        raise InputError(
            f"no cell has a cluster (cells such as {examples(cells, 3)}; clusters of {examples(clusters.index, 3)}): "
            "do the names match?"
        )
    return labels.reindex(cells)


def _interval(values: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = np.percentile(_resampled(values, random), [2.5, 97.5], axis=0)
    return lower, upper


def _resampled(values: np.ndarray, random: np.random.Generator, n_boot: int = 500) -> np.ndarray:
    """Means over cells drawn with replacement, ``(n_boot, n_drugs)``."""
    n = len(values)
    counts = random.multinomial(n, np.full(n, 1 / n), size=n_boot)
    drawn: np.ndarray = counts @ values / n
    return drawn
