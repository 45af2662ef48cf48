"""How far a cohort lies from a frozen reference: another platform, unit or kind of sample, measured and told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core.work import log

_ALONE, _MANY = 2.0, 1.0  # sds that the typical gene of one sample, and of very many, lies off by themselves
_ENOUGH = 20  # samples that tell how widely a cohort spreads
_WIDE = 2.0  # times wider or narrower


@dataclass(frozen=True)
class Drift:
    """Where the genes of a cohort lie on the scale of a frozen reference.

    Attributes
    ----------
    shift
        Median over genes of the mean z, in sds of the reference: a common shift.
    off
        Median over genes of the absolute mean z: how far the typical gene lies off, whichever way.
    spread
        Median over genes of the sd of z, 1 where the cohort spreads as the reference; NaN for fewer than 20 samples.
    n
        Samples.
    """

    shift: float
    off: float
    spread: float
    n: int

    @classmethod
    def of(cls, z: pd.DataFrame) -> Drift | None:
        """Measure it on samples x genes on the scale of the reference; None where nothing is known."""
        values = z.dropna(axis=1, how="all").dropna(axis=0, how="all").to_numpy()
        if not values.size:
            return None
        mean = np.nanmean(values, axis=0)
        spread = float(np.median(np.nanstd(values, axis=0, ddof=1))) if len(values) >= _ENOUGH else float("nan")
        return cls(float(np.median(mean)), float(np.median(np.abs(mean))), spread, len(values))

    @property
    def tells(self) -> bool:
        """Whether it is more than patients of the reference would have: one patient lies off by herself."""
        wide = self.spread > _WIDE or self.spread < 1 / _WIDE
        return self.off > _MANY + _ALONE / np.sqrt(self.n) or wide

    @property
    def verdict(self) -> str:
        """Whether the frozen scale may be used, as a short text."""
        may = "may not" if self.tells else "may"
        return f"frozen scale {may} be used: the typical gene lies {self.off:.1f} sd off training"

    def as_dict(self) -> dict[str, Any]:
        """Figures and verdict, as scores keep them."""
        return asdict(self) | {"verdict": self.verdict}

    def sentence(self, origin: str, scored: pd.DataFrame) -> str:
        """Say what a reader of the scores must know."""
        group = scored["risk_group"].dropna()
        spread = "" if np.isnan(self.spread) else f" and spreads {self.spread:.1f} times as wide"
        who = "the sample lies" if self.n == 1 else f"the {self.n} samples lie"
        return (
            f"{who} far from the reference, {origin}: "
            f"the typical gene is {self.off:.1f} sd off ({self.shift:+.1f} in the middle){spread}; the mean score is "
            f"{scored['risk_score'].mean():+.1f} and {(group == 'high').mean():.0%} are called high. That is drift of "
            "platform, unit or kind of patient, not risk: score the cohort by itself, or by a harmonize.GeneReference "
            "learnt on its platform"
        )


def told(table: pd.DataFrame, z: pd.DataFrame, origin: str) -> pd.DataFrame:
    """Write the drift of a cohort from a frozen reference into its scores, and log it where it tells."""
    found = Drift.of(z)
    if found is None:
        return table
    table.attrs["drift"] = found.as_dict()
    if found.tells:
        sentence = found.sentence(origin, table)
        table["reference"] = table["reference"] + f", drift {found.off:.1f} sd"
        table.attrs["drift"]["sentence"] = sentence
        log.warning("%s", sentence)
    return table
