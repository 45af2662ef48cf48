"""Outcomes of experiments as a user writes them: every field, one row a subtype, none that contradicts another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples, row_names
from omics_rx.harmonize import cell_lines, drugs, subtypes
from omics_rx.repurposing.evidence import LINE_GROUP
from omics_rx.repurposing.ledger import FIELDS

_NEEDED = ("drug", "model", "readout", "direction", "source")
_OTHER = ("subtype", "weight", "note", "comment", "date")


def tidy(outcomes: pd.DataFrame, ranker: Any, *, success: object = None) -> pd.DataFrame:
    """Outcomes with every field, one row a subtype they stand for; ``success`` as in :meth:`Ranker.update`."""
    needed = _NEEDED
    table = _columns(outcomes)
    empty = [name for name in needed if table[name].isna().any()]
    if empty:
        raise InputError(f"outcomes have empty fields in {', '.join(empty)}: fill them in")
    for name, default in (("weight", 1.0), ("subtype", None)):
        if name not in table:
            table[name] = default
    table["direction"] = directions(table["direction"], success=success)
    for name, low, high in (("direction", -1.0, 1.0), ("weight", 1e-6, 1e6)):
        values = pd.to_numeric(table[name], errors="coerce")
        wrong = ~values.between(low, high)
        if wrong.any():
            raise InputError(
                f"{int(wrong.sum())} outcomes have a {name} outside {low:g} to {high:g} "
                f"({examples(table.loc[wrong, name])})"
            )
        table[name] = values.astype(float)
    found = drugs.find(table["drug"], ranker.sources_.drugs).reset_index(drop=True)
    unknown = found["drug_id"].isna()
    if unknown.any():
        raise InputError(
            f"{int(unknown.sum())} outcomes are of drugs the screen does not hold "
            f"({examples(found.loc[unknown, 'problem'].unique())}): name them by drug id, InChIKey or name"
        )
    table["drug_id"] = found["drug_id"].to_numpy()
    for name in ("drug", "model", "readout", "source"):
        table[name] = table[name].astype(str)
    table = _with_subtypes(table, ranker)
    check_ranked(table, ranker)
    return table[list(FIELDS)]


def _columns(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Columns by name, whatever their case; a column that would not be used is refused."""
    if not isinstance(outcomes, pd.DataFrame):
        raise InputError(f"outcomes are a frame with {', '.join(_NEEDED)}, not a {type(outcomes).__name__}")
    table = outcomes.reset_index(drop=True)
    table.columns = pd.Index([str(name).strip().casefold() for name in table.columns], dtype=object)
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise InputError(f"{len(repeated)} columns of the outcomes stand twice ({examples(repeated)}): keep one")
    missing = [name for name in _NEEDED if name not in table]
    unused = [name for name in table if name not in (*_NEEDED, *_OTHER, "drug_id")]
    if missing or table.empty:
        held = f"; they hold {examples(unused)}" if unused else ""
        raise InputError(
            f"{len(table)} outcomes without column {', '.join(missing) or '(none)'}: give {', '.join(_NEEDED)}{held}"
        )
    if unused:
        raise InputError(
            f"{len(unused)} columns of the outcomes are not used ({examples(unused)}): columns are "
            f"{', '.join((*_NEEDED, *_OTHER))}; rename or leave them out"
        )
    return table


def directions(told: pd.Series, *, success: object = None) -> pd.Series:
    """Directions from -1 to 1; what could be read in two ways is asked.

    Parameters
    ----------
    told
        As written: from -1 to 1, or, with ``success``, yes and no in any two words, or numbers from 0 to 1.
    success
        The value of a full success: 1 or 0 for numbers from 0 to 1 and for True and False, a word for words, and
        ``"signed"`` for numbers from -1 to 1.

    Raises
    ------
    InputError
        If values are yes and no, or numbers without one below 0 that are not all 1, and ``success`` does not say
        which is which; if it says what the values do not hold.
    """
    words = told.map(lambda value: isinstance(value, (bool, np.bool_)))
    values = pd.to_numeric(told.where(~words), errors="coerce")
    if (words | (values.isna() & told.notna())).any():
        return _from_words(told, success)
    known = values.dropna()
    signed = bool((known < 0).any()) or bool(known.eq(1).all())
    if success is None and not signed and known.between(0, 1).all():
        raise InputError(
            f"directions are {examples(sorted(known.unique()))}: is 0 a failure, or neither? Say success=1 where 1 is "
            "a success and 0 a failure, success=0 where it is the other way round, success='signed' where -1 is a "
            "failure and 0 neither"
        )
    if success is None or success == "signed":
        return values
    if isinstance(success, str) or float(success) not in (0.0, 1.0):  # type: ignore[arg-type]
        raise InputError(f"success is {success!r} and directions are numbers: say 1, 0 or 'signed'")
    if not known.between(0, 1).all():
        raise InputError(
            f"success={success!r} is for directions from 0 to 1; {int((~known.between(0, 1)).sum())} are not "
            f"({examples(known[~known.between(0, 1)])}): leave success out where -1 is a failure"
        )
    return 2 * values - 1 if float(success) == 1 else 1 - 2 * values  # type: ignore[arg-type]


def _from_words(told: pd.Series, success: object) -> pd.Series:
    plain = told.map(lambda value: str(value).strip().casefold())
    held = sorted(plain[told.notna()].unique())
    if success is None:
        raise InputError(
            f"directions are {examples(held)}: say which is a success, as success={held[-1]!r}; a failure is the other"
        )
    wanted = {"1": "true", "0": "false"}.get(str(success), str(success)) if "true" in held or "false" in held else None
    good = str(success if wanted is None else wanted).strip().casefold()
    if good not in held or len(held) > 2:
        raise InputError(
            f"success is {success!r} and directions are {examples(held)}: they must be two words, one of them success; "
            "give numbers from -1 to 1 for what is between"
        )
    return plain.map(lambda word: 1.0 if word == good else -1.0).where(told.notna())


def _with_subtypes(table: pd.DataFrame, ranker: Any) -> pd.DataFrame:
    """Rows for each subtype an experiment stands for: as told, or by the line it was done in."""
    told = subtypes.subtypes(table["subtype"], ranker.evidence_, what="outcomes' subtypes")
    of_line = stand_for(table["model"], ranker.lines_, ranker.screen_.cells.obs)
    against = [
        f"{model} is {'/'.join(own)}, not {subtype}"
        for model, own, subtype in zip(table["model"], of_line, told, strict=True)
        if own and subtype is not None and subtype not in own
    ]
    if against:
        raise InputError(
            f"{len(against)} outcomes are told for a subtype that is not their line's ({examples(against)}): correct "
            "the subtype or leave it out; name a line that was altered as such in model (as 'BT-474, ERBB2 lost')"
        )
    stands = [own if name is None else [name] for name, own in zip(told, of_line, strict=True)]
    nowhere = [not found for found in stands]
    if any(nowhere):
        raise InputError(
            f"{sum(nowhere)} outcomes stand for no subtype ({examples(table.loc[nowhere, 'model'].unique())} are no "
            "breast lines of the screen): add a column subtype"
        )
    full = table.assign(subtype=pd.Series(stands, index=table.index, dtype=object)).explode("subtype")
    kept = full[full["subtype"].isin(list(ranker.evidence_))].reset_index(drop=True)
    if kept.empty:
        raise InputError(
            f"the outcomes stand for {examples(sorted(set(full['subtype'])))}, of which the cohort has too few tumours "
            "to rank"
        )
    return kept


def stand_for(models: pd.Series, groups: pd.Series, lines: pd.DataFrame) -> list[list[str]]:
    """Subtypes that each breast line of the screen stands for, by whatever it is called; empty for other models."""
    found = cell_lines.find(models, lines)["cell_id"]
    return [[subtype for subtype, own in LINE_GROUP.items() if own == groups.get(cell)] for cell in found]


def check_ranked(table: pd.DataFrame, ranker: Any) -> None:
    """Refuse outcomes of drugs that have no other evidence for their subtype, and so no place to move from."""
    ranked = {subtype: set(ranker.scores_before(subtype)[0]) for subtype in table["subtype"].unique()
              if subtype in ranker.evidence_}  # fmt: skip
    lost = [
        f"{drug} in {subtype}"
        for drug, key, subtype in zip(table["drug"], table["drug_id"], table["subtype"], strict=True)
        if key not in ranked.get(subtype, ())
    ]
    if lost:
        raise InputError(
            f"{len(lost)} outcomes are of drugs that are not ranked for want of other evidence ({examples(lost)}): "
            "leave them out"
        )


def check_against(new: pd.DataFrame, known: pd.DataFrame) -> None:
    """No outcome twice, and no model and readout that says yes and no of one drug."""
    keys = ["drug_id", "subtype", "model", "readout"]
    both = pd.concat([known, new], ignore_index=True) if len(known) else new
    twice = both.duplicated([*keys, "source"], keep=False) & both.duplicated([*keys, "source", "direction"], keep=False)
    if twice.any():
        raise InputError(
            f"{int(twice.sum())} outcomes are given twice ({examples(both.loc[twice, 'drug'].unique())}): keep one, or "
            "name the replicates in source"
        )
    signs = np.sign(both["direction"])
    against = (signs.groupby([both[key] for key in keys]).transform("min") < 0) & (
        signs.groupby([both[key] for key in keys]).transform("max") > 0
    )
    if against.any():
        rows = row_names(both.loc[against, ["drug", "model", "readout"]].drop_duplicates())
        raise InputError(
            f"{len(rows)} outcomes contradict each other ({examples(rows)}): undo the earlier batch, or settle which "
            "holds"
        )
