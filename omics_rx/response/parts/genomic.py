"""Sparse effects of mutations and copy-number events on what expression leaves unexplained.

A few events decide a few drugs (BRAF and dabrafenib, TP53 and nutlin-3a). They move the average little and the right
drugs much, so each drug takes only the events that stand out in its out-of-fold residuals.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from omics_rx.core.errors import NotFittedError
from omics_rx.response.parts.base import Cells, State, Training, positions
from omics_rx.response.similarity import DrugFeatures

_EVIDENCE = ("drug", "event", "effect", "t", "n_carriers")


class GenomicEvents(BaseEstimator):  # type: ignore[misc,unused-ignore]
    """Per-drug linear effects of the genomic events with a large t on the residuals.

    Parameters
    ----------
    min_t
        Absolute t of carriers against the rest above which an event is taken for a drug. 4.2 keeps about one false
        event in 38,000 tests under a normal null.
    min_carriers
        Events with fewer measured carriers are not tried.
    ridge
        Ridge on the joint fit of a drug's events, in pseudo-carriers.

    Attributes
    ----------
    evidence_
        One row a drug and event taken: positions ``drug`` and ``event``, joint ``effect`` (ln uM), ``t`` of the event
        alone, ``n_carriers``.
    """

    learns: Literal["residual"] = "residual"

    def __init__(self, *, min_t: float = 4.2, min_carriers: int = 5, ridge: float = 2.0) -> None:
        self.min_t = min_t
        self.min_carriers = min_carriers
        self.ridge = ridge

    def fit(self, training: Training, *, seed: int = 0) -> GenomicEvents:  # noqa: ARG002 - nothing here is random
        """Learn effects from residuals (ln uM) of cells whose events were measured; without any, learn none."""
        self.drugs_ = training.drugs.names
        self.events_ = training.cells.events.columns
        values = training.cells.events.to_numpy(dtype=np.float64)
        known = np.isfinite(values)
        self.means_ = np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        t, carriers = self._t(values, training.y)
        rows = []
        for drug in np.flatnonzero((np.abs(t) > self.min_t).any(axis=0)):
            chosen = np.flatnonzero(np.abs(t[:, drug]) > self.min_t)
            effects = self._joint(values[:, chosen], training.y[:, drug], self.means_[chosen])
            rows += [
                (int(drug), int(event), float(effect), float(t[event, drug]), int(carriers[event, drug]))
                for event, effect in zip(chosen, effects, strict=True)
            ]
        # without rows a column has no type of its own, and none could be saved
        kinds = [float if name in ("effect", "t") else int for name in _EVIDENCE]
        self.evidence_ = pd.DataFrame(rows, columns=list(_EVIDENCE)).astype(dict(zip(_EVIDENCE, kinds, strict=True)))
        return self

    def _t(self, events: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Two-sample t (pooled variance) of carriers less the rest, and carriers, both ``(n_events, n_drugs)``."""
        measured = np.isfinite(y).astype(np.float64)
        value = np.where(np.isfinite(y), y, 0.0)
        with_event = (np.nan_to_num(events) > 0.5).T.astype(np.float64)
        without = (np.isfinite(events).T - with_event).astype(np.float64)
        n1, n0 = with_event @ measured, without @ measured
        s1, s0 = with_event @ value, without @ value
        squares = (with_event + without) @ value**2
        tried = (n1 >= self.min_carriers) & (n0 >= self.min_carriers)
        safe1, safe0 = np.where(tried, n1, 1.0), np.where(tried, n0, 1.0)
        pooled = (squares - s1**2 / safe1 - s0**2 / safe0) / np.where(tried, n1 + n0 - 2, 1.0)
        error = np.sqrt(np.maximum(pooled, 1e-12) * (1 / safe1 + 1 / safe0))
        return np.where(tried, (s1 / safe1 - s0 / safe0) / error, 0.0), n1

    def _joint(self, events: np.ndarray, y: np.ndarray, means: np.ndarray) -> np.ndarray:
        """Ridge coefficients of the chosen events together, so that neighbours on a chromosome share one effect."""
        rows = np.isfinite(y) & np.isfinite(events).all(axis=1)
        x = events[rows] - means
        target = y[rows] - y[rows].mean()
        return np.linalg.solve(x.T @ x + self.ridge * np.eye(x.shape[1]), x.T @ target)

    def predict(self, cells: Cells, drugs: DrugFeatures) -> np.ndarray:
        """Return the correction in ln uM, ``(n_cells, n_drugs)``; 0 for new drugs and for events not measured.

        Effects are centred on how common the event is among training cells, so that a cell whose events are not
        known gets the expected correction.
        """
        if not hasattr(self, "evidence_"):
            raise NotFittedError("the genomic part was not fitted: call fit first")
        column = positions(drugs.names, self.drugs_)
        result = np.zeros((len(cells), len(drugs)))
        result[:, column >= 0] = self._centred(cells) @ self._effects()[:, column[column >= 0]]
        return result

    def _centred(self, cells: Cells) -> np.ndarray:
        """Events less how common they are among training cells, cells x events; 0 where not measured."""
        values = cells.events.reindex(columns=self.events_).to_numpy(dtype=np.float64)
        return np.asarray(np.nan_to_num(values - self.means_, nan=0.0))

    def _effects(self) -> np.ndarray:
        effects = np.zeros((len(self.events_), len(self.drugs_)))
        effects[self.evidence_["event"], self.evidence_["drug"]] = self.evidence_["effect"]
        return effects

    def contributions(self, cells: Cells, drugs: DrugFeatures) -> pd.DataFrame:
        """What each event taken for one drug adds for one cell; their sum is :meth:`predict`.

        Returns
        -------
        DataFrame
            Index event; ``contribution`` (ln uM), ``state`` (1, 0 or missing), ``effect`` (ln uM), ``t`` and
            ``n_carriers`` of the training; largest contribution first by size. Empty for a new drug.
        """
        column = positions(drugs.names, self.drugs_)[0]
        own = self.evidence_[self.evidence_["drug"] == column]
        at = own["event"].to_numpy(dtype=int)
        states = cells.events.reindex(columns=self.events_).to_numpy(dtype=np.float64)[0]
        table = pd.DataFrame(
            {"contribution": self._centred(cells)[0, at] * own["effect"].to_numpy(), "state": states[at],
             "effect": own["effect"].to_numpy(), "t": own["t"].to_numpy(), "n_carriers": own["n_carriers"].to_numpy()},
            index=pd.Index(self.events_[at], name="event"),
        )  # fmt: skip
        return table.iloc[np.argsort(-table["contribution"].abs().to_numpy(), kind="stable")]

    def table(self) -> pd.DataFrame:
        """Return the evidence by name: drug_id, event, effect (ln uM), t, n_carriers; strongest first."""
        table = self.evidence_.copy()
        table["drug"] = self.drugs_[table["drug"]]
        table["event"] = self.events_[table["event"]]
        table = table.rename(columns={"drug": "drug_id"})
        return table.iloc[np.argsort(-table["t"].abs().to_numpy(), kind="stable")].reset_index(drop=True)

    def state(self) -> State:
        """Learnt effects."""
        arrays = {name: self.evidence_[name].to_numpy() for name in _EVIDENCE}
        return State({"events": [str(name) for name in self.events_]}, {**arrays, "means": self.means_})

    def restore(self, state: State, training: Training) -> GenomicEvents:
        """Take up a state again."""
        self.drugs_ = training.drugs.names
        self.events_ = pd.Index(state.record["events"], dtype=object)
        self.means_ = np.asarray(state.arrays["means"])
        self.evidence_ = pd.DataFrame({name: np.asarray(state.arrays[name]) for name in _EVIDENCE})
        return self
