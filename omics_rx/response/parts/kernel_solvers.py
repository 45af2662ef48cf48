"""Distances between cells that may lack genes, and exact kernel ridge regression of columns with gaps."""

from __future__ import annotations

import numpy as np

from omics_rx.core.errors import InputError


def squared_distances(a: np.ndarray, b: np.ndarray, importance: np.ndarray | None = None) -> np.ndarray:
    """Mean squared difference over the genes a row of ``a`` has, ``(n_a, n_b)``.

    Parameters
    ----------
    a
        Cells x genes; NaN is a missing gene, left out of that cell's mean rather than set to anything.
    b
        Training cells x genes, without missing genes.
    importance
        Weight of each gene in the mean, ``(n_genes,)``; None counts all alike.
    """
    weight = np.ones(b.shape[1]) if importance is None else importance
    result = np.empty((len(a), len(b)))
    for rows, present in _by_genes_present(a):
        if not present.any():
            raise InputError("a cell has none of the model's genes: nothing can be predicted for it")
        every = bool(present.all())
        left, right = (a[rows], b) if every else (a[np.ix_(rows, present)], b[:, present])
        w = weight if every else weight[present]
        norms = ((left**2) @ w)[:, None] + ((right**2) @ w)[None, :]
        result[rows] = np.maximum(norms - 2 * ((left * w) @ right.T), 0.0) / w.sum()
    return result


def _by_genes_present(values: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows that have the same genes, and which these are: a cohort mostly lacks the same genes in every sample."""
    present = np.isfinite(values)
    if present.all():
        return [(np.arange(len(values)), np.ones(values.shape[1], dtype=bool))]
    groups: dict[bytes, list[int]] = {}
    for row, packed in enumerate(np.packbits(present, axis=1)):
        groups.setdefault(packed.tobytes(), []).append(row)
    return [(np.array(rows), present[rows[0]]) for rows in groups.values()]


def solve(kernel: np.ndarray, residual: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """Exact kernel ridge regression of every column on the rows it was measured in.

    One inverse of the full ``kernel + ridge`` serves all columns: a column's missing rows are given the values that
    make their dual coefficients vanish, which are at once the model's predictions for them. That costs a system of
    the size of what is missing instead of what is measured.

    Parameters
    ----------
    kernel
        Shape ``(n, n)``, positive semi-definite.
    residual
        Shape ``(n, d)``; NaN where not measured.
    ridge
        Added to the diagonal.

    Returns
    -------
    dual, completed
        Both of shape ``(n, d)``: coefficients (0 where not measured), and the residuals without gaps.
    """
    inverse = np.linalg.inv(kernel + ridge * np.eye(len(kernel)))
    missing = np.isnan(residual)
    completed = np.where(missing, 0.0, residual)
    for column in np.flatnonzero(missing.any(axis=0)):
        gaps = np.flatnonzero(missing[:, column])
        completed[gaps, column] = np.linalg.solve(inverse[np.ix_(gaps, gaps)], -(inverse[gaps] @ completed[:, column]))
    dual = inverse @ completed
    dual[missing] = 0.0
    return dual, completed


def left_out_errors(kernel: np.ndarray, dual: np.ndarray, known: np.ndarray, ridge: float) -> np.ndarray:
    """Error on each measured pair had its cell been left out of that drug, where each drug was solved by itself.

    Parameters
    ----------
    kernel, dual, ridge
        As given to :func:`solve`, and what it gave.
    known
        Which pairs were measured, ``(n, d)``.

    Returns
    -------
    numpy.ndarray
        Measured less predicted, ``(n, d)``; NaN where not measured.
    """
    inverse = np.linalg.inv(kernel + ridge * np.eye(len(kernel)))
    errors = np.full(known.shape, np.nan)
    for column in range(known.shape[1]):
        have, gaps = np.flatnonzero(known[:, column]), np.flatnonzero(~known[:, column])
        # the diagonal of the inverse over the measured cells alone, by the Schur complement
        across = inverse[np.ix_(gaps, have)]
        lost = (across * np.linalg.solve(inverse[np.ix_(gaps, gaps)], across)).sum(axis=0) if gaps.size else 0.0
        errors[have, column] = dual[have, column] / (np.diag(inverse)[have] - lost)
    return errors
