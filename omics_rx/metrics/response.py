"""How well responses are predicted: correlations and errors on cells x drugs frames.

Every figure is over the measured entries only; NaN in ``measured`` is a pair that was not measured. A predicted
NaN on a measured pair is an error, never skipped.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.metrics.inputs import numbers

_SWEEPS = 100
_TOLERANCE = 1e-9


@in_words
def pearson(measured: pd.DataFrame, predicted: pd.DataFrame) -> float:
    """Pearson correlation over all measured pairs; mostly differences between drugs.

    Parameters
    ----------
    measured, predicted
        Cells x drugs, shape ``(n_cells, n_drugs)``, ln uM.

    Raises
    ------
    InputError
        If the frames do not cover each other, or a measured pair has no prediction.
    """
    y, f = _aligned(measured, predicted)
    known = np.isfinite(y)
    return _r(y[known], f[known])


@in_words
def rmse(measured: pd.DataFrame, predicted: pd.DataFrame) -> float:
    """Root mean squared error over all measured pairs, in the unit of the frames (ln uM)."""
    y, f = _aligned(measured, predicted)
    return float(np.sqrt(np.nanmean((y - f) ** 2)))


@in_words
def normalised_r(measured: pd.DataFrame, predicted: pd.DataFrame, drug_means: pd.Series) -> float:
    """Pearson correlation after the training drug means are taken off both.

    Parameters
    ----------
    measured, predicted
        Cells x drugs, shape ``(n_cells, n_drugs)``, ln uM.
    drug_means
        Mean ln IC50 of each drug over the training cells; means of the test cells would leak.

    Returns
    -------
    float
        0 where the prediction is the drug mean itself.
    """
    y, f = _aligned(measured, predicted)
    if not isinstance(drug_means, pd.Series):
        raise InputError("drug_means is a Series: the mean ln IC50 of each drug over the training cells, by drug")
    _unique(drug_means.index, "drug_means")
    absent = [drug for drug in measured.columns if drug not in drug_means.index]
    if absent:
        raise InputError(f"{len(absent)} drugs have no training mean ({examples(absent)}): use preference_r for them")
    centre = numbers(drug_means.reindex(measured.columns), "drug means")
    known = np.isfinite(y)
    return _r((y - centre)[known], (f - centre)[known])


@in_words
def per_drug_r(measured: pd.DataFrame, predicted: pd.DataFrame, *, min_cells: int = 5) -> pd.Series:
    """Pearson correlation across cells, drug by drug.

    Parameters
    ----------
    measured, predicted
        Cells x drugs, shape ``(n_cells, n_drugs)``, ln uM.
    min_cells
        Drugs measured in fewer cells have no figure (NaN).

    Returns
    -------
    pandas.Series
        One value a drug; 0 where the prediction tells no two cells apart.
    """
    y, f = _aligned(measured, predicted)
    known = np.isfinite(y)
    values = [
        _r(y[known[:, j], j], f[known[:, j], j]) if known[:, j].sum() >= min_cells else np.nan
        for j in range(y.shape[1])
    ]
    return pd.Series(values, index=measured.columns, name="per_drug_r", dtype=np.float64)


@in_words
def preference_r(measured: pd.DataFrame, predicted: pd.DataFrame) -> float:
    """Pearson correlation of what is left when cell and drug means are taken off both.

    Only "which drug for which cell" remains. Means are removed by the least-squares two-way fit over the measured
    pairs, the same pairs on both sides.
    """
    y, f = _aligned(measured, predicted)
    known = np.isfinite(y)
    left_y = double_centred(np.where(known, y, np.nan))[known]
    left_f = double_centred(np.where(known, f, np.nan))[known]
    return _r(left_y, left_f, floor=1e3 * _TOLERANCE)


@in_words
def double_centred(values: np.ndarray) -> np.ndarray:
    """Residuals of the least-squares fit of row and column means, NaN staying NaN.

    Parameters
    ----------
    values
        Shape ``(n_cells, n_drugs)``; rows and columns are swept in turn until their means vanish.
    """
    known = np.isfinite(values)
    left = np.where(known, values, 0.0)
    rows = np.maximum(known.sum(axis=1, keepdims=True), 1)
    columns = np.maximum(known.sum(axis=0, keepdims=True), 1)
    for _ in range(_SWEEPS):
        left = left - known * (left.sum(axis=0, keepdims=True) / columns)
        shift = left.sum(axis=1, keepdims=True) / rows
        left = left - known * shift
        if np.abs(left.sum(axis=0) / columns).max(initial=0.0) < _TOLERANCE:
            break
    return np.where(known, left, np.nan)


def _aligned(measured: pd.DataFrame, predicted: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Arrays of both in the order of ``measured``, checked."""
    for frame, what in ((measured, "measured"), (predicted, "predicted")):
        if not isinstance(frame, pd.DataFrame):
            raise InputError(f"{what} is not a frame: give cells x drugs, ln uM")
        _unique(frame.index, f"cells of {what}")
        _unique(frame.columns, f"drugs of {what}")
    if measured.empty:
        raise InputError("no pair is measured: nothing to judge")
    cells = [name for name in measured.index if name not in predicted.index]
    drugs = [name for name in measured.columns if name not in predicted.columns]
    if cells or drugs:
        raise InputError(
            f"{len(cells)} cells and {len(drugs)} drugs were measured and not predicted "
            f"({examples([*cells, *drugs])}): predict them, or leave them out of both frames"
        )
    y = _numbers(measured, "measured responses")
    f = _numbers(predicted.reindex(index=measured.index, columns=measured.columns), "predicted responses")
    unpredicted = np.isfinite(y) & ~np.isfinite(f)
    if unpredicted.any():
        where = [f"{measured.index[i]} / {measured.columns[j]}" for i, j in np.argwhere(unpredicted)[:6]]
        raise InputError(
            f"{int(unpredicted.sum())} measured pairs have no finite prediction ({examples(where)}): "
            "a model must answer for every pair it is judged on"
        )
    if np.isfinite(y).sum() < 2:
        raise InputError(f"{int(np.isfinite(y).sum())} measured pairs: at least two are needed")
    return y, np.where(np.isfinite(y), f, np.nan)


def _unique(labels: pd.Index, what: str) -> None:
    if not labels.is_unique:
        twice = labels[labels.duplicated()].unique()
        raise InputError(f"{len(twice)} labels repeat in {what} ({examples(twice)}): give each once")


def _numbers(frame: pd.DataFrame, what: str) -> np.ndarray:
    return np.column_stack([numbers(frame.iloc[:, at], what) for at in range(frame.shape[1])])


def _r(a: np.ndarray, b: np.ndarray, *, floor: float = 1e-12) -> float:
    """Pearson correlation; 0 where the standard deviation of one side is rounding, below ``floor``."""
    if a.size < 2:
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    spread_a, spread_b = float(np.sqrt((a**2).mean())), float(np.sqrt((b**2).mean()))
    if min(spread_a, spread_b) < floor:
        return 0.0
    return float((a * b).mean() / (spread_a * spread_b))
