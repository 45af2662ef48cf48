"""Build a study of a trial: train over all arms, judge honestly, open the external cohorts once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core import cache
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.core.provenance import Provenance
from omics_rx.core.work import one_thread
from omics_rx.signatures import ledger
from omics_rx.signatures.noise import ALPHA
from omics_rx.signatures.therapy import (
    arm_model,
    arm_nested,
    interactions,
    judging,
    nested,
    regimens,
    rule,
)
from omics_rx.signatures.therapy.arm_model import Trial
from omics_rx.signatures.therapy.arm_signature import TreatmentSignature
from omics_rx.signatures.therapy.arm_study import TreatmentStudy
from omics_rx.signatures.therapy.assignment import Assigned, assigned, trial_of
from omics_rx.signatures.therapy.building import check_cohorts, check_repeats, features_of, learnable, pooled
from omics_rx.signatures.therapy.figures import (
    EXTERNAL,
    NESTED,
    Figures,
    flow,
    ladder,
    training_scores,
    training_summary,
)

Floats = NDArray[np.float64]
_CITES = ("vickers2008", "varma2006")
_TABLE = [*(name for name in judging.TABLE if name not in ("apparent", "optimism")), *judging.WITHIN]


@in_words
def build_arms(
    cohorts: Mapping[str, Any],
    outcome: str,
    *,
    treatment: str,
    control: object = None,
    within: str | Sequence[str] | None = "receptor groups",
    arms: Mapping[str, str] | None = None,
    expected: Mapping[str, str | Sequence[str]] | None = None,
    external: Mapping[str, Any] | None = None,
    positive: object = None,
    modalities: Mapping[str, Sequence[str]] | None = None,
    known_before: Sequence[str] = (),
    reopen: Sequence[str] = (),
    n_folds: int = 5,
    n_repeats: int = 3,
    n_permutations: int = 50,
    without_signal: Literal["refuse", "tell"] = "refuse",
    seed: int = 0,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> TreatmentStudy:
    """Learn the chance of a yes-or-no outcome under each arm of a trial, and judge it on patients never seen.

    What foretells the outcome anyway (prognostic) and what foretells benefit from one arm (predictive) stand apart.

    Parameters
    ----------
    cohorts
        Training cohorts by name, as for :func:`build_response`; several trials are pooled as one.
    outcome
        Column of the outcome.
    treatment
        Column of the arm: texts however they are written (order, plus signs, doses and schedules make no other arm).
    control
        The arm that the others are held against; it is asked for.
    within
        Within which kinds of patients arms are compared: ``"receptor groups"`` (hormone receptors and HER2 as they are
        recorded), a column or several, or None: all alike.
    arms
        Text to the arm it is, where texts are to be joined or kept apart.
    expected
        Arm to the features that were expected to foretell benefit from it before these patients were looked at; they
        are corrected and shrunk among themselves, in the table and in the model.
    external
        Cohorts of the same arms to judge on, opened once.
    positive, modalities, known_before, reopen, without_signal
        As for :func:`build_response`. Where a modality holds the column of the arm, the ladder adds the arm there, else
        last.
    n_folds, n_repeats, n_permutations
        Outer folds, balanced over group, arm and outcome; how often they are dealt; deals of the outcome.
    seed, n_jobs, progress
        Of all that is random; processes; a bar on stderr.

    Raises
    ------
    InputError
        As for :func:`build_response`; if the arm is the outcome or cannot be told, the control is not named, or the
        kinds of patients cannot be told.
    NoSignalError
        If dealt outcomes are foretold as well.
    """
    check_cohorts(cohorts, external)
    check_repeats(without_signal, n_folds=n_folds, n_repeats=n_repeats, n_deals=n_permutations)
    where, own_modalities = _arm_step(modalities, treatment)
    asked: dict[str, Any] = {
        "outcome": outcome, "treatment": treatment, "control": control, "within": within, "arms": arms,
        "positive": positive, "modalities": own_modalities,
    }  # fmt: skip
    given, names = zip(*(assigned(str(name), one, **asked) for name, one in cohorts.items()), strict=True)
    outside = [assigned(str(name), one, **asked)[0] for name, one in (external or {}).items()]
    asked_of = {str(name): one for name, one in (external or {}).items()}
    if len(set(names)) > 1:
        raise InputError(f"the control is called {examples(set(names))} in the cohorts: call it alike, by arms=...")
    train, elsewhere = ([one.patients for one in part] for part in (given, outside))
    kinds, told = learnable(train, elsewhere, outcome=outcome, known_before=known_before)
    trial = trial_of(given, pooled(train, kinds), names[0])
    wanted = _expected(expected, trial)
    trial = replace(
        trial, expected=frozenset((arm, feature) for arm, features in wanted.items() for feature in features)
    )
    order = [kind for kind in given[0].patients.modalities if kind in set(trial.data.modality.values())]
    steps, added = _steps(order, where)
    settings = {
        "outcome": outcome, "treatment": treatment, "control": trial.control, "within": str(within),
        "n_folds": n_folds, "n_repeats": n_repeats, "n_permutations": n_permutations, "seed": seed,
        "modalities": ", ".join(order), "known_before": ", ".join(known_before),
        "expected": "; ".join(f"{arm}: {', '.join(features)}" for arm, features in wanted.items()),
    }  # fmt: skip
    inputs = {one.patients.name: _sha256(one) for one in [*given, *outside]}
    study = cache.key(sorted(inputs[one.patients.name] for one in given), list(kinds), settings)
    before = ledger.check({one.patients.name: inputs[one.patients.name] for one in outside}, study, reopen=reopen)
    work: dict[str, Any] = {"seed": seed, "n_jobs": n_jobs, "progress": progress}
    held = arm_nested.cross_validated(trial, steps[:-1], n_folds=n_folds, n_repeats=n_repeats, **work)
    drawn, p_value = nested.dealt(
        trial.as_data(), held.odds[arm_nested.ALIKE], outcome=outcome, refuse=without_signal == "refuse",
        n_deals=n_permutations, n_folds=n_folds, **work,
    )  # fmt: skip
    with one_thread():
        model = arm_model.fit(trial, seed=seed)
    truth = trial.data.outcome
    found = Figures(
        seed, pairs=[(nested.SIGNATURE, other) for other in (arm_nested.ALIKE, nested.PLAIN)],
        calibrated=(nested.SIGNATURE, arm_nested.ALIKE, nested.PLAIN), decided=(nested.SIGNATURE,),
    )  # fmt: skip
    found.judge(" + ".join(one.patients.name for one in given), NESTED, truth, held.odds, cell=trial.cells())
    signature = _signature(trial, model, asked, given, found, order, p_value, n_permutations,
                           Provenance("signatures.build", inputs, settings, _CITES))  # fmt: skip
    scores = training_scores(train, trial.data, held.odds[nested.SIGNATURE])
    opened = {}
    for one in outside:
        opened[one.patients.name] = ledger.opened(
            one.patients.name, sha256=inputs[one.patients.name], study=study,
            weights=dict(zip(model.encoder.columns, model.slopes[0].tolist(), strict=True)), recipe="therapy",
            before=before[one.patients.name],
        )  # fmt: skip
        rest, notes = _known_to(one, trial)
        odds = arm_nested.methods(trial, rest, seed=seed)
        odds.pop("arms")
        odds[nested.SIGNATURE] = _as_given(signature, asked_of[one.patients.name], rest, odds)
        repeats = {name: own[None, :] for name, own in odds.items()}
        found.judge(one.patients.name, EXTERNAL, rest.data.outcome, repeats, cell=rest.cells())
        scores[one.patients.name] = _frame(odds[nested.SIGNATURE], rest)
        told += notes
    record = rule.Record(
        pd.DataFrame({"group": trial.group, "arm": trial.arm, "outcome": truth}, index=trial.data.table.index),
        trial.arms, trial.groups, held.fold, held.chances,
    )  # fmt: skip
    predictive = interactions.predictive(trial)
    return TreatmentStudy(
        name="therapy", outcome=outcome, treatment=treatment, control=trial.control, signature=signature,
        ladder=ladder(truth, [held.ladder[step] for step in range(len(added))], added, seed=seed),
        prognostic=interactions.prognostic(trial), predictive=predictive, arms=interactions.gains(trial),
        scores=scores, patients=flow(train, elsewhere, lacking="left_out"), dealt=pd.DataFrame({"auc": drawn}),
        dealt_p=p_value, external_opened=opened,
        provenance=signature.provenance, record=record, classes=_classes(given, trial),
        limits=[*_limits(trial, predictive, p_value, n_permutations, len(given), outside=bool(outside)), *told,
                *(text for each in [*train, *elsewhere] for text in each.told), *ledger.sentences(before)],
        **found.frames(_TABLE),
    )  # fmt: skip


def _arm_step(
    modalities: Mapping[str, Sequence[str]] | None, treatment: str
) -> tuple[int | None, dict[str, list[str]] | None]:
    """How many modalities come before the arm, None for all, and the modalities without its column."""
    if modalities is None:
        return None, None
    kept: dict[str, list[str]] = {}
    place: int | None = None
    for name, columns in modalities.items():
        own = [str(column) for column in columns if str(column) != treatment]
        if len(own) < len(list(columns)):
            place = len(kept) + bool(own)
        if own:
            kept[str(name)] = own
    if not kept:
        raise InputError(f"the modalities hold {treatment} only: name the features to learn from")
    return place, kept


def _steps(order: Sequence[str], where: int | None) -> tuple[list[tuple[tuple[str, ...], bool]], list[str]]:
    """Steps of the ladder, each the kinds of measurement and whether the arm is known, and what each adds."""
    at = len(order) if where is None else max(1, min(where, len(order)))
    steps = [(tuple(order[: k + 1]), k + 1 > at) for k in range(len(order))]
    steps.insert(at, (tuple(order[:at]), True))
    return steps, [*order[:at], "arm", *order[at:]]


def _expected(
    expected: Mapping[str, str | Sequence[str]] | None, trial: Trial
) -> dict[str, list[str]]:  # fmt: skip
    found = {}
    for arm, features in (expected or {}).items():
        named = [one for one in trial.arms[1:] if one == arm or regimens.key(one) == regimens.key(arm)]
        if len(named) != 1:
            raise unknown_name("arm of expected", arm, trial.arms[1:])
        own = [features] if isinstance(features, str) else [str(one) for one in features]
        for one in own:
            if one not in trial.data.kinds:
                raise unknown_name("feature of expected", one, trial.data.kinds)
        found[named[0]] = own
    return found


def _sha256(one: Assigned) -> str:
    return cache.key(one.patients.sha256(), one.arm.tolist(), one.group.tolist())


def _signature(
    trial: Trial, model: arm_model.ArmModel, asked: Mapping[str, Any], given: Sequence[Assigned], found: Figures,
    order: Sequence[str], p_value: float | None, deals: int, provenance: Provenance,
) -> TreatmentSignature:  # fmt: skip
    within = asked["within"]
    training = training_summary([one.patients for one in given], found, p_value, deals, modalities=list(order))
    n, counts = len(model.encoder.features), trial.counts()
    called = {text: arm for one in given for text, arm in one.called.items()}
    return TreatmentSignature(
        "therapy", asked["outcome"], asked["treatment"], trial.control,
        within if within is None or isinstance(within, str) else tuple(map(str, within)), model, counts, called,
        float(trial.data.outcome.mean()), training=training, provenance=provenance,
        description=f"Chance of {asked['outcome']} under {len(trial.arms)} arms from {n} features",
    )  # fmt: skip


def _known_to(one: Assigned, trial: Trial) -> tuple[Trial, list[str]]:
    """Patients of an external cohort whose arm and kind the training trial had."""
    counts = trial.counts()
    arms = one.arm.map({arm: arm for arm in trial.arms})
    fits = arms.notna() & one.group.isin(trial.groups)
    had = [bool(ok) and counts.loc[arm, group] > 0 for ok, arm, group in zip(fits, one.arm, one.group, strict=True)]
    fits = pd.Series(had, index=one.arm.index)
    told = []
    if not fits.all():
        told.append(
            f"{int((~fits).sum())} patients of {one.patients.name} had arms that nobody of their kind had in training "
            f"({examples(one.arm[~fits].unique())}) and were not judged."
        )
    if not fits.any():
        raise InputError(f"no patient of {one.patients.name} had an arm of the training trial: judge the same arms")
    rest = features_of(one.patients, fits, trial.data)
    group = one.group[fits].to_numpy(dtype=object).astype(str)
    return replace(trial, data=rest, arm=arms[fits].to_numpy(dtype=object).astype(str), group=group), told


def _as_given(signature: TreatmentSignature, cohort: Any, rest: Trial, odds: Mapping[str, Floats]) -> Floats:
    """Log odds that a user gets, drawn in by what a patient lacks; those of the model where she cannot be scored."""
    chance = signature.score(cohort)["probability"].reindex(rest.data.table.index).to_numpy(dtype=np.float64)
    return np.where(np.isnan(chance), odds[nested.SIGNATURE], judging.odds_of(np.nan_to_num(chance, nan=0.5)))


def _frame(odds: Floats, rest: Trial) -> pd.DataFrame:
    from scipy.special import expit

    index = rest.data.table.index
    return pd.DataFrame({"probability": expit(odds), "log_odds": odds, "outcome": rest.data.outcome}, index=index)


def _classes(given: Sequence[Assigned], trial: Trial) -> pd.DataFrame:
    """Columns of classes of all cohorts as text, in the order of the trial."""
    parts = [
        one.classes.map(lambda value: None if value is None or value != value else regimens.text_of(value))
        .set_axis([f"{one.patients.name}/{patient}" for patient in one.classes.index], axis=0)
        for one in given
    ]  # fmt: skip
    return pd.concat(parts).reindex(trial.data.table.index).astype(object)


def _limits(
    trial: Trial, predictive: pd.DataFrame, p_value: float | None, deals: int, n_cohorts: int, *, outside: bool
) -> list[str]:
    if p_value is None:
        found = ["Whether noise would have done as well was not tested."]
    else:
        told = f"{p_value:.1%} of {deals} deals of the outcome among the patients are foretold out of fold as well"
        found = [f"{told} as the outcome itself." if p_value <= ALPHA else f"Noise would have done as well: {told}."]
    counts = trial.counts()
    small = [f"{arm} ({n})" for arm, n in counts.sum(axis=1).items() if n < 20]
    if small:
        found.append(f"Arms of fewer than 20 patients, of which hardly anything can be told: {', '.join(small)}.")
    kinds = {arm: [g for g in trial.groups if counts.loc[arm, g]] for arm in trial.arms}
    only = [f"{arm} ({', '.join(own)})" for arm, own in kinds.items() if len(own) < len(trial.groups)]
    if only:
        found.append(
            f"Arms that some kinds of patients alone had, and for whom alone they are judged: {'; '.join(only)}."
        )
    bare = [group for group in trial.groups if not counts.loc[trial.control, group]]
    if bare:
        found.append(f"No {' or '.join(bare)} patient had the control {trial.control}: no gain is told there.")
    cannot = int((predictive["verdict"] == interactions.CANNOT).sum())
    shown = int(predictive["verdict"].isin([interactions.BENEFIT, interactions.LESS]).sum())
    found.append(
        f"Of {len(predictive)} interactions of arm and feature {cannot} cannot be told, for under "
        f"{interactions.MIN_EVENTS} events in a cell; {shown} are shown after correction."
    )
    if n_cohorts > 1:
        found.append(f"Arms of {n_cohorts} cohorts are pooled as if of one trial: they differ in more than the arm.")
    missing = float(trial.data.table.isna().to_numpy().mean())
    if missing:
        found.append(f"{missing:.1%} of the training values are missing; they were expected from the others.")
        half = [name for name in trial.data.table if trial.data.table[name].isna().mean() > 0.25]
        if half:
            found.append(f"{len(half)} features are missing in more than a quarter of patients: {examples(half)}.")
    if not outside:
        found.append("No external cohort was given: how much is lost elsewhere is not known.")
    found.append("Where arms were assigned adaptively, compare within a group only: shares over groups mislead.")
    return found
