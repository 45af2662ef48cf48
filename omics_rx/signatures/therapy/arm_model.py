"""A logistic model with arms: what foretells the outcome anyway, and what foretells benefit from one arm.

Log odds = prognosis + benefit. The prognosis is the model that is saved for a study without arms, over all features
and the arm. The benefit (arm, arm by group, arm by feature, against the control) is learnt on top of what the
prognosis says of patients it has not seen. Each block of the benefit is shrunk by its own prior variance, which the
data choose (empirical Bayes): where the arms do the same to everybody, it goes towards nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from omics_rx.signatures.therapy.encoding import Encoder
from omics_rx.signatures.therapy.models import Data, Linear, linear
from omics_rx.signatures.therapy.reading import CATEGORY

Floats = NDArray[np.float64]
Strings = NDArray[np.str_]
ARM, ARM_GROUP, ARM_FEATURE, EXPECTED = "arm", "arm by group", "arm by feature", "expected"
# prior variance of a coefficient (log odds, of a feature a sd) before the data speak
_PRIOR = {ARM: 0.1, ARM_GROUP: 0.1, ARM_FEATURE: 0.01, EXPECTED: 0.25}
_STRENGTH = 2.0  # coefficients that the prior is worth
_LEAST, _MOST = 1e-5, 10.0
_WIDE = 0.3  # prior variance of a coefficient in an interval, which has to hold what shrinkage takes away
_GIVEN, _KIND = "the arm given", "the kind of patient"


@dataclass(frozen=True, eq=False)
class Trial:
    """Patients with an arm and a kind.

    Attributes
    ----------
    data
        Features and outcome; the arm is none of the features.
    arm, group
        Of each patient, ``(n,)``.
    arms, groups
        Names; the control is the first arm.
    expected
        Pairs of arm and feature that was expected to foretell benefit from it, which are shrunk among themselves.
    """

    data: Data
    arm: Strings
    group: Strings
    arms: tuple[str, ...]
    groups: tuple[str, ...]
    expected: frozenset[tuple[str, str]] = frozenset()

    @property
    def control(self) -> str:
        """The arm that the others are held against."""
        return self.arms[0]

    def rows(self, keep: NDArray[np.bool_]) -> Trial:
        """Keep some patients."""
        return replace(self, data=self.data.rows(keep), arm=self.arm[keep], group=self.group[keep])

    def only(self, modalities: Sequence[str]) -> Trial:
        """Keep some kinds of measurement."""
        return replace(self, data=self.data.only(modalities))

    def counts(self) -> pd.DataFrame:
        """Patients by arm and group, arms x groups."""
        made = pd.crosstab(pd.Series(self.arm), pd.Series(self.group))
        return made.reindex(index=list(self.arms), columns=list(self.groups), fill_value=0)

    def as_data(self, *, arms: bool = True) -> Data:
        """Features with the group and the arm among them."""
        more = ({_KIND: self.group} if len(self.groups) > 1 else {}) | ({_GIVEN: self.arm} if arms else {})
        data = self.data
        return Data(
            data.table.assign(**more), data.outcome, data.cohort, {**data.kinds, **dict.fromkeys(more, CATEGORY)},
            {**data.modality, **{name: name for name in more}}, {**data.column, **{name: name for name in more}},
        )  # fmt: skip

    def cells(self) -> Strings:
        """Group and arm of each patient in one text."""
        return np.array([f"{g}\t{a}" for g, a in zip(self.group, self.arm, strict=True)])

    def strata(self) -> Strings:
        """Group, arm and outcome of each patient in one text."""
        return np.array([f"{cell}\t{int(y)}" for cell, y in zip(self.cells(), self.data.outcome, strict=True)])


@dataclass(frozen=True, eq=False)
class ArmModel:
    """A fitted model of arms.

    Attributes
    ----------
    encoder
        Scale of the features.
    arms, groups
        Names; the control is the first arm.
    level
        Log odds of the average patient by arm and group, ``(n_arms, n_groups)``.
    slopes
        Log odds a column by arm, ``(n_arms, q)``.
    prognosis
        Covariance of the terms that no arm changes: level, groups, columns, ``(1 + n_groups + q, same)``.
    benefit
        Covariance of what each arm adds: arm, groups, columns, ``(n_arms, 1 + n_groups + q, same)``.
    variances
        Prior variance of each block of the benefit.
    """

    encoder: Encoder
    arms: tuple[str, ...]
    groups: tuple[str, ...]
    level: Floats
    slopes: Floats
    prognosis: Floats = field(repr=False)
    benefit: Floats = field(repr=False)
    variances: dict[str, float]

    def log_odds(self, table: pd.DataFrame, group: Strings) -> Floats:
        """Log odds of patients under each arm, ``(n, n_arms)``."""
        return self.of(self.encoder.apply(table)[0], group)

    def of(self, z: Floats, group: Strings) -> Floats:
        """Log odds of encoded patients without gaps under each arm, ``(n, n_arms)``."""
        return np.asarray(self.level[:, self.place(group)].T + z @ self.slopes.T)

    def place(self, group: Strings) -> NDArray[np.intp]:
        """Number of each patient's group."""
        at = {name: number for number, name in enumerate(self.groups)}
        return np.array([at[name] for name in group], dtype=np.intp)

    def error(self, z: Floats, group: Strings) -> Floats:
        """Standard error of the log odds of patients under each arm, ``(n, n_arms)``; columns are complete."""
        own = np.column_stack([np.ones(len(z)), np.eye(len(self.groups))[self.place(group)], z])
        shared = np.einsum("ij,jk,ik->i", own, self.prognosis, own)
        added = np.einsum("ij,ajk,ik->ia", own, self.benefit, own)
        return np.asarray(np.sqrt(np.maximum(shared[:, None] + added, 0.0)), dtype=np.float64)


def fit(trial: Trial, *, seed: int, interactions: bool = True, arms: bool = True) -> ArmModel:
    """Fit the model.

    Parameters
    ----------
    trial
        Patients.
    seed
        Of the inner folds.
    interactions
        Whether an arm may do more for some patients than for others.
    arms
        Whether arms may differ at all.

    References
    ----------
    MacKay, Neural Comput 1992, 4:720; Tipping, JMLR 2001, 1:211 (prior variances that explain the outcomes best).
    """
    data = trial.as_data(arms=arms)
    base = linear(data, seed=seed)
    encoder = trial.data.encoder()
    z = encoder.apply(trial.data.table)[0]
    q, g, k = len(encoder.columns), len(trial.groups), len(trial.arms)
    own, given, kind, start = _apart(base, encoder, trial)
    level, slopes = start + given[:, None] + kind[None, :], np.tile(own, (k, 1))
    prognosis, at_zero = _uncertain(base, data, z, trial, arms=arms)
    benefit = np.zeros((k, 1 + g + q, 1 + g + q))
    benefit[:, 0, 0] = at_zero
    variances: dict[str, float] = {}
    if arms and interactions:
        found, cover, variances = _benefit(z, trial, base.held, encoder)
        for number, (terms, its) in enumerate(zip(found, cover, strict=True), start=1):
            level[number] += terms[0] + terms[1 : 1 + g]
            slopes[number] += terms[1 + g :]
            benefit[number] += its
    return ArmModel(encoder, trial.arms, trial.groups, level, slopes, prognosis, benefit, variances)


def _apart(base: Linear, encoder: Encoder, trial: Trial) -> tuple[Floats, Floats, Floats, float]:
    """Weights of the features, what each arm and each group adds, and the level, of a model with both among them."""
    weights = dict(zip(base.encoder.columns, base.weights.tolist(), strict=True))
    own = np.array([weights[column] for column in encoder.columns])
    arms = [f"{_GIVEN}={arm}" for arm in trial.arms]
    groups = [f"{_KIND}={group}" for group in trial.groups]
    given, kind, level = np.zeros(len(arms)), np.zeros(len(groups)), base.intercept
    for column, weight, centre, spread in zip(
        base.encoder.columns, base.weights, base.encoder.centre, base.encoder.spread, strict=True
    ):
        if column in arms or column in groups:
            level -= float(weight * centre / spread)
            given += [float(weight / spread) * (column == name) for name in arms]
            kind += [float(weight / spread) * (column == name) for name in groups]
    return own, given, kind, level


def _uncertain(base: Linear, data: Data, z: Floats, trial: Trial, *, arms: bool) -> tuple[Floats, Floats]:
    """Covariance of level, groups, columns, and the variance of each arm's own term, of a ridge that shrinks little."""
    parts = [np.ones((len(z), 1)), _dummies(trial.group, trial.groups), z]
    whole = np.hstack([*parts, _dummies(trial.arm, trial.arms)] if arms else parts)
    chance = expit(base.log_odds(data))
    curve = whole.T @ (whole * (chance * (1 - chance))[:, None])
    curve += np.diag(np.append(1e-9, np.full(whole.shape[1] - 1, 1 / _WIDE)))
    cover = np.linalg.inv(curve)
    q = 1 + len(trial.groups) + z.shape[1]
    extra = np.diag(cover)[q:] + 2 * cover[0, q:] if arms else np.zeros(len(trial.arms))
    return np.asarray(cover[:q, :q], dtype=np.float64), np.asarray(np.maximum(extra, 0.0), dtype=np.float64)


def _dummies(values: Strings, names: Sequence[str]) -> Floats:
    return np.array([[float(name == own) for own in names] for name in values]).reshape(len(values), -1)


def _benefit(
    z: Floats, trial: Trial, known: Floats, encoder: Encoder
) -> tuple[list[Floats], list[Floats], dict[str, float]]:  # fmt: skip
    """What each arm but the control adds to the prognosis ``known``, its covariance, and the prior variances."""
    kind = _dummies(trial.group, trial.groups)
    own = np.column_stack([np.ones(len(z)), kind, z])
    feature = [one.name for one in encoder.features for _ in one.columns]
    blocks = [
        np.array([ARM, *[ARM_GROUP] * kind.shape[1],
                  *(EXPECTED if (arm, name) in trial.expected else ARM_FEATURE for name in feature)])
        for arm in trial.arms[1:]
    ]  # fmt: skip
    rows = [trial.arm == arm for arm in trial.arms[1:]]
    variances = dict(_PRIOR)
    found = [np.zeros(own.shape[1]) for _ in rows]
    cover = [np.eye(own.shape[1]) for _ in rows]
    for _ in range(60):
        made = [
            _mode(own[one], trial.data.outcome[one], known[one], np.array([variances[name] for name in block]), at)
            for one, at, block in zip(rows, found, blocks, strict=True)
        ]
        found, cover = [at for at, _ in made], [its for _, its in made]
        moved = 0.0
        for name, first in _PRIOR.items():
            size, sure = 0.0, 0.0
            for at, its, block in zip(found, cover, blocks, strict=True):
                where = block == name
                size += float(at[where] @ at[where])
                sure += where.sum() - float(np.diag(its)[where].sum()) / variances[name]
            best = (size + _STRENGTH * first) / (max(sure, 0.0) + _STRENGTH)
            best = float(np.clip(best, _LEAST, _MOST))
            moved = max(moved, abs(np.log(best / variances[name])))
            variances[name] = best
        if moved < 1e-2:
            break
    return found, cover, variances


def _mode(own: Floats, outcome: NDArray[np.bool_], known: Floats, prior: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Most likely terms beside what is known, and the inverse of the curvature there, by Newton's steps."""
    for _ in range(30):
        chance = expit(known + own @ at)
        curve = own.T @ (own * (chance * (1 - chance))[:, None]) + np.diag(1 / prior)
        step = np.linalg.solve(curve, own.T @ (outcome - chance) - at / prior)
        at = at + step * min(1.0, 3.0 / max(float(np.abs(own @ step).max(initial=0.0)), 1e-12))
        if np.abs(step).max() < 1e-5:
            break
    return at, np.asarray(np.linalg.inv(curve), dtype=np.float64)
