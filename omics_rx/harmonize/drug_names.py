"""Names of compounds: how they are spelled, whose they are, and what is said of one that is nobody's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

from omics_rx.core import resources
from omics_rx.core.arguments import in_words

# the hand of a molecule is part of its name: (-)-JQ1 is not JQ1
_HANDS = (
    (re.compile(r"\(\s*(\+/-|\+-|±|rac|rs|dl)\s*\)-?|\brac(emic)?[ -]", re.IGNORECASE), " racemic "),
    (re.compile(r"\(\s*\+\s*\)-?"), " plus "),
    (re.compile(r"\(\s*[-\u2010-\u2015\u2212]\s*\)-?"), " minus "),
)
_HAND_WORDS = ("RACEMIC", "PLUS", "MINUS")
_COUNTS = r"(?:mono|di|tri|tetra|hexa|hemi|sesqui|bis|hemipenta|penta)?"
_SALT_WORD = re.compile(
    rf"^{_COUNTS}(?:hydrochloride|hcl|hydrobromide|hbr|hydroiodide|chloride|bromide|iodide|fluoride|sodium|potassium|"
    "calcium|magnesium|lithium|zinc|ammonium|na|mesylate|mesilate|methanesulfonate|methanesulphonate|esylate|esilate|"
    "ethanesulfonate|edisylate|isethionate|besylate|besilate|benzenesulfonate|tosylate|tosilate|toluenesulfonate|"
    "napsylate|napadisylate|camsylate|camsilate|camphorsulfonate|sulfate|sulphate|bisulfate|hydrogensulfate|"
    "trifluoroacetate|tfa|fumarate|maleate|malate|malonate|oxalate|tartrate|bitartrate|citrate|lactate|glycolate|"
    "gluconate|glutamate|aspartate|adipate|mandelate|xinafoate|pamoate|embonate|hippurate|orotate|arginine|lysinate|"
    "lysine|choline|meglumine|tromethamine|trometamol|olamine|diolamine|trolamine|ethanolamine|diethanolamine|"
    "triethylamine|erbumine|benzathine|piperazine|hydrate|anhydrous|anhydrate|solvate|methanolate|ethanolate|"
    r"hydroxide|salt|free|base|dmso|x?\d*h2o)$",
    re.IGNORECASE,
)
# these end the names of salts and of esters, which are other compounds
_ESTER_WORD = re.compile(
    rf"^{_COUNTS}(?:acetate|phosphate|succinate|nitrate|formate|palmitate|stearate|benzoate|salicylate|propionate|"
    "glucuronate|ascorbate)$",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"^(?:\d+|\d*x|[\d.]+[numµ]m|um|nm|mm)$", re.IGNORECASE)
_ANTIBODY = re.compile(r"\b[a-z]{3,}mab(?:-[a-z]{4})?\b", re.IGNORECASE)


def without_greek(text: str) -> str:
    """Greek letters by their names: alpha, beta.

    Examples
    --------
    >>> without_greek("PI3K\u03b1")
    'PI3Kalpha'
    """
    letters = (unicodedata.name(letter, "") for letter in text)
    return "".join(
        name.rsplit(" ", 1)[-1].lower() if name.startswith("GREEK ") else letter
        for letter, name in zip(text, letters, strict=True)
    )


@in_words
def squeezed(name: object) -> str:
    """Write a name in capitals without spaces and punctuation, for finding candidates, never for deciding alone.

    Greek letters are spelled out; the sign of a rotation stays, as a word.

    Examples
    --------
    >>> squeezed("PD-0332991"), squeezed("\u03b2-lapachone"), squeezed("(-)-JQ1")
    ('PD0332991', 'BETALAPACHONE', 'MINUSJQ1')
    """
    text = without_greek(str(name))
    for pattern, word in _HANDS:
        text = pattern.sub(word, text)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Z0-9]", "", plain.upper())


@in_words
def without_salt_words(name: str, *, esters: bool = False) -> str:
    """Leave out the words of salts, solvates and amounts that end a name; a name that is all of them stays.

    With ``esters``, words that end the names of salts and of esters too, such as acetate.

    Examples
    --------
    >>> without_salt_words("Lapatinib ditosylate monohydrate"), without_salt_words("sodium butyrate")
    ('Lapatinib', 'sodium butyrate')
    """
    words = re.split(r"[\s_,()\[\];-]+", name.strip())
    kept = [word for word in words if word]

    def leaves(word: str) -> bool:
        return _is_salt(word) or (esters and bool(_ESTER_WORD.match(word)))

    while len(kept) > 1 and (leaves(kept[-1]) or (_AMOUNT.match(kept[-1]) and any(map(leaves, kept[1:])))):
        kept.pop()
    return " ".join(kept) if len(kept) < len([w for w in words if w]) else name


def _is_salt(word: str) -> bool:
    return bool(_SALT_WORD.match(re.sub(r"^\d+", "", word)))


def parts_of(name: str) -> tuple[str, ...]:
    """A name and the one in brackets after it: ``Venetoclax (ABT-199)``.

    Examples
    --------
    >>> parts_of("Venetoclax (ABT-199)"), parts_of("JQ1")
    (('Venetoclax', 'ABT-199'), ())
    """
    found = re.match(r"^(?P<first>[^()\[\]]{3,}?)\s*[(\[](?P<second>[^()\[\]]{3,})[)\]]$", name.strip())
    return (found["first"].strip(), found["second"].strip()) if found else ()


@cache
def all_names() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Compounds of the package's tables, each with its names and what kind they are, its own first."""
    screened, launched = resources.table("drugs.tsv"), resources.table("repurposing_universe.tsv")
    found: dict[str, list[tuple[str, str]]] = {}
    for drug, name, aliases in zip(screened["drug_id"], screened["name"], screened["aliases"].fillna(""), strict=True):
        found[drug] = [(name, "name"), *((alias, "alias") for alias in aliases.split(";") if alias.strip())]
    for drug, name in zip(launched["inchikey"], launched["name"], strict=True):
        found.setdefault(drug, []).append((name, "name"))
    registered = resources.table("drug_names.tsv.gz")
    for drug, name, kind in registered[["drug_id", "name", "kind"]].itertuples(index=False):
        found.setdefault(drug, []).append((name, f"{kind} name"))
    return {drug: tuple(dict.fromkeys(names)) for drug, names in found.items()}


@cache
def by_squeezed() -> Mapping[str, tuple[str, ...]]:
    """Compounds that carry each squeezed name; a compound's own name goes before what others list as theirs."""
    own: dict[str, list[str]] = {}
    listed: dict[str, list[str]] = {}
    for drug, names in all_names().items():
        for name, kind in names:
            into = own if kind == "name" else listed
            into.setdefault(squeezed(name), []).append(drug)
            into.setdefault(squeezed(without_salt_words(name)), []).append(drug)
    both = {**listed, **own}
    return {key: tuple(dict.fromkeys(drugs)) for key, drugs in both.items() if key}


def known_as(name: str) -> tuple[str, ...]:
    """Compounds of the package's tables that a name may stand for; several where it fits several."""
    table = by_squeezed()
    for spelled in (name, without_salt_words(name), without_salt_words(name, esters=True)):
        found = table.get(squeezed(spelled), ())
        if found:
            return found
    inside = [table[squeezed(part)] for part in parts_of(name) if squeezed(part) in table]
    return tuple(dict.fromkeys(drug for drugs in inside for drug in drugs))


@cache
def _antibodies() -> Mapping[str, str]:
    table = resources.table("antibodies.tsv")
    return {squeezed(name): str(which) for name, which in zip(table["name"], table["antibody"], strict=True)}


def antibody(name: str) -> str:
    """Official name of the antibody that a name stands for; empty where it stands for none.

    Examples
    --------
    >>> antibody("Herceptin"), antibody("trastuzumab-dkst"), antibody("tretinoin")
    ('trastuzumab', 'trastuzumab-dkst', '')
    """
    if _ANTIBODY.search(name):
        return name.strip().lower()
    return _antibodies().get(squeezed(name), "").lower()


def near(name: str, among: Iterable[str], *, most: int = 2) -> list[str]:
    """Names that a slip of the hand may have meant: within two edits, one in short names, with the same digits."""
    key = squeezed(name)
    allowed = min(most, len(key) // 4)
    digits = re.sub(r"\D", "", key)
    found = []
    for other in among:
        there = squeezed(other)
        if there and re.sub(r"\D", "", there) == digits and 0 < (far := _edits(key, there, allowed)) <= allowed:
            found.append((far, str(other)))
    return [other for _, other in sorted(found)[:2]]


def _edits(first: str, second: str, most: int) -> int:
    """Least number of letters put in, left out, changed or swapped with the next; ``most + 1`` where it is more."""
    if abs(len(first) - len(second)) > most:
        return most + 1
    before, row = [0] * (len(second) + 1), list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and b == first[i - 2]:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
