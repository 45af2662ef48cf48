"""The one door for what a figure is computed of: follow-up, risks, predicted chances, groups, horizons.

Numbers are told from dates, durations and text; labelled values are brought into one order by their labels; what cannot
be used is refused with one :class:`InputError` that says what to do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.index import names_nothing, only_counts
from omics_rx.core.texts import says_nothing

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_DATES = (dt.date, dt.timedelta, np.datetime64, np.timedelta64, pd.Period)
_LISTED = (pd.Series, pd.Index, pd.api.extensions.ExtensionArray, list, tuple)
_MONTHS = "give months as numbers, such as (last_contact - diagnosis).dt.days / 30.4375"


def numbers(values: Any, what: str, *, dates: str = "give numbers") -> Floats:
    """Values as floats ``(n,)``, missing ones as NaN; dates, durations, text and empty input are refused."""
    plain = isinstance(values, np.ndarray | pd.Series) and isinstance(values.dtype, np.dtype)
    if plain and values.ndim == 1 and values.size and values.dtype.kind in "biuf":
        return np.array(values, dtype=np.float64)
    column = _column(values, what)
    kind = column.dtype
    known = column.dropna()
    dated = pd.api.types.is_datetime64_any_dtype(kind) or pd.api.types.is_timedelta64_dtype(kind)
    if dated or known.map(lambda value: isinstance(value, _DATES)).any():
        raise InputError(f"{what} are dates or durations, which would be read as nanoseconds: {dates}")
    told = known[known.map(lambda value: isinstance(value, str | bytes))]
    if len(told):
        shown = examples(repr(value) for value in dict.fromkeys(told))
        raise InputError(f"{len(told)} of {len(column)} {what} are text ({shown}): give numbers")
    try:
        # by way of objects, since nullable and Arrow columns keep their missing values in more than one way
        return np.array([np.nan if pd.isna(value) else float(value) for value in column.astype(object)])
    except (TypeError, ValueError):
        raise InputError(f"{what} are no numbers ({examples(repr(value) for value in known)})") from None


def _column(values: Any, what: str) -> pd.Series:
    """One-dimensional, non-empty values as a column."""
    if values is None:
        raise InputError(f"no {what} are given")
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(object), np.nan)
    try:
        array: Any = values if isinstance(values, _LISTED) else np.asarray(values)
        column = pd.Series(array) if np.ndim(array) == 1 else None
    except (TypeError, ValueError):
        column = None
    if column is None:
        raise InputError(f"{what} are not one number a sample: give a list, an array or a Series")
    if not len(column):
        raise InputError(f"there are no {what}: nothing to judge")
    return column


def in_order(**given: Any) -> dict[str, Any]:
    """Labelled values (Series, frames) in the order of the first of them; arrays and None as they are.

    Raises
    ------
    InputError
        If labels repeat or differ, or orders differ while something comes without labels.
    """
    labelled = {name: value for name, value in given.items() if isinstance(value, pd.Series | pd.DataFrame)}
    if len(labelled) < 2:
        return given
    first = next(iter(labelled))
    index = labelled[first].index
    moved = {}
    for name, value in labelled.items():
        if value.index.equals(index) or (len(value) == len(index) and _unnamed(value.index, index)):
            continue
        if not (value.index.is_unique and index.is_unique):
            raise InputError(f"{first} and {name} have labels that repeat, in another order: name each once")
        strange = index.symmetric_difference(value.index)
        if len(strange):
            raise InputError(
                f"{len(strange)} samples are in only one of {first} and {name} ({examples(strange)}): keep the others"
            )
        moved[name] = value.reindex(index)
    bare = [name for name, value in given.items() if value is not None and name not in labelled]
    if moved and bare:
        raise InputError(
            f"{first} and {examples(moved)} come in another order, and {examples(bare)} without labels: give "
            "all of them as Series, or all as arrays in one order"
        )
    return {**given, **moved}


def _unnamed(one: pd.Index, two: pd.Index) -> bool:
    """Whether one index only counts rows while the other names them by something else."""
    counts = [only_counts(index) for index in (one, two)]
    whole = [names_nothing(index) for index in (one, two)]
    return any(counts) and not all(whole)


@in_words
def outcome(time: Any, event: Any) -> tuple[Floats, Bools]:
    """Times (months, above 0) and events as arrays of shape ``(n,)``; Series are brought into one order.

    Raises
    ------
    InputError
        If times are dates, durations or text, lengths differ, a time is missing, infinite, zero or negative, or an
        event is neither 0 nor 1.
    """
    given = in_order(times=time, events=event)
    times = numbers(given["times"], "times", dates=_MONTHS)
    events = _events(given["events"])
    if times.shape != events.shape:
        raise InputError(f"times and events have shapes {times.shape} and {events.shape}: give one of each a sample")
    bad = ~np.isfinite(times) | (times <= 0)
    if bad.any():
        raise InputError(
            f"{int(bad.sum())} of {times.size} times are missing, zero or negative, or infinite: leave them out"
        )
    return times, events


def _events(event: Any) -> Bools:
    """Events as bools; codes that could be read two ways are refused with what to write instead."""
    column = _column(event, "events")
    told = [value for value in column.dropna() if isinstance(value, str | bytes)]
    if told:
        shown = examples(repr(value) for value in dict.fromkeys(told))
        raise InputError(f'events are text ({shown}): tell which means the event, such as status == "dead"')
    events = numbers(event, "events", dates="give 1 where the event was seen and 0 elsewhere")
    if set(np.unique(events[np.isfinite(events)])) == {1.0, 2.0} and np.isfinite(events).all():
        raise InputError("events are coded 1 and 2, neither 0 nor 1: if 2 is the event, give status == 2")
    strange = ~np.isin(events, (0.0, 1.0))
    if strange.any():
        raise InputError(f"{int(strange.sum())} of {events.size} events are neither 0 nor 1: code a seen event as 1")
    return events.astype(bool)


def checked_risk(risk: Any, n: int) -> Floats:
    """Risks as an array of shape ``(n,)``; missing or infinite ones are refused."""
    values = numbers(risk, "risks")
    if values.shape != (n,):
        raise InputError(f"risks have shape {values.shape}, times ({n},): give one risk a sample")
    if not np.isfinite(values).all():
        raise InputError(
            f"{int((~np.isfinite(values)).sum())} of {n} risks are missing or infinite: judge the scored samples only"
        )
    return values


def checked_chances(chance: Any, n: int, what: str = "predicted chances") -> Floats:
    """Chances of shape ``(n,)`` within 0 to 1; per cent, missing ones and others are refused."""
    values = numbers(chance, what)
    if values.shape != (n,):
        raise InputError(f"{what} have shape {values.shape}, times ({n},): give one chance a patient")
    _within(values, what)
    return values


def _within(values: Floats, what: str) -> None:
    outside = ~((values >= 0) & (values <= 1))
    if not outside.any():
        return
    known = values[np.isfinite(values)]
    percent = known.size == values.size and known.min() >= 0 and known.max() <= 100 and np.median(known) > 1
    remedy = "they look like per cent, divide by 100" if percent else "give chances, such as 0.8 for 80%"
    raise InputError(f"{int(outside.sum())} of {values.size} {what} are missing or outside 0 to 1: {remedy}")


def checked_curves(survival: Any, n: int) -> tuple[Floats, Floats]:
    """Predicted survival curves ``n x m`` and their months ``(m,)``, increasing; columns are put in that order.

    Raises
    ------
    InputError
        If it is no frame with a row a patient, months are no numbers, repeat or are fewer than two, a chance is missing
        or outside 0 to 1, or a curve rises with time.
    """
    if not isinstance(survival, pd.DataFrame):
        raise InputError("predicted curves are a frame: a row a patient, columns the months, values the survival")
    months = numbers(survival.columns, "months of the curves", dates="name the columns by months, as numbers")
    if survival.shape[0] != n or months.size < 2:
        raise InputError(f"curves of shape {survival.shape} for {n} samples: give one row each, two months up")
    if not np.isfinite(months).all() or np.unique(months).size < months.size:
        raise InputError("months of the curves are missing or repeat: give each month once")
    order = np.argsort(months)
    values = np.column_stack([numbers(survival.iloc[:, at], "predicted chances") for at in order])
    _within(values, "predicted chances")
    rising = np.diff(values, axis=1).max(axis=1) > 1e-9
    if rising.any():
        raise InputError(
            f"{int(rising.sum())} of {n} curves rise with time: give the chance of no event so far, 1 less the risk"
        )
    return values, months[order]


def horizon(at: Any) -> float:
    """A month to judge at, above 0."""
    if isinstance(at, (bool, np.bool_, str, bytes, *_DATES)) or not np.isscalar(at):
        raise InputError(f"the horizon {at!r} is not a number of months")
    value = float(at)  # type: ignore[arg-type]  # a scalar that is no text
    if not np.isfinite(value) or value <= 0:
        raise InputError(f"the horizon is {value:g} months: give a number above 0")
    return value


def resamples(n_boot: Any, least: int = 1) -> int:
    """A number of resamples, whole and at least ``least``."""
    if isinstance(n_boot, bool) or not isinstance(n_boot, int | np.integer) or n_boot < least:
        raise InputError(f"n_boot is {n_boot!r}: give a whole number of resamples, {least} or more")
    return int(n_boot)


def horizons(at: Any) -> Floats:
    """Months to judge at, each above 0, ``(m,)``."""
    given: Sequence[Any] = [at] if np.isscalar(at) else at
    found = numbers(given, "horizons", dates="give months as numbers")
    return np.array([horizon(value) for value in found])


def groups_of(labels: Any, n: int, what: str = "groups") -> tuple[Ints, list[Any]]:
    """Code of each sample's group, -1 where it is missing or a word for that, ``(n,)``, and the groups in order."""
    if labels is None:
        raise InputError(f"no {what} are given")
    column = _column(labels, what)
    if len(column) != n:
        raise InputError(f"{len(column)} {what} are given for {n} samples: give one a sample")
    values = column.astype(object)
    missing = says_nothing(values)
    if missing.all():
        raise InputError(f"all {n} {what} are missing")
    kinds = {isinstance(value, str) for value in values[~missing]}
    shown = values.map(str) if len(kinds) > 1 else values
    try:
        names, codes = np.unique(shown[~missing].to_numpy(), return_inverse=True)
    except TypeError:
        names, codes = np.unique(shown[~missing].map(str).to_numpy(), return_inverse=True)
    found = np.full(n, -1, dtype=np.int64)
    found[~missing] = codes
    return found, list(names)
