"""MicroRNA identifiers to the names of miRBase 22: accessions, earlier names, lost arms, lost capitals.

A precursor (``hsa-mir-21``) and the mature strands cut from it (``hsa-miR-21-5p``) are different molecules whose names
may differ by one capital, or, for let-7, by nothing. Which is meant is told by the names beside it, or asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, unknown_name

KINDS = ("mature", "precursor")
_ACCESSION = re.compile(r"^(MI(?:MAT)?\d{7})(?:_\d+)?$")
_WITH_ACCESSION = re.compile(r"^(?P<name>\S+?)[|_,; (]+(?P<accession>MI(?:MAT)?\d{7})(?:_\d+)?\)?$")
_OTHER_SPECIES = re.compile(r"^(?!hsa-)([a-z]{3,4})-(?:mir|let|lin|bantam)\b", re.IGNORECASE)
_SPECIES = re.compile(r"^(?:hp_)?([a-z]{3,4})[-_.](?:mir|let|lin|bantam)[-_.]?", re.IGNORECASE)
# what makers of arrays, panels and counters put behind a name, the outermost first
_PLATFORM = (
    (re.compile(r"(?:_[xsa])?_st$", re.IGNORECASE), "Affymetrix's suffix"),
    (re.compile(r"_v\d+(?:\.\d+)?$", re.IGNORECASE), "Agilent's version"),
    (re.compile(r"\|\d+(?:\.\d+)?$"), "NanoString's correction"),
    (re.compile(r"[-_](?:00\d{4}|[1-9]\d{5}|\d{7})(?:_mir|_mat|_[AB])?$", re.IGNORECASE), "number of an assay"),
    (re.compile(r":\d+\.\d+$"), "Illumina's version"),
    (re.compile(r"(?:[._](?:iso|ref)(?:[._:].*)?|\.SNP[ACGT]?.*)$", re.IGNORECASE), "isomiR"),
)
_BARE = re.compile(r"^(?:mir|let)-?\d", re.IGNORECASE)
_JOINED = re.compile(r"^hsa-(?:mir|let)-\S+[/+]\S+$", re.IGNORECASE)
_UNNUMBERED = re.compile(r"^hsa-(?:mir-\d+[a-z]?|let-\d[a-z])$")
_LOST_CAPITALS = re.compile(r"^hsa-mir-\S+-[35]p$|^HSA-|^hsa-mir-\S+\*$")


@dataclass(frozen=True)
class MirnaIndex:
    """The table of microRNAs turned round.

    Attributes
    ----------
    names, kinds
        Accession to its name in miRBase 22 (empty where it has none) and to ``"mature"`` or ``"precursor"``.
    by_name, by_previous
        Current and earlier names to accessions.
    by_lower
        Current and earlier names in small letters to accessions.
    """

    names: Mapping[str, str]
    kinds: Mapping[str, str]
    by_name: Mapping[str, tuple[str, ...]]
    by_previous: Mapping[str, tuple[str, ...]]
    by_lower: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Candidates:
    """Accessions an identifier may stand for, by kind, how they were found, and precursors numbered behind it."""

    by_kind: Mapping[str, tuple[str, ...]]
    how: str
    family: tuple[str, ...] = ()


@cache
def mirna_index() -> MirnaIndex:
    """Lookups over ``resources/mirnas.tsv.gz``, built once."""
    table = resources.table("mirnas.tsv.gz").fillna("")
    names = dict(zip(table["accession"], table["name"], strict=True))
    current: dict[str, tuple[str, ...]] = {}
    previous: dict[str, tuple[str, ...]] = {}
    lower: dict[str, tuple[str, ...]] = {}
    for accession, name, field in zip(table["accession"], table["name"], table["previous"], strict=True):
        earlier = field.split("|") if field else []
        if name:
            current[name] = (*current.get(name, ()), accession)
        for other in earlier:
            previous[other] = (*previous.get(other, ()), accession)
        for small in dict.fromkeys(item.lower() for item in (name, *earlier) if item):
            lower[small] = (*lower.get(small, ()), accession)
    return MirnaIndex(names, dict(zip(table["accession"], table["kind"], strict=True)), current, previous, lower)


@in_words
def current_mirnas(ids: Iterable[object], *, kind: str | None = None) -> pd.DataFrame:
    """Name in miRBase 22 of each human microRNA identifier.

    Accessions (``MIMAT0000076``, ``MI0000077``, alone or beside a name) decide. A current name wins over an earlier
    one of the same spelling. Earlier names carry over to the strand that had them, retired ``*`` names too; one that
    stood for both arms over time (``hsa-miR-340``) is ambiguous. A name without a species is read as human. Where a
    spelling fits a precursor and a mature strand (``hsa-let-7b``, or any name in a file that lost its capitals), it
    is read as all the surely known names beside it are, and is ambiguous where these are none or of both kinds.

    Parameters
    ----------
    ids
        Identifiers, ``n`` of them, repeats allowed.
    kind
        ``"mature"`` or ``"precursor"``, to settle names that fit both; None tells it from the names beside them.

    Returns
    -------
    pandas.DataFrame
        Index ``source_id`` in the order given, ``n`` rows; ``name`` (the identifier itself where none is certain),
        ``accession`` and ``kind`` (missing where not certain), ``status`` (kept, renamed, retired, ambiguous or
        unknown) and ``reason``. Retired: known to an earlier miRBase, without a human locus in version 22.

    Raises
    ------
    InputError
        If ``kind`` is neither.

    Examples
    --------
    >>> current_mirnas(["hsa-miR-21", "hsa-miR-21*", "MIMAT0000062", "let-7b"])["name"].tolist()
    ['hsa-miR-21-5p', 'hsa-miR-21-3p', 'hsa-let-7a-5p', 'hsa-let-7b-5p']
    """
    if kind is not None and kind not in KINDS:
        raise unknown_name("kind of microRNA", kind, KINDS)
    names = ["" if item is None or item is pd.NA or item != item else str(item).strip() for item in ids]
    lost = any(_LOST_CAPITALS.match(name) for name in names)
    candidates = {name: _candidates(name, lost_capitals=lost) for name in dict.fromkeys(names)}
    settled, why = (kind, "as told") if kind else (_kind_of_sure(candidates.values()), "as the others are")
    known = {name: _row(name, _as_settled(found, settled), settled, why) for name, found in candidates.items()}
    return pd.DataFrame(
        [known[name] for name in names],
        columns=["name", "accession", "kind", "status", "reason"],
        index=pd.Index(names, name="source_id", dtype=object),
        dtype=object,
    )


def recognised_mirnas(ids: Iterable[object]) -> float:
    """Share of identifiers that are known to be human microRNAs, from 0 to 1; ambiguous and retired ones count."""
    statuses = current_mirnas(ids)["status"]
    return float((statuses != "unknown").mean()) if len(statuses) else 0.0


def _as_settled(found: _Candidates, settled: str | None) -> _Candidates:
    """Candidates of a name among precursors: ``hsa-let-7a`` is one of the three numbered so, and no strand."""
    if settled != "precursor" or not found.family:
        return found
    return _Candidates({"precursor": found.family}, found.how)


def species_of(name: str) -> str | None:
    """Species that a microRNA's name begins with, in small letters, such as ``"mmu"``; None where it says none."""
    found = _SPECIES.match(name)
    return found[1].lower() if found else None


def _kind_of_sure(found: Iterable[_Candidates]) -> str | None:
    kinds = {next(iter(item.by_kind)) for item in found if len(item.by_kind) == 1 and not item.family}
    return kinds.pop() if len(kinds) == 1 else None


def _candidates(name: str, *, lost_capitals: bool) -> _Candidates:
    index = mirna_index()
    if accession := _ACCESSION.match(name):
        return _of([accession[1]] if accession[1] in index.names else [], "accession")
    if both := _WITH_ACCESSION.match(name):
        if both["accession"] in index.names:
            return _of([both["accession"]], "accession beside the name")
        return _Candidates({}, f"an accession that no human microRNA has ({both['accession']})")
    if _OTHER_SPECIES.match(name):
        return _Candidates({}, f"microRNA of another species ({name.partition('-')[0]})")
    stripped, platform = _without_platform(name)
    if platform:
        inner = _candidates(stripped, lost_capitals=lost_capitals)
        if inner.by_kind:
            return replace(inner, how="; ".join(filter(None, [platform, inner.how])))
    for spelling, how in _spellings(name):
        accessions = _exactly(spelling, lost_capitals=lost_capitals)
        if accessions:
            return replace(_of(accessions, how), family=_family(spelling, accessions))
    for spelling, how in _spellings(name):
        if spelling.lower() in index.by_lower:
            found = index.by_lower[spelling.lower()]
            why = "; ".join(filter(None, [how, "capitals"]))
            return replace(_of(found, why), family=_family(spelling, found))
    if _JOINED.match(name):
        return _Candidates({}, "several microRNAs in one name")
    return _Candidates({}, "no human microRNA of this name")


def _without_platform(name: str) -> tuple[str, str]:
    """Name without what a platform put around it, and what that was."""
    plain, said = name, []
    if plain.lower().startswith("hp_"):
        plain = plain[3:]
        said.append("Affymetrix's hairpin")
    for pattern, what in _PLATFORM:
        if pattern.search(plain) and pattern.sub("", plain):
            plain = pattern.sub("", plain)
            said.append(what)
    if re.search(r"-star$", plain, re.IGNORECASE):
        plain = f"{plain[:-5]}*"
        said.append("star")
    return plain, "; ".join(said)


def _spellings(name: str) -> list[tuple[str, str]]:
    """Ways to read a name: as it is, with a species, with the hyphens and stars that R turns into dots."""
    ways = [(name, "")]
    if "_" in name:
        ways.append((name.replace("_", "-"), "underscores for hyphens"))
    if "." in name:
        starred = name[:-1] + "*" if name.endswith(".") else name
        ways.append((starred.replace(".", "-"), "dots for hyphens"))
    for spelling, how in list(ways):
        if _BARE.match(spelling):
            hyphened = re.sub(r"^(mir|let)(?=\d)", r"\1-", spelling, flags=re.IGNORECASE)
            ways.append((f"hsa-{hyphened}", "; ".join(filter(None, [how, "read as human"]))))
    return ways


def _exactly(spelling: str, *, lost_capitals: bool) -> tuple[str, ...]:
    """Accessions of a spelling: those that have it now, and of the other kind those that once had it."""
    index = mirna_index()
    if lost_capitals and not re.search(r"-[35]p$|\*$", spelling):
        return index.by_lower.get(spelling.lower(), ())
    now = index.by_name.get(spelling, ())
    kinds = {index.kinds[accession] for accession in now}
    once = [accession for accession in index.by_previous.get(spelling, ()) if index.kinds[accession] not in kinds]
    return (*now, *once)


def _family(spelling: str, accessions: Iterable[str]) -> tuple[str, ...]:
    """Precursors that are numbered behind a name without an arm: ``hsa-mir-24`` can be ``hsa-mir-24-1`` or ``-2``."""
    index = mirna_index()
    if not _UNNUMBERED.match(spelling) or any(index.kinds[one] == "precursor" for one in accessions):
        return ()
    found = (index.by_lower.get(f"{spelling.lower()}-{i}", ()) for i in range(1, 10))
    return tuple(one for several in found for one in several if index.kinds[one] == "precursor")


def _of(accessions: Iterable[str], how: str) -> _Candidates:
    kinds = mirna_index().kinds
    by_kind: dict[str, tuple[str, ...]] = {}
    for accession in accessions:
        by_kind[kinds[accession]] = (*by_kind.get(kinds[accession], ()), accession)
    return _Candidates(by_kind, how if by_kind else f"{how} that no human microRNA has")


def _row(name: str, found: _Candidates, settled: str | None, why: str) -> tuple[str, str | None, str | None, str, str]:
    """Name, accession, kind, status and reason of one identifier."""
    if not found.by_kind:
        status = "ambiguous" if found.how.startswith("several") else "unknown"
        return name, None, None, status, found.how
    reasons = [found.how] if found.how else []
    kinds = found.by_kind
    if len(kinds) > 1:
        if settled is None:
            return (
                name,
                None,
                None,
                "ambiguous",
                "; ".join([*reasons, "a precursor and a mature strand have this name"]),
            )
        reasons.append(f"read as {settled}, {why}")
    kind = settled if len(kinds) > 1 and settled is not None else next(iter(kinds))
    index = mirna_index()
    accessions = kinds[kind]
    live = [accession for accession in accessions if index.names[accession]]
    if len(live) > 1:
        own = [accession for accession in live if index.names[accession].lower() == name.lower()]
        if len(own) != 1:
            shown = ", ".join(index.names[accession] for accession in live)
            return name, None, kind, "ambiguous", "; ".join([*reasons, f"over time the name of {shown}"])
        live = own
    if not live:
        return name, accessions[0], kind, "retired", "; ".join([*reasons, "without a human locus in miRBase 22"])
    current = index.names[live[0]]
    if current == name:
        return name, live[0], kind, "kept", "; ".join(reasons)
    return current, live[0], kind, "renamed", "; ".join(reasons or ["earlier name"])


def check_kind(found: pd.DataFrame, kind: str | None) -> None:
    """Refuse precursors and mature strands in one table, unless one kind is asked for.

    Raises
    ------
    InputError
        With the count and examples of both.
    """
    counts = found["kind"].value_counts()
    if kind is None and len(counts) > 1:
        shown = {name: ", ".join(found.index[found["kind"] == name][:3]) for name in KINDS}
        raise InputError(
            f"{counts['mature']} identifiers are mature microRNAs ({shown['mature']}) and {counts['precursor']} are "
            f"precursors ({shown['precursor']}): their reads overlap, so pass kind='mature' or kind='precursor' to "
            "keep one and set the other aside"
        )
    if kind is not None and kind not in counts:
        other = f"all {counts.iloc[0]} known ones are of kind {counts.index[0]!r}" if len(counts) else "none is known"
        raise InputError(f"no identifier is of kind {kind!r}: {other}")
