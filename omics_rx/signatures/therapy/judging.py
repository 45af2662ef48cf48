"""Figures of chances of a yes-or-no outcome: order, calibration, decisions, and the trend over ordered classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import kendalltau

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.metrics import decision_curve, small
from omics_rx.metrics.inputs import in_order
from omics_rx.metrics.small import Z95, area, placements
from omics_rx.signatures.therapy import outcome as outcomes

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
TABLE = ["cohort", "role", "method", "n", "responders", "auc", "lower", "upper", "brier", "apparent", "optimism"]
WITHIN = ["within", "within_lower", "within_upper", "pairs"]
GAINS = ["cohort", "role", "method", "against", "difference", "lower", "upper", "p_value"]
CALIBRATION = [
    "cohort", "role", "method", "n", "observed", "expected", "slope", "slope_lower", "slope_upper", "intercept",
    "intercept_lower", "intercept_upper", "brier", "null", "gain",
]  # fmt: skip
GROUPS = ["cohort", "role", "at", "n", "predicted", "observed", "lower", "upper"]
_BOOT = 1000
_NUDGE = 1e-4
_ALIKE = 1e-6  # log odds that differ by less, or chances that are so near 0 and 1


def gain(truth: Bools, one: Floats, two: Floats, *, seed: int) -> dict[str, float]:
    """Area of one less that of another on the same patients, by resampling either class."""
    gap = placements(truth, one) - placements(truth, two)
    random = rng(seed, "gain")
    up = random.multinomial(gap.shape[0], np.full(gap.shape[0], 1 / gap.shape[0]), size=_BOOT) / gap.shape[0]
    down = random.multinomial(gap.shape[1], np.full(gap.shape[1], 1 / gap.shape[1]), size=_BOOT) / gap.shape[1]
    drawn = ((up @ gap) * down).sum(axis=1)
    lower, upper = small.percentiles(drawn, min(gap.shape))
    p = small.tail_p(drawn, min(gap.shape)) if np.ptp(drawn) > 0 else 1.0
    return {"difference": float(gap.mean()), "lower": lower, "upper": upper, "p_value": p}


def within(truth: Bools, odds: Floats, cell: NDArray[np.str_], *, seed: int) -> dict[str, float]:
    """Area under the curve over pairs of one cell alone, ``odds`` ``(repeats, n)``, with a 95% interval by resampling.

    Neither the arm nor the group can help: what is left is what tells patients of one kind on one arm apart.
    """
    parts = []
    for name in np.unique(cell):
        rows = cell == name
        if truth[rows].any() and (~truth[rows]).any():
            parts.append(placements(truth[rows], odds[:, rows]))
    if not parts:
        return {"within": np.nan, "within_lower": np.nan, "within_upper": np.nan, "pairs": 0}
    pairs = sum(part.size for part in parts)
    value = sum(float(part.sum()) for part in parts) / pairs
    random = rng(seed, "within")
    total, weight = np.zeros(_BOOT), np.zeros(_BOOT)
    for part in parts:
        up = random.multinomial(part.shape[0], np.full(part.shape[0], 1 / part.shape[0]), size=_BOOT).astype(float)
        down = random.multinomial(part.shape[1], np.full(part.shape[1], 1 / part.shape[1]), size=_BOOT).astype(float)
        total += ((up @ part) * down).sum(axis=1)
        weight += part.size
    few = int(min(truth.sum(), (~truth).sum()))
    lower, upper = small.percentiles(total / weight, max(few, 2))
    return {"within": value, "within_lower": lower, "within_upper": upper, "pairs": int(pairs)}


def calibration(truth: Bools, odds: Floats) -> dict[str, float]:
    """Slope of the outcome on the log odds and the intercept at slope 1, with 95% intervals; Brier score and its gain.

    Figures of several repeats are averaged, and so are their standard errors: repeats add no patients.
    """
    chance = expit(odds)
    slope, slope_error = np.mean([_slope(truth, ahead) for ahead in odds], axis=0).tolist()
    level, level_error = np.mean([_level(truth, ahead) for ahead in odds], axis=0).tolist()
    brier, share = float(np.mean((chance - truth) ** 2)), float(truth.mean())
    null = share * (1 - share)
    return {
        "n": truth.size, "observed": share, "expected": float(chance.mean()), "slope": slope,
        "slope_lower": slope - Z95 * slope_error, "slope_upper": slope + Z95 * slope_error, "intercept": level,
        "intercept_lower": level - Z95 * level_error, "intercept_upper": level + Z95 * level_error, "brier": brier,
        "null": null, "gain": 1 - brier / null if null else float("nan"),
    }  # fmt: skip


def _slope(truth: Bools, ahead: Floats) -> tuple[float, float]:
    """Slope and its standard error; NaN where the odds tell nobody apart, or the classes apart without an error."""
    spread = float(ahead.std())
    if spread < _ALIKE or not 0 < truth.sum() < truth.size:
        return float("nan"), float("nan")
    design = np.column_stack([np.ones(ahead.size), (ahead - ahead.mean()) / spread])
    at = np.zeros(2)
    for _ in range(100):
        chance = expit(design @ at)
        weight = chance * (1 - chance)
        if weight.max() < _ALIKE:  # runs off: a steeper slope is always better
            break
        step = np.linalg.solve(design.T @ (design * weight[:, None]), design.T @ (truth - chance))
        at = at + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            cover = np.linalg.inv(design.T @ (design * weight[:, None]))
            return float(at[1]) / spread, float(np.sqrt(cover[1, 1])) / spread
    return float("nan"), float("nan")


def _level(truth: Bools, ahead: Floats) -> tuple[float, float]:
    at = 0.0
    for _ in range(100):
        chance = expit(ahead + at)
        weight = float((chance * (1 - chance)).sum())
        step = float(np.clip((truth - chance).sum() / max(weight, 1e-9), -2, 2))
        at += step
        if abs(step) < 1e-10:
            break
    return at, float(1 / np.sqrt(max(weight, 1e-9)))


def groups(truth: Bools, odds: Floats, *, n_groups: int = 5) -> pd.DataFrame:
    """Predicted and observed share of responders in groups of rising chance, observed with Wilson's interval."""
    chance = expit(odds.mean(axis=0))
    order = np.argsort(chance, kind="stable")
    rows = []
    for part in np.array_split(order, min(n_groups, max(1, truth.size // 10))):
        hits = int(truth[part].sum())
        lower, upper = small.wilson(hits, part.size)
        rows.append(
            {"n": part.size, "predicted": float(chance[part].mean()), "observed": hits / part.size, "lower": lower,
             "upper": upper}
        )  # fmt: skip
    return pd.DataFrame(rows)


def decisions(truth: Bools, odds: Mapping[str, Floats], *, seed: int) -> pd.DataFrame:
    """Net benefit of treating by each model's chance: a decision curve in which everybody is followed."""
    time = np.where(truth, 1.0, 3.0)  # a response at 1, everybody else followed to 3: at 2 the curve has no censoring
    risks = {name: np.clip(expit(own.mean(axis=0)), _NUDGE, 1 - _NUDGE) for name, own in odds.items()}
    return decision_curve.decision_curve(time, truth, risks, at=2.0, seed=seed)


@dataclass(frozen=True, eq=False)
class Trend:
    """A score over ordered classes.

    Attributes
    ----------
    tau, lower, upper
        Kendall's tau-b and its 95% interval by resampled patients.
    p_value
        Of no trend, two-sided; Jonckheere and Terpstra's test is the same test.
    n
        Patients with score and class.
    table
        A row a class: ``class``, ``n``, ``median``, ``lower``, ``upper`` (quartiles) of the score.
    points
        ``class`` and ``score`` of each patient.
    """

    tau: float
    lower: float
    upper: float
    p_value: float
    n: int
    table: pd.DataFrame = field(repr=False)
    points: pd.DataFrame = field(repr=False)

    @property
    def falling(self) -> bool:
        """Whether the median falls, or stays, from each class to the next."""
        return bool((self.table["median"].diff().dropna() <= 1e-9).all())


@in_words
def trend(score: ArrayLike, classes: ArrayLike, *, seed: int = 0, n_boot: int = 1000) -> Trend:
    """Test whether a score rises or falls over ordered classes, such as those of residual cancer burden.

    Parameters
    ----------
    score
        Of each patient, ``(n,)``; of patients the class knows nothing of, left out. Two Series are paired by name.
    classes
        Numbers, an ordered categorical, or texts that end in a class number (``RCB-II``).
    seed, n_boot
        Of the bootstrap over patients.

    Returns
    -------
    Trend
        Kendall's tau-b with interval, p and the score of each class.

    Raises
    ------
    InputError
        If the order cannot be told, fewer than ten patients have both, or there are fewer than three classes.

    References
    ----------
    Kendall, Biometrika 1945, 33:239; Terpstra, Indag Math 1952, 14:327; Jonckheere, Biometrika 1954, 41:133.
    """
    given = in_order(score=score, classes=classes)
    order = outcomes.ordered(pd.Series(given["classes"]).reset_index(drop=True), name="classes")
    values = pd.Series(np.asarray(given["score"], dtype=np.float64)).reindex(order.index)
    both = values.notna()
    x, y = values[both].to_numpy().round(9), order[both].to_numpy()
    if x.size < 10 or np.unique(y).size < 3:
        raise InputError(f"{x.size} patients in {np.unique(y).size} classes have a score: ten in three are needed")
    if np.ptp(x) == 0:
        raise InputError("every patient has the same score: there is no order to test")
    tau, p = kendalltau(x, y)
    random = rng(seed, "trend")
    drawn = np.array([kendalltau(x[at], y[at]).statistic for at in random.integers(x.size, size=(n_boot, x.size))])
    lower, upper = small.percentiles(drawn[np.isfinite(drawn)], x.size)
    points = pd.DataFrame({"class": y, "score": x})
    table = points.groupby("class")["score"].describe()[["count", "50%", "25%", "75%"]].reset_index()
    table.columns = pd.Index(["class", "n", "median", "lower", "upper"])
    table["n"] = table["n"].astype(int)
    return Trend(float(tau), lower, upper, float(p), x.size, table, points)


def row(cohort: str, role: str, method: str, truth: Bools, odds: Floats, *, apparent: float) -> dict[str, Any]:
    """One row of the study's table; the optimism is what the apparent area has too much."""
    value, lower, upper = area(truth, odds)
    brier = float(np.mean((expit(odds) - truth) ** 2))
    return {
        "cohort": cohort, "role": role, "method": method, "n": truth.size, "responders": int(truth.sum()), "auc": value,
        "lower": lower, "upper": upper, "brier": brier, "apparent": apparent, "optimism": apparent - value,
    }  # fmt: skip


def odds_of(chance: Floats) -> Floats:
    """Log odds of chances, kept finite."""
    return np.asarray(logit(np.clip(chance, _NUDGE, 1 - _NUDGE)))
