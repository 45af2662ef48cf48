"""Tables that hold more than one value of a gene in a sample, or a row for each: brought to genes x samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.io.column_words import Kind, kind_of, plain, split_kind
from omics_rx.io.numbers import as_narrow_as_exact
from omics_rx.io.orientation import ENOUGH, SAMPLE_COLUMN, only_numbered
from omics_rx.io.published import Published
from omics_rx.io.said import Aloud
from omics_rx.io.table import Table

Weight = Callable[[list[str]], float]
_VALUES = frozenset({"value", "values", "expression", "expr", "intensity", "signal", "abundance", "expressionvalue"})
_SAMPLES = frozenset(
    {"sample", "sampleid", "samplename", "patient", "patientid", "subject", "donor", "cell", "cellid", "barcode",
     "cellline", "celllinename", "line", "tissue", "celltype", "case", "run", "individual", "name", "variable"}
)  # fmt: skip
_FILLED = 0.3  # share of the pairs of gene and sample that a long table lists
_MOST_VALUES = 8


def rearranged(table: Table, file: Path, weight: Weight, noun: str) -> Published | None:
    """Genes x samples of a table of another shape, or None where it has this one already.

    One sample's table of several kinds of values (RSEM, StringTie, cufflinks), several kinds for each sample
    (``read_count_P1``, ``P1-UMIs``), and a row for each gene in each sample are told.

    Parameters
    ----------
    table
        As it stands in the file.
    weight
        How much names look like the features, 0 to 1.
    noun
        What a feature is, in the plural.

    Raises
    ------
    InputError
        If it is a long table and columns or rows leave a choice.
    """
    return _long(table, file, weight, noun) or _one_sample(table, file, weight) or _by_sample(table)


def _one_sample(table: Table, file: Path, weight: Weight) -> Published | None:
    """One sample whose columns are kinds of values, such as ``expected_count``, ``TPM`` and ``FPKM``."""
    empty = np.isnan(table.numbers).all(axis=0)
    kinds = {i: kind_of(name) for i, name in enumerate(table.columns) if not empty[i]}
    if not kinds or any(kind is None for kind in kinds.values()) or weight(table.columns) > ENOUGH:
        return None
    known = {i: kind for i, kind in kinds.items() if kind is not None}
    if not any(kind.unit for kind in known.values()) or (
        len(known) == 1 and plain(table.columns[min(known)]) in _VALUES
    ):
        return None
    best = min(known, key=lambda i: known[i].rank)
    sample = _file_stem(file)
    numbers = {table.columns[i]: table.numbers[:, [i]] for i in known}
    others = [table.columns[i] for i in known if i != best]
    said: list[str] = [Aloud(f"one sample, named {sample!r} by its file: its columns are kinds of values, and "
                  f"{table.columns[best]!r} was taken" + (f", not {examples(others)}" if others else ""))]  # fmt: skip
    return _published(table, [sample], known[best], table.columns[best], known, numbers, said)


def _by_sample(table: Table) -> Published | None:
    """Several kinds of values for each sample, in columns that join both names."""
    split = [split_kind(name) for name in table.columns]
    if not split or any(one is None for one in split):
        return None
    pairs = [one for one in split if one is not None]
    samples = list(dict.fromkeys(sample for _, sample in pairs))
    names = list(dict.fromkeys(kind for kind, _ in pairs))
    if len(pairs) != len(samples) * len(names) or len(set(pairs)) != len(pairs) or (len(names) == 1 and len(pairs) < 2):
        return None
    kinds = {name: kind_of(name) or Kind(None) for name in names}
    best = min(kinds, key=lambda name: kinds[name].rank)
    if kinds[best].unit is None:
        return None
    place = {pair: i for i, pair in enumerate(pairs)}
    numbers = {name: table.numbers[:, [place[name, sample] for sample in samples]] for name in names}
    notes = [n for n in table.annotations if (found := split_kind(str(n))) is None or found[1] not in samples]
    kept = replace(table, annotations=table.annotations[notes])
    if len(names) == 1:
        said = [f"the columns are named by sample and {names[0]!r}, which was taken off"]
        known = {0: replace(kinds[best], unit=None)}
        return _published(kept, samples, known[0], best, known, numbers, said)
    others = [name for name in names if name != best]
    shown = f"{best!r} was taken, not {examples(others)}"
    told = [Aloud(f"each of {len(samples)} samples has {len(names)} columns of values: {shown}")]
    return _published(kept, samples, kinds[best], best, dict(enumerate(kinds.values())), numbers, [*told])


def _published(
    table: Table, samples: list[str], kind: Kind, best: str, known: dict[int, Kind], numbers: dict[str, np.ndarray],
    said: list[str],
) -> Published:  # fmt: skip
    """Genes x samples of the kind taken, counts as a layer where another was taken."""
    values = numbers[best].astype(np.float64) * kind.factor
    by_name = dict(zip(numbers, known.values(), strict=True)) if len(numbers) == len(known) else {}
    counts = [name for name, one in by_name.items() if one.unit == "counts" and name != best]
    if kind.unit == "counts":
        counts = []
    layers = {"counts": numbers[counts[0]].astype(np.float64)} if counts else {}
    said = [*said, f"{counts[0]!r} is in layers['counts']"] if counts else said
    told = Table(table.rows, samples, as_narrow_as_exact(values), table.annotations, table.notes)
    unit = kind.unit if kind.unit != "unknown" else None
    return Published(told, pd.DataFrame(index=range(len(samples))), unit, said, layers)


def _file_stem(file: Path) -> str:
    return file.name.split(".")[0] or file.name


def _long(table: Table, file: Path, weight: Weight, noun: str) -> Published | None:
    """A row for each gene in each sample."""
    keys = {str(name): table.annotations[name].astype(str).tolist() for name in table.annotations}
    if not only_numbered(table):
        keys = {"": table.rows, **keys}
    values = list(table.columns)
    for name in [name for name in values if plain(name) in _SAMPLES or SAMPLE_COLUMN.match(name)]:
        column = table.numbers[:, values.index(name)]
        if np.isfinite(column).all() and np.all(column == np.round(column)) and len(values) > 1:
            keys[name] = [str(int(value)) for value in column]
    values = [name for name in values if name not in keys]
    kinds = {name: kind_of(name) for name in values}
    if not keys or not values or len(values) > _MOST_VALUES:
        return None
    if len(values) > 1 and any(kind is None for kind in kinds.values()):
        return None
    gene = _gene_key(keys, weight)
    if gene is None:
        return None
    candidates = _sample_keys(keys, gene)
    unique = [name for name in candidates if not _repeated(keys[gene], keys[name])]
    if not unique:
        named = [name for name in candidates if plain(name) in _SAMPLES]
        if named and len(values) == 1:
            raise InputError(
                f"{file} has a row for each gene in each {named[0]!r}, and several for one of both "
                f"({examples(_repeated(keys[gene], keys[named[0]]))}): keep one row each, or write it genes x samples"
            )
        return None
    apart = [name for name in unique[1:] if not _one_to_one(keys[unique[0]], keys[name])]
    if apart:
        raise InputError(
            f"{file} has a row for each {noun[:-1]} in each sample, and {len(apart) + 1} columns can name the samples "
            f"({examples([unique[0], *apart])}): leave out the others, or write it genes x samples"
        )
    best = min(values, key=lambda name: (kinds[name] or Kind(None)).rank)
    return _pivoted(table, keys, gene, unique[0], best, kinds[best], values)


def _gene_key(keys: dict[str, list[str]], weight: Weight) -> str | None:
    """Column of features that repeat; the one that looks most like features."""
    shares = {name: weight(list(dict.fromkeys(ids))) for name, ids in keys.items() if _repeats(ids)}
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best is not None and shares[best] > ENOUGH else None


def _repeats(ids: list[str]) -> bool:
    return len(set(ids)) * 1.5 <= len(ids)


def _sample_keys(keys: dict[str, list[str]], gene: str) -> list[str]:
    """Columns that can name samples: each stands with many genes, and a gene with several of them."""
    n_genes = len(set(keys[gene]))
    found = []
    for name, ids in keys.items():
        n_here = len(set(ids))
        if name == gene or n_here < 2 or len(ids) < _FILLED * n_genes * n_here or n_here * 1.5 > len(ids):
            continue
        of_gene = pd.Series(ids).groupby(pd.Series(keys[gene])).nunique()
        if of_gene.max() > 1:
            found.append(name)
    return sorted(found, key=lambda name: plain(name) not in _SAMPLES)


def _repeated(genes: list[str], samples: list[str]) -> list[str]:
    pairs = pd.DataFrame({"gene": genes, "sample": samples})
    again = pairs[pairs.duplicated()]
    return [f"{gene} in {sample}" for gene, sample in again.itertuples(index=False)]


def _one_to_one(one: list[str], other: list[str]) -> bool:
    return len(set(zip(one, other, strict=True))) == len(set(one)) == len(set(other))


def _pivoted(
    table: Table, keys: dict[str, list[str]], gene: str, sample: str, best: str, kind: Kind | None, values: list[str]
) -> Published:
    order = pd.unique(np.array(keys[gene], dtype=object))
    samples = pd.unique(np.array(keys[sample], dtype=object))
    row = pd.Series(range(len(order)), index=order)[np.array(keys[gene], dtype=object)].to_numpy()
    column = pd.Series(range(len(samples)), index=samples)[np.array(keys[sample], dtype=object)].to_numpy()
    given = table.numbers[:, table.columns.index(best)].astype(np.float64) * (kind.factor if kind else 1.0)
    counts = bool(np.all(given == np.round(given))) and not bool((given == 0).any())
    numbers = np.full((len(order), len(samples)), 0.0 if counts else np.nan)
    numbers[row, column] = given
    absent = numbers.size - len(given)
    taken = f", and {best!r} was taken, not {examples([v for v in values if v != best])}" if len(values) > 1 else ""
    shape = f"{len(order)} genes x {len(samples)} samples{taken}"
    said: list[str] = [Aloud(f"a row for each gene in each {sample or 'sample'}, brought to {shape}")]
    if absent:
        what = "0, for no zero is listed" if counts else "missing"
        said.append(Aloud(f"{absent} pairs of gene and sample are not listed: taken as {what}"))
    notes = _gene_notes(keys, gene, sample, list(order))
    told = Table(list(order), list(samples), as_narrow_as_exact(numbers), notes, table.notes)
    unit = kind.unit if kind and kind.unit != "unknown" else None
    return Published(told, pd.DataFrame(index=range(len(samples))), unit, said)


def _gene_notes(keys: dict[str, list[str]], gene: str, sample: str, order: list[str]) -> pd.DataFrame:
    """Columns that say one thing of each gene, such as its name beside its id."""
    frame = pd.DataFrame({name: ids for name, ids in keys.items() if name not in {gene, sample}}, dtype=object)
    if frame.empty:
        return pd.DataFrame(index=range(len(order)))
    groups = frame.groupby(np.array(keys[gene], dtype=object))
    one = [str(name) for name in frame if int(groups[str(name)].nunique().max()) == 1]
    first = groups[one].first().reindex(order) if one else pd.DataFrame(index=order)
    return first.reset_index(drop=True).rename(columns={"": "row_name"}).astype(object)
