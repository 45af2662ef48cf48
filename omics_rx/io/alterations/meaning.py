"""What an alteration is: known, recurrent, truncating in a tumour suppressor, amplified, deleted; else uncertain.

References
----------
Chang et al., Cancer Discov 2018, doi:10.1158/2159-8290.CD-17-0321 (recurrent residues). Vogelstein et al., Science
2013, doi:10.1126/science.1235122, and Dorling et al., N Engl J Med 2021, doi:10.1056/NEJMoa1913948 (tumour
suppressors). Cheng et al., Science 2023, doi:10.1126/science.adg7492 (AlphaMissense: 0.564 and above is likely
pathogenic). Pejaver et al., Am J Hum Genet 2022, doi:10.1016/j.ajhg.2022.10.013 (REVEL: 0.773 and above is moderate
evidence).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from omics_rx.core import resources
from omics_rx.core.errors import InputError, MissingFileError
from omics_rx.harmonize.protein_changes import TRUNCATING, protein_change
from omics_rx.io.alterations.found import NONCODING

# what a variant is that is an event for sure
EVENTS = ("known", "recurrent", "truncating", "amplified", "deleted", "fused", "told", "predicted")
MEANINGS = (*EVENTS, "uncertain", "none")
_FACTS = "alteration_facts.tsv"


@dataclass(frozen=True)
class Predictor:
    """A predictor of what a missense variant does: from which value on it is taken for harmful, and who says so."""

    pattern: re.Pattern[str]
    harmful: float
    words: str


_PREDICTORS = (
    Predictor(
        re.compile(r"alpha[ _]?missense|^am_", re.IGNORECASE), 0.564, "AlphaMissense, likely pathogenic from 0.564"
    ),
    Predictor(re.compile(r"revel", re.IGNORECASE), 0.773, "REVEL, moderate evidence from 0.773"),
)
_CLASSES = re.compile(r"clin|am_class|sig", re.IGNORECASE)


def predictor_named(column: str) -> Predictor | None:
    """The predictor that a column is of; None for one of classes (ClinVar, AlphaMissense's own).

    Raises
    ------
    InputError
        If no published threshold is known for it.
    """
    if _CLASSES.search(column):
        return None
    found = next((one for one in _PREDICTORS if one.pattern.search(column)), None)
    if found is None:
        raise InputError(
            f"no published threshold is known for the predictor {column!r}: name a column of AlphaMissense, REVEL or "
            "ClinVar's class (predictor=), or leave it out"
        )
    return found


_BY_KIND = {
    ("gain", "amplified"): ("amplified", "high-level amplification"),
    ("gain", ""): ("none", "a low gain is no amplification"),
    ("loss", "deep deletion"): ("deleted", "deep deletion"),
    ("loss", ""): ("none", "a loss of one copy is no deep deletion"),
    ("fusion", ""): ("fused", "fusion"),
    ("MSI", "unstable"): ("known", "microsatellite instability"),
    ("MSI", ""): ("none", "microsatellites are stable"),
    ("TMB", ""): ("known", "mutational burden as told"),
    ("receptor", ""): ("known", "receptor as told"),
}


def meaning(row: Mapping[Any, Any], predictor: str | None) -> tuple[str, str]:
    """What one variant is, one of ``MEANINGS``, and why.

    Parameters
    ----------
    row
        ``gene``, ``kind``, ``change``, ``effect``, ``told``, ``prediction``, ``note``.
    predictor
        Column that ``prediction`` was read from.
    """
    if row["note"]:
        return "uncertain", row["note"]
    told = _BY_KIND.get((row["kind"], row["effect"])) or _BY_KIND.get((row["kind"], ""))
    if told is not None:
        return told
    return _mutation(row, predictor)


def _mutation(row: Mapping[Any, Any], predictor: str | None) -> tuple[str, str]:
    gene, effect, change = row["gene"], row["effect"], row["change"]
    if effect in NONCODING:
        return "none", f"{effect}: the protein is as it was"
    if row["told"] == "benign":
        return "none", "benign, as told"
    if row["told"] == "uncertain":
        return "uncertain", "of uncertain significance, as told"
    if fact := known_change(gene, change):
        return "known", fact
    read = protein_change(change)
    count = recurrent().get((gene, read.residue)) if read is not None and effect in ("missense", "splice") else None
    if count:
        return "recurrent", f"{read.residue if read else change} is altered in {count} of 24,592 tumours"
    if row["told"] == "pathogenic":
        return "told", "pathogenic, as told"
    if effect in TRUNCATING:
        if gene in suppressors():
            return "truncating", f"{effect} in a tumour suppressor"
        return "uncertain", f"{effect}, and the gene is no known tumour suppressor"
    if effect == "unspecified":
        return "told", "a mutation as told, which one is not said"
    harmful, why = predicted(row["prediction"], predictor)
    if harmful:
        return "predicted", why
    return "uncertain", why or ("which effect it has is not known" if not effect else f"{effect}, not known to recur")


def predicted(value: str, predictor: str | None) -> tuple[bool, str]:
    """Whether a predictor takes a variant for harmful, and its words; empty words where it says nothing."""
    if predictor is None or value in ("", "nan", "None", ".", "-"):
        return False, ""
    known = predictor_named(predictor)
    if known is None:
        word = value.replace("_", " ").strip()
        clear = re.search(r"pathogenic", word, re.IGNORECASE) and not re.search(
            r"conflict|uncertain|benign", word, re.IGNORECASE
        )
        return bool(clear), f"{predictor}: {word}"
    numbers = [float(part) for part in re.findall(r"\d*\.?\d+(?:[eE]-?\d+)?", value)]
    if not numbers:
        return False, ""
    return max(numbers) >= known.harmful, f"{max(numbers):g} ({known.words})"


@cache
def recurrent() -> dict[tuple[str, str], int]:
    """Gene and residue to the number of tumours of 24,592 that have it altered."""
    table = resources.table("recurrent_residues.tsv")
    return {(gene, residue): int(n) for gene, residue, n in table.itertuples(index=False)}


@cache
def suppressors() -> frozenset[str]:
    """Genes whose truncation drives tumours."""
    return frozenset(resources.table("tumour_suppressors.tsv")["gene"])


@cache
def _known_changes() -> dict[tuple[str, str], str]:
    """Gene and change, or residue, to the words of a published fact that names it."""
    try:
        table = resources.table(_FACTS).fillna("")
    except MissingFileError:
        return {}
    found = {}
    for row in table.to_dict("records"):
        for part in str(row.get("variant", "")).split(";"):
            if part.strip():
                found[row["gene"], part.strip()] = f"{part.strip()}: {row['effect']} to {row['drug']} is published"
    return found


def known_change(gene: str, change: str) -> str:
    """Words of a published fact that names the change or its residue; empty where none does."""
    read, facts = protein_change(change), _known_changes()
    forms = [change, *([read.short, read.residue] if read is not None and read.kind != "silent" else [])]
    return next((facts[gene, form] for form in forms if (gene, form) in facts), "")
