"""Models of a yes-or-no outcome: a ridge that is saved, and several classifiers joined early and late beside it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from omics_rx.core.work import rng, subseed
from omics_rx.metrics import classification
from omics_rx.signatures import classifiers
from omics_rx.signatures.therapy.encoding import Encoder

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]
LEARNERS = ("ridge", "elastic_net", "random_forest", "svm_radial")
FUSIONS = ("early", "late", "both")
_PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3)  # C of the ridge that is saved
_INNER = 5
_CLEARLY = (
    0.01  # of the area under the curve: one classifier, or one way to join, has to be that much better than the mean
)
_SLOW = ("random_forest", "extra_trees", "gradient_boosting", "adaboost")  # left out of the blocks of a modality
_MOST = 4.0  # log odds: no patient is surer than 98%


@dataclass(frozen=True, eq=False)
class Data:
    """Patients to learn from or to judge, over the features of the study.

    Attributes
    ----------
    table
        Patients x features.
    outcome, cohort
        Of each patient, ``(n,)``.
    kinds, modality, column
        Of each feature.
    """

    table: pd.DataFrame = field(repr=False)
    outcome: Bools
    cohort: NDArray[np.str_]
    kinds: Mapping[str, str]
    modality: Mapping[str, str]
    column: Mapping[str, str]

    def rows(self, keep: Bools | Ints) -> Data:
        """Keep some patients."""
        return Data(
            self.table.iloc[np.flatnonzero(keep) if keep.dtype == bool else keep], self.outcome[keep],
            self.cohort[keep], self.kinds, self.modality, self.column,
        )  # fmt: skip

    def only(self, modalities: Sequence[str]) -> Data:
        """Keep some kinds of measurement."""
        kinds = {name: kind for name, kind in self.kinds.items() if self.modality[name] in modalities}
        return Data(self.table[list(kinds)], self.outcome, self.cohort, kinds, self.modality, self.column)

    def dealt(self, seed: int) -> Data:
        """Deal the outcomes anew among the patients of each cohort."""
        dealt = self.outcome.copy()
        for name in np.unique(self.cohort):
            rows = np.flatnonzero(self.cohort == name)
            dealt[rows] = rng(seed, "dealt outcome", name).permutation(self.outcome[rows])
        return Data(self.table, dealt, self.cohort, self.kinds, self.modality, self.column)

    def folds(self, n_folds: int, *, seed: int) -> Ints:
        """Fold of each patient, balanced over cohort and outcome, whatever the order of the patients."""
        names = np.array([f"{c}/{p}" for c, p in zip(self.cohort, self.table.index, strict=True)])
        fold, start = np.empty(len(names), dtype=np.intp), 0
        for cohort in np.unique(self.cohort):
            for side in (True, False):
                rows = np.flatnonzero((self.cohort == cohort) & (self.outcome == side))
                dealt = rng(seed, "folds", cohort, side).permutation(rows[np.argsort(names[rows], kind="stable")])
                fold[dealt] = (start + np.arange(dealt.size)) % n_folds
                start += dealt.size
        return fold

    def encoder(self) -> Encoder:
        """Learn the encoder of these patients."""
        return Encoder.learn(self.table, self.outcome, kinds=self.kinds, modality=self.modality, column=self.column)


def platt(score: Floats, outcome: Bools, *, prior: float = 4.0) -> tuple[float, float]:
    """Slope and intercept that turn a held-back score into log odds; the slope is never negative.

    A weak pull of the slope towards 1 a standard deviation keeps it finite where a score separates the classes.
    """
    from scipy.optimize import minimize

    centre, spread = float(score.mean()), float(score.std())
    spread = spread if spread > 1e-12 else 1.0
    z, y = (score - centre) / spread, outcome.astype(np.float64)

    def loss(at: Floats) -> tuple[float, Floats]:
        slope, level = at
        ahead = slope * z + level
        gap = expit(ahead) - y
        value = float(np.logaddexp(0, ahead).sum() - (y * ahead).sum() + slope**2 / prior / 2)
        return value, np.array([gap @ z + slope / prior, gap.sum()])

    start = np.array([0.5, float(logit(np.clip(y.mean(), 0.01, 0.99)))])
    found = minimize(loss, start, jac=True, bounds=[(0.0, None), (None, None)], method="L-BFGS-B").x
    return float(found[0] / spread), float(found[1] - found[0] * centre / spread)


@dataclass(frozen=True, eq=False)
class _Inner:
    """Patients encoded by all of them, ``z``, and for each inner fold by those outside it.

    A part holds its encoder, the patients learnt from and their outcome, and the patients held back.
    """

    encoder: Encoder
    z: Floats
    outcome: Bools
    fold: Ints
    parts: tuple[tuple[Encoder, Floats, Bools, Floats], ...]

    @classmethod
    def of(cls, data: Data, *, seed: int) -> _Inner:
        fold = data.folds(_INNER, seed=seed)
        encoder = data.encoder()
        parts = []
        for number in range(_INNER):
            part, rest = data.rows(fold != number), data.rows(fold == number)
            own = part.encoder()
            parts.append((own, own.apply(part.table)[0], part.outcome, own.apply(rest.table)[0]))
        return cls(encoder, encoder.apply(data.table)[0], data.outcome, fold, tuple(parts))


@dataclass(frozen=True, eq=False)
class Linear:
    """A ridge logistic model: log odds = ``intercept + z @ weights``, after calibration by held-back patients."""

    encoder: Encoder
    weights: Floats
    intercept: float
    penalty: float
    held: Floats = field(default_factory=lambda: np.empty(0), repr=False)  # of its own patients, each without herself

    def log_odds(self, data: Data) -> Floats:
        """Log odds of patients, ``(n,)``."""
        return np.asarray(self.intercept + self.encoder.apply(data.table)[0] @ self.weights)


def linear(data: Data, *, seed: int) -> Linear:
    """Fit the model that is saved: the mean of a ridge over all columns and of a stack of ridges, one a modality.

    Both are linear, and so is their mean. Penalties, the weights of the stack and the calibration are those of
    cross-validation inside the given patients.
    """
    inner = _Inner.of(data, seed=subseed(seed, "ridge"))
    whole = _ridge_of(None, inner)
    names = inner.encoder.modalities
    blocks = [_ridge_of(name, inner) for name in names] if len(names) > 1 else [whole]
    held = np.column_stack([block.held for block in blocks])
    shares, level = _stack(held, data.outcome)
    mean = (whole.held + _held_stack(held, inner.fold, data.outcome)) / 2
    slope, start = platt(mean, data.outcome)
    weights, intercept = whole.weights / 2, (whole.intercept + level) / 2
    for share, block in zip(shares, blocks, strict=True):
        weights = weights + share * block.weights / 2
        intercept += share * block.intercept / 2
    return Linear(
        inner.encoder, slope * weights, start + slope * intercept, whole.penalty, start + slope * mean
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Ridge:
    """A ridge over some columns, its weights on all of them, ``(q,)``, and its held-back log odds, ``(n,)``."""

    weights: Floats
    intercept: float
    penalty: float
    held: Floats


def _ridge_of(modality: str | None, inner: _Inner) -> _Ridge:
    z, outcome = inner.z, inner.outcome
    held = np.zeros((len(_PENALTIES), outcome.size))
    for number, (own, learnt, truth, target) in enumerate(inner.parts):
        at = _columns(own, modality)
        start = None
        for row, penalty in enumerate(_PENALTIES):
            start = _ridge(learnt[:, at], truth, penalty, start=start)
            held[row, inner.fold == number] = start[0] + target[:, at] @ start[1:]
    losses = (np.logaddexp(0, held) - outcome * held).mean(axis=1)
    best = int(np.argmin(losses.round(9)))
    at = _columns(inner.encoder, modality)
    found = _ridge(z[:, at], outcome, _PENALTIES[best])
    weights = np.zeros(z.shape[1])
    weights[at] = found[1:]
    return _Ridge(weights, float(found[0]), _PENALTIES[best], held[best])


def _ridge(z: Floats, outcome: Bools, penalty: float, *, start: Floats | None = None) -> Floats:
    """Intercept and weights that minimise ``penalty * loss + |weights|^2 / 2``, by Newton's steps: ``(q + 1,)``."""
    design = np.column_stack([np.ones(len(z)), z])
    prior = np.append(0.0, np.full(z.shape[1], 1 / penalty))
    at = np.append(logit(outcome.mean()), np.zeros(z.shape[1])) if start is None else start
    for _ in range(50):
        chance = expit(design @ at)
        slope = design.T @ (outcome - chance) - prior * at
        curve = design.T @ (design * (chance * (1 - chance))[:, None]) + np.diag(prior)
        curve[0, 0] += 1e-9
        step = np.linalg.solve(curve, slope)
        at = at + step * min(1.0, 3.0 / max(float(np.abs(design @ step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(at)


@dataclass(frozen=True, eq=False)
class Block:
    """Several classifiers of the same columns, each turned into log odds by its held-back scores, and their choice.

    Attributes
    ----------
    columns
        Of the encoded ones.
    members
        Classifier, slope and intercept of its calibration.
    held
        Log odds of the training patients, each by classifiers made without the patient, ``(n,)``.
    chosen
        Names of the members.
    """

    columns: Ints
    members: tuple[tuple[Any, float, float], ...]
    held: Floats
    chosen: tuple[str, ...]

    def log_odds(self, z: Floats) -> Floats:
        """Mean log odds of patients over all encoded columns, ``(n,)``."""
        own = z[:, self.columns].round(9)
        found = [slope * classifiers.scores_of(model, own) + level for model, slope, level in self.members]
        clipped: Floats = np.clip(np.mean(found, axis=0), -_MOST, _MOST)
        return clipped


@dataclass(frozen=True, eq=False)
class Fused:
    """Early fusion (all columns together), late fusion (a stack over one block a modality), or the mean of both."""

    encoder: Encoder
    early: Block
    late: tuple[tuple[str, Block, float], ...]
    late_level: float
    choice: str
    slope: float
    level: float

    def parts(self, data: Data) -> dict[str, Floats]:
        """Log odds by each way of joining, and by the chosen one under ``full model``."""
        z = self.encoder.apply(data.table)[0]
        early = self.early.log_odds(z)
        late = self.late_level + sum((weight * block.log_odds(z) for _, block, weight in self.late), np.zeros(len(z)))
        found = {"early": early, "late": late, "both": (early + late) / 2}
        found["full model"] = self.slope * found[self.choice] + self.level
        return found


def fused(data: Data, *, learners: Sequence[str], fusion: str, seed: int) -> Fused:
    """Fit the classifiers on all columns and on each modality, and choose how to join them by held-back patients."""
    inner = _Inner.of(data, seed=subseed(seed, "blocks"))
    early = _block(None, inner, learners=learners, seed=seed)
    names = inner.encoder.modalities
    late = [("all", early)]
    if len(names) > 1 and fusion != "early":
        quick = [name for name in learners if name not in _SLOW] or list(learners)
        late = [(name, _block(name, inner, learners=quick, seed=seed)) for name in names]
    held = np.column_stack([block.held for _, block in late])
    weights, level = _stack(held, data.outcome)
    stacked = _held_stack(held, inner.fold, data.outcome)
    options = {"early": early.held, "late": stacked, "both": (early.held + stacked) / 2}
    choice = fusion
    if fusion == "both":  # the mean, unless one alone is clearly better by held-back patients
        areas = {name: classification.auc(data.outcome, own) for name, own in options.items()}
        choice = max(options, key=lambda name: areas[name] + (_CLEARLY if name == "both" else 0.0))
    slope, start = platt(options[choice], data.outcome)
    blocks = tuple((name, block, weight) for (name, block), weight in zip(late, weights.tolist(), strict=True))
    return Fused(inner.encoder, early, blocks, level, choice, slope, start)


def _block(modality: str | None, inner: _Inner, *, learners: Sequence[str], seed: int) -> Block:
    """Classifiers of one modality, or of all; the better of the best one and the mean of all is kept.

    Columns are rounded, so that last digits decide no split of a tree.
    """
    outcome = inner.outcome
    held = np.zeros((len(learners), outcome.size))
    level = float(logit(np.clip(outcome.mean(), 0.01, 0.99)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of solvers about last digits; what they reached is judged by held-back ones
        for number, (own, learnt, truth, target) in enumerate(inner.parts):
            at = _columns(own, modality)
            seen, new = learnt[:, at].round(9), target[:, at].round(9)
            for row, name in enumerate(learners):
                if at.size:
                    model = classifiers.bare(name, seed=subseed(seed, name)).fit(seen, truth)
                    held[row, inner.fold == number] = classifiers.scores_of(model, new)
        columns = _columns(inner.encoder, modality)
        z = inner.z[:, columns].round(9)
        calibrated = [platt(own, outcome) for own in held]
        odds = np.array([np.clip(a * own + b, -_MOST, _MOST) for own, (a, b) in zip(held, calibrated, strict=True)])
        areas = [classification.auc(outcome, own) for own in odds]
        mean = classification.auc(outcome, odds.mean(axis=0))
        best = int(np.argmax(np.round(areas, 9)))
        kept = [best] if areas[best] > mean + _CLEARLY else list(range(len(learners)))
        models = [
            (classifiers.bare(learners[row], seed=subseed(seed, learners[row])).fit(z, outcome),
             *calibrated[row])
            for row in kept
        ] if columns.size else [(_Level(), 0.0, level)]  # fmt: skip
    return Block(columns, tuple(models), odds[kept].mean(axis=0), tuple(learners[row] for row in kept))


class _Level:
    """A classifier of no columns: the same score for everybody."""

    def decision_function(self, X: Floats) -> Floats:
        """Return 0 for each row."""
        return np.zeros(len(X))


def _columns(encoder: Encoder, modality: str | None) -> Ints:
    return np.arange(len(encoder.columns)) if modality is None else np.flatnonzero(encoder.modality == modality)


def _stack(held: Floats, outcome: Bools) -> tuple[Floats, float]:
    """Weights of the modalities, none negative, and a level, by held-back log odds ``(n, k)``.

    A pull towards equal shares keeps them small.
    """
    from scipy.optimize import minimize

    y, k = outcome.astype(np.float64), held.shape[1]

    def loss(at: Floats) -> tuple[float, Floats]:
        ahead = held @ at[:k] + at[k]
        gap, off = expit(ahead) - y, at[:k] - 1 / k
        value = float(np.logaddexp(0, ahead).sum() - (y * ahead).sum() + 2 * (off**2).sum())
        return value, np.append(held.T @ gap + 4 * off, gap.sum())

    start = np.append(np.full(k, 1 / k), 0.0)
    found = minimize(loss, start, jac=True, bounds=[(0.0, None)] * k + [(None, None)], method="L-BFGS-B").x
    return np.asarray(found[:k]), float(found[k])


def _held_stack(held: Floats, fold: Ints, outcome: Bools) -> Floats:
    """Log odds by stacks made without the patient: a stack that saw the outcome would win by it, ``(n,)``."""
    found = np.zeros(fold.size)
    for number in range(_INNER):
        weights, level = _stack(held[fold != number], outcome[fold != number])
        found[fold == number] = level + held[fold == number] @ weights
    return found


@dataclass(frozen=True, eq=False)
class Plain:
    """A plain logistic regression and a plain random forest, to be beaten; over no columns a share of responders."""

    encoder: Encoder
    models: tuple[Any, ...]
    share: float

    def chance(self, data: Data) -> Floats:
        """Mean chance of patients, ``(n,)``."""
        z = self.encoder.apply(data.table)[0]
        found = [model.predict_proba(z)[:, 1] for model in self.models] or [np.full(len(z), self.share)]
        return np.asarray(np.mean(found, axis=0))


def plain(data: Data, *, seed: int) -> Plain:
    """Fit the plain models on the columns as they are scaled and filled for the others."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    encoder = data.encoder()
    z = encoder.apply(data.table)[0]
    models = (LogisticRegression(max_iter=5000), RandomForestClassifier(100, random_state=subseed(seed, "plain")))
    fitted = tuple(model.fit(z, data.outcome) for model in models) if z.shape[1] else ()
    return Plain(encoder, fitted, float(data.outcome.mean()))
