"""A yes-or-no outcome, however it was written, and an ordered one beside it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.texts import says_nothing

MIN_CLASS = 10
_YES = {
    "1", "1.0", "yes", "y", "true", "t", "pcr", "pcr1", "complete response", "pathological complete response",
    "pathologic complete response", "responder", "response", "r", "positive", "event", "rcb-0", "rcb0", "ypt0 ypn0",
}  # fmt: skip
_NO = {
    "0", "0.0", "no", "n", "false", "f", "rd", "residual disease", "non-pcr", "nopcr", "no pcr", "not pcr", "npcr",
    "non pcr", "no complete response", "non-responder", "nonresponder", "non responder", "no response", "nr",
    "negative", "no event", "not", "residual",
}  # fmt: skip
_CLASS = re.compile(r"^(?:rcb|grade|stage|class|score|tier)?[\s_\-.:]*(0|1|2|3|4|i{1,3}|iv)$")
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}


def binary(values: pd.Series, *, name: str, positive: object = None) -> pd.Series:
    """Outcome of each patient as True or False; patients without one are left out.

    Parameters
    ----------
    values
        0 and 1, booleans, or texts such as ``pCR`` and ``RD``.
    name
        Of the column, for errors.
    positive
        The value that means yes, where the texts do not say; every other known value means no.

    Raises
    ------
    InputError
        If the two sides cannot be told apart, or there are more than two and none was named.
    """
    known = values[~says_nothing(values)]
    texts = known.map(_text)
    levels = sorted(set(texts))
    if positive is not None:
        wanted = _text(positive)
        if wanted not in levels:
            raise InputError(f"no patient has {name} = {positive!r}: it holds {examples(levels)}")
        return (texts == wanted).astype(bool)
    yes, no = [level for level in levels if level in _YES], [level for level in levels if level in _NO]
    unknown = [level for level in levels if level not in _YES | _NO]
    if unknown:
        raise InputError(
            f"{name} has {len(levels)} values ({examples(levels)}), of which {len(unknown)} say neither yes nor no: "
            "name the one that means a response, as positive=..."
        )
    if not yes or not no:
        raise InputError(
            f"{name} has one class only ({examples(levels) or 'no known value'}) in {len(known)} patients: nothing "
            "can be learnt from it; give patients with and without a response"
        )
    return texts.isin(yes).astype(bool)


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "1" if value else "0"
    if isinstance(value, int | float | np.number):
        return f"{float(value):g}"
    return " ".join(str(value).strip().casefold().split())


def enough(outcome: pd.Series, *, name: str, where: str) -> None:
    """Refuse an outcome that holds too few patients of a class to learn from.

    Raises
    ------
    InputError
        If either class has fewer than ten patients.
    """
    yes, no = int(outcome.sum()), int((~outcome).sum())
    if not yes or not no:
        raise InputError(
            f"{name} has one class only in {where} ({yes} yes, {no} no of {len(outcome)} patients): give both"
        )
    if min(yes, no) < MIN_CLASS:
        raise InputError(
            f"{name} has {yes} yes and {no} no in {where}: {MIN_CLASS} of either are the fewest to learn from; add "
            "patients or cohorts"
        )


def ordered(values: pd.Series, *, name: str) -> pd.Series:
    """Ordered classes as numbers, such as residual cancer burden 0, I, II, III; patients without one are left out.

    Parameters
    ----------
    values
        Numbers, an ordered categorical, or texts that end in a class number (``RCB-II``, ``grade 3``).
    name
        Of the column, for errors.

    Raises
    ------
    InputError
        If the order cannot be told, or there are fewer than three classes.
    """
    known = values[~says_nothing(values.astype(object))]
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
        found = pd.Series(values.cat.codes, index=values.index)[known.index].astype(float)
    elif pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known):
        found = known.astype(float)
    else:
        parts = {value: _CLASS.match(str(value).strip().casefold()) for value in known.unique()}
        wrong = [value for value, part in parts.items() if part is None]
        if wrong:
            raise InputError(
                f"the order of {name} cannot be told from {examples(wrong)}: give numbers, or an ordered categorical"
            )
        rank = {value: _rank(part[1]) for value, part in parts.items() if part is not None}
        found = known.map(rank).astype(float)
    if found.nunique() < 3:
        raise InputError(f"{name} has {found.nunique()} classes: an order needs three; leave ordered= out")
    return found


def _rank(text: str) -> int:
    return _ROMAN[text] if text in _ROMAN else int(text)
