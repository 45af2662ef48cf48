"""For whom a signature holds: its figures at each level of clinical columns, and whether levels differ."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log
from omics_rx.harmonize.levels import NOT_KNOWN, Levels, NoColumnError, levels_of
from omics_rx.metrics import by_level as figures
from omics_rx.metrics import survival
from omics_rx.metrics.by_level import FEWEST, Subgroups
from omics_rx.metrics.small import wilson
from omics_rx.signatures import cox
from omics_rx.signatures.baseline import Baseline

By = Sequence[str] | Mapping[str, Sequence[float] | None]
_OUTCOME = re.compile(
    r"^(time|event|status|(os|dss|dfs|dfi|pfs|pfi|rfs|dmfs|efs|ddfs|drfs|mfs)"
    r"([._ ]?(time|event|status|days|months|years))?)$"
    r"|vital_?status|tumou?r_status|cause_of_death|new_tumor_event|follow_?up|last_contact|risk_(score|group)"
    r"|(days|months)_to_(death|last|new)"
    r"|(^|_)(dead|died|death|deceased|alive|relapsed?|recurrence|survival|censor\w*)(_|$)",
    re.IGNORECASE,
)
_SAME = 0.8  # association with the event, or with the time, beyond which a column is the outcome itself
_PENALTY = 1e-6
_HORIZON = 60


def asked_columns(by: object) -> dict[str, Sequence[float] | None]:
    """Columns that are asked for, each with its cuts or None.

    Raises
    ------
    InputError
        If it is neither names nor names with cuts, names nothing, or one thing twice.
    """
    if isinstance(by, str):
        raise InputError(f"by is {by!r}: a single column is by=[{by!r}]")
    if isinstance(by, Mapping):
        return {str(name): cuts for name, cuts in by.items()}
    names = [str(name) for name in by] if isinstance(by, Sequence) else []
    if not names or len(set(names)) != len(names):
        raise InputError("by names no column, or one twice: give names such as by=['race', 'age']")
    return dict.fromkeys(names)


def read_levels(
    obs: pd.DataFrame, by: object, *, time: NDArray[np.float64] | None = None, event: NDArray[np.bool_]
) -> tuple[list[Levels], list[str]]:  # fmt: skip
    """Levels of the columns asked for, and which of them these patients lack.

    Raises
    ------
    InputError
        If a column is the outcome, or cannot be read as levels.
    """
    found, lacking = [], []
    for name, cuts in asked_columns(by).items():
        try:
            levels = levels_of(obs, name, cuts=cuts)
        except NoColumnError as error:
            lacking.append(str(error))
            continue
        refuse_outcome(levels, obs, time, event)
        found.append(levels)
    return found, lacking


def refuse_outcome(
    levels: Levels, obs: pd.DataFrame, time: NDArray[np.float64] | None, event: NDArray[np.bool_]
) -> None:  # fmt: skip
    """Refuse a column that is the outcome under its own or another name.

    Raises
    ------
    InputError
        If it is called like an outcome, tells who had the event, or is the time.
    """
    column = levels.column
    if _OUTCOME.search(column):
        raise InputError(
            f"{column} is called like an outcome: a group must be known before the patients are followed. Leave it "
            "out, or give what was known before under another name"
        )
    known = (levels.labels != NOT_KNOWN).to_numpy()
    telling = _association(levels.labels[known], event[known])
    if telling > _SAME:
        raise InputError(
            f"{column} tells who had the event (association {telling:.2f}): it is the outcome under another name, or "
            "was recorded afterwards; leave it out"
        )
    numbers = obs[column] if column in obs and pd.api.types.is_numeric_dtype(obs[column]) else None
    if time is not None and numbers is not None and numbers.notna().sum() >= FEWEST:
        here = numbers.notna().to_numpy()
        # a positive association alone: the later the diagnosis, the shorter patients are followed
        if np.ptp(time[here]) > 0 and numbers.nunique() > 2 and float(spearmanr(numbers[here], time[here])[0]) > 0.95:
            raise InputError(f"{column} goes with the months followed: it is the outcome's time; leave it out")


def _association(labels: pd.Series, event: NDArray[np.bool_]) -> float:
    """Cramer's V of levels and event, corrected for chance (Bergsma), from 0 to 1; 0 where it cannot be told."""
    n = len(labels)
    counts = pd.crosstab(labels.to_numpy(), event).to_numpy(dtype=np.float64)
    if n < FEWEST or min(counts.shape) < 2:
        return 0.0
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / n
    phi = float(((counts - expected) ** 2 / expected).sum()) / n
    rows = counts.shape[0]
    corrected = max(0.0, phi - (rows - 1) / (n - 1))
    narrow = min(rows - (rows - 1) ** 2 / (n - 1), 2 - 1 / (n - 1)) - 1
    return float(np.sqrt(corrected / narrow)) if narrow > 0 else 0.0


def of_survival(
    name: str, scored: pd.DataFrame, obs: pd.DataFrame, by: object, *, baseline: Baseline | None, seed: int
) -> Subgroups:  # fmt: skip
    """Figures of a risk score at each level of the columns asked for, in one cohort.

    Parameters
    ----------
    name
        Of the cohort.
    scored
        ``risk_score``, ``risk_group``, ``time`` (months), ``event`` by sample.
    obs
        What is recorded of the same samples.
    by
        Columns, or columns with the points where numbers are cut.
    baseline
        What gives chances; None leaves the expected share out.
    seed
        Of the bootstrap.
    """
    known = scored.dropna(subset=["risk_score"])
    rows = obs.loc[known.index]
    event, time = known["event"].to_numpy(dtype=bool), known["time"].to_numpy(dtype=np.float64)
    found, lacking = read_levels(rows, by, time=time, event=event)
    said = [f"{name}: {words}." for words in lacking]
    tables, tests = [], []
    chances, at = _chances(known, baseline)
    for levels in found:
        table, test, told = _column(known, levels, chances=chances, at=at, seed=seed)
        said += [f"{name}: {words}" for words in [*levels.said, *told]]
        tables.append(table.assign(cohort=name, column=levels.asked))
        tests.append({"cohort": name, "column": levels.asked, **test})
    for words in said:
        log.info("%s", words)
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return figures.joined([
        Subgroups(table.reindex(columns=figures.TABLE), pd.DataFrame(tests).reindex(columns=figures.TESTS), tuple(said))
    ])  # fmt: skip


def _chances(known: pd.DataFrame, baseline: Baseline | None) -> tuple[pd.Series | None, float]:
    """Chance of an event by a month that is near five years and followed, and that month."""
    last = float(known["time"].max())
    months = [month for month in sorted(baseline.hazard) if month <= last] if baseline is not None else []
    if baseline is None or not months:
        return None, float(min(_HORIZON, last))
    at = min(months, key=lambda month: abs(month - _HORIZON))
    return 1 - baseline.survival(known["risk_score"])[at], float(at)


def _column(
    known: pd.DataFrame, levels: Levels, *, chances: pd.Series | None, at: float, seed: int
) -> tuple[pd.DataFrame, dict[str, Any], list[str]]:  # fmt: skip
    """Rows of the levels of one column, its test, and which levels cannot be told."""
    rows, parts, kept = [], {}, {}
    for level, here in figures.each_level(levels.labels, levels.order):
        part = known[here]
        row: dict[str, Any] = {
            "level": level, "n": len(part), "events": int(part["event"].sum()), "figure": "concordance",
            "n_low": int((part["risk_group"] == "low").sum()), "n_high": int((part["risk_group"] == "high").sum()),
            **_observed(part, at), "expected": float(chances[here].mean()) if chances is not None else np.nan,
        }  # fmt: skip
        own = _figures(part, seed=seed)
        if isinstance(own, str):
            rows.append(row | {"told": f"cannot tell: {own}"})
            continue
        slope, error, likelihood = _slope([part])
        rows.append(row | own | figures.wald(slope, error) | {"told": ""})
        parts[level] = (slope, likelihood)
        kept[level] = part
    within = figures.testable(parts, levels.order)
    test = figures.interaction(within, parts, lambda: _slope([kept[level] for level in within])[2], rows)
    short = [f"{row['level']} ({row['told'].removeprefix('cannot tell: ')})" for row in rows if row["told"]]
    told = [f"{levels.asked}: of {examples(short)} it cannot be told for whom the signature holds."] if short else []
    return pd.DataFrame(rows), test, told


def _figures(part: pd.DataFrame, *, seed: int) -> dict[str, float] | str:
    """Concordance with its interval, or why there is none."""
    events = int(part["event"].sum())
    if events < FEWEST:
        return f"{events} event{'' if events == 1 else 's'} in {len(part)} patient{'' if len(part) == 1 else 's'}"
    if np.ptp(part["risk_score"].to_numpy()) < 1e-9:
        return "every patient has the same score"
    try:
        found = survival.concordance(part["time"], part["event"], part["risk_score"], seed=seed)
    except InputError as error:
        return str(error)
    return {"value": found.value, "lower": found.lower, "upper": found.upper}


def _observed(part: pd.DataFrame, at: float) -> dict[str, float]:
    """Share with the event by a month (Kaplan-Meier) with its interval; NaN where nobody is followed that long."""
    if part.empty or part["time"].max() < at:
        return {"at": at}
    curve = survival.kaplan_meier(part["time"], part["event"])
    row = curve[curve["time"] <= at].iloc[-1]
    lower, upper = 1 - float(row["upper"]), 1 - float(row["lower"])
    if row["survival"] in (0, 1):  # Greenwood's variance is 0 there, and would call three patients certain
        still = max(1, int((part["time"] >= at).sum()))
        lower, upper = wilson(still * (1 - float(row["survival"])), still)
    return {"at": at, "observed": 1 - float(row["survival"]), "observed_lower": lower, "observed_upper": upper}


def _slope(parts: Sequence[pd.DataFrame]) -> tuple[float, float, float]:
    """Log hazard ratio a unit of the score over parts with a baseline each, its error, and the log likelihood."""
    whole = pd.concat(list(parts))
    strata = np.repeat(np.arange(len(parts)), [len(part) for part in parts]).astype(str)
    data = cox.follow_up(whole["time"].to_numpy(dtype=np.float64), whole["event"].to_numpy(dtype=bool), strata)
    x = whole["risk_score"].to_numpy(dtype=np.float64)
    spread = float(x.std()) or 1.0
    column = ((x - x.mean()) / spread)[:, None]
    beta = cox.ridge(column, data, _PENALTY)
    information = float(cox.derivatives(column[data.order], beta, data)[2].item())
    error = 1 / np.sqrt(information) if information > 0 else float("nan")
    return float(beta[0]) / spread, error / spread, cox.log_likelihood(column @ beta, data)
