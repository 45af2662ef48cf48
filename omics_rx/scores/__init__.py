"""How strong is this biology in each sample? Gene sets and profiles to one number a sample."""

from omics_rx.scores.cell_death import cell_death, cell_death_sets
from omics_rx.scores.cell_types import iic_genes_from_cells, iic_genes_from_lines, marker_genes
from omics_rx.scores.immune import checkpoint_sets, checkpoints, estimate, immune, immune_sets
from omics_rx.scores.proliferation import proliferation
from omics_rx.scores.run import coverage, score
from omics_rx.scores.sets import GeneSets, as_sets
from omics_rx.scores.shares import compare_shares, shares
from omics_rx.scores.subtype import centroids, receptors, subtype

__all__ = [
    "GeneSets", "as_sets", "cell_death", "cell_death_sets", "centroids", "checkpoint_sets", "checkpoints",
    "compare_shares", "coverage", "estimate", "iic_genes_from_cells", "iic_genes_from_lines", "immune", "immune_sets",
    "marker_genes", "proliferation", "receptors", "score", "shares", "subtype",
]  # fmt: skip
