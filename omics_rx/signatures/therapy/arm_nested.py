"""Honest figures of a trial: every choice made again inside each fold, and each patient's chance under every arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from omics_rx.core.parallel import in_order
from omics_rx.core.work import one_thread, rng, subseed
from omics_rx.signatures.therapy import arm_model, models
from omics_rx.signatures.therapy.arm_model import Trial
from omics_rx.signatures.therapy.judging import odds_of
from omics_rx.signatures.therapy.nested import PLAIN, SIGNATURE

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
ALIKE = "without interactions"


@dataclass(frozen=True, eq=False)
class Held:
    """What models made without a patient say of her.

    Attributes
    ----------
    fold
        Fold of each patient, ``(repeats, n)``.
    odds
        Method to log odds under her own arm, ``(repeats, n)``.
    chances
        Her chance under each arm, ``(repeats, n, n_arms)``.
    ladder
        Step to log odds under her own arm, ``(repeats, n)``.
    """

    fold: Ints
    odds: dict[str, Floats] = field(repr=False)
    chances: Floats = field(repr=False)
    ladder: dict[int, Floats] = field(repr=False)


def folds(trial: Trial, n_folds: int, *, seed: int) -> Ints:
    """Fold of each patient, balanced over group, arm and outcome, whatever the order of the patients."""
    strata, names = trial.strata(), trial.data.table.index.to_numpy().astype(str)
    fold, start = np.empty(len(names), dtype=np.intp), 0
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        dealt = rng(seed, "folds of a trial", stratum).permutation(rows[np.argsort(names[rows], kind="stable")])
        fold[dealt] = (start + np.arange(dealt.size)) % n_folds
        start += dealt.size
    return fold


def own_arm(trial: Trial) -> Ints:
    """Number of each patient's arm."""
    at = {arm: number for number, arm in enumerate(trial.arms)}
    return np.array([at[arm] for arm in trial.arm], dtype=np.intp)


def cross_validated(
    trial: Trial, steps: Sequence[tuple[tuple[str, ...], bool]], *, n_folds: int, n_repeats: int, seed: int,
    n_jobs: int | None, progress: bool | None,
) -> Held:  # fmt: skip
    """Score every patient by models made without her, several times over.

    ``steps`` are those of the ladder before the last: kinds of measurement, and whether the arm is known.
    """
    fold = np.array([folds(trial, n_folds, seed=subseed(seed, "outer", repeat)) for repeat in range(n_repeats)])
    jobs = [(repeat, number) for repeat in range(n_repeats) for number in range(n_folds)]
    work = [
        (trial, fold[repeat] == number, tuple(steps), subseed(seed, "fold", repeat, number)) for repeat, number in jobs
    ]
    parts = in_order(_one, work, "cross-validating", n_jobs=n_jobs, progress=progress)
    n = fold.shape[1]
    odds: dict[str, Floats] = {}
    ladder: dict[int, Floats] = {}
    chances = np.zeros((n_repeats, n, len(trial.arms)))
    for (repeat, number), (found, own, rungs) in zip(jobs, parts, strict=True):
        rows = fold[repeat] == number
        chances[repeat, rows] = own
        for name, values in found.items():
            odds.setdefault(name, np.zeros((n_repeats, n)))[repeat, rows] = values
        for key, values in rungs.items():
            ladder.setdefault(key, np.zeros((n_repeats, n)))[repeat, rows] = values
    ladder[len(steps)] = odds[SIGNATURE]
    return Held(fold, odds, chances, ladder)


def _one(
    trial: Trial, out: NDArray[np.bool_], steps: tuple[tuple[tuple[str, ...], bool], ...], seed: int
) -> tuple[dict[str, Floats], Floats, dict[int, Floats]]:
    learnt, held = trial.rows(~out), trial.rows(out)
    with one_thread():
        found = methods(learnt, held, seed=seed)
        whole = found.pop("arms")
        rungs = {}
        for step, (kinds, arms) in enumerate(steps):
            made = arm_model.fit(learnt.only(kinds), seed=seed, arms=arms)
            rungs[step] = _own(made.log_odds(held.only(kinds).data.table, held.group), held)
    return found, expit(whole), rungs


def methods(learnt: Trial, held: Trial, *, seed: int) -> dict[str, Floats]:
    """Log odds of held patients under their own arm by each method, and by the signature under all, as ``arms``."""
    model = arm_model.fit(learnt, seed=seed)
    alike = arm_model.fit(learnt, seed=seed, interactions=False)
    whole = model.log_odds(held.data.table, held.group)
    plain = models.plain(learnt.as_data(), seed=seed).chance(held.as_data())
    return {
        SIGNATURE: _own(whole, held), ALIKE: _own(alike.log_odds(held.data.table, held.group), held),
        PLAIN: odds_of(plain), "arms": whole,
    }  # fmt: skip


def _own(odds: Floats, trial: Trial) -> Floats:
    return np.asarray(odds[np.arange(len(odds)), own_arm(trial)])
