"""One gene identifier to its current symbol: symbols, previous symbols, aliases, Ensembl and Entrez ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words

STATUSES = ("kept", "renamed", "ambiguous", "unknown")
_ENSEMBL = re.compile(r"^(ENSG\d{11})(?:\.\d+)?(?:_PAR_Y)?$")
_FOREIGN = re.compile(r"^ENS[A-Z]{3,4}G\d{11}")
_WITH_ENTREZ = re.compile(r"^(?P<symbol>[^|]*?)(?:\|(?P<bar>\d+)|\s*\((?P<bracket>\d+)\))$")
_WITH_ENSEMBL = re.compile(r"^(?P<ensembl>ENSG\d{11}(?:\.\d+)?(?:_PAR_Y)?)[|_](?P<symbol>.+)$")
_DECIMAL_ID = re.compile(r"^\d+\.0$")
_NUMBERED = re.compile(r"#\d+$")
_MONTHS = {
    "feb": ("FEB",), "mar": ("MARCH", "MARC"), "apr": ("APR",), "sep": ("SEPT", "SEP"), "sept": ("SEPT", "SEP"),
    "oct": ("OCT",), "nov": ("NOV",), "dec": ("DEC",),
}  # fmt: skip
_MONTH_NUMBERS = {2: "feb", 3: "mar", 4: "apr", 9: "sep", 10: "oct", 11: "nov", 12: "dec"}
_DATES = (
    re.compile(r"^(?P<day>\d{1,2})-(?P<month>[A-Za-z]{3,4})$"),
    re.compile(r"^(?P<month>[A-Za-z]{3,4})-(?P<day>\d{1,2})$"),
    re.compile(r"^\d{4}[-/](?P<number>\d{1,2})[-/](?P<day>\d{1,2})(?: 00:00:00)?$"),
)


@dataclass(frozen=True)
class Finding:
    """What became of one identifier.

    Attributes
    ----------
    symbol
        Current symbol, or the identifier itself where none is certain.
    status
        One of ``STATUSES``.
    reason
        Why, in a few words; empty for a symbol that was current already.
    """

    symbol: str
    status: str
    reason: str = ""


@dataclass(frozen=True)
class GeneIndex:
    """The gene table turned round: each kind of identifier to the symbols it may stand for."""

    current: frozenset[str]
    by_previous: Mapping[str, tuple[str, ...]]
    by_alias: Mapping[str, tuple[str, ...]]
    by_entrez: Mapping[str, tuple[str, ...]]
    by_ensembl: Mapping[str, tuple[str, ...]]
    by_upper: Mapping[str, tuple[str, ...]]


@cache
def gene_index() -> GeneIndex:
    """Lookups over ``resources/genes.tsv.gz``, built once."""
    table = resources.table("genes.tsv.gz").fillna("")
    symbols = table["symbol"].tolist()

    def inverted(column: str) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for symbol, field in zip(symbols, table[column], strict=True):
            for name in field.split("|") if field else ():
                found[name] = (*found.get(name, ()), symbol)
        return found

    upper: dict[str, tuple[str, ...]] = {}
    for symbol in symbols:
        if symbol != symbol.upper():
            upper[symbol.upper()] = (*upper.get(symbol.upper(), ()), symbol)
    return GeneIndex(
        frozenset(symbols), inverted("previous"), inverted("aliases"), inverted("entrez"), inverted("ensembl"), upper
    )


@in_words
def current_symbols(ids: Iterable[object]) -> pd.DataFrame:
    """Current symbol of each gene identifier.

    A current symbol wins over an alias of the same spelling, a previously approved symbol over an alias. Versions of
    Ensembl ids are cut. Numbers are Entrez ids where most identifiers are numbers. ``SYMBOL|ENTREZ``,
    ``SYMBOL (ENTREZ)`` and ``ENSEMBL|SYMBOL`` go by the id. Dates that a spreadsheet made of symbols (``1-Sep``) are
    turned back where one gene alone can be meant. Case is corrected only from capitals (``C1ORF43``), since
    ``Tp53`` is a gene of the mouse.

    Parameters
    ----------
    ids
        Identifiers, ``n`` of them, repeats allowed.

    Returns
    -------
    pandas.DataFrame
        Index ``source_id`` in the order given, ``n`` rows; columns ``symbol`` (the identifier itself where no symbol
        is certain), ``status`` (kept, renamed, ambiguous or unknown) and ``reason``.

    Examples
    --------
    >>> current_symbols(["TP53", "HER2", "ENSG00000141510.18", "3-Mar"])["symbol"].tolist()
    ['TP53', 'ERBB2', 'TP53', 'MARCHF3']
    """
    names = ["" if item is None or item is pd.NA or item != item else str(item).strip() for item in ids]
    plain = [name[:-2] if _DECIMAL_ID.match(name) else name for name in names]  # as a spreadsheet writes ids
    numbers = sum(name.isdigit() for name in plain) * 2 > len(plain)
    known: dict[str, Finding] = {}
    for name, whole in zip(names, plain, strict=True):
        if name not in known:
            known[name] = _find(whole if numbers else name, entrez=numbers)
    found = [known[name] for name in names]
    return pd.DataFrame(
        {
            "symbol": [item.symbol for item in found],
            "status": [item.status for item in found],
            "reason": [item.reason for item in found],
        },
        index=pd.Index(names, name="source_id", dtype=object),
    )


def numbered(ids: Iterable[str]) -> list[str]:
    """Tell repeated identifiers apart, which AnnData wants: the second ``MATR3`` becomes ``MATR3#2``.

    Examples
    --------
    >>> numbered(["MATR3", "TP53", "MATR3"])
    ['MATR3', 'TP53', 'MATR3#2']
    """
    seen: Counter[str] = Counter()
    names = []
    for name in ids:
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return names


def unnumbered(name: str) -> str:
    """Identifier without the number that :func:`numbered` gave it."""
    return _NUMBERED.sub("", name)


def recognised(ids: Iterable[object]) -> float:
    """Share of identifiers that are known to be human genes, from 0 to 1; ambiguous ones count."""
    statuses = current_symbols(ids)["status"]
    return float((statuses != "unknown").mean()) if len(statuses) else 0.0


def _find(name: str, *, entrez: bool) -> Finding:
    index = gene_index()
    if name in index.current:
        return Finding(name, "kept")
    if ensembl := _ENSEMBL.match(name):
        return _only(name, index.by_ensembl.get(ensembl[1], ()), "Ensembl id")
    if name.isdigit():
        found = index.by_entrez.get(name, ()) if entrez else ()
        return _only(name, found, "Entrez id" if entrez else "number among names")
    if both := _WITH_ENTREZ.match(name):
        return _compound(name, both["symbol"], index.by_entrez.get(both["bar"] or both["bracket"], ()), "Entrez id")
    if both := _WITH_ENSEMBL.match(name):
        stable = both["ensembl"].split(".")[0].removesuffix("_PAR_Y")
        return _compound(name, both["symbol"], index.by_ensembl.get(stable, ()), "Ensembl id")
    return _find_name(name, index)


def _find_name(name: str, index: GeneIndex) -> Finding:
    """Look a name up that is no current symbol, the surest way first."""
    for lookup, what in ((index.by_previous, "previous symbol"), (index.by_alias, "alias")):
        if name in lookup:
            return _only(name, lookup[name], what)
    if name in index.by_upper:
        return _only(name, index.by_upper[name], "capitals")
    for wrong in ("_", "."):
        repaired = name.replace(wrong, "-")
        if wrong in name and repaired in index.current:
            return Finding(repaired, "renamed", f"{wrong!r} for a hyphen")
    if date := _date_symbols(name):
        return _from_date(name, date, index)
    if _FOREIGN.match(name):
        return Finding(name, "unknown", "Ensembl id of another species")
    return Finding(name, "unknown", "no human gene of this name")


def _only(name: str, found: tuple[str, ...], what: str) -> Finding:
    distinct = tuple(dict.fromkeys(found))
    if len(distinct) == 1:
        return Finding(distinct[0], "renamed", what)
    if not distinct:
        return Finding(name, "unknown", f"{what} that no human gene has")
    shown = ", ".join(distinct[:5]) + (", ..." if len(distinct) > 5 else "")
    return Finding(name, "ambiguous", f"{what} of {len(distinct)} genes: {shown}")


def _compound(name: str, symbol: str, by_id: tuple[str, ...], what: str) -> Finding:
    """Read an identifier that joins a symbol and an id: the id decides, the symbol where the id is retired."""
    if len(set(by_id)) == 1:
        return Finding(by_id[0], "renamed", what)
    beside = _find(symbol, entrez=False) if symbol not in {"", "?"} else Finding(name, "unknown")
    if beside.status in {"kept", "renamed"} and (not by_id or beside.symbol in by_id):
        return Finding(beside.symbol, "renamed", f"symbol beside the {what}")
    return _only(name, by_id, what)


def _date_symbols(name: str) -> tuple[str, ...]:
    """Symbols that a spreadsheet may have turned into this date."""
    for pattern in _DATES:
        if not (match := pattern.match(name)):
            continue
        parts = match.groupdict()
        month = _MONTH_NUMBERS.get(int(parts["number"])) if "number" in parts else parts["month"].lower()
        stems = _MONTHS.get(month or "", ())
        return tuple(f"{stem}{int(parts['day'])}" for stem in stems)
    return ()


def _from_date(name: str, candidates: tuple[str, ...], index: GeneIndex) -> Finding:
    """Turn a date back into a symbol where exactly one gene once had it."""
    genes: dict[str, str] = {}
    for candidate in candidates:
        found = (candidate,) if candidate in index.current else index.by_previous.get(candidate, ())
        for symbol in found or index.by_alias.get(candidate, ()):
            genes.setdefault(symbol, candidate)
        if genes and candidate.startswith("SEPT"):
            break  # SEP1 and SEP2 are aliases of septins: the approved symbol of the day was SEPT
    if len(genes) == 1:
        symbol, candidate = next(iter(genes.items()))
        return Finding(symbol, "renamed", f"a spreadsheet's date for {candidate}")
    if genes:
        return Finding(name, "ambiguous", f"a spreadsheet's date for {' or '.join(dict.fromkeys(genes.values()))}")
    return Finding(name, "unknown", "a date, not a gene")
