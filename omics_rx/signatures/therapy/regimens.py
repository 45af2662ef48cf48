"""Arms of a trial, however a regimen was written: order, plus signs, doses and schedules make no other arm."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.core.texts import says_nothing
from omics_rx.harmonize.drug_names import antibody, known_as, squeezed, without_salt_words

MOST_ARMS = 30
_UNIT = r"(?:mg|mcg|ug|\u00b5g|\u03bcg|g|iu|units?|ml|mmol|gy|auc)"
_DOSE = re.compile(
    rf"\bauc\s*=?\s*\d+(?:\.\d+)?|\b\d+(?:[.,]\d+)?\s*{_UNIT}(?:\s*(?:/|per)\s*(?:m\^?2|m\u00b2|kg|day|d|dose))?\b(?:\^?2|\u00b2)?"
)
_SCHEDULE = re.compile(
    r"\bx\s*\d+\b|\b\d+\s*x\b|\bq\s*\d*\s*[dwh]\b|\b(?:qd|bid|tid|po|iv|sc|im)\b|\bd(?:ay)?s?\s*\d+(?:\s*[-,]\s*\d+)*\b|"
    r"\b\d+\s*(?:cycles?|weeks?|wks?|days?|doses?|months?|times)\b|\b(?:once|twice)?\s*(?:daily|weekly|biweekly)\b|"
    r"\bevery\s+(?:\d+|other|two|three)?\s*(?:weeks?|days?|wks?)\b|\b(?:for|over|at|on)\b|\bdose[- ]dense\b"
)
_JOIN = re.compile(r"\s*(?:\+|&|,|;|/|\bplus\b|\band\b|\bwith\b)\s*")
_TWO = re.compile(r"\s*(?:;|\||->|\u2192|\bthen\b|\bor\b|\bswitched to\b|\bcrossed? over to\b)\s*")


def key(text: object) -> tuple[str, ...]:
    """Components of a regimen in alphabetical order, without doses and schedules; drugs by what they are.

    Examples
    --------
    >>> key("Trebananib 15 mg/kg weekly + paclitaxel") == key("Taxol, trebananib")
    True
    >>> key("Carboplatin AUC 6 + Paclitaxel 80 mg/m2") == key("paclitaxel/carboplatin")
    True
    """
    plain = " ".join(str(text).casefold().split())
    plain = plain.replace("platinum", "platin")
    bare = _SCHEDULE.sub(" ", _DOSE.sub(" ", plain))
    parts = [re.sub(r"[()\[\]]", " ", part).strip(" -.:") for part in _JOIN.split(bare)]
    found = sorted({_component(part) for part in parts if part})
    return tuple(found) or (plain,)


def _component(part: str) -> str:
    """One drug by its compound or antibody; anything else by its letters and digits."""
    if len(squeezed(part)) >= 4:
        drugs = known_as(part)
        if len(drugs) == 1:
            return drugs[0]
        named = antibody(part)
        if named:
            return squeezed(named)
    return squeezed(without_salt_words(part)) or part


def doses(text: object) -> tuple[str, ...]:
    """Doses that a regimen states, in order, without spaces.

    Examples
    --------
    >>> doses("Paclitaxel 80 mg/m2 + carboplatin AUC 6"), doses("paclitaxel")
    (('80mg/m2', 'auc6'), ())
    """
    plain = " ".join(str(text).casefold().split()).replace("\u00b2", "2").replace("^", "")
    return tuple(sorted(re.sub(r"[\s=]", "", found).replace(",", ".") for found in _DOSE.findall(plain)))


def read(
    given: pd.Series, *, name: str, control: object = None, same: Mapping[str, str] | None = None
) -> tuple[pd.Series, str, list[str]]:
    """Arm of each patient, the control, and what was done to the texts; patients without an arm are left out.

    Parameters
    ----------
    given
        Texts or whole numbers, a row a patient.
    name
        Of the column, for errors.
    control
        The arm that the others are held against, as it is written in any of its ways.
    same
        Text to the arm that it is, where texts are to be joined or kept apart.

    Raises
    ------
    InputError
        If there are too many values or one only, one patient has two arms, the doses of one regimen differ, or the
        control is not named or not there.
    """
    measured = pd.api.types.is_float_dtype(given) and (np.mod(given.dropna().to_numpy(dtype=np.float64), 1) != 0).any()
    known = given.astype(object)[~says_nothing(given)]
    texts = known.map(text_of)
    if not len(texts):
        raise InputError(f"no patient has a {name}: give the arm of each")
    if measured:
        raise InputError(f"{name} holds measurements ({examples(texts.unique())}), no arms: name the column of the arm")
    absent = [text for text in same or {} if text not in set(texts)]
    if absent:
        raise InputError(f"arms names {examples(absent)}, which no {name} is: it holds {examples(texts.unique())}")
    texts = texts.map(lambda text: (same or {}).get(text, text))
    _refuse_two(texts, name)
    arm, told = _joined(texts, name, kept=set((same or {}).values()))
    counts = arm.value_counts()
    if len(counts) > MOST_ARMS or len(counts) > len(arm) // 2:
        raise InputError(
            f"{name} has {len(counts)} values in {len(arm)} patients ({examples(counts.index)}): arms are few, at most "
            f"{MOST_ARMS}; name the column of the arm, or join texts by arms={{text: arm}}"
        )
    if len(counts) < 2:
        raise InputError(f"{name} is {counts.index[0]} in all {len(arm)} patients: two arms are needed to compare")
    return arm, _control(control, arm, texts, name), told


def text_of(value: object) -> str:
    """Text of a value: whole numbers without a point, blanks as one."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | float | np.number):
        return f"{float(value):g}"
    return " ".join(str(value).split())


def _refuse_two(texts: pd.Series, name: str) -> None:
    """Refuse a text that names two arms, each of which is an arm of others."""
    alone = {key(text) for text in texts.unique()}
    twice = []
    for text in texts.unique():
        parts = [part for part in _TWO.split(text) if part.strip()]
        if len(parts) > 1:
            twice += [text] if any(key(part) in alone - {key(text)} for part in parts) else []
    rows = texts[texts.isin(twice)]
    if len(rows):
        told = [f"{patient}: {text}" for patient, text in rows.items()]
        raise InputError(
            f"{len(rows)} patients have two arms in {name} ({examples(told)}): a patient counts in the arm she was "
            "assigned to; leave one, or leave them out"
        )


def _joined(texts: pd.Series, name: str, *, kept: set[str]) -> tuple[pd.Series, list[str]]:
    """One name for the spellings of one regimen, the most frequent."""
    counts = texts.value_counts()
    spelled: dict[tuple[str, ...], list[str]] = {}
    for text in sorted(counts.index, key=lambda one: (-counts[one], one)):
        spelled.setdefault((text,) if text in kept else key(text), []).append(text)
    names: dict[str, str] = {}
    told = []
    for spellings in spelled.values():
        stated = {doses(text) for text in spellings} - {()}
        if len(stated) > 1:
            raise InputError(
                f"{name} has one regimen at {len(stated)} doses ({examples(spellings)}): say whether it is one arm, "
                f'arms={{"{spellings[1]}": "{spellings[0]}"}}, or several, arms with a name each'
            )
        names |= dict.fromkeys(spellings, spellings[0])
        if len(spellings) > 1:
            told.append(f"{examples(spellings[1:])} of {name} was read as {spellings[0]}.")
    return texts.map(names), told


def _control(control: object, arm: pd.Series, texts: pd.Series, name: str) -> str:
    counts = ", ".join(f"{one} ({n})" for one, n in arm.value_counts().items())
    if control is None:
        raise InputError(f"which arm of {name} is the control is not said: name it, control=..., among {counts}")
    said = text_of(control)
    for wanted in ({said}, {text for text in texts.unique() if key(text) == key(said)}):
        found = sorted(set(arm[texts.isin(wanted)]) | (set(arm) & wanted))
        if len(found) == 1:
            return str(found[0])
    raise unknown_name("control", said, sorted(set(arm)))


def receptors(table: pd.DataFrame, within: str | Sequence[str] | None) -> tuple[pd.Series, tuple[str, ...]]:
    """Kind of each patient within which arms are compared, and the columns that tell it.

    Parameters
    ----------
    table
        Patients x columns.
    within
        ``"receptor groups"``: hormone receptors and HER2 as they are recorded; a column or several; None: all alike.

    Raises
    ------
    InputError
        If columns are not there, hold measurements, or the receptors are not on record.
    """
    if within is None:
        return pd.Series("all", index=table.index), ()
    if within == RECEPTORS:
        return _recorded(table)
    names = [within] if isinstance(within, str) else [str(name) for name in within]
    if not names:
        raise InputError("within is empty: name columns, or say None to compare all patients alike")
    for name in names:
        if name not in table:
            raise unknown_name("column for within", name, list(map(str, table.columns)))
        if table[name].nunique() > 12:
            raise InputError(
                f"{name} has {table[name].nunique()} values ({examples(table[name].dropna().unique())}): kinds of "
                "patients are few; name a column of classes"
            )
    unknown = np.any([says_nothing(table[name]) for name in names], axis=0)
    parts = [table[name].map(text_of) for name in names]
    text = parts[0] if len(names) == 1 and not pd.api.types.is_numeric_dtype(table[names[0]]) else None
    if text is None:
        text = pd.Series("", index=table.index)
        for name, part in zip(names, parts, strict=True):
            text = text + (", " if name != names[0] else "") + name + "=" + part
    return text.astype(object).mask(unknown), tuple(names)


RECEPTORS = "receptor groups"
_HR = {"hr", "hrstatus", "hormonereceptor", "hormonereceptorstatus", "hormonereceptors", "hrpositive"}
_ER = {"er", "erstatus", "erihc", "estrogenreceptor", "oestrogenreceptor", "estrogenreceptorstatus", "erpositive"}
_PR = {"pr", "prstatus", "pgr", "pgrstatus", "prihc", "progesteronereceptor", "progesteronereceptorstatus"}
_HER2 = {"her2", "her2status", "her2ihc", "erbb2status", "her2neu", "her2neustatus", "her2positive"}
_YES = {"1", "yes", "y", "true", "pos", "positive", "+", "p", "3+", "hr+", "er+", "pr+", "her2+", "amplified"}
_NO = {"0", "-1", "no", "n", "false", "neg", "negative", "-", "1+", "0+", "hr-", "er-", "pr-", "her2-", "her2low",
       "her2 low", "her2-low", "her20", "not amplified"}  # fmt: skip


def _recorded(table: pd.DataFrame) -> tuple[pd.Series, tuple[str, ...]]:
    her2 = _status(table, _HER2, "HER2")
    hormone = [found for found in (_status(table, names, what)
               for names, what in ((_HR, "HR"), (_ER, "ER"), (_PR, "PR"))) if found is not None]  # fmt: skip
    if not hormone or her2 is None:
        raise InputError(
            f"no column tells the hormone receptors and HER2 (columns {examples(table.columns, 12)}): name the column "
            "or columns of the receptor group, within=..., or say within=None to compare all patients alike"
        )
    hormone = hormone[:1] if hormone[0][0] in _called(table, _HR) else hormone
    values = np.column_stack([found[1] for found in hormone])
    positive = (values == 1).any(axis=1)
    unknown = ~positive & np.isnan(values).any(axis=1) | np.isnan(her2[1])
    text = np.where(positive, "HR+", "HR-").astype(object) + np.where(her2[1] == 1, "HER2+", "HER2-").astype(object)
    found = pd.Series(text, index=table.index).mask(unknown)
    return found, (*(one[0] for one in hormone), her2[0])


def _called(table: pd.DataFrame, names: set[str]) -> list[str]:
    return [str(column) for column in table if re.sub(r"[^a-z0-9]", "", str(column).casefold()) in names]


def _status(table: pd.DataFrame, names: set[str], what: str) -> tuple[str, np.ndarray] | None:
    found = _called(table, names)
    if not found:
        return None
    if len(found) > 1:
        raise InputError(f"{len(found)} columns may tell {what} ({examples(found)}): name those to use, within=...")
    missing = says_nothing(table[found[0]])
    texts = table[found[0]].map(text_of).str.casefold()
    made = np.select([missing, texts.isin(_YES), texts.isin(_NO)], [np.nan, 1.0, 0.0], default=-9.0)
    odd = texts[made == -9.0].unique()
    if len(odd):
        raise InputError(
            f"{found[0]} holds {examples(odd)}, which says neither positive nor negative: write it so, or name the "
            "receptor group by within=..."
        )
    return found[0], made
