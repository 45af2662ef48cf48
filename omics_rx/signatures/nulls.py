"""What random genes would have done: in breast cancer most gene sets are prognostic (Venet 2011)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core.work import one_thread, rng
from omics_rx.metrics import survival
from omics_rx.signatures import cox
from omics_rx.signatures.training import CohortScale, TrainingSet, moments

if TYPE_CHECKING:
    from omics_rx.signatures.assemble import Member

Floats = NDArray[np.float64]
_VARIANCE = 0.3  # prior variance of the log hazard, the middle of the path the recipes search


def random_genes(
    train: TrainingSet, external: Mapping[str, Member], *, size: int, n_sets: int, seed: int
) -> pd.DataFrame:
    """Concordance of ridge Cox models over random genes, trained and applied as a signature is.

    Parameters
    ----------
    train
        The training set; genes are drawn from those that it and every external cohort measure.
    external
        Cohorts to apply to, without refit, z within each.
    size, n_sets
        Genes a set, and how many sets.
    seed
        Draws the genes.

    Returns
    -------
    pandas.DataFrame
        ``n_sets`` x external cohorts, Harrell's concordance; empty where fewer than ``size`` genes are shared.

    References
    ----------
    Venet, Dumont and Detours, PLoS Comput Biol 2011, 7:e1002240.
    """
    if not external or n_sets < 1:
        return pd.DataFrame(index=range(0), columns=list(external), dtype=float)
    z = CohortScale.learn(train).apply(train)
    data = train.follow_up()
    measured = set(train.genes).intersection(*(member.frame.columns for member in external.values()))
    pool = train.columns(sorted(measured))
    if pool.size < size:
        return pd.DataFrame(index=range(0), columns=list(external), dtype=float)
    draw = rng(seed, "random genes", size)
    columns = [draw.choice(pool, size=size, replace=False) for _ in range(n_sets)]
    with one_thread():
        betas = [cox.ridge(z[:, chosen], data, len(chosen) / _VARIANCE) for chosen in columns]
    found = {}
    for name, member in external.items():
        target = _aligned(member, train.genes)
        risks = np.column_stack([target[:, chosen] @ beta for chosen, beta in zip(columns, betas, strict=True)])
        found[name] = survival.concordances(member.endpoint.time, member.endpoint.event, risks)
    return pd.DataFrame(found)


def _aligned(member: Member, genes: tuple[str, ...]) -> Floats:
    values = member.frame.reindex(columns=list(genes)).to_numpy()
    mean, sd = moments(values)
    return np.asarray(np.nan_to_num((values - mean) / sd, nan=0.0))
