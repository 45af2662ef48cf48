"""A searched ensemble: the best combinations of selector and learner together, distilled to a few genes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import one_thread, subseed
from omics_rx.metrics import survival
from omics_rx.signatures.combinations import Combination, named
from omics_rx.signatures.distill import NoSignalError, distil
from omics_rx.signatures.fitted import Fitted
from omics_rx.signatures.screening import KEPT, LARGE, strongest
from omics_rx.signatures.search_fold import Fit, Fits
from omics_rx.signatures.search_run import Searched, searched
from omics_rx.signatures.training import CLOSE, CohortScale, TrainingSet

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
MIN_GENES = 3
_CHANCE = 0.5


class SearchedEnsemble:
    """The mean of the combinations that do best on held-back samples, distilled to a few genes.

    1. Each combination is cross-validated within the training set.
    2. The best are fitted on all of it; their risks, each scaled to mean 0 and sd 1, are averaged.
    3. The few genes are those that follow the ensemble's *held-back* risks in every cohort: risks of samples fitted
       on would also follow chance.

    Parameters
    ----------
    genes
        Pool to choose from; None takes every gene the cohorts share.
    combinations
        As for :func:`omics_rx.signatures.search`.
    n_best
        Combinations in the ensemble; fewer where fewer are better than chance.
    n_genes
        Most genes of the signature.
    n_folds
        Folds of the search.
    name, description
        What the recipe is called, and in words.
    """

    cites: tuple[str, ...] = ("varma2006",)
    rule = (
        "Dealt outcomes were not tried: a search refuses data in which the 95% interval of the held-back concordance "
        "of its best combinations reaches one half."
    )

    def __init__(
        self, genes: Iterable[str] | None = None, *, combinations: str | Sequence[str] = "fast", n_best: int = 5,
        n_genes: int = 12, n_folds: int = 5, name: str = "custom", description: str = "",
    ) -> None:  # fmt: skip
        if n_genes < 1 or n_best < 1:
            raise InputError(f"n_genes is {n_genes}, n_best {n_best}: a signature has one gene of one model or more")
        self.genes = None if genes is None else tuple(dict.fromkeys(genes))
        self.combinations = named(combinations)
        self.n_best = n_best
        self.n_genes = n_genes
        self.n_folds = n_folds
        self.name = name
        self.description = description or (
            f"The mean of the best {n_best} of {len(self.combinations)} combinations of selector and learner, "
            "distilled to a few genes"
        )

    def pool(self) -> set[str]:
        """Genes to choose from; empty for every shared gene."""
        return set(self.genes or ())

    def fit(self, train: TrainingSet, *, seed: int) -> Fitted:
        """Search, fit the best, distil.

        Raises
        ------
        InputError
            If fewer than three genes of the pool are measured, or samples or events are too few for the folds.
        NoSignalError
            If no combination orders held-back samples better than chance, or the 95% interval of the concordance of
            the best ones' mean reaches one half.
        """
        part = self._restricted(train)
        found = searched(part, self.combinations, n_folds=self.n_folds, seed=seed, progress=False)
        table = found.table
        best = [_named(self.combinations, name) for name in self._best(found)]
        held = _held_back_mean(found, part, [combination.name for combination in best])
        part = strongest(part)
        scale = CohortScale.learn(part)
        z = scale.apply(part)
        with one_thread():
            fits = Fits(z, part, seed=subseed(seed, "ensemble"))
            model = MeanRisk.of([fits.of(combination) for combination in best], z)
        small = distil(z, held, part.cohort, n_genes=self.n_genes, candidates=model.used)
        failed = table.loc[table["failure"] != "", "combination"]
        names = [combination.name for combination in best]
        told = f"{len(best)} of {len(self.combinations)} combinations: {', '.join(names)}"
        notes = [f"The full model is the mean of the best on held-back training samples, {told}."]
        if train.expression.size > LARGE and len(part.genes) == KEPT:
            notes.append(f"The set is large: each fold searched the {KEPT} genes strongest in its training samples.")
        if len(failed):
            notes.append(f"{len(failed)} combinations failed and took no part: {examples(failed)}.")
        return Fitted(
            genes=tuple(part.genes[at] for at in small.columns),
            weights=small.weights,
            cutoff=float(np.median(z[:, small.columns] @ small.weights)),
            full_genes=tuple(part.genes[at] for at in model.used),
            full_weights=None,
            full_model=model,
            fidelity=small.fidelity,
            parts={name: 1 / len(names) for name in names},
            patterns={part.genes[at]: self.name for at in small.columns} if self.genes else {},
            skipped=(),
            notes=tuple(notes),
        )

    def _restricted(self, train: TrainingSet) -> TrainingSet:
        if self.genes is None:
            return train
        kept = sorted(set(self.genes) & set(train.genes))
        if len(kept) < MIN_GENES:
            raise InputError(
                f"{len(kept)} of {len(self.genes)} genes of the pool are measured by all cohorts, {MIN_GENES} are "
                f"needed ({examples(self.genes)}): check the gene names of the cohorts"
            )
        return replace(train, expression=train.expression[:, train.columns(kept)], genes=tuple(kept))

    def _best(self, found: Searched) -> list[str]:
        table = found.table
        better = table.loc[table["concordance"] > _CHANCE + CLOSE, "combination"].head(self.n_best).tolist()
        if not better:
            raise NoSignalError(
                f"none of {len(table)} combinations orders held-back samples better than chance: there is no signature "
                "in these data"
            )
        return better


class MeanRisk:
    """The mean of several fitted combinations, each scaled to mean 0 and sd 1 in training.

    Parameters
    ----------
    fits, centres, spreads
        Of each combination.
    width
        Number of genes they were offered.

    Attributes
    ----------
    used
        Columns, of those offered, that can move the risk, in rising order.
    """

    def __init__(self, fits: Sequence[Fit], centres: Sequence[float], spreads: Sequence[float], *, width: int) -> None:
        self.fits, self.centres, self.spreads, self.width = fits, centres, spreads, width
        self.used: Ints = np.unique(np.concatenate([fit.used for fit in fits]))

    @classmethod
    def of(cls, fits: Sequence[Fit], z: Floats) -> MeanRisk:
        """Scale fitted combinations by their risks on the training samples; those that order nobody are left out.

        Raises
        ------
        NoSignalError
            If none orders anybody.
        """
        risks = [fit.risk(z) for fit in fits]
        telling = [at for at, risk in enumerate(risks) if np.ptp(risk) > CLOSE * max(1.0, float(np.abs(risk).max()))]
        if not telling:
            raise NoSignalError("the best combinations keep no gene on all training samples: there is no signature")
        return cls(
            [fits[at] for at in telling], [float(risks[at].mean()) for at in telling],
            [float(risks[at].std(ddof=1)) for at in telling], width=z.shape[1],
        )  # fmt: skip

    def __call__(self, z: Floats) -> Floats:
        """Risk of samples over the ``used`` columns alone, ``(n, u)`` to ``(n,)``."""
        whole = np.zeros((len(z), self.width))  # the columns not used carry no weight in any combination
        whole[:, self.used] = z
        scaled = [
            (fit.risk(whole) - centre) / spread
            for fit, centre, spread in zip(self.fits, self.centres, self.spreads, strict=True)
        ]
        return np.asarray(np.mean(scaled, axis=0))


def _named(combinations: Sequence[Combination], name: str) -> Combination:
    return next(combination for combination in combinations if combination.name == name)


def _held_back_mean(found: Searched, train: TrainingSet, names: Sequence[str]) -> Floats:
    """Mean held-back risk of some combinations, each scaled within cohort and fold, ``(n,)``.

    Raises
    ------
    NoSignalError
        If the 95% interval of its concordance reaches one half.
    """
    strata = np.char.add(np.char.add(train.cohort, " "), found.fold.to_numpy().astype(str))
    risks = found.risks[list(names)].to_numpy().copy()
    for stratum in np.unique(strata):
        rows = strata == stratum
        risks[rows] -= risks[rows].mean(axis=0)
        spread = risks[rows].std(axis=0)
        risks[rows] /= np.where(spread > 1e-12, spread, np.inf)
    mean = risks.mean(axis=1)
    value = survival.concordance(train.time, train.event, mean, strata=strata, cross_validated=True)
    if value.lower <= _CHANCE:  # the best of many pass one half by chance alone
        raise NoSignalError(
            f"the mean of the best {len(names)} combinations orders held-back samples no better than chance does "
            f"(concordance {value}): there is no signature in these data"
        )
    return np.asarray(mean)
