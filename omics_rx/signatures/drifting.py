"""Drift of a cohort from what a signature was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize import drifted
from omics_rx.harmonize.drifted import Drifted, Trained
from omics_rx.harmonize.needs import Prepared, prepare
from omics_rx.metrics.by_level import holm
from omics_rx.signatures import case_mix
from omics_rx.signatures.drift import Drift
from omics_rx.signatures.scale import UNIT_BY_LENGTH, by_length, for_frozen, frozen_reference, needs_of

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.signatures.signature import RiskSignature

_MISSING = 0.8  # share of a cohort's samples that must have a gene


def of_signature(
    signature: RiskSignature, cohort: CohortLike, *, against: CohortLike | None, seed: int, n_draws: int
) -> Drifted:  # fmt: skip
    """Hold a cohort against what a signature was trained on; see :meth:`RiskSignature.drift`."""
    ready = prepare(cohort, needs_of(signature))
    values, in_unit = _values(ready, signature.genes)
    trained, told, unit = _training(signature, in_unit, values, against)
    if trained is None:
        raise InputError(
            f"none of the genes of {signature.name} is in the cohort ({examples(list(signature.genes))}): check the "
            "gene names"
        )
    if values.empty:
        raise InputError(f"no sample of the cohort has a value of the genes of {signature.name}: nothing to compare")
    kept, what = trained
    matrix = values[kept].to_numpy(dtype=np.float64)
    table, p = drifted.held_against(matrix, what, seed=seed, n_draws=n_draws)
    z = (matrix - what.mean) / what.sd
    genes = drifted.by_gene(z, kept).reindex(list(signature.genes)).assign(weight=signature.importance)
    before = case_mix.counts([_obs(against)]) if against is not None else signature.training.get("case_mix", {})
    shares, p_shares = case_mix.compared(before, ready.source.obs)
    whole = holm(np.array([p, p_shares]))
    alarm = (bool(whole[0] < drifted.ALPHA), bool(whole[1] < drifted.ALPHA))
    moved = _moved(matrix, what, genes, shares, unit=unit, alarm=alarm)
    far = Drift.of(pd.DataFrame(z))
    covered = float(genes.loc[kept, "weight"].sum() / genes["weight"].sum())
    usable = not ({"unit", "platform"} & set(moved)) and not (far is not None and far.tells)
    usable = usable and (covered >= signature.min_coverage or signature.imputes)
    least = float(np.nanmin(whole))
    verdict = _verdict(signature, len(matrix), told, moved, usable=usable, genes=genes, shares=shares, p=least, far=far)
    return Drifted(signature.name, len(matrix), told, table, least, moved, usable, verdict, genes, shares)


def _obs(cohort: CohortLike | None) -> pd.DataFrame:
    found: pd.DataFrame = getattr(cohort, "obs", pd.DataFrame())
    return found


def _values(ready: Prepared, genes: tuple[str, ...]) -> tuple[pd.DataFrame, str]:
    """Samples with an answer x genes that most have and that vary, gaps by the gene's mean; and their unit."""
    frame = for_frozen(ready, genes)
    frame = frame.dropna(axis=0, how="all")
    frame = frame.loc[:, frame.notna().mean() >= _MISSING] if len(frame) else frame
    if len(frame) > 1:
        frame = frame.loc[:, frame.std(ddof=1) > 1e-9]
    return frame.fillna(frame.mean()), UNIT_BY_LENGTH if by_length(ready) else ready.unit


def _training(
    signature: RiskSignature, unit: str, values: pd.DataFrame, against: CohortLike | None
) -> tuple[tuple[list[str], Trained] | None, str, bool]:  # fmt: skip
    """What is kept of training over the genes at hand, what that is in words, and whether the unit is another."""
    weights = pd.Series(signature.vector, list(signature.genes))
    high = float(np.clip(norm.sf(signature.cutoffs["high"]), 0.02, 0.98))
    if against is not None:
        rows, before = _values(prepare(against, needs_of(signature)), signature.genes)
        kept = [str(gene) for gene in values if gene in rows]
        own_weights = np.asarray(weights[kept], dtype=np.float64)
        made = drifted.learnt(np.asarray(rows[kept], dtype=np.float64), own_weights, high) if kept else None
        other = "unknown" not in (before, unit) and before != unit
        return (kept, made) if made is not None else None, f"the {len(rows)} samples given", other
    other = False
    try:
        frozen = frozen_reference(signature, unit)
    except InputError:
        if signature.reference is None:
            raise
        # of another unit; one that cannot be told is no other, and the values tell
        frozen, other = signature.reference, "unknown" not in (signature.reference.unit, unit)
    have = [str(gene) for gene in values if gene in frozen.genes]
    if not have:
        return None, "", other
    own = frozen.subset(have)
    at = [signature.genes.index(gene) for gene in have]
    trained = Trained(own.mean, own.sd, signature.correlation[np.ix_(at, at)],
                      np.asarray(weights[have], dtype=np.float64), high, max(own.n_samples, 3))  # fmt: skip
    return (have, trained), f"{own.origin or 'training'}, {own.n_samples} samples in {own.unit}", other


def _moved(
    matrix: np.ndarray, trained: Trained, genes: pd.DataFrame, shares: pd.DataFrame, *, unit: bool,
    alarm: tuple[bool, bool],
) -> tuple[str, ...]:  # fmt: skip
    """What moved, in the order of ``drifted.MOVED``."""
    found = {"genes missing"} if genes["mean_z"].isna().any() else set()
    if unit:
        found.add("unit")
    elif alarm[0]:
        found.add(drifted.what_moved(matrix, trained))
    if alarm[1]:
        found |= {"case mix", "subtype shares"} if case_mix.of_subtypes(shares) else {"case mix"}
    return tuple(name for name in drifted.MOVED if name in found)


def _verdict(
    signature: RiskSignature, n: int, told: str, moved: tuple[str, ...], *, usable: bool, genes: pd.DataFrame,
    shares: pd.DataFrame, p: float, far: Drift | None,
) -> str:  # fmt: skip
    """Say it in one sentence or two."""
    parts: list[str] = []
    gone = genes.index[genes["mean_z"].isna()]
    if len(gone):
        lost = genes.loc[gone, "weight"].sum() / genes["weight"].sum()
        parts.append(
            f"{len(gone)} of {len(genes)} genes are missing ({lost:.0%} of the weight: {examples(list(gone))})"
        )
    off = "" if far is None else f", the typical gene lying {far.off:.1f} sd off"
    words = {
        "unit": f"all genes moved alike, as of another unit or scale{off}",
        "platform": f"genes moved each in its own way, as of another platform or kind of sample{off}",
        "case mix": f"genes moved as patients differ, as of another case mix{off}",
    }
    parts += [words[name] for name in ("unit", "platform", "case mix") if name in moved]
    if (shares["p_value"] < drifted.ALPHA).any():
        parts.append(f"recorded shares differ ({case_mix.sentence(shares)})")
    what = "; ".join(parts) if parts else "nothing moved beyond chance"
    may = (
        "its frozen scale may be used"
        + (", and a scale within the cohort would hide it" if "case mix" in moved else "")
        if usable
        else "its frozen scale may not be used: score the cohort by itself if it is of mixed risk, or by a "
        "harmonize.GeneReference learnt on its platform"
    )
    return f"{signature.name} on {n} samples against {told}: {what} (p = {p:.3f}); {may}."


def brief(signature: RiskSignature, ready: Prepared) -> dict[str, Any]:
    """Drift without its references, quick enough for every call: ``{}`` where there is no frozen scale in the unit."""
    try:
        frozen = frozen_reference(signature, UNIT_BY_LENGTH if by_length(ready) else ready.unit)
        values = for_frozen(ready, signature.genes)
    except InputError:
        return {}
    found = Drift.of(frozen.z(values))
    return {} if found is None else found.as_dict()
