"""What goes with the risk of a signature in one cohort, in one call: one table, ready for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core.cohort import expression
from omics_rx.core.errors import InputError
from omics_rx.core.provenance import Provenance, frame_sha256
from omics_rx.signatures.follow_up import compare_groups, describe, tables_of
from omics_rx.signatures.scale import Scale

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.signatures.signature import RiskSignature

_SENSITIVITY = "predicted sensitivity"


@dataclass(frozen=True, eq=False)
class FollowUp:
    """How patients of high and low risk differ.

    Attributes
    ----------
    name
        Of the signature.
    table
        As :func:`compare_groups`: immune cells and their shares (regulatory T cells among them), checkpoints, subtype,
        cell death, proliferation, pathways and predicted sensitivity, with effects, 95% intervals, p and q over all
        rows.
    groups
        Risk group of each patient who has one.
    limits
        What a reader must know, one sentence each.
    provenance
        How it came to be.
    """

    name: str
    table: pd.DataFrame = field(repr=False)
    groups: pd.Series = field(repr=False)
    limits: list[str] = field(repr=False)
    provenance: Provenance = field(repr=False)


def follow_up(
    signature: RiskSignature, cohort: CohortLike, *, sensitivity: object = None,
    more: Mapping[str, pd.DataFrame] | None = None, pathways: bool = True, reference: Scale = "cohort",
    impute: bool | None = None,
) -> FollowUp:  # fmt: skip
    """Score a cohort and compare its patients of high and low risk; see :meth:`RiskSignature.follow_up`."""
    groups = signature.score(cohort, reference=reference, impute=impute)["risk_group"].dropna()
    absent: dict[str, str] = {}
    tables = describe(cohort, pathways=pathways, absent=absent)
    given = {**({} if sensitivity is None else {_SENSITIVITY: sensitivity}), **(more or {})}
    tables |= tables_of(given)
    if not tables:
        raise InputError(f"nothing can be told of these samples beside their risk: {'; '.join(absent.values())}")
    limits = [f"{name} was not compared: {why}." for name, why in absent.items()]
    if sensitivity is None:
        limits.append("Predicted sensitivity was not given: pass a prediction of response as sensitivity=.")
    limits.append("Groups differ by what the signature reads, too: a difference is no cause.")
    settings = {"signature": signature.name, "pathways": pathways, "tables": ", ".join(tables)}
    inputs = {"cohort": frame_sha256(expression(cohort))}
    return FollowUp(
        signature.name, compare_groups(groups, tables), groups, limits,
        Provenance("RiskSignature.follow_up", inputs, settings),
    )  # fmt: skip
