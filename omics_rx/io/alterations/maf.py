"""Mutations in MAF: of the GDC, cBioPortal's ``data_mutations.txt`` and DepMap's ``OmicsSomaticMutations.csv``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.protein_changes import ProteinChange, protein_change
from omics_rx.io.alterations.found import Found, rows
from omics_rx.io.said import Aloud
from omics_rx.io.source_table import Source, read_columns

SAMPLE = ("Tumor_Sample_Barcode", "ModelID", "DepMap_ID", "Sample ID", "SampleID", "sample")
GENE = ("Hugo_Symbol", "HugoSymbol", "Gene_Symbol", "SYMBOL", "gene")
PROTEIN = ("HGVSp_Short", "HGVSp", "ProteinChange", "Protein_Change", "Amino_Acid_Change", "AAChange",
           "protein_change")  # fmt: skip
_CLASS = ("Variant_Classification", "VariantInfo", "MolecularConsequence", "Consequence", "effect")
_OPTIONAL = {
    "class": _CLASS, "build": ("NCBI_Build", "genome_build"), "status": ("Mutation_Status", "origin"),
    "vaf": ("AF", "t_vaf", "VAF"), "entrez": ("Entrez_Gene_Id",), "hgvsc": ("HGVSc", "DNAChange"),
    "normal": ("Matched_Norm_Sample_Barcode",),
}  # fmt: skip
_CLASSES = {
    "missensemutation": "missense", "missense": "missense", "missensevariant": "missense",
    "nonsensemutation": "nonsense", "nonsense": "nonsense", "stopgained": "nonsense",
    "frameshiftdel": "frameshift", "frameshiftins": "frameshift", "frameshift": "frameshift",
    "frameshiftvariant": "frameshift", "splicesite": "splice", "spliceacceptorvariant": "splice",
    "splicedonorvariant": "splice", "inframedel": "inframe", "inframeins": "inframe", "inframeinsertion": "inframe",
    "inframedeletion": "inframe", "disruptiveinframedeletion": "inframe", "disruptiveinframeinsertion": "inframe",
    "conservativeinframedeletion": "inframe", "conservativeinframeinsertion": "inframe",
    "translationstartsite": "start lost", "startlost": "start lost", "startcodonsnp": "start lost",
    "startcodondel": "start lost", "startcodonins": "start lost", "denovostartinframe": "other",
    "denovostartoutofframe": "other", "nonstopmutation": "stop lost", "stoplost": "stop lost",
    "proteinalteringvariant": "inframe",
    "silent": "silent", "synonymousvariant": "silent", "synonymous": "silent", "stopretainedvariant": "silent",
    "intron": "intron", "intronvariant": "intron", "spliceregion": "splice region",
    "spliceregionvariant": "splice region", "3utr": "UTR", "5utr": "UTR", "3primeutrvariant": "UTR",
    "5primeutrvariant": "UTR", "3flank": "flank", "5flank": "flank", "upstreamgenevariant": "flank",
    "downstreamgenevariant": "flank", "igr": "intergenic", "intergenicvariant": "intergenic",
    "intergenicregion": "intergenic", "rna": "RNA", "lincrna": "RNA", "noncodingtranscriptexonvariant": "RNA",
    "noncodingtranscriptvariant": "RNA", "noncodingexonvariant": "RNA", "targetedregion": "other",
    "fusion": "fusion", "structuralvariant": "fusion",
}  # fmt: skip
# from the gravest to what is not known
GRAVITY = ("nonsense", "frameshift", "splice", "start lost", "stop lost", "inframe", "missense", "fusion",
           "splice region", "silent", "UTR", "intron", "flank", "RNA", "intergenic", "other", "")  # fmt: skip
ALTERING = ("missense", "nonsense", "frameshift", "splice", "inframe", "start lost", "stop lost")


@lru_cache(maxsize=4_096)
def effect_of(told: object) -> str:
    """Our word for a consequence as MAF, VEP or SnpEff names it; of several the gravest; empty where none is known.

    Examples
    --------
    >>> effect_of("Missense_Mutation"), effect_of("splice_region_variant&intron_variant"), effect_of("5'UTR")
    ('missense', 'splice region', 'UTR')
    """
    words = [re.sub(r"[^a-z0-9]", "", word.lower()) for word in re.split(r"[&,;|]", "" if told is None else str(told))]
    known = [_CLASSES[word] for word in words if word in _CLASSES]
    return min(known, key=GRAVITY.index) if known else ""


def effect_with(change: ProteinChange | None, told: object) -> str:
    """Effect of a variant by its protein change and its consequence as the file names it, in every format alike."""
    effect = effect_of(told)
    if change is None or effect not in ("", "missense", "other", "splice region"):
        return effect
    return effect if effect == "splice region" and change.kind == "silent" else change.kind


def read_maf(source: Source, predictor: str | None) -> Found:
    """Read mutations, one row a variant.

    Raises
    ------
    InputError
        If columns are missing, no protein change is there at all, or the predictor's column is not.
    """
    optional = {**_OPTIONAL, "protein": PROTEIN}
    if predictor is not None:
        optional["prediction"] = (predictor,)
    table = read_columns(source, {"sample": SAMPLE, "gene": GENE}, optional, what="a table of mutations (MAF)")
    label = table.attrs["source"]
    if predictor is not None and "prediction" not in table:
        raise InputError(f"{label} has no column {predictor!r} (predictor=): name a column that it has")
    table = table.astype(object).where(table.notna(), "")
    _check(table, label)
    said: list[str] = []
    if "build" in table:
        said += _builds(table["build"], label)
    made = [_row(row) for row in table.to_dict("records")]
    unclear = sum(not row["effect"] for row in made)
    if unclear:
        said.append(Aloud(f"{unclear} mutations of {label} have a consequence that is not known: they are no events"))
    return Found(rows(made), list(dict.fromkeys(row["sample"] for row in made)), said=said)


def _check(table: pd.DataFrame, label: str) -> None:
    nameless = (table["sample"].astype(str).str.strip() == "").sum()
    if nameless:
        raise InputError(f"{label}: {nameless} mutations have no sample: fill its column, or leave them out")
    protein = table["protein"] if "protein" in table else pd.Series("", index=table.index)
    classes = table["class"] if "class" in table else pd.Series("", index=table.index)
    altering = classes.map(effect_of).isin(("missense", "inframe")) | ("class" not in table)
    if not protein[altering].map(lambda text: protein_change(text) is not None).any() and altering.any():
        shown = f" (its column holds {examples(protein[altering].unique(), 3)})" if "protein" in table else ""
        raise InputError(
            f"{label} tells no protein change of its {int(altering.sum())} mutations that could have one{shown}: "
            f"annotate it (VEP, vcf2maf, SnpEff, Genome Nexus) so that it has {PROTEIN[0]}"
        )


def _builds(column: pd.Series, label: str) -> list[str]:
    named = column.astype(str).str.lower().map({"37": "GRCh37", "grch37": "GRCh37", "hg19": "GRCh37", "38": "GRCh38",
                                                "grch38": "GRCh38", "hg38": "GRCh38"})  # fmt: skip
    counts = named.value_counts()
    if len(counts) < 2:
        return []
    told = " and ".join(f"{count} {name}" for name, count in counts.items())
    return [Aloud(f"{label} mixes genome builds ({told}): events go by gene and protein change, which no build moves; "
                  "check that no sample was called twice")]  # fmt: skip


def _row(row: Mapping[Any, Any]) -> dict[str, str]:
    change = protein_change(row.get("protein"))
    effect = effect_with(change, row.get("class"))
    status = str(row.get("status", "")).casefold()
    origin = "germline" if "germline" in status else "somatic" if status and "unknown" not in status else ""
    made = {
        "sample": str(row["sample"]).strip(), "gene": str(row["gene"]).strip(), "kind": "mutation",
        "change": change.short if change is not None else str(row.get("protein", "")).strip(), "effect": effect,
        "origin": origin, "prediction": str(row.get("prediction", "")).strip(),
    }  # fmt: skip
    if effect == "fusion":
        made |= {"kind": "fusion", "change": str(row.get("protein", "")).strip()}
    return made
