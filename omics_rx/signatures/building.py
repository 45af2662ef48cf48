"""Build a signature study: train, judge honestly, open the external cohorts once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from inspect import signature as signature_of
from typing import TYPE_CHECKING, Any, Literal, overload

import pandas as pd

from omics_rx.core import cache
from omics_rx.core import cohort as co
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.provenance import Provenance, frame_sha256
from omics_rx.core.work import one_thread
from omics_rx.harmonize.reference import GeneReference
from omics_rx.signatures import baseline, case_mix, designs, judge, ledger, limits, nested, noise, nulls, options
from omics_rx.signatures.assemble import (
    Member,
    prepare,
    refuse_duplicates,
    shared_endpoint,
    training_set,
)
from omics_rx.signatures.assess import assess
from omics_rx.signatures.distill import NoSignalError
from omics_rx.signatures.fitted import Fitted
from omics_rx.signatures.recipes import Recipe, resolve
from omics_rx.signatures.signature import RiskSignature
from omics_rx.signatures.study import Study
from omics_rx.signatures.therapy.arm_building import build_arms
from omics_rx.signatures.therapy.arm_study import TreatmentStudy
from omics_rx.signatures.therapy.building import build_response
from omics_rx.signatures.therapy.regimens import RECEPTORS
from omics_rx.signatures.therapy.study import ResponseStudy
from omics_rx.signatures.training import CLOSE, TrainingSet

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

_JUDGING = ("n_folds", "n_null", "n_null_whole", "n_permutations", "without_signal", "site", "before")  # shape nothing
_CITES = ("harrell1982", "uno2011", "venet2011", "austin2020", "vickers2008")


@overload
def build(
    recipe: Literal["therapy"], cohorts: Mapping[str, Any], **settings: Any
) -> ResponseStudy | TreatmentStudy: ...


@overload
def build(recipe: str | Mapping[str, Sequence[str]] | Recipe, cohorts: Mapping[str, Any], **settings: Any) -> Study: ...


@in_words  # type: ignore[misc]  # the overloads leave the names of the settings to it
def build(
    recipe: str | Mapping[str, Sequence[str]] | Recipe,
    cohorts: Mapping[str, Any],
    *,
    external: Mapping[str, Any] | None = None,
    outcome: str | None = None,
    treatment: str | None = None,
    control: object = None,
    within: str | Sequence[str] | None = RECEPTORS,
    therapy: Mapping[str, Any] | None = None,
    genes: Iterable[str] | None = None,
    endpoint: str | None = None,
    ensemble: str | Sequence[str] | None = None,
    reopen: Sequence[str] = (),
    n_genes: int | None = None,
    site: str | None = None,
    before: Mapping[str, float] | None = None,
    n_folds: int = 5,
    n_null: int | None = None,
    n_null_whole: int | None = None,
    n_permutations: int | None = None,
    without_signal: Literal["refuse", "tell"] = "refuse",
    seed: int = 0,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> Study | ResponseStudy | TreatmentStudy:
    """Make a signature from cohorts with follow-up, and judge it on cohorts it has never seen.

    Every choice (scaling, penalties, patterns, genes, cut-off) is made again inside each cross-validation fold. The
    external cohorts are opened after the signature stands; what was opened and when is written down. A setting that the
    recipe would not look at is refused.

    Parameters
    ----------
    recipe
        ``"cell_death"``: stacked Cox over patterns of cell death; pattern name to genes: the same over patterns of your
        own; ``"immune"``: a searched ensemble over genes of immune infiltration; ``"custom"``: one over all genes;
        ``"therapy"``: a yes-or-no ``outcome`` from features of several kinds, see :func:`build_response`.
    cohorts
        Training cohorts by name: AnnData, samples x genes, ``obs["time"]`` (months) and ``obs["event"]``. Each is
        scaled within itself and is a stratum of its own, so platforms and baseline risks may differ.
    external
        Cohorts to judge on.
    outcome
        For ``"therapy"``: the column of the outcome, such as ``"pcr"``.
    treatment, control, within
        For ``"therapy"`` of a trial: the column of the arm, the arm that the others are held against, and within which
        kinds of patients; see :func:`build_arms`.
    therapy
        For ``"therapy"``: further settings of :func:`build_response`, such as ``{"ordered": "rcb"}``; of a trial those
        of :func:`build_arms`, such as ``{"expected": {"pembrolizumab": "immune_score"}}``.
    genes
        Choose among these only, such as ``target.var_names``.
    endpoint
        Needed where the cohorts record different ones: ``"mixed"`` says that this is meant.
    ensemble
        Combinations to search for the full model, as for :func:`search`; over the genes of the recipe. None keeps the
        recipe's own way, which for ``"immune"`` and ``"custom"`` is ``"fast"``.
    reopen
        External cohorts that may be opened though another study has opened them on this machine before. Running the
        same study again (training cohorts, recipe and settings that shape the signature) is no new opening.
    n_genes
        Most genes of the signature, for a recipe that chooses them; 12 when left out.
    site
        Column of the site, or ``"site"`` for the tissue source site in TCGA's barcodes: each site's patients are also
        judged by a signature made without them, and ``Study.designs`` holds it beside random folds.
    before
        Column of the year and a year, such as ``{"year": 2008}``: patients from then on are also judged by a signature
        made from those before.
    n_folds
        Outer folds, balanced over cohort and event.
    n_null
        Ridge Cox models over random genes, as many as the signature's, to hold against it on the external cohorts;
        1000 when left out. They are not the recipe: no patterns, no choice of genes, one penalty; ``n_null_whole``
        repeats that.
    n_null_whole
        How often the whole recipe is repeated over random genes, to hold against it there; each time takes as long as
        the recipe's fit; none when left out.
    n_permutations
        Outcomes dealt anew within each cohort, against which the recipe's out-of-fold score is tested before anything
        else; None deals as many as the recipe asks for, 0 leaves the test out, and the study says so. A recipe with a
        rule of its own, as a searched ensemble has, is not tested again.
    without_signal
        What happens where more than one deal of twenty is predicted as well as the outcome: ``"refuse"`` to make a
        signature, or make it and ``"tell"`` first that noise would have done as well.
    seed, n_jobs, progress
        Of all that is random; processes for the folds; a bar on stderr.

    Returns
    -------
    Study, ResponseStudy, TreatmentStudy
        The signature with all figures. Gains over clinical columns are those of external cohorts and of cohorts
        judged by a signature made from the others: cross-validated scores would find a gain in noise.

    Raises
    ------
    InputError
        If follow-up is missing, endpoints differ unsaid, cohorts share patients or hardly any gene, an external cohort
        was opened before by another study.
    NoSignalError
        If the data hold no signature: dealt outcomes are predicted as well.
    """
    import joblib

    noise.check_choice(without_signal)
    told: dict[str, Any] = {
        "external": external, "outcome": outcome, "therapy": therapy, "treatment": treatment,
        "control": None if control is None else str(control), "within": None if within == RECEPTORS else str(within),
        "genes": genes, "endpoint": endpoint,
        "n_genes": n_genes, "n_null": n_null, "n_null_whole": n_null_whole, "n_permutations": n_permutations,
        "without_signal": without_signal, "site": site, "before": before,
    }  # fmt: skip
    if isinstance(recipe, str):
        options.refuse_unused(recipe, told)
    if recipe == options.THERAPY:
        shared = {"external": external, "reopen": reopen, "n_folds": n_folds, "n_permutations": n_permutations,
                  "without_signal": without_signal, "seed": seed, "n_jobs": n_jobs, "progress": progress}  # fmt: skip
        if treatment is None and (control is not None or within != RECEPTORS):
            raise InputError("control and within are of a trial with arms: name the column of the arm, treatment=...")
        trial = {"treatment": treatment, "control": control, "within": within} if treatment is not None else {}
        return _response(cohorts, outcome, ensemble, therapy or {}, shared | trial)
    n_genes, n_folds, n_null, n_null_whole, n_permutations = options.counts(
        n_genes=n_genes, n_folds=n_folds, n_null=n_null, n_null_whole=n_null_whole, n_permutations=n_permutations
    )
    made = resolve(recipe, n_genes=n_genes, ensemble=ensemble)
    options.refuse_unused(made, told, as_given=made is recipe)
    members, outside = prepare(cohorts, role="training"), _external(external, cohorts)
    kind = shared_endpoint({**members, **outside}, endpoint)
    refuse_duplicates([*members.values(), *outside.values()])
    train = training_set(members, genes, union=made.pool() if getattr(made, "union", False) else None)
    inputs = {name: _sha256(member) for name, member in {**members, **outside}.items()}
    settings = {
        "recipe": made.name, "ensemble": ensemble if isinstance(ensemble, str | None) else ", ".join(ensemble),
        "endpoint": kind, "n_genes": n_genes, "n_folds": n_folds, "n_null": n_null, "n_null_whole": n_null_whole,
        "n_permutations": n_permutations, "without_signal": without_signal, "seed": seed,
        "genes": None if genes is None else len(train.genes), "site": site,
        "before": None if before is None else ", ".join(f"{name} {year}" for name, year in before.items()),
    }  # fmt: skip
    study = cache.key(
        sorted(inputs[name] for name in members), train.genes, sorted(made.pool()), made.description,
        {name: value for name, value in settings.items() if name not in _JUDGING},
    )  # fmt: skip
    chance = _chance(made, train, seed=seed, n_permutations=n_permutations, refuse=without_signal == "refuse")
    seen = ledger.check({name: inputs[name] for name in outside}, study, reopen=reopen)
    held = nested.cross_validated(train, made, n_folds=n_folds, seed=seed, n_jobs=n_jobs, progress=progress)
    left = nested.leave_cohort_out(train, made, seed=seed, n_jobs=n_jobs, progress=progress)
    apart_by = designs.judged(
        train, members, made, held, site=site, before=before, seed=seed, n_jobs=n_jobs, progress=progress
    )
    with joblib.parallel_config(n_jobs=n_jobs) if n_jobs else nullcontext():  # a recipe may work in parallel itself
        fitted = made.fit(train, seed=seed)
    provenance = Provenance("signatures.build", inputs, settings, (*made.cites, *_CITES))
    table, gains, scores = _judged_inside(members, held, left, seed=seed)
    training = _training_summary(members, fitted, table, chance)
    signature = replace(
        _signature(made, fitted, train, members=members, kind=kind, training=training, provenance=provenance),
        baseline=baseline.learn(held["risk_score"], train.time, train.event, train.cohort),
    )
    drawn = nulls.random_genes(train, outside, size=len(signature.genes), n_sets=n_null, seed=seed)
    pools = nulls.random_pools(train, outside, recipe=made, n_sets=n_null_whole, seed=seed, progress=progress)
    opened = {}
    for name, member in outside.items():
        opened[name] = ledger.opened(
            name, sha256=inputs[name], study=study, weights=signature.weights, recipe=made.name, before=seen[name]
        )
        full = fitted.full_score(member)
        null = {"random genes ({} sets)": drawn.get(name), "random genes ({} whole recipes)": pools.get(name)}
        more, further, scores[name] = judge.external(member, signature, full, null=null, seed=seed)
        table, gains = [*more, *table], [*further, *gains]
    figures = pd.DataFrame(table, columns=judge.TABLE)
    apart = {name: judge.of_cohort(members[name], left)["risk_score"] for name in members if len(left)}
    assessed = assess(scores, apart, members, outside, baseline=signature.baseline, seed=seed)
    null_p = {name: _null_p(figures, name, drawn[name]) for name in outside if len(drawn)}
    return Study(
        name=made.name, recipe=made.description, signature=signature, table=figures,
        gains=pd.DataFrame(gains, columns=judge.GAINS), scores=scores, external_opened=opened,
        pattern_weights=dict(fitted.parts), nulls=drawn, null_p=null_p,
        limits=[*limits.chance(made, chance), *limits.sentences(
            members, outside, train=train, fitted=fitted, signature=signature, figures=figures, null_p=null_p, held=held
        ), *limits.whole_nulls(pools, figures), *ledger.sentences(seen), *assessed.sentences],
        provenance=provenance, calibration=assessed.calibration, calibration_groups=assessed.calibration_groups,
        decision=assessed.decision, clinical=assessed.clinical, patients=judge.patients(members, outside, scores),
        designs=apart_by,
    )  # fmt: skip


def _response(
    cohorts: Mapping[str, Any], outcome: str | None, ensemble: str | Sequence[str] | None, therapy: Mapping[str, Any],
    shared: Mapping[str, Any],
) -> ResponseStudy | TreatmentStudy:  # fmt: skip
    """Build a study of a yes-or-no outcome from the settings of :func:`build`."""
    if outcome is None:
        raise InputError(
            'the recipe "therapy" learns a yes-or-no outcome: say both, build("therapy", ..., outcome=...)'
        )
    given = {name: value for name, value in shared.items() if value is not None or name in ("control", "within")}
    making = build_arms if "treatment" in shared else build_response
    if ensemble is not None:
        given["learners"] = (ensemble,) if isinstance(ensemble, str) else tuple(ensemble)
    unknown = sorted((set(therapy) | set(given)) - set(signature_of(making).parameters))
    if unknown:
        raise InputError(
            f"{examples(unknown)} are no settings of a therapy study{' of a trial' * ('treatment' in shared)}: see "
            f"{making.__name__}"
        )
    told = {name for name, value in given.items() if value is not None}
    twice = sorted(set(therapy) & (told | {"cohorts", "outcome"}))
    if twice:
        raise InputError(
            f"therapy= holds {examples(twice)}, which build takes itself: say it once, outside of therapy="
        )
    return making(cohorts, outcome, **{**given, **therapy})


def _chance(
    recipe: Recipe, train: TrainingSet, *, seed: int, n_permutations: int, refuse: bool
) -> noise.Chance | None:  # fmt: skip
    """How often dealt outcomes are predicted as well; None where the recipe has no test or none is asked for.

    Raises
    ------
    NoSignalError
        If that is too often.
    """
    test = getattr(recipe, "chance", None)
    if test is None or n_permutations < 1:
        return None
    with one_thread():
        found: noise.Chance = test(train, seed=seed, n_permutations=n_permutations)
    if refuse and not found.signal:
        raise NoSignalError(
            f"there is no signature in these data: noise would have done as well. Of {found.n_permutations} deals of "
            f"the outcome among the patients, {found.p_value:.1%} are predicted by {recipe.name} as well as the "
            f"outcome itself ({train.n_events} events in {train.n} samples), and {noise.ALPHA:.0%} is the most that "
            'passes for a signal. Add cohorts or follow-up, or say without_signal="tell" to have a study that says so'
        )
    return found


def _external(given: Mapping[str, CohortLike] | None, training: Mapping[str, CohortLike]) -> dict[str, Member]:
    if not given:
        return {}
    ledger.refuse_training(given, training)
    return prepare(given, role="external")


def _sha256(member: Member) -> str:
    frame = member.frame.copy(deep=False)
    follow_up = pd.DataFrame({"time": member.endpoint.time, "event": member.endpoint.event}, index=frame.index)
    return frame_sha256(pd.concat([frame, follow_up.add_prefix("follow-up ")], axis=1))


def _judged_inside(
    members: Mapping[str, Member], held: pd.DataFrame, left: pd.DataFrame, *, seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, pd.DataFrame]]:
    """Figures of the training cohorts from held-back scores, and those scores."""
    table, gains = judge.out_of_sample(members, held, "cross-validated", seed=seed)
    if len(left):
        more, further = judge.out_of_sample(members, left, "left out", seed=seed)
        beaten = [row for row in more if row["method"] != "proliferation"]  # the same figures stand there already
        table, gains = [*table, *beaten], [*gains, *further]
    scores = {}
    for name, member in members.items():
        scores[name] = judge.score_frame(member, judge.of_cohort(member, held))
    return table, gains, scores


def _training_summary(
    members: Mapping[str, Member], fitted: Fitted, table: list[dict[str, Any]], chance: noise.Chance | None
) -> dict[str, Any]:
    honest = {
        row["cohort"]: {name: round(float(row[name]), 4) for name in ("concordance", "lower", "upper")}
        for row in table
        if row["role"] == "cross-validated" and row["method"] == "signature"
    }
    return {
        "cohorts": [member.summary() for member in members.values()],
        "cross_validated_concordance": honest,
        "genes_of_full_model": len(fitted.full_genes),
        "fidelity_to_full_model": round(fitted.fidelity, 4),
        "dealt_outcomes": None if chance is None else {"p_value": chance.p_value, "deals": chance.n_permutations},
        "part_weights": {name: round(weight, 6) for name, weight in fitted.parts.items()},
        "case_mix": case_mix.counts(member.cohort.obs for member in members.values()),
    }


def _signature(
    recipe: Recipe, fitted: Fitted, train: TrainingSet, *, members: Mapping[str, Member], kind: str,
    training: dict[str, Any], provenance: Provenance,
) -> RiskSignature:  # fmt: skip
    largest = max(members.values(), key=lambda member: (_measured(member, fitted), len(member.frame)))
    about = co.info(largest.cohort)
    frozen = GeneReference.learn(
        largest.frame.reindex(columns=list(fitted.genes)).dropna(axis=1, how="all"),
        unit=about.unit,
        domain=about.domain,
        origin=largest.name,
    )
    return replace(
        fitted.draft(recipe.name, train), reference=frozen, endpoint=kind, training=training,
        patterns=dict(fitted.patterns), description=recipe.description, provenance=provenance,
    )  # fmt: skip


def _measured(member: Member, fitted: Fitted) -> int:
    """How many of the genes a cohort has."""
    return len(member.frame.columns.intersection(list(fitted.genes)))


def _null_p(figures: pd.DataFrame, name: str, drawn: pd.Series) -> float:
    rows = (figures["cohort"] == name) & (figures["role"] == "external") & (figures["method"] == "signature")
    own = float(figures.loc[rows, "concordance"].iloc[0])
    return (1 + int((drawn >= own - CLOSE).sum())) / (1 + len(drawn))
