"""What random genes would have done: in breast cancer most gene sets are prognostic (Venet 2011)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core.work import one_thread, rng, subseed, track
from omics_rx.metrics import survival
from omics_rx.signatures import cox
from omics_rx.signatures.distill import NoSignalError
from omics_rx.signatures.fitted import Fitted
from omics_rx.signatures.training import CohortScale, TrainingSet, moments

if TYPE_CHECKING:
    from omics_rx.signatures.assemble import Member
    from omics_rx.signatures.recipes import Recipe

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


def random_pools(
    train: TrainingSet, external: Mapping[str, Member], *, recipe: Recipe, n_sets: int, seed: int,
    progress: bool | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Concordance of the whole recipe over random genes: search, stack, choice of genes and all.

    The names of the genes are dealt anew among all that the training set and every external cohort measure, so the
    recipe finds pools and patterns of the same sizes, filled by chance.

    Parameters
    ----------
    train, external
        As for :func:`random_genes`.
    recipe
        The recipe to repeat.
    n_sets
        How often; each takes as long as the recipe.
    seed, progress
        Of the deals; a bar on stderr.

    Returns
    -------
    pandas.DataFrame
        ``n_sets`` x external cohorts, Harrell's concordance; 0.5 where the recipe found no signal.
    """
    if not external or n_sets < 1:
        return pd.DataFrame(index=range(0), columns=list(external), dtype=float)
    measured = set(train.genes).intersection(*(member.frame.columns for member in external.values()))
    shared = [gene for gene in train.genes if gene in measured]
    part = replace(train, expression=train.expression[:, train.columns(shared)], genes=tuple(shared))
    rows = []
    for number in track(range(n_sets), "random genes, whole recipe", total=n_sets, progress=progress):
        dealt = rng(seed, "random pools", number).permutation(np.array(shared)).tolist()
        try:
            with one_thread():
                fitted = recipe.fit(replace(part, genes=tuple(dealt)), seed=subseed(seed, "random pools", number))
        except NoSignalError:
            rows.append(dict.fromkeys(external, 0.5))
            continue
        names = dict(zip(dealt, shared, strict=True))
        rows.append({name: _concordance(member, applied(fitted, member, names)) for name, member in external.items()})
    return pd.DataFrame(rows)


def applied(fitted: Fitted, member: Member, names: Mapping[str, str] | None = None) -> Floats:
    """Score a cohort by a recipe's small signature, z within the cohort, ``(n,)``; a gene it lacks counts as average.

    Parameters
    ----------
    fitted, member
        The recipe's result and the cohort.
    names
        What the genes are called in the cohort, where that differs.
    """
    genes = tuple(gene if names is None else names[gene] for gene in fitted.genes)
    return np.asarray(_aligned(member, genes) @ fitted.weights)


def _concordance(member: Member, risk: Floats) -> float:
    return float(survival.concordances(member.endpoint.time, member.endpoint.event, risk[:, None])[0])


def _aligned(member: Member, genes: tuple[str, ...]) -> Floats:
    values = member.frame.reindex(columns=list(genes)).to_numpy()
    mean, sd = moments(values)
    return np.asarray(np.nan_to_num((values - mean) / sd, nan=0.0))
