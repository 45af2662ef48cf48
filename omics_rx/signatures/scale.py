"""From a cohort to the scale of a signature, and what missing genes are expected to add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core import cohort as cohorts
from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.harmonize.reference import GeneReference

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.signatures.signature import RiskSignature

Floats = NDArray[np.float64]
Scale: TypeAlias = Literal["cohort", "frozen"] | GeneReference

MIN_COHORT = 20  # below this a gene's mean and sd within the cohort say more about chance than about the platform
_SHRINKAGE = 0.05  # of the gene correlations towards none, so that genes that nearly repeat each other do no harm


def scaled(signature: RiskSignature, cohort: AnnData, reference: Scale) -> tuple[pd.DataFrame, str]:
    """Scaled values, z, of the signature's genes, ``n x k`` with NaN where missing, and how it was made."""
    present = [gene for gene in signature.genes if gene in set(cohort.var_names)]
    unit = cohorts.info(cohort).unit
    if not present:
        raise InputError(
            f"none of the {len(signature.genes)} genes of {signature.name} is in the cohort "
            f"({examples(signature.genes)} against {examples(cohort.var_names, 3)}): check the gene names"
        )
    frame = cohorts.expression(cohort[:, present])
    if isinstance(reference, GeneReference):
        return reference.z(frame).reindex(
            columns=list(signature.genes)
        ), f"given ({reference.origin or reference.unit})"
    if reference == "cohort":
        if len(frame) < MIN_COHORT:
            raise InputError(
                f"{len(frame)} samples are too few to be scaled by themselves ({MIN_COHORT} are needed): pass "
                'reference="frozen", or a harmonize.GeneReference learnt on a cohort of the same platform'
            )
        own = GeneReference.learn(_in_logs(frame, unit), unit=unit)
        return own.z(_in_logs(frame, unit)).reindex(columns=list(signature.genes)), "cohort"
    if reference != "frozen":
        raise unknown_name("reference", reference, ("cohort", "frozen"))
    if signature.reference is None:
        raise InputError(f"{signature.name} has no frozen reference: pass a cohort, or a harmonize.GeneReference")
    if unit != signature.reference.unit:
        raise InputError(
            f"the cohort is in {unit}, the frozen reference of {signature.name} in {signature.reference.unit} "
            f"({signature.reference.origin}): score it with its cohort, or pass a harmonize.GeneReference learnt on "
            "its platform"
        )
    z = signature.reference.z(frame).reindex(columns=list(signature.genes))
    return z, f"frozen ({signature.reference.origin})"


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


def _in_logs(frame: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Values on a logarithmic scale: linear units become log2(x + 1)."""
    if unit in ("counts", "CPM", "TPM", "FPKM"):
        return pd.DataFrame(np.log2(frame + 1))
    return frame
