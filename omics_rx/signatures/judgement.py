"""A saved signature on cohorts of one's own: every figure in one call, nothing refitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.provenance import Provenance, frame_sha256
from omics_rx.metrics import compare, spans, survival
from omics_rx.metrics.by_level import Subgroups, blank, joined
from omics_rx.metrics.inputs import horizons
from omics_rx.metrics.small import Z95
from omics_rx.signatures import judge, risk_groups, subgroups
from omics_rx.signatures.assemble import Member, prepare, refuse_duplicates
from omics_rx.signatures.assess import assess
from omics_rx.signatures.scale import Scale

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.signatures.signature import RiskSignature

MONTHS = (36.0, 60.0)
_CITES = ("harrell1982", "uno2011", "austin2020", "vickers2008")
AUC = ["cohort", "method", "at", "auc"]
ROC = ["cohort", "method", "at", "threshold", "false_positive", "true_positive"]
_BOUNDED = ["concordance", "lower", "upper"]
_STEP = 6.0  # months between the points of the AUC over time
_TENTH, _FOLLOWED = 0.1, 10  # share and number of patients who must be followed where it is judged
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
        proliferation in each cohort; and the paired gain over each of these on the same patients. Columns as of
        ``Study.table``.
    scores
        Cohort to ``risk_score``, ``risk_group``, ``time`` (months), ``event``.
    groups
        High and low risk in each cohort: patients, events, ``median`` months without event (NaN where not reached) and
        ``restricted_mean`` months ``until`` a month, with 95% intervals; and on the row of high risk
        ``mean_difference`` (months more than low risk) and the hazard ratio against low, with 95% intervals, and p of
        the difference and of the log-rank test.
    survival
        Share without event of each group at months: ``at``, ``survival``, ``lower``, ``upper`` (95%), ``at_risk``.
    auc, roc
        Cumulative-dynamic AUC of each method every six months while a tenth of the patients (ten at least) are
        followed; and its ROC curve at months: ``threshold``, ``false_positive``, ``true_positive``.
    calibration, calibration_groups, decision, clinical
        As of :class:`Study`.
    pooled
        Concordance, gains and hazard ratio over two cohorts or more by random effects (Hartung and Knapp); empty for
        one.
    endpoint
        What the event is: one name, or ``"mixed"``.
    limits
        What a reader must know, one sentence each.
    subgroups
        For whom it holds: the figures at each level of the columns asked for, and the tests of interaction; empty where
        none was asked for.
    signature
        What was judged.
    provenance
        How it came to be.
    """

    name: str
    table: pd.DataFrame = field(repr=False)
    gains: pd.DataFrame = field(repr=False)
    scores: dict[str, pd.DataFrame] = field(repr=False)
    groups: pd.DataFrame = field(repr=False)
    survival: pd.DataFrame = field(repr=False)
    auc: pd.DataFrame = field(repr=False)
    roc: pd.DataFrame = field(repr=False)
    calibration: pd.DataFrame = field(repr=False)
    calibration_groups: pd.DataFrame = field(repr=False)
    decision: pd.DataFrame = field(repr=False)
    clinical: pd.DataFrame = field(repr=False)
    pooled: pd.DataFrame = field(repr=False)
    endpoint: str
    limits: list[str] = field(repr=False)
    subgroups: Subgroups = field(repr=False)
    signature: RiskSignature = field(repr=False)
    provenance: Provenance = field(repr=False)


def judge_signature(
    signature: RiskSignature, cohorts: CohortLike | Mapping[str, CohortLike], *,
    beside: Sequence[RiskSignature] = (), months: Sequence[float] = MONTHS, reference: Scale = "cohort",
    impute: bool | None = None, by: subgroups.By | None = None, seed: int = 0,
) -> Judgement:  # fmt: skip
    """Judge a signature; see :meth:`RiskSignature.judge`."""
    at = sorted(set(horizons(months).tolist()))
    repeated = sorted({one.name for one in beside if [two.name for two in (signature, *beside)].count(one.name) > 1})
    if repeated:
        raise InputError(f"{examples(repeated)} is given more than once: give each signature once, under its own name")
    members = prepare(cohorts if isinstance(cohorts, Mapping) else {"cohort": cohorts}, role="judged")
    refuse_duplicates(list(members.values()))
    figures: list[dict[str, Any]] = []
    gained: list[dict[str, Any]] = []
    scores, groups, shares, areas, curves, whom = {}, [], [], [], [], []
    told = [
        f"{name} is the name of a cohort that {signature.name} was trained on: if so, its figures are too good."
        for name in members if name in _trained_on(signature)
    ]  # fmt: skip
    for name, member in members.items():
        scored = signature.score(member.cohort, reference=reference, impute=impute)
        if "sentence" in scored.attrs.get("drift", {}):
            told.append(f"In {name} {scored.attrs['drift']['sentence']}.")
        risks = {"signature": scored["risk_score"], **_risks_beside(member, beside, told)}
        more, further = judge.rows(member, "external", risks, against=set(risks), seed=seed)
        figures, gained = [*figures, *more], [*gained, *further]
        scores[name] = judge.score_frame(member, scored)
        groups += risk_groups.compared(name, scores[name], at)
        shares += risk_groups.at_months(name, scores[name], at)
        if by is not None:
            whom.append(subgroups.of_survival(
                name, scores[name], member.cohort.obs, by, baseline=signature.baseline, seed=seed
            ))  # fmt: skip
        area, curve = _over_time(name, member, risks, at)
        areas.append(area)
        curves.append(curve)
    levels = _for_whom(whom)
    found = assess(scores, {}, {}, members, baseline=signature.baseline, seed=seed)
    table, gains = pd.DataFrame(figures, columns=judge.TABLE), pd.DataFrame(gained, columns=judge.GAINS)
    of_groups = pd.DataFrame(groups, columns=risk_groups.GROUPS)
    kinds = sorted(set(table["endpoint"]))
    if len(kinds) > 1:
        told.append(f"The cohorts record different events ({', '.join(kinds)}): pooled figures mix them.")
    settings = {
        "signature": signature.name, "beside": ", ".join(one.name for one in beside), "months": at, "seed": seed,
        "reference": reference if isinstance(reference, str) else "given", "impute": impute,
        "by": None if by is None else ", ".join(subgroups.asked_columns(by)),
    }  # fmt: skip
    inputs = {name: frame_sha256(member.frame) for name, member in members.items()}
    return Judgement(
        name=signature.name, table=table, gains=gains, scores=scores, groups=of_groups,
        survival=pd.DataFrame(shares, columns=risk_groups.SURVIVAL), auc=_joined(areas, AUC), roc=_joined(curves, ROC),
        calibration=found.calibration, calibration_groups=found.calibration_groups, decision=found.decision,
        clinical=found.clinical, pooled=_pooled(table, gains, of_groups),
        endpoint=kinds[0] if len(kinds) == 1 else "mixed", limits=[*told, *_few(members), *found.sentences],
        subgroups=levels, signature=signature, provenance=Provenance("RiskSignature.judge", inputs, settings, _CITES),
    )  # fmt: skip


def _for_whom(found: Sequence[Subgroups]) -> Subgroups:
    """Subgroups of all cohorts as one.

    Raises
    ------
    InputError
        If no cohort has any of the columns asked for.
    """
    if not found:
        return blank()
    whole = joined(found)
    if whole.table.empty:
        raise InputError(f"no cohort has a column that was asked for: {examples(whole.said)}")
    return whole


def _risks_beside(member: Member, beside: Sequence[RiskSignature], told: list[str]) -> dict[str, pd.Series]:
    """Risks of the same patients by other signatures and by proliferation; what cannot be judged is told."""
    risks: dict[str, pd.Series] = {}
    for other in beside:
        try:
            risks[other.name] = other.score(member.cohort)["risk_score"]
        except InputError as error:
            told.append(f"{other.name} was not judged in {member.name}: {error}.")
    growth = judge.proliferation(member)
    if growth is None:
        told.append(f"Proliferation was not judged in {member.name}, which lacks its genes.")
    elif "proliferation" not in risks:
        risks["proliferation"] = growth
    return risks


def _joined(parts: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    known = [part for part in parts if len(part)]
    return pd.concat(known, ignore_index=True) if known else pd.DataFrame(columns=columns)


def _trained_on(signature: RiskSignature) -> set[str]:
    return {str(member["name"]) for member in signature.training.get("cohorts", [])}


def _few(members: Mapping[str, Member]) -> list[str]:
    few = [f"{name} {member.endpoint.n_events}" for name, member in members.items() if member.endpoint.n_events < 100]
    return [f"Events are few ({', '.join(few)}): read the intervals, not the values."] if few else []


def _over_time(
    name: str, member: Member, risks: Mapping[str, pd.Series], months: Sequence[float]
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """AUC of each risk month by month while a tenth and ten patients are followed, and ROC curves at the months."""
    time = pd.Series(member.endpoint.time, index=member.endpoint.samples)
    event = pd.Series(member.endpoint.event, index=member.endpoint.samples)
    still = max(_FOLLOWED, int(np.ceil(_TENTH * len(time))))
    last = float(np.sort(time)[-still]) if len(time) > still else 0.0
    grid = np.arange(_STEP, last + 1e-9, _STEP)
    areas: list[pd.DataFrame] = []
    curves: list[pd.DataFrame] = []
    for method, risk in risks.items():
        scored = risk.dropna().index
        given = (time[scored], event[scored], risk[scored])
        if grid.size:
            found = survival.dynamic_auc(*given, at=grid.tolist()).dropna()
            areas.append(pd.DataFrame({"cohort": name, "method": method, "at": found.index, "auc": found.to_numpy()}))
        for month in months:
            if month <= last:
                curve = spans.dynamic_roc(*given, at=month)
                curves.append(curve.assign(cohort=name, method=method, at=float(month))[ROC])
    return _joined(areas, AUC), _joined(curves, ROC)


def _pooled(figures: pd.DataFrame, gains: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Concordance of each method (on the logit scale), gains and hazard ratio, over cohorts."""
    rows: list[list[Any]] = []
    for method, part in figures.groupby("method", sort=False):
        inside = part[(part["lower"] > 0) & (part["upper"] < 1)]
        if len(inside) > 1:
            share = inside[_BOUNDED].to_numpy(dtype=np.float64)
            logit = pd.DataFrame(np.log(share / (1 - share)), index=inside.index, columns=_BOUNDED)
            rows.append(["concordance", method, *_over_cohorts(logit, lambda one: 1 / (1 + np.exp(-one)))])
    for against, part in gains.groupby("against", sort=False):
        known = part[part["upper"] > part["lower"]].rename(columns={"difference": "concordance"})
        if len(known) > 1:
            rows.append([f"gain in concordance over {against}", "signature", *_over_cohorts(known[_BOUNDED], float)])
    high = groups.dropna(subset=["hazard_ratio", "hr_lower", "hr_upper"])
    if len(high) > 1:
        ratios = high[["hazard_ratio", "hr_lower", "hr_upper"]].to_numpy(dtype=np.float64)
        logs = pd.DataFrame(np.log(ratios), index=high.index, columns=_BOUNDED)
        rows.append(["hazard ratio, high against low", "signature", *_over_cohorts(logs, np.exp)])
    return pd.DataFrame(rows, columns=POOLED)


def _over_cohorts(table: pd.DataFrame, back: Callable[[float], Any]) -> list[float]:
    """Pool figures with their 95% intervals, and bring them back to their scale."""
    value, lower, upper = (table[name].astype(float) for name in _BOUNDED)
    found = compare.pool(value, (upper - lower) / (2 * Z95))
    return [*(float(back(one)) for one in (found.value, found.lower, found.upper)), found.i2, found.n_studies]
