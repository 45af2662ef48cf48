"""Split conformal intervals, grouped by drug, from residuals on cells and drugs the model had not seen.

References
----------
Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (Springer 2005), section 4.5: Mondrian
conformal predictors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_CLOSE = 1e-9  # a value looked up again finds its own group, whatever its last digits
_MIN_CELLS = 20
_MIN_PAIRS = 50


@dataclass(frozen=True, eq=False)
class Intervals:
    """Half-widths of the interval around a prediction.

    Attributes
    ----------
    coverage
        Share of responses to be held.
    by_drug
        Half-width (ln uM) for each training drug in a cell not seen, ``(n_drugs,)``.
    edges
        Prediction (ln uM) at which the groups of pairs with a new drug part, ascending, ``(n_groups - 1,)``.
    by_group
        Half-width (ln uM) for a new drug in each group, ``(n_groups,)``.
    grouped_by
        ``"prediction"``, or ``"applicability"`` in models of earlier versions, whose edges are similarities to the
        nearest training drug.
    """

    coverage: float
    by_drug: np.ndarray
    edges: np.ndarray
    by_group: np.ndarray
    grouped_by: str = "prediction"

    def half_widths(self, column: np.ndarray, predicted: np.ndarray, applicability: np.ndarray) -> np.ndarray:
        """Half-width for each pair asked for, ``(n_cells, n_drugs)``.

        Parameters
        ----------
        column
            Position among the training drugs, -1 for a new drug, ``(n_drugs,)``.
        predicted
            Predictions (ln uM), ``(n_cells, n_drugs)``.
        applicability
            Similarity to the nearest training drug, ``(n_drugs,)``.
        """
        told = predicted if self.grouped_by == "prediction" else np.broadcast_to(applicability, predicted.shape)
        new = self.by_group[np.searchsorted(self.edges, told + _CLOSE, side="right")]
        return np.where(column >= 0, self.by_drug[np.maximum(column, 0)], new)


def conformal_quantile(errors: np.ndarray, coverage: float) -> float:
    """The ``ceil((n + 1) * coverage)``-th smallest absolute error; the largest where there are too few."""
    known = np.sort(np.abs(errors[np.isfinite(errors)]))
    rank = int(np.ceil((known.size + 1) * coverage))
    return float(known[min(rank, known.size) - 1])


def by_drug(errors: np.ndarray, coverage: float) -> np.ndarray:
    """Half-width of every drug, from its errors on cells not seen.

    Parameters
    ----------
    errors
        Measured less predicted (ln uM), ``(n_cells, n_drugs)``; NaN where not measured.
    coverage
        Share to be held.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_drugs,)``. A drug with fewer than 20 errors takes the quantile of all drugs pooled, or its own
        where that is wider.
    """
    pooled = conformal_quantile(errors, coverage)
    widths = np.full(errors.shape[1], pooled)
    for column in range(errors.shape[1]):
        n_known = int(np.isfinite(errors[:, column]).sum())
        if n_known:
            own = conformal_quantile(errors[:, column], coverage)
            widths[column] = own if n_known >= _MIN_CELLS else max(own, pooled)
    return widths


def by_prediction(
    errors: np.ndarray, predicted: np.ndarray, coverage: float, *, n_groups: int = 4
) -> tuple[np.ndarray, np.ndarray]:
    """Half-widths for new drugs, from errors on drugs not seen, grouped by what was predicted.

    Drugs that are predicted to be strong are missed by more than those that are predicted to do little, so that groups
    by prediction are narrower than one width for all. How alike a drug is to those trained on foretells less.

    Parameters
    ----------
    errors
        Measured less predicted (ln uM), ``(n_cells, n_drugs)``; NaN where not measured.
    predicted
        Predictions (ln uM), ``(n_cells, n_drugs)``; read where there is an error.
    coverage
        Share to be held.
    n_groups
        Groups of about equally many pairs; one where the errors are too few.

    Returns
    -------
    edges, widths
        Shapes ``(n_groups - 1,)`` and ``(n_groups,)``.
    """
    known = np.isfinite(errors)
    missed, told = errors[known], predicted[known]
    edges = np.unique(np.quantile(told, np.linspace(0, 1, n_groups + 1)[1:-1]))
    group = np.searchsorted(edges, told + _CLOSE, side="right")
    if np.bincount(group, minlength=len(edges) + 1).min() < _MIN_PAIRS:
        return np.empty(0), np.array([conformal_quantile(missed, coverage)])
    return edges, np.array([conformal_quantile(missed[group == i], coverage) for i in range(len(edges) + 1)])
