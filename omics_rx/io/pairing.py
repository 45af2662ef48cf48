"""Samples to the rows of a clinical table: by names, never by a row's number or by a measurement."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.io.clinical_tables import ROW_NUMBER
from omics_rx.io.said import Aloud

_BARCODE = re.compile(r"^TCGA-\w{2}-\w{4}")
_LEVELS = (16, 15, 12)  # aliquot's vial, sample, patient
_ENOUGH = 0.5
_NUMBER = re.compile(r"^[+-]?\d+(?:\.\d+)?$")
_ENTITY = (
    r"(?:sample|patient|pat|pt|case|subject|donor|individual|participant|specimen|biopsy|array|chip|library|model)"
)
_NUMBERED = r"(?:id|ids|no|nr|num|number|name|code|key|barcode|ref|title)"
_ID = re.compile(
    rf"^(?:(?:\w+_)?(?:ids?|barcode|accession|gsm|mrn|uid|pid|sid|ptid)|id_\w+|_?{_ENTITY}s?(?:_?{_NUMBERED})*|{_NUMBERED}|"
    rf"(?:study|lab|hospital|trial|tumou?r|record|registry|reg|chart|accession)_?{_NUMBERED})$"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ROW_NAMES = frozenset({ROW_NUMBER, "row_name", "x", "index", "row", "rownames", "row_names", "rowname", "unnamed: 0"})


@dataclass(frozen=True)
class Pairing:
    """Which rows belong to which samples.

    Attributes
    ----------
    column
        Column of the table that names them.
    keys
        Key of each sample in ``rows``.
    rows
        Key of each row of the table.
    statement
        How it was told.
    """

    column: str
    keys: list[str]
    rows: pd.Series
    statement: str


@dataclass(frozen=True)
class _Form:
    """A way to write names so that two spellings of one agree."""

    said: str
    write: Callable[[str], str]


def _spelled(name: str) -> str:
    return re.sub(r"[\s._-]+", "-", re.sub(r"^X(?=\d)", "", name.strip())).upper()


_AS_THEY_ARE = _Form("", lambda name: name)
_SPELLED = _Form("dots, underscores, spaces and capitals taken as one", _spelled)


def _forms(wanted: Sequence[str]) -> list[_Form]:
    """Ways to compare names, the strictest first."""
    barcodes = sum(bool(_BARCODE.match(_spelled(name))) for name in wanted) * 2 > len(wanted)
    if not barcodes:
        return [_AS_THEY_ARE, _SPELLED]
    cut = [_Form(f"TCGA barcodes cut to {n} characters", lambda name, n=n: name[:n]) for n in _LEVELS]  # type: ignore[misc]
    loose = [
        _Form(f"TCGA barcodes cut to {n} characters, dots and capitals aside", lambda name, n=n: _spelled(name)[:n])  # type: ignore[misc]
        for n in _LEVELS
    ]
    return [_AS_THEY_ARE, *cut, _SPELLED, *loose]


def paired(frame: pd.DataFrame, wanted: Sequence[str], *, key: str | None, taken: Sequence[str]) -> Pairing:
    """Tell which column of a table names the samples.

    Parameters
    ----------
    frame
        Table, every field as text.
    wanted
        Names of the samples.
    key
        Column told; it may hold any share of the samples.
    taken
        Columns of the follow-up, which name nobody.

    Raises
    ------
    InputError
        If no column names half of the samples, or two do and disagree.
    """
    candidates = [key] if key else [str(n) for n in frame.columns if n not in taken and _can_name(frame, str(n))]
    best: Pairing | None = None
    found = 0
    for form in _forms(wanted):
        keys = [form.write(name) for name in wanted]
        shares = {}
        for name in candidates:
            rows = frame[name].map(lambda value, form=form: None if pd.isna(value) else form.write(_plain(value)))
            there = set(rows.dropna())
            matched = sum(one in there for one in keys)
            shares[name] = (matched, rows)
            if matched > found:
                found, best = matched, Pairing(name, keys, rows, form.said)
        if best is not None and found >= _ENOUGH * len(wanted):
            if key is None:
                _refuse_two(frame, shares, keys, best, found)
            return best
    if best is not None and key is not None:
        return best
    raise InputError(_not_named(frame, wanted, best, found, taken))


def naming_column(frame: pd.DataFrame) -> str:
    """Column that names the rows where nobody says which: the first, or behind the rows' own numbers the first id."""
    first = str(frame.columns[0])
    if first != ROW_NUMBER:
        return first
    ids = [
        str(name) for name in frame.columns[1:]
        if _can_name(frame, str(name)) and frame[name].notna().all() and frame[name].is_unique
        and _ID.match(re.sub(r"[^a-z0-9]+", "_", _CAMEL.sub("_", str(name)).lower()).strip("_"))
    ]  # fmt: skip
    return ids[0] if len(ids) == 1 else first


def _plain(value: object) -> str:
    """Field as text; a whole number without a point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _can_name(frame: pd.DataFrame, column: str) -> bool:
    """Whether a column can name samples: words, or numbers under a name that says so; never the rows' numbers."""
    known = frame[column].dropna().map(_plain)
    if known.empty:
        return False
    if not known.map(lambda value: bool(_NUMBER.match(value))).all():
        return True
    if column.lower() in _ROW_NAMES:
        return False
    plain = re.sub(r"[^a-z0-9]+", "_", _CAMEL.sub("_", column).lower()).strip("_")
    return bool(_ID.match(plain) or _ID.match(re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")))


def _refuse_two(
    frame: pd.DataFrame, shares: dict[str, tuple[int, pd.Series]], keys: list[str], best: Pairing, found: int
) -> None:
    """Ask where another column, or the rows' own numbers, name as many samples and other rows of them."""
    rivals = {name: rows for name, (matched, rows) in shares.items() if matched >= 0.9 * found and name != best.column}
    for name in frame.columns:
        if str(name).lower() in _ROW_NAMES and name != best.column and str(name) not in rivals:
            numbers = frame[name].map(lambda value: None if pd.isna(value) else _plain(value))
            if sum(one in set(numbers.dropna()) for one in keys) >= 0.9 * found:
                rivals[str(name)] = numbers
    mine = _places(best.rows)
    for name, rows in rivals.items():
        theirs = _places(rows)
        apart = [one for one in keys if one in mine and one in theirs and not mine[one] & theirs[one]]
        if apart:
            shown = "the rows' own numbers" if str(name) == ROW_NUMBER else f"the column {name!r}"
            raise InputError(
                f"the samples ({examples(keys)}) are named by the column {best.column!r} and by {shown}, which give "
                f"{len(apart)} of them other patients: pass columns={{'sample': ...}} to say which, or remove one"
            )


def _places(rows: pd.Series) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for place, value in enumerate(rows):
        if value is not None and value == value:
            found.setdefault(value, set()).add(place)
    return found


def _not_named(
    frame: pd.DataFrame, wanted: Sequence[str], best: Pairing | None, found: int, taken: Sequence[str]
) -> str:
    numbers = [str(n) for n in frame.columns if n not in taken and not _can_name(frame, str(n))]
    first = f"its first column, {frame.columns[0]!r}, has {examples(frame.iloc[:, 0].dropna())}"
    if best is not None and found:
        what = (
            f"only {found} of {len(wanted)} samples ({examples(wanted)}) are named in the clinical table, by "
            f"{best.column!r}, and under half are too few to be sure"
        )
    else:
        what = f"no column of the clinical table names the samples ({examples(wanted)}); {first}"
    aside = f"; row numbers and measurements ({examples(numbers)}) name nobody" if numbers else ""
    return f"{what}{aside}: name the samples alike in both, or pass columns={{'sample': ...}} for the column that does"


def statement(pairing: Pairing, n_samples: int, lacking: Sequence[str]) -> list[str]:
    """Sentences about how the samples were matched, and how many."""
    how = f" ({pairing.statement})" if pairing.statement else ""
    said = f"{n_samples - len(lacking)} of {n_samples} samples were matched by the column {pairing.column!r}{how}"
    if not lacking:
        return [said]
    return [Aloud(f"{said}; {len(lacking)} of {n_samples} samples are not in the clinical table ({examples(lacking)})")]
