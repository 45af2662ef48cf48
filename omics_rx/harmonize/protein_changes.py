"""One change of a protein, however it is written: ``p.His1047Arg``, ``H1047R`` and ``NP_006209.2:p.(His1047Arg)``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_THREE = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G", "His": "H",
    "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W",
    "Tyr": "Y", "Val": "V", "Sec": "U", "Ter": "*", "Stop": "*", "Xaa": "X", "Pyl": "O",
}  # fmt: skip
_LONG = re.compile("|".join(_THREE), re.IGNORECASE)
_BY_CASE = {name.casefold(): letter for name, letter in _THREE.items()}
_PREFIX = re.compile(r"^(?:[A-Z]{2}_?\d+(?:\.\d+)?:|ENSP\d+(?:\.\d+)?:|[\w.-]+:(?=p\.))?", re.IGNORECASE)
_ONE = "[ACDEFGHIKLMNPQRSTVWYUO]"
_RANGE = rf"(?P<ref>{_ONE}|\*|X)(?P<pos>\d+)(?:_(?:{_ONE}|\*|X)?\d+)?"
_KINDS = (
    ("splice", re.compile(r"^(?P<ref>[A-Z*])(?P<pos>\d+)_?splice$")),
    ("frameshift", re.compile(rf"^{_RANGE}{_ONE}?fs(?:[*X]?(?:\d+|\?))?$")),
    ("stop lost", re.compile(rf"^(?:\*|X)(?P<pos>\d+){_ONE}?ext.*$|^\*(?P<pos2>\d+){_ONE}$")),
    ("inframe", re.compile(rf"^{_RANGE}(?:del|delins.*|dup|ins(?:{_ONE}+|\d+))$")),
    ("nonsense", re.compile(rf"^(?P<ref>{_ONE})(?P<pos>\d+)(?:\*|X)$")),
    ("start lost", re.compile(r"^M1(?:\?|[A-Z])$")),
    ("silent", re.compile(rf"^(?P<ref>{_ONE}|\*)(?P<pos>\d+)=$")),
    ("missense", re.compile(rf"^(?P<ref>{_ONE})(?P<pos>\d+)(?P<alt>{_ONE})$")),
)
TRUNCATING = ("nonsense", "frameshift", "splice", "start lost")


@dataclass(frozen=True)
class ProteinChange:
    """A change of a protein.

    Attributes
    ----------
    short
        In one letter a residue, without ``p.``: ``H1047R``, ``R130*``, ``K267Rfs*9``, ``E746_A750del``.
    kind
        ``"missense"``, ``"nonsense"``, ``"frameshift"``, ``"splice"``, ``"inframe"``, ``"start lost"``,
        ``"stop lost"`` or ``"silent"``.
    residue
        The first residue with its place, ``H1047``; of a splice site ``X224``.
    position
        Place of the first residue, from 1.
    """

    short: str
    kind: str
    residue: str
    position: int


@lru_cache(maxsize=65_536)  # checking, reading and judging a variant each ask
def protein_change(text: object) -> ProteinChange | None:
    """Read one change of a protein; None where the text is none.

    Parameters
    ----------
    text
        In HGVS with one or three letters, with or without ``p.``, brackets and the sequence before a colon; ``Ter``,
        ``*`` and ``X`` are a stop. ``X224_splice`` is a splice site as cBioPortal writes it.

    Examples
    --------
    >>> [protein_change(one).short for one in ("p.His1047Arg", "NP_006209.2:p.(His1047Arg)", "H1047R")]
    ['H1047R', 'H1047R', 'H1047R']
    >>> protein_change("p.Lys267ArgfsTer9").short, protein_change("p.Arg130Ter").kind
    ('K267Rfs*9', 'nonsense')
    >>> protein_change("amplification") is None
    True
    """
    plain = "" if text is None or text != text else str(text).strip().replace("%3D", "=")
    plain = _PREFIX.sub("", plain, count=1)
    plain = re.sub(r"^p\.", "", plain, flags=re.IGNORECASE).strip("() ").replace("(", "").replace(")", "")
    if re.match(r"^[A-Za-z]{3}\d|^X\d+_splice|^[A-Za-z]\d|^\*\d", plain) is None:
        return None
    short = _LONG.sub(lambda found: _BY_CASE[found[0].casefold()], plain) if _is_long(plain) else plain
    short = _one_letter(short)
    for kind, pattern in _KINDS:
        if found := pattern.match(short):
            return _made(kind, short, found)
    return None


def _is_long(text: str) -> bool:
    return text[:3].casefold() in _BY_CASE and text[3:4].isdigit()


def _one_letter(short: str) -> str:
    """Capital residues, small words, and a star for a stop: ``h1047r`` and ``R130X`` as ``H1047R`` and ``R130*``."""
    if "_splice" in short or short.endswith("splice"):
        return re.sub(r"_?splice$", "_splice", short[0].upper() + short[1:])
    words = re.split(r"(delins|del|dup|ins|fs|ext)", short)  # every second one is a word
    short = "".join(word if place % 2 else word.upper() for place, word in enumerate(words))
    short = re.sub(r"(?<=\d)X$", "*", short)
    return re.sub(r"fs[*X]?(\d+|\?)$", r"fs*\1", short)


def _made(kind: str, short: str, found: re.Match[str]) -> ProteinChange:
    parts = found.groupdict()
    position = int(parts.get("pos") or parts.get("pos2") or 1)
    first = "*" if kind == "stop lost" else parts.get("ref") or "M"
    if kind == "missense" and parts["alt"] == first:
        kind, short = "silent", f"{first}{position}="
    if kind == "missense" and position == 1 and first == "M":
        kind = "start lost"
    return ProteinChange(short, kind, f"{'X' if kind == 'splice' else first}{position}", position)
