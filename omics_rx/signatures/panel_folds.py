"""Nested cross-validation of few-marker classifiers: markers ranked once a split, whatever the classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import one_thread, rng, subseed
from omics_rx.metrics import classification
from omics_rx.metrics.inputs import numbers
from omics_rx.signatures import classifiers

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]
_LEAST = 10  # samples a class
_INNER = 3


def aligned(profiles: Mapping[str, pd.DataFrame], outcome: pd.Series) -> tuple[dict[str, Floats], Bools, pd.Index]:
    """Values of the samples that have a class and every profile, samples and markers in the order of their names."""
    _check(profiles, outcome)
    samples = outcome.dropna().index
    for frame in profiles.values():
        samples = samples.intersection(frame.index[frame.notna().any(axis=1)])
    samples = samples.sort_values()
    if not len(samples):
        raise InputError(f"no sample has a class and every profile ({examples(profiles)}): do the names match?")
    known = pd.Series(numbers(outcome[samples], "classes"), index=samples)
    if not known.isin((0.0, 1.0)).all():
        raise InputError(
            f"the classes are {examples(sorted(set(known)))}: code the one looked for as 1, the other as 0"
        )
    counts = [int((known == side).sum()) for side in (1, 0)]
    if min(counts) < _LEAST:
        raise InputError(
            f"{counts[0]} samples of class 1 and {counts[1]} of class 0 have every profile ({examples(profiles)}): "
            f"{_LEAST} or more of each are needed"
        )
    values = {
        name: by_name(frame).loc[samples].to_numpy(dtype=np.float64, na_value=np.nan)
        for name, frame in profiles.items()
    }
    for name, found in values.items():
        if np.isinf(found).any():
            raise InputError(
                f"{int(np.isinf(found).sum())} values of {name} are infinite: mend them, or leave them out"
            )
    return values, known.to_numpy().astype(bool), samples


def _check(profiles: Mapping[str, pd.DataFrame], outcome: pd.Series) -> None:
    """Frames of numbers and a Series, in which each sample has one name: rows would shift against classes."""
    if not isinstance(outcome, pd.Series) or not isinstance(profiles, Mapping) or not profiles:
        raise InputError("give profiles by name and the classes as a Series, both by sample")
    for name, table in {**profiles, "classes": outcome}.items():
        if not isinstance(table, pd.DataFrame | pd.Series):
            raise InputError(f"{name} is not a frame: give samples x markers")
        texts = [column for column in getattr(table, "columns", ()) if not pd.api.types.is_numeric_dtype(table[column])]
        if texts:
            raise InputError(f"{len(texts)} markers of {name} are no numbers ({examples(texts)}): leave them out")
        twice = table.index[table.index.duplicated()].unique()
        if len(twice):
            raise InputError(f"{len(twice)} samples are named more than once in {name} ({examples(twice)})")


def by_name(frame: pd.DataFrame) -> pd.DataFrame:
    """Markers in the order of their names, so that of equally strong ones the same is taken however they stand."""
    return frame.iloc[:, np.argsort(frame.columns.astype(str), kind="stable")]


def folds(truth: Bools, n_folds: int, seed: int) -> Ints:
    """Fold of each sample, ``(n,)``, both classes dealt out evenly."""
    fold, start = np.empty(truth.size, dtype=np.intp), 0
    for side in (True, False):
        rows = rng(seed, "panel folds", side).permutation(np.flatnonzero(truth == side))
        fold[rows] = (start + np.arange(rows.size)) % n_folds
        start += rows.size
    return fold


@dataclass(frozen=True, eq=False)
class Part:
    """A training and a held-back part of some samples, the markers ranked on the training part alone.

    Attributes
    ----------
    ranked
        Positions of the strongest markers, strongest first.
    learnt, held
        Samples x ranked markers, filled and scaled as the training part says.
    truth, outcome
        Classes of the samples learnt from and of those held back.
    """

    ranked: Ints
    learnt: Floats
    held: Floats
    truth: Bools
    outcome: Bools

    @classmethod
    def of(cls, X: Floats, truth: Bools, rows: tuple[Ints, Ints], *, most: int) -> Part:
        """Rank the markers on the first rows and keep the ``most`` strongest; the second rows are held back."""
        seen, held = rows
        ranked = classifiers.Strongest(most).fit(X[seen], truth[seen]).kept_
        prepared = classifiers.preparation()
        # neighbours and cuts are found by comparing: values whose last digits differ must compare as equal
        learnt = prepared.fit_transform(X[np.ix_(seen, ranked)]).round(9)
        return cls(ranked, learnt, prepared.transform(X[np.ix_(held, ranked)]).round(9), truth[seen], truth[held])

    def applied(self, algorithm: str, size: int, *, seed: int) -> tuple[Bools, Floats]:
        """Calls and scores of the held-back samples by a classifier of the ``size`` strongest markers."""
        model = classifiers.bare(algorithm, seed=seed).fit(self.learnt[:, :size], self.truth)
        held = self.held[:, :size]
        return np.asarray(model.predict(held)).astype(bool), classifiers.scores_of(model, held)


def nested(
    X: Floats, truth: Bools, seed: int, *, algorithms: Sequence[str], sizes: Sequence[int], n_folds: int
) -> list[dict[str, Any]]:
    """Figures of several classifiers on one profile; a failure has no figures and says why."""
    usable = sorted({min(size, X.shape[1]) for size in sizes})
    outer, inner = _splits(X, truth, n_folds=n_folds, most=usable[-1], seed=seed, choose=len(usable) > 1)
    fold, found = folds(truth, n_folds, seed), []
    for algorithm in algorithms:
        try:
            with one_thread():
                found.append(_figures(algorithm, truth, fold, outer, inner, usable, seed=seed))
        except (ValueError, FloatingPointError, np.linalg.LinAlgError) as error:
            blank = {"mcc": np.nan, "auc": np.nan, "size": np.nan, "chosen": {}}
            found.append(blank | {"reason": f"{type(error).__name__}: {error}"})
    return found


def _splits(
    X: Floats, truth: Bools, *, n_folds: int, most: int, seed: int, choose: bool
) -> tuple[list[Part], list[list[Part]]]:
    """Outer parts, and the inner parts of each by which the number of markers is chosen."""
    fold = folds(truth, n_folds, seed)
    outer, inner = [], []
    for number in range(n_folds):
        seen, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        outer.append(Part.of(X, truth, (seen, held), most=most))
        second = folds(truth[seen], _INNER, subseed(seed, "inner", number))
        within = [(seen[second != at], seen[second == at]) for at in range(_INNER if choose else 0)]
        inner.append([Part.of(X, truth, rows, most=most) for rows in within])
    return outer, inner


def _figures(
    algorithm: str, truth: Bools, fold: Ints, outer: Sequence[Part], inner: Sequence[Sequence[Part]],
    sizes: Sequence[int], *, seed: int,
) -> dict[str, Any]:  # fmt: skip
    called, aucs, taken, chosen = np.zeros(truth.size, dtype=bool), [], [], dict[int, int]()
    for number, (part, within) in enumerate(zip(outer, inner, strict=True)):
        size = _best_size(algorithm, within, sizes, seed=seed)
        called[fold == number], score = part.applied(algorithm, size, seed=seed)
        aucs.append(classification.auc(part.outcome, score))
        taken.append(size)
        for column in part.ranked[:size].tolist():
            chosen[column] = chosen.get(column, 0) + 1
    mcc = classification.mcc(truth, called)
    return {"mcc": mcc, "auc": float(np.mean(aucs)), "size": float(np.median(taken)), "chosen": chosen, "reason": ""}


def _best_size(algorithm: str, parts: Sequence[Part], sizes: Sequence[int], *, seed: int) -> int:
    """Number of markers with the best MCC over the inner folds; the smaller one at a tie."""
    if len(sizes) == 1:
        return sizes[0]
    truth = np.concatenate([part.outcome for part in parts])
    found = []
    for size in sizes:
        called = np.concatenate([part.applied(algorithm, size, seed=seed)[0] for part in parts])
        found.append(classification.mcc(truth, called))
    return sizes[int(np.argmax(np.round(found, 9)))]
