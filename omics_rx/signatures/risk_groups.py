"""High against low risk in one cohort: how many had the event, how long it took, and how far apart they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.metrics import spans, survival
from omics_rx.metrics.small import Z95
from omics_rx.signatures import cox

LOW, HIGH = "low", "high"
GROUPS = [
    "cohort", "group", "n", "events", "median", "median_lower", "median_upper", "restricted_mean", "mean_lower",
    "mean_upper", "until", "mean_difference", "difference_lower", "difference_upper", "difference_p", "hazard_ratio",
    "hr_lower", "hr_upper", "log_rank_p",
]  # fmt: skip
SURVIVAL = ["cohort", "group", "at", "survival", "lower", "upper", "at_risk"]
_PENALTY = 1e-6
_FEW = 5  # events in all that a hazard ratio of two groups needs


def compared(name: str, scored: pd.DataFrame, months: Sequence[float]) -> list[dict[str, Any]]:
    """Rows of low and high risk of one cohort, columns ``GROUPS``; what compares them stands on the row of high risk.

    Parameters
    ----------
    name
        Of the cohort.
    scored
        ``risk_score``, ``risk_group``, ``time`` (months), ``event`` by sample.
    months
        The restricted mean stops at the largest of these to which both groups are followed, else at the last month to
        which they are.
    """
    known = scored.dropna(subset=["risk_score"])
    parts = {group: known[known["risk_group"] == group] for group in (LOW, HIGH)}
    until = _until(list(parts.values()), months)
    rows = [{"cohort": name, "group": group, **_of_one(part, until)} for group, part in parts.items()]
    if known["event"].sum() < _FEW or any(part.empty for part in parts.values()):
        return rows
    groups = known["risk_group"].astype(str)
    rows[1] |= _hazards((groups == HIGH).to_numpy(dtype=np.float64), known)
    rows[1]["log_rank_p"] = survival.log_rank(known["time"], known["event"], groups).p_value
    if until is not None:
        gap = spans.restricted_mean_difference(known["time"], known["event"], groups, until=until)  # high less low
        rows[1] |= {
            "mean_difference": gap.value, "difference_lower": gap.lower, "difference_upper": gap.upper,
            "difference_p": gap.p_value,
        }  # fmt: skip
    return rows


def at_months(name: str, scored: pd.DataFrame, months: Sequence[float]) -> list[dict[str, Any]]:
    """Kaplan-Meier survival of each group at months, columns ``SURVIVAL``; NaN beyond the last contact."""
    known = scored.dropna(subset=["risk_score"])
    rows: list[dict[str, Any]] = []
    for group in (LOW, HIGH):
        part = known[known["risk_group"] == group]
        if part.empty:
            continue
        curve = survival.kaplan_meier(part["time"], part["event"])
        last = float(curve["time"].iloc[-1])
        for month in months:
            row = curve[curve["time"] <= month].iloc[-1]
            reached = month <= last or row["survival"] == 0
            figures = {key: float(row[key]) if reached else float("nan") for key in ("survival", "lower", "upper")}
            still = int((part["time"] >= month).sum())
            rows.append({"cohort": name, "group": group, "at": float(month), **figures, "at_risk": still})
    return rows


def _until(parts: Sequence[pd.DataFrame], months: Sequence[float]) -> float | None:
    if any(part.empty for part in parts):
        return None
    last = min(float(part["time"].max()) for part in parts)
    reached = [float(month) for month in months if month <= last]
    return max(reached) if reached else last


def _of_one(part: pd.DataFrame, until: float | None) -> dict[str, Any]:
    row: dict[str, Any] = {"n": len(part), "events": int(part["event"].sum())}
    if part.empty:
        return row
    half = spans.median_time(part["time"], part["event"])
    row |= {"median": half.value, "median_lower": half.lower, "median_upper": half.upper}
    if until is not None:
        mean = spans.restricted_mean(part["time"], part["event"], until=until)
        row |= {"restricted_mean": mean.value, "mean_lower": mean.lower, "mean_upper": mean.upper, "until": until}
    return row


def _hazards(high: np.ndarray, known: pd.DataFrame) -> dict[str, float]:
    """Hazard ratio of high against low risk by Cox's model (ties by Efron), with its 95% interval (Wald)."""
    data = cox.follow_up(known["time"].to_numpy(), known["event"].to_numpy())
    beta = cox.ridge(high[:, None], data, _PENALTY)
    information = cox.derivatives(high[:, None][data.order], beta, data)[2]
    error = float(1 / np.sqrt(information.item())) if information.item() > 0 else float("nan")
    slope = float(beta[0])
    return {
        "hazard_ratio": float(np.exp(slope)), "hr_lower": float(np.exp(slope - Z95 * error)),
        "hr_upper": float(np.exp(slope + Z95 * error)),
    }  # fmt: skip
