"""From cohorts to a training set: one language, one endpoint, no patient twice."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import cohort as cohorts
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log
from omics_rx.harmonize.needs import Needs
from omics_rx.harmonize.needs import prepare as prepare_cohort
from omics_rx.signatures.training import TrainingSet, moments

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

MIXED = "mixed"
_MEASURED = 0.8  # share of a cohort's samples that must have a gene
_ENOUGH = 100  # genes from which on profiles are held against each other by their correlation
_FIRST, _TOLD = 200, 5  # genes by which values are compared, and different values among them that are needed
_SAME_PROFILE = 0.9  # correlation above which two expression profiles are one tumour
_SAME_FOLLOW_UP = 0.9  # share of (time, event) pairs two cohorts must have in common to be one cohort


@dataclass(frozen=True, eq=False)
class Member:
    """One cohort made ready: current symbols, samples with follow-up only.

    Attributes
    ----------
    name
        What the study calls it.
    cohort
        AnnData, samples with follow-up x genes.
    endpoint
        Their follow-up.
    without_follow_up
        How many samples were left out for want of it.
    """

    name: str
    cohort: AnnData
    endpoint: cohorts.Endpoint
    without_follow_up: int
    frame: pd.DataFrame = field(repr=False)

    def summary(self) -> dict[str, object]:
        """Size, events, endpoint and unit as plain values."""
        return {
            "name": self.name, "n": len(self.endpoint.samples), "events": self.endpoint.n_events,
            "endpoint": self.endpoint.name, "unit": cohorts.info(self.cohort).unit,
        }  # fmt: skip


def prepare(given: Mapping[str, CohortLike], *, role: str) -> dict[str, Member]:
    """Check cohorts, bring genes to current symbols and keep the samples with follow-up.

    Raises
    ------
    InputError
        If there is none, a name is not text, or a cohort has no usable follow-up.
    """
    if not isinstance(given, Mapping) or not given:
        raise InputError(f'{role} cohorts are given by name, {{"gse1992": cohort}}: at least one is needed')
    return {str(name): _member(str(name), data) for name, data in given.items()}


def _member(name: str, data: CohortLike) -> Member:
    try:
        ready = prepare_cohort(data, Needs(f"training on {name}"))
        cohort = ready.data
        endpoint = cohorts.endpoint(cohort)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    kept = cohort[endpoint.samples]
    return Member(name, kept, endpoint, cohort.n_obs - kept.n_obs, ready.values().loc[endpoint.samples])


def shared_endpoint(members: Mapping[str, Member], endpoint: str | None) -> str:
    """Name the endpoint of a study.

    Raises
    ------
    InputError
        If cohorts record different ones and ``endpoint="mixed"`` was not said, or all record another than told.
    """
    named = {name: member.endpoint.name for name, member in members.items()}
    kinds = sorted({kind for kind in named.values() if kind != "event"})
    told = ", ".join(f"{name} {kind}" for name, kind in named.items())
    if endpoint is None:
        if len(kinds) > 1:
            raise InputError(
                f"the cohorts record different endpoints ({told}): choose cohorts with one, or say "
                f'endpoint="{MIXED}" to train and judge on them together'
            )
        return kinds[0] if kinds else "event"
    if endpoint != MIXED and kinds not in ([], [endpoint]):
        raise InputError(f"endpoint={endpoint!r} was asked for, the cohorts record {told}: leave the others out")
    return endpoint if endpoint != MIXED or len(kinds) != 1 else kinds[0]


def refuse_duplicates(members: Iterable[Member]) -> None:
    """Refuse patients who are in two cohorts, or twice in one.

    Two profiles, each z within its cohort and centred, that correlate above 0.9 over 100 genes or more are taken for
    one tumour, and so are two with the same values in fewer genes, whatever their follow-up. Within a cohort profiles
    that correlate are one tumour where their follow-up is the same. Cohorts whose genes do not match are held against
    each other by their follow-up.

    Raises
    ------
    InputError
        If two cohorts share a tumour, or nearly all their follow-up; if a cohort holds a tumour twice.
    """
    members = list(members)
    for one in members:
        pairs = [(a, b) for a, b in _same_tumours(one, one) if a < b]
        if pairs:
            told = [f"{one.frame.index[a]} = {one.frame.index[b]}" for a, b in pairs]
            raise InputError(
                f"{len(pairs)} tumours are twice in {one.name} by their expression ({examples(told)}): keep one sample "
                "a patient"
            )
    for one, two in itertools.combinations(members, 2):
        if _same_follow_up(one, two):
            raise InputError(
                f"{one.name} and {two.name} have the same follow-up, time for time: they are one cohort under two "
                "names; leave one out"
            )
        pairs = _same_tumours(one, two)
        if pairs:
            told = [f"{one.frame.index[a]} = {two.frame.index[b]}" for a, b in pairs]
            raise InputError(
                f"{len(pairs)} tumours are in both {one.name} and {two.name} ({examples(told)}): leave them out of one"
            )


def _same_tumours(one: Member, two: Member) -> list[tuple[int, int]]:
    """Places of the samples of two cohorts, or of one and the same, that are one tumour."""
    common = one.frame.columns.intersection(two.frame.columns)
    found = set(_same_values(one.frame[common], two.frame[common]))
    if len(common) >= _ENOUGH:
        similar = _profiles(one.frame[common]) @ _profiles(two.frame[common]).T > _SAME_PROFILE
        if one is two:
            time, event = np.round(one.endpoint.time, 2), one.endpoint.event
            similar &= (time[:, None] == time) & (event[:, None] == event)
        found |= set(zip(*(side.tolist() for side in np.nonzero(similar)), strict=True))
    return sorted(found)


def _same_values(one: pd.DataFrame, two: pd.DataFrame) -> list[tuple[int, int]]:
    """Places of rows that hold the same values, rounded to five digits, of which five or more differ."""
    places: dict[bytes, list[int]] = {}
    for at, row in _told_rows(one):
        places.setdefault(row, []).append(at)
    return [(before, at) for at, row in _told_rows(two) for before in places.get(row, ())]


def _told_rows(frame: pd.DataFrame) -> Iterator[tuple[int, bytes]]:
    """Rows that say enough to be told from others, as bytes."""
    for at, row in enumerate(frame.to_numpy(dtype=np.float64)):
        rounded = np.array([float(f"{value:.4e}") for value in row[:_FIRST]]) + 0.0
        if np.unique(rounded[np.isfinite(rounded)]).size >= _TOLD:
            yield at, rounded.tobytes()


def _profiles(frame: pd.DataFrame) -> np.ndarray:
    values = frame.to_numpy()
    mean, sd = moments(values)
    z = np.nan_to_num((values - mean) / sd, nan=0.0)
    z -= z.mean(axis=1, keepdims=True)
    length = np.sqrt((z**2).sum(axis=1, keepdims=True))
    return np.asarray(z / np.maximum(length, 1e-300))


def _same_follow_up(one: Member, two: Member) -> bool:
    counts = [
        Counter(zip(np.round(member.endpoint.time, 2).tolist(), member.endpoint.event.tolist(), strict=True))
        for member in (one, two)
    ]
    smaller = min(len(one.endpoint.samples), len(two.endpoint.samples))
    return smaller >= 10 and sum((counts[0] & counts[1]).values()) > _SAME_FOLLOW_UP * smaller


def training_set(
    members: Mapping[str, Member], genes: Iterable[str] | None = None, *, union: Iterable[str] | None = None
) -> TrainingSet:  # fmt: skip
    """Put cohorts side by side over the genes that each measures and that vary in each.

    Parameters
    ----------
    members
        Prepared cohorts.
    genes
        Restrict to these, such as what a target platform measures; any identifier known to ``harmonize``.
    union
        Genes of a recipe that fills in what a cohort lacks: those that one cohort or more measures are taken, NaN
        where it does not.

    Raises
    ------
    InputError
        If the cohorts share fewer than a tenth of the smaller one's genes, or none of ``genes``.
    """
    usable = {name: _usable(member.frame) for name, member in members.items()}
    pool = set.intersection(*usable.values())
    if union is not None:
        pool = set.union(*usable.values()) & set(union)
        for name, have in usable.items():
            if not have & pool:
                raise InputError(f"{name} has none of the recipe's genes: check that it names genes as the others do")
    smallest = min(usable, key=lambda name: len(usable[name]))
    if union is None and len(pool) < max(1, 0.1 * len(usable[smallest])):
        raise InputError(
            f"the cohorts share {len(pool)} genes, {smallest} alone has {len(usable[smallest])} "
            f"({examples(sorted(usable[smallest]), 3)}): check that all name genes alike"
        )
    if genes is not None:
        asked = _current(genes)
        lost = sorted(asked - pool)
        pool &= asked
        if not pool:
            raise InputError(
                f"none of the {len(asked)} genes asked for ({examples(lost)}) is measured by all training cohorts: "
                "check their names"
            )
        if lost:
            log.warning("%d of %d genes asked for are not measured by all training cohorts, or do not vary (%s)",
                        len(lost), len(asked), examples(lost))  # fmt: skip
    names = tuple(sorted(pool))
    parts = list(members.values())
    return TrainingSet(
        expression=np.vstack([_columns(part.frame, names, usable[part.name]) for part in parts]),
        genes=names,
        samples=pd.Index([f"{part.name}/{sample}" for part in parts for sample in part.frame.index]),
        time=np.concatenate([part.endpoint.time for part in parts]),
        event=np.concatenate([part.endpoint.event for part in parts]),
        cohort=np.concatenate([np.full(len(part.frame), part.name, dtype=object) for part in parts]).astype(str),
        er=None if union is None else np.concatenate([_recorded_er(part) for part in parts]),
    )


def _columns(frame: pd.DataFrame, names: tuple[str, ...], usable: set[str]) -> np.ndarray:
    return frame.reindex(columns=[name for name in names if name in usable]).reindex(columns=list(names)).to_numpy()


def _recorded_er(member: Member) -> np.ndarray:
    """Recorded oestrogen receptor: 1, 0 or NaN."""
    from omics_rx.scores.records import recorded_receptor

    told = recorded_receptor(member.cohort.obs, "er")
    if told is None:
        return np.full(member.cohort.n_obs, np.nan)
    return told.map({"positive": 1.0, "negative": 0.0}).to_numpy(dtype=np.float64)


def _usable(frame: pd.DataFrame) -> set[str]:
    """Genes known in most samples, and varying."""
    values = frame.to_numpy()
    _, sd = moments(values)
    good = (np.isfinite(values).mean(axis=0) >= _MEASURED) & np.isfinite(sd)
    return set(frame.columns[good])


def _current(genes: Iterable[str]) -> set[str]:
    """Current symbols of a list, by the door that gene sets go through."""
    from omics_rx.scores.names import refuse_mouse, resolve, tell_lower

    if isinstance(genes, str):
        raise InputError(f"genes is {genes!r}, one text: give a list of genes")
    found = resolve(genes)
    refuse_mouse(found, "genes")
    tell_lower(found, "genes")
    return set(found["symbol"].astype(str))
