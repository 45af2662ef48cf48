"""Published formulas as signatures: the weights are theirs, the scale is that of given cohorts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import cohort as co
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.provenance import Provenance, frame_sha256
from omics_rx.harmonize.needs import Needs, prepare
from omics_rx.harmonize.reference import GeneReference
from omics_rx.signatures import case_mix
from omics_rx.signatures.signature import RiskSignature
from omics_rx.signatures.training import moments

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike


@in_words
def from_weights(
    name: str,
    weights: Mapping[str, float],
    cohorts: Mapping[str, CohortLike],
    *,
    endpoint: str = "event",
    description: str = "",
    licence: str = "",
    cites: Sequence[str] = (),
) -> RiskSignature:
    """Turn known weights into a signature that can be saved and applied.

    Parameters
    ----------
    name
        What it is called.
    weights
        Gene, by any name that :meth:`RiskSignature.score` finds a cohort's genes by, to weight on the z scale; higher
        scores mean higher risk. A plain mean has equal weights.
    cohorts
        Cohorts by name that give the scale: gene correlations, cut-off (the median), frozen reference (the largest).
        They must have every gene. No outcome is looked at.
    endpoint, description, licence, cites
        Written into the signature; ``cites`` are keys of ``resources/citations.toml``.

    Raises
    ------
    InputError
        If there is no cohort or no weight, two names are one gene, a weight is no finite number, or a cohort lacks a
        gene or does not vary in it.
    """
    if not cohorts:
        raise InputError("a signature takes its scale from cohorts: give one or more by name")
    weights = _current(weights)
    genes = list(weights)
    needs = Needs(f"the scale of {name}", genes=tuple(genes))
    ready = {key: prepare(data, needs).data for key, data in cohorts.items()}
    frames = {key: _genes_of(key, cohort, genes) for key, cohort in ready.items()}
    z = np.vstack([_z(frame) for frame in frames.values()])
    raw = np.array([float(weights[gene]) for gene in genes])
    scaled = raw / float((z @ raw).std(ddof=1))
    largest = max(frames, key=lambda key: len(frames[key]))
    about = co.info(ready[largest])
    members = [{"name": key, "n": len(frame), "events": 0} for key, frame in frames.items()]
    return RiskSignature(
        name=name,
        genes=tuple(genes),
        weights=dict(zip(genes, scaled.tolist(), strict=True)),
        correlation=np.atleast_2d(np.corrcoef(z, rowvar=False)),
        reference=GeneReference.learn(frames[largest], unit=about.unit, domain=about.domain, origin=largest),
        cutoffs={"high": float(np.median(z @ scaled))},
        endpoint=endpoint,
        training={
            "cohorts": members,
            "weights": "published; the cohorts gave the scale only",
            "case_mix": case_mix.counts(cohort.obs for cohort in ready.values()),
        },
        description=description,
        licence=licence,
        provenance=Provenance(
            "signatures.from_weights", {key: frame_sha256(frame) for key, frame in frames.items()}, {}, tuple(cites)
        ),
    )


def _current(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights by current symbols, found as the genes of cohorts are.

    Raises
    ------
    InputError
        If two names are one gene, or a weight is no finite number.
    """
    from omics_rx.scores.names import plain, refuse_mouse, resolve, tell_lower

    if not isinstance(weights, Mapping) or not weights:
        raise InputError('a signature needs weights: give gene to weight, such as {"MKI67": 1.0}')
    wrong = [name for name, value in weights.items() if not _is_weight(value)]
    if wrong:
        raise InputError(f"{len(wrong)} weights are no finite numbers ({examples(wrong)}): give one a gene")
    resolved = resolve(weights)
    refuse_mouse(resolved, "the weights")
    tell_lower(resolved, "the weights")
    found: dict[str, float] = {}
    came: dict[str, object] = {}
    for name, value in weights.items():
        gene = str(resolved.loc[plain(name), "symbol"])
        if gene in found:
            raise InputError(f"{came[gene]} and {name} are one gene, {gene}: give it one weight")
        found[gene], came[gene] = float(value), name
    return found


def _is_weight(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return False
    return bool(np.isfinite(float(value)))


def _genes_of(name: str, cohort: CohortLike, genes: list[str]) -> pd.DataFrame:
    frame = co.expression(cohort)
    absent = [gene for gene in genes if gene not in frame.columns]
    if absent:
        raise InputError(
            f"{name} lacks {len(absent)} of {len(genes)} genes ({examples(absent)}): use a cohort with all"
        )
    return frame[genes]


def _z(frame: pd.DataFrame) -> np.ndarray:
    mean, sd = moments(frame.to_numpy())
    if np.isinf(sd).any():
        flat = frame.columns[np.isinf(sd)]
        raise InputError(f"{len(flat)} genes do not vary ({examples(flat)}): use a cohort in which they do")
    return np.asarray(np.nan_to_num((frame.to_numpy() - mean) / sd, nan=0.0))
