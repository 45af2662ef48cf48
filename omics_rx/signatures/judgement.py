"""A saved signature on cohorts of one's own: every figure in one call, nothing refitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.metrics import compare, survival
from omics_rx.metrics.small import Z95
from omics_rx.signatures import cox, judge
from omics_rx.signatures.assemble import Member, prepare, refuse_duplicates
from omics_rx.signatures.assess import assess

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.signatures.signature import RiskSignature

_PENALTY = 1e-6
_FEW = 5  # events in all that a hazard ratio of two groups needs
GROUPS = [
    "cohort", "group", "n", "events", "median", "hazard_ratio", "hr_lower", "hr_upper", "log_rank_p",
]  # fmt: skip
POOLED = ["what", "method", "value", "lower", "upper", "i2", "n_cohorts"]


@dataclass(frozen=True, eq=False)
class Judgement:
    """A signature judged on cohorts that it was not made from.

    Attributes
    ----------
    name
        Of the signature.
    table, gains
        Concordance (Harrell, Uno) and AUC at 36 and 60 months of the signature, of others given beside it and of
        proliferation in each cohort; and the paired gain over proliferation. Columns as of ``Study.table``.
    scores
        Cohort to ``risk_score``, ``risk_group``, ``time`` (months), ``event``.
    groups
        High and low risk in each cohort: patients, events, ``median`` months without event (NaN where not reached),
        and on the row of high risk the hazard ratio against low with its 95% interval, and the log-rank p.
    calibration, calibration_groups, decision, clinical
        As of :class:`Study`.
    pooled
        Concordance and hazard ratio over two cohorts or more by random effects (Hartung and Knapp); empty for one.
    limits
        What a reader must know, one sentence each.
    """

    name: str
    table: pd.DataFrame = field(repr=False)
    gains: pd.DataFrame = field(repr=False)
    scores: dict[str, pd.DataFrame] = field(repr=False)
    groups: pd.DataFrame = field(repr=False)
    calibration: pd.DataFrame = field(repr=False)
    calibration_groups: pd.DataFrame = field(repr=False)
    decision: pd.DataFrame = field(repr=False)
    clinical: pd.DataFrame = field(repr=False)
    pooled: pd.DataFrame = field(repr=False)
    limits: list[str] = field(repr=False)


def judge_signature(
    signature: RiskSignature, cohorts: CohortLike | Mapping[str, CohortLike], *,
    beside: Sequence[RiskSignature] = (), seed: int = 0,
) -> Judgement:  # fmt: skip
    """Judge a signature; see :meth:`RiskSignature.judge`."""
    given = cohorts if isinstance(cohorts, Mapping) else {"cohort": cohorts}
    members = prepare(given, role="judged")
    refuse_duplicates(list(members.values()))
    table: list[dict[str, Any]] = []
    gains: list[dict[str, Any]] = []
    scores: dict[str, pd.DataFrame] = {}
    groups: list[dict[str, Any]] = []
    told = [
        f"{name} is the name of a cohort that {signature.name} was trained on: if so, its figures are too good."
        for name in members if name in _trained_on(signature)
    ]  # fmt: skip
    for name, member in members.items():
        scored = signature.score(member.cohort)
        risks = {"signature": scored["risk_score"]}
        for other in beside:
            try:
                risks[other.name] = other.score(member.cohort)["risk_score"]
            except InputError as error:
                told.append(f"{other.name} was not judged in {name}: {error}.")
        growth = judge.proliferation(member)
        if growth is not None:
            risks["proliferation"] = growth
        more, further = judge.rows(member, "external", risks, seed=seed)
        table, gains = [*table, *more], [*gains, *further]
        scores[name] = judge.score_frame(member, scored)
        groups += _groups(name, scores[name])
    found = assess(scores, {}, {}, members, baseline=signature.baseline, seed=seed)
    figures = pd.DataFrame(table, columns=judge.TABLE)
    of_groups = pd.DataFrame(groups, columns=GROUPS)
    return Judgement(
        signature.name, figures, pd.DataFrame(gains, columns=judge.GAINS), scores, of_groups, found.calibration,
        found.calibration_groups, found.decision, found.clinical, _pooled(figures, of_groups),
        [*told, *_few(members), *found.sentences],
    )  # fmt: skip


def _trained_on(signature: RiskSignature) -> set[str]:
    return {str(member["name"]) for member in signature.training.get("cohorts", [])}


def _few(members: Mapping[str, Member]) -> list[str]:
    few = [f"{name} {member.endpoint.n_events}" for name, member in members.items() if member.endpoint.n_events < 100]
    return [f"Events are few ({', '.join(few)}): read the intervals, not the values."] if few else []


def _groups(name: str, scored: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of low and high risk of one cohort."""
    known = scored.dropna(subset=["risk_score"])
    rows = []
    for group in ("low", "high"):
        part = known[known["risk_group"] == group]
        row: dict[str, Any] = {"cohort": name, "group": group, "n": len(part), "events": int(part["event"].sum())}
        rows.append(row | {"median": _median(part)})
    high = np.asarray(known["risk_group"] == "high", dtype=np.float64)
    if known["event"].sum() >= _FEW and 0 < high.sum() < len(high):
        data = cox.follow_up(known["time"].to_numpy(), known["event"].to_numpy())
        beta = cox.ridge(high[:, None], data, _PENALTY)
        information = cox.derivatives(high[:, None][data.order], beta, data)[2]
        error = float(1 / np.sqrt(information.item())) if information.item() > 0 else float("nan")
        slope = float(beta[0])
        test = survival.log_rank(known["time"], known["event"], known["risk_group"].astype(str))
        rows[1] |= {
            "hazard_ratio": np.exp(slope), "hr_lower": np.exp(slope - Z95 * error),
            "hr_upper": np.exp(slope + Z95 * error), "log_rank_p": test.p_value,
        }  # fmt: skip
    return rows


def _median(part: pd.DataFrame) -> float:
    """Months by which half had the event, by Kaplan and Meier; NaN where that is not reached."""
    if part.empty:
        return float("nan")
    curve = survival.kaplan_meier(part["time"], part["event"])
    reached = curve.loc[curve["survival"] <= 0.5, "time"]
    return float(reached.iloc[0]) if len(reached) else float("nan")


def _pooled(figures: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Concordance of each method, on the logit scale, and hazard ratio, over cohorts."""
    rows = []
    for method, part in figures.groupby("method", sort=False):
        inside = part[(part["lower"] > 0) & (part["upper"] < 1)]
        if len(inside) > 1:
            value, lower, upper = (np.log(inside[one] / (1 - inside[one])) for one in ("concordance", "lower", "upper"))
            found = compare.pool(value, (upper - lower) / (2 * Z95))
            back = [1 / (1 + np.exp(-one)) for one in (found.value, found.lower, found.upper)]
            rows.append(["concordance", method, *back, found.i2, found.n_studies])
    high = groups.dropna(subset=["hazard_ratio", "hr_lower", "hr_upper"])
    if len(high) > 1:
        spread = (np.log(high["hr_upper"]) - np.log(high["hr_lower"])) / (2 * Z95)
        found = compare.pool(np.log(high["hazard_ratio"]), spread)
        back = [float(np.exp(one)) for one in (found.value, found.lower, found.upper)]
        rows.append(["hazard ratio, high against low", "signature", *back, found.i2, found.n_studies])
    return pd.DataFrame(rows, columns=POOLED)
