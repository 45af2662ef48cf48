"""Responses that are better than their measurement: what was measured, weighed with what expression says of the line.

One measurement of a line holds the noise and the level of its assay. What lines of like expression did does not. A
measured response is moved towards the prediction of a fit that had not seen the line by as much as measurements of that
drug fail to repeat; a response that was not measured is that prediction, moved by the preference of the line's other
drugs. What repeats is told by re-screens, by a second screen, and by what the other drugs of the line tell.

References
----------
Spearman, The proof and measurement of association between two things, Am J Psychol 15 (1904), 72-101: reliability.
Rasmussen and Williams, Gaussian Processes for Machine Learning (MIT Press 2006), equations 2.22 to 2.24 and 5.12.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.core.screen import DrugScreen
from omics_rx.core.work import log
from omics_rx.response import asked
from omics_rx.response.few_shot import core_of, moments
from omics_rx.response.second import beside

if TYPE_CHECKING:
    from omics_rx.response.model import ResponseModel

# what differs between assays in the level of a line (ln uM), and how far the others' errors are trusted
_LEVEL_SD = 1.5
_OWN_SHARE = 0.1
_CARRIED_NOISE = 4.0
_MIN_REPEATS = 20
_MIN_DRUGS = 20
_ASSUMED = 0.5
_BOUNDS = (0.05, 0.95)
_COLUMNS = ("cell_id", "drug_id", "screen", "ln_ic50", "sd", "weight", "measured", "filled", "corrected")


@dataclass(frozen=True, eq=False)
class Weights:
    """How much of a measured response's distance from its prediction is kept.

    Attributes
    ----------
    own
        Of one measurement by the model's screen, by ``drug_id``, 0 to 1.
    both
        Of the mean of it and the second screen's; NaN where there is no second.
    told_by
        What told it, in words.
    """

    own: pd.Series
    both: pd.Series
    told_by: pd.Series


def corrected(model: ResponseModel, *, second: DrugScreen | None = None, fill: bool = True) -> DrugScreen:
    """Weigh each measured response with the prediction for its line; see :meth:`ResponseModel.corrected`."""
    learnt = model.learnt_
    if model.target != "ln_ic50":
        raise InputError(f"the model predicts {model.target}: responses are corrected in ln uM, by a model of ln_ic50")
    names, cells = learnt.training.drugs.names, learnt.training.cells.names
    measured = pd.DataFrame(learnt.training.y, cells, names)
    predicted = _predicted(model)
    errors = measured - predicted
    other = _second(second, model, measured)
    weights = weights_of(errors, None if other is None else other - predicted, _repeats(model.screen_, predicted))
    again = other.notna() & measured.notna() if other is not None else measured.isna() & measured.notna()
    weight = pd.DataFrame(np.where(again, weights.both, weights.own), cells, names)
    kept = errors if other is None else errors.where(~again, (errors + other - predicted) / 2)
    mean = predicted + weight * kept
    shift, left_out = by_others(errors.to_numpy(), level=_LEVEL_SD, noise=_CARRIED_NOISE)
    spread = errors.std()
    sd = np.sqrt(weight * (1 - weight)) * (spread if other is None else kept.std())
    noise = (1 - weights.own) * spread**2
    beyond = np.sqrt(np.maximum(np.nanvar(errors.to_numpy() - left_out, axis=0) - noise, weights.own * noise))
    gap = measured.isna()
    mean, sd = mean.where(~gap, predicted + shift), sd.where(~gap, np.broadcast_to(beyond, gap.shape))
    found = _long(mean, sd, weight.where(~gap, 0.0), measured, fill=fill)
    drugs = model.screen_.drugs.loc[names].assign(own_weight=weights.own, weight_told_by=weights.told_by)
    log.info(
        "%d measured responses were corrected, the measurement weighing %.2f on average; %d not measured were filled",
        int((~gap).to_numpy().sum()), float(weights.own.mean()), int(found["filled"].sum()),
    )  # fmt: skip
    screen = model.screen_
    return DrugScreen(found, screen.cells[cells], drugs, f"{screen.name}, corrected", sure_of_unit=True)


def _predicted(model: ResponseModel) -> pd.DataFrame:
    """What a fit that had not seen the line says of every pair (ln uM): the core leaving one line out, where it can."""
    learnt = model.learnt_
    training = learnt.training
    if learnt.held_out is None:
        raise InputError("the model was saved without its held-out predictions: fit it again")
    values = learnt.held_out
    if {"kernel", "network"} & set(learnt.stack.parts):
        alone = training.y - core_of(model).errors_
        values = np.where(np.isfinite(alone), alone, values)
    return pd.DataFrame(values, training.cells.names, training.drugs.names)


def _second(second: DrugScreen | None, model: ResponseModel, measured: pd.DataFrame) -> pd.DataFrame | None:
    """Responses of the second screen, of each drug on the level and scale of the first over the lines of both."""
    if second is None:
        return None
    asked.screen(second)
    other = beside(second, model.screen_, measured, "ln_ic50")
    both = other.notna() & measured.notna()
    enough = ((both.sum() >= _MIN_REPEATS) & (other.where(both).std() > 0)).to_numpy()
    other = other.where(np.broadcast_to(enough, other.shape))
    theirs, ours = other.where(both), measured.where(both)
    return (other - theirs.mean()) / theirs.std() * ours.std() + ours.mean()


def _repeats(screen: DrugScreen, predicted: pd.DataFrame) -> list[pd.DataFrame]:
    """Errors of the first and of the last measurement of the pairs that the screen itself measured again."""
    rows = screen.responses[screen.responses["drug_id"].isin(predicted.columns)]
    rows = rows[rows["cell_id"].isin(predicted.index) & rows.duplicated(["cell_id", "drug_id"], keep=False)]
    rows = rows.sort_values("screen", kind="stable")
    wide = [
        rows.pivot_table(index="cell_id", columns="drug_id", values="ln_ic50", aggfunc=which)
        for which in (("first", "last") if len(rows) else ())
    ]
    return [part.reindex(index=predicted.index, columns=predicted.columns) - predicted for part in wide]


def weights_of(errors: pd.DataFrame, other: pd.DataFrame | None, repeats: list[pd.DataFrame]) -> Weights:
    """Share of each drug's errors that repeats.

    Re-screens and a second screen tell it as the covariance of the errors of two measurements over their variance. The
    other drugs of a line tell it as the share of the error's variance that they predict once the line's own level is
    taken off, which is the assay's. Where two of them tell it, their mean is taken.

    Parameters
    ----------
    errors, other
        Measured less predicted (ln uM), lines x drugs, by the model's screen and by a second; NaN where not measured.
    repeats
        Errors of the first and second measurement of what the model's screen measured twice; may be empty.
    """
    names = errors.columns
    told: dict[str, pd.Series] = {}
    if len(names) >= _MIN_DRUGS:
        told["the other drugs of the line"] = _by_other_drugs(errors)
    both = pd.Series(np.nan, index=names)
    if repeats:
        told["re-screens"] = repeated(*repeats, mean=True)
    if other is not None:
        told["the second screen"] = repeated(errors, other, mean=False)
        both = repeated(errors, other, mean=True)
    table = pd.DataFrame(told, index=names)
    own = table.mean(axis=1).fillna(_ASSUMED)
    if "the other drugs of the line" in table:
        both = pd.concat([both, table["the other drugs of the line"]], axis=1).mean(axis=1).where(both.notna())
    words = table.notna().apply(lambda row: " and ".join(row.index[row]) or "nothing: half is assumed", axis=1)
    return Weights(own.clip(*_BOUNDS), both.clip(*_BOUNDS), words if len(table.columns) else pd.Series(
        "nothing: half is assumed", index=names))  # fmt: skip


def repeated(first: pd.DataFrame, second: pd.DataFrame, *, mean: bool) -> pd.Series:
    """Share of the variance of one error, or of the mean of two, that two measurements have in common, by drug."""
    known = first.notna() & second.notna()
    one, two = (part.where(known) - part.where(known).mean() for part in (first, second))
    count = known.sum()
    common = (one * two).sum() / count.clip(lower=1)
    every = (((one + two) / 2) ** 2).sum() if mean else (one**2).sum()
    share = common / (every / count.clip(lower=1)).replace(0, np.nan)
    return share.clip(0, 1).where(count >= _MIN_REPEATS)


def _by_other_drugs(errors: pd.DataFrame) -> pd.Series:
    """Share of the variance of each drug's errors that the line's other drugs predict, their levels taken off."""
    centred = errors - errors.mean()
    centred = centred.sub(centred.mean(axis=1), axis=0)
    learnt = (*moments(errors.to_numpy()), _OWN_SHARE)
    _, told = by_others(centred.to_numpy(), level=0.0, noise=_OWN_SHARE, learnt=learnt)
    left = np.nanvar(centred.to_numpy() - told, axis=0)
    share = 1 - left / np.maximum(np.nanvar(centred.to_numpy(), axis=0), 1e-12)
    return pd.Series(share, index=errors.columns).where(errors.notna().sum() >= _MIN_REPEATS).clip(lower=0)


def by_others(
    errors: np.ndarray,
    *,
    level: float,
    noise: float,
    learnt: tuple[np.ndarray, np.ndarray, float] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """What the errors of a line's measured drugs say of the errors of its drugs, in closed form.

    Parameters
    ----------
    errors
        Measured less predicted (ln uM), ``(n_lines, n_drugs)``; NaN where not measured.
    level
        Standard deviation of what all values of a line share (ln uM), which is learnt and not carried over.
    noise
        Variance of each measurement beside what is shared, in variances of the drug's errors.
    learnt
        Spread and correlation of the errors, and the share of a drug's variance that is its own; None learns them from
        the errors.

    Returns
    -------
    shift, left_out
        ``(n_lines, n_drugs)`` (ln uM): for all drugs from all that were measured; and for each measured drug from the
        others, NaN elsewhere.
    """
    spread, correlation, share = learnt or (*moments(errors), _OWN_SHARE)
    shared = (1 - share) * correlation * np.outer(spread, spread)
    own = noise * spread**2
    shift, left_out = np.zeros(errors.shape), np.full(errors.shape, np.nan)
    for row, error in enumerate(errors):
        at = np.flatnonzero(np.isfinite(error))
        if not at.size:
            continue
        inverse = np.linalg.inv(shared[np.ix_(at, at)] + np.diag(own[at]) + level**2)
        dual = inverse @ error[at]
        shift[row] = dual @ shared[at]
        # without one drug, its own dual and its part in those of the others are taken away
        alone = dual[:, None] - inverse * (dual / np.diag(inverse))
        left_out[row, at] = (alone * shared[np.ix_(at, at)]).sum(axis=0)
    return shift, left_out


def _long(
    mean: pd.DataFrame, sd: pd.DataFrame, weight: pd.DataFrame, measured: pd.DataFrame, *, fill: bool
) -> pd.DataFrame:
    """One row a pair; pairs that were not measured only where they are filled."""
    gap = measured.isna().to_numpy().ravel()
    rows = pd.DataFrame(
        {
            "cell_id": np.repeat(mean.index.to_numpy(), mean.shape[1]),
            "drug_id": np.tile(mean.columns.to_numpy(), len(mean)),
            "screen": "corrected", "ln_ic50": mean.to_numpy().ravel(), "sd": sd.to_numpy().ravel(),
            "weight": weight.to_numpy().ravel(), "measured": measured.to_numpy().ravel(), "filled": gap,
            "corrected": True,
        },
        columns=list(_COLUMNS),
    )  # fmt: skip
    return rows if fill else rows[~gap]
