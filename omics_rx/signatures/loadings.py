"""How genes go together in breast tumours, as a few factors: what speaks for a gene that a platform lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core import resources
from omics_rx.core.errors import InputError
from omics_rx.signatures.training import moments

Floats = NDArray[np.float64]

FILE = "gene_loadings.tsv.gz"
RANK = 50
_LEAST_OWN = 0.05  # of a gene's variance that is its own: no gene is known wholly from others
_FEWEST = 2  # cohorts that must measure a gene


@dataclass(frozen=True, eq=False)
class GeneLoadings:
    """A factor model of gene correlations, ``C = L L' + diag(1 - sum(L^2))``.

    It holds no patient's data. It fills in a score on a platform that lacks genes of it by the regression of the score
    on all genes that are there.

    Attributes
    ----------
    genes
        Current symbols, ``p``.
    loadings
        ``(p, r)``, of genes on the z scale within a cohort.
    n_samples, origin
        Samples and cohorts they were learnt from.
    """

    genes: tuple[str, ...]
    loadings: Floats
    n_samples: int
    origin: str

    @classmethod
    def learn(
        cls, cohorts: Mapping[str, pd.DataFrame], *, keep: Iterable[str], targets: Mapping[str, Sequence[str]],
        n_genes: int = 1200, rank: int = RANK,
    ) -> GeneLoadings:  # fmt: skip
        """Learn the factors from cohorts.

        Genes that two cohorts or more measure are eligible. ``keep`` are taken, and then those that go most with each
        of the targets in turn, so that a small platform has some that speak for each.

        Parameters
        ----------
        cohorts
            Samples x genes by name, under current symbols, log2 or ratio; each is scaled within itself.
        keep
            Genes of scores that are to be filled in.
        targets
            Name to genes whose mean should be well told by others.
        n_genes, rank
            Most genes and factors.

        Raises
        ------
        InputError
            If fewer than two cohorts are given or fewer than three genes are eligible.
        """
        if len(cohorts) < _FEWEST:
            raise InputError(f"loadings are learnt from {_FEWEST} cohorts or more, not {len(cohorts)}: add some")
        scaled = [_z(frame) for frame in cohorts.values()]
        counts = pd.concat([pd.Series(1, index=frame.columns) for frame in scaled]).groupby(level=0).sum()
        eligible = counts.index[counts >= _FEWEST]
        if len(eligible) < 3:
            raise InputError(f"{len(eligible)} genes are in two cohorts or more: check that all name genes alike")
        kept = [gene for gene in dict.fromkeys(keep) if gene in set(eligible)]
        genes = (*kept, *_speakers(scaled, eligible.difference(kept), targets, n_genes - len(kept)))
        pooled = np.vstack([frame.reindex(columns=list(genes)).to_numpy() for frame in scaled])
        correlation = _pairwise(pooled)
        values, vectors = np.linalg.eigh(correlation)
        top = np.argsort(values)[::-1][: min(rank, len(genes))]
        loadings = vectors[:, top] * np.sqrt(np.maximum(values[top], 0.0))
        common = (loadings**2).sum(axis=1)
        loadings *= np.sqrt(np.minimum(1.0, (1 - _LEAST_OWN) / np.maximum(common, 1e-12)))[:, None]
        return cls(genes, loadings, len(pooled), ", ".join(cohorts))

    def rows(self, genes: Sequence[str]) -> Floats:
        """Loadings of genes, ``(k, r)``; a gene that is not there has none and goes with no other."""
        places = {gene: at for at, gene in enumerate(self.genes)}
        found = np.zeros((len(genes), self.loadings.shape[1]))
        for row, gene in enumerate(genes):
            if gene in places:
                found[row] = self.loadings[places[gene]]
        return found

    def table(self) -> pd.DataFrame:
        """Genes x factors, as :data:`FILE` holds them."""
        return pd.DataFrame(self.loadings.round(3), index=pd.Index(self.genes, name="gene"))


def _z(frame: pd.DataFrame) -> pd.DataFrame:
    values = frame.to_numpy(dtype=np.float64)
    mean, sd = moments(values)
    varies = np.isfinite(sd)
    return pd.DataFrame((values - mean)[:, varies] / sd[varies], index=frame.index, columns=frame.columns[varies])


def _pairwise(z: Floats) -> Floats:
    """Correlations of columns over the rows that know both; 0 where none does."""
    known = np.isfinite(z)
    filled = np.where(known, z, 0.0)
    spread = (filled**2).T @ known.astype(float)  # of each gene over the rows that know the other
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (filled.T @ filled) / np.sqrt(spread * spread.T)
    found = np.nan_to_num(found, nan=0.0)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def _speakers(
    scaled: Sequence[pd.DataFrame], eligible: pd.Index, targets: Mapping[str, Sequence[str]], n_genes: int
) -> list[str]:  # fmt: skip
    """Genes that go most with each target in turn."""
    if n_genes < 1 or not len(eligible):
        return []
    weight = pd.Series(0.0, index=eligible)
    together = {name: pd.Series(0.0, index=eligible) for name in targets}
    for frame in scaled:
        here = frame.columns.intersection(eligible)
        weight[here] += len(frame)
        for name, genes in targets.items():
            own = frame.columns.intersection(list(genes))
            if len(own):
                mean = frame[own].mean(axis=1)
                together[name][here] += np.asarray(
                    np.nan_to_num(frame[here].to_numpy()).T @ (mean / mean.std(ddof=1)).to_numpy()
                )
    orders = [(total / weight).abs().sort_values(ascending=False, kind="stable").index for total in together.values()]
    chosen: dict[str, None] = {}
    for turn in zip(*orders, strict=True):
        for gene in turn:
            if len(chosen) < n_genes:
                chosen.setdefault(str(gene))
    return list(chosen)


@cache
def shipped_loadings() -> GeneLoadings:
    """Loadings that travel with the package; sources stand in ``resources/SOURCES.toml``."""
    table = resources.table(FILE)
    about = table.iloc[0]
    columns = [name for name in table.columns if name.startswith("factor")]
    return GeneLoadings(
        tuple(table["gene"]), table[columns].to_numpy(dtype=np.float64), int(about["n_samples"]), str(about["origin"])
    )
