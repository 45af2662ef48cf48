"""Gene sets as the kernels take them: names, genes, weights, and how much of each set a cohort has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
from scipy import sparse

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.index import names_nothing, only_counts
from omics_rx.core.work import log
from omics_rx.io.gene_sets import read_gene_sets, table_of
from omics_rx.io.set_columns import is_blank, sets_of_table, signed
from omics_rx.scores.names import plain, refuse_mouse, resolve, tell_lower

GeneSetsLike: TypeAlias = (
    Mapping[str, Iterable[str] | Mapping[str, float] | Mapping[str, Iterable[str]]] | pd.DataFrame | pd.Series | Path
)
_SIDES = {"up": "up", "upset": "up", "up_genes": "up", "down": "down", "dn": "down", "downset": "down",
          "down_genes": "down"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class GeneSets:
    """Named sets of weighted genes.

    Attributes
    ----------
    weights
        Set name to a Series, gene to weight: 1 for a plain member, negative for a gene that falls.
    written
        Gene to the name it was written by, where sets were brought to the names of a cohort.
    """

    weights: Mapping[str, pd.Series]
    written: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the sets, in their order."""
        return list(self.weights)

    @in_words
    def members(self, genes: pd.Index) -> sparse.csr_array:
        """Weights of the given genes in each set, shape ``(n_genes, n_sets)``."""
        rows, columns, data = [], [], []
        for position, weight in enumerate(self.weights.values()):
            found = genes.get_indexer(weight.index)
            rows.append(found[found >= 0])
            columns.append(np.full(int((found >= 0).sum()), position))
            data.append(weight.to_numpy()[found >= 0])
        shape = (len(genes), len(self.weights))
        return sparse.csr_array((np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))), shape=shape)

    @in_words
    def coverage(self, genes: Iterable[str]) -> pd.DataFrame:
        """How much of each set is among ``genes``.

        Returns
        -------
        pandas.DataFrame
            Index set; ``n_genes``, ``n_found``, ``coverage`` (share of the absolute weight found) and ``missing``
            (names, joined by ``;``).
        """
        known = pd.Index(genes)
        known = known if known.is_unique else known.unique()
        rows = {}
        for name, weight in self.weights.items():
            found = known.get_indexer(weight.index) >= 0
            share = float(weight.abs()[found].sum() / weight.abs().sum())
            lost = ";".join(self.written.get(gene, gene) for gene in weight.index[~found])
            rows[name] = (len(weight), int(found.sum()), share, lost)
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["n_genes", "n_found", "coverage", "missing"])
        return table.rename_axis("set")

    def kind(self) -> str:
        """Richest weights in use: ``"member"`` (all 1), ``"sign"`` (1 and -1) or ``"number"``."""
        values = np.concatenate([weight.to_numpy() for weight in self.weights.values()])
        if np.all(values == 1):
            return "member"
        return "sign" if np.all(np.abs(values) == 1) else "number"


@in_words
def as_sets(gene_sets: GeneSetsLike | GeneSets) -> GeneSets:
    """Take gene sets in any of the forms a user has them; names of genes are left as they are written.

    Parameters
    ----------
    gene_sets
        Set name to genes (a list, tuple, set, array, index or series of names), to gene and weight (a mapping, or a
        series of numbers by gene) or to ``{"up": genes, "down": genes}``, whose falling genes weigh -1; the last
        also by itself, as one set named ``signature``. Or a frame, whose headers are read as
        :func:`omics_rx.io.read_gene_sets` reads those of a table; or the path of a file. A gene named twice in a set
        counts once; what is blank or missing is no gene.

    Raises
    ------
    InputError
        If there is no set, a set is empty or is text instead of a list, a weight is zero, missing or given twice, or
        the columns of a frame cannot be told apart.
    """
    if isinstance(gene_sets, GeneSets):
        return gene_sets
    named: object = gene_sets
    if isinstance(gene_sets, Path):
        named = read_gene_sets(gene_sets)
    elif isinstance(gene_sets, pd.DataFrame):
        named = sets_of_table(*table_of(gene_sets), "the frame of gene sets", single=None)
    elif isinstance(gene_sets, pd.Series):
        named = _from_series(gene_sets)
    if not isinstance(named, Mapping):
        raise InputError(
            f"gene sets are a mapping of name to genes or a frame with set and gene, not a {type(gene_sets).__name__}: "
            'write {"name": ["GENE1", "GENE2"]}, or read a file with io.read_gene_sets'
        )
    if not named:
        raise InputError("no gene set was given: name at least one")
    if (sides := _sides(named)) is not None:
        log.warning("the genes under up and down are taken as one set of rising and falling genes, 'signature'")
        named = {"signature": sides}
    return GeneSets({str(name): _weights(str(name), genes) for name, genes in named.items()})


def _from_series(series: pd.Series) -> dict[str, object]:
    """Set of a named series of genes or weights, or sets of a series that holds lists."""
    if len(series) and all(isinstance(value, list | tuple | set | np.ndarray) for value in series):
        return {str(name): list(genes) for name, genes in series.items()}
    if series.name is None or (_is_text(series) and not names_nothing(series.index)):
        raise InputError(
            "a series by itself does not say which set its genes make: pass {name: series}, or a frame with columns "
            "set and gene"
        )
    return {str(series.name): series}


def _is_text(series: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(series.dtype)


def _sides(value: object) -> dict[str, float] | None:
    """Signed set of ``{"up": genes, "down": genes}``, by any of their names; None for anything else."""
    if not isinstance(value, Mapping) or len(value) != 2:
        return None
    named = {_SIDES.get(str(key).lower()): genes for key, genes in value.items()}
    if set(named) != {"up", "down"} or any(isinstance(genes, str | int | float) for genes in named.values()):
        return None
    kept, both = signed({str(side): _names(genes) for side, genes in named.items()}, "the signed gene set")
    if both:
        log.warning("%d genes both rise and fall and are left out of the set (%s)", len(both), examples(both))
    return kept


def _names(genes: Iterable[object]) -> list[str]:
    """Names of a list, each once, without what is missing or blank."""
    known = [plain(gene) for gene in genes if not (gene is None or gene is pd.NA or gene != gene)]
    return list(dict.fromkeys(name for name in known if not is_blank(name)))


def _weights(name: str, genes: object) -> pd.Series:
    if isinstance(genes, str) or not isinstance(genes, Iterable):
        raise InputError(f'gene set {name!r} is {genes!r}, not a list of genes: write ["GENE1", "GENE2"]')
    if isinstance(genes, pd.DataFrame):
        raise InputError(f"gene set {name!r} is a frame: pass one frame of all sets, with columns set, gene and weight")
    if (sides := _sides(genes)) is not None:
        genes = sides
    if isinstance(genes, Mapping) or (
        isinstance(genes, pd.Series) and not _is_text(genes) and not only_counts(genes.index)
    ):
        weights = _numbers(name, genes)
    else:
        listed = _names(genes)
        weights = pd.Series(1.0, index=pd.Index(listed, dtype=object))
    if not len(weights):
        raise InputError(f"gene set {name!r} has no genes: leave it out or fill it")
    useless = weights.index[~np.isfinite(weights.to_numpy()) | (weights.to_numpy() == 0)]
    if len(useless):
        raise InputError(
            f"gene set {name!r} has {len(useless)} weights that are zero or missing ({examples(useless)}): "
            "leave these genes out"
        )
    return weights


def _numbers(name: str, genes: Mapping[str, float] | pd.Series) -> pd.Series:
    """Weights of a mapping or series by gene."""
    given = dict(genes).items() if isinstance(genes, Mapping) else list(genes.astype(object).items())
    names, values = [plain(gene) for gene, _ in given], [value for _, value in given]
    weights = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").astype(np.float64)
    weights.index = pd.Index(names, dtype=object)
    repeated = weights.index[weights.index.duplicated()].unique()
    if len(repeated):
        raise InputError(f"gene set {name!r} weighs {len(repeated)} genes twice ({examples(repeated)}): give one")
    return weights


def resolved(sets: GeneSets, known: pd.Index | None = None) -> GeneSets:
    """Sets under current gene symbols, as cohorts are brought to them.

    Two names of one gene in a set count once.

    Parameters
    ----------
    sets
        Sets as they are written.
    known
        Genes of the cohort; a name that stands among them as it is written, and whose symbol does not, is kept.

    Raises
    ------
    InputError
        If most genes are of another species, or two names of one gene carry different weights.
    """
    found = resolve(gene for weight in sets.weights.values() for gene in weight.index)
    if known is not None:
        literal = found.index.isin(known) & ~found["symbol"].isin(known).to_numpy()
        found.loc[literal, "symbol"] = found.index[literal]
        found.loc[literal, ["status", "reason"]] = ["kept", ""]
    refuse_mouse(found, "the sets")
    tell_lower(found, "the sets")
    symbol = dict(zip(map(str, found.index), map(str, found["symbol"]), strict=True))
    written = {gene: name for name, gene in symbol.items() if gene != name}
    weights = {name: _renamed(name, weight, symbol) for name, weight in sets.weights.items()}
    return GeneSets(weights, written)


def _renamed(name: str, weight: pd.Series, symbol: Mapping[str, str]) -> pd.Series:
    names = [symbol[plain(gene)] for gene in weight.index]
    if names == weight.index.tolist():
        return weight
    renamed = weight.set_axis(pd.Index(names, dtype=object), axis=0)
    repeated = renamed.index.duplicated()
    if not repeated.any():
        return renamed
    several = renamed.groupby(level=0).nunique()
    unequal = several.index[several > 1]
    if len(unequal):
        raise InputError(
            f"gene set {name!r} names {len(unequal)} genes twice with different weights, once by an older name "
            f"({examples(unequal)}): keep one of each"
        )
    return renamed[~repeated]
