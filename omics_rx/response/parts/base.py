"""What every part of a response model promises.

A part learns ln IC50 from cells and drugs (``learns = "response"``), or what the parts before it left over on cells
they had not seen (``learns = "residual"``). It answers for every cell and drug it is asked for, known or new.
Its learnt state can be written as numbers and text, never as a pickle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from omics_rx.response.similarity import DrugFeatures


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells (lines or tumours) as the parts see them.

    Attributes
    ----------
    names
        One name a cell, ``(n_cells,)``.
    z
        Expression on the training scale, gene z-scores, ``(n_cells, n_genes)``; NaN is a missing gene.
    genes
        Names of the columns of ``z``, ``(n_genes,)``.
    tissue
        Tissue of each cell, missing where not known, ``(n_cells,)``.
    events
        Genomic events, cells x events, 0, 1 or NaN where not measured; no columns where there are none.
    """

    names: pd.Index
    z: np.ndarray
    genes: pd.Index
    tissue: pd.Series
    events: pd.DataFrame

    def __len__(self) -> int:
        return len(self.names)

    def take(self, rows: np.ndarray) -> Cells:
        """Cells at the given positions."""
        return Cells(self.names[rows], self.z[rows], self.genes, self.tissue.iloc[rows], self.events.iloc[rows])


@dataclass(frozen=True, eq=False)
class Training:
    """What a part learns from.

    Attributes
    ----------
    cells, drugs
        Rows and columns of ``y``.
    y
        ln IC50 (ln uM) or, for a part that learns residuals, what is left of it, ``(n_cells, n_drugs)``; NaN where
        not measured.
    gene_sd
        Standard deviation of each gene over the training lines before genes were standardised, ``(n_genes,)``; None
        where it is not known, and then every gene counts alike.
    """

    cells: Cells
    drugs: DrugFeatures
    y: np.ndarray
    gene_sd: np.ndarray | None = None

    def take_cells(self, rows: np.ndarray) -> Training:
        """The same drugs in some of the cells."""
        return replace(self, cells=self.cells.take(rows), y=self.y[rows])

    def take_drugs(self, columns: np.ndarray) -> Training:
        """The same cells with some of the drugs."""
        return replace(self, drugs=self.drugs.take(columns), y=self.y[:, columns])


@dataclass(frozen=True)
class State:
    """A fitted part as numbers and text: JSON values, arrays and texts, each by name."""

    record: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Part(Protocol):
    """One predictor of a response model; also a scikit-learn ``BaseEstimator``."""

    learns: Literal["response", "residual"]

    def fit(self, training: Training, *, seed: int = 0) -> Part:
        """Learn from the training cells and drugs; changes no argument and returns itself."""
        ...

    def predict(self, cells: Cells, drugs: DrugFeatures) -> np.ndarray:
        """Return ln uM for every cell and drug, ``(n_cells, n_drugs)``, finite."""
        ...

    def state(self) -> State:
        """Return what was learnt."""
        ...

    def restore(self, state: State, training: Training) -> Part:
        """Take up a state again, with the training data it was learnt from."""
        ...


def positions(asked: pd.Index, known: pd.Index) -> np.ndarray:
    """Position of each asked name among the known ones, -1 where it is new, ``(n_asked,)``."""
    return known.get_indexer(asked)


def known_cells(cells: Cells, training: Cells) -> np.ndarray:
    """Position of each cell among the training cells, -1 where it is new, ``(n_cells,)``.

    A cell is a training cell only when its name and its expression both agree: two laboratories may use one name.
    """
    found = positions(cells.names, training.names)
    for row in np.flatnonzero(found >= 0):
        if not np.allclose(cells.z[row], training.z[found[row]], atol=1e-4, equal_nan=True):
            found[row] = -1
    return found
