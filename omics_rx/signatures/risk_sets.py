"""Risk sets: who is still followed when an event happens. Times and events sorted once, sums over each set fast.

Strata are groups with baseline hazards of their own, such as the cohorts of a pooled training set: samples are
compared within their stratum only, so cohorts may differ in follow-up and even in endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_CLOSE = 1e-9  # of a time: what lies nearer is rounding


@dataclass(frozen=True, eq=False)
class FollowUp:
    """Times and events sorted for risk-set sums: by stratum, then from the latest time to the earliest.

    Attributes
    ----------
    order
        Sample positions in sorted order, ``(n,)``.
    event
        Whether each sorted sample had the event, ``(n,)``.
    first, last
        First and last sorted position of each sample's tie group (same stratum, same time), ``(n,)``.
    fraction
        Efron's share of the tied events already removed, ``(n_events,)``; 0 without ties.
    strata
        Start and end of each stratum in sorted order.
    weight
        Weight of each sorted sample, ``(n,)``; 1 unless given.
    shared
        For each event, the mean weight of the events of its tie group, ``(n_events,)``.
    """

    order: Ints
    event: NDArray[np.bool_]
    first: Ints
    last: Ints
    fraction: Floats
    strata: tuple[tuple[int, int], ...]
    weight: Floats
    shared: Floats

    @property
    def events(self) -> Ints:
        """Sorted positions of the samples with an event, ``(n_events,)``."""
        return np.flatnonzero(self.event)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a Cox model is fitted to, in the samples' own order; each ``(n,)``.

    Attributes
    ----------
    time, event
        Times in any unit and whether the event was seen.
    stratum
        Cohort of each sample.
    weight
        How much each sample counts; None counts all alike.
    """

    time: Floats
    event: NDArray[np.bool_]
    stratum: NDArray[Any]
    weight: Floats | None = None

    def rows(self, keep: NDArray[np.bool_] | Ints) -> Outcome:
        """Keep some samples."""
        weight = None if self.weight is None else self.weight[keep]
        return Outcome(self.time[keep], self.event[keep], self.stratum[keep], weight)

    def follow_up(self, rows: NDArray[np.bool_] | None = None, *, ties: str = "efron") -> FollowUp:
        """Sorted follow-up of some rows, or of all."""
        own = self if rows is None else self.rows(rows)
        return follow_up(own.time, own.event, own.stratum, weight=own.weight, ties=ties)

    @property
    def weights(self) -> Floats:
        """Weight of each sample, 1 where none was given."""
        return np.ones(self.time.size) if self.weight is None else self.weight


def follow_up(
    time: ArrayLike, event: ArrayLike, strata: ArrayLike | None = None, *, weight: ArrayLike | None = None,
    ties: str = "efron",
) -> FollowUp:  # fmt: skip
    """Sort times and events for the partial likelihood.

    Parameters
    ----------
    time, event
        Times in any unit and whether the event was seen, each ``(n,)``.
    strata
        Group of each sample, ``(n,)``; None is one group.
    weight
        How much each sample counts, ``(n,)``, above 0; None counts all alike. Tied events share the mean of theirs.
    ties
        ``"efron"`` or ``"breslow"``.
    """
    times, events = joined(np.asarray(time, dtype=np.float64)), np.asarray(event, dtype=bool)
    groups = (
        np.zeros(times.size, dtype=np.intp) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    )
    order = np.lexsort((~events, -times, groups))
    sorted_times, sorted_groups, sorted_events = times[order], groups[order], events[order]
    new = np.ones(times.size, dtype=bool)
    new[1:] = (np.diff(sorted_times) != 0) | (np.diff(sorted_groups) != 0)
    block = np.cumsum(new) - 1
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], times.size) - 1
    tied = np.bincount(block, weights=sorted_events)
    at = np.flatnonzero(sorted_events)
    # events come first in their tie group, so the distance from its start counts those before
    fraction = (at - starts[block[at]]) / tied[block[at]] if ties == "efron" else np.zeros(at.size)
    edges = np.flatnonzero(np.append(True, np.diff(sorted_groups) != 0))
    bounds = tuple(zip(edges.tolist(), [*edges[1:].tolist(), times.size], strict=True))
    weights = np.ones(times.size) if weight is None else np.asarray(weight, dtype=np.float64)[order]
    shared = (np.bincount(block, weights=sorted_events * weights) / np.maximum(tied, 1))[block[at]]
    return FollowUp(order, sorted_events, starts[block], ends[block], fraction, bounds, weights, shared)


def joined(time: Floats) -> Floats:
    """Times of which those that differ in their last digits alone are one: 36 months and 1095.75 days in months.

    References
    ----------
    Therneau, the vignette on tied times of R's package survival: rounding in times breaks ties.
    """
    order = np.argsort(time, kind="stable")
    ordered = time[order]
    apart = np.append(True, np.diff(ordered) > _CLOSE * np.abs(ordered[1:]))
    if apart.all():
        return time
    merged = np.empty_like(time)
    merged[order] = ordered[apart][np.cumsum(apart) - 1]
    return merged


def from_latest(values: Floats, data: FollowUp) -> Floats:
    """Running sums from the latest time within each stratum."""
    sums = np.empty_like(values)
    for start, end in data.strata:
        np.cumsum(values[start:end], axis=0, out=sums[start:end])
    return sums


def from_earliest(values: Floats, data: FollowUp) -> Floats:
    """Running sums from the earliest time within each stratum."""
    sums = np.empty_like(values)
    for start, end in data.strata:
        sums[start:end] = np.cumsum(values[start:end][::-1], axis=0)[::-1]
    return sums


def tied_sums(values: Floats, data: FollowUp) -> Floats:
    """For each event, the sum of ``values`` over the events of its tie group."""
    at = data.events
    sums = np.zeros((data.event.size, *values.shape[1:]))
    np.add.at(sums, data.first[at], values[at])
    return sums[data.first[at]]


def risk_sums(values: Floats, data: FollowUp) -> Floats:
    """For each event, the sum of ``values`` over its risk set, less Efron's share of the tied events."""
    sums = from_latest(values, data)[data.last[data.events]]
    if not data.fraction.any():
        return sums
    share = data.fraction if values.ndim == 1 else data.fraction[:, None]
    return sums - share * tied_sums(values, data)


def centred(risk: Floats, data: FollowUp) -> Floats:
    """Log hazards less the largest of their stratum, so that no exponential overflows."""
    shifted = risk.copy()
    for start, end in data.strata:
        shifted[start:end] -= risk[start:end].max()
    return shifted
