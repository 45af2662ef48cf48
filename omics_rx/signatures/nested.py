"""Honest figures: the whole recipe inside cross-validation, and inside leave-one-cohort-out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core.errors import InputError
from omics_rx.core.parallel import in_order
from omics_rx.core.work import one_thread, subseed
from omics_rx.signatures.distill import NoSignalError
from omics_rx.signatures.training import CLOSE, CohortScale, TrainingSet, moments

if TYPE_CHECKING:
    from omics_rx.signatures.recipes import Recipe

Floats = NDArray[np.float64]
COLUMNS = ("risk_score", "risk_group", "full_score", "found")


def cross_validated(
    train: TrainingSet, recipe: Recipe, *, n_folds: int = 5, seed: int = 0, n_jobs: int | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Score every training sample by a signature made without it.

    Genes are scaled, patterns fitted and weighed, genes chosen and the cut-off set anew in every fold, on its
    training samples alone; a held-back sample is scaled by the training samples of its cohort.

    Returns
    -------
    pandas.DataFrame
        ``risk_score``, ``risk_group``, ``full_score`` (of the model before distilling), ``found`` (whether the fold's
        training samples held any signal; scores are 0 where not), ``fold``, by sample.

    Raises
    ------
    InputError
        If a cohort is too small for the folds, or there are fewer events than two a fold.
    """
    fold = train.folds(n_folds, seed=seed, name="outer")
    sizes = pd.Series(train.cohort).value_counts()
    if sizes.min() < 2 * n_folds:
        raise InputError(f"{sizes.idxmin()} has {sizes.min()} samples, {n_folds} folds need {2 * n_folds}: add samples")
    if train.n_events < 2 * n_folds:
        raise InputError(
            f"{train.n_events} events in {train.n} samples: {n_folds} folds need two each; add cohorts or follow-up"
        )
    jobs = [(train, recipe, fold != number, subseed(seed, "fold", number)) for number in range(n_folds)]
    parts = _run(_held_back, jobs, "cross-validating", n_jobs=n_jobs, progress=progress)
    table = pd.concat(parts).loc[train.samples]
    table["fold"] = fold
    return table


def leave_cohort_out(
    train: TrainingSet, recipe: Recipe, *, seed: int = 0, n_jobs: int | None = None, progress: bool | None = None
) -> pd.DataFrame:
    """Score each cohort by a signature made from the others; a cohort left out is scaled within itself.

    Returns
    -------
    pandas.DataFrame
        ``risk_score``, ``risk_group``, ``full_score``, ``found``, by sample; empty for a single cohort.
    """
    if len(train.cohorts) < 2:
        return pd.DataFrame(columns=list(COLUMNS))
    jobs = [(train, recipe, train.cohort != name, subseed(seed, "left out", name)) for name in train.cohorts]
    parts = _run(_left_out, jobs, "leaving out each cohort", n_jobs=n_jobs, progress=progress)
    return pd.concat(parts).loc[train.samples]


def without(
    jobs: Sequence[tuple[TrainingSet, Recipe, NDArray[np.bool_], int]], what: str, *, n_jobs: int | None,
    progress: bool | None,
) -> list[pd.DataFrame]:  # fmt: skip
    """Score what each job keeps back by a signature made from the rest, on the scale of the rest of its cohort.

    A cohort of which nothing is left is scaled within itself.
    """
    return _run(_kept_back, jobs, what, n_jobs=n_jobs, progress=progress)


def _kept_back(train: TrainingSet, recipe: Recipe, seen: NDArray[np.bool_], seed: int) -> pd.DataFrame:
    learnt, held = train.rows(seen), train.rows(~seen)
    gone = ~np.isin(held.cohort, learnt.cohorts)
    z = np.empty_like(held.expression)
    if gone.any():
        z[gone] = CohortScale.learn(held.rows(gone)).apply(held.rows(gone))
    if not gone.all():
        z[~gone] = CohortScale.learn(learnt).apply(held.rows(~gone))
    return _scored(recipe, learnt, held, z, seed=seed)


def _run(
    work: Callable[..., pd.DataFrame], jobs: Sequence[tuple[Any, ...]], what: str, *, n_jobs: int | None,
    progress: bool | None,
) -> list[pd.DataFrame]:  # fmt: skip
    return in_order(work, jobs, what, n_jobs=n_jobs, progress=progress)


def _held_back(train: TrainingSet, recipe: Recipe, seen: NDArray[np.bool_], seed: int) -> pd.DataFrame:
    learnt, held = train.rows(seen), train.rows(~seen)
    return _scored(recipe, learnt, held, CohortScale.learn(learnt).apply(held), seed=seed)


def _left_out(train: TrainingSet, recipe: Recipe, seen: NDArray[np.bool_], seed: int) -> pd.DataFrame:
    held = train.rows(~seen)
    mean, sd = moments(held.expression)
    z = np.nan_to_num((held.expression - mean) / sd, nan=0.0)
    return _scored(recipe, train.rows(seen), held, z, seed=seed)


def _scored(recipe: Recipe, learnt: TrainingSet, held: TrainingSet, z: Floats, *, seed: int) -> pd.DataFrame:
    """Scores of held-back samples; all 0, which orders nobody, where the training samples hold no signal."""
    with one_thread():
        try:
            fitted = recipe.fit(learnt, seed=seed)
        except NoSignalError:
            blank = np.zeros(held.n)
            return pd.DataFrame(
                {"risk_score": blank, "risk_group": "low", "full_score": blank, "found": False}, index=held.samples
            )
    small, full = fitted.risks(z, held)
    return pd.DataFrame(
        {
            "risk_score": small,
            "risk_group": np.where(small > fitted.cutoff + CLOSE, "high", "low").astype(object),
            "full_score": full,
            "found": True,
        },
        index=held.samples,
    )
