"""Pairs of samples that can be compared, and every resample of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from omics_rx.core.errors import InputError
from omics_rx.core.work import rng

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TIED_RISK = 1e-8  # risks closer than this are ties, as in scikit-survival
_BLOCK = 4_000_000  # pairs held in memory at a time


def outcome(time: ArrayLike, event: ArrayLike) -> tuple[Floats, Bools]:
    """Times (months, above 0) and events as arrays of shape ``(n,)``.

    Raises
    ------
    InputError
        If lengths differ, a time is missing, zero or negative, or an event is neither 0 nor 1.
    """
    times = np.asarray(time, dtype=np.float64)
    events = np.asarray(event, dtype=np.float64)
    if times.ndim != 1 or times.shape != events.shape:
        raise InputError(f"times and events have shapes {times.shape} and {events.shape}: give one of each a sample")
    bad = ~np.isfinite(times) | (times <= 0)
    if bad.any():
        raise InputError(
            f"{int(bad.sum())} of {times.size} times are missing, zero or negative: leave these samples out"
        )
    strange = ~np.isin(events, (0.0, 1.0))
    if strange.any():
        raise InputError(f"{int(strange.sum())} of {events.size} events are neither 0 nor 1: code a seen event as 1")
    return times, events.astype(bool)


def checked_risk(risk: ArrayLike, n: int) -> Floats:
    """Risks as an array of shape ``(n,)``; missing or infinite ones are refused."""
    values = np.asarray(risk, dtype=np.float64)
    if values.shape != (n,):
        raise InputError(f"risks have shape {values.shape}, times ({n},): give one risk a sample")
    if not np.isfinite(values).all():
        raise InputError(
            f"{int((~np.isfinite(values)).sum())} of {n} risks are missing or infinite: judge the scored samples only"
        )
    return values


def codes_of(strata: ArrayLike | None, n: int) -> NDArray[np.int64]:
    """Group of each sample as a whole number, ``(n,)``; all 0 without strata."""
    if strata is None:
        return np.zeros(n, dtype=np.int64)
    codes = np.unique(np.asarray(strata), return_inverse=True)[1]
    if codes.shape != (n,):
        raise InputError(f"strata have shape {codes.shape}, times ({n},): give one stratum a sample")
    return codes.astype(np.int64)


def _pair_blocks(
    time: Floats, event: Bools, risks: Sequence[Floats], strata: NDArray[np.int64], weight: Floats
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32], list[NDArray[np.float32]]]]:
    """Rows (samples with an event), their comparable pairs and, for each risk, the concordant ones.

    A pair is comparable when the first has its event before the second's time, or at the same time while the
    second is censored. Ties in risk count one half. Each row is multiplied by ``weight``.
    """
    rows = np.flatnonzero(event)
    step = max(1, _BLOCK // max(time.size, 1))
    for start in range(0, rows.size, step):
        block = rows[start : start + step]
        first = time[block, None]
        comparable = (first < time) | ((first == time) & ~event)
        comparable &= strata[block, None] == strata
        weights = weight[block, None].astype(np.float32)
        concordant = []
        for risk in risks:
            gap = risk[block, None] - risk
            won = (gap > TIED_RISK) + 0.5 * (np.abs(gap) <= TIED_RISK)
            concordant.append((won * comparable * weights).astype(np.float32))
        yield block, (comparable * weights).astype(np.float32), concordant


def resampled_concordance(
    time: Floats,
    event: Bools,
    risks: Sequence[Floats],
    *,
    strata: NDArray[np.int64],
    weight: Floats,
    seed: int,
    n_boot: int,
) -> tuple[Floats, Floats]:
    """Concordance of each risk, shape ``(k,)``, and over resamples of the samples, shape ``(n_boot, k)``.

    A resample is a vector of counts, so all of them are products with the pair matrix.
    """
    n, k = time.size, len(risks)
    counts = rng(seed, "concordance").multinomial(n, np.full(n, 1 / n), size=n_boot).astype(np.float32)
    numerator, whole = np.zeros((n_boot, k)), np.zeros(k)
    denominator, total = np.zeros(n_boot), 0.0
    for block, comparable, concordant in _pair_blocks(time, event, risks, strata, weight):
        weights = counts[:, block]
        denominator += np.einsum("bi,bi->b", weights, counts @ comparable.T, dtype=np.float64)
        total += float(comparable.sum(dtype=np.float64))
        for column, pairs in enumerate(concordant):
            numerator[:, column] += np.einsum("bi,bi->b", weights, counts @ pairs.T, dtype=np.float64)
            whole[column] += float(pairs.sum(dtype=np.float64))
    if total == 0:
        raise InputError(
            f"no two of {n} samples can be compared ({int(event.sum())} events): "
            "every event comes after the last contact of all others"
        )
    usable = denominator > 0
    return whole / total, numerator[usable] / denominator[usable, None]


def structured(time: Floats, event: Bools) -> NDArray[np.void]:
    """Time and event as scikit-survival takes them."""
    both = np.empty(time.size, dtype=[("event", bool), ("time", float)])
    both["event"], both["time"] = event, time
    return both
