"""Noise and planted truth for scores, markers and gene sets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from null_cases import case
from omics_rx import scores

REASONS = {
    "scores.deconvolve p": "no case yet",
    "scores.enrich": "no case yet",
    "scores.iic_genes_from_cells": "no case yet",
    "scores.iic_genes_from_lines": "no case yet",
    "scores.marker_genes": "no case yet",
}


# ------------------------------------------------------------------------------------------------ shares of cells


def _shares(random: np.random.Generator, first: int, second: int, more: float = 0.0) -> pd.DataFrame:
    """What is said of five cell types in two groups of samples, the first type more frequent in the first group."""
    counts = random.gamma(4, size=(first + second, 5))
    counts[:first, 0] += more
    table = pd.DataFrame(counts, columns=list("abcde"))
    groups = pd.Series(np.repeat(["high", "low"], [first, second]))
    return scores.compare_shares(table, groups)


@case("scores.compare_shares", "p", unit="samples", full=500, fast=60)
def groups_with_the_same_shares(random):
    return _shares(random, 12, 15)["p_value"]


@case("scores.compare_shares", "q", unit="samples", full=500, fast=60)
def five_types_without_a_difference(random):
    return _shares(random, 12, 15)["q_value"].min()


@case("scores.compare_shares", "interval", unit="samples", full=500, fast=60)
def four_samples_a_side(random):
    found = _shares(random, 4, 4, more=2.0).loc["a"]
    return found["lower"], found["upper"], 2.0
