"""What is published of drugs for a tumour's alterations, for and against."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.alterations import facts
from omics_rx.repurposing.alterations.given import variants_of
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind
from omics_rx.repurposing.evidence.sources import MIN_TUMOURS, Basis


def prepare(basis: Basis) -> tuple[pd.DataFrame, frozenset[str]] | None:
    """Variants of the cohort with their meaning, and its tumours of which something was tested; None without any.

    A cohort that brings events alone has each event for a variant, of which no more is known.
    """
    variants, events = basis.cohort.uns.get("variants"), basis.cohort.obsm.get("events")
    looked_at = set()
    if isinstance(events, pd.DataFrame):
        looked_at = set(events.index[events.notna().any(axis=1)].astype(str))
    if not isinstance(variants, pd.DataFrame):
        variants = variants_of(events) if isinstance(events, pd.DataFrame) else None
    if variants is None:
        return None
    seen = frozenset(looked_at | set(variants["sample"].astype(str)))
    return (variants, seen) if seen else None


def compute(case: Case) -> pd.Series:
    """Her strongest fact for a drug less the strongest against it; of a subtype the mean over its tumours, centred."""
    variants, looked_at = case.need("alteration_published")
    ids = case.sources.once("drugs of facts", lambda: facts.drug_ids(case.sources.drugs))
    if case.patient is not None:
        if case.patient not in looked_at:
            return pd.Series(dtype="float64")
        rows = variants[variants["sample"] == case.patient]
        return _of_all(facts.scores(facts.facts_for(rows, ids)), case)
    inside = case.inside.reindex(sorted(looked_at)).dropna()
    if min(int((inside == 1).sum()), int((inside == 0).sum())) < MIN_TUMOURS:
        return pd.Series(dtype="float64")
    every = case.sources.once("facts of tumours", lambda: _by_tumour(variants, ids))
    table = every.reindex(inside.index).fillna(0.0)
    found: pd.Series = table[(inside == 1).to_numpy()].mean() - table[(inside == 0).to_numpy()].mean()
    return _of_all(found, case)


def _by_tumour(variants: pd.DataFrame, ids: dict[str, str]) -> pd.DataFrame:
    """Facts of every tumour in one value a drug, tumours x drugs."""
    own = {sample: facts.scores(facts.facts_for(rows, ids)) for sample, rows in variants.groupby("sample")}
    return pd.DataFrame(own, dtype="float64").T


def _of_all(found: pd.Series, case: Case) -> pd.Series:
    """The facts were looked through for every drug: without one, nothing speaks for or against it, which is 0."""
    return found.reindex(case.sources.drugs.index).fillna(0.0)


# what one level adds to a score, by lines that are not of the breast: benchmarks/alteration_weights.py
SLOPE = 1.5
KIND = Kind(
    "alteration_published", "published facts on the alterations", "level of evidence, -1 to 1", 1,
    "labels, guidelines, trials, reports and models, each with its source; another disease counts half", compute,
    needs=("alteration_published",), prepare=prepare, slope=SLOPE,
)  # fmt: skip
