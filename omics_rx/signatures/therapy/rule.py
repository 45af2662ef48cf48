"""What a rule of treatment is worth: the share who would respond if each patient had the arm that it names.

Arms are assigned within kinds of patients, so all is weighted by how often patients of her kind had an arm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.metrics import small

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]
RULE, GROUP, OBSERVED, CONTROL = "rule", "best arm by group", "arms as given", "control"
MIN_CELL = 5  # patients of a kind who had an arm, below which no rule names it for that kind
VALUES = ["policy", "n", "agree", "value", "lower", "upper", "robust", "robust_lower", "robust_upper"]
GAINS = ["policy", "against", "difference", "lower", "upper", "robust", "robust_lower", "robust_upper", "p_value"]
_BOOT = 1000
_PRIOR = 4.0  # patients that the share of a kind is worth beside an arm's own


@dataclass(frozen=True, eq=False)
class Rule:
    """The worth of a rule, beside other ways to choose an arm.

    Attributes
    ----------
    table
        A row a policy: ``policy``, ``n``, ``agree`` (patients who had the arm it names, mean over repeats), ``value``
        (share who would respond, by inverse probability within group) with ``lower``, ``upper`` (95%, resampled
        patients), and ``robust``, the same doubly robust.
    gains
        The rule less each other policy on the same patients, with 95% intervals and the p of the doubly robust gain.
        Patients are resampled, folds and choices stay as they are, so both are hopeful: of rules that know nothing a
        tenth has a p below .05.
    arms
        Each patient's ``group``, ``given`` arm, ``outcome``, the arm ``named`` in most repeats and its mean ``chance``;
        without one where patients of her kind had too few arms.
    named
        How often the rule names each arm, arms x groups.
    limits
        What a reader must know.
    """

    table: pd.DataFrame = field(repr=False)
    gains: pd.DataFrame = field(repr=False)
    arms: pd.DataFrame = field(repr=False)
    named: pd.DataFrame = field(repr=False)
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Record:
    """What is needed to judge rules.

    Attributes
    ----------
    patients
        ``group``, ``arm``, ``outcome`` (bool), a row a patient.
    arms, groups
        Names; the control is the first arm.
    fold
        Fold of each patient, ``(repeats, n)``.
    chances
        Chance of each under each arm by models made without her, ``(repeats, n, n_arms)``.
    """

    patients: pd.DataFrame
    arms: tuple[str, ...]
    groups: tuple[str, ...]
    fold: Ints
    chances: Floats

    @cached_property
    def arm(self) -> Ints:
        """Number of the arm of each patient."""
        return np.asarray(pd.Categorical(self.patients["arm"], categories=list(self.arms)).codes, dtype=np.intp)

    @cached_property
    def group(self) -> Ints:
        """Number of the group of each patient."""
        return np.asarray(pd.Categorical(self.patients["group"], categories=list(self.groups)).codes, dtype=np.intp)

    @cached_property
    def outcome(self) -> Floats:
        """1 for a response, ``(n,)``."""
        return self.patients["outcome"].to_numpy(dtype=np.float64)

    def allowed(self) -> Bools:
        """Which arms enough patients of each group had, ``(n_groups, n_arms)``."""
        counts = np.zeros((len(self.groups), len(self.arms)))
        np.add.at(counts, (self.group, self.arm), 1)
        return counts >= MIN_CELL


def judge(record: Record, *, by: Mapping[str, pd.Series] | None = None, seed: int = 0) -> Rule:
    """Judge the rule that names the arm of the best chance, beside the best arm of each group and of other classes.

    Parameters
    ----------
    record
        Patients, and what models made without them say.
    by
        Name to a class of each patient, such as published response subtypes: the best arm of each class among those
        that her group allows, learnt on other patients.
    seed
        Of the resampled patients.

    References
    ----------
    Qian and Murphy, Ann Stat 2011, 39:1180 (value of a rule); Zhang et al., Biometrics 2012, 68:1010 (doubly robust).
    """
    allowed = record.allowed()
    open_to = allowed[record.group]
    judged = open_to.sum(axis=1) > 1
    if not judged.any():
        raise InputError(f"no group had two arms of {MIN_CELL} patients or more: there is no choice of an arm to judge")
    policies = {RULE: _best(record.chances, open_to), GROUP: _by_class(record, record.patients["group"], open_to)}
    for name, classes in (by or {}).items():
        policies[name] = _by_class(record, classes.reindex(record.patients.index), open_to)
    weights = _resampled(record, judged, seed=seed)
    drawn = {name: _values(record, chosen, judged, weights) for name, chosen in policies.items()}
    rows = [_row(name, record, policies[name], judged, own) for name, own in drawn.items()]
    rows += _observed(record, judged, weights)
    gains = [_gain(RULE, other, drawn[RULE], drawn[other], int(judged.sum())) for other in drawn if other != RULE]
    arms, named = _named(record, policies[RULE], judged)
    return Rule(
        pd.DataFrame(rows, columns=VALUES), pd.DataFrame(gains, columns=GAINS), arms, named,
        tuple(_limits(record, allowed, judged)),
    )  # fmt: skip


def _best(chances: Floats, open_to: Bools) -> Ints:
    """Arm of the best chance among those open to each patient, ``(repeats, n)``."""
    return np.asarray(np.where(open_to[None], chances, -np.inf).argmax(axis=2), dtype=np.intp)


def _by_class(record: Record, classes: pd.Series, open_to: Bools) -> Ints:
    """Arm whose patients of her class responded most in the other folds, drawn towards the share of the class."""
    codes = np.asarray(pd.Categorical(classes).codes, dtype=np.intp)
    k = int(codes.max()) + 2
    codes = np.where(codes < 0, k - 1, codes)  # without a class: one of its own
    chosen = np.zeros(record.fold.shape, dtype=np.intp)
    for repeat, fold in enumerate(record.fold):
        for number in np.unique(fold):
            rows = fold != number
            count, hits = np.zeros((k, len(record.arms))), np.zeros((k, len(record.arms)))
            np.add.at(count, (codes[rows], record.arm[rows]), 1)
            np.add.at(hits, (codes[rows], record.arm[rows]), record.outcome[rows])
            total = count.sum(axis=1, keepdims=True)
            share = np.where(total > 0, hits.sum(axis=1, keepdims=True) / np.maximum(total, 1), 0.0)
            shrunk = (hits + _PRIOR * share) / (count + _PRIOR)
            held = fold == number
            chosen[repeat, held] = np.where(open_to[held], shrunk[codes[held]], -np.inf).argmax(axis=1)
    return chosen


def _resampled(record: Record, judged: Bools, *, seed: int) -> Floats:
    """How often each patient is drawn, the first row once each, ``(1 + draws, n)``; groups keep their size."""
    random = rng(seed, "worth of a rule")
    weights = np.zeros((1 + _BOOT, len(judged)))
    weights[0] = judged
    for number in range(len(record.groups)):
        rows = np.flatnonzero((record.group == number) & judged)
        if rows.size:
            weights[1:, rows] = random.multinomial(rows.size, np.full(rows.size, 1 / rows.size), size=_BOOT)
    return weights


def _values(record: Record, chosen: Ints, judged: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """Value by inverse probability and doubly robust, mean over repeats, of each resample, ``(draws,)``."""
    plain, robust = np.zeros(len(weights)), np.zeros(len(weights))
    for repeat, own in enumerate(chosen):
        one, two = _value(record, own, record.chances[repeat], judged, weights)
        plain += one / len(chosen)
        robust += two / len(chosen)
    return plain, robust


def _value(record: Record, own: Ints, chances: Floats, judged: Bools, weights: Floats) -> tuple[Floats, Floats]:
    n = weights[0].sum()
    plain, robust = np.zeros(len(weights)), np.zeros(len(weights))
    agree, foretold = record.arm == own, chances[np.arange(len(own)), own]
    for number in range(len(record.groups)):
        rows = np.flatnonzero((record.group == number) & judged)
        if not rows.size:
            continue
        w, y, m = weights[:, rows], record.outcome[rows], foretold[rows]
        inverse = np.zeros_like(w)
        for arm in np.unique(own[rows]):
            had = record.arm[rows] == arm
            share = w[:, had].sum(axis=1) / rows.size
            inverse[:, had] = np.divide(1.0, share, out=np.zeros_like(share), where=share > 0)[:, None]
        hit = w * agree[rows] * inverse
        total = hit.sum(axis=1)
        foretells = w @ m / rows.size
        # where no drawn patient had a named arm, what the model says is all there is
        mean = np.divide(hit @ y, total, out=foretells.copy(), where=total > 0)
        plain += mean * rows.size / n
        robust += (foretells + (hit @ (y - m)) / rows.size) * rows.size / n
    return plain, robust


def _row(
    name: str, record: Record, chosen: Ints, judged: Bools, drawn: tuple[Floats, Floats]
) -> dict[str, object]:  # fmt: skip
    agree = float(((chosen == record.arm[None]) & judged[None]).sum(axis=1).mean())
    n = int(judged.sum())
    (lower, upper), (low, high) = (small.percentiles(own[1:], max(round(agree), 2)) for own in drawn)
    return dict(zip(VALUES, (name, n, agree, drawn[0][0], lower, upper, drawn[1][0], low, high), strict=True))


def _observed(record: Record, judged: Bools, weights: Floats) -> list[dict[str, object]]:
    """Share of responders among the arms as given, and under the control of each group that had one."""
    n = int(judged.sum())
    shares = weights @ record.outcome / n
    lower, upper = small.percentiles(shares[1:], n)
    rows: list[dict[str, object]] = [
        dict(zip(VALUES, (OBSERVED, n, float(n), shares[0], lower, upper, *[np.nan] * 3), strict=True))
    ]
    covered = record.allowed()[:, 0]
    if covered[np.unique(record.group[judged])].all():
        own = np.zeros(record.fold.shape, dtype=np.intp)
        rows.append(_row(CONTROL, record, own, judged, _values(record, own, judged, weights)))
    return rows


def _gain(one: str, two: str, first: tuple[Floats, Floats], second: tuple[Floats, Floats], n: int) -> dict[str, object]:
    plain, robust = first[0] - second[0], first[1] - second[1]
    (lower, upper), (low, high) = (small.percentiles(own[1:], n) for own in (plain, robust))
    p = small.tail_p(robust[1:], n) if np.ptp(robust) > 0 else 1.0
    return dict(zip(GAINS, (one, two, plain[0], lower, upper, robust[0], low, high, p), strict=True))


def _named(record: Record, chosen: Ints, judged: Bools) -> tuple[pd.DataFrame, pd.DataFrame]:
    votes = np.array([(chosen == number).sum(axis=0) for number in range(len(record.arms))])
    most = votes.argmax(axis=0)
    names = pd.Series(np.array(record.arms)[most], index=record.patients.index, dtype=object)
    chance = record.chances.mean(axis=0)[np.arange(len(most)), most]
    arms = pd.DataFrame(
        {
            "group": record.patients["group"], "given": record.patients["arm"],
            "outcome": record.patients["outcome"], "named": names.where(judged, None),
            "chance": np.where(judged, chance, np.nan),
        }
    )  # fmt: skip
    counts = pd.crosstab(arms["named"], arms["group"])
    return arms, counts.reindex(index=list(record.arms), columns=list(record.groups), fill_value=0)


def _limits(record: Record, allowed: Bools, judged: Bools) -> list[str]:
    told = []
    counts = np.zeros((len(record.arms), len(record.groups)), dtype=int)
    np.add.at(counts, (record.arm, record.group), 1)
    named = [
        (arm, group, int(counts[i, j])) for i, arm in enumerate(record.arms) for j, group in enumerate(record.groups)
    ]
    rare = [f"{arm} in {group} ({n})" for arm, group, n in named if 0 < n < MIN_CELL]
    if rare:
        told.append(f"The rule names no arm that fewer than {MIN_CELL} patients of a kind had: {', '.join(rare[:8])}.")
    lacking = {arm: [group for one, group, n in named if one == arm and not n] for arm in record.arms}
    never = [f"{arm} ({', '.join(groups)})" for arm, groups in lacking.items() if groups]
    if never:
        told.append(f"Nothing is said of arms for kinds of patients who never had them: {'; '.join(never[:10])}.")
    alone = [name for number, name in enumerate(record.groups) if allowed[number].sum() < 2]
    if alone:
        told.append(f"{int((~judged).sum())} patients of {', '.join(alone)} had no choice of arms and were not judged.")
    told.append(
        "The value of the best arm is that of arms chosen on the same trial: it holds for patients like these, under "
        "arms as they were given here."
    )
    return told
