"""Pairs of samples that can be compared, and every resample of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.metrics.inputs import Bools, Floats, Ints, groups_of, resamples

_ROUNDING = 1e-10  # share of its size by which a risk may differ and still be the same
_BLOCK = 4_000_000  # pairs held in memory at a time


def levels(risk: Floats) -> Ints:
    """Risks as whole numbers in their order, those that differ by rounding alone as one, ``(n,)``.

    Two neighbours are one when their gap is at most 1e-10 of the larger of their size and of the median size, whatever
    the unit of the risk.
    """
    order = np.argsort(risk, kind="stable")
    size = np.abs(risk[order])
    near = np.maximum(size, np.median(size)) * _ROUNDING
    found = np.empty(risk.size, dtype=np.int64)
    found[order] = np.cumsum(np.append(False, np.diff(risk[order]) > np.maximum(near[1:], near[:-1])))
    return found


def codes_of(strata: Any, n: int) -> Ints:
    """Group of each sample as a whole number, ``(n,)``: all 0 without strata, -1 where the stratum is missing."""
    if strata is None:
        return np.zeros(n, dtype=np.int64)
    codes, _ = groups_of(strata, n, "strata")
    return codes


def comparable(time: Floats, event: Bools, rows: NDArray[np.intp], strata: Ints, *, same_time: bool = True) -> Bools:
    """Whether each sample outlived the event of each of ``rows`` within its stratum, ``(len(rows), n)``.

    Who is censored at the month of an event outlived it, unless ``same_time`` is false; samples without a stratum (-1)
    are compared with nobody.
    """
    first = time[rows, None]
    later = (first < time) | ((first == time) & ~event) if same_time else first < time
    return np.asarray(later & (strata[rows, None] == strata) & (strata >= 0))


def _pair_blocks(
    time: Floats, event: Bools, risks: Sequence[Ints], strata: Ints, weight: Floats, *, same_time: bool
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32], list[NDArray[np.float32]]]]:
    """Rows (samples with an event), their comparable pairs and, for each risk, the concordant ones.

    Ties in risk count one half. Each row is multiplied by ``weight``.
    """
    rows = np.flatnonzero(event)
    step = max(1, _BLOCK // max(time.size, 1))
    for start in range(0, rows.size, step):
        block = rows[start : start + step]
        pairs = comparable(time, event, block, strata, same_time=same_time)
        weights = weight[block, None].astype(np.float32)
        concordant = []
        for risk in risks:
            own = risk[block, None]
            concordant.append((((own > risk) + 0.5 * (own == risk)) * pairs * weights).astype(np.float32))
        yield block, (pairs * weights).astype(np.float32), concordant


def resampled_concordance(
    time: Floats,
    event: Bools,
    risks: Sequence[Floats],
    *,
    strata: Ints,
    weight: Floats,
    seed: int,
    n_boot: int,
    same_time: bool = True,
) -> tuple[Floats, Floats]:
    """Concordance of each risk, shape ``(k,)``, and over resamples of the samples, shape ``(n_boot, k)``.

    A resample is a vector of counts, so all of them are products with the pair matrix.
    """
    n, k, n_boot = time.size, len(risks), resamples(n_boot, 0)
    counts = rng(seed, "concordance").multinomial(n, np.full(n, 1 / n), size=n_boot).astype(np.float32)
    numerator, whole = np.zeros((n_boot, k)), np.zeros(k)
    denominator, total = np.zeros(n_boot), 0.0
    ranked = [levels(risk) for risk in risks]
    for block, compared, concordant in _pair_blocks(time, event, ranked, strata, weight, same_time=same_time):
        weights = counts[:, block]
        denominator += np.einsum("bi,bi->b", weights, counts @ compared.T, dtype=np.float64)
        total += float(compared.sum(dtype=np.float64))
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
