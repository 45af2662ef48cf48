"""One door for alterations of tumours, whatever file or words they come in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.paths import existing, means_file
from omics_rx.harmonize.symbols import current_symbols
from omics_rx.io.alterations import maf
from omics_rx.io.alterations.copy_number import is_copy_number, read_copy_number
from omics_rx.io.alterations.events import event_name, event_table
from omics_rx.io.alterations.found import Found
from omics_rx.io.alterations.meaning import meaning, predictor_named
from omics_rx.io.alterations.tested import Panel, looked_at
from omics_rx.io.alterations.value import COLUMNS, Alterations
from omics_rx.io.alterations.vcf import read_vcf
from omics_rx.io.alterations.words import HELP, read_words
from omics_rx.io.files import kind, text_lines
from omics_rx.io.said import Aloud, say_aloud
from omics_rx.io.source_table import likeliest_delimiter, squeezed, whole_table

_N_PROBE = 200  # lines
HYPERMUTATED = 300  # coding changes, about 10 a megabase of an exome
_GENOME_WIDE = ("MSI", "TMB")


@in_words
def read_alterations(
    source: Any,
    *,
    sample: str | None = None,
    panel: Panel = None,
    samples: Sequence[str] | None = None,
    origin: str | None = None,
    predictor: str | None = None,
) -> Alterations:
    """Read alterations of tumours: MAF, thresholded copy number, an annotated VCF, or people's words.

    Which of them a file is, is told by its content. Genes come to their current symbols, protein changes to one letter
    a residue. What each variant is stands in ``variants`` with the reason: silent and intronic variants are no events,
    nor are low gains; what is of uncertain significance is listed and moves nothing.

    Parameters
    ----------
    source
        A path or frame; several of them in a list (a MAF and the copy numbers of the same samples). In words: a table
        with a column of samples and one of alterations, a mapping of sample to words, or a list of words of one
        ``sample``.
    sample
        The patient whose alterations these are, where the source does not name her; of a VCF the tumour's column.
    panel
        Genes that were sequenced: their names (in a list or one text), a file of one a line, or ``"exome"`` for all. A
        gene of the panel without a variant was looked at and is not mutated; without a panel it is not known whether
        it was looked at, and its event is missing. The genes of a table of copy numbers were looked at.
    samples
        All samples that were sequenced; those without a variant are in no MAF.
    origin
        ``"somatic"`` or ``"germline"`` for variants of which the file does not tell; a germline variant makes
        ``BRCA1_germline``, apart from ``BRCA1_mut``.
    predictor
        Column (of a VCF: field) of AlphaMissense, REVEL or ClinVar's class, which decides what facts, residues and
        truncation leave open.

    Returns
    -------
    Alterations
        Events, variants with their meaning, and what was decided; ``onto(cohort)`` brings them to a cohort.

    Raises
    ------
    MissingFileError, IntegrityError
        If a file is not there or damaged.
    InputError
        If it is none of these, has no protein changes, unknown genes for the most part, a sample twice, or words that
        are not understood.

    References
    ----------
    See :mod:`omics_rx.io.alterations.meaning`.

    Examples
    --------
    >>> found = read_alterations(["PIK3CA p.His1047Arg", "HER2 amplification", "TP53 wild type"], sample="P7")
    >>> found.events.loc["P7"].to_dict()
    {'PIK3CA_mut': 1.0, 'ERBB2_gain': 1.0, 'TP53_mut': 0.0}
    """
    if origin not in (None, "somatic", "germline"):
        raise InputError(f"origin is {origin!r}: 'somatic', 'germline' or None")
    if predictor is not None:
        predictor_named(predictor)
    parts = [_one(one, sample, origin, predictor) for one in _sources(source)]
    found = _together(parts)
    if not found.samples:
        raise InputError("no alterations of any sample were read: the source is empty")
    said = list(found.said)
    variants = _named(found.variants, said)
    if origin is not None:
        untold = (variants["origin"] == "") & (variants["kind"] == "mutation")
        variants.loc[untold, "origin"] = origin
    variants = _once(variants, said)
    told = [meaning(row, predictor) for row in variants.to_dict("records")]
    variants["is"], variants["why"] = [one for one, _ in told], [why for _, why in told]
    variants["event"] = [event_name(row) if row["is"] != "none" else "" for row in variants.to_dict("records")]
    everyone = list(dict.fromkeys([*map(str, samples or ()), *found.samples]))
    tested = looked_at(found, everyone, panel, origin, said)
    # the event of a stable or wild-type call is 0 by what was tested; a variant that is none leaves it as it was
    _hypermutated(variants, said)
    say_aloud(said)
    return Alterations(
        event_table(variants, everyone, tested), variants[list(COLUMNS)].reset_index(drop=True), tuple(said)
    )


def _sources(source: Any) -> list[Any]:
    """Each file, frame, mapping or list of words among what was given."""
    if isinstance(source, (str, Path, pd.DataFrame, Mapping)):
        return [source]
    if not isinstance(source, Iterable):
        raise InputError(f"alterations are given as a {type(source).__name__}: give a path, a frame, words or a list")
    given = list(source)
    if not given:
        raise InputError(f"no alterations are given: {HELP}")
    if all(isinstance(one, str) and not means_file(one) for one in given):
        return [given]
    return given


def _one(source: Any, sample: str | None, origin: str | None, predictor: str | None) -> Found:
    if isinstance(source, str) and not means_file(source):
        source = [source]
    if isinstance(source, Mapping):
        pairs = [
            (str(name), str(word)) for name, own in source.items() for word in ([own] if isinstance(own, str) else own)
        ]
        return read_words(pairs, "the mapping")
    if isinstance(source, list):
        if sample is None:
            raise InputError("words are given without whose they are: tell sample=, or give {sample: words}")
        return read_words([(sample, str(word)) for word in source], "the words")
    if isinstance(source, pd.DataFrame):
        return _table(source, [str(name) for name in source.columns], sample, predictor)
    file = existing(source)
    if kind(file) != "text":
        table = whole_table(file)
        return _table(table, list(table.columns), sample, predictor)
    with text_lines(file) as lines:
        start = [line.decode("utf-8", "replace") for _, line in islice(lines, _N_PROBE)]
    if start and start[0].startswith("##fileformat=VCF"):
        return read_vcf(file, sample=sample, origin=origin, predictor=predictor)
    body = [line for line in start if line.strip() and not line.startswith("#")]
    if not body:
        raise InputError(f"{file} holds comments and no alterations: {HELP}")
    mark = likeliest_delimiter(body[0].encode())
    header = [name.strip().strip('"') for name in body[0].split(mark)]
    if not _headed(header):
        return _lines(body, mark, file, sample)
    commented = any(line.startswith("#") for line in start)
    return _table(file, header, sample, predictor, commented=commented)


_WORDS = ("alteration", "alterations", "variant", "variants", "event", "events", "biomarker", "finding", "mutation")
_WHO = ("sample", "patient", "sample_id", "patient_id", "case", "case_id", "id", "subject")


def _has(header: Iterable[object], names: Iterable[str]) -> bool:
    return bool({squeezed(name) for name in header} & {squeezed(name) for name in names})


def _headed(header: list[str]) -> bool:
    return _has(header, (*maf.SAMPLE, *maf.GENE, *_WORDS, *_WHO)) or is_copy_number(header)


def _table(
    source: Any, header: list[str], sample: str | None, predictor: str | None, *, commented: bool = False
) -> Found:
    """A table under a header: copy numbers, mutations, or words."""
    has_sample, has_gene = _has(header, maf.SAMPLE), _has(header, maf.GENE)
    mutations = _has(header, (*maf.PROTEIN, "Variant_Classification", "Consequence"))
    if is_copy_number(header) and not mutations:
        return read_copy_number(source)
    table = whole_table(source, comments=True) if commented else source
    if has_gene and (mutations or has_sample) and not _has(header, _WORDS[:2]):
        return maf.read_maf(_with_sample(table, sample, has_sample=has_sample), predictor)
    return _word_table(table, sample)


def _with_sample(source: Any, sample: str | None, *, has_sample: bool) -> Any:
    if has_sample:
        return source
    if sample is None:
        raise InputError(f"the table of mutations names no sample ({maf.SAMPLE[0]}): tell whose they are (sample=)")
    return whole_table(source).assign(**{maf.SAMPLE[0]: sample})


def _word_table(source: Any, sample: str | None) -> Found:
    table = whole_table(source)
    label = table.attrs["source"]
    table = table.astype(object).where(table.notna(), "")
    by = {squeezed(name): name for name in reversed(table.columns)}
    words, gene, who = (
        next((by[squeezed(name)] for name in names if squeezed(name) in by), None) for names in (_WORDS, maf.GENE, _WHO)
    )
    if words is None and gene is None:
        raise InputError(f"{label} has no column of alterations (it has {examples(table.columns, 8)}): {HELP}")
    if who is None and sample is None:
        raise InputError(f"{label} has no column of samples: add one called sample, or tell sample=")
    text = table[words] if words is not None else pd.Series("", index=table.index)
    if gene is not None and gene != words:
        text = table[gene].astype(str) + " " + text.astype(str)
    for name in ("origin", "significance", "status"):
        if name in by:
            text = text.astype(str) + " " + table[by[name]].astype(str)
    names = table[who].astype(str).str.strip() if who is not None else pd.Series(sample, index=table.index)
    pairs = [(str(name), str(word).strip()) for name, word in zip(names, text, strict=True) if str(word).strip()]
    return read_words(pairs, label)


def _lines(body: list[str], mark: str, file: Path, sample: str | None) -> Found:
    """Lines without a header: words, or a sample and words."""
    pairs = []
    for line in body:
        first, _, rest = line.strip().partition(mark)
        if rest:
            pairs.append((first.strip(), rest.strip()))
        elif sample is not None:
            pairs.append((sample, first.strip()))
        else:
            raise InputError(f"{file} names no sample: put it before the words and a tab, or tell sample=")
    return read_words(pairs, str(file))


def _together(parts: list[Found]) -> Found:
    """Several sources as one; two of one kind may not speak of one sample."""
    seen: dict[tuple[str, str], int] = {}
    for place, part in enumerate(parts):
        for name in part.samples:
            if seen.setdefault((name, part.form), place) != place:
                raise InputError(f"{name} stands in two of the sources of {part.form}: is it one sample called twice? "
                                 "Keep one, or name them apart")  # fmt: skip
    tested: dict[str, dict[str, frozenset[str]]] = {}
    for part in parts:
        for name, kinds in part.tested.items():
            own = tested.setdefault(name, {})
            for what, genes in kinds.items():
                own[what] = own[what] | genes if what in own else genes
    variants = pd.concat([part.variants for part in parts], ignore_index=True)
    samples = list(dict.fromkeys(name for part in parts for name in part.samples))
    return Found(variants, samples, tested, [one for part in parts for one in part.said])


def _named(variants: pd.DataFrame, said: list[str]) -> pd.DataFrame:
    """Variants under current symbols; of unknown genes none is kept where most are known."""
    table = variants.copy()
    genes = table["gene"][~table["gene"].isin(_GENOME_WIDE)]
    found = current_symbols(genes.unique())
    unknown = found.index[found["status"].isin(("unknown", "ambiguous"))]
    if len(found) and len(unknown) * 2 > len(found):
        raise InputError(f"{len(unknown)} of {len(found)} genes are no human genes ({examples(unknown)}): give "
                         "symbols, Entrez or Ensembl ids of human genes")  # fmt: skip
    if len(unknown):
        said.append(Aloud(f"{len(unknown)} genes are not known ({examples(unknown)}): their variants are left out"))
    renamed = found[found["status"] == "renamed"]
    if len(renamed):
        shown = examples(f"{old} is {new}" for old, new in renamed["symbol"].items())
        said.append(f"{len(renamed)} genes are renamed ({shown})")
    symbols = {gene: symbol for gene, symbol in found["symbol"].items() if isinstance(symbol, str)}
    table["gene"] = [symbols.get(gene, gene) for gene in table["gene"]]
    return table[~table["gene"].isin(set(unknown))].reset_index(drop=True)


def _once(variants: pd.DataFrame, said: list[str]) -> pd.DataFrame:
    key = ["sample", "gene", "kind", "change", "effect", "origin"]
    again = variants.duplicated(key)
    if again.any():
        said.append(f"{int(again.sum())} variants stand twice in their sample and count once")
    return variants[~again].reset_index(drop=True)


def _hypermutated(variants: pd.DataFrame, said: list[str]) -> None:
    coding = variants[(variants["kind"] == "mutation") & variants["effect"].isin(maf.ALTERING)]
    for name, count in coding["sample"].value_counts().items():
        if count >= HYPERMUTATED:
            unstable = variants[(variants["sample"] == name) & (variants["kind"] == "MSI")]
            ask = "" if len(unstable) else "; is it microsatellite-unstable? Tell it as 'MSI-high' or 'MSS'"
            said.append(Aloud(f"{name} is hypermutated ({count} coding changes): most are passengers{ask}"))
