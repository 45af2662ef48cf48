"""Tables of a response study: each method on each cohort, the trend over an ordered outcome, and the ladder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.signatures.therapy import judging, nested
from omics_rx.signatures.therapy.models import Data
from omics_rx.signatures.therapy.reading import Patients

Floats = NDArray[np.float64]
EXTERNAL, NESTED = "external", "nested"
LADDER = ["step", "added", "auc", "lower", "upper", "gain", "gain_lower", "gain_upper", "p_value"]
_TREND = ["cohort", "role", "tau", "lower", "upper", "p_value", "n", "falling"]
_POINTS = ["class", "score", "cohort", "role"]


@dataclass(eq=False)
class Figures:
    """Figures of a study as they come in."""

    seed: int
    table: list[dict[str, Any]] = field(default_factory=list)
    gains: list[dict[str, Any]] = field(default_factory=list)
    calibration: list[dict[str, Any]] = field(default_factory=list)
    groups: list[pd.DataFrame] = field(default_factory=list)
    decision: list[pd.DataFrame] = field(default_factory=list)
    trend: list[dict[str, Any]] = field(default_factory=list)
    points: list[pd.DataFrame] = field(default_factory=list)

    def judge(
        self,
        cohort: str,
        role: str,
        truth: NDArray[np.bool_],
        odds: Mapping[str, Floats],
        apparent: Mapping[str, float],
    ) -> None:
        """Add the figures of one cohort."""
        at = {"cohort": cohort, "role": role}
        for method, own in odds.items():
            self.table.append(judging.row(cohort, role, method, truth, own, apparent=apparent.get(method, np.nan)))
        for method in (nested.SIGNATURE, nested.FULL):
            gap = judging.gain(truth, odds[method], odds[nested.PLAIN], seed=self.seed)
            self.gains.append({**at, "method": method, "against": nested.PLAIN, **gap})
            self.calibration.append({**at, "method": method, **judging.calibration(truth, odds[method])})
        own = odds[nested.SIGNATURE]
        self.groups.append(judging.groups(truth, own).assign(**at, at=0)[judging.GROUPS])
        shown = {name: odds[name] for name in (nested.SIGNATURE, nested.FULL)}
        self.decision.append(judging.decisions(truth, shown, seed=self.seed).assign(**at))

    def follow(self, one: Patients, scores: pd.DataFrame, role: str) -> None:
        """Add the trend of one cohort's score over its ordered outcome."""
        both = scores.index.intersection(one.order.index) if one.order is not None else scores.index[:0]
        if one.order is None or len(both) < 10 or one.order[both].nunique() < 3:
            return
        found = judging.trend(scores.loc[both, "log_odds"], one.order[both], seed=self.seed)
        self.trend.append(
            {"cohort": one.name, "role": role, "tau": found.tau, "lower": found.lower, "upper": found.upper,
             "p_value": found.p_value, "n": found.n, "falling": found.falling}
        )  # fmt: skip
        self.points.append(found.points.assign(cohort=one.name, role=role))

    def frames(self) -> dict[str, pd.DataFrame]:
        """All tables."""
        return {
            "table": pd.DataFrame(self.table, columns=judging.TABLE),
            "gains": pd.DataFrame(self.gains, columns=judging.GAINS),
            "calibration": pd.DataFrame(self.calibration, columns=judging.CALIBRATION),
            "calibration_groups": pd.concat(self.groups, ignore_index=True),
            "decision": pd.concat(self.decision, ignore_index=True),
            "trend": pd.DataFrame(self.trend, columns=_TREND),
            "trend_points": pd.concat(self.points, ignore_index=True) if self.points else pd.DataFrame(columns=_POINTS),
        }  # fmt: skip


def ladder(data: Data, order: Sequence[str], held: nested.Held, *, seed: int) -> pd.DataFrame:
    """The signature made again as each modality is added, with its gain over the step before."""
    rows = []
    for step, added in enumerate(order, start=1):
        own = held.ladder[step]
        value, lower, upper = judging.area(data.outcome, own)
        row = {"step": step, "added": added, "auc": value, "lower": lower, "upper": upper}
        if step > 1:
            gap = judging.gain(data.outcome, own, held.ladder[step - 1], seed=seed)
            row |= {
                "gain": gap["difference"], "gain_lower": gap["lower"], "gain_upper": gap["upper"],
                "p_value": gap["p_value"],
            }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows, columns=LADDER)
