"""A user's own evidence: matched to drugs and subtypes by name, its direction told or asked, nothing of it unused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from omics_rx import harmonize
from omics_rx.core.errors import InputError, examples
from omics_rx.repurposing.evidence import columns

_TAKEN = frozenset({
    "rank", "name", "score", "rank_low", "rank_high", "lines_low", "lines_high", "n_evidence", "known", "warning",
    "base", "drug_id", "r2", "agreement", "stability", "reason", "subtype",
})  # fmt: skip
_NAMES = ("drug_id", "drug", "drug_name", "compound", "name", "inchikey", "ligand", "molecule")
# of these a low value often speaks for a drug, so that the direction is asked
_OFTEN_LOW = re.compile(
    r"dock|affinity|vina|glide|ic50|ec50|gi50|auc|p_?val|fdr|q_?val|viab|energy|delta_?g|rmsd|distance|rank|tox|kcal|"
    r"(^|_)k[di](_|$)",
    re.IGNORECASE,
)
_WORDS = {"high": 1, "low": -1, "1": 1, "-1": -1, "+1": 1, "1.0": 1, "-1.0": -1}


@dataclass(frozen=True, eq=False)
class Own:
    """Evidence of the user's.

    Attributes
    ----------
    frames
        Subtype to drugs x columns; the same columns in each.
    directions
        Column to 1 (high speaks for a drug) or -1.
    said
        What is to be said of it.
    named
        Subtypes that it was given for by name.
    """

    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    directions: Mapping[str, int] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def read_extra(
    extra: Any, drugs: pd.DataFrame, subtypes: tuple[str, ...], *, direction: Mapping[str, Any] | Any = None
) -> Own:
    """Match a user's own evidence to the drugs of a screen.

    Parameters
    ----------
    extra
        Drugs x numeric columns, a named series, or one such a subtype (by any of its names). Rows are named by drug
        id, InChIKey, name or alias.
    drugs
        Drugs of the screen.
    subtypes
        Subtypes that get the columns of a single frame.
    direction
        Column to ``"high"`` or ``"low"``: which values speak for a drug; one word for all columns. A column it does
        not name speaks by high values, unless its name is one of those of which low is often good: those are asked.

    Raises
    ------
    InputError
        For names that are no drug of the screen or no subtype, columns of text, reserved names, directions that are
        asked or stand for no column.
    """
    given = extra.items() if isinstance(extra, Mapping) else [("", extra)]
    tables: dict[str, pd.DataFrame] = {}
    told: dict[str, Any] = {}
    for key, value in given:
        frame = _frame(value)
        marks = getattr(value, "attrs", {}).get("direction", {})
        told |= {str(name): sign for name, sign in marks.items() if str(name) in frame}
        for subtype in (harmonize.subtype(key, subtypes),) if key != "" or isinstance(extra, Mapping) else subtypes:
            if subtype in tables:
                raise InputError(f"extra evidence is given twice for {subtype}: give one frame a subtype")
            tables[subtype] = frame
    if not tables:
        raise InputError("extra evidence is given for no subtype: give a frame, or a frame a subtype")
    matched = {subtype: _matched(frame, drugs) for subtype, frame in tables.items()}
    columns = list(dict.fromkeys(str(name) for frame in matched.values() for name in frame))
    directions = _directions(columns, told, direction)
    words = [f"{name} ({'high' if sign > 0 else 'low'} speaks for a drug)" for name, sign in directions.items()]
    said = [f"The user's own evidence: {', '.join(words)}."]
    silent = [name for name in columns if all(len(set(frame[name].dropna())) < 2 for frame in matched.values() if
                                              name in frame)]  # fmt: skip
    said += [f"The user's {name} moves no drug: it is missing, known of one drug or equal for all." for name in silent]
    return Own({name: frame.reindex(columns=columns) for name, frame in matched.items()}, directions, tuple(said),
               tuple(tables) if isinstance(extra, Mapping) else ())  # fmt: skip


def _frame(value: Any) -> pd.DataFrame:
    """Drugs x numbers under text names, whatever was handed in."""
    if isinstance(value, Mapping):
        value = pd.Series(dict(value), dtype=object, name=getattr(value, "name", None)).infer_objects()
    if isinstance(value, pd.Series):
        value = value.to_frame("given" if value.name is None else str(value.name))
    if not isinstance(value, pd.DataFrame):
        raise InputError(f"extra evidence is a frame of drugs x columns or a series, not a {type(value).__name__}")
    table = value.copy()
    table.columns = pd.Index([str(name).strip() for name in table.columns], dtype=object)
    numbered = pd.api.types.is_numeric_dtype(table.index.dtype)
    named = [
        name for name in map(str, table) if name.casefold() in _NAMES and not pd.api.types.is_numeric_dtype(table[name])
    ]
    if numbered and not named:
        raise InputError(
            f"rows of the extra evidence have numbers for names ({examples(table.index)}) and no column is one of "
            f"{', '.join(_NAMES)}: name rows by drug"
        )
    if numbered:
        table = table.set_index(named[0])
    table = table.drop(columns=[name for name in named if name in table])
    if table.empty:
        raise InputError(f"the extra evidence has {len(table)} drugs and {table.shape[1]} columns: give both")
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise InputError(f"{len(repeated)} extra columns stand twice ({examples(repeated)}): name them apart")
    return table


def _matched(table: pd.DataFrame, drugs: pd.DataFrame) -> pd.DataFrame:
    taken = _TAKEN | columns()
    bad = [name for name in map(str, table) if name in taken]
    if bad:
        raise InputError(
            f"{len(bad)} extra columns are text or named as a shipped kind ({examples(bad)}): these names are "
            f"reserved; rename them, as {bad[0]}_own"
        )
    numbers = table.apply(lambda column: pd.to_numeric(column.astype(object), errors="coerce")).astype(np.float64)
    text = [name for name in table if (numbers[name].isna() & table[name].notna()).any()]
    if text:
        raise InputError(f"{len(text)} extra columns are text or named as a shipped kind ({examples(text)}): give "
                         "numbers, or leave them out")  # fmt: skip
    endless = [name for name in numbers if np.isinf(numbers[name]).any()]
    if endless:
        raise InputError(f"{len(endless)} extra columns have infinite values ({examples(endless)}): write NA instead")
    told = harmonize.drugs.find(table.index, drugs)
    lost = told["drug_id"].isna()
    if lost.any():
        raise InputError(
            f"{int(lost.sum())} rows of the extra evidence are no drug of the screen "
            f"({examples(told['problem'][lost])}): name them by drug id, InChIKey or name"
        )
    own: pd.DataFrame = numbers.set_axis(told["drug_id"].to_numpy(), axis=0)
    if own.index.has_duplicates:
        repeated = own.index[own.index.duplicated()].unique()
        raise InputError(f"{len(repeated)} drugs have several rows of extra evidence ({examples(repeated)}): keep one")
    return own.reindex(drugs.index)


def _directions(columns: list[str], marked: Mapping[str, Any], argument: Mapping[str, Any] | Any) -> dict[str, int]:
    """Direction of each column: by the argument, by a mark of what read it, else high; asked where low is likely."""
    if argument is None:
        argument = {}
    if not isinstance(argument, Mapping):
        argument = dict.fromkeys(columns, argument)
    told = {str(name).strip(): value for name, value in argument.items()}
    unused = sorted(set(told) - set(columns))
    if unused:
        raise InputError(f"direction is given for {examples(unused)}, which the extra evidence lacks: it has "
                         f"{examples(columns)}")  # fmt: skip
    signs = {name: _sign(name, value) for name, value in told.items()}
    marks = {name: _sign(name, value) for name, value in marked.items()}
    against = [name for name, sign in signs.items() if marks.get(name, sign) != sign]
    if against:
        raise InputError(f"direction says the opposite of what read {examples(against)}: read it with better=")
    open_ = [name for name in columns if name not in signs and name not in marks and _OFTEN_LOW.search(name)]
    if open_:
        raise InputError(
            f"{len(open_)} extra columns may speak for a drug by low values ({examples(open_)}): say which, as "
            f"direction={{{open_[0]!r}: 'low'}} or 'high'"
        )
    return {name: signs.get(name, marks.get(name, 1)) for name in columns}


def _sign(name: str, value: Any) -> int:
    found = _WORDS.get(str(value).strip().casefold())
    if found is None:
        raise InputError(f"direction of {name} is {value!r}: say 'high' or 'low', whichever speaks for a drug")
    return found
