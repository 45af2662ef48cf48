"""What foretells the outcome anyway (prognostic), and what foretells benefit from one arm (predictive)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from omics_rx.metrics import small
from omics_rx.metrics.small import Z95
from omics_rx.signatures.therapy.arm_model import EXPECTED, Trial
from omics_rx.signatures.therapy.encoding import Encoder

Floats = NDArray[np.float64]
MIN_EVENTS = 10
ALL = "all"
PROGNOSTIC = ["feature", "n", "responders", "odds_ratio", "lower", "upper", "p_value", "q_value"]
PREDICTIVE = [
    "arm", "group", "feature", "family", "n_arm", "responders_arm", "n_control", "responders_control",
    "odds_ratio", "lower", "upper", "p_value", "q_value", "shrunk", "shrunk_lower", "shrunk_upper", "verdict",
]  # fmt: skip
SEARCHED = "searched"
CANNOT, BENEFIT, LESS, NOTHING = "cannot tell", "more benefit", "less benefit", "no interaction shown"
_ALPHA = 0.05


def firth(design: Floats, outcome: NDArray[np.bool_], *, first: float | None = None) -> tuple[Floats, Floats, float]:
    """Coefficients, covariance and log likelihood of a logistic model with Jeffreys' prior, finite where one separates.

    With ``first`` the first coefficient is held at that value.

    References
    ----------
    Firth, Biometrika 1993, 80:27; Heinze and Schemper, Stat Med 2002, 21:2409.
    """
    at = np.zeros(design.shape[1])
    free = slice(0, None) if first is None else slice(1, None)
    at[0] = 0.0 if first is None else first
    for _ in range(100):
        ahead = design @ at
        chance = expit(ahead)
        weight = np.maximum(chance * (1 - chance), 1e-12)
        curve = design.T @ (design * weight[:, None]) + 1e-9 * np.eye(len(at))
        cover = np.linalg.inv(curve)
        leverage = weight * np.einsum("ij,jk,ik->i", design, cover, design)
        slope = (design.T @ (outcome - chance + leverage * (0.5 - chance)))[free]
        step = np.zeros_like(at)
        step[free] = np.linalg.solve(curve[free, free], slope)
        largest = float(np.abs(design @ step).max())
        at = at + step * min(1.0, 2.0 / max(largest, 1e-12))
        if largest < 1e-7:
            break
    likely = float((outcome * ahead - np.logaddexp(0, ahead)).sum() + np.linalg.slogdet(curve)[1] / 2)
    return at, np.asarray(cover, dtype=np.float64), likely


@dataclass(frozen=True)
class Effect:
    """A log odds ratio with its 95% interval and p, by the profile of the penalised likelihood.

    ``error`` is the standard error that a normal of the same p would have.
    """

    log: float
    lower: float
    upper: float
    p_value: float
    error: float


def effect(design: Floats, outcome: NDArray[np.bool_]) -> Effect:
    """Effect of the first column beside the others."""
    at, cover, best = firth(design, outcome)
    log, error = float(at[0]), float(np.sqrt(cover[0, 0]))

    def root(value: float) -> float:
        return float(np.sqrt(max(2 * (best - firth(design, outcome, first=value)[2]), 0.0)))

    far = root(0.0)
    own = abs(log) / far if far > 1e-3 else error
    lower, upper = (_bound(root, log, side * error) for side in (-1, 1))
    return Effect(log, lower, upper, float(2 * norm.sf(far)), own)


def _bound(root: Callable[[float], float], log: float, step: float) -> float:
    """Where the signed root of the likelihood ratio reaches the normal quantile, by secants from Wald's bound."""
    before, here = (0.0, 0.0), Z95 * step
    for _ in range(12):
        value = root(log + here)
        if abs(value - Z95) < 1e-3:
            break
        rise = (value - before[1]) / (here - before[0]) if here != before[0] else 0.0
        after = here + (Z95 - value) / rise if abs(rise) * abs(step) > 1e-6 else 2 * here
        before, here = (here, value), float(np.clip(after, min(0, 4 * here), max(0, 4 * here)))
    return log + here


def prognostic(trial: Trial) -> pd.DataFrame:
    """Odds ratio of the outcome a standard deviation of each column, whatever the arm, within arm and group.

    ``p_value`` is of the penalised likelihood ratio, ``q_value`` that of Benjamini and Hochberg over the table.
    """
    cells = trial.cells()
    columns = _columns(trial, trial.data.encoder())
    rows = []
    for name, z in columns.items():
        known = np.isfinite(z)
        own, truth = cells[known], trial.data.outcome[known]
        mixed = [c for c in np.unique(own) if 0 < truth[own == c].sum() < (own == c).sum()]
        keep = np.isin(own, mixed)
        row: dict[str, Any] = {"feature": name, "n": int(known.sum()), "responders": int(truth.sum())}
        if min(truth[keep].sum(), (~truth[keep]).sum()) >= MIN_EVENTS and np.ptp(z[known][keep]) > 0:
            level = (own[keep][:, None] == np.array(mixed)[None]).astype(float)
            row |= _ratio(effect(np.column_stack([z[known][keep], level]), truth[keep]))
        rows.append(row)
    table = pd.DataFrame(rows, columns=PROGNOSTIC)
    table["q_value"] = _corrected(table["p_value"])
    return table.sort_values("p_value", kind="stable", ignore_index=True)


def predictive(trial: Trial) -> pd.DataFrame:
    """Arm by feature interactions against the control, over all groups an arm was given in and within each.

    Parameters
    ----------
    trial
        Patients. Interactions that were expected are a family of their own over all groups, corrected and shrunk among
        themselves.

    Returns
    -------
    pandas.DataFrame
        A row an arm, group and column: patients and responders of the arm and of the control; ``odds_ratio``, how many
        times the odds ratio of arm to control grows a standard deviation of the column, with a 95% interval;
        ``p_value`` (penalised likelihood ratio), ``q_value`` (Benjamini and Hochberg over the family); ``shrunk``, the
        same drawn towards none by how much the interactions of the family vary (empirical Bayes); ``family``:
        ``expected``, else ``searched``;
        ``verdict``: more or less benefit where q is below .05, ``cannot tell`` with under ten responders or under ten
        others on either side.
    """
    encoder = trial.data.encoder()
    columns = _columns(trial, encoder)
    rows = [
        _interaction(trial, arm, group, name, z)
        for arm in trial.arms[1:]
        for group in (ALL, *trial.groups)
        for name, z in columns.items()
        if group == ALL or ((trial.arm == arm) & (trial.group == group)).any()
    ]
    table = pd.DataFrame(rows, columns=[*PREDICTIVE, "_log", "_error"])
    feature = {column: one.name for one in encoder.features for column in one.columns}
    own = [(a, feature[column]) in trial.expected for a, column in zip(table["arm"], table["feature"], strict=True)]
    table["family"] = np.where(np.array(own, dtype=bool) & (table["group"] == ALL), EXPECTED, SEARCHED)
    table["q_value"] = table.groupby("family")["p_value"].transform(_corrected)
    table = _shrunk(table)
    sure = table["q_value"] < _ALPHA
    table.loc[table["verdict"] != CANNOT, "verdict"] = NOTHING
    table.loc[sure & (table["_log"] > 0), "verdict"] = BENEFIT
    table.loc[sure & (table["_log"] < 0), "verdict"] = LESS
    order = table["p_value"].fillna(2.0).argsort(kind="stable")
    return table[PREDICTIVE].iloc[order].reset_index(drop=True)


def _columns(trial: Trial, encoder: Encoder) -> dict[str, Floats]:
    """Encoded columns that vary within a group, NaN where missing."""
    z, _ = encoder.scaled(trial.data.table)
    kept = {}
    for number, name in enumerate(encoder.columns):
        own = z[:, number]
        if any(np.unique(own[(trial.group == g) & np.isfinite(own)]).size > 1 for g in trial.groups):
            kept[name] = own
    return kept


def _interaction(trial: Trial, arm: str, group: str, name: str, z: Floats) -> dict[str, Any]:
    with_both = [g for g in trial.groups if group in (ALL, g)
                 and ((trial.group == g) & (trial.arm == arm)).any()
                 and ((trial.group == g) & (trial.arm == trial.control)).any()]  # fmt: skip
    rows = np.isin(trial.group, with_both) & np.isin(trial.arm, [arm, trial.control]) & np.isfinite(z)
    given, truth, own = trial.arm[rows] == arm, trial.data.outcome[rows], z[rows]
    row: dict[str, Any] = {
        "arm": arm, "group": group, "feature": name, "n_arm": int(given.sum()),
        "responders_arm": int(truth[given].sum()), "n_control": int((~given).sum()),
        "responders_control": int(truth[~given].sum()), "verdict": CANNOT,
    }  # fmt: skip
    sides = [int((truth[side] == value).sum()) for side in (given, ~given) for value in (True, False)]
    if min(sides, default=0) < MIN_EVENTS or min(np.unique(own[given]).size, np.unique(own[~given]).size) < 2:
        return row
    cells = np.array([f"{g}\t{a}" for g, a in zip(trial.group[rows], given, strict=True)])
    level = (cells[:, None] == np.unique(cells)[None]).astype(float)
    found = effect(np.column_stack([own * given, own, level]), truth)
    return row | _ratio(found) | {"_log": found.log, "_error": found.error, "verdict": NOTHING}


def _ratio(found: Effect) -> dict[str, float]:
    ratio, lower, upper = (float(np.exp(min(value, 50.0))) for value in (found.log, found.lower, found.upper))
    return {"odds_ratio": ratio, "lower": lower, "upper": upper, "p_value": found.p_value}


def _corrected(p: pd.Series) -> pd.Series:
    """Benjamini and Hochberg's q over the tests that were made."""
    from scipy.stats import false_discovery_control

    q = pd.Series(np.nan, index=p.index)
    known = p.notna()
    if known.any():
        q[known] = false_discovery_control(p[known].to_numpy(dtype=np.float64))
    return q


def _shrunk(table: pd.DataFrame) -> pd.DataFrame:
    """Draw log ratios towards 0 by the variance of interactions over each family, one for wholes, one for groups."""
    made = table.astype({"shrunk": float, "shrunk_lower": float, "shrunk_upper": float})
    kinds = table["family"] + (table["group"] == ALL).astype(str)
    for kind in kinds.unique():
        rows = (kinds == kind) & table["_log"].notna()
        log, error = (table.loc[rows, name].to_numpy(dtype=np.float64) for name in ("_log", "_error"))
        if not log.size:
            continue
        tau2 = spread(log, error)
        keep = tau2 / (tau2 + error**2)
        middle, half = keep * log, Z95 * np.sqrt(keep) * error
        made.loc[rows, "shrunk"] = np.exp(middle)
        made.loc[rows, "shrunk_lower"] = np.exp(middle - half)
        made.loc[rows, "shrunk_upper"] = np.exp(middle + half)
    return made


def spread(log: Floats, error: Floats) -> float:
    """Variance of true log ratios about 0 that makes the estimates most likely, 0 or more.

    References
    ----------
    Efron and Morris, J Am Stat Assoc 1973, 68:117.
    """
    from scipy.optimize import minimize_scalar

    def loss(tau2: float) -> float:
        total = tau2 + error**2
        return float((np.log(total) + log**2 / total).sum())

    most = max(4 * float(np.mean(log**2)), 1e-6)
    found = minimize_scalar(loss, bounds=(0.0, most), method="bounded", options={"xatol": 1e-9})
    return float(found.x) if loss(float(found.x)) < loss(0.0) else 0.0


def gains(trial: Trial) -> pd.DataFrame:
    """Share of responders of each arm and group, beside the control of the group.

    Returns
    -------
    pandas.DataFrame
        ``arm``, ``group``, ``n``, ``responders``, ``share`` with Wilson's interval, ``gain`` over the control of the
        group with Newcombe's interval; without a gain where no patient of the group had the control.

    References
    ----------
    Newcombe, Stat Med 1998, 17:873, method 10.
    """
    rows = []
    for group in trial.groups:
        own = {}
        for arm in trial.arms:
            truth = trial.data.outcome[(trial.group == group) & (trial.arm == arm)]
            if truth.size:
                own[arm] = (int(truth.sum()), truth.size, *small.wilson(int(truth.sum()), truth.size))
        for arm, (hits, n, low, high) in own.items():
            row: dict[str, Any] = {
                "arm": arm, "group": group, "n": n, "responders": hits, "share": hits / n, "lower": low, "upper": high,
            }  # fmt: skip
            if arm != trial.control and trial.control in own:
                there, m = own[trial.control][:2]
                gap_lower, gap_upper = small.share_difference((hits, there), (n, m))
                row |= {"gain": hits / n - there / m, "gain_lower": gap_lower, "gain_upper": gap_upper}
            rows.append(row)
    names = ["arm", "group", "n", "responders", "share", "lower", "upper", "gain", "gain_lower", "gain_upper"]
    return pd.DataFrame(rows, columns=names)
