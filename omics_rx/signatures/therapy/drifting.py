"""Drift of patients from those that a response signature was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize import drifted
from omics_rx.harmonize.drifted import Drifted, Trained
from omics_rx.signatures.case_mix import SHARES

if TYPE_CHECKING:
    from omics_rx.signatures.therapy.signature import ResponseSignature

_MISSING = 0.8  # share of patients in whom a column must be known to be compared


def of_response(
    signature: ResponseSignature, cohort: Any, *, against: Any, seed: int, n_draws: int
) -> Drifted:  # fmt: skip
    """Hold patients against training; see :meth:`ResponseSignature.drift`."""
    values, names = _columns(signature, cohort)
    encoder = signature.encoder
    if against is not None:
        before, other = _columns(signature, against)
        kept = [name for name in names if name in other]
        told = f"the {len(before)} patients given"
    else:
        kept = names
        told = ", ".join(str(one.get("name", "")) for one in signature.training.get("cohorts", [])) or "training"
    own = values[kept].to_numpy(dtype=np.float64)
    flat = own.std(axis=0) <= 1e-9 if len(own) > 1 else np.zeros(len(kept), dtype=bool)
    kept = [name for name, still in zip(kept, flat, strict=True) if not still]
    if not kept:
        raise InputError(f"no feature of {signature.name} varies in these patients ({examples(names)})")
    own = values[kept].to_numpy(dtype=np.float64)
    at = [encoder.columns.index(name) for name in kept]
    weights = np.asarray(signature.weights[at])
    if against is not None:
        trained = drifted.learnt(before[kept].to_numpy(dtype=np.float64), weights, signature.cutoff)
    else:
        n = sum(int(one.get("n", 0)) for one in signature.training.get("cohorts", [])) or 100
        trained = Trained(
            np.zeros(len(at)), np.ones(len(at)), encoder.correlation[np.ix_(at, at)], weights,
            float(np.clip(signature.cutoff, 0.02, 0.98)), n,
        )  # fmt: skip
    table, p = drifted.held_against(own, trained, seed=seed, n_draws=n_draws)
    z = (own - trained.mean) / trained.sd
    features = drifted.by_gene(z, kept).reindex(list(encoder.columns)).assign(weight=np.abs(signature.weights))
    found = {"genes missing"} if features["mean_z"].isna().any() else set()
    if p < drifted.ALPHA:
        found.add(drifted.what_moved(own, trained))
    moved = tuple(name for name in drifted.MOVED if name in found)
    usable = not {"unit", "platform"} & set(moved)
    gone = list(features.index[features["mean_z"].isna()])
    lost = f"{len(gone)} features are missing or the same in all ({examples(gone)}); " if gone else ""
    what = ", ".join(name for name in moved if name != "genes missing") or "nothing moved beyond chance"
    verdict = (
        f"{signature.name} on {len(own)} patients against {told}: {lost}{what} (p = {p:.3f}); its chances "
        f"{'may be used' if usable else 'may not be used: bring the features to the scale of training first'}."
    )
    return Drifted(signature.name, len(own), told, table, p, moved, usable, verdict, features,
                   pd.DataFrame(columns=SHARES))  # fmt: skip


def _columns(signature: ResponseSignature, cohort: Any) -> tuple[pd.DataFrame, list[str]]:
    """Columns of patients on the scale of training, gaps by the mean of the known; and those known of most."""
    z, known = signature.encoder.scaled(signature.table(cohort)[0])
    frame = pd.DataFrame(np.where(known, z, np.nan), columns=list(signature.encoder.columns))
    names = [str(name) for name in frame if frame[name].notna().mean() >= _MISSING]
    return frame.fillna(frame.mean()), names
