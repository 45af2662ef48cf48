"""How strong is this biology in each sample? Gene sets and profiles to one number a sample."""

from omics_rx.scores.cell_death import cell_death, cell_death_sets
from omics_rx.scores.immune import checkpoint_sets, checkpoints, estimate, immune, immune_sets
from omics_rx.scores.proliferation import proliferation
from omics_rx.scores.run import coverage, score
from omics_rx.scores.sets import GeneSets, as_sets
from omics_rx.scores.subtype import centroids, receptors, subtype

__all__ = [
    "GeneSets", "as_sets", "cell_death", "cell_death_sets", "centroids", "checkpoint_sets", "checkpoints", "coverage",
    "estimate", "immune", "immune_sets", "proliferation", "receptors", "score", "subtype",
]  # fmt: skip
