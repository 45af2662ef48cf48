"""A signature with two sets of weights: what decides which of them a tumour gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core.errors import InputError

Floats = NDArray[np.float64]

RECORDED, CALLED = "recorded", "by expression"


@dataclass(frozen=True)
class Gate:
    """The oestrogen receptor as a switch between two sets of weights.

    The score is ``g * (w . z) + (1 - g) * (offset + v . z)``, where ``w`` are the signature's weights and ``v`` those
    held here; ``g`` is 1 for a tumour recorded as ER-positive, 0 for one recorded as negative, and else
    ``sigmoid(slope * (e - threshold))`` of its level of ER expression ``e``.

    Attributes
    ----------
    weights
        Gene to weight where ER is negative.
    offset
        Added where ER is negative.
    level
        Gene to weight in the level of ER expression.
    threshold, slope
        Of the sigmoid.
    """

    weights: Mapping[str, float]
    offset: float
    level: Mapping[str, float]
    threshold: float
    slope: float

    def __post_init__(self) -> None:
        values = [*self.weights.values(), *self.level.values(), self.offset, self.threshold, self.slope]
        if not np.isfinite(np.array(values, dtype=np.float64)).all() or self.slope <= 0 or not self.level:
            raise InputError("a gate needs finite weights, genes of the level of ER, and a slope above 0")

    def matrix(self, genes: tuple[str, ...], weights: Floats) -> Floats:
        """Weights of ER-positive and ER-negative tumours and of the level of ER, ``(k, 3)``."""
        other = [np.array([told.get(gene, 0.0) for gene in genes]) for told in (self.weights, self.level)]
        return np.column_stack([weights, *other])

    def open(self, level: Floats, obs: pd.DataFrame) -> tuple[Floats, list[str]]:
        """How far each tumour counts as ER-positive, ``(n,)`` from 0 to 1, and by what."""
        from omics_rx.scores.records import recorded_receptor

        found = 1 / (1 + np.exp(-self.slope * (np.nan_to_num(level, nan=0.0) - self.threshold)))
        recorded = recorded_receptor(obs, "er")
        told = np.full(len(obs), "unknown") if recorded is None else recorded.to_numpy(dtype=str)
        share = np.where(told == "positive", 1.0, np.where(told == "negative", 0.0, found))
        return share, [CALLED if one == "unknown" else RECORDED for one in told]

    def as_dict(self) -> dict[str, Any]:
        """Offset, threshold and slope as plain values; the weights stand with the genes."""
        return {"offset": float(self.offset), "threshold": float(self.threshold), "slope": float(self.slope)}
