"""What is published of drugs for a tumour's alterations, for and against."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.alterations import facts
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind
from omics_rx.repurposing.evidence.sources import MIN_TUMOURS, Basis


def prepare(basis: Basis) -> pd.DataFrame | None:
    """Variants of the cohort with their meaning; None where it has none."""
    variants = basis.cohort.uns.get("variants")
    return variants if isinstance(variants, pd.DataFrame) and len(variants) else None


def compute(case: Case) -> pd.Series:
    """Her strongest fact for a drug less the strongest against it; of a subtype the mean over its tumours, centred."""
    variants = case.need("alteration_published")
    ids = facts.drug_ids(case.sources.drugs)
    if case.patient is not None:
        rows = variants[variants["sample"] == case.patient]
        return _of_all(facts.scores(facts.facts_for(rows, ids)), case) if len(rows) else pd.Series(dtype="float64")
    own = {sample: facts.scores(facts.facts_for(rows, ids)) for sample, rows in variants.groupby("sample")}
    inside = case.inside.reindex([*own]).dropna()
    table = pd.DataFrame(own).T.reindex(inside.index).fillna(0.0)
    one, other = table[(inside == 1).to_numpy()], table[(inside == 0).to_numpy()]
    if len(one) < MIN_TUMOURS or len(other) < MIN_TUMOURS:
        return pd.Series(dtype="float64")
    found: pd.Series = one.mean() - other.mean()
    return _of_all(found, case)


def _of_all(found: pd.Series, case: Case) -> pd.Series:
    """The facts were looked through for every drug: without one, nothing speaks for or against it, which is 0."""
    return found.reindex(case.sources.drugs.index).fillna(0.0)


KIND = Kind(
    "alteration_published", "published facts on her alterations", "level of evidence, -1 (resistance) to 1", 1,
    "labels, guidelines, trials, reports and models, each with its source; another disease counts half", compute,
    needs=("alteration_published",), prepare=prepare,
)  # fmt: skip
