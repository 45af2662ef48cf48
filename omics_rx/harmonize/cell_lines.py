"""Cell lines by identity: a name, alias or accession to the one line it stands for.

A ``cell_id`` is the spelling of the GDSC screens, and for lines that they lack the spelling of the first source that
has them. Spellings differ between sources (``CAL-120``, ``CAL120``), so a name is also found without case and
punctuation, but only where that leaves one line: ``TT`` (thyroid) and ``T-T`` (oesophagus), ``KM-H2`` (Hodgkin
lymphoma) and ``KMH-2`` (thyroid) are four lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, UnknownNameError, examples
from omics_rx.harmonize import drug_names

_ACCESSIONS = {
    "depmap_id": re.compile(r"^ACH-\d{6}$"),
    "sanger_id": re.compile(r"^SIDM\d{5}$"),
    "cellosaurus": re.compile(r"^CVCL_\w{4}$"),
    "cosmic_id": re.compile(r"^\d{5,7}$"),
}
# A CCLE name ends in the site of the tumour; GDSC's word for the tissue tells lines of one spelling apart
_CCLE_SITES = {
    "AUTONOMIC_GANGLIA": "nervous_system", "BILIARY_TRACT": "digestive_system", "BONE": "bone", "BREAST": "breast",
    "CENTRAL_NERVOUS_SYSTEM": "nervous_system", "CERVIX": "urogenital_system", "ENDOMETRIUM": "urogenital_system",
    "FIBROBLAST": "", "HAEMATOPOIETIC_AND_LYMPHOID_TISSUE": "blood", "KIDNEY": "kidney",
    "LARGE_INTESTINE": "digestive_system", "LIVER": "digestive_system", "LUNG": "lung",
    "OESOPHAGUS": "aero_digestive_tract", "OVARY": "urogenital_system", "PANCREAS": "pancreas", "PLACENTA": "",
    "PLEURA": "lung", "PROSTATE": "urogenital_system", "SALIVARY_GLAND": "aero_digestive_tract", "SKIN": "skin",
    "SMALL_INTESTINE": "digestive_system", "SOFT_TISSUE": "soft_tissue", "STOMACH": "digestive_system",
    "THYROID": "thyroid", "UPPER_AERODIGESTIVE_TRACT": "aero_digestive_tract", "URINARY_TRACT": "urogenital_system",
}  # fmt: skip
_CCLE_NAME = re.compile(rf"^(?P<name>[A-Z0-9]+)_(?P<site>{'|'.join(_CCLE_SITES)})$")
_LABELS = {"depmap_id": "DepMap", "sanger_id": "Sanger", "cellosaurus": "Cellosaurus", "cosmic_id": "COSMIC"}


@dataclass(frozen=True)
class _Index:
    """The table of lines turned round: each kind of identifier to the lines that carry it."""

    exact: Mapping[str, tuple[str, ...]]
    squeezed: Mapping[str, tuple[str, ...]]
    accessions: Mapping[str, Mapping[str, tuple[str, ...]]]
    tissues: Mapping[str, str]


def facts() -> pd.DataFrame:
    """Table of all known lines, index ``cell_id``: ids, tissue, receptors and subtype of breast lines."""
    return resources.table("cell_lines.tsv").set_index("cell_id")


@in_words
def squeezed(name: object) -> str:
    """Write a name in capitals without spaces and punctuation, for finding candidates, never for deciding alone.

    Examples
    --------
    >>> squeezed("T-T") == squeezed("TT")
    True
    """
    return re.sub(r"[^A-Z0-9]", "", str(name).upper())


@cache
def _index() -> _Index:
    table = resources.table("cell_lines.tsv")
    exact: dict[str, tuple[str, ...]] = {}
    loose: dict[str, tuple[str, ...]] = {}
    accessions: dict[str, dict[str, tuple[str, ...]]] = {column: {} for column in _ACCESSIONS}

    def note(into: dict[str, tuple[str, ...]], key: str, cell_id: str) -> None:
        into[key] = tuple(dict.fromkeys((*into.get(key, ()), cell_id)))

    for row in table.fillna("").to_dict("records"):
        cell_id = row["cell_id"]
        for alias in (cell_id, *filter(None, row["aliases"].split(";"))):
            note(exact, alias, cell_id)
            note(loose, squeezed(alias), cell_id)
        for column in _ACCESSIONS:
            if row[column]:
                note(accessions[column], row[column], cell_id)
    return _Index(exact, loose, accessions, dict(zip(table["cell_id"], table["tissue"].fillna(""), strict=True)))


def _written(name: object) -> str:
    """Text of a name or accession: COSMIC ids that became floats, accessions of another case or with a prefix.

    Examples
    --------
    >>> _written(905946.0), _written("ach-000019"), _written("COSMIC:905946"), _written("bt-474")
    ('905946', 'ACH-000019', '905946', 'bt-474')
    """
    text = "" if name is None or name != name else str(name).strip()
    if re.fullmatch(r"\d{5,7}\.0+", text):
        text = text.split(".")[0]
    if prefixed := re.fullmatch(r"(?:COSMIC|COSS|COSMIC[ _-]?ID)[ :_-]?(\d{5,7})", text, re.IGNORECASE):
        return prefixed[1]
    upper = text.upper().replace(" ", "")
    if cellosaurus := re.fullmatch(r"(?:CELLOSAURUS|RRID)?:?(?:RRID:)?(CVCL[_-]\w{4})", upper):
        return cellosaurus[1].replace("-", "_")
    return upper if any(pattern.match(upper) for pattern in _ACCESSIONS.values()) else text


@in_words
def identify(names: Iterable[object]) -> pd.DataFrame:
    """Find the line that each name, alias or accession stands for.

    Parameters
    ----------
    names
        Names, CCLE names (``MCF7_BREAST``), or COSMIC, DepMap, Sanger or Cellosaurus accessions, in any mixture.

    Returns
    -------
    DataFrame
        Index ``source``, one row a name in the order given; ``cell_id`` (missing where none is certain), ``status``
        (``"known"``, ``"ambiguous"`` or ``"unknown"``) and ``reason``. A name that fits several lines is given to
        none of them, and says which.

    Examples
    --------
    >>> identify(["MCF-7", "ACH-000019", "905946"])["cell_id"].tolist()
    ['MCF7', 'MCF7', 'MCF7']
    """
    rows = [(str(name).strip(), *_identify_one(_written(name))[1:]) for name in names]
    return pd.DataFrame(rows, columns=["source", "cell_id", "status", "reason"]).set_index("source")


def _identify_one(text: str) -> tuple[str, str | None, str, str]:
    index = _index()
    candidates = [
        (index.accessions[column].get(text), _LABELS[column])
        for column, pattern in _ACCESSIONS.items()
        if pattern.match(text)
    ]
    candidates += [(index.exact.get(text), "name"), (index.squeezed.get(squeezed(text)), "name, loosely spelled")]
    for found, reason in candidates:
        if found and len(found) == 1:
            return text, found[0], "known", reason
        if found:
            return text, None, "ambiguous", f"fits {examples(found)}: give the accession or the exact name"
    if ccle := _CCLE_NAME.match(text):
        return _identify_ccle(text, ccle["name"], _CCLE_SITES[ccle["site"]])
    return text, None, "unknown", "no name, alias or accession that is known"


def _identify_ccle(text: str, name: str, tissue: str) -> tuple[str, str | None, str, str]:
    """Read a CCLE name: letters and digits of the line, told apart by its tissue where several have them."""
    index = _index()
    found = index.squeezed.get(name, ())
    fitting = found if len(found) == 1 else tuple(line for line in found if index.tissues[line] == tissue)
    if len(fitting) == 1:
        return text, fitting[0], "known", "CCLE name"
    if found:
        return text, None, "ambiguous", f"fits {examples(found)}: give the accession or the exact name"
    return text, None, "unknown", "no name, alias or accession that is known"


@in_words
def resolve(names: Iterable[object]) -> pd.Series:
    """``cell_id`` of every name, or an error that names those without one.

    Returns
    -------
    Series
        Index the names, values the ``cell_id``.

    Raises
    ------
    InputError
        If a name is unknown, fits several lines, or two names stand for one line.
    """
    found = identify(names)
    lost = found[found["cell_id"].isna()]
    if len(lost):
        told = [f"{name} ({reason})" for name, reason in lost["reason"].items()]
        raise InputError(f"{len(lost)} of {len(found)} cell lines are not certain: {examples(told)}")
    twice = found[found["cell_id"].duplicated(keep=False)]
    if len(twice):
        told = [f"{name} = {cell_id}" for name, cell_id in twice["cell_id"].items()]
        raise InputError(f"{len(twice)} names stand for fewer lines ({examples(told)}): keep one of each")
    return found["cell_id"]


@in_words
def find(asked: Iterable[object], among: pd.DataFrame | pd.Index, *, what: str = "this screen") -> pd.DataFrame:
    """Find lines of a screen by whatever they are called: ``BT474``, ``bt-474``, ACH, COSMIC, SIDM, CVCL, CCLE name.

    Parameters
    ----------
    asked
        Names, aliases or accessions.
    among
        Lines of a screen: its ``cells.obs`` (the index and, where it stands, ``name`` and the accessions), or names.
    what
        What they are called in messages.

    Returns
    -------
    DataFrame
        Index as asked; ``cell_id`` as in ``among``, missing where none is certain; ``how`` and ``problem``.
    """
    finder = _LineFinder(among, what)
    texts = ["" if one is None or one != one else str(one).strip() for one in asked]
    rows = [finder.find(text) for text in texts]
    index = pd.Index(texts, dtype=object)
    columns = {name: [row[place] for row in rows] for place, name in enumerate(("cell_id", "how", "problem"))}
    return pd.DataFrame({name: pd.Series(values, index=index, dtype=object) for name, values in columns.items()})


@in_words
def find_one(asked: object, among: pd.DataFrame | pd.Index, *, what: str = "this screen") -> str:
    """``cell_id`` of one line; see :func:`find`.

    Raises
    ------
    UnknownNameError
        If there is none, or several fit.
    """
    (row,) = find([asked], among, what=what).itertuples(index=False)
    if row.cell_id is None:
        raise UnknownNameError(str(row.problem))
    return str(row.cell_id)


class _LineFinder:
    """Lines of one screen by their own names, then by what the package's table calls them."""

    def __init__(self, among: pd.DataFrame | pd.Index, what: str) -> None:
        frame = among if isinstance(among, pd.DataFrame) else pd.DataFrame(index=among)
        self.what = what
        self._ids = [str(cell) for cell in frame.index]
        self._own: dict[str, list[str]] = {}
        self._loose: dict[str, list[str]] = {}
        self._known: dict[str, list[str]] = {}
        names = [frame[column] for column in ("name", *_ACCESSIONS) if column in frame]
        for place, cell in enumerate(self._ids):
            called = [cell, *(str(column.iloc[place]) for column in names if pd.notna(column.iloc[place]))]
            for name in dict.fromkeys(called):
                self._own.setdefault(_written(name), []).append(cell)
                self._loose.setdefault(squeezed(name), []).append(cell)
        for cell, known in zip(self._ids, identify(self._ids)["cell_id"], strict=True):
            if known is not None:
                self._known.setdefault(known, []).append(cell)

    def find(self, text: str) -> tuple[str | None, str, str]:
        written = _written(text)
        told = _identify_one(written)
        tries = [(self._own.get(written), "name"), (self._known.get(told[1] or ""), told[3])]
        if told[2] != "ambiguous" and not told[1]:
            tries.append((self._loose.get(squeezed(written)) if written else None, "name, loosely spelled"))
        for found, how in tries:
            if found and len(set(found)) == 1:
                return found[0], how, ""
            if found:
                return None, "", f"{text!r} fits {examples(found)}: give the accession or the exact name"
        if told[2] == "ambiguous":
            return None, "", f"{text!r} {told[3]}"
        if told[1]:
            return None, "", f"{text!r} ({told[1]}) is not in {self.what}"
        near = drug_names.near(text, self._ids)
        hint = f": did you mean {' or '.join(near)}?" if near else f" (it holds {examples(self._ids, 3)})"
        return None, "", f"{text!r} is not in {self.what}{hint}"
