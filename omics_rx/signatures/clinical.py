"""What a risk score adds to what a clinician already knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core import cohort as cohorts
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.texts import says_nothing
from omics_rx.metrics import survival
from omics_rx.metrics.small import Z95
from omics_rx.signatures import cox
from omics_rx.signatures.training import TrainingSet

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

Floats = NDArray[np.float64]

KNOWN = (
    "age", "age_at_diagnosis", "grade", "nhg", "stage", "size", "tumor_size", "tumour_size", "node_positive",
    "node_status", "lymph_nodes", "metastasis", "er_positive", "er_status", "pr_positive", "pr_status", "pgr_status",
    "her2_positive", "her2_status",
)  # fmt: skip
COLUMNS = [
    "base", "columns", "n", "events", "left_out", "parameters", "base_concordance", "concordance", "difference",
    "lower", "upper", "chi2", "p_value", "hazard_ratio", "hr_lower", "hr_upper",
]  # fmt: skip
_MEASURED = 0.8  # share of patients in whom a column must be known to be taken unasked
_MOST_LEVELS = 8
_PENALTY = 1e-6  # on standardised columns: keeps a fit finite, moves no coefficient that is
_ENDLESS = 50.0  # standard error of a log hazard ratio a standard deviation


@in_words
def gain(
    cohort: CohortLike, risk: pd.Series, *, columns: Sequence[str] | None = None, seed: int = 0, n_folds: int = 10,
    n_boot: int = 1000,
) -> pd.DataFrame:  # fmt: skip
    """Gain of a risk over clinical variables, over proliferation, and over both.

    Each comparison is of two Cox models on the same patients, without and with the risk. Concordances are those of
    cross-validated predictions, so that the model with one column more is not favoured; the test is the likelihood
    ratio of the whole fits.

    Parameters
    ----------
    cohort
        AnnData with ``obs["time"]`` (months), ``obs["event"]`` and clinical columns. Numbers are taken as they are;
        texts and categories become one column a level less one.
    risk
        Risk by sample, from a model made on other patients. Cross-validated risks of the same patients will not do,
        though each is made without its patient: it is made from the outcomes of the patients it is then compared with,
        and under noise the likelihood ratio test has p < .05 in 14.5% (pre-validation; Hoefling and Tibshirani 2008).
    columns
        Clinical columns; None takes those of ``KNOWN`` that vary and are known in four of five patients.
    seed, n_folds, n_boot
        Folds of the predictions, balanced by event, and the bootstrap of the gain.

    Returns
    -------
    pandas.DataFrame
        A row a comparison: ``base`` (``clinical``, ``proliferation``, ``clinical + proliferation``), ``columns``,
        ``n``, ``events``, ``left_out`` (patients with something missing), ``parameters`` (of the base model),
        ``base_concordance``, ``concordance`` (with the risk), ``difference`` with its 95% bootstrap interval
        ``lower``, ``upper`` (over patients, widened for predictions of folds that learn from each other:
        it holds 94 to 99% where a risk of noise is added), ``chi2`` and ``p_value`` (likelihood ratio, one degree of
        freedom), ``hazard_ratio`` a standard deviation of the risk, the rest held, with ``hr_lower``, ``hr_upper``,
        NaN where the base says the same as the risk. Empty where there is neither.

    Raises
    ------
    InputError
        If a named column is not there, has one level, or has too many texts; if the cohort has no follow-up; if
        fewer than ten patients with an event are complete.

    References
    ----------
    Hoefling and Tibshirani, Ann Appl Stat 2008, 2:643.

    Pencina and D'Agostino, Stat Med 2004, 23:2109; McShane et al. (REMARK), J Natl Cancer Inst 2005, 97:1180.
    """
    if not isinstance(risk, pd.Series):
        raise InputError(f"the risk is a {type(risk).__name__}: give a Series, so that it is paired by sample")
    data = cohorts.as_cohort(cohort)
    endpoint = cohorts.endpoint(data)
    obs = data.obs.loc[endpoint.samples]
    named = usable(obs) if columns is None else tuple(columns)
    known = pd.DataFrame({"risk": risk.reindex(endpoint.samples)})
    blocks: dict[str, pd.DataFrame] = {}
    if named:
        blocks["clinical"] = features(obs, named)
    growth = _proliferation(data)
    if growth is not None:
        blocks["proliferation"] = growth.reindex(endpoint.samples).to_frame("proliferation")
    if len(blocks) == 2:
        blocks["clinical + proliferation"] = pd.concat(blocks.values(), axis=1)
    rows = []
    for base, block in blocks.items():
        told = ", ".join([*(named if "clinical" in base else ()), *(["proliferation"] if "prolif" in base else [])])
        complete = (block.notna().all(axis=1) & known["risk"].notna()).to_numpy()
        outcome = _Outcome(endpoint.time[complete], endpoint.event[complete], endpoint.samples[complete])
        figures = _compare(block[complete], known.loc[complete, "risk"], outcome, sizes=(seed, n_folds, n_boot))
        rows.append({"base": base, "columns": told, "left_out": int((~complete).sum()), **figures})
    return pd.DataFrame(rows, columns=COLUMNS)


def usable(obs: pd.DataFrame) -> tuple[str, ...]:
    """Clinical columns that are known by name, vary, and are known in most patients."""
    known = {name: known_values(obs[name]) for name in KNOWN if name in obs}
    return tuple(name for name, own in known.items() if _varies(own) and own.notna().mean() >= _MEASURED)


def known_values(column: pd.Series) -> pd.Series:
    """Column with what says nothing missing, and texts without what does not tell levels apart.

    Raises
    ------
    InputError
        If a number is infinite.
    """
    if pd.api.types.is_numeric_dtype(column):
        if np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan)).any():
            raise InputError(f"{column.name} holds infinite values: make them missing")
        return column
    plain = column.astype(object)
    plain = plain.mask(says_nothing(plain), None)
    return plain.map(lambda value: " ".join(value.split()).casefold() if isinstance(value, str) else value)


def _varies(column: pd.Series) -> bool:
    return len(column.dropna().unique()) > 1


def features(obs: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Clinical columns as numbers, patients x features, missing where they are.

    Raises
    ------
    InputError
        If a column is not there, has one level, or has too many texts to be levels.
    """
    absent = [name for name in columns if name not in obs]
    if absent:
        raise InputError(f"the cohort has no column {examples(absent)}: it has {examples(obs.columns, 12)}")
    single = [name for name in columns if not _varies(known_values(obs[name]))]
    if single:
        raise InputError(f"{examples(single)} has one level in these patients and tells none apart: leave it out")
    return pd.concat([_numbers(obs[name]) for name in columns], axis=1)


def _numbers(column: pd.Series) -> pd.DataFrame:
    """A column of numbers or flags as it is; one of texts as flags for all levels but the commonest.

    Words such as ``NA`` and ``Unknown`` are missing, and levels that differ by case or spaces alone are one.
    """
    name = str(column.name)
    column = known_values(column)
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return pd.DataFrame({name: column.astype(np.float64)})
    known = column.dropna()
    if known.map(lambda value: isinstance(value, bool | np.bool_)).all():
        return pd.DataFrame({name: pd.to_numeric(column.astype(object), errors="coerce").astype(np.float64)})
    as_numbers = pd.to_numeric(column.astype(object), errors="coerce")
    if as_numbers.notna().sum() == len(known):
        return pd.DataFrame({name: as_numbers.astype(np.float64)})
    levels = known.astype(str).value_counts().index
    if len(levels) > _MOST_LEVELS:
        raise InputError(
            f"{name} has {len(levels)} different texts ({examples(levels, 3)}): give it as levels or numbers"
        )
    flags = {f"{name} {level}": (column.astype(str) == level).where(column.notna()) for level in levels[1:]}
    return pd.DataFrame(flags).astype(np.float64)


def _proliferation(data: Any) -> pd.Series | None:
    from omics_rx import scores

    try:
        return scores.proliferation(data)
    except InputError:
        return None


class _Outcome:
    """Follow-up of the complete patients."""

    def __init__(self, time: Floats, event: NDArray[np.bool_], samples: pd.Index) -> None:
        self.time, self.event, self.samples = time, event, samples

    def folds(self, n_folds: int, *, seed: int) -> NDArray[np.intp]:
        """Fold of each patient, balanced by event."""
        blank = TrainingSet(
            np.empty((self.time.size, 0)), (), pd.Index(self.samples), self.time, self.event,
            np.full(self.time.size, "one"),
        )  # fmt: skip
        return blank.folds(n_folds, seed=seed, name="clinical")


def _compare(block: pd.DataFrame, risk: pd.Series, outcome: _Outcome, *, sizes: tuple[int, int, int]) -> dict[str, Any]:
    """Figures of the models without and with the risk on the same patients."""
    seed, n_folds, n_boot = sizes
    if outcome.event.sum() < max(10, n_folds):
        raise InputError(
            f"{int(outcome.event.sum())} patients with an event have all of {examples(block.columns)}: ten or more are "
            "needed; leave out the columns that are missing most"
        )
    flat = [str(name) for name in block if not _varies(block[name])]
    base = block.drop(columns=flat).to_numpy(dtype=np.float64)
    both = np.column_stack([base, risk.to_numpy(dtype=np.float64)])
    fold = outcome.folds(n_folds, seed=seed)
    held = [_held_back(values, outcome, fold) for values in (base, both)]
    found = [survival.concordance(outcome.time, outcome.event, value, n_boot=1).value for value in held]
    gap = survival.concordance_difference(outcome.time, outcome.event, (held[1], held[0]), cross_validated=True,
                                          seed=seed, n_boot=n_boot)  # fmt: skip
    return {
        "n": outcome.time.size, "events": int(outcome.event.sum()), "parameters": base.shape[1],
        "base_concordance": found[0], "concordance": found[1], "difference": gap.value, "lower": gap.lower,
        "upper": gap.upper, **_tested(base, both, outcome),
    }  # fmt: skip


def _tested(base: Floats, both: Floats, outcome: _Outcome) -> Mapping[str, float]:
    """Likelihood ratio of one column more, and its hazard ratio a standard deviation."""
    from scipy.stats import chi2

    data = cox.follow_up(outcome.time, outcome.event)
    values = [_standardised(part, part) for part in (base, both)]
    betas = [cox.ridge(part, data, _PENALTY) for part in values]
    likelihood = [cox.log_likelihood(part @ beta, data) for part, beta in zip(values, betas, strict=True)]
    ratio = max(0.0, 2 * (likelihood[1] - likelihood[0]))
    information = cox.derivatives(values[1][data.order], betas[1], data)[2] + _PENALTY * np.eye(both.shape[1])
    error = float(np.sqrt(np.linalg.inv(information)[-1, -1]))
    slope = float(betas[1][-1])
    if error > _ENDLESS:  # the base says the same as the risk, and shares its slope with it in any way
        slope = error = float("nan")
    return {
        "chi2": ratio, "p_value": float(chi2.sf(ratio, 1)), "hazard_ratio": float(np.exp(slope)),
        "hr_lower": float(np.exp(slope - Z95 * error)), "hr_upper": float(np.exp(slope + Z95 * error)),
    }  # fmt: skip


def _standardised(values: Floats, like: Floats) -> Floats:
    spread = like.std(axis=0, ddof=1)
    return np.asarray((values - like.mean(axis=0)) / np.where(spread > 0, spread, np.inf))


def _held_back(values: Floats, outcome: _Outcome, fold: NDArray[np.intp]) -> Floats:
    """Log hazards of patients by Cox models made without them, ``(n,)``."""
    risk = np.empty(len(values))
    for number in np.unique(fold):
        seen = fold != number
        data = cox.follow_up(outcome.time[seen], outcome.event[seen])
        beta = cox.ridge(_standardised(values[seen], values[seen]), data, _PENALTY)
        risk[~seen] = _standardised(values, values[seen])[~seen] @ beta
    return risk
