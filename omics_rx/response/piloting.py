"""A new drug from a few measured lines: which lines to measure first, and what they say of all others.

Structure and targets say next to nothing of a drug that has no relative among the screened. A few measured lines do:
how lines go together over the drugs that were screened is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize import cell_lines, mechanisms
from omics_rx.response import asked, line_covariance
from omics_rx.response.few_shot import kernel_of
from omics_rx.response.intervals import conformal_quantile
from omics_rx.response.line_covariance import LineCovariance
from omics_rx.response.second import own_ids

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.response.model import Learnt, ResponseModel

Value = Literal["auc", "ln_ic50"]
VALUES = ("auc", "ln_ic50")
_RANGES = {"auc": (0.0, 1.2), "ln_ic50": (-21.0, 17.0)}
_UNITS = {"auc": "AUC, 0 to 1", "ln_ic50": "ln uM"}
_MIN_SHARED = 30
_MIN_PAIRS = 50

# learnt once for a fitted model and dropped with it
_LEARNT: WeakKeyDictionary[Learnt, dict[str, LineCovariance]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class PilotedDrug:
    """A drug of which some lines were measured.

    Attributes
    ----------
    name
        What it is called.
    measured
        What was measured, by ``cell_id``, in the unit of the training screen.
    value
        ``"auc"`` or ``"ln_ic50"``.
    widened
        What standard deviations are multiplied by so that the interval holds its share of the responses of training
        drugs, each left out with all that act as it does: in training lines, and in lines not seen. Where the values
        are of another assay, of its responses to these drugs, too.
    """

    name: str
    measured: pd.Series
    value: str
    widened: tuple[float, float]
    _model: ResponseModel
    _at: np.ndarray

    def __repr__(self) -> str:
        return (
            f"PilotedDrug({self.name!r}: {len(self.measured)} lines measured, {_UNITS[self.value]}; "
            f"{self._model.coverage:.0%} interval learnt from drugs left out with their relatives)"
        )

    @in_words
    def predict(self, cohort: CohortLike | None = None, *, domain: str | None = None) -> pd.DataFrame:
        """Say what the drug does in all lines.

        Parameters
        ----------
        cohort
            Samples x genes; None is the training lines.
        domain
            As in :meth:`ResponseModel.predict`.

        Returns
        -------
        pandas.DataFrame
            One row a line: ``mean``, ``lower``, ``upper`` of a measurement, in the unit of ``value``, low is sensitive;
            ``preference``, the mean less the line's own mean over the training drugs and less the drug's mean of that:
            below 0 the line prefers the drug; ``measured``, whether the line is one of those given. Of samples that are
            no cell lines the interval is not known, and missing.
        """
        covariance = covariance_of(self._model, self.value)
        values = self.measured.to_numpy()
        names, told = self._model.learnt_.training.cells.names, "cell_line"
        base, (mean, sd), factor = covariance.mean, covariance.given(self._at, values), self.widened[0]
        typical = float((mean - base).mean())
        if cohort is not None:
            cells, told, _ = self._model.on_scale(cohort, domain)
            kernel = kernel_of(self._model).alike(cells.z)
            base, effects, alike, itself = covariance.elsewhere(kernel)
            mean, sd = covariance.carried(base, effects, alike[:, self._at], itself, (self._at, values))
            names, factor = cells.names, self.widened[1]
        half = factor * sd if told == "cell_line" else np.full(len(sd), np.nan)
        table = pd.DataFrame(
            {"mean": mean, "lower": mean - half, "upper": mean + half, "preference": mean - base - typical},
            index=pd.Index(names, name="cell_id"),
        )
        return table.assign(measured=table.index.isin(self.measured.index))


@in_words
def pilot(
    model: ResponseModel, k: int = 5, *, among: Iterable[str] | None = None, value: Value = "auc"
) -> pd.DataFrame:
    """Lines in which to measure a new drug first, so that its responses in all others are known best.

    Parameters
    ----------
    model
        A fitted model with the kernel core.
    k
        How many lines to name.
    among
        Lines that can be measured, by whatever they are called; None for all the model was trained on.
    value
        What will be measured: ``"auc"`` (0 to 1, high is resistant), of which few lines tell most, or ``"ln_ic50"``.

    Returns
    -------
    pandas.DataFrame
        Index ``cell_id`` in the order to measure; ``name`` and ``tissue`` where known; ``explained``: the share (0 to
        1) of what tells lines apart, over drugs like those trained on, that it and those above explain.

    Raises
    ------
    InputError
        If a line is not known or named twice, fewer than ``k`` can be measured, or the screen lacks the value.
    """
    asked.model(model)
    covariance = covariance_of(model, value)
    names = model.learnt_.training.cells.names
    free = np.arange(len(names)) if among is None else _positions(model, list(among))
    asked.number("k", k, 1, whole=True)
    if k > min(len(free), len(names) - 1):
        raise InputError(f"{k} lines were asked for of {len(free)} that can be measured: ask for fewer")
    chosen, explained = line_covariance.in_order(covariance.joint(), covariance.own, k, free=free)
    obs = model.screen_.cells.obs.loc[names[chosen]]
    told = [column for column in ("name", "tissue") if column in obs]
    table: pd.DataFrame = obs[told].assign(explained=explained).rename_axis("cell_id")
    return table


def adapt_drug(
    model: ResponseModel,
    measured: Mapping[str, float] | pd.Series,
    *,
    name: str = "new drug",
    value: str = "auc",
    assay: pd.DataFrame | None = None,
    sure_of_unit: bool = False,
) -> PilotedDrug:
    """Take some lines' responses to a new drug into account; see :meth:`ResponseModel.adapt_drug`."""
    asked.word("value", value, VALUES)
    series = pd.Series(measured, dtype=np.float64)
    if not len(series) or not np.isfinite(series.to_numpy()).all():
        raise InputError("no finite response was measured: give at least one by line and leave missing ones out")
    at = _positions(model, list(series.index))
    names = model.learnt_.training.cells.names
    series = pd.Series(series.to_numpy(), pd.Index(names[at], name="cell_id"), name=value)
    own = _responses(model, value)
    tables = [own]
    if assay is not None:
        series, theirs = _on_scale(series, assay, model, own)
        tables.append(theirs)
    elif not sure_of_unit:
        _check_unit(series, value)
    words = mechanisms.tokens(model.screen_.drugs.loc[own.columns])
    shown = [(table, mechanisms.relatives(words, table.columns, own.columns)) for table in tables]
    covariance = covariance_of(model, value)
    # another assay misses its own drugs by more than the training screen does: the wider of the two
    seen, new = (
        float(np.fmax.reduce([_widened(covariance, at, *one, model.coverage, unseen=unseen) for one in shown]))
        for unseen in (False, True)
    )
    return PilotedDrug(name, series, value, (seen, new), model, at)


def covariance_of(model: ResponseModel, value: str) -> LineCovariance:
    """How the training lines go together in one kind of response, learnt once for a fitted model."""
    asked.word("value", value, VALUES)
    learnt, core = model.learnt_, kernel_of(model)
    known = _LEARNT.setdefault(learnt, {})
    if value not in known:
        responses = _responses(model, value).to_numpy()
        known[value] = line_covariance.learn(responses, core.alike(learnt.training.cells.z), core.ridge_)
    return known[value]


def _responses(model: ResponseModel, value: str) -> pd.DataFrame:
    """Responses of the training lines to the training drugs that have any, lines x drugs."""
    training = model.learnt_.training
    if value == model.target:
        return pd.DataFrame(training.y, training.cells.names, training.drugs.names)
    if value not in model.screen_.responses:
        other = next(iter(set(VALUES) - {value}))
        raise InputError(f"the model's screen has no {value}: measure {other} and say value={other!r}")
    found = model.screen_.matrix(value).reindex(index=training.cells.names, columns=training.drugs.names)
    responses: pd.DataFrame = found.loc[:, found.notna().any(axis=0)].astype(np.float64)
    return responses


def _positions(model: ResponseModel, lines: list[str]) -> np.ndarray:
    """Where lines stand among the training lines."""
    names = model.learnt_.training.cells.names
    found = cell_lines.find(lines, model.screen_.cells.obs.loc[names])
    unknown = found.index[found["cell_id"].isna()]
    if len(unknown):
        raise InputError(
            f"{len(unknown)} of {len(lines)} lines are not among the model's ({examples(unknown)}): measure lines that "
            "it was trained on, such as orx.response.pilot(model) names"
        )
    at = names.get_indexer(pd.Index(found["cell_id"]))
    if len(set(at)) < len(at):
        raise InputError(f"{len(at) - len(set(at))} lines were given twice: give the mean of their measurements")
    return np.asarray(at)


def _check_unit(series: pd.Series, value: str) -> None:
    low, high = _RANGES[value]
    outside = series[(series < low) | (series > high)]
    if len(outside):
        raise InputError(
            f"{len(outside)} of {len(series)} values lie outside {low:g} to {high:g} ({examples(outside.round(2))}): "
            f"value={value!r} is in {_UNITS[value]}; for the unit of another assay, give assay= its other drugs"
        )
    if value == "ln_ic50" and len(series) > 1 and series.between(0, 1).all():
        raise InputError(
            f'all {len(series)} values lie between 0 and 1: say value="auc" if they are AUC (high is resistant), or '
            "sure_of_unit=True if they are in ln uM"
        )


def _on_scale(
    series: pd.Series, assay: pd.DataFrame, model: ResponseModel, own: pd.DataFrame
) -> tuple[pd.Series, pd.DataFrame]:
    """Values of another assay on the scale of the training screen, as the drugs that both measured tell, and those."""
    asked.kind("assay", assay, pd.DataFrame, "give what the same assay measured of other drugs, lines x drugs")
    theirs = own_ids(assay, model.screen_, own)
    both = (theirs.notna() & own.notna()).to_numpy()
    x, y = theirs.to_numpy(dtype=np.float64)[both], own.to_numpy()[both]
    r = float(np.corrcoef(x, y)[0, 1]) if len(x) >= _MIN_SHARED and x.std() > 0 else np.nan
    if not abs(r) >= 0.2:
        raise InputError(
            f"the assay shares {len(x)} pairs with the model's screen"
            + ("" if np.isnan(r) else f", which agree with r {r:.2f}")
            + f": {_MIN_SHARED} that agree are needed to bring its values to that scale"
        )
    slope = np.sign(r) * y.std() / x.std()
    theirs = theirs.loc[:, theirs.notna().any(axis=0)]
    return slope * (series - x.mean()) + y.mean(), slope * (theirs - x.mean()) + y.mean()


def _widened(
    covariance: LineCovariance, at: np.ndarray, table: pd.DataFrame, kin: np.ndarray, coverage: float, *, unseen: bool
) -> float:
    """What standard deviations must be multiplied by: each training drug as if new, without any that acts alike.

    Parameters
    ----------
    covariance
        How the training lines go together.
    at
        Positions of the lines measured.
    table
        Responses to training drugs by the training screen or another assay, on its scale, lines x drugs.
    kin
        Which training drugs act like each drug of the table, itself among them, ``(n_drugs, n_training_drugs)``.
    coverage
        Share of the responses that the interval holds.
    unseen
        Whether lines are taken as if they were not among the training lines.
    """
    others, ratios = np.ones(len(table), dtype=bool), []
    others[at] = False
    for measured, own in zip(table.to_numpy().T, kin, strict=True):
        known = np.isfinite(measured)
        here = at[known[at]]
        if not here.size or own.all():
            continue
        mean, sd = covariance.given(here, measured[here], without=own, unseen=unseen)
        ratios.append((np.abs(measured - mean) / sd)[known & others])
    told = np.concatenate(ratios) if ratios else np.empty(0)
    return conformal_quantile(told, coverage) if told.size >= _MIN_PAIRS else float("nan")
