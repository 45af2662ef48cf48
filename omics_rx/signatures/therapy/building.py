"""Build a response study: train, judge honestly, open the external cohorts once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core import cache
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.core.provenance import Provenance
from omics_rx.core.work import one_thread
from omics_rx.metrics import small
from omics_rx.signatures import classifiers, ledger, noise
from omics_rx.signatures.noise import ALPHA
from omics_rx.signatures.therapy import judging, nested, suspects
from omics_rx.signatures.therapy.figures import (
    EXTERNAL,
    NESTED,
    Figures,
    Trends,
    flow,
    ladder,
    training_scores,
    training_summary,
)
from omics_rx.signatures.therapy.models import FUSIONS, LEARNERS, Data, Linear
from omics_rx.signatures.therapy.outcome import enough
from omics_rx.signatures.therapy.reading import Patients, read, usable
from omics_rx.signatures.therapy.signature import ResponseSignature
from omics_rx.signatures.therapy.study import ResponseStudy

Floats = NDArray[np.float64]
_CITES = ("vickers2008", "varma2006", "wolpert1992")
_OURS = (nested.SIGNATURE, nested.FULL)


@in_words
def build_response(
    cohorts: Mapping[str, Any],
    outcome: str,
    *,
    external: Mapping[str, Any] | None = None,
    positive: object = None,
    ordered: str | None = None,
    modalities: Mapping[str, Sequence[str]] | None = None,
    known_before: Sequence[str] = (),
    learners: Sequence[str] = LEARNERS,
    fusion: Literal["early", "late", "both"] = "both",
    reopen: Sequence[str] = (),
    n_folds: int = 5,
    n_repeats: int = 3,
    n_permutations: int = 50,
    without_signal: Literal["refuse", "tell"] = "refuse",
    seed: int = 0,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> ResponseStudy:
    """Make a signature of a yes-or-no outcome from features of several kinds, and judge it on patients never seen.

    Scale, filling of missing values, choice of features, penalty, classifiers, the way they are joined and calibration
    are made again inside each fold.

    Parameters
    ----------
    cohorts
        Training cohorts by name: a table (patients x columns), tables by modality, a MuData, or an AnnData whose
        ``obs`` holds the clinical columns. Patients may lack a modality. Values are measured alike in all cohorts.
    outcome
        Column of the outcome: 0 and 1, yes and no, ``pCR`` and ``RD``.
    external
        Cohorts to judge on, opened once.
    positive
        Value of the outcome that means a response, where the texts do not say.
    ordered
        Column of an ordered outcome, such as the class of residual cancer burden: the score is tested for a trend
        over it, and it is no feature.
    modalities
        Modality to columns of a single table, in the order of the ladder; None takes the tables as they come.
    known_before
        Features that look like the outcome and were known before the therapy.
    learners
        Classifiers of the full model, among ``classifiers.ALGORITHMS``.
    fusion
        ``"early"``: one model over all columns; ``"late"``: a stack over one model a modality; ``"both"``: as
        held-back training patients choose, their mean among the choices.
    reopen
        External cohorts that may be opened though another study has opened them on this machine before.
    n_folds, n_repeats
        Outer folds, balanced over cohort and outcome, and how often they are dealt.
    n_permutations
        Deals of the outcome within each cohort, on each of which the whole recipe of the signature is repeated; 0
        leaves the test out, and the study says so.
    without_signal
        Where more than one deal of twenty is foretold as well: ``"refuse"``, or make it and ``"tell"``.
    seed, n_jobs, progress
        Of all that is random; processes; a bar on stderr.

    Raises
    ------
    InputError
        If the outcome cannot be told, a class has fewer than ten patients, a feature may be the outcome under another
        name, patients are in two places, no feature is left, or an external cohort was opened before.
    NoSignalError
        If dealt outcomes are foretold as well.
    """
    _check_settings(learners, fusion, without_signal, n_folds=n_folds, n_repeats=n_repeats, n_deals=n_permutations)
    check_cohorts(cohorts, external)
    asked: dict[str, Any] = {"outcome": outcome, "positive": positive, "ordered": ordered, "modalities": modalities}
    train = [read(str(name), one, **asked) for name, one in cohorts.items()]
    outside = [read(str(name), one, **asked) for name, one in (external or {}).items()]
    kinds, told = learnable(train, outside, outcome=outcome, known_before=known_before)
    told += suspects.namesakes(train, outside)
    data = pooled(train, kinds)
    order = [kind for kind in train[0].modalities if kind in {train[0].modality[name] for name in kinds}]
    settings = {
        "outcome": outcome, "learners": ", ".join(learners), "fusion": fusion, "n_folds": n_folds,
        "n_repeats": n_repeats, "n_permutations": n_permutations, "seed": seed, "modalities": ", ".join(order),
        "known_before": ", ".join(known_before),
    }  # fmt: skip
    inputs = {one.name: one.sha256() for one in [*train, *outside]}
    study = cache.key(sorted(inputs[one.name] for one in train), list(kinds), settings)
    before = ledger.check({one.name: inputs[one.name] for one in outside}, study, reopen=reopen)
    work: dict[str, Any] = {"seed": seed, "n_jobs": n_jobs, "progress": progress}
    held = nested.cross_validated(
        data, order, learners=learners, fusion=fusion, n_folds=n_folds, n_repeats=n_repeats, **work,
    )  # fmt: skip
    drawn, p_value = nested.dealt(
        data, held.odds[nested.SIGNATURE], outcome=outcome, refuse=without_signal == "refuse", n_deals=n_permutations,
        n_folds=n_folds, **work,
    )  # fmt: skip
    with one_thread():
        methods = nested.Methods.fit(data, learners=learners, fusion=fusion, seed=seed)
        own_odds = methods.log_odds(data)
    apparent = {method: small.area(data.outcome, odds[None])[0] for method, odds in own_odds.items()}
    found = Figures(seed, pairs=[(name, nested.PLAIN) for name in _OURS], calibrated=_OURS, decided=_OURS)
    found.judge(" + ".join(one.name for one in train), NESTED, data.outcome, held.odds, apparent=apparent)
    training = training_summary(
        train, found, p_value, n_permutations, penalty=methods.signature.penalty, modalities=order
    )
    signature = _signature(
        outcome, methods.signature, data, training, Provenance("signatures.build", inputs, settings, _CITES)
    )
    scores = training_scores(train, data, held.odds[nested.SIGNATURE])
    opened = {}
    for one in outside:
        opened[one.name] = ledger.opened(
            one.name, sha256=inputs[one.name], study=study,
            weights=dict(zip(signature.encoder.columns, signature.weights.tolist(), strict=True)), recipe="therapy",
            before=before[one.name],
        )  # fmt: skip
        odds, own, notes = _outside(one, data, signature, methods)
        found.judge(one.name, EXTERNAL, one.outcome.loc[own.index].to_numpy(), odds)
        scores[one.name] = own
        told += notes
    trends = Trends(seed)
    for one in [*train, *outside]:
        if one.order is not None:
            trends.follow(one, scores[one.name], EXTERNAL if one in outside else NESTED)
    return ResponseStudy(
        name="therapy", outcome=outcome, signature=signature,
        ladder=ladder(data.outcome, [held.ladder[step + 1] for step in range(len(order))], order, seed=seed),
        importance=_importance(signature, data), scores=scores,
        patients=flow(train, outside, lacking="without_outcome"), dealt=pd.DataFrame({"auc": drawn}), dealt_p=p_value,
        external_opened=opened, provenance=signature.provenance,
        limits=[*_limits(data, held, p_value, n_permutations, outside, fusion), *told,
                *(text for one in [*train, *outside] for text in one.told), *ledger.sentences(before)],
        **found.frames(), **trends.frames(),
    )  # fmt: skip


def _check_settings(
    learners: Sequence[str], fusion: str, without_signal: str, *, n_folds: int, n_repeats: int, n_deals: int
) -> None:  # fmt: skip
    for name in learners:
        if name not in classifiers.ALGORITHMS:
            raise unknown_name("classifier", name, classifiers.ALGORITHMS)
    if not learners:
        raise InputError("the full model needs classifiers: name one or more")
    if fusion not in FUSIONS:
        raise unknown_name("way of fusion", fusion, FUSIONS)
    check_repeats(without_signal, n_folds=n_folds, n_repeats=n_repeats, n_deals=n_deals)


def check_cohorts(cohorts: Mapping[str, Any], external: Mapping[str, Any] | None) -> None:
    """Refuse a study without training cohorts, or of cohorts that are both training and external."""
    ledger.refuse_training(external, cohorts)
    if not cohorts:
        raise InputError('there is no training cohort: give some by name, such as {"a": table}')


def learnable(
    train: Sequence[Patients], outside: Sequence[Patients], *, outcome: str, known_before: Sequence[str]
) -> tuple[dict[str, str], list[str]]:  # fmt: skip
    """Features to learn from, with their kinds, and what was left out, where the patients can teach something.

    Raises
    ------
    InputError
        If an outcome holds too few of a class, a feature is the outcome, or a patient stands in two places.
    """
    kinds, told = usable(train)
    for one in [*train, *outside]:
        if not (one.outcome.any() and (~one.outcome).any()):
            enough(one.outcome, name=outcome, where=one.name)
    enough(pd.concat([one.outcome for one in train]), name=outcome, where="the training cohorts")
    suspects.features(train, kinds, known_before=known_before)
    suspects.patients_twice([*train, *outside])
    return kinds, told


def check_repeats(without_signal: str, *, n_folds: int, n_repeats: int, n_deals: int) -> None:
    """Refuse too few folds, repeats or deals of the outcome, and an unknown choice of what they decide."""
    noise.check_choice(without_signal)
    if n_folds < 2 or n_repeats < 1:
        raise InputError(f"n_folds is {n_folds}, n_repeats {n_repeats}: two folds and one repeat are the fewest")
    if n_deals < 0:
        raise InputError(f"n_permutations is {n_deals}: give a whole number of deals, 0 to leave the test out")


def pooled(train: Sequence[Patients], kinds: Mapping[str, str]) -> Data:
    """Training cohorts as one table of ``cohort/patient``, in an order that is not that of the files."""
    train = sorted(train, key=lambda one: one.name)
    place = {kind: at for at, kind in enumerate(train[0].modalities)}
    names = sorted(kinds, key=lambda name: (place[train[0].modality[name]], name))
    tables = [one.table[names].set_axis([f"{one.name}/{p}" for p in one.table.index], axis=0) for one in train]
    whole = pd.concat(tables)
    order = np.argsort(whole.index.to_numpy().astype(str), kind="stable")
    return Data(
        whole.iloc[order], np.concatenate([one.outcome.to_numpy(dtype=bool) for one in train])[order],
        np.concatenate([np.full(len(one.table), one.name) for one in train])[order],
        {name: kinds[name] for name in names}, {name: train[0].modality[name] for name in names},
        {name: train[0].column[name] for name in names},
    )  # fmt: skip


def features_of(one: Patients, kept: pd.Series, data: Data) -> Data:
    """Patients of an external cohort that are kept, over the features of the training data."""
    return Data(
        one.table.loc[kept].reindex(columns=list(data.kinds)), one.outcome[kept].to_numpy(dtype=bool),
        np.full(int(kept.sum()), one.name), data.kinds, data.modality, data.column,
    )  # fmt: skip


def _signature(
    outcome: str, fitted: Linear, data: Data, training: dict[str, Any], provenance: Provenance
) -> ResponseSignature:  # fmt: skip
    kinds = training["modalities"]
    return ResponseSignature(
        "therapy", outcome, fitted.encoder, fitted.weights, fitted.intercept, float(data.outcome.mean()),
        training=training, provenance=provenance,
        description=f"Logistic model of {outcome} over {len(fitted.encoder.features)} features of {len(kinds)} kinds",
    )  # fmt: skip


def _importance(signature: ResponseSignature, data: Data) -> pd.DataFrame:
    """Features by their mean absolute contribution in training, largest first."""
    modality = {one.name: one.modality for one in signature.encoder.features}
    mean = signature.contributions(data.table).abs().mean().sort_values(ascending=False, kind="stable")
    return mean.rename("importance").rename_axis("feature").reset_index().assign(modality=mean.index.map(modality))


def _outside(
    one: Patients, data: Data, signature: ResponseSignature, methods: nested.Methods
) -> tuple[dict[str, Floats], pd.DataFrame, list[str]]:
    """Log odds of an external cohort by each method, its scores, and what is to be told of it."""
    scored = signature.score(one.table)
    kept = scored["probability"].notna()
    told = [f"{one.name}: {text}" for text in scored.attrs["notes"]]
    lacking = int((~kept).sum())
    if lacking:
        told.append(f"{lacking} patients of {one.name} have too few features to be scored and were not judged.")
    rest = features_of(one, kept, data)
    # the signature's odds are those that a user gets, drawn in by what a patient lacks
    odds = methods.log_odds(rest) | {nested.SIGNATURE: judging.odds_of(scored.loc[kept, "probability"].to_numpy())}
    frame = scored.loc[kept, ["probability", "log_odds", "coverage"]].assign(outcome=one.outcome[kept])
    return {name: own[None, :] for name, own in odds.items()}, frame, told


def _limits(
    data: Data, held: nested.Held, p_value: float | None, n_deals: int, outside: Sequence[Patients], fusion: str
) -> list[str]:
    if p_value is None:
        found = ["Whether noise would have done as well was not tested."]
    else:
        told = (
            f"{p_value:.1%} of {n_deals} deals of the outcome among the patients of each cohort are foretold out of "
            "fold as well as the outcome itself"
        )
        found = [f"{told}." if p_value <= ALPHA else f"Noise would have done as well: {told}."]
    events = min(int(data.outcome.sum()), int((~data.outcome).sum()))
    if events < 100:
        found.append(f"The smaller class has {events} patients: read the intervals, not the values.")
    missing = float(data.table.isna().to_numpy().mean())
    if missing:
        found.append(f"{missing:.1%} of the training values are missing; they were expected from the others.")
    if not outside:
        found.append("No external cohort was given: how much is lost elsewhere is not known.")
    if fusion == "both":
        found.append(
            f"How the classifiers were joined, by fold: {examples(f'{k} {v}' for k, v in held.choices.items())}."
        )
    found.append(
        "Values are used as measured, on the scale of training: another unit or platform has to be brought to it first."
    )
    return found
