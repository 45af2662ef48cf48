"""Figures of a study: concordances of the signature and of what it must beat, and the gain between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.metrics import survival
from omics_rx.signatures.assemble import Member

if TYPE_CHECKING:
    from omics_rx.signatures.signature import RiskSignature

MONTHS = (36, 60)  # when discrimination is judged apart from the whole follow-up
TABLE = [
    "cohort", "role", "endpoint", "n", "events", "concordance", "lower", "upper", "uno",
    *(f"auc_{month}" for month in MONTHS), "method",
]  # fmt: skip
GAINS = ["cohort", "role", "against", "difference", "lower", "upper", "p_value"]


def proliferation(member: Member) -> pd.Series | None:
    """Proliferation of each sample with follow-up, or None where the cohort lacks its genes."""
    from omics_rx import scores

    try:
        found = scores.proliferation(member.cohort)
    except InputError:
        return None
    return found.reindex(member.endpoint.samples) if found.notna().all() else None


def rows(
    member: Member,
    role: str,
    risks: Mapping[str, pd.Series],
    *,
    against: Collection[str] = ("proliferation",),
    seed: int,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the table and of the gains for one cohort.

    Parameters
    ----------
    member
        The cohort.
    role
        ``external``, ``left out`` or ``cross-validated``.
    risks
        Method to risk by sample; ``signature`` first. A sample without a score is left out of that method's row.
    against
        Methods over which the gain of the signature is told.
    seed
        Of the bootstrap.
    """
    time = pd.Series(member.endpoint.time, index=member.endpoint.samples)
    event = pd.Series(member.endpoint.event, index=member.endpoint.samples)
    table, gains, inside = [], [], role == "cross-validated"
    for method, risk in risks.items():
        scored = risk.dropna().index
        found = survival.concordance(time[scored], event[scored], risk[scored], cross_validated=inside, seed=seed)
        uno = survival.uno_concordance(time[scored], event[scored], risk[scored], seed=seed, n_boot=1)
        auc = survival.dynamic_auc(time[scored], event[scored], risk[scored], at=MONTHS)
        table.append(
            {
                "cohort": member.name, "role": role, "endpoint": member.endpoint.name, "n": found.n,
                "events": found.n_events, "concordance": found.value, "lower": found.lower, "upper": found.upper,
                "uno": uno.value, **{f"auc_{month}": float(auc[month]) for month in MONTHS}, "method": method,
            }
        )  # fmt: skip
        if method in against and method != "signature":
            both = scored.intersection(risks["signature"].dropna().index)
            pair = (risks["signature"][both], risk[both])
            gap = survival.concordance_difference(time[both], event[both], pair, cross_validated=inside, seed=seed)
            gains.append(
                {
                    "cohort": member.name, "role": role, "against": method, "difference": gap.value,
                    "lower": gap.lower, "upper": gap.upper, "p_value": gap.p_value,
                }
            )  # fmt: skip
    return table, gains


def out_of_sample(
    members: Mapping[str, Member], scored: pd.DataFrame, role: str, *, seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows for training cohorts from scores that were made without the samples they judge."""
    table, gains = [], []
    for member in members.values():
        part = of_cohort(member, scored)
        risks = {"signature": part["risk_score"], "full model": part["full_score"]}
        found = proliferation(member)
        if found is not None:
            risks["proliferation"] = found
        more, further = rows(member, role, risks, seed=seed)
        table += more
        gains += further
    return table, gains


def of_cohort(member: Member, scored: pd.DataFrame) -> pd.DataFrame:
    """Rows of one cohort's samples, under their own names."""
    part = scored.loc[[f"{member.name}/{sample}" for sample in member.endpoint.samples]]
    return part.set_axis(member.endpoint.samples, axis=0)


def null_row(member: Member, drawn: pd.Series, method: str) -> dict[str, Any]:
    """Row of random genes: their mean concordance and central 95%."""
    lower, upper = np.percentile(drawn, [2.5, 97.5])
    return {
        "cohort": member.name, "role": "external", "endpoint": member.endpoint.name, "n": len(member.endpoint.samples),
        "events": member.endpoint.n_events, "concordance": float(drawn.mean()), "lower": float(lower),
        "upper": float(upper), "uno": float("nan"), **dict.fromkeys((f"auc_{month}" for month in MONTHS), float("nan")),
        "method": method.format(len(drawn)),
    }  # fmt: skip


def score_frame(member: Member, scored: pd.DataFrame) -> pd.DataFrame:
    """``risk_score``, ``risk_group``, ``time`` (months) and ``event`` of a cohort's samples."""
    frame = scored[["risk_score", "risk_group"]].copy()
    frame["time"], frame["event"] = member.endpoint.time, member.endpoint.event
    return frame


def external(
    member: Member,
    signature: RiskSignature,
    full: pd.Series,
    *,
    null: Mapping[str, pd.Series | None],
    seed: int,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], pd.DataFrame]:
    """Open an external cohort: table rows, gains, and its scores. Nothing is refitted and no sign is flipped."""
    scored = signature.score(member.cohort, reference="cohort")
    risks = {"signature": scored["risk_score"], "full model": full}
    found = proliferation(member)
    if found is not None:
        risks["proliferation"] = found
    table, gains = rows(member, "external", risks, seed=seed)
    table += [null_row(member, drawn, method) for method, drawn in null.items() if drawn is not None and len(drawn)]
    return table, gains, score_frame(member, scored)


def patients(
    members: Mapping[str, Member], outside: Mapping[str, Member], scores: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Flow of patients: given, without follow-up, judged and scored; events and median follow-up of those judged."""
    rows = []
    for name, member in {**outside, **members}.items():
        judged = len(member.endpoint.samples)
        rows.append(
            {
                "cohort": name, "role": "external" if name in outside else "training",
                "given": judged + member.without_follow_up, "without_follow-up": member.without_follow_up,
                "judged": judged, "scored": int(scores[name]["risk_score"].notna().sum()),
                "events": member.endpoint.n_events, "median_follow-up": _median_follow_up(member),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _median_follow_up(member: Member) -> float:
    """Months by which half would be lost to follow-up if nobody had the event; NaN where fewer are lost."""
    curve = survival.kaplan_meier(member.endpoint.time, ~member.endpoint.event)
    reached = curve.loc[curve["survival"] <= 0.5, "time"]
    return float(reached.iloc[0]) if len(reached) else float("nan")
