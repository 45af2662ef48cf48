"""An additive ranker of evidence, cross-fitted over mechanisms: what moves a drug is known exactly.

It starts from the average of oriented ranks, which needs no label, and learns from labels how far to leave it: there
are so few that a ranker of labels alone is no better than that average. What a kind of evidence says is a curve over
the share of its subtype's drugs that a drug beats, so subtypes and kinds are on one scale. Boosted stumps (LightGBM
trees of one split) make a sum of such curves: the contribution of a kind is exact, whatever the others say, and what
is missing contributes nothing. What is learnt is which drugs are worth trying; which subtype a drug is for is left to
the evidence, because the few drugs known to be for one subtype only are of few mechanisms, and what the others teach of
it misleads for the one left out.

Models that may score different drugs differ in level, which says only whose labels were left out; so no level is part
of a score, and a drug without evidence has 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core.work import rng, subseed, track
from omics_rx.harmonize.mechanisms import relatives

N_MEMBERS, N_ROUNDS = 24, 60
# log odds between a drug that beats all others in every kind and one that beats none, before any label is seen
PRIOR = 4.0
N_PLACES = 100  # shap keeps no more rows of a background
MIN_POSITIVE_DRUGS, MIN_CLASSES = 8, 4
_PARAMS: dict[str, Any] = {
    "objective": "binary", "num_leaves": 2, "learning_rate": 0.05, "min_data_in_leaf": 12, "lambda_l2": 4.0,
    "min_sum_hessian_in_leaf": 1e-3, "max_bin": 63, "feature_fraction": 0.7, "boost_from_average": False,
    "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1, "feature_pre_filter": False,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class CrossFit:
    """Contributions to the cross-fitted scores.

    Attributes
    ----------
    contributions
        Members x pairs x kinds, log odds; 0 where the evidence is missing.
    reweighed
        Members x pairs, log odds: what a member's own weights of the kinds change in the average they start from.
    n_models
        Models fitted.
    curves
        Groups x places x kinds, log odds: mean curve of the models that may score a group of drugs, taken from their
        own output at ``N_PLACES`` places of each kind, the others at 0; less its value at 0.
    group
        Pairs: the group of each.
    """

    contributions: np.ndarray
    reweighed: np.ndarray
    n_models: int
    curves: np.ndarray
    group: np.ndarray

    def curves_at(self, places: np.ndarray) -> np.ndarray:
        """Height of the curves of each group at places (rows x kinds): groups x rows x kinds; 0 where missing."""
        known = np.isfinite(places)
        at = np.clip(np.round((np.where(known, places, 0.0) + 0.5) * (N_PLACES - 1)).astype(int), 0, N_PLACES - 1)
        return np.asarray(np.where(known, self.curves[:, at, np.arange(places.shape[1])[None, :]], 0.0))

    def first(self, n: int) -> CrossFit:
        """The first ``n`` pairs alone."""
        return CrossFit(self.contributions[:, :n], self.reweighed[:, :n], self.n_models, self.curves, self.group[:n])

    def scores(self) -> np.ndarray:
        """Score of each pair by each member, members x pairs; the ranking's score is their mean."""
        return np.asarray(self.contributions.sum(axis=2))


def oriented_ranks(evidence: pd.DataFrame, directions: list[int]) -> np.ndarray:
    """Share of the drugs of its subtype that a pair beats in each kind, less one half (ties half).

    NaN where a kind says nothing: missing, known for one drug of the subtype only, or equal for all.

    Parameters
    ----------
    evidence
        Pairs x kinds, index (``drug_id``, ``subtype``).
    directions
        1 where a high value speaks for a drug, -1 where a low one does.
    """
    oriented = evidence * np.asarray(directions, dtype=np.float64)
    by_subtype = oriented.round(9).groupby(level=1)  # last digits make no ranks
    places = (by_subtype.rank() - 1) / (by_subtype.transform("count") - 1).clip(lower=1) - 0.5
    differs = by_subtype.transform("max") > by_subtype.transform("min")
    return np.asarray(places.where(differs).to_numpy())


def averaged(places: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Contribution of each kind to the (weighted) mean of the known ones; 0 where missing. A row sums to its mean."""
    known = np.isfinite(places)
    share = known * (np.ones(places.shape[1]) if weights is None else weights)
    total = share.sum(axis=1, keepdims=True)
    return np.asarray(np.where(known, places, 0.0) * share / np.where(total > 0, total, 1.0))


def reweighed_means(places: np.ndarray, kinds: list[str], *, seed: int, n: int = 200) -> np.ndarray:
    """Means over kinds weighed at random, draws x pairs: how far an average hangs on the kinds there happen to be."""
    weights = (_kind_weights(kinds, draw, seed) for draw in range(n))
    return np.array([averaged(places, weight).sum(axis=1) for weight in weights])


def cross_fit(
    evidence: pd.DataFrame, training: pd.DataFrame, words: dict[str, set[str]], *, directions: list[int], seed: int,
    progress: bool | None = None,
) -> CrossFit:  # fmt: skip
    """Score every (drug, subtype) pair with models that saw no label of the drug or of a drug that acts alike.

    Parameters
    ----------
    evidence
        Pairs x kinds, index (``drug_id``, ``subtype``); NaN where missing.
    training
        ``drug_id``, ``subtype``, ``positive``, ``weight``, as from
        :func:`~omics_rx.repurposing.labels.training_pairs`.
    words
        How each drug acts, from :func:`~omics_rx.harmonize.mechanisms.tokens`.
    directions
        1 where a high value speaks for a drug, -1 where a low one does, one a kind: the curves never go against it.
    seed
        Seed of the members: each has its own draws, its own weights of the drugs (a Bayesian bootstrap over labels)
        and its own choice of kinds a tree.
    progress
        Whether to draw a bar.
    """
    drugs = evidence.index.get_level_values(0)
    rows = evidence.index.get_indexer(pd.MultiIndex.from_frame(training[["drug_id", "subtype"]]))
    training, rows = training[rows >= 0], rows[rows >= 0]
    owner = pd.Index(training["drug_id"])
    labelled = pd.Index(sorted(owner.unique()))
    unique = drugs.unique()
    kin = relatives(words, unique, labelled)
    groups: dict[bytes, list[int]] = {}
    for i, row in enumerate(kin):
        groups.setdefault(row.tobytes(), []).append(i)
    positive = training["positive"].to_numpy(dtype=bool)
    values, kinds = oriented_ranks(evidence, directions), [str(kind) for kind in evidence]
    prior = PRIOR * averaged(values)
    shape = (N_MEMBERS, len(evidence), evidence.shape[1])
    contributions, reweighed = np.zeros(shape), np.zeros(shape[:2])
    known = np.isfinite(values)
    start, said = prior.sum(axis=1), known.any(axis=0)  # a kind that says nothing of any drug is left out
    places = {drug: np.flatnonzero(drugs == drug) for drug in unique}
    curves, group = np.zeros((len(groups), N_PLACES, shape[2])), np.zeros(len(evidence), dtype=int)
    for member in track(range(N_MEMBERS), "ranking", progress=progress):
        # what is missing stands at a place drawn anew for each member, so that it can teach nothing
        filled = _on_grid(np.where(known, values, _fill(kinds, len(values), member, seed))[:, said])
        reweighed[member] = PRIOR * averaged(values, _kind_weights(kinds, member, seed)).sum(axis=1) - start
        shares = _bootstrap(labelled, member, seed)
        weight = training["weight"].to_numpy() * shares[labelled.get_indexer(owner)]
        for number, members_of_group in enumerate(groups.values()):
            kept = ~kin[members_of_group[0]][labelled.get_indexer(owner)]
            wanted = np.concatenate([places[unique[i]] for i in members_of_group])
            data = (filled[rows[kept]], positive[kept], weight[kept], start[rows[kept]])
            booster = _booster(data, subseed(seed, "member", member))
            parts, _ = shap_values(booster, filled[wanted])
            learnt = np.where(known[wanted][:, said], parts, 0.0)
            contributions[member][np.ix_(wanted, said)] = prior[wanted][:, said] + learnt
            group[wanted] = number
            curves[number][:, said] += _curves(booster, int(said.sum())) / N_MEMBERS
    return CrossFit(contributions, reweighed, N_MEMBERS * len(groups), curves, group)


def _on_grid(places: np.ndarray) -> np.ndarray:
    """Places on multiples of 2**-22, which single precision holds, and the point midway between any two of them.

    A place often lies midway between two others, where the booster splits: LightGBM and shap, which do not compare at
    the same precision, would else send it to different sides.
    """
    return np.asarray(np.round(places * 2.0**22) / 2.0**22)


def _kind_weights(kinds: list[str], member: int, seed: int) -> np.ndarray:
    """Weight of each kind, exponential with mean 1: a Bayesian bootstrap over what evidence there happens to be.

    Keyed by the kind's name, so that a further kind that says nothing changes no draw.
    """
    return np.array([rng(seed, "kinds", member, kind).exponential() for kind in kinds])


def _fill(kinds: list[str], n: int, member: int, seed: int) -> np.ndarray:
    """Places for what is missing, ``(n, n_kinds)``, uniform and keyed by the kind's name."""
    return np.column_stack([rng(seed, "fill", member, kind).random(n) - 0.5 for kind in kinds])


def _bootstrap(labelled: pd.Index, member: int, seed: int) -> np.ndarray:
    """Weight of each labelled drug, exponential with mean 1, keyed by the drug so that others do not change it."""
    return np.array([rng(seed, "bootstrap", member, drug).exponential() for drug in labelled])


def _booster(data: tuple[np.ndarray, ...], seed: int) -> Any:
    """Fit monotone stumps on top of the average.

    Positives weigh as much as negatives whichever labels are left out.

    ``data``: places (rows x kinds, high speaks for a drug), whether positive, weight, and the log odds to start from.
    """
    import lightgbm

    x, positive, weight, start = data
    balanced = np.zeros(len(weight))
    for here in (positive, ~positive):
        balanced[here] = 0.5 * len(weight) * weight[here] / weight[here].sum()
    params = {**_PARAMS, "monotone_constraints": [1] * x.shape[1], "seed": seed}
    labels = positive.astype(np.float64)
    table = lightgbm.Dataset(x, label=labels, weight=balanced, init_score=start, params=params)
    return lightgbm.train(params, table, num_boost_round=N_ROUNDS)


def _curves(booster: Any, n_kinds: int) -> np.ndarray:
    """Output of a sum of stumps along each kind, the others at 0, less that at 0: places x kinds."""
    grid = np.linspace(-0.5, 0.5, N_PLACES)
    probes = np.zeros((n_kinds, N_PLACES, n_kinds))
    probes[np.arange(n_kinds), :, np.arange(n_kinds)] = grid
    raw = booster.predict(np.concatenate([probes.reshape(-1, n_kinds), np.zeros((1, n_kinds))]), raw_score=True)
    return np.asarray((raw[:-1] - raw[-1]).reshape(n_kinds, N_PLACES).T)


def shap_values(booster: Any, places: np.ndarray) -> tuple[np.ndarray, float]:
    """Shapley value of each kind, rows x kinds, and the base they add up from (log odds).

    Interventional TreeSHAP (Lundberg 2020) against a background that is a drug at every place in turn. Boosted stumps
    make this the curve of a kind less its mean over all places, so that evidence at an average place, or none, adds
    nothing, and no re-centring is needed. Path-dependent values, LightGBM's ``pred_contrib``, differ from these by a
    constant a kind, the mean of its curve over the training rows, which holds few labelled drugs and most of them at
    high places: a drug without evidence would then seem held back.
    """
    if not booster.feature_importance("split").any():  # nothing was learnt
        level = float(booster.predict(places[:1] * 0, raw_score=True)[0])
        return np.zeros(places.shape), level
    import shap

    background = np.repeat(np.linspace(-0.5, 0.5, N_PLACES)[:, None], places.shape[1], axis=1)
    explainer = shap.TreeExplainer(booster, background, feature_perturbation="interventional")
    return np.asarray(explainer.shap_values(places, check_additivity=False)), float(explainer.expected_value)


def enough(training: pd.DataFrame, words: dict[str, set[str]]) -> str:
    """Why there are too few labels to learn from, or an empty text."""
    positive = pd.Index(training.loc[training["positive"], "drug_id"].unique())
    negative = training.loc[~training["positive"], "drug_id"].nunique()
    kin = relatives(words, positive, positive)
    remaining, classes = kin.copy(), 0
    while remaining.any():  # greedily: drugs no two of which act alike
        first = int(np.flatnonzero(remaining.any(axis=1))[0])
        gone = kin[first]
        remaining[gone] = False
        remaining[:, gone] = False
        classes += 1
    if len(positive) < MIN_POSITIVE_DRUGS or classes < MIN_CLASSES or negative < MIN_POSITIVE_DRUGS:
        return (
            f"{len(positive)} drugs of {classes} mechanisms are labelled as working and {negative} as not: at least "
            f"{MIN_POSITIVE_DRUGS} of {MIN_CLASSES} and {MIN_POSITIVE_DRUGS} are needed"
        )
    return ""
