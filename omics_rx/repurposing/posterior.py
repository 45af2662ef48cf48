"""What outcomes of some drugs say of the others: a Gaussian process over the drugs of one subtype.

An outcome is 1 where a drug worked and -1 where it did not. Before any, a drug's expected outcome is a small multiple
of its standardised score. What is found instead spreads to drugs alike in three ways: evidence (so the weights of the
kinds are learnt), mechanism (shared words), and response profile over lines. Rasmussen & Williams 2006, eq. 2.25-2.26.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

# correlation expected of score and outcome: about what an AUROC of .65 means
TRUST = 0.25
VARIANCE, NOISE = 0.25, 0.1
_SHARES = {"evidence": 0.25, "mechanism": 0.25, "profile": 0.25, "own": 0.25}


@dataclass(frozen=True, eq=False)
class Posterior:
    """Expected outcomes after those seen.

    Attributes
    ----------
    shift
        Change of each drug's expected outcome, ``(n_drugs,)``.
    covariance
        Covariance of the expected outcomes, ``(n_drugs, n_drugs)``.
    """

    shift: np.ndarray
    covariance: np.ndarray

    @property
    def sd(self) -> np.ndarray:
        """Standard deviation of each expected outcome, ``(n_drugs,)``."""
        return np.asarray(np.sqrt(np.clip(np.diag(self.covariance), 0, None)))


def likeness(places: np.ndarray, words: list[set[str]], profiles: np.ndarray) -> np.ndarray:
    """Prior covariance of what scores get wrong, ``(n_drugs, n_drugs)``.

    Parameters
    ----------
    places
        Share of drugs beaten in each kind, less one half; NaN where missing, ``(n_drugs, n_kinds)``.
    words
        How each drug acts; of two drugs the shared part of their words counts.
    profiles
        Responses over lines, each drug standardised, NaN where missing, ``(n_drugs, n_lines)``.
    """
    alike = {
        "evidence": _linear(2 * places / np.sqrt(max(places.shape[1], 1))),
        "mechanism": _shared(words),
        "profile": _cosine(profiles),
        "own": np.eye(len(places)),
    }
    return np.asarray(VARIANCE * sum(_SHARES[name] * table for name, table in alike.items()))


def _linear(values: np.ndarray) -> np.ndarray:
    filled = np.nan_to_num(values)
    return np.asarray(filled @ filled.T)


def _cosine(values: np.ndarray) -> np.ndarray:
    filled = np.nan_to_num(values)
    size = np.linalg.norm(filled, axis=1, keepdims=True)
    unit = filled / np.where(size > 0, size, 1.0)
    return np.asarray(unit @ unit.T)


def _shared(words: list[set[str]]) -> np.ndarray:
    """Jaccard index of the words of two drugs, which is a covariance; drugs without words share nothing."""
    vocabulary = {word: i for i, word in enumerate(sorted(set().union(*words) if words else set()))}
    held = np.zeros((len(words), max(len(vocabulary), 1)))
    for row, own in enumerate(words):
        held[row, [vocabulary[word] for word in own]] = 1
    both = held @ held.T
    count = held.sum(axis=1)
    either = count[:, None] + count[None, :] - both
    return np.asarray(both / np.where(either > 0, either, 1.0))


def standard(scores: np.ndarray) -> np.ndarray:
    """Scores with mean 0 and standard deviation 1."""
    spread = float(scores.std())
    return np.asarray((scores - scores.mean()) / (spread if spread > 0 else 1.0))


def update(covariance: np.ndarray, scores: np.ndarray, seen: pd.DataFrame) -> Posterior:
    """Condition on outcomes.

    Parameters
    ----------
    covariance
        From :func:`likeness`.
    scores
        Scores before any outcome, ``(n_drugs,)``.
    seen
        ``at`` (position of the drug), ``direction`` (-1 to 1) and ``weight`` (above 0; 1 is one experiment).
    """
    if seen.empty:
        return Posterior(np.zeros(len(scores)), covariance)
    at = seen["at"].to_numpy(dtype=int)
    surprise = seen["direction"].to_numpy(dtype=np.float64) - TRUST * standard(scores)[at]
    noise = np.diag(NOISE / seen["weight"].to_numpy(dtype=np.float64))
    across = covariance[:, at]
    gain = np.linalg.solve(covariance[np.ix_(at, at)] + noise, across.T)
    return Posterior(gain.T @ surprise, covariance - across @ gain)


def batch(expected: np.ndarray, covariance: np.ndarray, free: np.ndarray, *, n: int, explore: float) -> list[int]:
    """Choose drugs one after another by expected outcome plus ``explore`` standard deviations.

    After each choice the covariance is what it would be with that outcome known, whatever it is (Desautels 2014,
    GP-BUCB), so that a batch does not ask the same question five times.

    Parameters
    ----------
    expected, covariance
        Expected outcomes and their covariance.
    free
        Whether a drug may be chosen, ``(n_drugs,)``.
    n, explore
        Size of the batch, weight of the uncertainty.
    """
    left, table, chosen = free.copy(), covariance.copy(), []
    for _ in range(min(n, int(free.sum()))):
        value = expected + explore * np.sqrt(np.clip(np.diag(table), 0, None))
        best = int(np.argmax(np.where(left, value, -np.inf)))
        chosen.append(best)
        left[best] = False
        column = table[:, best].copy()
        table -= np.outer(column, column) / (column[best] + NOISE)
    return chosen
