"""What outcomes of some drugs say of the others: a Gaussian process over the drugs of one subtype.

A drug works in a subtype or it does not, by the sign of a latent value whose prior mean is a small multiple of its
standardised score. An experiment is a test of that: it is right in ``ACCURACY`` of cases, whichever way it comes out.
So a success and a failure weigh the same and cancel, and what one experiment moves is what one test of that accuracy
is worth. What is found spreads to drugs alike in three ways: evidence (so the weights of the kinds are learnt),
mechanism (shared words), and response profile over lines. The likelihood is a step with flips; the posterior is found
by expectation propagation, whose moments for a step have a closed form (Rasmussen & Williams 2006, section 3.6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, log_ndtr, logit

from omics_rx.core.arguments import in_words
from omics_rx.harmonize.mechanisms import jaccard

# correlation expected of score and outcome: about what an AUROC of .65 means
TRUST = 0.25
VARIANCE = 0.25
# of the clear calls of one breast line 69% (GDSC2) and 70% (GDSC1) agree in sign with the other lines of its subtype,
# as benchmarks/feedback_replay.py prints
ACCURACY = 0.7
# noise of a Gaussian outcome that would teach as much as one experiment does on average
_NOISE = VARIANCE * (np.pi / 2 / (2 * ACCURACY - 1) ** 2 - 1)
_ROUNDS, _STEP = 500, 0.5
_SHARES = {"evidence": 0.25, "mechanism": 0.25, "profile": 0.25, "own": 0.25}


@dataclass(frozen=True, eq=False)
class Posterior:
    """What drugs are expected to do after the outcomes seen.

    Attributes
    ----------
    shift
        Change of each drug's latent value by the outcomes, ``(n_drugs,)``.
    covariance
        Covariance of the latent values, ``(n_drugs, n_drugs)``; an interval from it is over (drug, world) pairs drawn
        from the prior: 90% hold the truth in 90% of tried drugs.
    """

    shift: np.ndarray
    covariance: np.ndarray

    @property
    def sd(self) -> np.ndarray:
        """Standard deviation of each latent value, ``(n_drugs,)``."""
        return np.asarray(np.sqrt(np.clip(np.diag(self.covariance), 0, None)))


@in_words
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
        "evidence": _linear(2 * places / np.sqrt(max(int(np.isfinite(places).any(axis=0).sum()), 1))),
        "mechanism": jaccard(words),
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


@in_words
def standard(scores: np.ndarray) -> np.ndarray:
    """Scores with mean 0 and standard deviation 1."""
    spread = float(scores.std())
    return np.asarray((scores - scores.mean()) / (spread if spread > 0 else 1.0))


@in_words
def update(covariance: np.ndarray, scores: np.ndarray, seen: pd.DataFrame) -> Posterior:
    """Condition on outcomes.

    Parameters
    ----------
    covariance
        From :func:`likeness`.
    scores
        Scores before any outcome, ``(n_drugs,)``.
    seen
        ``at`` (position of the drug), ``direction`` (-1 to 1: 1 worked, -1 did not, 0 says nothing) and ``weight``
        (above 0; 1 is one experiment). Evidence of one drug is added up in log odds, direction times weight.
    """
    told = (seen["direction"].astype(np.float64) * seen["weight"]).groupby(seen["at"].astype(int)).sum()
    odds = logit(ACCURACY) * told[told != 0]
    if odds.empty:
        return Posterior(np.zeros(len(scores)), covariance)
    at = odds.index.to_numpy()
    prior = TRUST * standard(scores)[at]
    own = covariance[np.ix_(at, at)]
    precision, pull = _sites(own, prior, odds.to_numpy())
    across = covariance[:, at]
    solved = np.linalg.solve(np.eye(len(at)) + own * precision, across.T)
    return Posterior(solved.T @ (pull - precision * prior), covariance - (across * precision) @ solved)


def _sites(covariance: np.ndarray, mean: np.ndarray, odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision of each outcome and precision times mean, as a Gaussian that stands for it, ``(n,)`` each."""
    precision, pull = np.zeros(len(odds)), np.zeros(len(odds))
    for _ in range(_ROUNDS):
        table = np.linalg.solve(np.eye(len(odds)) + covariance * precision, covariance)
        centre = mean + table @ (pull - precision * mean)
        spread = np.diag(table)
        variance = 1 / np.maximum(1 / spread - precision, 1e-9)  # of each drug without its own outcome
        middle = variance * (centre / spread - pull)
        there, left = _tilted(middle, np.sqrt(variance), odds)
        wanted = 1 / left - 1 / variance, there / left - middle / variance
        change = max(np.abs(wanted[0] - precision).max(), np.abs(wanted[1] - pull).max())
        precision, pull = precision + _STEP * (wanted[0] - precision), pull + _STEP * (wanted[1] - pull)
        if change < 1e-10:
            break
    return precision, pull


def _tilted(mean: np.ndarray, sd: np.ndarray, odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of a Gaussian whose positive side is ``exp(odds)`` times as likely as before."""
    z = mean / sd
    right = expit(odds)
    with np.errstate(divide="ignore"):
        total = np.logaddexp(np.log(right) + log_ndtr(z), np.log1p(-right) + log_ndtr(-z))
    moved = (2 * right - 1) * np.exp(-(z**2) / 2 - total) / np.sqrt(2 * np.pi)
    return mean + sd * moved, np.maximum(sd**2 * (1 - moved * (z + moved)), 1e-12)


@in_words
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
        table -= np.outer(column, column) / (column[best] + _NOISE)
    return chosen
