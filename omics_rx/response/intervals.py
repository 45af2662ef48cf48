"""Split conformal intervals, grouped by drug, from residuals on cells and drugs the model had not seen.

References
----------
Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (Springer 2005), section 4.5: Mondrian
conformal predictors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
        Applicability at which the groups of new drugs part, ascending, ``(n_groups - 1,)``.
    by_applicability
        Half-width (ln uM) for a new drug of each group, ``(n_groups,)``.
    """

    coverage: float
    by_drug: np.ndarray
    edges: np.ndarray
    by_applicability: np.ndarray

    def half_widths(self, column: np.ndarray, applicability: np.ndarray) -> np.ndarray:
        """Half-width for each drug asked for, ``(n_drugs,)``.

        Parameters
        ----------
        column
            Position among the training drugs, -1 for a new drug.
        applicability
            Similarity to the nearest training drug.
        """
        new = self.by_applicability[np.searchsorted(self.edges, applicability, side="right")]
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


def by_applicability(
    errors: np.ndarray, applicability: np.ndarray, coverage: float, *, n_groups: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Half-widths for new drugs, from errors on drugs not seen, grouped by how alike they were to those seen.

    Parameters
    ----------
    errors
        Measured less predicted (ln uM), ``(n_cells, n_drugs)``; NaN where not measured.
    applicability
        Similarity of each drug to the nearest one trained on, ``(n_drugs,)``.
    coverage
        Share to be held.
    n_groups
        Groups of about equally many drugs; fewer where the errors are too few.

    Returns
    -------
    edges, widths
        Shapes ``(n_groups - 1,)`` and ``(n_groups,)``.
    """
    edges = np.unique(np.quantile(applicability, np.linspace(0, 1, n_groups + 1)[1:-1]))
    group = np.searchsorted(edges, applicability, side="right")
    counts = [np.isfinite(errors[:, group == i]).sum() for i in range(len(edges) + 1)]
    if min(counts) < _MIN_PAIRS:
        return np.empty(0), np.array([conformal_quantile(errors, coverage)])
    return edges, np.array([conformal_quantile(errors[:, group == i], coverage) for i in range(len(edges) + 1)])
