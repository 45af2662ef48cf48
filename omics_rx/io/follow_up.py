"""Follow-up of clinical tables: its unit, and which values mean that the event was seen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.texts import ABSENT
from omics_rx.io.follow_up_columns import EVENT_WORDS, INVERSE_WORDS, Pair, legend, words
from omics_rx.io.said import Aloud

DAYS_A_MONTH = 365.25 / 12
TO_MONTHS = {"days": 1 / DAYS_A_MONTH, "months": 1.0, "years": 12.0}
_LONGEST_MONTHS = 80 * 12.0
_LONGEST_MEDIAN = 25 * 12.0  # of a cohort; 300 days said to be months are as long
_DAYS_MEDIAN, _DAYS_LARGEST = 180.0, 400.0  # beyond one of which whole numbers are days, were they not named
_SEEN = frozenset(
    {"1", "1.0", "true", "yes", "y", "dead", "deceased", "died", "death", "event", "relapse", "relapsed", "recurred",
     "recurred/progressed", "recurrence", "progressed", "progression", "dead with tumor", "metastasis"}
)  # fmt: skip
_CENSORED = frozenset(
    {"0", "0.0", "false", "no", "n", "alive", "living", "censored", "no event", "diseasefree", "disease free",
     "disease-free", "no relapse", "alive or dead tumor free", "none"}
)  # fmt: skip
_BARE = frozenset({"0", "1", "true", "false", "yes", "no", "y", "n"})  # codes that say nothing beside their column


def follow_up(
    frame: pd.DataFrame,
    pair: Pair,
    time_unit: str | None,
    events: Mapping[object, bool] | None,
    endpoint: str | None,
    notes: list[str],
) -> pd.DataFrame:
    """Time in months, event and endpoint of each row, shape ``(n, 3)``; what was decided is added to ``notes``.

    A time below zero, a death without a date and a date without a death cost their patient, not the table.

    Raises
    ------
    InputError
        If the unit or an event code cannot be told, or times are longer than a life.
    """
    if time_unit is not None and time_unit not in TO_MONTHS:
        raise InputError(f"time_unit {time_unit!r} is not known: use one of {', '.join(TO_MONTHS)}")
    if time_unit and pair.unit and time_unit != pair.unit:
        raise InputError(f"the column {pair.time_shown} is in {pair.unit} by its name, and time_unit says {time_unit}")
    given = _times(frame[pair.time], pair.time_shown)
    unit = time_unit or pair.unit or _customary(given, pair)
    names = frame.iloc[:, 0]
    given = _without_negative(given, pair.time_shown, names, notes)
    months = given * TO_MONTHS[unit]
    _check_times(months, pair.time_shown, unit, told=time_unit is not None)
    seen = _events(frame[pair.event], pair.event, events)
    seen = seen.mask(_contradictions(pair, names, notes))
    zero = months == 0
    if zero.any():
        notes.append(f"{int(zero.sum())} samples have a follow-up of zero, which says nothing: taken as missing")
    months, seen = months.mask(zero), seen.mask(zero.to_numpy())
    half = months.isna().to_numpy() != seen.isna().to_numpy()
    if half.any():
        notes.append(
            Aloud(f"{int(half.sum())} samples have a time or an event without the other, and no follow-up "
                  f"({examples(names[half])})")
        )  # fmt: skip
        months, seen = months.mask(half), seen.mask(half)
    n_events = int(seen.fillna(value=False).sum())
    notes.append(f"follow-up from {pair.time_shown} ({unit}) and {pair.event!r}, {n_events} events in the table")
    name = endpoint if pair.stem == "" and endpoint else pair.name
    event: pd.Series = seen if seen.isna().any() else seen.astype(bool)
    return pd.DataFrame({"time": months, "event": event, "endpoint": name})


def _customary(given: pd.Series, pair: Pair) -> str:
    """Unit that a name such as ``OS.time`` stands for among its publishers, where the values can have it."""
    choice = f"pass time_unit, one of {', '.join(TO_MONTHS)}"
    if pair.customary is None:
        raise InputError(f"the column {pair.time_shown} does not say its unit: {choice}")
    known = given[given > 0]
    whole = bool((known == known.round()).all())
    if len(known) and whole and (known.median() > _DAYS_MEDIAN or known.max() > _DAYS_LARGEST):
        return pair.customary
    if len(known) and known.median() > _LONGEST_MEDIAN:  # which months cannot be
        return pair.customary
    shown = f"median {known.median():g}, largest {known.max():g}" if len(known) else "none above zero"
    raise InputError(
        f"the column {pair.time_shown} does not say its unit; TCGA and Xena write days so, and its values ({shown}"
        f"{'' if whole else ', not whole'}) can be months or years: {choice}"
    )


def _without_negative(given: pd.Series, shown: str, names: pd.Series, notes: list[str]) -> pd.Series:
    negative = given < 0
    if not negative.any():
        return given
    if negative[given.notna()].all():
        raise InputError(
            f"all {int(negative.sum())} follow-up times in {shown} are negative: they count from another day"
        )
    notes.append(
        Aloud(f"{int(negative.sum())} follow-up times in {shown} are negative and were taken as missing: correct "
              f"their dates ({examples(names[negative])})")
    )  # fmt: skip
    return given.mask(negative)


def _contradictions(pair: Pair, names: pd.Series, notes: list[str]) -> np.ndarray:
    """Rows whose status and dates contradict each other, said; shape ``(n,)``.

    Raises
    ------
    InputError
        If only the dead have a date, so that nobody could be censored.
    """
    if pair.only_dead:
        raise InputError(
            f"only the dead have a follow-up in {pair.shown}, so that nobody could be censored: the GDC's tables of "
            "2025 keep the days to follow-up of the living in follow_up.tsv, so pass both tables, or leave out the "
            f"column {pair.event!r} if no survival is wanted"
        )
    out = np.zeros(len(names), dtype=bool)
    for rows, what in ((pair.undated, "dead without a date of death"), (pair.dated, "alive with a date of death")):
        out[list(rows)] = True
        if rows:
            who = examples(names.iloc[list(rows)])
            notes.append(Aloud(f"{len(rows)} patients are {what} and have no follow-up ({who})"))
    return out


def _times(column: pd.Series, shown: str) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = column[numbers.isna() & column.notna()].astype(str).unique()
    if len(wrong):
        raise InputError(
            f"{len(wrong)} follow-up times in {shown} are no numbers ({examples(wrong)}): write days, months "
            "or years as numbers, with a decimal point"
        )
    return numbers.astype(np.float64)


def _check_times(months: pd.Series, shown: str, unit: str, *, told: bool) -> None:
    """Refuse times that are longer than a life, or, where only a name says the unit, far too long."""
    known = months.dropna()
    if known.empty:
        return
    beyond, typical = int((known > _LONGEST_MONTHS).sum()), float(known.median())
    if beyond or (typical > _LONGEST_MEDIAN and not told):
        how = f"the longest of {len(known)} is {known.max() / 12:,.0f} years and half are above {typical / 12:,.0f}"
        raise InputError(
            f"follow-up in {shown}, taken as {unit}, is too long ({how}): if it is in another unit, rename the column "
            "so that its name says which" + ("" if beyond else f", else pass time_unit={unit!r}")
        )


def _events(column: pd.Series, name: str, told: Mapping[object, bool] | None) -> pd.Series:
    """Events as nullable booleans, by what the user told or by what the values say themselves."""
    texts = column.map(lambda value: None if pd.isna(value) else str(value).strip().lower())
    codes = {code for code in texts.dropna().unique() if code not in ABSENT}
    if told is not None:
        meaning = {_code(key): bool(value) for key, value in told.items()}
        known = {code: meaning.get(_code(code)) for code in codes}
    elif explained := legend(name):
        known = {code: _explained(code, explained) for code in codes}
    else:
        _refuse_unclear(codes, name)
        known = {code: _meaning(code) for code in codes}
    strange = sorted(code for code, value in known.items() if value is None)
    if strange:
        raise InputError(
            f"{len(strange)} values of {name!r} do not say whether the event was seen ({examples(strange)}): "
            "pass events={value: True or False}"
        )
    return texts.map(lambda code: known.get(code, pd.NA) if code is not None else pd.NA).astype("boolean")


def _explained(code: str, explained: Mapping[str, str]) -> bool | None:
    """Meaning of a code by the legend in its column's name; ``1=yes`` and ``1=dead`` alike."""
    return _meaning(explained.get(_code(code), code))


def _refuse_unclear(codes: set[str], name: str) -> None:
    """Ask where bare codes do not say which was seen: 1 and 2, or a yes in a column of censoring."""
    numbers = {_code(code) for code in codes}
    if numbers and numbers <= {"1", "2"} and "2" in numbers:
        raise InputError(
            f"events in {name!r} are coded {' and '.join(sorted(numbers))}, which does not say which was seen: "
            "pass events={1: False, 2: True} or the other way round"
        )
    said = set(words(name))
    survival = "survival" in said and not said & EVENT_WORDS  # of METABRIC's overall_survival 1 is alive
    if numbers and numbers <= _BARE and (INVERSE_WORDS & said or survival):
        first, second = ("0", "1") if numbers <= {"0", "1"} else ("no", "yes")
        raise InputError(
            f"{name!r} speaks of censoring or of survival and holds {' and '.join(sorted(numbers))}, which does not "
            f"say whether {second} is a seen event: pass events={{{first!r}: True, {second!r}: False}} if {second} is "
            "censored or alive, or the other way round"
        )


def _code(value: object) -> str:
    written = str(value).strip().lower()
    return written.removesuffix(".0")


def _meaning(code: str) -> bool | None:
    number, bar, label = code.partition(":")
    if bar and number in {"0", "1"}:
        by_label = _meaning(label)
        return None if by_label is not None and by_label != (number == "1") else number == "1"
    return True if code in _SEEN else False if code in _CENSORED else None
