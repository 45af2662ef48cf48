"""A search over a training set: folds x groups of combinations, resumable, then one table of figures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core import cache
from omics_rx.core.errors import InputError, examples
from omics_rx.core.parallel import spread
from omics_rx.core.provenance import versions
from omics_rx.core.work import subseed, track
from omics_rx.metrics import survival
from omics_rx.metrics.survival import Concordance
from omics_rx.signatures.combinations import Combination
from omics_rx.signatures.search_fold import Held, Split, held_back
from omics_rx.signatures.training import TrainingSet

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Key: TypeAlias = tuple[str | int, ...]  # name of a fold: ("outer", 2), ("inner", 2, 0)
_KIND = "signature-search"  # of the cache
OPTIONAL = ("xgboost", "torch")  # packages of learners that not everybody has
TABLE = [
    "combination", "selector", "learner", "n_genes", "concordance", "lower", "upper", "apparent", "optimism",
    "empty_folds", "failure",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Searched:
    """The figures of a search over a training set; fields as in ``SearchResult``."""

    table: pd.DataFrame
    nested: Concordance | None
    choices: pd.DataFrame
    risks: pd.DataFrame
    fold: pd.Series


def searched(
    train: TrainingSet, combinations: Sequence[Combination], *, n_folds: int = 5, n_inner: int = 0, seed: int = 0,
    n_jobs: int | None = None, progress: bool | None = None,
) -> Searched:  # fmt: skip
    """Search over a training set; ``n_inner`` of 0 leaves out the nested search.

    Raises
    ------
    InputError
        If a cohort is too small for the folds, or every combination fails.
    """
    fold = _folds(train, n_folds, seed=seed, name="search")
    splits: dict[Key, Split] = {("outer", number): _split(fold, number) for number in range(n_folds)}
    inner = {}
    for number in range(n_folds if n_inner else 0):
        own = np.flatnonzero(fold != number)
        inner[number] = _folds(train.rows(own), n_inner, seed=seed, name=f"search inner {number}")
        for second in range(n_inner):
            part = _split(inner[number], second)
            splits["inner", number, second] = Split(own[part.learnt], own[part.held])
    done = _run(train, splits, combinations, seed=seed, n_jobs=n_jobs, progress=progress)
    outer = [done["outer", number] for number in range(n_folds)]
    risks = _joined([splits["outer", number] for number in range(n_folds)], outer, train.n)
    table = _table(train, combinations, outer, risks, fold=fold, seed=seed)
    if table["concordance"].isna().all():
        raise InputError(f"all {len(table)} combinations failed: {examples(table['failure'].unique(), 3)}")
    choices, nested = pd.DataFrame(columns=["fold", "combination", "concordance"]), None
    if n_inner:
        parts = {number: [done["inner", number, second] for second in range(n_inner)] for number in inner}
        choices = _choices(train, combinations, parts, fold=fold, inner=inner)
        taken = np.empty(train.n)
        names = [combination.name for combination in combinations]
        for number, name in zip(choices["fold"], choices["combination"], strict=True):
            rows = fold == number
            taken[rows] = risks[rows, names.index(name)]
        failed = ~np.isfinite(taken)
        taken[failed] = 0.0  # chosen inside, failed outside: orders nobody, which costs what it should
        nested = survival.concordance(
            train.time, train.event, taken, strata=_strata(train, fold), cross_validated=True, seed=seed
        )
    return Searched(
        table=table,
        nested=nested,
        choices=choices,
        risks=pd.DataFrame(risks, index=train.samples, columns=[combination.name for combination in combinations]),
        fold=pd.Series(fold, index=train.samples, name="fold"),
    )


def _folds(train: TrainingSet, n_folds: int, *, seed: int, name: str) -> Ints:
    if n_folds < 2:
        raise InputError(f"{n_folds} folds hold nothing back: choose two or more")
    sizes = pd.Series(train.cohort).value_counts()
    if sizes.min() < 2 * n_folds or train.n_events < 2 * n_folds:
        raise InputError(
            f"{sizes.idxmin()} has {sizes.min()} samples, all cohorts {train.n_events} events: {n_folds} folds need "
            f"{2 * n_folds} of each; add cohorts or take fewer folds"
        )
    return train.folds(n_folds, seed=seed, name=name)


def _split(fold: Ints, number: int) -> Split:
    return Split(np.flatnonzero(fold != number), np.flatnonzero(fold == number))


def _strata(train: TrainingSet, fold: Ints) -> NDArray[np.str_]:
    """Cohort and fold of each sample: risks of different models are not compared."""
    return np.char.add(np.char.add(train.cohort, " "), fold.astype(str))


def fingerprint(train: TrainingSet) -> str:
    """SHA-256 of a training set's samples, genes, values and outcome."""
    digest = hashlib.sha256("\x1f".join([*map(str, train.samples), *train.genes, *train.cohort]).encode())
    for values in (train.expression, train.time, train.event):
        digest.update(np.ascontiguousarray(values, dtype=np.float64).tobytes())
    return digest.hexdigest()


def _run(
    train: TrainingSet, splits: Mapping[Key, Split], combinations: Sequence[Combination], *, seed: int,
    n_jobs: int | None, progress: bool | None,
) -> dict[Key, Held]:  # fmt: skip
    """Work through folds x groups of combinations; what the cache holds is not done again."""
    groups: dict[str, list[int]] = {}
    for at, combination in enumerate(combinations):
        groups.setdefault(combination.group, []).append(at)
    data, code = fingerprint(train), [cache.code("signatures", "metrics"), versions(*OPTIONAL)]
    found: dict[Key, dict[str, Held]] = {key: {} for key in splits}
    tasks = []
    for group in sorted(groups, key=lambda name: -len(groups[name])):  # the longest first, so that no job ends alone
        members = [combinations[at] for at in groups[group]]
        for key, split in splits.items():
            names = [combination.name for combination in members]
            rows = [split.learnt.tolist(), split.held.tolist()]
            tasks.append((key, group, members, cache.key(data, code, rows, names, subseed(seed, *key))))
    missing = []
    for key, group, members, entry in tasks:
        folder = cache.held(_KIND, entry)
        if folder is not None:
            found[key][group] = Held.read(folder)
        else:
            missing.append((key, group, members, entry))
    jobs = [(train, splits[key], members, subseed(seed, *key)) for key, _, members, _ in missing]
    results = spread(held_back, jobs, n_jobs=n_jobs)
    for number, held in track(results, "searching", total=len(missing), progress=progress):
        key, group, _, entry = missing[number]
        cache.keep(_KIND, entry, held.write)
        found[key][group] = held
    return {key: _together([(groups[group], held) for group, held in parts.items()]) for key, parts in found.items()}


def _together(parts: Sequence[tuple[list[int], Held]]) -> Held:
    """Groups of combinations side by side, each in its own place."""
    order = np.argsort([at for places, _ in parts for at in places])
    risks = np.concatenate([held.risks for _, held in parts], axis=1)[:, order]
    apparent, n_genes = (
        np.concatenate([getattr(held, name) for _, held in parts])[order] for name in ("apparent", "n_genes")
    )
    failures = [failure for _, held in parts for failure in held.failures]
    return Held(risks, apparent, n_genes, tuple(failures[at] for at in order))


def _joined(splits: Sequence[Split], parts: Sequence[Held], n: int) -> Floats:
    """Held-back risks of all folds, samples x combinations."""
    risks = np.full((n, parts[0].risks.shape[1]), np.nan)
    for split, held in zip(splits, parts, strict=True):
        risks[split.held] = held.risks
    return risks


def _table(
    train: TrainingSet, combinations: Sequence[Combination], parts: Sequence[Held], risks: Floats, *, fold: Ints,
    seed: int,
) -> pd.DataFrame:  # fmt: skip
    strata = _strata(train, fold)
    rows = []
    for at, combination in enumerate(combinations):
        failures = [f"fold {number + 1}: {held.failures[at]}" for number, held in enumerate(parts) if held.failures[at]]
        row = {
            "combination": combination.name, "selector": combination.selector, "learner": combination.learner,
            "n_genes": np.nan, "concordance": np.nan, "lower": np.nan, "upper": np.nan, "apparent": np.nan,
            "optimism": np.nan, "empty_folds": 0, "failure": "; ".join(failures),
        }  # fmt: skip
        if not failures:
            figure = survival.concordance(
                train.time, train.event, risks[:, at], strata=strata, cross_validated=True, seed=seed
            )
            counts = [int(held.n_genes[at]) for held in parts]
            apparent = float(np.mean([held.apparent[at] for held in parts]))
            row |= {
                "n_genes": float(np.median(counts)), "concordance": figure.value, "lower": figure.lower,
                "upper": figure.upper, "apparent": apparent, "optimism": apparent - figure.value,
                "empty_folds": counts.count(0),
            }  # fmt: skip
        rows.append(row)
    table = pd.DataFrame(rows, columns=TABLE)
    return table.sort_values("concordance", ascending=False, kind="stable", na_position="last", ignore_index=True)


def _choices(
    train: TrainingSet, combinations: Sequence[Combination], parts: Mapping[int, Sequence[Held]], *, fold: Ints,
    inner: Mapping[int, Ints],
) -> pd.DataFrame:  # fmt: skip
    """Which combination each outer fold would have taken, judged within its training samples."""
    rows = []
    for number, held in parts.items():
        own = train.rows(fold != number)
        splits = [_split(inner[number], second) for second in range(len(held))]
        risks = _joined(splits, held, own.n)
        whole = np.isfinite(risks).all(axis=0)
        if not whole.any():
            raise InputError(f"every combination failed within fold {number + 1}: {examples(held[0].failures, 3)}")
        figures = survival.concordances(
            own.time, own.event, np.where(whole, risks, 0.0), strata=_strata(own, inner[number])
        )
        best = int(np.argmax(np.where(whole, figures.round(9), -np.inf)))
        rows.append({"fold": number, "combination": combinations[best].name, "concordance": float(figures[best])})
    return pd.DataFrame(rows)
