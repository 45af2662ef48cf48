"""Alterations in people's words: ``PIK3CA H1047R``, ``ERBB2 amplification``, ``BRCA1 germline``, ``MSI-high``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.protein_changes import protein_change
from omics_rx.harmonize.symbols import current_symbols, gene_index
from omics_rx.io.alterations.found import Found, rows
from omics_rx.io.alterations.maf import effect_of
from omics_rx.io.said import Aloud

_ANY = (r"\b(?:wild[ -]?type|wt|negative|not detected|no mutation|no alteration|not altered|unaltered|absent|intact|"
        r"normal copy number|not amplified)\b")  # fmt: skip
_NOT = re.compile(_ANY, re.IGNORECASE)
_MSI = re.compile(r"\b(?:msi|microsatellite|mmr|dmmr|pmmr|mss|mismatch)", re.IGNORECASE)
_MSI_LOW = re.compile(r"\bmss\b|msi[ -]?(?:l\b|low|stable|negative)|stable|pmmr|proficient|mmr intact", re.IGNORECASE)
_MSI_HIGH = re.compile(
    r"msi[ -]?(?:h\b|high|positive)|\bmsi\b(?! *[-:]?\w)|instab|dmmr|mmrd|mmr[ -]?d|deficien", re.IGNORECASE
)
_TMB = re.compile(r"\btmb\b|mutational burden|mutation burden", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_RECEPTORS = {"er": "ESR1", "esr1": "ESR1", "estrogen receptor": "ESR1", "oestrogen receptor": "ESR1", "pr": "PGR",
              "pgr": "PGR", "her2": "ERBB2", "erbb2": "ERBB2", "her-2": "ERBB2", "her2/neu": "ERBB2",
              "progesterone receptor": "PGR"}  # fmt: skip
_RECEPTOR = re.compile(
    rf"^(?P<name>{'|'.join(map(re.escape, sorted(_RECEPTORS, key=len, reverse=True)))})[ :-]*"
    r"(?P<level>positive|pos|negative|neg|low|ultra ?low|[0-3]\+|0|\+|-)$",
    re.IGNORECASE,
)
_LOW_GAIN = re.compile(
    r"low[- ]?(?:level )?(?:gain|amplification)|\bgain\b|polysomy|copies gained|duplication of 1", re.IGNORECASE
)
_HIGH_GAIN = re.compile(
    r"high[- ]?(?:level )?(?:gain|amplification)|\bamp(?:l|lification|lified)?\b|amplif", re.IGNORECASE
)
_SHALLOW = re.compile(
    r"heterozyg\w* (?:deletion|loss)|hemizyg|shallow|\bloh\b|loss of heterozygosity|single[- ]copy|one copy|"
    r"monoallelic",
    re.IGNORECASE,
)
_DEEP = re.compile(r"homozyg\w* (?:deletion|loss)|homdel|deep (?:deletion|loss)|biallelic (?:deletion|loss)|"
                   r"two[- ]copy|both copies", re.IGNORECASE)  # fmt: skip
_LOSS = re.compile(r"\b(?:deletion|deleted|del|loss|lost)\b", re.IGNORECASE)
_FUSION = re.compile(r"fusion|rearrange|transloc|::", re.IGNORECASE)
_EXON = re.compile(
    r"(?:exon|ex) ?(?P<exon>\d+) ?(?P<what>del(?:etion)?|ins(?:ertion)?|skipping|dup(?:lication)?)", re.IGNORECASE
)
_GERMLINE = re.compile(r"\bgermline\b|\bgermline:|constitutional|inherited", re.IGNORECASE)
_SOMATIC = re.compile(r"\bsomatic\b", re.IGNORECASE)
_UNCERTAIN = re.compile(r"\bvus\b|uncertain significance|unknown significance|\bclass ?3\b", re.IGNORECASE)
_BENIGN = re.compile(r"\b(?:likely )?benign\b|polymorphism", re.IGNORECASE)
_PATHOGENIC = re.compile(r"\b(?:likely )?pathogenic\b|\boncogenic\b|\bdeleterious\b", re.IGNORECASE)
_TOLD = (("uncertain", _UNCERTAIN), ("benign", _BENIGN), ("pathogenic", _PATHOGENIC))
_MUTATED = re.compile(r"\b(?:mutat\w+|mut|variant|altered|alteration|positive|activating|hotspot)\b", re.IGNORECASE)
_EFFECT = re.compile(r"\b(?P<what>frame ?shift|nonsense|truncat\w+|stop[- ]?gain\w*|splice(?:[ -]site)?|missense|"
                     r"silent|synonymous|intron\w*|promoter)\b", re.IGNORECASE)  # fmt: skip
_EFFECTS = {"frameshift": "frameshift", "nonsense": "nonsense", "truncat": "nonsense", "stop": "nonsense",
            "splice": "splice", "missense": "missense", "silent": "silent", "synonym": "silent", "intron": "intron",
            "promoter": "flank"}  # fmt: skip
_CODING = re.compile(r"\bc\.[\w*+>_-]+|\b\d+(?:del|ins|dup)[ACGT]*\b", re.IGNORECASE)
_HER2_NEU = re.compile(r"\bher-?2[/ -]neu\b", re.IGNORECASE)  # NEU alone is an old name of NEURL1
_SPLIT = re.compile(r"[\s:,;_|/()]+")
HELP = (
    'write a gene and what is altered, one a row: "PIK3CA H1047R", "ERBB2 amplification", "CDKN2A homozygous deletion",'
    ' "EML4-ALK fusion", "BRCA1 germline pathogenic", "TP53 wild type", "MSI-high", "TMB 14"'
)


def read_words(told: Iterable[tuple[str, str]], label: str) -> Found:
    """Read alterations as people write them, pairs of sample and words.

    Raises
    ------
    InputError
        For words that name no gene and no alteration, all of them in one error.
    """
    made: list[dict[str, str]] = []
    wrong: list[str] = []
    samples: list[str] = []
    tested: dict[str, set[str]] = {}
    copies: dict[str, set[str]] = {}
    said: list[str] = []
    for sample, words in ((name, one) for name, written in told for one in _each(written)):
        samples.append(sample)
        row = one_alteration(words)
        if row is None:
            wrong.append(words)
            continue
        row["sample"] = sample
        if row["effect"] == "not altered":
            tested.setdefault(sample, set()).add(row["gene"])
            if row["change"] == "copy":
                copies.setdefault(sample, set()).add(row["gene"])
            if row["kind"] == "mutation":
                continue
        made.append(row)
    if wrong:
        raise InputError(
            f"{len(wrong)} alterations of {label} are not understood ({examples(map(repr, wrong))}): {HELP}"
        )
    doubtful = [f"{row['gene']} {row['change']}" for row in made if row["note"]]
    if doubtful:
        said.append(Aloud(f"{len(doubtful)} alterations of {label} move nothing as they are written "
                          f"({examples(doubtful)}): see their reasons in variants"))  # fmt: skip
    seen = {
        name: {"mutation": frozenset(tested.get(name, set())), "copy": frozenset(copies.get(name, set()))}
        for name in tested.keys() | copies.keys()
    }
    return Found(rows(made), list(dict.fromkeys(samples)), seen, said, "words")


def _each(words: str) -> list[str]:
    """Alterations of one field: ``TP53 R175H; R248Q`` are two of TP53."""
    parts = [part.strip() for part in re.split(r"\s*;\s*|\s+\+\s+", words) if part.strip()] or [words]
    first = parts[0].split(" ")[0]
    told = [
        f"{first} {part}" if place and protein_change(part) is not None else part for place, part in enumerate(parts)
    ]
    return [one for part in told for one in _each_gene(part)]


def _each_gene(words: str) -> list[str]:
    """Alteration of each of several genes in one word: ``BRCA1/2 wild type``, ``CDKN2A/B deletion``, ``KRAS/NRAS wt``.

    Two genes of a fusion stay together, as does one gene under two names (``HER2/neu``).
    """
    words = _HER2_NEU.sub("HER2", words.strip())
    lead, _, rest = words.partition(" ")
    first, *others = lead.split("/")
    gene = _known(first)
    if gene is not None and not others and (changes := rest.split("/"))[1:] and all(map(protein_change, changes)):
        return [f"{first} {change}" for change in changes]
    if not others or not rest or gene is None or _RECEPTOR.match(words) or _FUSION.search(words):
        return [words]
    named = [first]
    for other in others:
        series = first[: -len(other)] + other if len(other) < len(first) else ""
        found = next((form for form in (series, other) if form and _known(form)), None)
        if found is None:
            return [words]
        if _known(found) not in {_known(name) for name in named}:
            named.append(found)
    return [f"{name} {rest}" for name in named]


def one_alteration(words: str) -> dict[str, str] | None:
    """What one alteration in words says; None where it says nothing that is known.

    Examples
    --------
    >>> found = one_alteration("PIK3CA p.His1047Arg")
    >>> found["gene"], found["kind"], found["change"]
    ('PIK3CA', 'mutation', 'H1047R')
    >>> one_alteration("HER2 amplification")["kind"], one_alteration("purple") is None
    ('gain', True)
    """
    text = " ".join(str(words).split())
    row = dict.fromkeys(("gene", "kind", "change", "effect", "origin", "told", "note"), "")
    if found := _RECEPTOR.match(text):
        level = found["level"].lower()
        plain = {
            "pos": "positive",
            "+": "positive",
            "neg": "negative",
            "-": "negative",
            "3+": "positive",
            "0": "negative",
        }
        gene = _RECEPTORS[found["name"].lower()]
        change = plain.get(level, level) if gene == "ERBB2" or level[0] not in "12" else "positive"
        return row | {"gene": gene, "kind": "receptor", "change": change, "effect": "receptor"}
    if _MSI.search(text) and _TMB.search(text):
        return None  # two findings in one
    if _MSI.search(text) and not _only_gene(text):
        low, high = bool(_MSI_LOW.search(text)), bool(_MSI_HIGH.search(text))
        if low == high:
            return None
        return row | {"gene": "MSI", "kind": "MSI", "change": "stable" if low else "high",
                      "effect": "not altered" if low else "unstable"}  # fmt: skip
    if _TMB.search(text):
        number = _NUMBER.search(text)
        level = number[0] if number else "high" if re.search("high", text, re.IGNORECASE) else "low"
        return row | {"gene": "TMB", "kind": "TMB", "change": level, "effect": "burden"}
    return _of_gene(text, row)


def _only_gene(text: str) -> bool:
    return bool(re.match(r"^(?:MLH1|MSH2|MSH6|PMS2)\b", text, re.IGNORECASE))


def _of_gene(text: str, row: dict[str, str]) -> dict[str, str] | None:
    """An alteration of a named gene."""
    germline = _GERMLINE.search(text) or re.match(r"^g[A-Z]", text)
    row["origin"] = "germline" if germline else "somatic" if _SOMATIC.search(text) else ""
    if _FUSION.search(text) or _two_genes(text):
        return _fusion(text, row)
    gene, rest = _gene_first(re.sub(r"^(?:germline|somatic|g|s)(?=[A-Z\s])[\s:]*", "", text))
    if gene is None:
        gene, rest = _gene_anywhere(text)
    if gene is None:
        return None
    row["gene"] = gene
    row["told"] = next((word for word, pattern in _TOLD if pattern.search(rest)), "")
    changes = [change for part in _SPLIT.split(rest) if (change := protein_change(part)) is not None]
    if not changes and "splice" in rest and (change := protein_change(rest.strip().replace(" ", "_"))) is not None:
        changes = [change]
    if len(changes) > 1 and len({change.short for change in changes}) > 1:
        return None
    if changes:
        return row | {"kind": "mutation", "change": changes[0].short, "effect": changes[0].kind}
    if exon := _EXON.search(rest):
        what = {"del": "deletion", "ins": "insertion", "dup": "insertion", "ski": "skipping"}[exon["what"][:3].lower()]
        return row | {"kind": "mutation", "change": f"exon {exon['exon']} {what}",
                      "effect": "splice" if what == "skipping" else "inframe"}  # fmt: skip
    if _NOT.search(rest):
        what = "copy" if re.search("amplif|copy", rest, re.IGNORECASE) else ""
        return row | {"kind": "mutation", "effect": "not altered", "change": what}
    return _copies(rest, row) or _unspecific(rest, row)


def _fusion(text: str, row: dict[str, str]) -> dict[str, str] | None:
    plain = re.sub(r"\b(?:gene|positive|detected|germline|somatic|in-frame)\b", " ", text, flags=re.IGNORECASE)
    plain = re.sub(r"fusions?|rearrange\w*|transloc\w*", " ", plain, flags=re.IGNORECASE).strip(" :-")
    for mark in ("::", "--", "/", "-", "_", " "):
        partners = [part.strip() for part in plain.split(mark) if part.strip()]
        if len(partners) == 2 and all(_known(part) for part in partners):
            first, second = (_known(part) or "" for part in partners)
            return row | {"gene": second, "kind": "fusion", "change": f"{first}::{second}", "effect": "fused"}
    if gene := _known(plain):
        return row | {"gene": gene, "kind": "fusion", "change": f"?::{gene}", "effect": "fused"}
    return None


def _copies(rest: str, row: dict[str, str]) -> dict[str, str] | None:
    origin = row["origin"] or "somatic"
    if _SHALLOW.search(rest):
        return row | {"kind": "loss", "change": "-1", "effect": "shallow loss", "origin": origin}
    if _DEEP.search(rest):
        return row | {"kind": "loss", "change": "-2", "effect": "deep deletion", "origin": origin}
    if re.search(r"low[- ]?(?:level )?amplification", rest, re.IGNORECASE) or (
        _LOW_GAIN.search(rest) and not _HIGH_GAIN.search(rest)
    ):
        return row | {"kind": "gain", "change": "+1", "effect": "low gain", "origin": origin}
    if _HIGH_GAIN.search(rest):
        return row | {"kind": "gain", "change": "+2", "effect": "amplified", "origin": origin}
    if _LOSS.search(rest):
        return row | {"kind": "loss", "change": "", "effect": "loss", "origin": origin,
                      "note": "a deletion of one copy or of both? Write homozygous or heterozygous"}  # fmt: skip
    return None


def _unspecific(rest: str, row: dict[str, str]) -> dict[str, str] | None:
    """A mutation of which only the kind is told, or that there is one."""
    if found := _EFFECT.search(rest):
        what = found["what"].lower().replace(" ", "")
        effect = next(ours for start, ours in _EFFECTS.items() if what.startswith(start))
        return row | {"kind": "mutation", "effect": effect, "change": _written(rest)}
    if effect := effect_of(rest.strip()):
        return row | {"kind": "mutation", "effect": effect}
    if row["told"] or _MUTATED.search(rest) or (row["origin"] == "germline") or _CODING.search(rest):
        return row | {"kind": "mutation", "change": _written(rest), "effect": "unspecified"}
    return None


def _written(rest: str) -> str:
    found = _CODING.search(rest)
    return found[0] if found else ""


def _gene_first(text: str) -> tuple[str | None, str]:
    """Gene that a text begins with, and what follows it."""
    for part in (re.split(r"[\s:,;|(]", text, maxsplit=1), re.split(r"[\s:,;|(_/]", text, maxsplit=1),
                 re.split(r"[\s:,;|(_/-]", text, maxsplit=1)):  # fmt: skip
        if gene := _known(part[0]):
            return gene, part[1] if len(part) > 1 else ""
    return None, ""


def _two_genes(text: str) -> bool:
    """Whether a text is two genes and no more: ``ETV6-NTRK3``, where no gene is called so."""
    parts = re.split(r"--|-", text)  # with a slash, PIK3CA/PTEN, they may be two genes of a list
    return len(parts) == 2 and " " not in text and _known(text) is None and all(_known(part) for part in parts)


def _gene_anywhere(text: str) -> tuple[str | None, str]:
    """The only gene that a text names, in capitals, with the text: ``amplification of ERBB2``."""
    named = {word: gene for word in re.split(r"[\s:,;|()]+", text) if len(word) > 2 and word == word.upper() and
             protein_change(word) is None and (gene := _known(word))}  # fmt: skip
    if len(set(named.values())) != 1:
        return None, ""
    word, gene = next(iter(named.items()))
    return gene, text.replace(word, " ")


@lru_cache(maxsize=8_192)
def _known(name: str) -> str | None:
    """Current symbol of a gene's name as people write it; None for what is no human gene."""
    plain = name.strip()
    if not plain or plain.isdigit():
        return None
    for form in (plain, plain.upper()):
        found = current_symbols([form]).iloc[0]
        if found["status"] in ("kept", "renamed") and found["symbol"] in gene_index().current:
            return str(found["symbol"])
    return None
