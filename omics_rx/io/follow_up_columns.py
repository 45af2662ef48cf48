"""Follow-up in clinical columns: which pair of columns holds it, told by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples

_UNIT_WORDS = {
    "days": "days", "day": "days", "months": "months", "month": "months", "mo": "months", "mos": "months",
    "years": "years", "year": "years", "yrs": "years", "yr": "years",
}  # fmt: skip
_TIME_WORDS = frozenset({"time", "t", "followup", "fu", "futime", "survtime"})
EVENT_WORDS = frozenset(
    {"event", "status", "e", "evt", "indicator", "fustat", "censor", "cens", "censored", "censoring", "censorship",
     "censrec", "cnsr"}
)  # fmt: skip
# words that say that a yes may stand for the absence of the event
INVERSE_WORDS = frozenset(
    {"censor", "cens", "censored", "censoring", "censorship", "censrec", "cnsr", "alive", "living", "survived",
     "survivor", "vital"}
)  # fmt: skip
_NAMES = {
    "os": "death", "overall_survival": "death", "overall": "death", "survival": "death", "death": "death",
    "dead": "death", "died": "death", "deceased": "death", "alive": "death", "vital": "death", "mortality": "death",
    "dss": "death from the disease", "css": "death from the disease",
    "rfs": "relapse", "dfs": "relapse", "dfi": "relapse", "relapse_free_survival": "relapse",
    "disease_free_survival": "relapse", "relapse": "relapse", "recurrence": "relapse", "relapsed": "relapse",
    "recurrence_free_survival": "relapse", "ttr": "relapse",
    "pfs": "progression", "pfi": "progression", "progression_free_survival": "progression",
    "progression": "progression", "progressed": "progression", "ttp": "progression",
    "efs": "event", "event_free_survival": "event",
    "dmfs": "distant metastasis", "distant_metastasis_free_survival": "distant metastasis",
    "metastasis": "distant metastasis", "mfs": "distant metastasis", "": "event",
}  # fmt: skip
_IN_DAYS = frozenset({"os", "dss", "dfi", "pfi"})  # "OS.time" of TCGA-CDR and UCSC Xena
_LEGEND = re.compile(
    r"[\s(\[;,_]*\b(?P<one>[01])\s*[=:]\s*(?P<first>[a-z][a-z /-]*?)\s*[,;/]?\s*\b(?P<two>[01])\s*[=:]\s*"
    r"(?P<second>[a-z][a-z /-]*?)\s*[)\]]?$",
    re.IGNORECASE,
)
_STATUS = frozenset({"vital_status"})
_DEATH = frozenset({"days_to_death", "death_days_to"})
_LAST = frozenset(
    {"days_to_last_follow_up", "days_to_last_followup", "days_to_follow_up", "last_contact_days_to",
     "days_to_last_contact", "days_to_last_known_alive"}
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
        Unit of the time where its name says it.
    customary
        Unit that publishers who name it so write, to be borne out by the values.
    shown
        The user's own columns of a time that was put together from several.
    undated, dated
        Rows of the dead without a date of death, and of the living with one.
    only_dead
        Whether the living have no date at all.
    """

    stem: str
    time: str
    event: str
    unit: str | None
    customary: str | None = None
    shown: str = ""
    undated: tuple[int, ...] = ()
    dated: tuple[int, ...] = ()
    only_dead: bool = False

    @property
    def name(self) -> str:
        """What the event is."""
        return _NAMES.get(self.stem, self.stem.replace("_", " "))

    @property
    def time_shown(self) -> str:
        """Time as the user's table calls it."""
        return self.shown or repr(self.time)


def words(name: str) -> list[str]:
    """Words of a column's name in small letters, without a legend of its codes; ``follow-up`` is one."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", _LEGEND.sub("", str(name)))
    spaced = re.sub(r"follow[\s_.-]*up", "followup", spaced, flags=re.IGNORECASE)
    return [word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word]


def legend(name: str) -> dict[str, str]:
    """Codes that a column's name explains, as in ``death (0=no, 1=yes)``; empty where it explains none."""
    found = _LEGEND.search(str(name))
    if not found or found["one"] == found["two"]:
        return {}
    return {found["one"]: found["first"].lower(), found["two"]: found["second"].lower()}


def _is_time(parts: list[str]) -> bool:
    return any(word in _UNIT_WORDS or word in _TIME_WORDS for word in parts)


def _stem(parts: list[str]) -> str:
    return "_".join(w for w in parts if w not in _UNIT_WORDS and w not in _TIME_WORDS and w not in EVENT_WORDS)


def pairs_by_name(columns: Iterable[object]) -> list[Pair]:
    """All pairs of a time and an event column that share a stem: ``OS.time`` and ``OS``, ``t.rfs`` and ``e.rfs``.

    Where none share one, a single time and a single event pair up that record the same (``survival_months`` and
    ``dead``).
    """
    times: dict[str, tuple[str, str | None]] = {}
    events: dict[str, str] = {}
    plain: dict[str, str] = {}
    for name in columns:
        parts = words(str(name))
        stem = _without_death(_stem(parts))
        if _is_time(parts):
            times.setdefault(stem, (str(name), unit_of(str(name))))
        elif any(word in EVENT_WORDS for word in parts):
            events.setdefault(stem, str(name))
        else:
            plain.setdefault(stem, str(name))
    found = []
    for stem, (time, unit) in times.items():
        event = events.get(stem) or (plain.get(stem) if stem in _NAMES else None)
        if event is not None:
            custom = stem in _IN_DAYS and unit is None and time.lower().endswith(".time")
            found.append(Pair(stem, time, event, unit, "days" if custom else None))
    return found or _only_pair(times, {**{stem: name for stem, name in plain.items() if stem in _NAMES}, **events})


def _without_death(stem: str) -> str:
    """Stem without a death that its endpoint says already, as of ``os_death``."""
    plain = re.sub(r"_(?:death|dead|died|deceased)$", "", stem)
    return plain if _NAMES.get(plain) == "death" else stem


def _only_pair(times: Mapping[str, tuple[str, str | None]], events: Mapping[str, str]) -> list[Pair]:
    """The one time and the one event whose names say the same, or of which one says nothing."""
    known = {stem: found for stem, found in times.items() if stem in _NAMES}
    said = {stem: name for stem, name in events.items() if stem in _NAMES}
    if len(known) != 1 or len(said) != 1:
        return []
    (stem, (time, unit)), (other, event) = next(iter(known.items())), next(iter(said.items()))
    if stem and other and _NAMES[stem] != _NAMES[other]:
        return []
    return [Pair(other or stem, time, event, unit)]


def unit_of(name: str) -> str | None:
    """Unit that a column's name says."""
    units = [_UNIT_WORDS[word] for word in words(name) if word in _UNIT_WORDS]
    return units[0] if units else None


def look_like_follow_up(columns: Iterable[object]) -> list[str]:
    """Columns whose names speak of times, events or survival."""
    found = []
    for name in columns:
        parts = words(str(name))
        speaks = _is_time(parts) or any(w in EVENT_WORDS or w in INVERSE_WORDS for w in parts)
        if speaks or (_stem(parts) in _NAMES and _stem(parts)):
            found.append(str(name))
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
        known = [pair for pair in pairs_by_name(frame.columns) if pair.time == told["time"]]
        unit = known[0].unit if known else unit_of(told["time"])
        stem, custom = (known[0].stem, known[0].customary) if known else ("", None)
        return Pair(stem, told["time"], told["event"], unit, custom)
    pairs = pairs_by_name(frame.columns)
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


def columns_by_part(columns: Iterable[object], parts: frozenset[str]) -> list[str]:
    """Columns of which a part between dots is one of ``parts``, before or after the name of its table."""
    return [
        str(name) for name in columns
        if parts & {re.sub(r"[\s-]+", "_", part) for part in str(name).lower().split(".")}
    ]  # fmt: skip


def last_contacts(columns: Iterable[object]) -> list[str]:
    """Columns of days to a follow-up, as the GDC, the BCR and Xena call them."""
    return columns_by_part(columns, _LAST)


def _gdc_pair(frame: pd.DataFrame) -> Pair | None:
    """Join the GDC's time columns: days to death of the dead, days to the last contact of the living.

    A dead patient without a date of death and a living one with such a date stay without a time.
    """
    status, death, last = (columns_by_part(frame.columns, parts) for parts in (_STATUS, _DEATH, _LAST))
    if not status or not (death and last):
        return None
    alive = frame[status[0]].map(lambda value: str(value).strip().lower() in {"alive", "living"})
    dead = frame[status[0]].map(lambda value: str(value).strip().lower() in {"dead", "deceased"})
    died, seen = _largest(frame, death), _largest(frame, last)
    told = dead | alive
    in_words = died.where(dead, seen.where(alive & died.isna()))
    frame["overall_survival_days"] = in_words if told.any() else died.where(died.notna(), seen)
    return Pair(
        "overall_survival", "overall_survival_days", status[0], "days", None, examples([*death, *last]),
        undated=tuple(np.flatnonzero(dead & died.isna()).tolist()),
        dated=tuple(np.flatnonzero(alive & died.notna()).tolist()),
        only_dead=bool(alive.any() and dead.any() and not (alive & seen.notna()).any()),
    )  # fmt: skip


def _largest(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Largest of several columns of numbers as text, row by row; what is no number is left for the reader to name."""
    if len(columns) == 1:
        return frame[columns[0]]
    numbers = frame[columns].apply(pd.to_numeric, errors="coerce").max(axis=1)
    return numbers.astype(object).where(numbers.notna(), pd.NA)
