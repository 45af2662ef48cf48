"""From a cohort to the scale of a signature, and what missing genes are expected to add."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core import resources
from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.harmonize.needs import Assessment, Needs, Prepared, prepare
from omics_rx.harmonize.reference import GeneReference

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.harmonize.needs import Opened
    from omics_rx.signatures.signature import RiskSignature

Floats = NDArray[np.float64]
Scale: TypeAlias = Literal["cohort", "frozen"] | GeneReference

MIN_COHORT = 20  # below this a gene's mean and sd within the cohort say more about chance than about the platform
_SHRINKAGE = 0.05  # of the gene correlations towards none, so that genes that nearly repeat each other do no harm


def needs_of(signature: RiskSignature) -> Needs:
    """What a signature needs of a cohort. How much of its weight must be there is asked of each sample by itself."""
    return Needs(f"the signature {signature.name}", genes=signature.genes, single=True)


def scaled(signature: RiskSignature, ready: Prepared, reference: Scale) -> tuple[pd.DataFrame, str]:
    """Scaled values, z, of the signature's genes, ``n x k`` with NaN where missing, and how it was made."""
    frame = ready.values(signature.genes)
    unit, genes = ready.unit, list(signature.genes)
    if not frame.shape[1]:
        raise InputError(
            f"none of the {len(genes)} genes of {signature.name} is in the cohort "
            f"({examples(genes)} against {examples(ready.source.var_names, 3)}): check the gene names"
        )
    if isinstance(reference, GeneReference):
        if "unknown" not in (reference.unit, unit) and reference.unit != unit:
            raise InputError(
                f"the cohort is in {unit} and the reference in {reference.unit} ({reference.origin}): learn one in the "
                "cohort's unit"
            )
        return reference.z(frame).reindex(columns=genes), f"given ({reference.origin or reference.unit})"
    if reference == "cohort":
        if len(frame) < MIN_COHORT:
            raise InputError(
                f"{len(frame)} samples are too few to be scaled by themselves ({MIN_COHORT} are needed): pass "
                'reference="frozen", or a harmonize.GeneReference learnt on a cohort of the same platform'
            )
        return GeneReference.learn(frame, unit=unit).z(frame).reindex(columns=genes), "cohort"
    if reference != "frozen":
        raise unknown_name("reference", reference, ("cohort", "frozen"))
    frozen = _frozen(signature, unit)
    return frozen.z(frame).reindex(columns=genes), f"frozen ({frozen.origin})"


def scorable(signature: RiskSignature, cohort: CohortLike | Opened) -> Assessment:
    """Whether a signature scores a cohort by itself or, where that is too small, by a frozen reference."""
    try:
        ready = prepare(cohort, needs_of(signature), quiet=True)
        have = [gene for gene in signature.genes if gene not in ready.missing]
        share = _weight(signature, have)
    except InputError as error:
        return Assessment(runs=False, coverage=np.nan, why=str(error))
    if share < signature.min_coverage:
        return Assessment(runs=False, coverage=share, why=f"needs {signature.min_coverage:.0%} of its weight")
    if ready.source.n_obs >= MIN_COHORT:
        return Assessment(runs=True, coverage=share, why="; ".join(ready.said[1:]))
    try:
        frozen = _frozen(signature, ready.unit)
    except InputError as error:
        return Assessment(runs=False, coverage=share, why=f"under {MIN_COHORT} samples, and {error}")
    share = _weight(signature, [gene for gene in have if gene in frozen.genes])
    if share < signature.min_coverage:
        why = f"under {MIN_COHORT} samples, and the frozen reference has {share:.0%} of the weight with the cohort"
        return Assessment(runs=False, coverage=share, why=why)
    return Assessment(runs=True, coverage=share, why=f'under {MIN_COHORT} samples: by reference="frozen"')


def _weight(signature: RiskSignature, genes: Iterable[str]) -> float:
    """Share of the absolute weight that some genes carry."""
    return float(sum(abs(signature.weights[gene]) for gene in genes) / np.abs(signature.vector).sum())


def _frozen(signature: RiskSignature, unit: str) -> GeneReference:
    """Frozen reference of a signature in a unit: its own, or that of tumours measured in it that are shipped.

    Raises
    ------
    InputError
        If there is none in the unit.
    """
    own = signature.reference
    if own is not None and own.unit == unit:
        return own
    shipped = shipped_reference(unit)
    if shipped is not None:
        found = shipped.subset(signature.genes)
        if _weight(signature, found.genes) >= signature.min_coverage:
            return found
    has = "none" if own is None else f"one in {own.unit} ({own.origin})"
    raise InputError(
        f"the cohort is in {unit}, and of frozen references {signature.name} has {has}: score it with its cohort, or "
        "pass a harmonize.GeneReference learnt on its platform"
    )


@cache
def shipped_reference(unit: str) -> GeneReference | None:
    """Means and deviations of genes over breast tumours measured by sequencing, in one unit; None where there is none.

    They serve single patients of any signature. Sources stand in ``resources/SOURCES.toml``.
    """
    table = resources.table("tumour_references.tsv.gz")
    rows = table[table["unit"] == unit]
    if rows.empty:
        return None
    first = rows.iloc[0]
    return GeneReference(
        tuple(rows["gene"]), rows["mean"].to_numpy(dtype=np.float64), rows["sd"].to_numpy(dtype=np.float64),
        int(first["n_samples"]), unit, "tumour", str(first["origin"]),
    )  # fmt: skip


def expected(signature: RiskSignature, z: Floats, known: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """What each known gene adds to the expected score ``(n, k)``, and that score's fidelity ``(n,)``.

    For jointly normal genes ``E[z_m | z_o] = S_mo S_oo^-1 z_o``, so each set of known genes has weights of its
    own: ``w_o + S_oo^-1 S_om w_m``. Fidelity is the expected correlation with the full score.
    """
    weights, k = signature.vector, len(signature.genes)
    spread = (1 - _SHRINKAGE) * signature.correlation + _SHRINKAGE * np.eye(k)
    whole = float(weights @ spread @ weights)
    parts, fidelity = np.full(z.shape, np.nan), np.full(len(z), np.nan)
    patterns, member = np.unique(known, axis=0, return_inverse=True)
    for number, have in enumerate(patterns):
        rows = member.ravel() == number
        if not have.any():
            continue
        inner = spread[np.ix_(have, have)]
        own = weights[have]
        if not have.all():
            own = own + np.linalg.solve(inner, spread[np.ix_(have, ~have)] @ weights[~have])
        parts[np.ix_(rows, have)] = z[np.ix_(rows, have)] * own
        fidelity[rows] = np.sqrt(min(1.0, float(own @ inner @ own) / whole))
    return parts, fidelity
