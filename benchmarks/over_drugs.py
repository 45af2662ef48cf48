"""Mean over drugs of a gain between two predictions, with its interval over lines and drugs, both resampled.

Drugs that were tested on the same lines are not independent: an interval over drugs alone is too narrow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from omics_rx.metrics.compare import Crossed, crossed

ByDrug = Callable[[np.ndarray, np.ndarray], np.ndarray]


def squared_error(measured: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Mean squared error of each drug, ``(n_drugs,)``; NaN where none of its lines was measured."""
    known = np.isfinite(measured)
    total = np.where(known, (measured - predicted) ** 2, 0.0).sum(axis=0)
    return np.asarray(total / np.where(known.any(axis=0), known.sum(axis=0), np.nan))


def rmse(measured: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Root mean squared error of each drug, ``(n_drugs,)``."""
    return np.asarray(np.sqrt(squared_error(measured, predicted)))


def pearson(measured: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Pearson r over the measured lines of each drug, ``(n_drugs,)``; 0 where a prediction tells no lines apart.

    NaN for a drug with fewer than five lines, or one response only.
    """
    known = np.isfinite(measured)
    count = np.maximum(known.sum(axis=0), 1)
    y, f = (np.where(known, part - np.where(known, part, 0).sum(axis=0) / count, 0) for part in (measured, predicted))
    spread_y, spread_f = np.sqrt((y**2).sum(axis=0)), np.sqrt((f**2).sum(axis=0))
    r = np.where(spread_f > 1e-9, (y * f).sum(axis=0) / np.maximum(spread_y * spread_f, 1e-300), 0.0)
    return np.asarray(np.where((known.sum(axis=0) >= 5) & (spread_y > 1e-9), r, np.nan))


def spearman(measured: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Spearman correlation over the measured lines of each drug, ``(n_drugs,)``."""
    ranks = [pd.DataFrame(np.where(np.isfinite(measured), part, np.nan)).rank() for part in (measured, predicted)]
    return pearson(*(part.to_numpy() for part in ranks))


def gain(
    each: ByDrug, measured: pd.DataFrame, first: pd.DataFrame, second: pd.DataFrame, *, n_boot: int = 200
) -> Crossed:
    """Mean over drugs of a figure of the first prediction less that of the second; frames are lines x drugs."""

    def gap(y: np.ndarray, one: np.ndarray, two: np.ndarray) -> float:
        return float(np.nanmean(each(y, one) - each(y, two)))

    shown = [part.loc[measured.index, measured.columns] for part in (first, second)]
    return crossed(gap, measured, *shown, n_boot=n_boot)


def text(found: Crossed) -> str:
    """Value, interval and what was resampled."""
    return (
        f"{found.value:+.4f} ({found.lower:+.4f} to {found.upper:+.4f}) over {found.n_rows} lines and "
        f"{found.n_columns} drugs"
    )
