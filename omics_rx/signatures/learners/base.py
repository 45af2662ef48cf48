"""What every survival learner keeps: one way to fit, one direction of risk, and what must not change a result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from omics_rx.core.errors import InputError, NotFittedError
from omics_rx.metrics.survival import outcome
from omics_rx.signatures import cox
from omics_rx.signatures.risk_sets import Outcome
from omics_rx.signatures.training import moments

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]


class Learner(BaseEstimator, ABC):  # type: ignore[misc]
    """A survival learner.

    Features are brought to mean 0 and sd 1 of the training samples, times to a scale without unit, and samples to an
    order of their own, so that neither the order of the samples nor the unit of time changes a result.

    Parameters
    ----------
    seed
        Of all that is random.

    Attributes
    ----------
    n_features_in_
        Number of features seen.
    takes_weights
        Whether samples may count differently.
    """

    takes_weights: ClassVar[bool] = True

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def fit(
        self, X: ArrayLike, time: ArrayLike, event: ArrayLike, *, stratum: ArrayLike | None = None,
        weight: ArrayLike | None = None,
    ) -> Learner:  # fmt: skip
        """Fit on samples x features.

        Parameters
        ----------
        X
            Samples x features without missing values, ``(n, p)``.
        time, event
            Months and whether the event was seen, each ``(n,)``.
        stratum
            Cohort of each sample. Learners with a partial likelihood compare within cohorts; the others see times on
            each cohort's own cumulative hazard, which makes cohorts comparable.
        weight
            How much each sample counts, above 0; only their ratios matter. None counts all alike.

        Raises
        ------
        InputError
            If shapes differ, values are missing, there are fewer than two events, or weights are given to a learner
            that has no use for them (``takes_weights``).
        """
        values, times, events, strata = _checked(X, time, event, stratum)
        weights = self._weights(weight, times.size)
        order = np.lexsort((*values.T[::-1], events, times, strata))
        self._mean, self._sd = moments(values)
        self.n_features_in_ = values.shape[1]
        z = ((values - self._mean) / self._sd)[order]
        scaled = common_time(times, events, strata)
        self._fit(z, Outcome(scaled, events, strata, weights).rows(order))
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Risk of samples x features, higher for earlier events, ``(n,)``.

        Raises
        ------
        NotFittedError, InputError
            Before :meth:`fit`; if the features are not those fitted on.
        """
        if not hasattr(self, "n_features_in_"):
            raise NotFittedError(f"this {type(self).__name__} was not fitted: call fit first")
        values = np.asarray(X, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != self.n_features_in_:
            raise InputError(f"features have shape {values.shape}: {self.n_features_in_} features were fitted on")
        if not np.isfinite(values).all():
            raise InputError(
                f"{int((~np.isfinite(values)).any(axis=1).sum())} samples have missing features: fill them"
            )
        return np.asarray(self._risk((values - self._mean) / self._sd), dtype=np.float64)

    def _weights(self, weight: ArrayLike | None, n: int) -> Floats | None:
        """Weights with mean 1, or None where none were given."""
        if weight is None:
            return None
        if not self.takes_weights:
            raise InputError(
                f"{type(self).__name__} has no use for weights: leave them out, or choose a learner that takes them, "
                "such as cox_ridge, coxboost or random_forest"
            )
        found = np.asarray(weight, dtype=np.float64)
        if found.shape != (n,):
            raise InputError(f"weights have shape {found.shape}, times ({n},): give one weight a sample")
        bad = ~(np.isfinite(found) & (found > 0))
        if bad.any():
            raise InputError(
                f"{int(bad.sum())} of {n} weights are missing, infinite, zero or negative: leave these samples out"
            )
        return np.asarray(found / found.mean())

    @abstractmethod
    def _fit(self, z: Floats, outcome: Outcome) -> None:
        """Fit on standardised features and times without unit, samples in canonical order."""

    @abstractmethod
    def _risk(self, z: Floats) -> Floats:
        """Risk of standardised features."""


class LinearLearner(Learner):
    """A learner that ends in one coefficient a feature.

    Attributes
    ----------
    coef_
        Coefficient on standardised features, ``(p,)``.
    """

    coef_: Floats

    def _risk(self, z: Floats) -> Floats:
        return np.asarray(z @ self.coef_)


def _checked(
    X: ArrayLike, time: ArrayLike, event: ArrayLike, stratum: ArrayLike | None
) -> tuple[Floats, Floats, Bools, Ints]:
    values = np.asarray(X, dtype=np.float64)
    times, events = outcome(time, event)
    if values.ndim != 2 or values.shape[0] != times.size:
        raise InputError(f"features have shape {values.shape}, times {times.shape}: give one row a sample")
    if not np.isfinite(values).all():
        raise InputError(
            f"{int((~np.isfinite(values)).any(axis=0).sum())} features have missing values: fill them first"
        )
    if events.sum() < 2:
        raise InputError(f"{int(events.sum())} events in {times.size} samples: nothing can be learnt from them")
    strata = np.zeros(times.size, dtype=np.intp)
    if stratum is not None:
        strata = np.unique(np.asarray(stratum), return_inverse=True)[1].astype(np.intp)
        if strata.shape != times.shape:
            raise InputError(f"strata have shape {strata.shape}, times {times.shape}: give one stratum a sample")
    return values, times, events, strata


def common_time(time: Floats, event: Bools, stratum: Ints) -> Floats:
    """Times on each stratum's own cumulative hazard: without unit, alike between cohorts, in the same order.

    A sample at a time ``t`` gets the Nelson-Aalen hazard up to ``t`` plus the share of the next step that the time
    has covered, so that no two different times of a cohort become one.
    """
    scaled = np.empty_like(time)
    for group in np.unique(stratum):
        rows = stratum == group
        own, seen = time[rows], event[rows]
        if not seen.any():
            scaled[rows] = own / own.max()
            continue
        data = cox.follow_up(own, seen, ties="breslow")
        moments_, hazard = cox.baseline_hazard(np.zeros(own.size), data, own)
        grid, steps = np.concatenate([[0.0], moments_]), np.concatenate([[0.0], hazard])
        last = max(float(own.max()), float(grid[-1]))
        if last > grid[-1]:
            rate = steps[-1] / grid[-1]
            grid, steps = np.append(grid, last), np.append(steps, steps[-1] + rate * (last - grid[-1]))
        scaled[rows] = np.interp(own, grid, steps)
    return scaled


def structured(time: Floats, event: Bools) -> NDArray[np.void]:
    """Outcome as scikit-survival takes it."""
    both = np.empty(time.size, dtype=[("event", bool), ("time", float)])
    both["event"], both["time"] = event, time
    return both


def inner_folds(outcome: Outcome, *, n_folds: int, seed: int) -> Ints:
    """Fold of each sample, ``(n,)``, balanced over event and stratum; samples must be in canonical order."""
    from omics_rx.core.work import rng

    event, stratum = outcome.event, outcome.stratum
    fold = np.empty(event.size, dtype=np.intp)
    start = 0
    for group in np.unique(stratum):
        for seen in (True, False):
            members = np.flatnonzero((stratum == group) & (event == seen))
            dealt = rng(seed, "inner", int(group), seen).permutation(members)
            fold[dealt] = (start + np.arange(dealt.size)) % n_folds
            start += dealt.size
    return fold


def folds_for(event: Bools, *, most: int = 5) -> int:
    """How many folds the events allow: two events each, at least two folds."""
    return int(np.clip(event.sum() // 2, 2, most))


def best_by_likelihood(risks: list[Floats], fold: Ints, outcome: Outcome) -> Ints:
    """Order of candidates by cross-validated partial likelihood, best first.

    Parameters
    ----------
    risks
        For each fold, log hazards of all samples by each candidate fitted without it, ``(n, k)``.
    fold, outcome
        Fold and outcome of each sample, ``(n,)``.

    References
    ----------
    Verweij and van Houwelingen, Stat Med 1993, 12:2305.
    """
    whole = outcome.follow_up()
    gains = np.zeros(risks[0].shape[1])
    for number, found in enumerate(risks):
        seen = fold != number
        part = outcome.follow_up(seen)
        gains += [
            cox.log_likelihood(risk, whole) - cox.log_likelihood(risk[seen], part) for risk in np.clip(found, -50, 50).T
        ]
    return np.argsort(-gains, kind="stable")


def chosen_by_folds(path: Callable[[Bools], Floats], z: Floats, outcome: Outcome, *, seed: int) -> int:
    """Position of the best of several candidates by cross-validated partial likelihood.

    Parameters
    ----------
    path
        Rows to fit on to the coefficients of each candidate, ``(p, k)``.
    z, outcome
        All samples.
    seed
        Deals the folds.
    """
    n_folds = folds_for(outcome.event)
    fold = inner_folds(outcome, n_folds=n_folds, seed=seed)
    risks = [z @ path(fold != number) for number in range(n_folds)]
    return int(best_by_likelihood(risks, fold, outcome)[0])
