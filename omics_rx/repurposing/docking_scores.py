"""Docking scores as evidence: the best pose of each drug and receptor; unit and direction are told, or asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.paths import existing
from omics_rx.core.work import log
from omics_rx.io.files import opened, text
from omics_rx.repurposing.tables import rows_of

LEAST = -30.0  # kcal/mol; no small molecule is known to bind so well
_SCORE_NAMES = (
    "docking_score", "minimizedaffinity", "affinity", "r_i_docking_score", "vina_score", "score", "affinity (kcal/mol)",
    "affinity_kcal_mol", "docking score", "binding_affinity", "binding affinity", "vina", "glide_gscore",
    "r_i_glide_gscore", "total_score",
)  # fmt: skip
_DRUG_NAMES = ("drug_id", "drug", "ligand", "compound", "name", "molecule", "title", "inchikey")
_RECEPTOR_NAMES = (
    "receptor",
    "protein",
    "target",
    "pdb",
    "pdb_id",
    "pdbid",
    "structure",
    "receptor_id",
    "site",
    "pocket",
)
_MISSING = ("", "na", "n/a", "nan", "none", "null", "-")
_BETTER = {"low": -1, "high": 1}


@in_words
def read_docking_scores(
    path: Path | str, *, score: str | None = None, drug: str | None = None, better: str | None = None,
    receptor: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Docking scores of drugs as evidence for :meth:`Ranker.fit`'s ``extra``; the best pose of a drug counts.

    Parameters
    ----------
    path
        SDF of poses, or a delimited table, in any encoding, packed or not; or a frame.
    score
        Property or column with the score; None takes the first of ``docking_score``, ``minimizedAffinity``,
        ``affinity``, ``r_i_docking_score``, ``vina_score``, ``score`` and the like that is there.
    drug
        Property or column that names the drug; None takes ``drug_id``, ``drug``, ``ligand`` or the like, or else the
        title of a record, or the first column of a table.
    better
        ``"low"`` or ``"high"``: which scores are good. None takes ``"low"`` where most scores are below 0, as energies
        (kcal/mol) are; scores that are not are asked.
    receptor
        Property or column that names the receptor; None takes ``receptor``, ``protein``, ``target``, ``pdb`` or the
        like where it differs. Each receptor is evidence of its own.

    Returns
    -------
    DataFrame
        Index drug; one column ``docking``, or ``docking_RECEPTOR`` for each of several. Which values are good is in
        ``attrs["direction"]``, and asked by :meth:`Ranker.fit` where that was lost. A failed docking is missing.

    Raises
    ------
    MissingFileError, InputError
        If the file is not there, holds no such score, a score is no number or impossible, or ``better`` is asked.
    """
    where = "the frame of docking scores" if isinstance(path, pd.DataFrame) else str(path)
    table = _records(path)
    told = _column(table, score, _SCORE_NAMES, "score", where)
    first = "title" if "title" in table else str(table.columns[0])
    named = _column(table, drug, _DRUG_NAMES, "drug", where, otherwise=first)
    place = _receptor(table, receptor, where, taken=(told, named))
    values = _numbers(table, told, named, where)
    sign = _direction(values, better, told, where)
    failed = values.eq(0) if sign < 0 else values.ne(values)
    _check_range(values[~failed], table[named], better, where)
    if failed.any():
        log.warning("%s: %d scores of 0 among energies are failed dockings and missing", where, int(failed.sum()))
    values = values.where(~failed)
    group = table[place].astype(str) if place is not None else pd.Series("docking", index=table.index)
    keyed = values.groupby([table[named].astype(str), group])
    best = (keyed.max() if sign > 0 else keyed.min()).unstack().rename_axis(index="drug", columns=None)  # noqa: PD010
    if place is not None:
        best.columns = pd.Index([f"docking_{name}" for name in best.columns])
    best.attrs["direction"] = dict.fromkeys([str(name) for name in best.columns], sign)
    return best


def _column(
    table: pd.DataFrame, asked: str | None, known: Sequence[str], what: str, where: str, *, otherwise: str | None = None
) -> str:
    if asked is not None:
        if asked not in table:
            shown = f"score {asked!r}" if what == "score" else repr(asked)
            raise InputError(f"{where} holds no {shown} (it holds {examples(table.columns, 8)}): name it")
        return asked
    by_name = {str(name).strip().casefold(): str(name) for name in table}
    for name in known:
        if name in by_name:
            return by_name[name]
    if otherwise is not None:
        return otherwise
    raise InputError(f"{where} holds no {what} '' (it holds {examples(table.columns, 8)}): name it, as {what}=")


def _receptor(table: pd.DataFrame, asked: str | None, where: str, *, taken: tuple[str, ...]) -> str | None:
    if asked is not None:
        return _column(table, asked, (), "receptor", where)
    for name in table:
        if str(name).strip().casefold() in _RECEPTOR_NAMES and name not in taken and len(set(table[name])) > 1:
            return str(name)
    return None


def _numbers(table: pd.DataFrame, told: str, named: str, where: str) -> pd.Series:
    plain = table[told].astype(str).str.strip()
    missing = table[told].isna() | plain.str.casefold().isin(_MISSING)
    values = pd.to_numeric(plain.where(~missing), errors="coerce")
    nameless = table[named].isna() | table[named].astype(str).str.strip().eq("")
    wrong = (values.isna() & ~missing) | nameless
    if wrong.any():
        raise InputError(
            f"{where}: {int(wrong.sum())} records have no drug or no number for a score "
            f"({examples(plain[wrong])}): correct them or leave them out"
        )
    if values.isna().all():
        raise InputError(f"{where}: none of its {len(table)} records has a score in {told}")
    if missing.any():
        log.warning("%s: %d records without a score are missing", where, int(missing.sum()))
    return values.astype(float)


def _direction(values: pd.Series, better: str | None, told: str, where: str) -> int:
    if better is not None:
        if better not in _BETTER:
            raise InputError(f"better is {better!r}: say 'low' or 'high', whichever scores are good")
        return _BETTER[better]
    known = values.dropna()
    if (known < 0).sum() * 2 > (known != 0).sum():
        return -1
    raise InputError(
        f"{where}: {int((known > 0).sum())} of {len(known)} scores in {told} are above 0 ({examples(known)}), as "
        "fitness, pK and confidence are, and not energies: say which are good, as better='high' or 'low'"
    )


def _check_range(values: pd.Series, drugs: pd.Series, better: str | None, where: str) -> None:
    """Refuse energies that cannot be; scores of another unit throughout are taken where ``better`` is told."""
    beyond = values < LEAST
    if not beyond.any() or (better is not None and beyond.sum() * 2 > values.notna().sum()):
        return
    shown = examples(
        f"{name} {value:g}" for name, value in zip(drugs[values.index][beyond], values[beyond], strict=True)
    )
    raise InputError(
        f"{where}: {int(beyond.sum())} scores are under {LEAST:g} kcal/mol, which no drug reaches ({shown}): correct "
        "or leave them out; where all scores have another unit, say better="
    )


def _records(source: Any) -> pd.DataFrame:
    if not isinstance(source, pd.DataFrame):
        file = existing(source)
        if _is_sdf(file):
            return _poses(file)
    rows = rows_of(source, "table of docking scores")
    header, body = rows[0], rows[1:]
    if len(header) < 2 or not body or any(len(row) > len(header) for row in body):
        what = "the frame" if isinstance(source, pd.DataFrame) else str(source)
        raise InputError(f"{what} is no table of scores: give an SDF of poses or a delimited table with a header")
    frame = pd.DataFrame([row + [""] * (len(header) - len(row)) for row in body], columns=header, dtype=object)
    return frame.loc[:, [bool(name) for name in header]] if "" in header[1:] else frame


def _is_sdf(file: Path) -> bool:
    return bool({"sdf", "sd"} & set(file.name.casefold().split(".")))


def _poses(file: Path) -> pd.DataFrame:
    """Title and properties of each record; the coordinates are not read."""
    with opened(file) as stream:
        raw = stream.read()
    whole = raw.decode("utf-16") if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else text(raw.removeprefix(b"\xef\xbb\xbf"))
    whole = whole.replace("\r\n", "\n").replace("\r", "\n")
    rows = []
    for record in re.split(r"^\$\$\$\$[^\n]*\n?", whole, flags=re.MULTILINE):
        if record.strip():
            title = record.split("\n", 1)[0].strip()
            found = re.findall(r"^> *[^\n]*<([^>]+)>[^\n]*\n([^\n]*)", record, flags=re.MULTILINE)
            rows.append({"title": title, **{name: value.strip() for name, value in found}})
    if not rows:
        raise InputError(f"{file} holds no record: name an SDF of poses")
    return pd.DataFrame(rows)
