"""Tables of a study of a yes-or-no outcome: each method on each cohort, the ladder, the trend, scores and patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from omics_rx.metrics import small
from omics_rx.signatures.therapy import judging
from omics_rx.signatures.therapy.models import Data
from omics_rx.signatures.therapy.nested import SIGNATURE
from omics_rx.signatures.therapy.reading import Patients

Floats = NDArray[np.float64]
EXTERNAL, NESTED = "external", "nested"
_LADDER = ["step", "added", "auc", "lower", "upper", "gain", "gain_lower", "gain_upper", "p_value"]
_TREND = ["cohort", "role", "tau", "lower", "upper", "p_value", "n", "falling"]
_POINTS = ["class", "score", "cohort", "role"]


@dataclass(eq=False)
class Figures:
    """Figures of a study as they come in.

    Attributes
    ----------
    seed
        Of the resampled patients.
    pairs
        Method and the one that its area is held against.
    calibrated, decided
        Methods whose chances are held against the outcome, and those of the decision curve.
    table, gains, calibration, groups, decision
        What came in.
    """

    seed: int
    pairs: Sequence[tuple[str, str]]
    calibrated: Sequence[str]
    decided: Sequence[str]
    table: list[dict[str, Any]] = field(default_factory=list)
    gains: list[dict[str, Any]] = field(default_factory=list)
    calibration: list[dict[str, Any]] = field(default_factory=list)
    groups: list[pd.DataFrame] = field(default_factory=list)
    decision: list[pd.DataFrame] = field(default_factory=list)

    def judge(
        self, cohort: str, role: str, truth: NDArray[np.bool_], odds: Mapping[str, Floats], *,
        apparent: Mapping[str, float] | None = None, cell: NDArray[np.str_] | None = None,
    ) -> None:  # fmt: skip
        """Add the figures of one cohort; with a cell of each patient those within cells, too."""
        at = {"cohort": cohort, "role": role}
        for method, own in odds.items():
            row = judging.row(cohort, role, method, truth, own, apparent=(apparent or {}).get(method, np.nan))
            inside = {} if cell is None else judging.within(truth, own, cell, seed=self.seed)
            self.table.append(row | inside)
        for method, against in self.pairs:
            gap = judging.gain(truth, odds[method], odds[against], seed=self.seed)
            self.gains.append({**at, "method": method, "against": against, **gap})
        for method in self.calibrated:
            self.calibration.append({**at, "method": method, **judging.calibration(truth, odds[method])})
        self.groups.append(judging.groups(truth, odds[SIGNATURE]).assign(**at, at=0)[judging.GROUPS])
        shown = {name: odds[name] for name in self.decided}
        self.decision.append(judging.decisions(truth, shown, seed=self.seed).assign(**at))

    def frames(self, columns: Sequence[str] = judging.TABLE) -> dict[str, pd.DataFrame]:
        """All tables; the one of areas with these columns."""
        return {
            "table": pd.DataFrame(self.table, columns=list(columns)),
            "gains": pd.DataFrame(self.gains, columns=judging.GAINS),
            "calibration": pd.DataFrame(self.calibration, columns=judging.CALIBRATION),
            "calibration_groups": pd.concat(self.groups, ignore_index=True),
            "decision": pd.concat(self.decision, ignore_index=True),
        }


@dataclass(eq=False)
class Trends:
    """Trends of the score over an ordered outcome as they come in."""

    seed: int
    trend: list[dict[str, Any]] = field(default_factory=list)
    points: list[pd.DataFrame] = field(default_factory=list)

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
        """Both tables."""
        return {
            "trend": pd.DataFrame(self.trend, columns=_TREND),
            "trend_points": pd.concat(self.points, ignore_index=True) if self.points else pd.DataFrame(columns=_POINTS),
        }  # fmt: skip


def ladder(truth: NDArray[np.bool_], odds: Sequence[Floats], added: Sequence[str], *, seed: int) -> pd.DataFrame:
    """The signature made again as each kind of measurement is added, with its gain over the step before."""
    rows = []
    for step, (own, name) in enumerate(zip(odds, added, strict=True)):
        value, lower, upper = small.area(truth, own)
        row = {"step": step + 1, "added": name, "auc": value, "lower": lower, "upper": upper}
        if step:
            gap = judging.gain(truth, own, odds[step - 1], seed=seed)
            row |= {
                "gain": gap["difference"], "gain_lower": gap["lower"], "gain_upper": gap["upper"],
                "p_value": gap["p_value"],
            }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows, columns=_LADDER)


def training_scores(train: Sequence[Patients], data: Data, odds: Floats) -> dict[str, pd.DataFrame]:
    """Scores of each training cohort by models made without the patient, mean over repeats."""
    mean = odds.mean(axis=0)
    found = {}
    for one in train:
        rows = data.cohort == one.name
        odds_by = pd.Series(mean[rows], index=data.table.index[rows].str.slice(len(one.name) + 1))
        own = odds_by.set_axis(odds_by.index.astype(str), axis=0).reindex(one.table.index.astype(str)).to_numpy()
        found[one.name] = pd.DataFrame(
            {"probability": expit(own), "log_odds": own, "outcome": one.outcome.to_numpy()}, index=one.table.index
        )
    return found


def training_summary(
    train: Sequence[Patients], found: Figures, p_value: float | None, n_deals: int, **more: Any
) -> dict[str, Any]:
    """What a signature tells of its training: cohorts, the nested area, whether noise did as well, and more."""
    return {
        "cohorts": [{"name": one.name, "n": len(one.outcome), "responders": int(one.outcome.sum())} for one in train],
        "nested_auc": {key: round(float(found.table[0][key]), 4) for key in ("auc", "lower", "upper")},
        "dealt_outcomes": None if p_value is None else {"p_value": p_value, "deals": n_deals},
        **more,
    }


def flow(train: Sequence[Patients], outside: Sequence[Patients], *, lacking: str) -> pd.DataFrame:
    """Patients of each cohort as given, judged and responding; those between are called ``lacking``."""
    rows = [
        {
            "cohort": one.name, "role": EXTERNAL if one in outside else "training", "given": one.given,
            lacking: one.given - len(one.outcome), "judged": len(one.outcome), "responders": int(one.outcome.sum()),
        }
        for one in [*train, *outside]
    ]  # fmt: skip
    return pd.DataFrame(rows)
