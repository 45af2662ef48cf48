"""Follow-up in clinical columns: which pair of columns, in what unit, and which values mean that the event was seen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples

DAYS_A_MONTH = 365.25 / 12
TO_MONTHS = {"days": 1 / DAYS_A_MONTH, "months": 1.0, "years": 12.0}
_LONGEST_MONTHS = 80 * 12.0
_LONGEST_MEDIAN = 25 * 12.0  # of a cohort; 300 days said to be months are as long
_UNIT_WORDS = {
    "days": "days", "day": "days", "months": "months", "month": "months", "mo": "months", "mos": "months",
    "years": "years", "year": "years", "yrs": "years",
}  # fmt: skip
_TIME_WORDS = frozenset({"time", "t", "followup", "fu"})
_EVENT_WORDS = frozenset({"event", "status", "e", "censor", "indicator"})
_NAMES = {
    "os": "death", "overall_survival": "death", "dss": "death from the disease", "rfs": "relapse", "dfs": "relapse",
    "dfi": "relapse", "relapse_free_survival": "relapse", "disease_free_survival": "relapse", "relapse": "relapse",
    "pfs": "progression", "pfi": "progression", "progression_free_survival": "progression",
    "dmfs": "distant metastasis", "distant_metastasis_free_survival": "distant metastasis", "": "event",
}  # fmt: skip
_IN_DAYS = frozenset({"os", "dss", "dfi", "pfi"})  # "OS.time" of TCGA-CDR and UCSC Xena
_SEEN = frozenset(
    {"1", "1.0", "true", "yes", "y", "dead", "deceased", "died", "event", "relapse", "relapsed", "recurred",
     "recurred/progressed", "recurrence", "progressed", "progression", "dead with tumor", "metastasis"}
)  # fmt: skip
_CENSORED = frozenset(
    {"0", "0.0", "false", "no", "n", "alive", "living", "censored", "no event", "diseasefree", "disease free",
     "disease-free", "no relapse", "alive or dead tumor free", "none"}
)  # fmt: skip
ABSENT = frozenset(
    {"", "na", "n/a", "nan", "null", "unknown", "not reported", "[not available]", "[unknown]", "[not applicable]",
     "[discrepancy]", "--", "'--", "#n/a", ".", "?"}
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Columns of one endpoint.

    Attributes
    ----------
    stem
        What their names share, such as ``"os"``; empty where they say nothing.
    time, event
        Names of the two columns.
    unit
        Unit of the time where its name or its publisher says it.
    """

    stem: str
    time: str
    event: str
    unit: str | None

    @property
    def name(self) -> str:
        """What the event is."""
        return _NAMES.get(self.stem, self.stem.replace("_", " "))


def _words(name: str) -> list[str]:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return [word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word]


def _pairs(frame: pd.DataFrame) -> list[Pair]:
    """All pairs of a time and an event column that share a stem: ``OS.time`` and ``OS``, ``t.rfs`` and ``e.rfs``."""
    times: dict[str, tuple[str, str | None]] = {}
    events: dict[str, str] = {}
    plain: dict[str, str] = {}
    for name in frame.columns:
        words = _words(str(name))
        units = [_UNIT_WORDS[word] for word in words if word in _UNIT_WORDS]
        stem = "_".join(w for w in words if w not in _UNIT_WORDS and w not in _TIME_WORDS and w not in _EVENT_WORDS)
        if units or any(word in _TIME_WORDS for word in words):
            times.setdefault(stem, (str(name), units[0] if units else None))
        elif any(word in _EVENT_WORDS for word in words):
            events.setdefault(stem, str(name))
        else:
            plain.setdefault(stem, str(name))
    found = []
    for stem, (time, unit) in times.items():
        event = events.get(stem) or (plain.get(stem) if stem in _NAMES else None)
        if event is not None:
            by_custom = "days" if stem in _IN_DAYS and unit is None and time.lower().endswith(".time") else None
            found.append(Pair(stem, time, event, unit or by_custom))
    return found


def chosen_pair(frame: pd.DataFrame, told: Mapping[str, str], endpoint: str | None) -> Pair | None:
    """Columns of the follow-up wanted, or None where the table has none.

    Raises
    ------
    InputError
        If there are several and none is chosen, or the one chosen is not there.
    """
    if "time" in told or "event" in told:
        missing = {"time", "event"} - set(told)
        if missing:
            raise InputError(f"columns names no {missing.pop()}: name both the time and the event column")
        known = [pair for pair in _pairs(frame) if pair.time == told["time"]]
        unit = known[0].unit if known else _unit_of(told["time"])
        stem = known[0].stem if known else ""
        return Pair(stem, told["time"], told["event"], unit)
    pairs = _pairs(frame)
    gdc = _gdc_pair(frame)
    if gdc and not any(pair.name == "death" for pair in pairs):
        pairs.append(gdc)
    if endpoint is not None:
        wanted = endpoint.lower().replace(".", "_").replace(" ", "_")
        unnamed = pairs if len(pairs) == 1 and pairs[0].stem == "" else []
        pairs = [pair for pair in pairs if wanted in {pair.stem, pair.name.replace(" ", "_")}] or unnamed
        if not pairs:
            raise InputError(
                f"no follow-up {endpoint!r} in the clinical table (columns: {examples(frame.columns, 15)})"
            )
    if len(pairs) > 1:
        shown = ", ".join(f"{pair.stem or 'event'} ({pair.time}, {pair.event})" for pair in pairs)
        raise InputError(f"the clinical table has {len(pairs)} follow-ups: {shown}. Pass endpoint= to choose one")
    return pairs[0] if pairs else None


def _unit_of(name: str) -> str | None:
    units = [_UNIT_WORDS[word] for word in _words(name) if word in _UNIT_WORDS]
    return units[0] if units else None


def _gdc_pair(frame: pd.DataFrame) -> Pair | None:
    """Join GDC's two time columns: days to death where there is one, else to the last contact."""
    by_end = {str(name).split(".")[-1].lower(): str(name) for name in frame.columns}
    names = [by_end.get(name) for name in ("vital_status", "days_to_death", "days_to_last_follow_up")]
    if None in names:
        return None
    frame["overall_survival_days"] = frame[names[1]].where(frame[names[1]].notna(), frame[names[2]])
    return Pair("overall_survival", "overall_survival_days", str(names[0]), "days")


def follow_up(
    frame: pd.DataFrame,
    pair: Pair,
    time_unit: str | None,
    events: Mapping[object, bool] | None,
    endpoint: str | None,
    notes: list[str],
) -> pd.DataFrame:
    """Time in months, event and endpoint of each row, shape ``(n, 3)``; what was decided is added to ``notes``.

    Raises
    ------
    InputError
        If the unit or an event code cannot be told, or a time is negative or longer than a life.
    """
    unit = time_unit or pair.unit
    if unit not in TO_MONTHS:
        raise InputError(
            f"the column {pair.time!r} does not say its unit: pass time_unit, one of {', '.join(TO_MONTHS)}"
        )
    if time_unit and pair.unit and time_unit != pair.unit:
        raise InputError(f"the column {pair.time!r} is in {pair.unit} by its name, and time_unit says {time_unit}")
    months = _times(frame[pair.time], pair.time) * TO_MONTHS[unit]
    _check_times(months, pair.time, unit, told=time_unit is not None)
    seen = _events(frame[pair.event], pair.event, events)
    zero = months == 0
    if zero.any():
        notes.append(f"{int(zero.sum())} samples have a follow-up of zero, which says nothing: taken as missing")
    months, seen = months.mask(zero), seen.mask(zero.to_numpy())
    half = int((months.isna() != seen.isna().to_numpy()).sum())
    if half:
        notes.append(f"{half} samples have a time or an event without the other")
    n_events = int(seen.fillna(value=False).sum())
    notes.append(f"follow-up from {pair.time!r} ({unit}) and {pair.event!r}, {n_events} events in the table")
    name = endpoint if pair.stem == "" and endpoint else pair.name
    event: pd.Series = seen if seen.isna().any() else seen.astype(bool)
    return pd.DataFrame({"time": months, "event": event, "endpoint": name})


def _times(column: pd.Series, name: str) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = column[numbers.isna() & column.notna()].astype(str).unique()
    if len(wrong):
        raise InputError(
            f"{len(wrong)} follow-up times in {name!r} are no numbers ({examples(wrong)}): write days, months "
            "or years as numbers, with a decimal point"
        )
    return numbers.astype(np.float64)


def _check_times(months: pd.Series, name: str, unit: str, *, told: bool) -> None:
    """Refuse times that are negative, longer than a life, or, where only a name says the unit, far too long."""
    negative = months < 0
    if negative.any():
        raise InputError(
            f"{int(negative.sum())} follow-up times in {name!r} are negative (data rows "
            f"{examples(np.flatnonzero(negative) + 1)}): correct their dates or leave them out"
        )
    known = months.dropna()
    if known.empty:
        return
    beyond, typical = int((known > _LONGEST_MONTHS).sum()), float(known.median())
    if beyond or (typical > _LONGEST_MEDIAN and not told):
        how = f"the longest of {len(known)} is {known.max() / 12:,.0f} years and half are above {typical / 12:,.0f}"
        raise InputError(
            f"follow-up in {name!r}, taken as {unit}, is too long ({how}): if it is in another unit, rename the column "
            "so that its name says which" + ("" if beyond else f", else pass time_unit={unit!r}")
        )


def _events(column: pd.Series, name: str, told: Mapping[object, bool] | None) -> pd.Series:
    """Events as nullable booleans, by what the user told or by what the values say themselves."""
    texts = column.map(lambda value: None if pd.isna(value) else str(value).strip().lower())
    codes = {code for code in texts.dropna().unique() if code not in ABSENT}
    if told is not None:
        meaning = {_code(key): bool(value) for key, value in told.items()}
        known = {code: meaning.get(_code(code)) for code in codes}
    else:
        numbers = {_code(code) for code in codes}
        if numbers == {"1", "2"}:
            raise InputError(
                f"events in {name!r} are coded 1 and 2, which does not say which was seen: "
                "pass events={1: False, 2: True} or the other way round"
            )
        known = {code: _meaning(code) for code in codes}
    strange = sorted(code for code, value in known.items() if value is None)
    if strange:
        raise InputError(
            f"{len(strange)} values of {name!r} do not say whether the event was seen ({examples(strange)}): "
            "pass events={value: True or False}"
        )
    return texts.map(lambda code: known.get(code, pd.NA) if code is not None else pd.NA).astype("boolean")


def _code(value: object) -> str:
    written = str(value).strip().lower()
    return written.removesuffix(".0")


def _meaning(code: str) -> bool | None:
    number, bar, label = code.partition(":")
    if bar and number in {"0", "1"}:
        by_label = _meaning(label)
        return None if by_label is not None and by_label != (number == "1") else number == "1"
    return True if code in _SEEN else False if code in _CENSORED else None
