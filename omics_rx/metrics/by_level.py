"""What is told of the levels of a column: the tables, which levels take part in a test, and the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import chi2

from omics_rx.metrics.inputs import Bools, Floats
from omics_rx.metrics.small import Z95

FEWEST = 10  # events, or patients of the rarer class, under which a level cannot be told
TABLE = [
    "cohort", "column", "level", "n", "events", "figure", "value", "lower", "upper", "slope", "slope_lower",
    "slope_upper", "at", "observed", "observed_lower", "observed_upper", "expected", "n_low", "n_high", "told",
]  # fmt: skip
TESTS = ["cohort", "column", "levels", "n", "events", "statistic", "df", "p_value", "p_corrected", "told"]
_PENALTY = 1e-6
_STEPS = 60


@dataclass(frozen=True, eq=False)
class Subgroups:
    """For whom a figure holds.

    Attributes
    ----------
    table
        A row a cohort, column and level: ``n``, ``events`` (or patients of the rarer class, or with a figure),
        ``figure`` (what ``value`` is: ``concordance``, ``auc``, ``agreement``, ``correlation``) with its 95% interval
        ``lower``, ``upper``; ``slope``, log hazard or log odds ratio a unit of the score, with its interval;
        ``observed`` share of events (by the month ``at``, Kaplan-Meier) with its interval beside the ``expected`` one,
        where chances are predicted; ``n_low`` and ``n_high``, sizes of the groups; ``told``, why a level has no figure.
    tests
        A row a cohort and column: the ``levels`` held against each other, ``statistic`` and ``df`` of the test of
        interaction, ``p_value``, and ``p_corrected`` for the number of columns (Holm).
    said
        What a reader must know: where numbers were cut, what was read from where, what cannot be told.
    """

    table: pd.DataFrame = field(repr=False)
    tests: pd.DataFrame = field(repr=False)
    said: tuple[str, ...]


def blank() -> Subgroups:
    """Nothing asked, nothing told."""
    return Subgroups(pd.DataFrame(columns=TABLE), pd.DataFrame(columns=TESTS), ())


def joined(parts: Sequence[Subgroups]) -> Subgroups:
    """Subgroups of several cohorts as one, tests corrected over all of them."""
    tables = [one.table for one in parts if len(one.table)]
    tests = [one.tests for one in parts if len(one.tests)]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=TABLE)
    test = pd.concat(tests, ignore_index=True) if tests else pd.DataFrame(columns=TESTS)
    if len(test):
        test["p_corrected"] = holm(test["p_value"].to_numpy(dtype=np.float64))
    return Subgroups(table, test, tuple(dict.fromkeys(word for one in parts for word in one.said)))


def holm(p: Floats) -> Floats:
    """P-values corrected for their number by Holm's steps; NaN stays and is not counted.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, np.nan, 0.03])).round(3).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    found = np.full(p.size, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    if order.size:
        found[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(order.size, 0, -1)))
    return found


def tested(parts: Sequence[tuple[float, float]], common: float) -> tuple[float, int, float]:
    """Likelihood ratio of a slope for each level against one for all: ``2 (sum of l - l of the common slope)``.

    Parameters
    ----------
    parts
        Slope and log likelihood of each level by itself, with a baseline of its own.
    common
        Log likelihood of the levels with one slope, baselines apart.
    """
    statistic = max(0.0, 2 * (sum(likelihood for _, likelihood in parts) - common))
    df = len(parts) - 1
    return statistic, df, float(chi2.sf(statistic, df))


def interaction(
    kept: Sequence[str], parts: Mapping[str, tuple[float, float]], common: Callable[[], float],
    rows: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """Test of a column: the levels that take part, their patients and events, and :func:`tested` of two or more.

    Parameters
    ----------
    kept
        Levels that take part.
    parts
        Slope and log likelihood of each.
    common
        Gives the log likelihood of all of them with one slope.
    rows
        ``level``, ``n`` and ``events`` of every level.
    """
    inside = [row for row in rows if row["level"] in kept]
    test: dict[str, Any] = {
        "levels": ", ".join(kept), "n": sum(row["n"] for row in inside), "events": sum(row["events"] for row in inside),
        "statistic": np.nan, "df": max(0, len(kept) - 1), "p_value": np.nan, "told": few_levels(len(kept)),
    }  # fmt: skip
    if len(kept) > 1:
        statistic, df, p = tested([parts[level] for level in kept], common())
        test |= {"statistic": statistic, "df": df, "p_value": p, "told": ""}
    return test | {"p_corrected": test["p_value"]}


def wald(slope: float, error: float) -> dict[str, float]:
    """Slope with its 95% interval."""
    return {"slope": slope, "slope_lower": slope - Z95 * error, "slope_upper": slope + Z95 * error}


def each_level(levels: ArrayLike, order: Sequence[str] | None) -> list[tuple[str, Bools]]:
    """Each level with who is at it, in the order told."""
    own = np.asarray(levels, dtype=object).astype(str)
    return [(name, own == name) for name in (order or sorted(set(own.tolist())))]


def testable(parts: Mapping[str, object], order: Sequence[str] | None) -> list[str]:
    """Levels that take part in a test: told, and known."""
    return [level for level in (order or parts) if level in parts and level != "not known"]


def few_levels(n: int) -> str:
    """Why a column has no test."""
    return f"cannot tell: {n} level{'' if n == 1 else 's'} with {FEWEST} events or more"


def table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a table with all its columns."""
    return pd.DataFrame(list(rows)).reindex(columns=TABLE)


def logistic(parts: Sequence[tuple[Bools, Floats]]) -> tuple[float, float, float]:
    """One slope over parts with an intercept each: slope, its standard error, log likelihood (hardly penalised)."""
    if not parts:
        return float("nan"), float("nan"), float("nan")
    yes = np.concatenate([one for one, _ in parts]).astype(np.float64)
    score = np.concatenate([two for _, two in parts])
    own = np.repeat(np.arange(len(parts)), [one.size for one, _ in parts])
    spread = float(score.std()) or 1.0
    design = np.column_stack([(score - score.mean()) / spread, np.eye(len(parts))[own]])
    penalty = _PENALTY * np.eye(design.shape[1])
    at = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-design @ at))
        weight = np.maximum(chance * (1 - chance), 1e-12)
        step = np.linalg.solve(
            design.T @ (design * weight[:, None]) + penalty, design.T @ (yes - chance) - penalty @ at
        )
        at = at + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    ahead = design @ at
    likelihood = float((yes * ahead - np.logaddexp(0, ahead)).sum())
    cover = np.linalg.inv(design.T @ (design * weight[:, None]) + penalty)
    return float(at[0]) / spread, float(np.sqrt(cover[0, 0])) / spread, likelihood
