"""Panels that come with the package: a cohort brought to current symbols and a log scale, sets from the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core import cohort as cohorts
from omics_rx.core import resources
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log
from omics_rx.harmonize import genes as current_genes
from omics_rx.harmonize import units
from omics_rx.scores.kernels import TRAITS
from omics_rx.scores.run import coverage, score
from omics_rx.scores.sets import GeneSets, as_sets

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

MIN_COVERAGE = 0.3


def with_current_genes(cohort: CohortLike) -> AnnData:
    """Cohort under current gene symbols."""
    return current_genes(cohorts.as_cohort(cohort), min_mapped=0.0)


def on_log_scale(cohort: AnnData) -> AnnData:
    """Cohort on a log2 or relative scale: counts become log2(CPM + 1), CPM, TPM and FPKM log2(x + 1), others stay."""
    return units.logged(cohort)[0]


def sets_of(resource: str, group: str, *, only: dict[str, str] | None = None) -> dict[str, list[str]]:
    """Gene sets of a table of facts, in its order: values of ``group`` to genes, rows chosen by ``only``."""
    table = resources.table(resource)
    for column, value in (only or {}).items():
        table = table[table[column] == value]
    return {str(name): rows["gene"].tolist() for name, rows in table.groupby(group, sort=False)}


def score_panel(
    cohort: AnnData, sets: dict[str, list[str]], what: str, *, method: str, min_coverage: float = MIN_COVERAGE
) -> pd.DataFrame:
    """Score the sets that the cohort covers; the others are NaN, and a warning names them.

    Raises
    ------
    InputError
        If no set is covered.
    """
    panel = as_sets(sets)
    found = coverage(cohort, panel)["coverage"]
    low = found.index[found < min_coverage]
    if len(low) == len(found):
        shown = examples(f"{name} {share:.0%}" for name, share in found.items())
        raise InputError(
            f"none of the {len(found)} {what} has {min_coverage:.0%} of its genes in the cohort "
            f"({shown}): is this the whole expression matrix?"
        )
    if len(low):
        log.warning(
            "%d of %d %s are left empty: under %.0f%% of their genes are in the cohort (%s)",
            len(low), len(found), what, 100 * min_coverage, examples(f"{name} {found[name]:.0%}" for name in low),
        )  # fmt: skip
    data = on_log_scale(cohort) if TRAITS[method].scale == "log" else cohort
    kept = GeneSets({name: weights for name, weights in panel.weights.items() if name not in set(low)})
    scored = score(data, kept, method=method, min_coverage=min_coverage, progress=False)
    return scored.reindex(columns=panel.names)
