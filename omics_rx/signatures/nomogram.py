"""Points per variable: clinical columns and a risk in one Cox model, read off like a nomogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core import cohort as cohorts
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.metrics.inputs import horizons
from omics_rx.signatures import cox
from omics_rx.signatures.clinical import features, known_values, usable

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

Floats = NDArray[np.float64]
_PENALTY = 1e-6
_MOST = 100.0  # points of the variable that moves the risk most
_EDGES = (0.05, 0.95)  # shares of the patients between which a number is read
_FEWEST = 10  # patients with an event


@dataclass(frozen=True, eq=False)
class Points:
    """Points of each variable, and the chance that their sum stands for.

    Attributes
    ----------
    table
        A row a variable: ``variable``, ``coefficient`` (log hazard a unit), ``hazard_ratio`` (a unit), ``low`` and
        ``high`` (values with the fewest and most points among the middle nine tenths of the patients; 0 and 1 of a
        level), ``points`` (of the second; the first has none) and ``per_unit``.
    months
        Months to which chances are given.
    n, n_events, left_out
        Patients it was fitted on, events among them, and patients with something missing.
    columns
        Clinical column to its levels, that of no points first; none for a number.
    """

    table: pd.DataFrame = field(repr=False)
    months: tuple[float, ...]
    n: int
    n_events: int
    left_out: int
    columns: dict[str, tuple[str, ...]]
    _hazard: dict[float, float] = field(repr=False)
    _slope: float = field(repr=False)
    _origin: float = field(repr=False)

    def of(self, cohort: CohortLike, risk: pd.Series) -> pd.DataFrame:
        """Points and chances of patients.

        Parameters
        ----------
        cohort
            With the same clinical columns.
        risk
            Risk score by sample.

        Returns
        -------
        pandas.DataFrame
            Samples x ``points of`` each variable, ``total``, and ``no event by`` each month; NaN where something is
            missing.

        Raises
        ------
        InputError
            If a column is not there, holds a level that the model does not know, or text where it was a number.
        """
        values = _encoded(cohorts.as_cohort(cohort).obs, self.columns, risk)[self.table["variable"].tolist()]
        rows = self.table.set_index("variable")
        parts = (values - rows["low"]) * rows["per_unit"]
        total = parts.sum(axis=1, skipna=False)
        found = parts.add_prefix("points of ").assign(total=total)
        for month in self.months:
            found[f"no event by {month:g}"] = self.chance(total.to_numpy(), month)
        return found

    def chance(self, total: Floats, month: float) -> Floats:
        """Chance of no event by a month at a sum of points."""
        return np.asarray(np.exp(-self._hazard[month] * np.exp(self._slope * np.asarray(total) + self._origin)))


@in_words
def points(
    cohort: CohortLike, risk: pd.Series, *, columns: Sequence[str] | None = None, months: Sequence[float] = (36, 60)
) -> Points:
    """Fit clinical columns and a risk together, and give each its points.

    The model describes the patients it is fitted on: what the risk adds to the clinical columns in patients held back
    is told by :func:`clinical_gain`.

    Parameters
    ----------
    cohort
        With ``obs["time"]`` (months), ``obs["event"]`` and clinical columns.
    risk
        Risk by sample, from a model made on other patients.
    columns
        Clinical columns; None takes those known by name that vary and are known in four of five patients.
    months
        To which chances are given, within the follow-up.

    Raises
    ------
    InputError
        If a column is not there or has one level, a month is none or past the follow-up, or there are fewer than ten
        events or two for each variable among complete patients.

    References
    ----------
    Iasonos et al., J Clin Oncol 2008, 26:1364.
    """
    data = cohorts.as_cohort(cohort)
    endpoint = cohorts.endpoint(data)
    obs = data.obs.loc[endpoint.samples]
    named = usable(obs) if columns is None else tuple(columns)
    levels = _levels(obs, named)
    block = _encoded(obs, levels, risk)
    complete = block.notna().all(axis=1).to_numpy()
    time, event, values = endpoint.time[complete], endpoint.event[complete], block[complete]
    if event.sum() < max(_FEWEST, 2 * block.shape[1]):
        raise InputError(
            f"{int(event.sum())} patients with an event have all of {examples(block)}: "
            f"{max(_FEWEST, 2 * block.shape[1])} are needed; name fewer columns"
        )
    at = tuple(horizons(months).tolist())
    late = [f"{month:g}" for month in at if month > time.max()]
    if late:
        raise InputError(f"nobody is followed for {examples(late)} months (the last for {time.max():g})")
    mean, sd = values.mean().to_numpy(), values.std(ddof=1).to_numpy()
    if not (sd > 0).all():
        raise InputError(f"{examples(values.columns[sd <= 0])} does not vary among complete patients: leave it out")
    follow = cox.follow_up(time, event)
    beta = cox.ridge((values.to_numpy() - mean) / sd, follow, _PENALTY) / sd
    table = _table(values, beta)
    moved = np.abs(beta * (table["high"] - table["low"]))
    slope = float(moved.max()) / _MOST
    low = float(table["low"].to_numpy() @ beta)
    eta = values.to_numpy() @ beta
    hazard = {month: _cumulative(time, event, np.exp(eta), month) for month in at}
    table["points"] = moved / slope
    table["per_unit"] = beta / slope
    return Points(
        table[["variable", "coefficient", "hazard_ratio", "low", "high", "points", "per_unit"]], at, len(values),
        int(event.sum()), int((~complete).sum()), levels, hazard, slope, low,
    )  # fmt: skip


def _levels(obs: pd.DataFrame, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Levels of each column of text, the commonest first; none of a number."""
    found: dict[str, tuple[str, ...]] = {}
    for name in columns:
        made = features(obs, [name])  # refuses what is no column of a model
        flags = [str(column).removeprefix(f"{name} ") for column in made if str(column) != name]
        told = [str(value) for value in known_values(obs[name]).dropna().unique()]
        found[name] = (*(level for level in told if level not in flags), *flags) if flags else ()
    return found


def _encoded(obs: pd.DataFrame, levels: Mapping[str, tuple[str, ...]], risk: pd.Series) -> pd.DataFrame:
    """Columns as the model has them, patients x variables, NaN where nothing is known.

    Raises
    ------
    InputError
        If a column is not there, holds a level that is not known, or text where a number is asked.
    """
    if not isinstance(risk, pd.Series):
        raise InputError(f"the risk is a {type(risk).__name__}: give a Series, so that it is paired by sample")
    absent = [name for name in levels if name not in obs]
    if absent:
        raise InputError(f"the cohort has no column {examples(absent)}: it has {examples(obs.columns, 12)}")
    made: dict[str, pd.Series] = {}
    for name, known in levels.items():
        values = known_values(obs[name])
        texts = values.map(str, na_action="ignore").astype(object)
        strange = sorted(set(texts.dropna()) - set(known)) if known else []
        if not known:
            made[name] = pd.to_numeric(values.astype(object), errors="coerce").astype(np.float64)
            strange = sorted(set(texts[made[name].isna() & values.notna()]))
        for level in known[1:]:
            made[f"{name} {level}"] = (texts == level).astype(np.float64).where(values.notna())
        if strange:
            asked = f"one of {examples(known)}" if known else "a number"
            raise InputError(f"{name} is {examples(strange)}, and the model knows it as {asked}")
    return pd.DataFrame({**made, "risk score": risk.reindex(obs.index).astype(np.float64)}, index=obs.index)


def _table(values: pd.DataFrame, beta: Floats) -> pd.DataFrame:
    """Variables with the ends between which they are read, the end of less risk first."""
    flags = [set(values[name].unique()) <= {0.0, 1.0} for name in values]
    ends = [
        (0.0, 1.0) if flag else tuple(values[name].quantile(list(_EDGES)))
        for name, flag in zip(values, flags, strict=True)
    ]
    turned = [pair if slope >= 0 else pair[::-1] for pair, slope in zip(ends, beta, strict=True)]
    return pd.DataFrame(
        {
            "variable": list(values), "coefficient": beta, "hazard_ratio": np.exp(beta),
            "low": [pair[0] for pair in turned], "high": [pair[1] for pair in turned],
        }
    )  # fmt: skip


def _cumulative(time: Floats, event: NDArray[np.bool_], weight: Floats, month: float) -> float:
    """Breslow's cumulative baseline hazard by a month, for a log hazard of 0."""
    moments = np.unique(time[event & (time <= month)])
    return float(sum((event & (time == at)).sum() / weight[time >= at].sum() for at in moments))
