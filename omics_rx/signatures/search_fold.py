"""One fold of a search: each distinct selector fitted once, each learner once on each distinct set of genes."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omics_rx.core.errors import InputError
from omics_rx.core.parallel import OF_THE_MACHINE
from omics_rx.core.work import one_thread, subseed
from omics_rx.metrics import survival
from omics_rx.signatures import learners
from omics_rx.signatures.combinations import Combination
from omics_rx.signatures.learners.base import Learner
from omics_rx.signatures.screening import strongest
from omics_rx.signatures.selectors import kept_by
from omics_rx.signatures.training import CohortScale, TrainingSet

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Split:
    """Positions of the samples learnt from and of those held back; together they need not be all."""

    learnt: Ints
    held: Ints


@dataclass(frozen=True, eq=False)
class Held:
    """What some combinations did in one fold.

    Attributes
    ----------
    risks
        Risk of each held-back sample, ``(n, k)``; NaN for a combination that failed.
    apparent
        Concordance on the samples fitted on, ``(k,)``.
    n_genes
        Genes each was fitted on, ``(k,)``; for a learner that selects, the genes it kept. 0 where none was kept: such
        a combination orders nobody and every risk is 0.
    failures
        Why each failed, empty where it did not.
    """

    risks: Floats
    apparent: Floats
    n_genes: Ints
    failures: tuple[str, ...]

    def write(self, folder: Path) -> None:
        """Save into an empty folder."""
        np.savez(folder / "held.npz", risks=self.risks, apparent=self.apparent, n_genes=self.n_genes)
        (folder / "failures.json").write_text(json.dumps(self.failures), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Held:
        """Open what :meth:`write` saved."""
        with np.load(folder / "held.npz", allow_pickle=False) as arrays:
            failures = json.loads((folder / "failures.json").read_text(encoding="utf-8"))
            return cls(arrays["risks"], arrays["apparent"], arrays["n_genes"], tuple(failures))


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted learner and the columns it was fitted on."""

    model: Learner | None
    columns: Ints

    def risk(self, z: Floats) -> Floats:
        """Risk of samples x all columns; 0 for everyone where no gene was kept."""
        return np.zeros(len(z)) if self.model is None else self.model.predict(z[:, self.columns])

    @property
    def used(self) -> Ints:
        """Columns that can move the risk."""
        if self.model is None or not hasattr(self.model, "coef_"):
            return self.columns
        return self.columns[kept_by(self.model)]


class Fits:
    """Fitted learners of one training set, each fitted when it is first needed and kept.

    Parameters
    ----------
    z
        Genes scaled within cohort, ``(n, p)``.
    train
        The training set they come from.
    seed
        Of all that is random; a learner's own seed follows from it and the learner's name.
    """

    def __init__(self, z: Floats, train: TrainingSet, *, seed: int) -> None:
        self.z, self.train, self.seed = z, train, seed
        self._fitted: dict[tuple[str, bytes], Fit | Exception] = {}

    def of(self, combination: Combination) -> Fit:
        """Return a combination's fit.

        Raises
        ------
        Exception
            Whatever its selector or learner raised, each time it is asked for.
        """
        if not combination.selector:
            return self._fit(combination.learner, np.arange(self.z.shape[1]))
        selected = self._fit(combination.selector, np.arange(self.z.shape[1]))
        kept = selected.columns if selected.model is None else kept_by(selected.model)
        return self._fit(combination.learner, kept)

    def _fit(self, name: str, columns: Ints) -> Fit:
        key = (name, columns.tobytes())
        if key not in self._fitted:
            try:
                self._fitted[key] = self._fresh(name, columns)
            except OF_THE_MACHINE:
                raise
            except Exception as error:  # noqa: BLE001 - one learner must not end the search; it is reported by name
                self._fitted[key] = error
        found = self._fitted[key]
        if isinstance(found, Exception):
            raise found
        return found

    def _fresh(self, name: str, columns: Ints) -> Fit:
        if not columns.size:
            return Fit(None, columns)
        model = learners.make(name, seed=subseed(self.seed, "search", name))
        with warnings.catch_warnings():
            # what a solver has to say of its last digits is judged by the concordance of what it reached
            warnings.simplefilter("ignore")
            model.fit(
                self.z[:, columns], self.train.time, self.train.event, stratum=self.train.cohort
            )  # fmt: skip
        return Fit(model, columns)


def held_back(train: TrainingSet, split: Split, combinations: Sequence[Combination], seed: int) -> Held:
    """Fit combinations on the samples learnt from and predict the held-back ones.

    Genes are scaled within cohort by the samples learnt from; a held-back sample by those of its cohort. Of a large
    set the genes strongest in the samples learnt from are used.
    """
    learnt = strongest(train.rows(split.learnt))
    rest = train.rows(split.held).only(learnt.genes)
    scale = CohortScale.learn(learnt)
    z, target = scale.apply(learnt), scale.apply(rest)
    k = len(combinations)
    risks, inside = np.full((rest.n, k), np.nan), np.zeros((learnt.n, k))
    n_genes, failures = np.zeros(k, dtype=np.intp), [""] * k
    with one_thread():
        fits = Fits(z, learnt, seed=seed)
        for at, combination in enumerate(combinations):
            try:
                fit = fits.of(combination)
                outside, own = _finite(fit.risk(target)), _finite(fit.risk(z))
            except OF_THE_MACHINE:
                raise
            except Exception as error:  # noqa: BLE001 - one learner must not end the search; it is reported by name
                failures[at] = f"{type(error).__name__}: {error}"
            else:
                risks[:, at], inside[:, at], n_genes[at] = outside, own, fit.used.size
    worked = np.array([not failure for failure in failures])
    apparent = survival.concordances(learnt.time, learnt.event, inside, strata=learnt.cohort)
    return Held(risks, np.where(worked, apparent, np.nan), n_genes, tuple(failures))


def _finite(risk: Floats) -> Floats:
    if not np.isfinite(risk).all():
        raise InputError(f"{int((~np.isfinite(risk)).sum())} of {risk.size} risks are not finite")
    return risk
