"""What a ranking says of alterations: of one patient hers, resistance first; of a subtype how frequent they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.repurposing import standing
from omics_rx.repurposing.alterations.frequencies import contrasts, event_frequencies
from omics_rx.repurposing.alterations.patient import RECEPTORS, Told, told_of

if TYPE_CHECKING:
    from omics_rx.repurposing.evidence import Case
    from omics_rx.repurposing.ranker import Ranker
    from omics_rx.repurposing.ranking import Ranking

CLOSE = 0.05  # margin of correlations below which two subtypes are said to be close
_MOST = 5


def told_of_patient(ranker: Ranker, case: Case) -> Told | None:
    """What there is to say of the alterations of the patient of a case; None where the cohort carries none at all."""
    brought = ranker.sources_.brought
    published, measured = brought.get("alteration_published"), brought.get("alteration_measured")
    if published is None or case.patient is None:
        return None
    variants, _ = published
    events, effects = measured if measured is not None else (pd.DataFrame(), None)
    known = case.patient in events.index
    own = pd.Series(events.T[case.patient]) if known else pd.Series(dtype="float64")
    person: pd.Series = ranker.people_.loc[str(case.patient)]
    rows = variants[variants["sample"] == case.patient]
    drugs = ranker.sources_.drugs
    about = standing.of_drugs(drugs, case.subtype)
    stands = about["standing"]
    return told_of(
        case.patient, rows, own, person, effects=effects, drugs=drugs.assign(called=about["called"]),
        subtype=f"{_subtype(case.patient, case.subtype, person, ranker.subtypes_from_)}{_receptors(person)}",
        launched=stands.index[stands.isin((*standing.LAUNCHED, "standard"))], by_expression=_by_expression(person),
    )  # fmt: skip


def _subtype(patient: str, subtype: str, person: pd.Series, how: str) -> str:
    margin = person.get("margin_by_expression")
    if margin is None or pd.isna(margin):
        return f"{patient} is ranked as {subtype} (by {how}, which tells no margin)."
    known = {name: person.get(f"{name}_by_expression") for name in ("LumA", "LumB", "Her2", "Basal", "Normal")}
    others = sorted((float(value), name) for name, value in known.items() if name != subtype and value is not None)
    second = f"; next is {others[-1][1]}" if others else ""
    close = ". The two are close: look at the ranking of the other, too" if margin < CLOSE else ""
    return (
        f"{patient} is ranked as {subtype} by expression, with a margin of {float(margin):.2f} in correlation{second}"
        f"{close}."
    )


def _by_expression(person: pd.Series) -> dict[str, str]:
    """Receptors as expression reads, where it was asked."""
    return {name: str(person[f"{column}_by_expression"]) for name, column in RECEPTORS.items() if
            isinstance(person.get(f"{column}_by_expression"), str)}  # fmt: skip


def _receptors(person: pd.Series) -> str:
    told = [f"{name} {state}" for name, state in _by_expression(person).items()]
    return f" Receptors by expression: {', '.join(told)}; no label goes by them." if told else ""


def with_told(ranking: Ranking, told: Told | None) -> Ranking:
    """The ranking with what is told of her, and resistance first among the warnings and limits."""
    if told is None:
        return ranking
    resistance = told.sentences("resistance")
    limits = (*resistance, *told.sentences("contradiction", "mutations"), *ranking.limits)
    return replace(
        ranking, told=told, limits=limits, table=_warned(ranking.table, told), others=_warned(ranking.others, told)
    )


def _warned(table: pd.DataFrame, told: Told) -> pd.DataFrame:
    """Warnings that begin with what speaks against a drug in her."""
    if "warning" not in table:
        return table
    against: dict[object, str] = {}
    for words, known in (("measured", told.measured[told.measured["effect"] > 0]),
                         ("published", told.facts[told.facts["effect"] == "resistance"])):  # fmt: skip
        for drug, own in known.groupby("drug_id"):
            names = ", ".join(dict.fromkeys(own["alteration"]))
            against[drug] = "; ".join(filter(None, [f"{words} resistance ({names})", against.get(drug, "")]))
    said = ["; ".join(filter(None, [against.get(drug, ""), str(warning)])) for drug, warning in
            zip(table.index, table["warning"].fillna(""), strict=True)]  # fmt: skip
    return table.assign(warning=said)


def frequent(ranker: Ranker, case: Case) -> tuple[str, ...]:
    """How frequent the events are whose evidence moves a subtype's drugs; nothing without events, or of a patient."""
    measured = ranker.sources_.brought.get("alteration_measured")
    if not measured or case.patient is not None:
        return ()
    events, effects = measured
    found = contrasts(events, case.inside, effects)
    if not found:
        return (f"Alterations move no drug for {case.subtype}: too few of its tumours, or of the others, were tested.",)
    shares = event_frequencies(events, case.inside.map({True: "in", False: "out"}))["share"]
    most = sorted(found, key=lambda name: -abs(found[name]))[:_MOST]
    words = ", ".join(
        f"{name} {shares[name, 'in']:.0%} and {shares[name, 'out']:.0%}" for name in most if (name, "in") in shares
    )
    said = (
        f"Alterations count by how much more frequent they are in {case.subtype} than in the other tumours: "
        f"{len(found)} events, most of all {words}."
    )
    return (said,)
