"""Targets of drugs by whatever they are called: gene symbols, protein names, families; what is no gene is said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.harmonize.drug_names import without_greek
from omics_rx.harmonize.symbols import current_symbols, gene_index

# Families and spellings that gene tables lack or give to one member or to another gene (MEK to MAP2K7, RAF to ZHX2,
# HDAC to HDAC9); members as the HGNC gene groups and IUPHAR name them
_PROTEINS: Mapping[str, tuple[str, ...]] = {
    "MEK": ("MAP2K1", "MAP2K2"), "ERK": ("MAPK1", "MAPK3"), "RAF": ("ARAF", "BRAF", "RAF1"), "CRAF": ("RAF1",),
    "RAS": ("HRAS", "KRAS", "NRAS"), "PANRAS": ("HRAS", "KRAS", "NRAS"), "AKT": ("AKT1", "AKT2", "AKT3"),
    "PKB": ("AKT1", "AKT2", "AKT3"), "PI3K": ("PIK3CA", "PIK3CB", "PIK3CD", "PIK3CG"),
    "PI3KALPHA": ("PIK3CA",), "PI3KBETA": ("PIK3CB",), "PI3KDELTA": ("PIK3CD",), "PI3KGAMMA": ("PIK3CG",),
    "P110ALPHA": ("PIK3CA",), "VEGFR": ("FLT1", "KDR", "FLT4"), "PDGFR": ("PDGFRA", "PDGFRB"),
    "FGFR": ("FGFR1", "FGFR2", "FGFR3", "FGFR4"), "PANFGFR": ("FGFR1", "FGFR2", "FGFR3", "FGFR4"),
    "NTRK": ("NTRK1", "NTRK2", "NTRK3"), "TRK": ("NTRK1", "NTRK2", "NTRK3"), "PANTRK": ("NTRK1", "NTRK2", "NTRK3"),
    "JAK": ("JAK1", "JAK2", "JAK3", "TYK2"), "PARP": ("PARP1", "PARP2"), "IGFR": ("IGF1R",),
    "INSULINRECEPTOR": ("INSR",),
    "HER": ("EGFR", "ERBB2", "ERBB3", "ERBB4"), "PANHER": ("EGFR", "ERBB2", "ERBB3", "ERBB4"), "HER1": ("EGFR",),
    "ERBB": ("EGFR", "ERBB2", "ERBB3", "ERBB4"), "NEU": ("ERBB2",),
    "ER": ("ESR1",), "ERALPHA": ("ESR1",), "ESTROGENRECEPTOR": ("ESR1",), "OESTROGENRECEPTOR": ("ESR1",),
    "ERBETA": ("ESR2",), "PR": ("PGR",), "PROGESTERONERECEPTOR": ("PGR",), "ANDROGENRECEPTOR": ("AR",),
    "GLUCOCORTICOIDRECEPTOR": ("NR3C1",), "AROMATASE": ("CYP19A1",), "P53": ("TP53",), "CKIT": ("KIT",),
    "CMET": ("MET",), "CMYC": ("MYC",), "CSRC": ("SRC",), "CABL": ("ABL1",), "ABL": ("ABL1",), "BCRABL": ("ABL1",),
    "CDK": ("CDK1", "CDK2"), "AURORA": ("AURKA", "AURKB"), "AURORAKINASE": ("AURKA", "AURKB"), "AURORAA": ("AURKA",),
    "AURORAB": ("AURKB",), "AURORAC": ("AURKC",), "AURORAKINASEA": ("AURKA",), "AURORAKINASEB": ("AURKB",),
    "HDAC": ("HDAC1", "HDAC2", "HDAC3", "HDAC6", "HDAC8"), "HSP90": ("HSP90AA1", "HSP90AB1"), "P38": ("MAPK14",),
    "P38ALPHA": ("MAPK14",), "P38MAPK": ("MAPK14",), "JNK": ("MAPK8", "MAPK9", "MAPK10"), "MTORC": ("MTOR",),
    "MTORC1": ("MTOR",), "MTORC2": ("MTOR",), "MTOR": ("MTOR",), "CHK1": ("CHEK1",), "CHK2": ("CHEK2",),
    "BCLXL": ("BCL2L1",), "BCLW": ("BCL2L2",), "MCL": ("MCL1",), "PDL1": ("CD274",), "PD1": ("PDCD1",),
    "TUBULIN": ("TUBB",), "MICROTUBULE": ("TUBB",), "MICROTUBULES": ("TUBB",), "PROTEASOME": ("PSMB5",),
    "TOPOISOMERASE1": ("TOP1",), "TOPOISOMERASEI": ("TOP1",), "TOPO1": ("TOP1",), "TOPOI": ("TOP1",),
    "TOPOISOMERASE2": ("TOP2A", "TOP2B"), "TOPOISOMERASEII": ("TOP2A", "TOP2B"), "TOPOII": ("TOP2A", "TOP2B"),
    "DNAPK": ("PRKDC",), "GSK3": ("GSK3A", "GSK3B"), "ROCK": ("ROCK1", "ROCK2"),
    "RSK": ("RPS6KA1", "RPS6KA2", "RPS6KA3"),
    "S6K": ("RPS6KB1",), "FAK": ("PTK2",), "IKK": ("CHUK", "IKBKB"), "PKC": ("PRKCA", "PRKCB", "PRKCD"),
    "BET": ("BRD2", "BRD3", "BRD4"), "RAR": ("RARA", "RARB", "RARG"), "RXR": ("RXRA", "RXRB", "RXRG"),
    "SMOOTHENED": ("SMO",), "COX": ("PTGS1", "PTGS2"), "COX1": ("PTGS1",), "COX2": ("PTGS2",), "HMGCR": ("HMGCR",),
    "TELOMERASE": ("TERT",), "SURVIVIN": ("BIRC5",), "IAP": ("BIRC2", "BIRC3", "XIAP"), "KSP": ("KIF11",),
    "EG5": ("KIF11",), "MPS1": ("TTK",),
}  # fmt: skip
_APART = re.compile(r"[;,|/+&\n]|\band\b")
_TAIL = re.compile(r"\s*\b(inhibitors?|agonists?|antagonists?|kinases?|proteins?|receptors?|family|mutants?|human)\s*$",
                   re.IGNORECASE)  # fmt: skip
_ID = re.compile(r"^(?:\d+(?:\.0)?|ENSG\d{11}(?:\.\d+)?)$")
_MUTATION = re.compile(r"\s*\(?\b[A-Z]\d{2,4}[A-Z]\b\)?")


@dataclass(frozen=True)
class Targets:
    """Target genes of one drug.

    Attributes
    ----------
    genes
        Current symbols, in the order given.
    unknown
        What is no gene, or several, as it was written.
    """

    genes: tuple[str, ...]
    unknown: tuple[str, ...]


@lru_cache(maxsize=8_192)
def read(text: str) -> Targets:
    """Target genes of a text, parted by semicolon, comma, slash, pipe, plus or "and": names, or Entrez or Ensembl ids.

    Examples
    --------
    >>> read("EGFR, HER2").genes, read("CDK4/6").genes, read("p53|MEK1").genes
    (('EGFR', 'ERBB2'), ('CDK4', 'CDK6'), ('TP53', 'MAP2K1'))
    >>> read("EGFR; DNA").unknown
    ('DNA',)
    >>> read("1956|ENSG00000141736.13").genes
    ('EGFR', 'ERBB2')
    """
    genes: list[str] = []
    unknown = []
    words = _words(text)
    ids = all(_ID.match(word) for word in words)  # 4/6 goes on from a name; numbers alone are Entrez ids
    for word in words:
        found = _by_id(word) if ids else _genes(word)
        genes.extend(found)
        if not found:
            unknown.append(word)
    return Targets(tuple(dict.fromkeys(genes)), tuple(dict.fromkeys(unknown)))


@in_words
def genes_of(targets: pd.Series) -> dict[str, list[str]]:
    """Target genes of each drug, by :func:`read`; drugs without one are left out.

    What is no gene stays as it is written: it meets no expression, and a screen's own words still tell drugs apart.
    """
    found = {}
    for drug, text in targets.dropna().items():
        one = read(str(text))
        found[str(drug)] = [*one.genes, *one.unknown]
    return {drug: genes for drug, genes in found.items() if genes}


def _words(text: str) -> list[str]:
    """Names between separators; what cannot stand alone goes on from the name before it (``CDK4/6``, ``AURKA/B``)."""
    words: list[str] = []
    for part in (one.strip() for one in _APART.split(text)):
        if part and part.casefold() not in ("nan", "none", "-", "unknown"):
            words.append(_continued(words[-1], part) if words else part)
    return words


def _continued(before: str, part: str) -> str:
    stem = re.match(r"^(.*?[A-Za-z-])\d+[A-Za-z]?$", before)
    if stem and re.fullmatch(r"\d{1,2}", part):
        return stem[1] + part
    if re.fullmatch(r"[A-Z]", part) and _genes(before[:-1] + part):
        return before[:-1] + part
    return part


def _genes(word: str) -> tuple[str, ...]:
    """Genes of one name: families and protein names, then symbols and aliases, then the same without its tail."""
    bare = _MUTATION.sub("", word).strip()
    inside = re.match(r"^(?P<first>[^()]+?)\s*\((?P<second>[^()]+)\)$", bare)
    tries = [word, bare, _TAIL.sub("", bare), *(inside.groups() if inside else ())]
    for one in dict.fromkeys(text.strip() for text in tries if text.strip()):
        for found in (_gene(one, exact=True), _PROTEINS.get(_key(one)), _listed().get(one.casefold()), _gene(one)):
            if found:
                return found
    return ()


def _by_id(word: str) -> tuple[str, ...]:
    """Genes of an Entrez id, also one that went through a float, or of an Ensembl id with or without its version."""
    bare = word.split(".", maxsplit=1)[0]
    index = gene_index()
    return tuple((index.by_entrez if bare.isdigit() else index.by_ensembl).get(bare, ()))


def _key(word: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", without_greek(word).upper())


def _gene(word: str, *, exact: bool = False) -> tuple[str, ...]:
    """Current symbol of one gene; aliases and other spellings of case and hyphen where not ``exact``."""
    spelled = [word] if exact else [word, word.upper(), _key(word)]
    for one in dict.fromkeys(spelled):
        row = current_symbols([one]).iloc[0]
        if row["status"] == "kept" or (row["status"] == "renamed" and not exact and not one.isdigit()):
            return (str(row["symbol"]),)
    return ()


@cache
def _listed() -> dict[str, tuple[str, ...]]:
    """GDSC's words for a single target, where all drugs that have them have the same genes."""
    table = resources.table("drugs.tsv")[["target_text", "targets"]].dropna()
    table = table[~table["target_text"].str.contains(",|antimetabolite|agonist", case=False)]
    sets: dict[str, set[str]] = {}
    for word, genes in table.itertuples(index=False):
        sets.setdefault(str(word).casefold(), set()).add(str(genes))
    return {word: tuple(next(iter(found)).split(";")) for word, found in sets.items() if len(found) == 1}


@in_words
def joined(text: str) -> str:
    """Target genes of a text as tables of drugs hold them, ``;`` between symbols."""
    return ";".join(read(text).genes)
