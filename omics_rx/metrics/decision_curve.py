"""Decision curves: does acting on a predicted risk do more good than treating everybody, or nobody? In net benefit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.work import rng
from omics_rx.metrics.curves import survival_at
from omics_rx.metrics.inputs import Bools, Floats, checked_chances, horizon, in_order, numbers, outcome, resamples

THRESHOLDS = tuple(np.round(np.arange(0.05, 0.61, 0.05), 2).tolist())
COLUMNS = ["model", "threshold", "treated", "net_benefit", "lower", "upper"]


@in_words
def decision_curve(
    time: ArrayLike, event: ArrayLike, risks: Mapping[str, ArrayLike], *, at: float,
    thresholds: ArrayLike = THRESHOLDS, seed: int = 0, n_boot: int = 500,
) -> pd.DataFrame:  # fmt: skip
    """Net benefit of treating those whose predicted risk of an event by ``at`` months reaches a threshold.

    ``treated * (risk of the treated - (1 - risk of the treated) * t / (1 - t))``, with the risk of the treated by
    Kaplan-Meier; in events found a patient, less the false alarms a threshold of ``t`` accepts for one.

    Parameters
    ----------
    time, event
        Months and whether the event was seen, each ``(n,)``.
    risks
        Model to predicted chance of an event by ``at``, 0 to 1, ``(n,)``.
    at
        Months.
    thresholds
        Risks above which one would treat, between 0 and 1.
    seed, n_boot
        Of the bootstrap over patients; ``n_boot=0`` gives no interval (NaN).

    Returns
    -------
    pandas.DataFrame
        ``model`` (with ``treat all`` and ``treat none``), ``threshold``, ``treated`` (share), ``net_benefit``,
        ``lower``, ``upper`` (95%, the unit is the patient). A net benefit is NaN where no treated patient is followed
        for ``at`` months, since the risk of the treated is then not known; it is 0 where nobody is treated.

    Raises
    ------
    InputError
        If a risk is missing or outside 0 to 1, a threshold is not between 0 and 1, the horizon is no month, or nobody
        is followed that long.

    References
    ----------
    Vickers, Cronin, Elkin and Gonen, BMC Med Inform Decis Mak 2008, 8:53.
    """
    if not isinstance(risks, Mapping) or not risks:
        raise InputError('no risks are given: name each model, such as {"signature": risk}')
    given = in_order(times=time, events=event, **{f"risks of {name}": risk for name, risk in risks.items()})
    times, events = outcome(given.pop("times"), given.pop("events"))
    at = horizon(at)
    cuts = numbers([thresholds] if np.isscalar(thresholds) else thresholds, "thresholds")
    if not ((cuts > 0) & (cuts < 1)).all():
        raise InputError("thresholds are risks: give numbers between 0 and 1")
    if np.isnan(survival_at(times, events, at)):
        raise InputError(f"nobody is followed for {at:g} months: judge at {times.max():g} or earlier")
    models = {name: _checked(name, given[f"risks of {name}"], times.size) for name in risks}
    models |= {"treat all": np.ones(times.size), "treat none": np.zeros(times.size)}
    generator = rng(seed, "decision curve")
    rows = [generator.integers(times.size, size=times.size) for _ in range(resamples(n_boot, 0))]
    parts = []
    for name, risk in models.items():
        treated, benefit = _curve(times, events, risk, at=at, cuts=cuts)
        drawn = [_curve(times[row], events[row], risk[row], at=at, cuts=cuts)[1] for row in rows]
        lower, upper = _band(np.array(drawn), cuts.size)
        parts.append(
            pd.DataFrame(
                {"model": name, "threshold": cuts, "treated": treated, "net_benefit": benefit, "lower": lower,
                 "upper": upper}
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _curve(time: Floats, event: Bools, risk: Floats, *, at: float, cuts: Floats) -> tuple[Floats, Floats]:
    """Share treated and net benefit at each threshold, each ``(t,)``; thresholds that treat the same are one."""
    treated, benefit = np.zeros(cuts.size), np.zeros(cuts.size)
    known: dict[int, float] = {}
    for place, cut in enumerate(cuts):
        chosen = risk >= cut
        count = int(chosen.sum())
        treated[place] = count / risk.size
        if not count:
            continue
        if count not in known:
            known[count] = 1 - _survival(time[chosen], event[chosen], at)
        benefit[place] = treated[place] * (known[count] - (1 - known[count]) * cut / (1 - cut))
    return treated, benefit


def _survival(time: Floats, event: Bools, at: float) -> float:
    """Kaplan-Meier survival at a month, NaN beyond the last contact; arrays only, for use in resampling."""
    last = time.max()
    if last < at:
        return 0.0 if event[time == last].all() else float("nan")
    moments, died = np.unique(time[event & (time <= at)], return_counts=True)
    at_risk = time.size - np.searchsorted(np.sort(time), moments)
    return float(np.prod(1 - died / at_risk))


def _band(drawn: NDArray[np.float64], k: int) -> tuple[Floats, Floats]:
    """2.5 and 97.5 percentiles over resamples ``(b, k)``, NaN where a tenth or more of them has no value."""
    lower, upper = np.full(k, np.nan), np.full(k, np.nan)
    if not drawn.size:
        return lower, upper
    usable = np.isfinite(drawn).mean(axis=0) > 0.9
    lower[usable], upper[usable] = np.nanpercentile(drawn[:, usable], [2.5, 97.5], axis=0)
    return lower, upper


def _checked(name: str, risk: ArrayLike, n: int) -> Floats:
    if name in ("treat all", "treat none"):
        raise InputError(f"{name!r} is always drawn: give the model another name")
    return checked_chances(risk, n, f"risks of {name}")
