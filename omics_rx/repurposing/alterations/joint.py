"""What events do to each drug together: a line carries dozens of them, and each alone would count the others' part.

Preferences are a sum over a line's events of true effects with noise. True effects are drawn around 0, alike for drugs
that act alike (a mixed model with known variances; its best linear unbiased prediction, Henderson, Biometrics 1975,
doi:10.2307/2529430). Effects of several events of one tumour can then be added, which those of one event at a time
cannot: neighbours on a chromosome, and events that go together, share what they explain.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# variance of a true effect (sd over lines, squared) and how much of it drugs that act alike share; both by lines that
# are not of the breast (benchmarks/alteration_weights.py), where .002 to .005 and .5 to .75 do alike
VARIANCE, SHARED = 0.003, 0.5
_ROUNDS, _CLOSE = 60, 1e-6


def joint_effects(
    values: np.ndarray, events: np.ndarray, alike: np.ndarray, *, mean: np.ndarray | None = None,
    wider: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Effects of all events on all drugs, together.

    Parameters
    ----------
    values
        Preferences, lines x drugs (sd over lines); NaN where not measured.
    events
        Lines x events of 1, 0 and NaN; an event that is not known of a line stands at its mean.
    alike
        How alike drugs act, drugs x drugs.
    mean, wider
        Mean of the true effects, and their variance beyond ``VARIANCE``, events x drugs; 0 everywhere if not given.

    Returns
    -------
    ndarray
        Events x drugs (sd over lines; below 0, altered lines are more sensitive).
    """
    known = np.isfinite(events)
    share = np.where(known, events, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    carried = np.where(known, events - share, 0.0)
    nothing = np.zeros((events.shape[1], values.shape[1]))
    mean, wider = nothing if mean is None else mean, nothing if wider is None else wider
    drugs = SHARED * alike + (1 - SHARED) * np.eye(len(alike))

    def spread(dual: np.ndarray) -> np.ndarray:
        own: np.ndarray = carried.T @ dual
        made: np.ndarray = VARIANCE * own @ drugs + wider * own
        return made

    seen = np.isfinite(values).astype(np.float64)
    left = np.where(seen > 0, np.nan_to_num(values) - carried @ mean, 0.0)
    found: np.ndarray = mean + spread(_solved(lambda dual: seen * (carried @ spread(dual)), left))
    return found


def _solved(moved_by: Callable[[np.ndarray], np.ndarray], wanted: np.ndarray) -> np.ndarray:
    """Conjugate gradients for the covariance of what was measured, noise of variance 1 beside it."""
    found, left = np.zeros_like(wanted), wanted.copy()
    way, size = left.copy(), float((left**2).sum())
    enough = _CLOSE * size
    for _ in range(_ROUNDS):
        if size <= enough:
            break
        moved = moved_by(way) + way
        step = size / float((way * moved).sum())
        found += step * way
        left -= step * moved
        before, size = size, float((left**2).sum())
        way = left + size / before * way
    return found
