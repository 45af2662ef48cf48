"""Gene sets as the kernels take them: names, genes, weights, and how much of each set a cohort has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from scipy import sparse

from omics_rx.core.errors import InputError, examples
from omics_rx.scores.names import plain, refuse_mouse, resolve, tell_lower

GeneSetsLike: TypeAlias = Mapping[str, Iterable[str] | Mapping[str, float]] | pd.DataFrame


@dataclass(frozen=True, eq=False)
class GeneSets:
    """Named sets of weighted genes.

    Attributes
    ----------
    weights
        Set name to a Series, gene to weight: 1 for a plain member, negative for a gene that falls.
    """

    weights: Mapping[str, pd.Series]

    @property
    def names(self) -> list[str]:
        """Names of the sets, in their order."""
        return list(self.weights)

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
            rows[name] = (len(weight), int(found.sum()), share, ";".join(weight.index[~found]))
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["n_genes", "n_found", "coverage", "missing"])
        return table.rename_axis("set")

    def kind(self) -> str:
        """Richest weights in use: ``"member"`` (all 1), ``"sign"`` (1 and -1) or ``"number"``."""
        values = np.concatenate([weight.to_numpy() for weight in self.weights.values()])
        if np.all(values == 1):
            return "member"
        return "sign" if np.all(np.abs(values) == 1) else "number"


def as_sets(gene_sets: GeneSetsLike | GeneSets) -> GeneSets:
    """Take gene sets in any of the forms a user has them.

    Parameters
    ----------
    gene_sets
        Set name to genes, or set name to {gene: weight}, or a frame with columns ``set``, ``gene`` and perhaps
        ``weight``. A gene named twice in a set counts once.

    Raises
    ------
    InputError
        If there is no set, a set is empty or is text instead of a list, or a weight is zero, missing or given twice.
    """
    if isinstance(gene_sets, GeneSets):
        return gene_sets
    if isinstance(gene_sets, pd.DataFrame):
        gene_sets = _from_frame(gene_sets)
    if not isinstance(gene_sets, Mapping):
        raise InputError(
            f"gene sets are a mapping of name to genes or a frame with set and gene, not a {type(gene_sets).__name__}: "
            'write {"name": ["GENE1", "GENE2"]}, or read a file with io.read_gene_sets'
        )
    if not gene_sets:
        raise InputError("no gene set was given: name at least one")
    return GeneSets({str(name): _weights(str(name), genes) for name, genes in gene_sets.items()})


def resolved(sets: GeneSets) -> GeneSets:
    """Sets under current gene symbols, as cohorts are brought to them.

    Two names of one gene in a set count once.

    Raises
    ------
    InputError
        If most genes are of another species, or two names of one gene carry different weights.
    """
    found = resolve(gene for weight in sets.weights.values() for gene in weight.index)
    refuse_mouse(found, "the sets")
    tell_lower(found, "the sets")
    symbol: dict[str, str] = found["symbol"].to_dict()
    return GeneSets({name: _renamed(name, weight, symbol) for name, weight in sets.weights.items()})


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


def _from_frame(frame: pd.DataFrame) -> dict[str, list[str] | pd.Series]:
    missing = [column for column in ("set", "gene") if column not in frame]
    if missing:
        raise InputError(
            f"the frame of gene sets has no column {' and '.join(missing)}: it has {examples(frame.columns, 10)}"
        )
    groups = frame.groupby("set", sort=False)
    if "weight" in frame:
        return {str(name): rows.set_index("gene")["weight"] for name, rows in groups}
    return {str(name): rows["gene"].tolist() for name, rows in groups}


def _weights(name: str, genes: object) -> pd.Series:
    if isinstance(genes, str) or not isinstance(genes, Iterable):
        raise InputError(f'gene set {name!r} is {genes!r}, not a list of genes: write ["GENE1", "GENE2"]')
    if isinstance(genes, Mapping | pd.Series):
        weights = pd.Series(genes, dtype=np.float64)
        weights.index = weights.index.astype(str)
        repeated = weights.index[weights.index.duplicated()].unique()
        if len(repeated):
            raise InputError(f"gene set {name!r} weighs {len(repeated)} genes twice ({examples(repeated)}): give one")
    else:
        listed = list(dict.fromkeys(str(gene) for gene in genes))
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
