"""Noise and planted truth for scores, markers and gene sets."""

REASONS = {
    "scores.compare_shares": "no case yet",
    "scores.deconvolve p": "no case yet",
    "scores.enrich": "no case yet",
    "scores.iic_genes_from_cells": "no case yet",
    "scores.iic_genes_from_lines": "no case yet",
    "scores.marker_genes": "no case yet",
}
