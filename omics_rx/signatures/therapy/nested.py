"""Honest figures of a response study: every choice made again inside each fold, for each step of the ladder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from omics_rx.core.parallel import in_order
from omics_rx.core.work import one_thread, subseed
from omics_rx.metrics import classification
from omics_rx.signatures.distill import NoSignalError
from omics_rx.signatures.noise import ALPHA
from omics_rx.signatures.therapy import models
from omics_rx.signatures.therapy.judging import odds_of
from omics_rx.signatures.therapy.models import Data

Floats = NDArray[np.float64]
SIGNATURE, FULL, EARLY, LATE, PLAIN = (
    "signature", "full model", "early fusion", "late fusion", "plain logistic + forest",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Held:
    """Log odds of patients by models made without them.

    Attributes
    ----------
    odds
        Method to log odds, ``(repeats, n)``.
    ladder
        Number of modalities to log odds of the signature made from these, ``(repeats, n)``.
    choices
        How the classifiers were joined in each fold, with how often.
    """

    odds: dict[str, Floats] = field(repr=False)
    ladder: dict[int, Floats] = field(repr=False)
    choices: dict[str, int]


def cross_validated(
    data: Data, modalities: Sequence[str], *, learners: Sequence[str], fusion: str, n_folds: int, n_repeats: int,
    seed: int, n_jobs: int | None, progress: bool | None,
) -> Held:  # fmt: skip
    """Score every patient by models made without the patient, several times over."""
    folds = [data.folds(n_folds, seed=subseed(seed, "outer", repeat)) for repeat in range(n_repeats)]
    jobs = [(repeat, number) for repeat in range(n_repeats) for number in range(n_folds)]
    one = partial(_one, modalities=tuple(modalities), learners=tuple(learners), fusion=fusion)
    work = [(data, folds[repeat] == number, subseed(seed, "fold", repeat, number)) for repeat, number in jobs]
    parts = in_order(one, work, "cross-validating", n_jobs=n_jobs, progress=progress)
    odds: dict[str, Floats] = {}
    ladder: dict[int, Floats] = {}
    choices: dict[str, int] = {}
    for (repeat, number), (found, steps, choice) in zip(jobs, parts, strict=True):
        rows = folds[repeat] == number
        for name, values in found.items():
            odds.setdefault(name, np.zeros((n_repeats, rows.size)))[repeat, rows] = values
        for key, values in steps.items():
            ladder.setdefault(key, np.zeros((n_repeats, rows.size)))[repeat, rows] = values
        choices[choice] = choices.get(choice, 0) + 1
    return Held(odds, ladder, choices)


def _one(
    data: Data, out: NDArray[np.bool_], seed: int, *, modalities: tuple[str, ...], learners: tuple[str, ...],
    fusion: str,
) -> tuple[dict[str, Floats], dict[int, Floats], str]:  # fmt: skip
    learnt, held = data.rows(~out), data.rows(out)
    with one_thread():
        methods = Methods.fit(learnt, learners=learners, fusion=fusion, seed=seed)
        found = methods.log_odds(held)
        steps = {len(modalities): found[SIGNATURE]}
        for k in range(1, len(modalities)):
            part, rest = learnt.only(modalities[:k]), held.only(modalities[:k])
            steps[k] = models.linear(part, seed=seed).log_odds(rest)
    return found, steps, methods.full.choice


@dataclass(frozen=True, eq=False)
class Methods:
    """Every method, fitted on the same patients."""

    signature: models.Linear
    full: models.Fused
    plain: models.Plain

    @classmethod
    def fit(cls, data: Data, *, learners: Sequence[str], fusion: str, seed: int) -> Methods:
        """Fit them."""
        return cls(
            models.linear(data, seed=seed), models.fused(data, learners=learners, fusion=fusion, seed=seed),
            models.plain(data, seed=seed),
        )  # fmt: skip

    def log_odds(self, data: Data) -> dict[str, Floats]:
        """Log odds of patients by each method, ``(n,)``."""
        parts = self.full.parts(data)
        return {
            SIGNATURE: self.signature.log_odds(data), FULL: parts["full model"], EARLY: parts["early"],
            LATE: parts["late"], PLAIN: odds_of(self.plain.chance(data)),
        }  # fmt: skip


def dealt(
    data: Data, own: Floats, *, outcome: str, refuse: bool, n_deals: int, n_folds: int, seed: int, n_jobs: int | None,
    progress: bool | None,
) -> tuple[Floats, float | None]:  # fmt: skip
    """Areas of the signature's whole recipe on dealt outcomes, and the share that does as well as the outcome itself.

    The own area is that of the first repeat, so that either is of one cross-validation. Without deals there is no
    share.

    Raises
    ------
    NoSignalError
        If the share is too large and ``refuse`` says that this matters.
    """
    if not n_deals:
        return np.empty(0), None
    jobs = [(data, subseed(seed, "deal", number), n_folds) for number in range(n_deals)]
    drawn = np.array(in_order(_deal, jobs, "dealing outcomes", n_jobs=n_jobs, progress=progress))
    area = classification.auc(data.outcome, own[0])
    p_value = float((1 + (drawn >= area - 1e-9).sum()) / (1 + n_deals))
    if refuse and p_value > ALPHA:
        raise NoSignalError(
            f"there is no signature in these data: of {n_deals} deals of {outcome} among the patients, {p_value:.1%} "
            f"are foretold as well as the outcome itself, and {ALPHA:.0%} is the most that passes for a signal. Add "
            'patients or features, or say without_signal="tell" to have a study that says so'
        )
    return drawn, p_value


def _deal(data: Data, seed: int, n_folds: int) -> float:
    drawn = data.dealt(seed)
    fold = drawn.folds(n_folds, seed=seed)
    held = np.zeros(fold.size)
    with one_thread():
        for number in range(n_folds):
            fitted = models.linear(drawn.rows(fold != number), seed=seed)
            held[fold == number] = fitted.log_odds(drawn.rows(fold == number))
    return classification.auc(drawn.outcome, held)
