"""How strong is this biology in each sample? Gene sets and profiles to one number a sample."""

from omics_rx.scores.cell_death import cell_death, cell_death_sets
from omics_rx.scores.cell_types import iic_genes_from_cells, iic_genes_from_lines, marker_genes
from omics_rx.scores.centroids import centroids
from omics_rx.scores.declared import declared
from omics_rx.scores.deconvolve import Deconvolution, deconvolve
from omics_rx.scores.immune import (
    cell_type_sets,
    checkpoint_sets,
    checkpoints,
    estimate,
    immune,
    immune_cell_types,
    immune_sets,
)
from omics_rx.scores.malignant import malignant_cell_subtype
from omics_rx.scores.pathways import enrich, pathway_sets
from omics_rx.scores.phenotype import immune_phenotype, immunophenoscore
from omics_rx.scores.proliferation import proliferation
from omics_rx.scores.references import CellReference, reference_from_cells, til10
from omics_rx.scores.run import coverage, score
from omics_rx.scores.sets import GeneSets, as_sets
from omics_rx.scores.shares import compare_shares, shares
from omics_rx.scores.subtype import receptors, subtype
from omics_rx.scores.tnbc import tnbc_centroids, tnbc_subtype
from omics_rx.scores.treatment import treatment, treatment_sets

__all__ = [
    "CellReference", "Deconvolution", "GeneSets", "as_sets", "cell_death", "cell_death_sets", "cell_type_sets",
    "centroids", "checkpoint_sets", "checkpoints", "compare_shares", "coverage", "declared", "deconvolve", "enrich",
    "estimate",
    "iic_genes_from_cells", "iic_genes_from_lines", "immune", "immune_cell_types", "immune_phenotype", "immune_sets",
    "immunophenoscore", "malignant_cell_subtype", "marker_genes", "pathway_sets", "proliferation", "receptors",
    "reference_from_cells", "score", "shares", "subtype", "til10", "tnbc_centroids",
    "tnbc_subtype", "treatment", "treatment_sets",
]  # fmt: skip
