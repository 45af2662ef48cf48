"""What a few measured responses of a sample say about all its others, in closed form.

The errors that a model makes on lines it has not seen go together between drugs. A Gaussian process with that
covariance, learnt from leave-one-out errors of the kernel core on the training lines (from the errors of the graph
network on the lines its members held back, where there is no core), is conditioned on the errors seen in the sample.

References
----------
Rasmussen and Williams, Gaussian Processes for Machine Learning (MIT Press 2006), equations 2.22 to 2.24 and 5.12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from scipy.special import expit

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.harmonize import response_units
from omics_rx.response import asked
from omics_rx.response.parts.base import Cells, positions
from omics_rx.response.parts.kernel_ridge import KernelRidge
from omics_rx.response.prediction import Prediction, separate
from omics_rx.response.query import Asked, Query, known_drugs, resolve

if TYPE_CHECKING:
    from omics_rx.response.model import Learnt, ResponseModel
    from omics_rx.response.parts.network import GraphNetwork

_OWN_SHARES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8)
_N_TRIED = 5
ASSAYS = (None, "same", "other")
# how far assays lie apart in level (ln uM): gCSI, GDSC1 and CCLE lie .4, .8 and 1.3 below GDSC2 (median over compounds)
_LEVEL_SD = 1.5
_MIN_SHARED = 10
# what of a measured error another laboratory does not repeat, in variances of the drug's errors: with less, five values
# of one laboratory make predictions for another worse (benchmarks/response_few_shot.py --laboratory)
_NOT_REPEATED = 4.0
WHERE = ("assay", "elsewhere")


@dataclass(frozen=True, eq=False)
class ErrorCovariance:
    """How the errors on a line not seen go together between drugs.

    Attributes
    ----------
    spread
        Standard deviation of the error of each drug (ln uM), ``(n_drugs,)``.
    correlation
        Shared part, positive semi-definite with unit diagonal, ``(n_drugs, n_drugs)``.
    own_share
        Share of each drug's variance that no other drug and no repeated measurement shares.
    """

    spread: np.ndarray
    correlation: np.ndarray
    own_share: float

    def shared(self) -> np.ndarray:
        """Covariance of what repeats (ln uM squared), ``(n_drugs, n_drugs)``."""
        outer: np.ndarray = (1 - self.own_share) * self.correlation * np.outer(self.spread, self.spread)
        return outer

    def given(
        self, at: np.ndarray, errors: np.ndarray, *, level: float = 0.0, noise: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Shift of every drug's prediction, and the share of its standard deviation that is left.

        Parameters
        ----------
        at, errors
            Positions of the measured drugs and measured less predicted (ln uM), ``(k,)``.
        level
            Standard deviation (ln uM) of what all values of another assay share; it is learnt from the errors and not
            carried over to predictions.
        noise
            Variance of the measured values that another laboratory does not repeat, in variances of each drug's errors.

        Returns
        -------
        shift, left
            Both ``(n_drugs,)``, ln uM and 0 to 1.
        """
        shared, own = self.shared(), self.own_share * self.spread**2
        noisy = own[at] + noise * self.spread[at] ** 2
        weights = np.linalg.solve(shared[np.ix_(at, at)] + np.diag(noisy) + level**2, shared[at])
        variance = np.maximum(np.diag(shared) - (shared[at] * weights).sum(axis=0), 0.0)
        return errors @ weights, np.sqrt((variance + own) / self.spread**2)

    def likelihood(self, at: np.ndarray, errors: np.ndarray, *, level: float = 0.0) -> float:
        """Log density of the errors, with a level of that spread that all of them share."""
        matrix = self.shared()[np.ix_(at, at)] + np.diag((self.own_share * self.spread**2)[at]) + level**2
        _, size = np.linalg.slogdet(matrix)
        return float(-0.5 * (size + errors @ np.linalg.solve(matrix, errors) + at.size * np.log(2 * np.pi)))

    def level_of(self, at: np.ndarray, errors: np.ndarray, *, level: float) -> float:
        """What all values of another assay share, as far as the errors tell (ln uM)."""
        matrix = self.shared()[np.ix_(at, at)] + np.diag((self.own_share * self.spread**2)[at]) + level**2
        return float(level**2 * np.linalg.solve(matrix, errors).sum())


# learnt once for a fitted model and dropped with it
_LEARNT: WeakKeyDictionary[Learnt, ErrorCovariance] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class AdaptedModel:
    """A response model that knows some responses of one sample.

    Attributes
    ----------
    sample
        Name of the sample.
    measured
        Its measured ln IC50 (ln uM) by ``drug_id``.
    shift
        What they add to the prediction of each training drug (ln uM), by ``drug_id``: what the same assay would say.
    carried
        The part of it that is expected in another laboratory, too (ln uM): what the values say of the sample's
        preference between drugs. Its level is left to the prediction, since a measured level is the assay's.
    line_level
        Mean of ``shift`` over the training drugs (ln uM): how much more or less sensitive to all drugs the assay finds
        the sample than was predicted.
    level
        What all measured values share because they are of another assay (ln uM), which no prediction takes over.
    other_assay
        Probability that they are of another assay than the training screen: 0 or 1 where it was said.
    """

    sample: str
    measured: pd.Series
    shift: pd.Series
    _model: ResponseModel
    _cells: Cells
    _left: np.ndarray
    _stated: tuple[str, str]
    level: float = 0.0
    other_assay: float = 0.0
    carried: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))

    @property
    def line_level(self) -> float:
        """Mean shift over the training drugs (ln uM)."""
        return float(self.shift.mean())

    @in_words
    def predict(self, drugs: Asked | None = None, *, where: Literal["assay", "elsewhere"] = "assay") -> Prediction:
        """Predict the sample's responses.

        Parameters
        ----------
        drugs
            As in :meth:`omics_rx.response.ResponseModel.predict`. What is given for a measured drug is what another
            measurement is expected to say.
        where
            ``"assay"``: ``mean`` is what the assay of the values would say, the sample's level in it included.
            ``"elsewhere"``: what another laboratory would; the values move the preference between drugs alone, and the
            interval is not narrowed. ``preference`` is the same in both.

        Returns
        -------
        Prediction
            One row. Intervals are those of the model, narrowed by what so many measured responses explain in lines
            left out, so that they hold the share asked for after one measurement as after a hundred (see
            :mod:`omics_rx.response.narrowing`). A new drug's interval is not narrowed.
        """
        asked.word("where", where, WHERE)
        learnt = self._model.learnt_
        query = resolve(drugs, learnt.screen, learnt.training.drugs)
        found = self._model.answer(self._cells, query, domain=self._stated[0], stated=self._stated[1])
        spread = self._spreading(query)
        preferred = spread(self.carried.to_numpy())
        moved_preference = preferred - float(self.carried.mean())
        same = where == "assay"
        shift = spread(self.shift.to_numpy()) if same else preferred
        left = self._left_of(query) if same else np.ones(len(shift))
        mean = found.mean + shift
        below, above = (found.mean - found.lower) * left, (found.upper - found.mean) * left
        every = learnt.stack.predict(self._cells, learnt.training.drugs)
        moved = (self.shift if same else self.carried).to_numpy()
        general = separate(every + moved, learnt.centre, learnt.spread)[0]
        told = f"{found.reference}; given {len(self.measured)} measured responses of {self.sample}{self._of_assay()}"
        if not same:
            told += "; as another laboratory would find it, the level as predicted"
        return replace(
            found,
            mean=mean,
            lower=mean - below,
            upper=mean + above,
            preference=found.preference + moved_preference,
            preference_lower=found.preference_lower + moved_preference,
            preference_upper=found.preference_upper + moved_preference,
            general=pd.Series(general, index=found.general.index, name="general"),
            reference=told,
            held=None,
            line_factor=float("nan"),
        )

    def _of_assay(self) -> str:
        if not self.other_assay:
            return ""
        return f", of another assay with probability {self.other_assay:.2f}, whose level is {self.level:+.2f} ln uM"

    def _spreading(self, query: Query) -> Callable[[np.ndarray], np.ndarray]:
        """Carries a shift of the training drugs to the drugs asked for; new drugs take the shift of drugs like them."""
        column = positions(query.features.names, self._model.learnt_.training.drugs.names)
        new = np.flatnonzero(column < 0)
        weights = core_of(self._model).weights(query.features.take(new)) if new.size else None

        def spread(every: np.ndarray) -> np.ndarray:
            shift: np.ndarray = every[np.maximum(column, 0)]
            if weights is not None:
                shift[new] = weights @ every
            return shift

        return spread

    def _left_of(self, query: Query) -> np.ndarray:
        """Share of each drug's standard deviation that is left; all of it for a new drug."""
        column = positions(query.features.names, self._model.learnt_.training.drugs.names)
        return np.where(column < 0, 1.0, self._left[np.maximum(column, 0)])


def core_of(model: ResponseModel) -> KernelRidge | GraphNetwork:
    """The part whose errors are learnt from: the kernel core, or else the graph network.

    Raises
    ------
    InputError
        If the model has neither.
    """
    parts = model.learnt_.stack.parts
    return network_of(model) if "network" in parts and "kernel" not in parts else kernel_of(model)


def unseen_errors(core: KernelRidge | GraphNetwork) -> np.ndarray:
    """Measured less predicted (ln uM) of training lines as if not seen, ``(n_lines, n_drugs)``; NaN is unmeasured."""
    known = np.isfinite(core.errors_).any(axis=1)
    errors: np.ndarray = core.errors_[known]
    return errors


def kernel_of(model: ResponseModel) -> KernelRidge:
    """The kernel core of a fitted model.

    Raises
    ------
    InputError
        If the model has none.
    """
    found: KernelRidge = _part(model, "kernel", 'the kernel core, such as parts="default"')
    return found


def network_of(model: ResponseModel) -> GraphNetwork:
    """The graph network of a fitted model.

    Raises
    ------
    InputError
        If the model has none.
    """
    found: GraphNetwork = _part(model, "network", 'the graph network, such as parts=("network",)')
    return found


def _part(model: ResponseModel, name: str, needed: str) -> Any:
    parts = model.learnt_.stack.parts
    if name not in parts:
        raise InputError(f"the model's parts are {', '.join(parts)}: this needs {needed}")
    return parts[name]


def covariance(errors: np.ndarray, *, seed: int = 0) -> ErrorCovariance:
    """Learn how errors go together, the share that does not by predicting lines left out of the learning.

    Parameters
    ----------
    errors
        Measured less predicted (ln uM), ``(n_cells, n_drugs)``; NaN where not measured.
    seed
        Seed of the lines and drugs on which the shares are compared.
    """
    order = rng(seed, "few-shot").permutation(len(errors))
    test, train = np.array_split(order, [len(order) // 4])
    spread, correlation = moments(errors[train])
    losses = [_loss(errors[test], ErrorCovariance(spread, correlation, share), seed) for share in _OWN_SHARES]
    return ErrorCovariance(*moments(errors), _OWN_SHARES[int(np.argmin(losses))])


def moments(errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spread of each drug, and pairwise correlations made positive semi-definite with unit diagonal."""
    known = np.isfinite(errors)
    value = np.where(known, errors, 0.0)
    n = known.sum(axis=0)
    typical = float(np.sqrt((value**2).sum() / max(known.sum(), 1)))
    own = np.sqrt((value**2).sum(axis=0) / np.maximum(n, 1))
    spread = np.where((n >= _MIN_SHARED) & (own > 1e-9), own, max(typical, 1e-9))
    scaled, both = value / spread, known.T.astype(np.float64) @ known
    pairs = np.where(both >= _MIN_SHARED, scaled.T @ scaled / np.maximum(both, 1), 0.0)
    np.fill_diagonal(pairs, 1.0)
    values, vectors = np.linalg.eigh(pairs)
    fixed = (vectors * np.maximum(values, 1e-9)) @ vectors.T
    scale = 1 / np.sqrt(np.diag(fixed))
    return spread, fixed * np.outer(scale, scale)


def _loss(errors: np.ndarray, tried: ErrorCovariance, seed: int) -> float:
    """Squared error left on the drugs not shown when five random ones are, in units of each drug's variance."""
    total = 0.0
    for row, own in enumerate(errors):
        known = np.flatnonzero(np.isfinite(own))
        if known.size <= _N_TRIED:
            continue
        shown = rng(seed, "shown", row).permutation(known)[:_N_TRIED]
        hidden = np.setdiff1d(known, shown)
        shift, _ = tried.given(shown, own[shown])
        total += float((((own - shift)[hidden] / tried.spread[hidden]) ** 2).mean())
    return total


def adapt(
    model: ResponseModel,
    cells: Cells,
    measured: Mapping[str, float] | pd.Series,
    *,
    stated: tuple[str, str],
    assay: str | None = None,
    sure_of_unit: bool = False,
) -> AdaptedModel:
    """Condition a model on measured responses of one sample; see :meth:`ResponseModel.adapt`."""
    if assay not in ASSAYS:
        raise InputError(f'assay is {assay!r}: say "same" or "other" than that of the training screen, or leave it out')
    from omics_rx.response.narrowing import scale

    learnt = model.learnt_
    given = _checked(pd.Series(measured, dtype=np.float64), learnt.training.drugs.names, learnt.screen.drugs)
    at = positions(given.index, learnt.training.drugs.names)
    predicted = learnt.stack.predict(cells, learnt.training.drugs)[0]
    if not sure_of_unit:
        ranges = pd.DataFrame({"mean": learnt.centre, "sd": learnt.spread}, index=learnt.training.drugs.names)
        response_units.check(given.to_numpy(), given.index.to_numpy(), ranges, what="the measured responses")
    together, seen = covariance_of(model), given.to_numpy() - predicted[at]
    shift, left, level, other = by_assay(together, at, seen, assay)
    left = left * scale(model, len(given))
    names = learnt.training.drugs.names.rename("drug_id")
    carried, _ = together.given(at, seen, level=_LEVEL_SD, noise=_NOT_REPEATED)
    return AdaptedModel(
        str(cells.names[0]),
        given,
        pd.Series(shift, index=names, name="shift"),
        model,
        cells,
        left,
        stated,
        level,
        other,
        pd.Series(carried, index=names, name="carried"),
    )


def by_assay(
    errors: ErrorCovariance, at: np.ndarray, seen: np.ndarray, assay: str | None
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Shift, share left, level (ln uM) and probability of another assay: as said, or both weighed by their evidence."""
    same, left = errors.given(at, seen)
    if assay == "same":
        return same, left, 0.0, 0.0
    other, left_other = errors.given(at, seen, level=_LEVEL_SD)
    level = errors.level_of(at, seen, level=_LEVEL_SD)
    odds = errors.likelihood(at, seen, level=_LEVEL_SD) - errors.likelihood(at, seen)
    weight = 1.0 if assay == "other" else float(expit(odds))
    # both answers as one: their mean, and the variance of a mixture
    apart = (other - same) / errors.spread
    mixed = np.sqrt((1 - weight) * left**2 + weight * left_other**2 + weight * (1 - weight) * apart**2)
    return (1 - weight) * same + weight * other, mixed, weight * level, weight


def covariance_of(model: ResponseModel) -> ErrorCovariance:
    """How the model's errors go together, learnt once for a fitted model."""
    learnt = model.learnt_
    if learnt not in _LEARNT:
        _LEARNT[learnt] = covariance(unseen_errors(core_of(model)), seed=model.seed)
    return _LEARNT[learnt]


def _checked(measured: pd.Series, names: pd.Index, drugs: pd.DataFrame) -> pd.Series:
    """Measured responses by training ``drug_id``; names are resolved, in any case."""
    if not len(measured) or not np.isfinite(measured.to_numpy()).all():
        raise InputError("no finite measured response: give at least one ln IC50 (ln uM) and leave missing ones out")
    return pd.Series(measured.to_numpy(), index=known_drugs(measured.index, names, drugs), name="ln_ic50")
