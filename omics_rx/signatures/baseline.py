"""From a risk score to chances of survival: a slope and a baseline hazard at a few horizons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from omics_rx.core.errors import InputError, examples
from omics_rx.signatures import cox
from omics_rx.signatures.training import CLOSE

Floats = NDArray[np.float64]

MONTHS = (36, 60, 120)
_FOLLOWED = 10  # training patients who must be followed beyond a horizon
_PENALTY = 1e-6


@dataclass(frozen=True)
class Baseline:
    """Breslow's baseline at a few horizons.

    The chance of no event by a horizon is ``exp(-hazard * exp(slope * score))``.

    Attributes
    ----------
    slope
        Log hazard ratio a unit of the score, learnt from scores of patients their signature had not seen; not
        negative.
    hazard
        Months to the cumulative hazard at score 0.
    at_risk
        Months to how many training patients were followed beyond.
    n, events
        Patients and events it was learnt from.
    """

    slope: float
    hazard: Mapping[int, float]
    at_risk: Mapping[int, int]
    n: int
    events: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "hazard", {int(month): float(value) for month, value in self.hazard.items()})
        object.__setattr__(self, "at_risk", {int(month): int(value) for month, value in self.at_risk.items()})
        hazards = np.array([self.hazard[month] for month in sorted(self.hazard)])
        whole = np.isfinite(self.slope) and np.isfinite(hazards).all() and (hazards >= 0).all()
        if not self.hazard:
            raise InputError("a baseline needs a horizon: give the cumulative hazard at one month or more")
        if not whole or self.slope < 0 or (np.diff(hazards) < 0).any():
            raise InputError("a baseline needs a slope of 0 or more, and hazards of 0 or more that rise with time")

    def survival(self, score: pd.Series, months: tuple[int, ...] | None = None) -> pd.DataFrame:
        """Chance of no event by each horizon, samples x months; NaN where there is no score.

        Raises
        ------
        InputError
            If a horizon is asked for that was not learnt.
        """
        wanted = tuple(sorted(self.hazard)) if months is None else months
        unknown = [month for month in wanted if month not in self.hazard]
        if unknown:
            known = examples(sorted(self.hazard))
            raise InputError(f"survival at {examples(unknown)} months was not learnt: ask for {known}")
        hazard = np.exp(self.slope * score.to_numpy(dtype=np.float64))
        curves = {month: np.exp(-self.hazard[month] * hazard) for month in wanted}
        return pd.DataFrame(curves, index=score.index).rename_axis(columns="months")

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values that JSON can hold."""
        return {
            "slope": self.slope,
            "hazard": {str(month): value for month, value in self.hazard.items()},
            "at_risk": {str(month): value for month, value in self.at_risk.items()},
            "n": self.n,
            "events": self.events,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Baseline:
        """Read what :meth:`as_dict` wrote."""
        return cls(
            float(told["slope"]), dict(told["hazard"]), dict(told["at_risk"]), int(told["n"]), int(told["events"])
        )


def learn(
    score: ArrayLike, time: ArrayLike, event: ArrayLike, cohort: ArrayLike, *, months: tuple[int, ...] = MONTHS
) -> Baseline | None:  # fmt: skip
    """Learn slope and baseline from training patients.

    The slope is a Cox model's with the cohorts as strata, so that cohorts of other risk do not bend it; the baseline is
    Breslow's over all of them together, an average patient of the training cohorts. Tied events are taken
    as Efron does in both: his likelihood gives the slope (as R's ``coxph`` and lifelines do by default; Breslow's,
    scikit-survival's default, gives slopes nearer to 0), and each of the events tied at a time leaves the risk set in
    its turn in the hazard (as R's ``basehaz`` of such a model; lifelines' hazard is Breslow's and a little lower).
    Without ties all are one.

    Parameters
    ----------
    score
        Scores of the patients by signatures made without them, ``(n,)``: those of training would promise too much.
    time, event, cohort
        Months, whether the event was seen, and the cohort, each ``(n,)``.
    months
        Horizons; those beyond which fewer than ten patients are followed are left out.

    Returns
    -------
    Baseline or None
        None where no horizon is reached.

    References
    ----------
    Breslow, J R Stat Soc B 1972, 34:216; Efron, J Am Stat Assoc 1977, 72:557.
    """
    values, times = np.asarray(score, dtype=np.float64), np.asarray(time, dtype=np.float64)
    followed = {month: int((times > month * (1 + CLOSE)).sum()) for month in months}
    kept = [month for month in months if followed[month] >= _FOLLOWED]
    if not kept:
        return None
    slope = 0.0
    if np.ptp(values) > CLOSE:
        slope = max(0.0, float(cox.ridge(values[:, None], cox.follow_up(times, event, cohort), _PENALTY)[0]))
    moments, hazard = cox.baseline_hazard(slope * values, cox.follow_up(times, event), times)
    reached = np.searchsorted(moments, np.array(kept) * (1 + CLOSE), side="right")
    steps = np.append(0.0, hazard)
    return Baseline(
        slope=slope,
        hazard={month: float(steps[at]) for month, at in zip(kept, reached, strict=True)},
        at_risk={month: followed[month] for month in kept},
        n=values.size,
        events=int(np.asarray(event, dtype=bool).sum()),
    )
