"""Which matrix of a cohort is read, and which of its columns are genes: decided here and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import as_cohort, named_layers, no_values, sample_of_values, with_base, with_info
from omics_rx.core.errors import InputError, examples
from omics_rx.core.unit_values import detect_unit
from omics_rx.core.units import MIXED
from omics_rx.harmonize.row_numbers import row_numbers
from omics_rx.harmonize.symbols import gene_index, recognised
from omics_rx.harmonize.units import UnitFinding, detect

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

_NO_LEVELS = ("z", "log2 ratio", "unknown")
_BESIDE = {
    "antibody capture", "crispr guide capture", "multiplexing capture", "antigen capture", "custom", "peaks", "protein",
    "proteins", "adt", "hto", "hashtag", "hashtags", "guide", "guides", "cmo", "antibody", "antibodies", "vdj",
}  # fmt: skip
_YES = ("true", "1", "1.0", "yes")
_TYPE_COLUMNS = ("feature_types", "feature_type", "modality")
_PROTEIN_NAMES = re.compile(
    r"^(?:adt|prot|hto|ab|cite)[_:-].+|.+[_-]TotalSeq[ABCD]?$|.+[:_-](?:AB|ADT|HTO|protein)$|^hashtag[_ -]?\d+.*$",
    re.IGNORECASE,
)
_NO_GENES = re.compile(
    r"^(?:__(?:no_feature|ambiguous|too_low_aQual|not_aligned|alignment_not_unique)"
    r"|N_(?:unmapped|multimapping|noFeature|ambiguous)|ERCC-\d{5}|(?:POS|NEG)_[A-H](?:\(.*\))?)$"
)
_HUMAN = re.compile(r"^(?:GRCh3[78]|hg19|hg38|T2T|b37)(?:[A-Za-z0-9.-]*?_+|[A-Za-z0-9.]*-)(?P<name>.+)$")
_OTHER = re.compile(
    r"^(?P<genome>mm\d{1,2}|GRCm3[89]|rn\d|mRatBN7|GRCz1\d|dm\d|danRer\d+)[A-Za-z0-9.-]*?_+(?P<name>.+)$"
)
_NOT_HUMAN = 0.5
OTHER_GENOME = "share_other_genome"


@dataclass(frozen=True, eq=False)
class Read:
    """What is read of a cohort.

    Attributes
    ----------
    data
        Cohort whose ``X`` is the matrix that was chosen, over genes only.
    place
        Where it stood: ``"X"``, ``"raw"`` or ``"layers['counts']"``.
    found
        Its unit.
    said
        Sentences about what was chosen and left aside.
    """

    data: AnnData
    place: str
    found: UnitFinding
    said: tuple[str, ...]


def read(data: CohortLike, *, counts: bool = False) -> Read:
    """Choose the matrix that a computation can use, and its genes.

    ``X`` is read where it can be: amounts of any unit, logarithms of any base. Where it cannot (scaled values, values
    of no unit, no ``X``) and ``raw`` or a layer can, that one is read: the one with the most genes, ``raw`` before
    layers. A unit that was told is that of ``X``.

    Parameters
    ----------
    data
        Samples x genes.
    counts
        Whether counts alone will do.

    Raises
    ------
    InputError
        If there is no ``X`` and nothing in its place, or no feature is a gene.
    """
    cohort = as_cohort(data, copy=False)
    found = detect(cohort) if cohort.X is not None else UnitFinding("unknown", detected=True, statement="there is no X")
    if _fits(found, counts=counts) or isinstance(data, pd.DataFrame):
        genes, said = genes_only(cohort)
        return Read(genes, "X", found, said)
    others = [(place, other, unit) for place, other, unit in _others(cohort) if _fits(unit, counts=counts)]
    if not others:
        if cohort.X is None:
            raise no_values(cohort)
        genes, said = genes_only(cohort)
        return Read(genes, "X", found, said)
    place, other, unit = max(others, key=lambda one: one[1].n_vars)
    why = "there is no X" if cohort.X is None else f"X holds {_WORDS.get(found.unit, found.unit)}"
    genes, said = genes_only(other)
    chosen = f"read from {place}, for {why}"
    return Read(genes, place, unit, (chosen, *said))


_NAMED_COUNTS = re.compile(r"^layers\['(?!.*(norm|log|scal|cpm|tpm))\w*counts?'\]$", re.IGNORECASE)
_WORDS = {"z": "scaled values", "log2 ratio": "scaled or centred values", "unknown": "values of no known unit"}


def _fits(found: UnitFinding, *, counts: bool) -> bool:
    if counts:
        return found.unit == "counts"
    return found.unit == MIXED or not found.detected or found.unit not in _NO_LEVELS


def _others(cohort: AnnData) -> list[tuple[str, AnnData, UnitFinding]]:
    """Each matrix beside X as a cohort of its own, with its unit."""
    from anndata import AnnData

    found = []
    if cohort.raw is not None:
        raw = cohort.raw
        found.append(("raw", AnnData(_in_memory(raw.X), obs=cohort.obs.copy(), var=raw.var.copy())))
    for name, values in named_layers(cohort).items():
        found.append((f"layers[{name!r}]", AnnData(_in_memory(values), obs=cohort.obs.copy(), var=cohort.var.copy())))
    told = []
    for place, other in found:
        other.uns, other.obsm = dict(cohort.uns), {name: cohort.obsm[name] for name in cohort.obsm}
        unit = with_base(detect_unit(sample_of_values(other.X)), cohort)
        said = f"the values of {place} look like {unit}"
        if unit in ("linear expression", "unknown") and _NAMED_COUNTS.search(place) and _not_negative(other.X):
            unit, said = "counts", f"{place} holds counts by its name, though not whole ones"
        known = with_info(other, unit=unit if unit != MIXED else "unknown")
        told.append((place, known, UnitFinding(unit, detected=True, statement=said)))
    return told


def _not_negative(values: Any) -> bool:
    shown = sample_of_values(values)
    return bool(np.isfinite(shown).all() and (shown >= 0).all())


def _in_memory(values: Any) -> Any:
    """Matrix in memory, where it is one on disk."""
    if hasattr(values, "to_memory"):
        return values.to_memory()
    return values[()] if type(values).__module__.startswith("h5py") else values


def genes_only(cohort: AnnData) -> tuple[AnnData, tuple[str, ...]]:
    """Cohort over its human genes, and sentences about what was set aside.

    Proteins, hashtags and guides, told by ``var["feature_types"]`` or by their names, go to ``obsm``; rows that no gene
    has (htseq's and STAR's summaries, spike-ins, controls) and genes that ``var["feature_is_filtered"]`` marks as not
    measured are left out. Of two genomes in one matrix the human one stays, under plain names, and ``obs`` tells each
    cell's share of the other. A cohort of genes alone is returned as it is.

    Raises
    ------
    InputError
        If no feature is a gene, or row numbers stand in place of names.
    """
    names = pd.Index(cohort.var_names.astype(str))
    _refuse_row_numbers(cohort, names)
    kinds = _kinds(cohort, names)
    if not (kinds == "").any():
        raise InputError(
            f"none of the {len(names)} features is a gene (they are {examples(pd.unique(kinds))}): pass expression"
        )
    if (kinds == "").all():
        return cohort, ()
    said = []
    kept = np.flatnonzero(kinds == "")
    genes = _taken(cohort, kept)
    for kind in pd.unique(kinds[kinds != ""]):
        where = np.flatnonzero(kinds == kind)
        said.append(_set_aside(cohort, genes, kind, where, names))
    genes.var_names = pd.Index(_plain_names(names[kept], names[np.isin(kinds, list(_asides(kinds)))]), dtype=object)
    return genes, tuple(said)


def _taken(cohort: AnnData, columns: np.ndarray) -> AnnData:
    part = cohort[:, columns]
    return part.to_memory() if cohort.isbacked else part.copy()


def _asides(kinds: np.ndarray) -> set[str]:
    return {kind for kind in pd.unique(kinds) if kind and not kind.startswith(("no gene", "other genome", "filtered"))}


def _kinds(cohort: AnnData, names: pd.Index) -> np.ndarray:
    """What each feature is; empty for a (human) gene, shape ``(p,)``."""
    kinds = np.full(len(names), "", dtype=object)
    for column in _TYPE_COLUMNS:
        if column in cohort.var:
            told = cohort.var[column].astype(str)
            beside = told.str.casefold().isin(_BESIDE).to_numpy()
            kinds[beside] = told.to_numpy()[beside]
            break
    by_name = np.array([bool(_PROTEIN_NAMES.match(name)) and name not in gene_index().current for name in names])
    if 0 < by_name.sum() <= len(names) / 2:
        kinds[by_name & (kinds == "")] = "Antibody Capture"
    kinds[[bool(_NO_GENES.match(name)) for name in names]] = "no gene"
    other = [_OTHER.match(name) for name in names]
    if any(other) and any(_HUMAN.match(name) for name in names):
        for place, match in enumerate(other):
            if match:
                kinds[place] = f"other genome {match['genome']}"
    if "feature_is_filtered" in cohort.var:
        filtered = cohort.var["feature_is_filtered"].astype(str).str.casefold().isin(_YES).to_numpy()
        if not filtered.all():
            kinds[filtered & (kinds == "")] = "filtered"
    return kinds


def _plain_names(names: pd.Index, beside: pd.Index) -> list[str]:
    """Names without a genome in front, and without the number that a protein of the same name made necessary."""
    plain = [found["name"] if (found := _HUMAN.match(name)) else name for name in names]
    taken, proteins = set(plain), set(beside)
    stripped = []
    for name in plain:
        base = name.rpartition("-")[0]
        stripped.append(base if name.endswith("-1") and base in proteins and base not in taken else name)
    return stripped


def _set_aside(cohort: AnnData, genes: AnnData, kind: str, where: np.ndarray, names: pd.Index) -> str:
    """Put features of one kind where they belong, and say it."""
    shown = f"{len(where)} features ({examples(names[where], 3)})"
    if kind == "no gene":
        return f"{shown} are no genes and were left out"
    if kind == "filtered":
        return f"{shown} are marked as not measured (feature_is_filtered) and count as missing"
    part: Any = cohort[:, where]
    part = part.to_memory().X if cohort.isbacked else part.X
    if kind.startswith("other genome"):
        share = _share(part, genes.X)
        genes.obs[OTHER_GENOME] = share
        foreign = genes.obs_names[share > _NOT_HUMAN]
        told = f"; {len(foreign)} of {len(share)} cells are not human ({examples(foreign, 3)})" if len(foreign) else ""
        genome = kind.rsplit(maxsplit=1)[-1]
        return f"{shown} are of another genome ({genome}): their share is in obs[{OTHER_GENOME!r}]{told}"
    place = re.sub(r"\W+", "_", kind).lower()
    values = part.toarray() if hasattr(part, "toarray") else np.asarray(part)
    if place not in genes.obsm:
        genes.obsm[place] = pd.DataFrame(values, index=genes.obs_names, columns=pd.Index(names[where], dtype=object))
    return f"{shown} of type {kind!r} are no genes: they are in obsm[{place!r}]"


def _share(other: Any, own: Any) -> np.ndarray:
    beside, here = np.asarray(other.sum(axis=1)).ravel(), np.asarray(own.sum(axis=1)).ravel()
    with np.errstate(invalid="ignore", divide="ignore"):
        share: np.ndarray = np.where(beside + here > 0, beside / (beside + here), np.nan)
    return share


@in_words
def only_human(cells: AnnData, *, most_other: float = 0.1) -> AnnData:
    """Cells of a matrix of two genomes that are human: their share of the other genome is at most ``most_other``.

    Raises
    ------
    InputError
        If the cells have no second genome, or none is human.
    """
    genes, _ = genes_only(cells)
    if OTHER_GENOME not in genes.obs:
        raise InputError("these cells have one genome: there is nothing to leave out")
    human = genes.obs[OTHER_GENOME].to_numpy() <= most_other
    if not human.any():
        raise InputError(
            f"none of {len(human)} cells has {most_other:.0%} or less of the other genome: raise most_other"
        )
    return genes[human].copy()


def _refuse_row_numbers(cohort: AnnData, names: pd.Index) -> None:
    why = row_numbers(list(names))
    if not why:
        return
    columns = [
        str(column)
        for column in cohort.var
        if not pd.api.types.is_numeric_dtype(cohort.var[column]) and recognised(cohort.var[column].head(500)) > 0.5
    ]
    where = f"var[{columns[0]!r}] holds names of genes: make them var_names" if columns else "name the columns by genes"
    raise InputError(
        f"the genes are named by numbers ({examples(names)}), and {why}: they are row numbers, not Entrez ids; {where}"
    )
