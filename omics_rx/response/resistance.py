"""Is the sample resistant to the drug? A threshold for each drug, and a probability whose calibration can be shown.

References
----------
Barretina et al., The Cancer Cell Line Encyclopedia enables predictive modelling of anticancer drug sensitivity,
Nature 483 (2012), 603-607: the waterfall method.
Iorio et al., A landscape of pharmacogenomic interactions in cancer, Cell 166 (2016), 740-754: outlying sensitive lines.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples, named
from omics_rx.response import asked as asked_for
from omics_rx.response.prediction import Prediction

if TYPE_CHECKING:
    from omics_rx.response.model import ResponseModel

METHODS = ("waterfall", "outlier")
_MIN_LINES = 10
_LINEAR = 0.95
_BINS = 10


@dataclass(frozen=True, eq=False)
class Resistance:
    """Which samples are predicted to resist which drugs.

    Attributes
    ----------
    probability
        That the response lies above the drug's threshold, samples x drugs; NaN where the drug has no threshold.
    threshold
        By ``drug_id`` (ln uM, or AUC for a model of AUC).
    method
        How thresholds were found: one of ``METHODS``, or ``"given"``.
    calibrated_for
        Domain whose errors the probability was learnt from: for tumours it is that of a cell line of like profile.
    """

    probability: pd.DataFrame
    threshold: pd.Series
    method: str
    calibrated_for: str


@in_words
def assess(model: ResponseModel, prediction: Prediction, cut: str | pd.Series = "waterfall") -> Resistance:
    """Tell the probability of resistance for predictions of a fitted model.

    Errors are those of the kernel core on each training line left out (without a core, those of the graph network on
    the lines its members held back); for a new drug, the interval stands for them.

    Parameters
    ----------
    model
        The model that made the prediction; it needs the kernel core or the graph network.
    prediction
        What it predicted.
    cut
        How to find thresholds from the training lines (see :func:`thresholds`), or thresholds by ``drug_id``. A new
        drug has no training lines: give its threshold, or its probabilities are missing.

    Raises
    ------
    InputError
        If the method is not known, the model has neither core nor network, or no drug has a threshold.
    """
    from omics_rx.response.few_shot import core_of

    asked_for.model(model)
    asked_for.kind("the prediction", prediction, Prediction, "give what model.predict answers")
    training = model.learnt_.training
    measured = pd.DataFrame(training.y, index=training.cells.names, columns=training.drugs.names)
    found = thresholds(measured, cut) if isinstance(cut, str) else cut.astype(np.float64)
    names = prediction.mean.columns
    # a compound asked for under another id has the threshold of the training drug it is
    own = prediction.drugs["nearest"].where(prediction.drugs["known"].astype(bool)).reindex(names)
    level = found.reindex(names).fillna(found.reindex(own.to_numpy()).set_axis(names)).rename("threshold")
    if level.isna().all():
        raise InputError(f"none of the {len(names)} drugs has a threshold ({examples(names)}): give them by drug_id")
    errors = pd.DataFrame(core_of(model).errors_, index=measured.index, columns=measured.columns)
    known = names[own.notna().to_numpy()]
    chance = pd.DataFrame(np.nan, index=prediction.mean.index, columns=names)
    if len(known):
        left_out = errors[own[known]].set_axis(known, axis=1)
        asked = replace(prediction, mean=prediction.mean[known])
        chance[known] = probability(asked, level[known], left_out)
    new = names.difference(known, sort=False)
    if len(new):
        # the interval of a new drug, read as that of a normal distribution: its errors are known by groups only
        spread = (prediction.upper[new] - prediction.mean[new]) / ndtri((1 + prediction.coverage) / 2)
        above = ndtr(((prediction.mean[new] - level[new]) / spread).to_numpy())
        chance[new] = np.where(np.isfinite(spread), above, np.nan)
    method = cut if isinstance(cut, str) else "given"
    return Resistance(chance, level, method, prediction.calibrated_for)


@in_words
def thresholds(responses: pd.DataFrame, method: str = "waterfall") -> pd.Series:
    """Find the ln IC50 (ln uM) above which a line counts as resistant, drug by drug.

    Parameters
    ----------
    responses
        Measured ln IC50 (ln uM), training lines x drugs; NaN where not measured. Test lines would leak.
    method
        ``"waterfall"``: the sorted responses' point of greatest distance from the line between the first and the last,
        or their median where they lie on that line (correlation above 0.95). ``"outlier"``: only lines far on the
        sensitive side (1.5 interquartile ranges below the first quartile) are not resistant; a drug without such a
        line has no threshold.

    Returns
    -------
    pandas.Series
        One value a drug; NaN where fewer than ten lines were measured, or none stands out.

    Raises
    ------
    InputError
        If the method is not known.
    """
    method = named("resistance threshold", method, METHODS)
    kernel = _waterfall if method == "waterfall" else _outlier
    found = {}
    for drug in responses.columns:
        own = np.sort(responses[drug].dropna().to_numpy(dtype=np.float64))
        found[drug] = kernel(own) if len(own) >= _MIN_LINES else np.nan
    return pd.Series(found, name="threshold", dtype=np.float64).rename_axis("drug_id")


def _waterfall(values: np.ndarray) -> float:
    if np.ptp(values) < 1e-9:
        return float("nan")
    place = np.linspace(0, 1, len(values))
    if np.corrcoef(place, values)[0, 1] > _LINEAR:
        return float(np.median(values))
    height = (values - values[0]) / np.ptp(values)
    return float(values[np.abs(height - place).argmax()])


def _outlier(values: np.ndarray) -> float:
    first, third = np.quantile(values, [0.25, 0.75])
    limit = first - 1.5 * (third - first)
    return float(limit) if (values < limit).any() else float("nan")


@in_words
def probability(prediction: Prediction, cut: pd.Series, errors: pd.DataFrame) -> pd.DataFrame:
    """Probability that a response lies above its drug's threshold, from the errors made on lines not seen.

    The share of the drug's out-of-fold errors that would carry the prediction over the threshold is the
    probability; no shape of the errors is assumed.

    Parameters
    ----------
    prediction
        Predicted responses. For tumours the probability is that of a cell line with the same profile.
    cut
        Threshold of each drug (ln uM), as of :func:`thresholds` or given.
    errors
        Measured less out-of-fold prediction (ln uM), lines x drugs; a drug with fewer than ten takes those of all
        drugs.

    Returns
    -------
    pandas.DataFrame
        Samples x drugs, above 0 and below 1; NaN where a drug has no threshold.

    Raises
    ------
    InputError
        If a drug has no entry among the thresholds, or there are no errors.
    """
    absent = prediction.mean.columns.difference(cut.index)
    if len(absent):
        raise InputError(f"{len(absent)} drugs have no threshold ({examples(absent)}): give one, or NaN for none")
    every = np.sort(errors.to_numpy(dtype=np.float64)[np.isfinite(errors.to_numpy(dtype=np.float64))])
    if not every.size:
        raise InputError("no error is given: pass measured less out-of-fold predictions")
    result = pd.DataFrame(np.nan, index=prediction.mean.index, columns=prediction.mean.columns)
    for drug in prediction.mean.columns:
        if not np.isfinite(cut[drug]):
            continue
        own = np.sort(errors[drug].dropna().to_numpy(dtype=np.float64)) if drug in errors else every[:0]
        used = own if own.size >= _MIN_LINES else every
        needed = cut[drug] - prediction.mean[drug].to_numpy()
        above = used.size - np.searchsorted(used, needed, side="right")
        # one pseudo-error on either side: certainty is not to be had from a sample
        result[drug] = (above + 1) / (used.size + 2)
    return result


@in_words
def resistant(responses: pd.DataFrame, cut: pd.Series) -> pd.DataFrame:
    """Whether each measured response lies above its drug's threshold: 1, 0, or NaN where either is not known."""
    own = cut.reindex(responses.columns)
    known = responses.notna() & own.notna()
    return responses.gt(own, axis="columns").astype(np.float64).where(known)


@in_words
def brier(truth: pd.DataFrame, found: pd.DataFrame) -> float:
    """Mean squared distance of probability and outcome over the pairs that have both; 0 is best.

    Raises
    ------
    InputError
        If no pair has both.
    """
    outcome, chance = _pairs(truth, found)
    return float(((chance - outcome) ** 2).mean())


@in_words
def reliability(truth: pd.DataFrame, found: pd.DataFrame, *, n_bins: int = _BINS) -> pd.DataFrame:
    """Compare the probabilities told with the shares that came true, in bins of equal width.

    Returns
    -------
    pandas.DataFrame
        ``lower``, ``upper``, ``told`` (mean probability), ``observed`` (share resistant), ``n``; bins without pairs
        are left out.

    Raises
    ------
    InputError
        If no pair has both a probability and an outcome.
    """
    outcome, chance = _pairs(truth, found)
    edges = np.linspace(0, 1, n_bins + 1)
    at = np.minimum((chance * n_bins).astype(int), n_bins - 1)
    rows = [
        (edges[i], edges[i + 1], chance[at == i].mean(), outcome[at == i].mean(), int((at == i).sum()))
        for i in range(n_bins)
        if (at == i).any()
    ]
    return pd.DataFrame(rows, columns=["lower", "upper", "told", "observed", "n"])


def _pairs(truth: pd.DataFrame, found: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    outcome = truth.to_numpy(dtype=np.float64)
    chance = found.reindex(index=truth.index, columns=truth.columns).to_numpy(dtype=np.float64)
    known = np.isfinite(outcome) & np.isfinite(chance)
    if not known.any():
        raise InputError("no pair has both an outcome and a probability: do samples and drugs bear the same names?")
    return outcome[known], chance[known]
