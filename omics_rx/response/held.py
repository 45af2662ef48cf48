"""How often intervals hold where it matters: for the drugs that come first, and in the lines that are predicted worst.

Of drugs that a line seems to prefer most, some stand there by an error of the prediction, so that one width for a drug
holds too few of their responses. Widths are therefore scaled by the place that a drug has among the line's
preferences, learnt on lines not seen. Which line is predicted badly cannot be told beforehand (its distance to the
training lines, its level and its spread say next to nothing), so that is stated, and a wider interval is at hand.

References
----------
Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (Springer 2005), section 4.5: Mondrian conformal
predictors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from omics_rx.response.intervals import by_drug, conformal_quantile
from omics_rx.response.prediction import FIRST

if TYPE_CHECKING:
    from omics_rx.response.model import Learnt

# places from which on widths are scaled by another number: the first five, and thirds of those that follow
_EDGES = (FIRST, 20, 60, 150)
_MIN_PAIRS = 50
_MIN_LINES = 40
_LINES = 0.95


@dataclass(frozen=True, eq=False)
class Held:
    """What lines that were not seen say of the intervals.

    Attributes
    ----------
    factors
        What widths of training drugs are multiplied by, by group of places, ``(5,)``.
    line_factor
        What they are multiplied by on top, so that in 95% of the lines the share asked for is held; NaN where there
        are too few lines to tell.
    shares
        Share of the responses held: of all pairs, of the first five drugs by preference, and in the worst twentieth
        of the lines.
    preference, preference_factors
        Half-width of the preference of each drug (ln uM), ``(n_drugs,)``, and what it is multiplied by, by group.
    """

    factors: np.ndarray
    line_factor: float
    shares: pd.Series
    preference: np.ndarray
    preference_factors: np.ndarray

    def preference_half(self, preference: np.ndarray) -> np.ndarray:
        """Half-width of each preference (ln uM), ``(n_cells, n_drugs)``, given those between all training drugs."""
        half: np.ndarray = self.preference * self.preference_factors[_groups(preference)]
        return half

    def scale(self, preference: np.ndarray) -> np.ndarray:
        """What widths are multiplied by, ``(n_cells, n_drugs)``, given preferences between all training drugs."""
        scaled: np.ndarray = self.factors[_groups(preference)]
        return scaled


_LEARNT: WeakKeyDictionary[Learnt, Held | None] = WeakKeyDictionary()


def held_of(learnt: Learnt) -> Held | None:
    """What a fitted model's held-out predictions say; None where it was saved without them."""
    if learnt not in _LEARNT:
        _LEARNT[learnt] = None if learnt.held_out is None else learn(
            learnt.training.y - learnt.held_out, learnt.held_out - learnt.centre, learnt.intervals.by_drug,
            learnt.intervals.coverage,
        )  # fmt: skip
    return _LEARNT[learnt]


def learn(errors: np.ndarray, distance: np.ndarray, half: np.ndarray, coverage: float) -> Held:
    """Learn factors from errors on lines not seen.

    Parameters
    ----------
    errors
        Measured less predicted (ln uM), ``(n_cells, n_drugs)``; NaN where not measured.
    distance
        Predicted less the drug's mean (ln uM), ``(n_cells, n_drugs)``.
    half
        Half-width of each drug (ln uM), ``(n_drugs,)``.
    coverage
        Share to be held.
    """
    ratio = np.abs(errors) / half
    known = np.isfinite(ratio)
    groups = _groups(distance - distance.mean(axis=1, keepdims=True))
    factors = _factors(ratio, groups, coverage)
    preferred = (
        errors - np.where(known.any(axis=1), np.nansum(errors, axis=1) / np.maximum(known.sum(axis=1), 1), 0)[:, None]
    )
    preferred = preferred - np.nansum(preferred, axis=0) / np.maximum(known.sum(axis=0), 1)
    own_half = by_drug(preferred, coverage) if known.any() else np.full(errors.shape[1], np.nan)
    ratio = ratio / factors[groups]
    measured = [row[np.isfinite(row)] for row in ratio]
    needed = np.array([np.quantile(row, coverage, method="higher") for row in measured if row.size])
    by_line = np.sort([(row <= 1).mean() for row in measured if row.size])
    shares = pd.Series(
        {
            "all pairs": float((ratio[known] <= 1).mean()) if known.any() else np.nan,
            "first five by preference": float((ratio[known & (groups == 0)] <= 1).mean()) if known.any() else np.nan,
            "worst twentieth of lines": float(by_line[: max(len(by_line) // 20, 1)].mean()) if len(by_line) else np.nan,
        },
        name="held",
    )
    line_factor = conformal_quantile(needed, _LINES) if len(needed) >= _MIN_LINES else np.nan
    return Held(factors, float(line_factor), shares, own_half, _factors(np.abs(preferred) / own_half, groups, coverage))


def _factors(ratio: np.ndarray, groups: np.ndarray, coverage: float) -> np.ndarray:
    """What half-widths are multiplied by in each group of places, from errors over half-widths."""
    factors = np.ones(len(_EDGES) + 1)
    for group in range(len(factors)):
        own = ratio[np.isfinite(ratio) & (groups == group)]
        if own.size >= _MIN_PAIRS:
            factors[group] = conformal_quantile(own, coverage)
    return factors


def _groups(preference: np.ndarray) -> np.ndarray:
    """Group of places of each drug among the preferences of its line: 0 for the first five."""
    place = np.argsort(np.argsort(preference, axis=1, kind="stable"), axis=1, kind="stable")
    found: np.ndarray = np.searchsorted(_EDGES, place, side="right")
    return found
