"""What a reader of a study must know, said in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.errors import examples
from omics_rx.signatures.assemble import Member
from omics_rx.signatures.fitted import Fitted
from omics_rx.signatures.noise import Chance
from omics_rx.signatures.signature import RiskSignature
from omics_rx.signatures.training import CLOSE, TrainingSet

if TYPE_CHECKING:
    from omics_rx.signatures.recipes import Recipe

_FEW_EVENTS = 100  # below this a concordance has a standard error of .03 and more

_SCALE = (
    "Genes are scaled within each cohort, so a score places a patient among the patients of that cohort and supposes "
    "that these are of mixed risk; a single patient needs the frozen reference of a like platform."
)


def sentences(
    members: Mapping[str, Member], outside: Mapping[str, Member], *, train: TrainingSet, fitted: Fitted,
    signature: RiskSignature, figures: pd.DataFrame, null_p: Mapping[str, float], held: pd.DataFrame,
) -> list[str]:  # fmt: skip
    """Limits of a study, one sentence each.

    Parameters
    ----------
    members, outside
        Training and external cohorts.
    train, fitted, signature
        What was trained on, the recipe's result, the signature.
    figures, null_p, held
        The study's table, the shares of random sets that do as well, and the cross-validated scores.
    """
    return [
        *_endpoints({**members, **outside}),
        *_events(train, outside),
        _SCALE,
        *_left_out(members, outside, train),
        *_coverage(outside, signature, fitted),
        *_model(signature, fitted),
        *_folds(held),
        *_nulls(null_p, figures),
    ]


def chance(recipe: Recipe, found: Chance | None) -> list[str]:
    """Whether noise would have done as well: the first thing to know of a study."""
    if found is None:
        own = getattr(recipe, "rule", "")
        return [own] if own else ["Whether noise would have done as well was not tested."]
    told = (
        f"{found.p_value:.1%} of {found.n_permutations} deals of the outcome among the patients of each cohort are "
        "predicted out of fold as well as the outcome itself"
    )
    return [f"{told}." if found.signal else f"Noise would have done as well: {told}."]


def _endpoints(members: Mapping[str, Member]) -> list[str]:
    named = {name: member.endpoint.name for name, member in members.items()}
    told = ", ".join(f"{name} {kind}" for name, kind in named.items())
    unsaid = [name for name, kind in named.items() if kind == "event"]
    found = []
    if len({kind for kind in named.values() if kind != "event"}) > 1:
        found.append(f"The cohorts record different endpoints ({told}): a concordance compares patients of one cohort.")
    if unsaid:
        found.append(f"What the event is was not said for {examples(unsaid)}.")
    return found


def _events(train: TrainingSet, outside: Mapping[str, Member]) -> list[str]:
    counts = {"training": train.n_events} | {name: member.endpoint.n_events for name, member in outside.items()}
    few = [f"{name} {count}" for name, count in counts.items() if count < _FEW_EVENTS]
    return [f"Events are few ({', '.join(few)}): read the intervals, not the values."] if few else []


def _left_out(members: Mapping[str, Member], outside: Mapping[str, Member], train: TrainingSet) -> list[str]:
    found = []
    absent = {name: m.without_follow_up for name, m in {**members, **outside}.items() if m.without_follow_up}
    if absent:
        told = ", ".join(f"{count} of {name}" for name, count in absent.items())
        found.append(f"Samples without follow-up were left out: {told}.")
    missing = int((~np.isfinite(train.expression)).sum())
    if missing:
        share = missing / train.expression.size
        found.append(
            f"{missing} training values ({share:.2%}) are missing and count as the average of their gene and cohort."
        )
    return found


def _coverage(outside: Mapping[str, Member], signature: RiskSignature, fitted: Fitted) -> list[str]:
    found = []
    for name, member in outside.items():
        lacking = [gene for gene in signature.genes if gene not in member.frame.columns]
        if lacking:
            found.append(
                f"{name} lacks {len(lacking)} of the signature's genes ({examples(lacking)}); they were filled in "
                "from the others by their correlations in training."
            )
        full = sum(gene not in member.frame.columns for gene in fitted.full_genes)
        if full:
            found.append(
                f"{name} lacks {full} of {len(fitted.full_genes)} genes of the full model; they count as average there."
            )
    return found


def _model(signature: RiskSignature, fitted: Fitted) -> list[str]:
    distilled = (
        f"The signature's {len(signature.genes)} genes follow the model over {len(fitted.full_genes)} genes it was "
        f"distilled from with r = {fitted.fidelity:.2f} in training."
    )
    if not fitted.skipped:
        return [distilled, *fitted.notes]
    return [
        distilled,
        *fitted.notes,
        f"{len(fitted.skipped)} patterns had fewer than three measured genes: {examples(fitted.skipped)}.",
    ]


def _folds(held: pd.DataFrame) -> list[str]:
    blank = held.loc[~held["found"].astype(bool), "fold"].nunique()
    if not blank:
        return []
    folds = held["fold"].nunique()
    return [f"In {blank} of {folds} cross-validation folds nothing predicted the outcome: their patients score 0."]


def _nulls(null_p: Mapping[str, float], figures: pd.DataFrame) -> list[str]:
    found = [
        f"In {name}, {share:.0%} of ridge Cox models over equally many random genes (no patterns, no choice among "
        "genes, one penalty) order patients as well."
        for name, share in null_p.items()
    ]
    judged = figures[(figures["role"] == "external") & (figures["method"] == "signature")]
    chance = judged.loc[judged["lower"] <= 0.5, "cohort"]
    return [*found, *(f"In {name} the interval of the concordance includes chance." for name in chance)]


def whole_nulls(pools: pd.DataFrame, figures: pd.DataFrame) -> list[str]:
    """How often the whole recipe over random genes orders the patients of an external cohort as well."""
    found = []
    for name, drawn in pools.items() if len(pools) else ():
        rows = (figures["cohort"] == name) & (figures["role"] == "external") & (figures["method"] == "signature")
        as_well = int((drawn >= float(figures.loc[rows, "concordance"].iloc[0]) - CLOSE).sum())
        found.append(
            f"In {name}, {as_well} of {len(drawn)} runs of the whole recipe over random genes order patients as well."
        )
    return found
