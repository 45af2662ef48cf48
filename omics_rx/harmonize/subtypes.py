"""Subtypes of breast cancer by whatever they are called; a word that is two subtypes is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import UnknownNameError, examples
from omics_rx.core.work import log

SUBTYPES = ("LumA", "LumB", "Her2", "Basal", "Normal")
_NAMES: Mapping[str, tuple[str, ...]] = {
    "LumA": ("luma", "luminala", "lumalike", "luminalalike", "la", "pam50luma"),
    "LumB": ("lumb", "luminalb", "lumblike", "luminalblike", "lb", "pam50lumb", "luminalbher2negative"),
    "Her2": ("her2", "her2enriched", "her2e", "her2like", "her2type", "pam50her2", "erbb2enriched", "erbb2"),
    "Basal": ("basal", "basallike", "basaltype", "bl", "pam50basal"),
    "Normal": ("normal", "normallike", "normalbreastlike", "nl", "pam50normal"),
}
# receptor classes that are mostly, not wholly, one intrinsic subtype
_CLASSES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Basal": (
        "triple negative is a class by receptors; most, not all, such tumours are Basal",
        ("tnbc", "tn", "triplenegative", "triplenegativebreastcancer", "ernegprnegher2neg"),
    ),
    "Her2": (
        "HER2 positive is a class by receptors; many, not all, such tumours are Her2, others LumB",
        ("her2pos", "her2amplified", "her2amp", "erbb2pos", "erbb2amplified", "ernegher2pos",
         "hrnegher2pos", "her2overexpressing", "her2posernegative"),
    ),
}  # fmt: skip
# words for several subtypes: what they may be
_SEVERAL: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("erpos", "hrpos", "prpos", "luminal", "lum", "hormonereceptorpos", "estrogenreceptorpos", "oestrogenreceptorpos",
     "hrposher2neg", "erposher2neg", "erposprpos", "luma/b", "lumab", "luminalab"): ("LumA", "LumB"),
    ("erposher2pos", "hrposher2pos", "triplepos", "luminalher2", "luminalbher2pos", "lumbher2pos"): ("LumB", "Her2"),
    ("erneg", "hrneg", "hormonereceptorneg", "prneg"): ("Basal", "Her2"),
    ("her2neg", "her2low", "her2zero"): ("LumA", "LumB", "Basal"),
    ("claudinlow", "mesenchymal", "molecularapocrine", "lar"): ("Basal", "Her2"),
}  # fmt: skip


@dataclass(frozen=True)
class Subtype:
    """A subtype, and what must be said of how it was told.

    Attributes
    ----------
    name
        One of ``SUBTYPES``; None where the word is none or several.
    note
        What was decided, empty where nothing was.
    problem
        Why there is none, with the choice.
    """

    name: str | None
    note: str = ""
    problem: str = ""


@in_words
def read(text: object, among: Iterable[str] = SUBTYPES) -> Subtype:
    """Tell a subtype from what it is called.

    Examples
    --------
    >>> read("luminal A").name, read("basal-like").name, read("TNBC").name, read("ER+").name
    ('LumA', 'Basal', 'Basal', None)
    """
    allowed = tuple(among)
    said = "" if text is None or text != text else str(text).strip()
    if said in allowed:
        return Subtype(said)
    key = _key(said)
    for name, words in _NAMES.items():
        if key in words:
            return Subtype(name) if name in allowed else _absent(said, name, allowed)
    for name, (why, words) in _CLASSES.items():
        if key in words:
            return Subtype(name, f"{said!r} was read as {name}: {why}") if name in allowed else (
                _absent(said, name, allowed))  # fmt: skip
    for words, names in _SEVERAL.items():
        if key in words:
            return Subtype(None, problem=f"{said!r} may be {' or '.join(names)}: name one of them")
    return Subtype(None, problem=f"{said!r} is no subtype that is known: name one of {', '.join(allowed)}")


def _absent(said: str, name: str, allowed: tuple[str, ...]) -> Subtype:
    """A subtype that this place does not hold."""
    told = "" if said == name else f"is {name}, which "
    return Subtype(None, problem=f"{said!r} {told}is not among {', '.join(allowed)}")


def _key(said: str) -> str:
    """Letters and digits, signs as words: ``ER+/HER2-`` is ``erposher2neg``."""
    text = said.casefold().replace("\u2212", "-").replace("\u2013", "-").replace("tumor", "tumour")
    text = re.sub(r"\b(breast cancers?|breast|subtypes?|intrinsic|tumours?|cancers?)\b", "", text)
    text = re.sub(r"[\s-]*(?:positive|pos)\b", "+", text)
    text = re.sub(r"triple[ -]?negative", "triplenegative", text)
    text = re.sub(r"(?<!triple)[\s-]*\b(?:negative|neg)\b", "-", text)
    text = re.sub(r"\s*\+", "pos", text)
    text = re.sub(r"(?<=\w)\s*-(?=\s*(?:$|[/,; )]|er|pr|hr|her2))", "neg", text) if _signed(text) else text
    return re.sub(r"[^a-z0-9]", "", text)


def _signed(text: str) -> bool:
    """Whether hyphens may be signs: after a receptor, and not before a word."""
    return bool(
        re.search(r"\b(er|pr|hr|her2|erbb2|receptor)\s*-(?!\w*(enriched|like|amp|low|over|type|zero|e\b))", text)
    )


@in_words
def by_receptors(name: str) -> str:
    """How an intrinsic subtype and its class by receptors differ, in words; empty where there is no such class.

    Examples
    --------
    >>> by_receptors("Basal")
    'triple negative is a class by receptors; most, not all, such tumours are Basal'
    >>> by_receptors("LumA")
    ''
    """
    return _CLASSES[name][0] if name in _CLASSES else ""


@in_words
def subtype(text: object, among: Iterable[str] = SUBTYPES) -> str:
    """One subtype by whatever it is called; what was decided goes into the log.

    Raises
    ------
    UnknownNameError
        If it is none, or several: ``ER+`` is LumA and LumB.
    """
    found = read(text, among)
    if found.name is None:
        raise UnknownNameError(found.problem)
    if found.note:
        log.warning("%s", found.note)
    return found.name


@in_words
def subtypes(values: pd.Series, among: Iterable[str] = SUBTYPES, *, what: str = "subtypes") -> pd.Series:
    """Subtypes of a column; missing ones stay missing.

    Raises
    ------
    UnknownNameError
        Naming every value that is none, or several.
    """
    known = values.dropna().astype(str)
    found = {text: read(text, among) for text in known.unique()}
    wrong = [one.problem for one in found.values() if one.name is None]
    if wrong:
        n = int(known.map(lambda text: found[text].name is None).sum())
        raise UnknownNameError(f"{n} {what} are not certain ({examples(wrong)})")
    for note in dict.fromkeys(one.note for one in found.values() if one.note):
        log.warning("%s", note)
    named = known.map(lambda text: found[text].name)
    result: pd.Series = named.reindex(values.index).astype(object)
    return result.where(result.notna(), None)
