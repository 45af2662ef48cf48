"""Would noise have done as well? A permutation test of the out-of-fold score of a stack of patterns.

Outcomes are dealt anew among the patients of each cohort, which leaves genes, follow-up and cohorts as they are and
breaks every tie between them. A thousand refits of the stack would take half an hour; each ridge Cox model is therefore
replaced by its first Newton step from no effect, which is linear in the outcome's residuals, so that one decomposition
of the genes a fold serves every deal. The test is exact whatever the step leaves out, because the outcome as observed
and the dealt ones go the same way; that the step follows the whole fit is for its power alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from omics_rx.core.errors import unknown_name
from omics_rx.core.work import rng
from omics_rx.signatures import cox
from omics_rx.signatures.penalty import VARIANCES
from omics_rx.signatures.training import CLOSE, CohortScale, TrainingSet

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

N_PERMUTATIONS = 999
ALPHA = 0.05
_BLOCK = 100  # deals worked on at a time
_JOIN = 0.3  # prior variance of the log hazard that the patterns together may explain, the middle of the path


def check_choice(without_signal: str) -> None:
    """Refuse a choice of what happens where noise would have done as well that is none.

    Raises
    ------
    UnknownNameError
        If it is neither to refuse nor to tell.
    """
    if without_signal not in ("refuse", "tell"):
        raise unknown_name("choice of without_signal", without_signal, ("refuse", "tell"))


@dataclass(frozen=True)
class Chance:
    """How often dealt outcomes are predicted as well as the observed one.

    Attributes
    ----------
    p_value
        Share of deals that do as well, the observed outcome counted.
    n_permutations
        How many deals.
    """

    p_value: float
    n_permutations: int

    @property
    def signal(self) -> bool:
        """Whether at most one deal of twenty does as well."""
        return self.p_value <= ALPHA + CLOSE


@dataclass(frozen=True, eq=False)
class _Fold:
    """Genes of one pattern in one fold, decomposed.

    Attributes
    ----------
    seen, out
        Samples learnt from and held back.
    left, scale, held
        ``(n_seen, k)``, ``(k,)`` and ``(n_held, k)``: the held-back risks of residuals ``r`` are
        ``held @ (step(scale) * (left.T @ r))``.
    penalty
        Of the ridge.
    """

    seen: Ints
    out: Ints
    left: Floats
    scale: Floats
    held: Floats
    penalty: float


def of_stack(
    patterns: Mapping[str, Sequence[str]], train: TrainingSet, *, n_folds: int, seed: int,
    n_permutations: int = N_PERMUTATIONS,
) -> Chance:  # fmt: skip
    """Test whether patterns of genes predict the outcome of samples held back, against dealt outcomes.

    The statistic is the gain in likelihood of the patterns' out-of-fold risks, joined with weights of 0 or more that
    are found anew for every deal. Of the recipe's penalties the strongest is taken: with it the test sees a planted
    pattern most often, and the Newton step is nearest to the whole fit.

    Parameters
    ----------
    patterns
        Pattern name to genes, all of them measured.
    train
        The training set.
    n_folds
        Folds, balanced over cohorts; they do not look at the outcome, so that no deal is treated otherwise.
    seed
        Of the folds and the deals.
    n_permutations
        How many deals; the smallest p is one over one more.

    References
    ----------
    Phipson and Smyth, Stat Appl Genet Mol Biol 2010, 9:39 (the observed outcome counts as one deal); Goeman et al.,
    Bioinformatics 2005, 21:1950 (score tests of many genes against survival).
    """
    data = train.follow_up()
    residual = cox.residuals(np.zeros(train.n), data)[0]
    rate = train.n_events / train.n  # information of a centred feature is about this times its sum of squares
    folds = _decomposed(patterns, train, n_folds=n_folds, seed=seed)
    random = rng(seed, "noise deals")
    deals = np.column_stack([np.arange(train.n), *(_dealt(train.cohort, random) for _ in range(n_permutations))])
    found = []
    for start in range(0, deals.shape[1], _BLOCK):
        dealt = residual[deals[:, start : start + _BLOCK]]
        risks = np.stack([_out_of_fold(parts, dealt, train.cohort, rate) for parts in folds])
        found.append(_joined(risks, dealt, rate))
    statistic = np.concatenate(found)
    as_well = int((statistic[1:] >= statistic[0] - CLOSE * max(1.0, abs(float(statistic[0])))).sum())
    return Chance((1 + as_well) / (1 + n_permutations), n_permutations)


def _dealt(cohort: NDArray[np.str_], random: np.random.Generator) -> Ints:
    """Whose outcome each sample gets: samples change places within their cohort."""
    given = np.arange(cohort.size)
    for name in np.unique(cohort):
        rows = np.flatnonzero(cohort == name)
        given[rows] = random.permutation(rows)
    return given


def _decomposed(
    patterns: Mapping[str, Sequence[str]], train: TrainingSet, *, n_folds: int, seed: int
) -> list[list[_Fold]]:
    """Each pattern's folds; genes are scaled within cohort by the samples learnt from."""
    blind = replace(train, event=np.zeros(train.n, dtype=bool))
    fold = blind.folds(n_folds, seed=seed, name="noise")
    found: list[list[_Fold]] = [[] for _ in patterns]
    for number in range(n_folds):
        seen, out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        z = CohortScale.learn(train.rows(seen)).apply(train)
        for place, genes in enumerate(patterns.values()):
            columns = z[:, train.columns(genes)]
            left, scale, right = np.linalg.svd(columns[seen], full_matrices=False)
            kept = scale > CLOSE * max(float(scale.max(initial=0.0)), 1e-300)
            penalty = len(genes) / min(VARIANCES)
            found[place].append(_Fold(seen, out, left[:, kept], scale[kept], columns[out] @ right[kept].T, penalty))
    return found


def _out_of_fold(parts: Sequence[_Fold], dealt: Floats, cohort: NDArray[np.str_], rate: float) -> Floats:
    """Out-of-fold risks of one pattern for each deal, centred within cohort, sd 1, ``(n, b)``."""
    risk = np.empty(dealt.shape)
    for part in parts:
        step = part.scale / (rate * part.scale**2 + part.penalty)
        risk[part.out] = part.held @ (step[:, None] * (part.left.T @ dealt[part.seen]))
    for name in np.unique(cohort):
        rows = cohort == name
        risk[rows] -= risk[rows].mean(axis=0)
    spread = risk.std(axis=0)
    return np.asarray(risk / np.where(spread > 1e-12, spread, np.inf))


def _joined(risks: Floats, dealt: Floats, rate: float) -> Floats:
    """Gain in likelihood of all patterns' risks together, weights of 0 or more: ``(k, n, b)`` to ``(b,)``."""
    from scipy.optimize import nnls

    k = len(risks)
    slopes = np.einsum("knb,nb->bk", risks, dealt)
    curves = rate * np.einsum("knb,lnb->bkl", risks, risks, optimize=True) + k / _JOIN * np.eye(k)
    found = np.empty(len(slopes))
    for at, (slope, curve) in enumerate(zip(slopes, curves, strict=True)):
        factor = np.linalg.cholesky(curve).T
        weight, _ = nnls(factor, np.linalg.solve(factor.T, slope))
        found[at] = slope @ weight - weight @ curve @ weight / 2
    return found
