"""ResponseModel: expression of a cell and a drug in, ln IC50 with an interval out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from omics_rx.core import cohort as cohorts
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, NotFittedError, examples, unknown_name
from omics_rx.core.parallel import workers
from omics_rx.core.provenance import Provenance, frame_sha256
from omics_rx.core.screen import DrugScreen
from omics_rx.core.work import log, one_thread, track
from omics_rx.harmonize import cell_lines
from omics_rx.harmonize.domain import to_training_scale
from omics_rx.harmonize.needs import opened, prepare
from omics_rx.harmonize.reference import GeneReference
from omics_rx.response import asked, censoring, held, intervals, new_drugs, stack
from omics_rx.response.drifting import alike, of_model
from omics_rx.response.explains import Explains
from omics_rx.response.parts import PARTS
from omics_rx.response.parts.base import Cells, Part, Training, positions
from omics_rx.response.prediction import Prediction, separate
from omics_rx.response.prepare import (
    cells_of,
    check_coverage,
    check_samples,
    needs_of,
    one_sample,
    training_of,
)
from omics_rx.response.query import Asked, Query, resolve, tell
from omics_rx.response.splits import refuse_corrected

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.harmonize.drifted import Drifted
    from omics_rx.response.few_shot import AdaptedModel
    from omics_rx.response.piloting import PilotedDrug

DEFAULT_PARTS = ("kernel", "genomic")
TARGETS = ("ln_ic50", "auc")
_CENSORED_ROUNDS = 2
_CITES = ("gdsc_iorio2016", "stock2018", "breiman1997", "vovk2005", "rogers2010", "milacic2024")


@dataclass(frozen=True, eq=False)
class Learnt:
    """All that a fitted model knows.

    Attributes
    ----------
    screen
        The screen it was fitted on.
    training
        Lines, drugs and responses as the parts saw them.
    reference
        Mean and standard deviation of each gene over the training lines.
    stack
        The fitted parts.
    intervals
        Half-widths.
    centre, spread
        Mean and standard deviation of ln IC50 (ln uM) of each drug over the training lines, ``(n_drugs,)``.
    held_out
        What was predicted for each training line by parts that had not seen it (ln uM), ``(n_cells, n_drugs)``; None in
        a model saved by a version that did not keep it.
    """

    screen: DrugScreen
    training: Training
    reference: GeneReference
    stack: stack.Stack
    intervals: intervals.Intervals
    centre: np.ndarray
    spread: np.ndarray
    held_out: np.ndarray | None = None


class ResponseModel(Explains, BaseEstimator):  # type: ignore[misc,unused-ignore]
    """Predict ln IC50 (ln uM) of drugs in cell lines, tumours and, by structure and targets, of new drugs.

    Parameters
    ----------
    parts
        ``"default"``, or names of parts: those that predict responses are blended by out-of-fold weights, those
        that predict residuals follow in order. See ``omics_rx.response.PARTS``. A mapping gives settings as well:
        ``{"kernel": {}, "network": {"n_members": 2, "devices": "gpu", "checkpoints": "folder"}}``.
    target
        What is learnt and predicted: ``"ln_ic50"`` (ln uM; responses beyond the doses tested, where the screen marks
        them, count as bounds: see :mod:`omics_rx.response.censoring`), or ``"auc"`` (0 to 1, high is resistant),
        which stands wherever ln uM is said of predictions here.
    coverage
        Share of the responses of unseen lines that ``lower`` to ``upper`` is made to hold.
    n_inner
        Inner folds over lines (and drugs) that weights, residual parts and intervals are learnt from.
    seed
        Seed of all that is random.

    Attributes
    ----------
    screen_
        The screen it was fitted on.
    held_out_
        Predictions for its own lines by fits that had not seen them.
    learnt_
        What was learnt, a :class:`Learnt`.

    Examples
    --------
    >>> import omics_rx as orx
    >>> model = orx.response.ResponseModel(parts=("kernel",), seed=0)
    >>> model.get_params()["parts"]
    ('kernel',)
    """

    def __init__(
        self,
        parts: str | Sequence[str] | Mapping[str, Mapping[str, Any]] = "default",
        *,
        target: str = "ln_ic50",
        coverage: float = 0.9,
        n_inner: int = 5,
        seed: int = 0,
    ) -> None:
        self.parts = parts
        self.target = target
        self.coverage = coverage
        self.n_inner = n_inner
        self.seed = seed

    @in_words
    def fit(self, screen: DrugScreen, *, n_jobs: int | None = None, progress: bool | None = None) -> ResponseModel:
        """Learn from a screen.

        Parameters
        ----------
        screen
            Responses in ln uM; re-screens of a pair are averaged. Lines without expression are left out.
        n_jobs
            Workers for inner folds and members of networks; None leaves it to ``joblib.parallel_config``. What is
            learnt is the same.
        progress
            Whether to show a bar; None decides by the terminal.

        Raises
        ------
        InputError
            If settings are out of range, fewer than 20 lines have expression and responses, the responses are not in
            ln uM, or were corrected by predictions.
        """
        asked.screen(screen)
        refuse_corrected(screen)
        parts = self._new_parts()
        training, reference = training_of(screen, self.target)
        training, bounds = self._bounded(screen, training)
        folds = stack.cell_folds(len(training.cells), self.n_inner, self.seed)
        steps = track(("parts", "intervals"), "Fitting the response model", progress=progress)
        with workers(n_jobs), one_thread():
            for step in steps:
                if step == "parts":
                    fitted, training, held_out, errors = self._fit_parts(parts, training, bounds, folds)
                else:
                    learnt = self._intervals(fitted, training, errors)
        centre, spread = np.nanmean(training.y, axis=0), _spread(training.y)
        self.learnt_ = Learnt(screen, training, reference, fitted, learnt, centre, spread, held_out)
        return self

    def _fit_parts(
        self,
        parts: Mapping[str, Part],
        training: Training,
        bounds: censoring.Bounds | None,
        folds: list[np.ndarray],
    ) -> tuple[stack.Stack, Training, np.ndarray, np.ndarray]:
        """Fitted parts, what they were fitted on, predictions for lines not seen, and measured less these (ln uM)."""
        fitted, held_out = stack.fit(parts, training, folds=folds, seed=self.seed)
        if bounds is None:
            return fitted, training, held_out, training.y - held_out
        for _ in range(_CENSORED_ROUNDS):
            training, _ = censoring.expected(training, bounds, held_out)
            fitted, held_out = stack.fit(parts, training, folds=folds, seed=self.seed)
        return fitted, training, held_out, censoring.expected(training, bounds, held_out)[1]

    def _bounded(self, screen: DrugScreen, training: Training) -> tuple[Training, censoring.Bounds | None]:
        """Training data with censored responses at their bounds, and the bounds; None where there are none."""
        if self.target != "ln_ic50":
            return training, None
        bounds = censoring.bounds(screen, training)
        return (censoring.at_bounds(training, bounds), bounds) if bounds else (training, None)

    def _new_parts(self) -> dict[str, Part]:
        asked.kind("parts", self.parts, (str, Sequence, Mapping), f'give "default" or names among {", ".join(PARTS)}')
        names = DEFAULT_PARTS if self.parts == "default" else self.parts
        names = (names,) if isinstance(names, str) else tuple(names)
        if not names:
            raise InputError(f"a model needs at least one part: choose among {', '.join(PARTS)}")
        asked.word("target", self.target, TARGETS)
        asked.number("coverage", self.coverage, 0.5, 1)
        asked.number("n_inner", self.n_inner, 2, whole=True)
        settings = self.parts if isinstance(self.parts, Mapping) else {}
        return {name: _new_part(name, settings.get(name, {})) for name in names}

    def _intervals(self, fitted: stack.Stack, training: Training, errors: np.ndarray) -> intervals.Intervals:
        edges, widths = new_drugs.widths(fitted, training, n_folds=self.n_inner, coverage=self.coverage, seed=self.seed)
        return intervals.Intervals(self.coverage, intervals.by_drug(errors, self.coverage), edges, widths)

    @property
    def screen_(self) -> DrugScreen:
        """The screen the model was fitted on."""
        return self._fitted.screen

    @property
    def held_out_(self) -> pd.DataFrame | None:
        """What inner fits that had not seen a training line predicted for it: lines x drugs (ln uM).

        None in a model saved by a version that did not keep it.
        """
        training, values = self._fitted.training, self._fitted.held_out
        if values is None:
            return None
        return pd.DataFrame(values, training.cells.names.rename("cell_id"), training.drugs.names.rename("drug_id"))

    @property
    def genes_(self) -> pd.Index:
        """Genes the model reads."""
        return self._fitted.training.cells.genes

    @property
    def _fitted(self) -> Learnt:
        if not hasattr(self, "learnt_"):
            raise NotFittedError("the response model was not fitted: call fit(screen), or response.default()")
        return self.learnt_

    @in_words
    def predict(
        self,
        cohort: CohortLike,
        drugs: Asked | None = None,
        domain: str | None = None,
        *,
        reference: Literal["cohort"] | GeneReference = "cohort",
    ) -> Prediction:
        """Predict every sample's response to every drug.

        Parameters
        ----------
        cohort
            Samples x genes; aliases and Ensembl ids are resolved. ``obsm["events"]`` and ``obs["tissue"]`` are read
            where a part uses them.
        drugs
            None for the drugs of the screen; some of them by whatever they are called (``["Taxol", "AZD6738"]``); or
            a frame with ``name`` and, for other compounds, ``smiles`` (and, where known, ``targets``, ``pathway``). A
            compound of the screen is recognised however its structure is written. What was decided of a drug stands
            in ``drugs["note"]`` of the result, why one is outside the domain of the training compounds in
            ``drugs["warning"]``, and both are logged.
        domain
            ``"cell_line"``, ``"tumour"`` or ``"single_cell"``; None is what the cohort says.
        reference
            For tumours: ``"cohort"`` standardises genes within the cohort, which the result states; a
            ``GeneReference`` serves a single patient. Cell lines are always put on the frozen training scale, so
            that a line alone and among others gets one value.

        Returns
        -------
        Prediction
            Mean and interval, samples x drugs. Of unseen lines of GDSC2 the 90% interval holds 91% of all pairs and
            of the first five drugs by preference, **in the worst twentieth of the lines 59 to 62%**: which lines these
            are cannot be told beforehand. ``held`` says what it held in the model's own lines, and ``for_lines()``
            widens it so that each of 95% of the lines holds its share.

        Raises
        ------
        NotFittedError, InputError
            If the model was not fitted; if the cohort or a sample of it has under half of the model's genes, or a
            drug is not known, not certain or a mixture.
        """
        learnt = self._fitted
        query = resolve(drugs, learnt.screen, learnt.training.drugs)
        tell(query)
        cells, told, stated = self.on_scale(cohort, domain, reference)
        found = self.answer(cells, query, domain=told, stated=stated)
        return replace(found, trained_on=self._trained_on(cells.names, told))

    def _trained_on(self, names: pd.Index, domain: str) -> pd.Series:
        """Whether each sample is a line the model was trained on, by whatever it is called; said in the log."""
        seen = pd.Series(data=False, index=names, name="trained_on")
        if domain == "cell_line":
            own = self._fitted.training.cells.names
            seen[:] = cell_lines.find(names, own)["cell_id"].notna().to_numpy()
        if seen.any():
            log.warning(
                "%d of %d lines were trained on (%s): their predictions have seen their own responses, those in "
                "model.held_out_ have not",
                int(seen.sum()), len(seen), examples(names[seen.to_numpy()], 3),
            )  # fmt: skip
        return seen

    @in_words
    def adapt(
        self,
        cell_id: str,
        measured: Mapping[str, float] | pd.Series,
        *,
        cohort: CohortLike | None = None,
        domain: str | None = None,
        assay: Literal["same", "other"] | None = None,
        sure_of_unit: bool = False,
    ) -> AdaptedModel:
        """Take some measured responses of a sample into account, in closed form.

        Parameters
        ----------
        cell_id
            The sample, a row of ``cohort``; a line by whatever it is called.
        measured
            Its measured ln IC50 (ln uM) by ``drug_id`` or whatever the drug is called.
        cohort
            Samples x genes it stands among; None is the cells of the training screen.
        domain
            As in :meth:`predict`.
        assay
            Whether the values are of the same assay as the training screen or of another, whose level (all values
            higher or lower) is then learnt first and not taken over; None weighs both by what the values say.
        sure_of_unit
            That the values are in ln uM although they look like another unit; it is asked otherwise.

        Returns
        -------
        AdaptedModel
            Answers ``predict(drugs)`` for that sample.

        Raises
        ------
        NotFittedError, InputError
            If the model was not fitted or has no kernel core; if the sample or a measured drug is not known.
        """
        from omics_rx.response.few_shot import adapt

        asked.kind("measured", measured, (Mapping, pd.Series), "give ln IC50 (ln uM) by drug, as a dict or series")

        cells, stated = one_sample(self, cell_id, cohort, domain)
        return adapt(self, cells, measured, stated=stated, assay=assay, sure_of_unit=sure_of_unit)

    @in_words
    def adapt_drug(
        self,
        measured: Mapping[str, float] | pd.Series,
        *,
        name: str = "new drug",
        value: Literal["auc", "ln_ic50"] = "auc",
        assay: pd.DataFrame | None = None,
        sure_of_unit: bool = False,
    ) -> PilotedDrug:
        """Predict a new drug in all lines from its responses in a few, in closed form.

        Which lines tell most, :func:`omics_rx.response.pilot` names. Neither structure nor target is read.

        Parameters
        ----------
        measured
            Responses of training lines to the drug, by whatever the lines are called.
        name
            What the drug is called.
        value
            What was measured: ``"auc"`` (0 to 1, high is resistant), of which a few lines tell most, or ``"ln_ic50"``
            (ln uM), of which they tell less.
        assay
            Where the values are of another assay than the training screen's: what it measured of other drugs, lines x
            drugs, in the same unit, whichever that is. The drugs that both measured tell how to bring its values to the
            scale of the training screen, in which the answer is.
        sure_of_unit
            That the values are in the unit of ``value`` although they look like another; it is asked otherwise.

        Returns
        -------
        PilotedDrug
            Answers ``predict()`` for the training lines and ``predict(cohort)`` for others.

        Raises
        ------
        NotFittedError, InputError
            If the model was not fitted or has no kernel core; if a line is not among its own, a value is missing or not
            in its unit, or the assay shares too little with the training screen.
        """
        from omics_rx.response.piloting import adapt_drug

        asked.kind("measured", measured, (Mapping, pd.Series), "give responses by line, as a dict or series")
        return adapt_drug(self, measured, name=name, value=value, assay=assay, sure_of_unit=sure_of_unit)

    @in_words
    def corrected(self, *, second: DrugScreen | None = None, fill: bool = True) -> DrugScreen:
        """Responses of the training lines that are better than their measurement.

        Each measured ln IC50 is weighed with what a fit that had not seen the line predicts for it: of GDSC2 such
        responses agree with other laboratories better than the measurement does (``benchmarks/response_corrected.py``).
        The weight of the measurement is the share of the drug's errors that repeats: in re-screens of the training
        screen, in a second screen, and in what the other drugs of the line tell.

        Parameters
        ----------
        second
            A screen that measured some of the pairs again; its values, put on the level and scale of each drug, are
            averaged in. Never the one that the corrected responses are judged on.
        fill
            Whether pairs that were not measured are filled, by the prediction and the preference of the line's other
            drugs.

        Returns
        -------
        DrugScreen
            ``responses``: ``ln_ic50`` (ln uM), the posterior mean; ``sd``, its standard deviation (ln uM) about what
            measurements would say on average; ``weight`` of the measurement (0 to 1); ``measured`` (ln uM); ``filled``,
            True where nothing was measured; ``corrected``, True. ``drugs``: ``own_weight`` and ``weight_told_by``.
            No split divides it and no model learns from it: predictions of a line would be judged by themselves.

        Raises
        ------
        NotFittedError, InputError
            If the model was not fitted; if it predicts AUC, lacks its held-out predictions, or the second screen shares
            nothing with the first or holds the same measurements.

        Notes
        -----
        Markers of alterations gain nothing by it: keep the measurement for them.
        """
        from omics_rx.response.corrected import corrected

        return corrected(self, second=second, fill=fill)

    @in_words
    def on_scale(
        self, cohort: CohortLike, domain: str | None = None, reference: Literal["cohort"] | GeneReference = "cohort"
    ) -> tuple[Cells, str, str]:
        """Bring a cohort to the training scale; give the cells, their domain and how they came there, in words."""
        learnt = self._fitted
        genes = list(self.genes_)
        named = opened(cohort)
        check_coverage(named.source, genes)
        ready = prepare(named, needs_of(genes))
        data = ready.source
        if domain is not None:
            asked.word("domain", domain, cohorts.DOMAINS)
        if not isinstance(reference, GeneReference):
            asked.word("reference", reference, ("cohort",))
        told = domain or cohorts.info(data).domain
        if told == "cell_line":
            if reference != "cohort":
                raise InputError(
                    "cell lines are always put on the frozen scale of the training lines: leave reference out, or "
                    'say domain="tumour" if these are patients'
                )
            reference = learnt.reference
        scaled = to_training_scale(ready, genes, domain=told, reference=reference)
        check_samples(scaled.z)
        cells = cells_of(data, scaled.z)
        return cells, told, f"{scaled.statement}; {alike(cells, learnt.training.cells)}"

    @in_words
    def drift(
        self, cohort: CohortLike, *, domain: str | None = None, seed: int = 0, n_draws: int = 200
    ) -> Drifted:  # fmt: skip
        """Say how far a cohort lies from the training lines, what moved, and whether the frozen scale holds.

        Place, scale, rank order and correlations of 200 of the genes are held against lines and samples dealt anew.
        Samples that are no lines are scaled within the cohort, which hides place and scale: their correlations are
        told, and that errors of predictions in them are not known.

        Parameters
        ----------
        cohort, domain
            As in :meth:`predict`.
        seed, n_draws
            Of the permutations.

        Returns
        -------
        Drifted
            See :func:`omics_rx.drift`.

        Raises
        ------
        NotFittedError, InputError
            If the model was not fitted, or the cohort has too few of its genes.
        """
        return of_model(self, cohort, domain=domain, seed=seed, n_draws=n_draws)

    @in_words
    def answer(self, cells: Cells, query: Query, *, domain: str, stated: str) -> Prediction:
        """Predict for cells that are on the training scale already, which :meth:`predict` brings them to."""
        learnt = self._fitted
        every = learnt.stack.predict(cells, learnt.training.drugs)
        general, shift, every_preference = separate(every, learnt.centre, learnt.spread)
        column = positions(query.features.names, learnt.training.drugs.names)
        seen = column >= 0
        mean = np.empty((len(cells), len(column)))
        mean[:, seen] = every[:, column[seen]]
        preference = np.empty_like(mean)
        preference[:, seen] = every_preference[:, column[seen]]
        if not seen.all():
            new = query.features.take(np.flatnonzero(~seen))
            mean[:, ~seen] = learnt.stack.predict(cells, new)
            # the mean a new drug would have over the training lines stands in for the one it has not
            centre = learnt.stack.predict(learnt.training.cells, new).mean(axis=0)
            typical = np.full(len(new), np.median(learnt.spread))
            preference[:, ~seen] = separate(mean[:, ~seen], centre, typical, shift=shift)[2]
        half = learnt.intervals.half_widths(column, mean, query.applicability)
        alone = ~query.table["preference_known"].to_numpy(dtype=bool)
        if alone.any():
            # of a drug without a relative the level alone is known
            preference[:, alone] = np.nan
            half[:, alone] = new_drugs.unrelated(self, mean[:, alone])
        known = held.held_of(learnt)
        if known is not None:
            half[:, seen] *= known.scale(every_preference)[:, column[seen]]
        own_half = np.full_like(mean, np.nan)
        if known is not None:
            own_half[:, seen] = known.preference_half(every_preference)[:, column[seen]]
        return self._prediction(cells.names, query, mean, (half, preference, own_half, general), domain, stated)

    def _prediction(
        self,
        names: pd.Index,
        query: Query,
        mean: np.ndarray,
        parts: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
        domain: str,
        stated: str,
    ) -> Prediction:
        half, preference, own_half, general = parts
        learnt = self._fitted

        def frame(values: np.ndarray) -> pd.DataFrame:
            return pd.DataFrame(values, index=names, columns=query.names.rename("drug_id"))

        means = frame(mean)
        return Prediction(
            mean=means,
            lower=frame(mean - half),
            upper=frame(mean + half),
            preference=frame(preference),
            preference_lower=frame(preference - own_half),
            preference_upper=frame(preference + own_half),
            general=pd.Series(general, index=names, name="general"),
            applicability=pd.Series(query.applicability, index=query.names, name="applicability"),
            drugs=query.table,
            calibrated_for="cell_line",
            reference=stated,
            coverage=learnt.intervals.coverage,
            target=self.target,
            held=None if (known := held.held_of(learnt)) is None else known.shares,
            line_factor=np.nan if known is None else known.line_factor,
            provenance=Provenance(
                "response.predict",
                inputs={"screen": learnt.screen.fingerprint, "prediction": frame_sha256(means)},
                settings={"parts": list(learnt.stack.parts), "weights": dict(learnt.stack.weights), "domain": domain,
                          "reference": stated, "seed": self.seed, "target": self.target},
                cites=_CITES,
            ),
        )  # fmt: skip

    @in_words
    def save(self, path: Path | str) -> Path:
        """Write the model to one ``.orx`` file, without pickles; :func:`omics_rx.response.load` reads it back."""
        from omics_rx.response.store import save

        return save(self, path)


def _new_part(name: str, settings: Mapping[str, Any]) -> Part:
    part: Part = PARTS[name]()
    known = part.get_params()  # type: ignore[attr-defined,unused-ignore]
    unknown = [setting for setting in settings if setting not in known]
    if unknown:
        raise unknown_name(f"setting of the part {name}", unknown[0], known)
    made: Part = part.set_params(**settings)  # type: ignore[attr-defined,unused-ignore]
    return made


def _spread(y: np.ndarray) -> np.ndarray:
    """Standard deviation of each drug; the median one where a drug has too few responses to have its own."""
    n = np.isfinite(y).sum(axis=0)
    left = np.where(np.isfinite(y), y - np.nanmean(y, axis=0), 0.0)
    own = np.sqrt((left**2).sum(axis=0) / np.maximum(n - 1, 1))
    enough = (n >= 10) & (own > 1e-9)
    typical = float(np.median(own[enough])) if enough.any() else 1.0
    return np.where(enough, own, typical)
