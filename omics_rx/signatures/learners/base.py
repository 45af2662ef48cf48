"""What every survival learner keeps: one way to fit, one direction of risk, and what must not change a result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from omics_rx.core.errors import InputError, NotFittedError
from omics_rx.metrics.survival import concordance, outcome
from omics_rx.signatures import cox
from omics_rx.signatures.risk_sets import Outcome, joined
from omics_rx.signatures.training import moments

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]


class Learner(BaseEstimator, ABC):  # type: ignore[misc]
    """A survival learner.

    Features are brought to mean 0 and sd 1 of the training samples, times to a scale without unit, and samples and
    features to an order of their own, so that neither their order nor the unit of time changes a result.

    It works in the tools of scikit-learn and scikit-survival: ``fit(X, y)`` takes their structured outcome, ``score``
    is Harrell's concordance, and features are known by name: a frame with other columns, or with the same in another
    order, is refused.

    Parameters
    ----------
    seed
        Of all that is random.

    Attributes
    ----------
    n_features_in_
        Number of features seen.
    feature_names_in_
        Their names, where a frame was fitted on.
    columns_
        Features in the order in which they were fitted, ``(p,)``.
    takes_weights
        Whether samples may count differently.
    """

    takes_weights: ClassVar[bool] = True

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def fit(
        self, X: ArrayLike, y: ArrayLike, event: ArrayLike | None = None, *, stratum: ArrayLike | None = None,
        weight: ArrayLike | None = None,
    ) -> Self:  # fmt: skip
        """Fit on samples x features.

        Parameters
        ----------
        X
            Samples x features without missing values, ``(n, p)``.
        y
            Months; or, without ``event``, scikit-survival's structured array of event and time; ``(n,)``.
        event
            Whether the event was seen, ``(n,)``.
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
        values = features(self, X, reset=True)
        times, events, strata = _outcome(y, event, stratum, len(values))
        weights = self._weights(weight, times.size)
        self._mean, self._sd = moments(values)
        z = (values - self._mean) / self._sd
        whole = Outcome(common_time(times, events, strata), events, strata, weights)
        rows, self.columns_ = canonical(z, whole)
        self._fit(z[np.ix_(rows, self.columns_)], whole.rows(rows))
        self._settle()
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Risk of samples x features, higher for earlier events, ``(n,)``.

        Raises
        ------
        NotFittedError, InputError
            Before :meth:`fit`; if the features are not those fitted on, or stand in another order.
        """
        if not hasattr(self, "columns_"):
            raise NotFittedError(f"this {type(self).__name__} was not fitted: call fit first")
        z = (features(self, X, reset=False) - self._mean) / self._sd
        return np.asarray(self._risk(z[:, self.columns_]), dtype=np.float64)

    def score(self, X: ArrayLike, y: ArrayLike, event: ArrayLike | None = None) -> float:
        """Harrell's concordance of the predicted risks, 0 to 1.

        Parameters
        ----------
        X, y, event
            As in :meth:`fit`.
        """
        risk = self.predict(X)
        times, events = parted(y, event)
        return float(concordance(times, events, risk, n_boot=1).value)

    def _settle(self) -> None:
        """Bring what was learnt from features in canonical order to the order they were given in."""

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

    def _settle(self) -> None:
        given = np.empty_like(self.coef_)
        given[self.columns_] = self.coef_
        self.coef_, self.columns_ = given, np.arange(given.size)

    def _risk(self, z: Floats) -> Floats:
        return np.asarray(z @ self.coef_)


class _NoNumbersError(InputError, TypeError):
    """Features that are no numbers at all."""


def features(estimator: BaseEstimator, X: ArrayLike, *, reset: bool, missing: bool = False) -> Floats:
    """Features as numbers, ``(n, p)``, known to the estimator by number and name as scikit-learn has it.

    Parameters
    ----------
    estimator, reset
        Whose features; whether they are to be remembered, or held against those remembered.
    X, missing
        Samples x features; whether values may be missing.

    Raises
    ------
    InputError
        If they are no table of numbers, are sparse, or are not the features remembered in their order.
    """
    from sklearn.utils.validation import validate_data

    try:
        checked = validate_data(estimator, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
    except (TypeError, ValueError) as error:
        # scikit-learn's tools look for a TypeError where features are no numbers at all
        kind = _NoNumbersError if isinstance(error, TypeError) else InputError
        raise kind(f"features of a {type(estimator).__name__}: {error}") from error
    values = np.asarray(checked, dtype=np.float64)
    if not missing and not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).any(axis=0).sum())
        raise InputError(f"{bad} features have missing values (NaN): fill them first, or leave the samples out")
    return values


def parted(y: ArrayLike, event: ArrayLike | None) -> tuple[Floats, Bools]:
    """Times and events, each ``(n,)``, from both or from one structured array that holds both.

    Raises
    ------
    InputError
        If it is neither, or what ``metrics`` asks of times and events does not hold.
    """
    if event is None:
        kind = getattr(y, "dtype", None)
        names = getattr(kind, "names", None) or ()
        flags = [name for name in names if kind[name] == np.bool_]  # type: ignore[index]
        if len(names) != 2 or len(flags) != 1:
            raise InputError(
                "an outcome is times and events, fit(X, time, event), or scikit-survival's structured array of both, "
                f"fit(X, y): this is a {type(y).__name__} alone"
            )
        y, event = y[next(name for name in names if name not in flags)], y[flags[0]]  # type: ignore[index]
    try:
        return outcome(y, event)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(f"times and events are numbers, one of each a sample: {error}") from error


def _outcome(y: ArrayLike, event: ArrayLike | None, stratum: ArrayLike | None, n: int) -> tuple[Floats, Bools, Ints]:
    times, events = parted(y, event)
    if times.size != n:
        raise InputError(f"{n} samples of features, {times.size} times: give one row a sample")
    if events.sum() < 2:
        raise InputError(f"{int(events.sum())} events in {times.size} samples: nothing can be learnt from them")
    strata = np.zeros(times.size, dtype=np.intp)
    if stratum is not None:
        strata = np.unique(np.asarray(stratum), return_inverse=True)[1].astype(np.intp)
        if strata.shape != times.shape:
            raise InputError(f"strata have shape {strata.shape}, times {times.shape}: give one stratum a sample")
    return joined(times), events, strata


def canonical(z: Floats, outcome: Outcome) -> tuple[Ints, Ints]:
    """Order of samples and of features that depends on neither's order as given, nor on last bits.

    Features stand by how they go with the outcome, samples by stratum, time, event and their sum of features weighed by
    that. What is the same in all of it keeps its place.
    """
    residual = cox.residuals(np.zeros(len(z)), outcome.follow_up(ties="breslow"))[0]
    keys = [z.T @ residual, (z**3).sum(axis=0), z.T @ residual**2]
    columns = np.lexsort([_coarse(key) for key in keys[::-1]])
    sums = [_coarse(z[:, columns] @ key[columns]) for key in keys]
    rows = np.lexsort((*sums[::-1], outcome.event, outcome.time, outcome.stratum))
    return rows, columns


def _coarse(key: Floats) -> Floats:
    """A key without its last digits."""
    return np.asarray((key / max(float(np.abs(key).max(initial=0.0)), 1e-300)).round(9))


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


def shortened(z: Floats) -> Floats:
    """Features at the precision of 32 bits: equal values whose last digits differ are equal again."""
    return z.astype(np.float32).astype(np.float64)


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
    return np.argsort(-gains.round(9), kind="stable")  # gains that differ in their last digits are one


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
