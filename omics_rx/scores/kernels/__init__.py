"""Scoring methods as pure functions of arrays.

A kernel takes ``values`` (``n_samples x n_genes``, NaN where a gene is missing for a sample) and ``members``
(``n_genes x n_sets``, sparse, the weight of each gene in each set) and returns ``n_samples x n_sets``.
It knows neither AnnData nor gene names; a new one is a file here, whose function has its name, and a line in
``TRAITS``.
"""

from __future__ import annotations

from dataclasses import dataclass

from omics_rx.core.registry import Registry


@dataclass(frozen=True)
class Traits:
    """What the runner must know of a kernel.

    Attributes
    ----------
    whole_cohort
        Whether a sample's score depends on the other samples, so that samples cannot be scored in blocks.
    weights
        Which weights it takes: ``"member"`` (in the set or not), ``"sign"`` (up or down), ``"number"``.
    scale
        ``"rank"`` where only the order of genes within a sample counts, ``"log"`` where values must be on a log scale.
    sparse
        Whether it takes a sparse matrix without negative values as it is.
    relative
        Whether a set's genes are compared with all other genes of the sample, so that a panel gives other scores than
        a whole transcriptome.
    """

    whole_cohort: bool
    weights: str
    scale: str
    sparse: bool
    relative: bool


TRAITS = {
    "aucell": Traits(whole_cohort=False, weights="member", scale="rank", sparse=True, relative=True),
    "gsva": Traits(whole_cohort=True, weights="member", scale="log", sparse=False, relative=True),
    "mean": Traits(whole_cohort=False, weights="number", scale="log", sparse=False, relative=False),
    "singscore": Traits(whole_cohort=False, weights="sign", scale="rank", sparse=False, relative=True),
    "ssgsea": Traits(whole_cohort=False, weights="member", scale="rank", sparse=True, relative=True),
    "ulm": Traits(whole_cohort=False, weights="number", scale="log", sparse=False, relative=True),
    "zscore": Traits(whole_cohort=True, weights="sign", scale="log", sparse=False, relative=False),
}
KERNELS = Registry("score", {name: f"omics_rx.scores.kernels.{name}:{name}" for name in TRAITS})
