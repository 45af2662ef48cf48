"""Variants in VCF, annotated by VEP (``CSQ``) or SnpEff (``ANN``).

Only what an alteration needs is read: the filter, the annotation and whether a sample carries the allele. It is read
here as text, since the libraries around htslib bring no wheel for every platform that this package runs on.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from omics_rx.core.errors import InputError, examples
from omics_rx.core.paths import existing
from omics_rx.harmonize.protein_changes import protein_change
from omics_rx.io.alterations.found import Found, rows
from omics_rx.io.alterations.maf import GRAVITY, effect_of, effect_with
from omics_rx.io.files import text_lines
from omics_rx.io.said import Aloud

_SNPEFF = ("Allele", "Annotation", "Annotation_Impact", "Gene_Name", "Gene_ID", "Feature_Type", "Feature_ID",
           "Transcript_BioType", "Rank", "HGVS.c", "HGVS.p")  # fmt: skip
_NORMAL = re.compile(r"^(?:normal|germline|blood|control|n)$|[-_.](?:normal|blood|n)$", re.IGNORECASE)


def read_vcf(path: Path | str, *, sample: str | None, origin: str | None, predictor: str | None) -> Found:
    """Read the variants of a VCF that passed its filters.

    Parameters
    ----------
    path
        The file, packed or not.
    sample
        Column of the tumour, or its name where the file has none; None takes the only one, or the one that the header
        or the column names tell from its normal.
    origin
        ``"somatic"`` or ``"germline"``; None leaves it untold.
    predictor
        Field of the annotation (VEP's ``am_pathogenicity``, ``REVEL``, ``CLIN_SIG``) or of ``INFO``.

    Raises
    ------
    InputError
        If it is not annotated, several samples could be the tumour, or a line is broken.
    """
    file = existing(path)
    said: list[str] = []
    made: list[dict[str, str]] = []
    fields: dict[str, list[str]] = {}
    told: dict[str, str] = {}
    names: list[str] = []
    chosen: list[tuple[str, int]] = []
    left = 0
    with text_lines(file) as lines:
        for number, line in lines:
            text = line.decode("utf-8", "replace")
            if text.startswith("##"):
                _header(text, fields, told)
                continue
            if text.startswith("#"):
                names = text.rstrip().split("\t")[9:]
                chosen = _tumours(names, told, sample, file)
                if not fields:
                    raise InputError(f"{file} is not annotated (no CSQ of VEP, no ANN of SnpEff in its header): run "
                                     "VEP with --symbol --hgvs, or SnpEff, first")  # fmt: skip
                continue
            if not text.strip():
                continue
            parts = text.rstrip("\n").split("\t")
            if len(parts) < 8 or not chosen:
                raise InputError(f"{file}, line {number}: no line of a VCF (8 fields and a header #CHROM before it)")
            if parts[6] not in ("PASS", ".", ""):
                left += 1
                continue
            made += _variants(parts, fields, chosen, origin=origin, predictor=predictor)
    if not chosen:
        raise InputError(f"{file} has no header #CHROM: copy or download it again")
    if left:
        said.append(f"{left} variants of {file.name} did not pass its filters and are left out")
    skipped = [name for name in names if name not in {name for name, _ in chosen}]
    if skipped:
        said.append(Aloud(f"of the samples of {file.name}, {examples(skipped)} are not read as tumours"))
    if predictor is not None and made and not any(row["prediction"] for row in made):
        raise InputError(f"{file} has no {predictor!r} (predictor=) in its annotation or INFO: it has "
                         f"{examples(next(iter(fields.values())), 12)}")  # fmt: skip
    return Found(rows(made), [name for name, _ in chosen], said=said)


def _header(text: str, fields: dict[str, list[str]], told: dict[str, str]) -> None:
    if found := re.match(r'##INFO=<ID=(CSQ|ANN|BCSQ),.*?Description="(.*)"', text):
        layout = re.search(r"Format:\s*'?([^'\"]+)", found[2])
        named = [name.strip() for name in layout[1].split("|")] if layout else []
        fields[found[1]] = named if len(named) > 3 else list(_SNPEFF) if found[1] == "ANN" else named
    elif found := re.match(r"##(tumor_sample|normal_sample)=(.+)", text.strip()):
        told[found[1]] = found[2].strip()


def _tumours(names: list[str], told: dict[str, str], sample: str | None, file: Path) -> list[tuple[str, int]]:
    """Names and columns of the tumours; column -1 for a file without genotypes."""
    if not names:
        if sample is None:
            raise InputError(f"{file} has no sample columns: tell whose variants these are (sample=)")
        return [(sample, -1)]
    if sample is not None and sample in names:
        return [(sample, names.index(sample))]
    if len(names) == 1:
        return [(sample or names[0], 0)]
    if told.get("tumor_sample") in names:
        place = names.index(told["tumor_sample"])
        return [(sample or names[place], place)]
    tumours = [name for name in names if not _NORMAL.search(name) and name != told.get("normal_sample")]
    if len(tumours) == 1:
        return [(sample or tumours[0], names.index(tumours[0]))]
    if sample is None and len(tumours) == len(names) and len(names) > 2:
        return [(name, place) for place, name in enumerate(names)]
    raise InputError(f"{file} has {len(names)} samples ({examples(names)}) and does not tell the tumour from its "
                     "normal: name the tumour's column (sample=)")  # fmt: skip


def _variants(
    parts: list[str], fields: dict[str, list[str]], chosen: list[tuple[str, int]], *, origin: str | None,
    predictor: str | None,
) -> list[dict[str, str]]:  # fmt: skip
    info = dict(item.split("=", 1) for item in parts[7].split(";") if "=" in item)
    key = next((name for name in ("CSQ", "ANN", "BCSQ") if name in info and name in fields), None)
    if key is None:
        return []
    every = [dict(zip(fields[key], one.split("|"), strict=False)) for one in info[key].split(",")]
    alleles = parts[4].split(",")
    made = []
    for place, allele in enumerate(alleles, start=1):
        own = [one for one in every if _of_allele(one, allele, parts[3], len(alleles))] or (every if len(alleles) == 1
                                                                                          else [])  # fmt: skip
        if not own:
            continue
        best = _best(own)
        for name, column in chosen:
            if column < 0 or _carried(parts, column, place):
                made.append(_row(best, name, origin=origin, prediction=_value(best, info, predictor)))
    return made


def _of_allele(one: dict[str, str], allele: str, reference: str, n: int) -> bool:
    """Whether an annotation speaks of an allele; VEP drops the base that an indel shares with the reference."""
    named = one.get("Allele", "")
    trimmed = allele[1:] or "-" if reference[:1] == allele[:1] else allele
    return n == 1 or named in (allele, trimmed)


def _best(own: list[dict[str, str]]) -> dict[str, str]:
    """The annotation of the transcript that is chosen: picked, MANE, canonical, then the gravest."""

    def order(one: dict[str, str]) -> tuple[bool, bool, bool, bool, int]:
        effect = effect_of(one.get("Consequence") or one.get("Annotation"))
        biotype = one.get("BIOTYPE") or one.get("Transcript_BioType") or "protein_coding"
        return (one.get("PICK") != "1", not one.get("MANE_SELECT"), one.get("CANONICAL") != "YES",
                biotype != "protein_coding", GRAVITY.index(effect))  # fmt: skip

    return min(own, key=order)


def _carried(parts: list[str], column: int, allele: int) -> bool:
    """Whether a sample's genotype holds the allele; a genotype that is not called counts as the file's word for it."""
    if len(parts) < 10 + column:
        return False
    call = dict(zip(parts[8].split(":"), parts[9 + column].split(":"), strict=False)).get("GT")
    if call is None:
        return True
    alleles = re.split(r"[/|]", call)
    return str(allele) in alleles


def _value(best: dict[str, str], info: dict[str, str], predictor: str | None) -> str:
    if predictor is None:
        return ""
    known = {name.casefold(): value for name, value in (*info.items(), *best.items())}
    return known.get(predictor.casefold(), "")


def _row(best: dict[str, str], sample: str, *, origin: str | None, prediction: str) -> dict[str, str]:
    written = unquote(best.get("HGVSp") or best.get("HGVS.p") or "")
    change = protein_change(written)
    if change is None and best.get("Protein_position") and "/" in best.get("Amino_acids", ""):
        first, second = best["Amino_acids"].split("/", 1)
        change = protein_change(f"{first}{best['Protein_position'].split('-')[0].split('/')[0]}{second}")
    effect = effect_with(change, best.get("Consequence") or best.get("Annotation"))
    return {
        "sample": sample, "gene": best.get("SYMBOL") or best.get("Gene_Name") or best.get("Gene", ""),
        "kind": "mutation", "change": change.short if change is not None else written, "effect": effect,
        "origin": origin or "", "prediction": prediction,
    }  # fmt: skip
