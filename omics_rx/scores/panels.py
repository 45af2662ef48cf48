"""Panels that come with the package: sets from the facts, and what scoring them needs of a cohort."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import InputError, examples, named
from omics_rx.core.work import log
from omics_rx.harmonize.needs import Doubt, Needs, Opened, Prepared, prepare
from omics_rx.scores.data_tests import sex_linked
from omics_rx.scores.kernels import TRAITS
from omics_rx.scores.run import coverage, data_tests_of, score
from omics_rx.scores.sets import GeneSets, as_sets

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

MIN_COVERAGE = 0.3
Test: TypeAlias = Callable[[Prepared], Doubt | None]


def sets_of(resource: str, group: str, *, only: dict[str, str] | None = None) -> dict[str, list[str]]:
    """Gene sets of a table of facts, in its order: values of ``group`` to genes, rows chosen by ``only``."""
    table = resources.table(resource)
    for column, value in (only or {}).items():
        table = table[table[column] == value]
    return {str(name): rows["gene"].tolist() for name, rows in table.groupby(group, sort=False)}


def panel_needs(
    what: str, sets: dict[str, list[str]], method: str, *, coverage: float = 0.0, tests: tuple[Test, ...] = ()
) -> Needs:
    """What a panel of gene sets needs, scored by a method."""
    genes = tuple(dict.fromkeys(gene for members in sets.values() for gene in members))
    ranked = TRAITS[method].scale == "rank"
    return Needs(
        what, scale="rank" if ranked else "log", genes=genes, coverage=coverage, levels="say" if ranked else "no",
        tests=(*data_tests_of(method), sex_linked(genes), *tests),
    )  # fmt: skip


def score_panel(
    cohort: CohortLike | Opened, sets: dict[str, list[str]], what: str, *, method: str,
    min_coverage: float = MIN_COVERAGE, needs: Needs | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Score the sets that the cohort covers; the others are NaN, and a warning names them.

    Raises
    ------
    InputError
        If no set is covered, or the cohort does not have what is needed.
    """
    method = named("score", method, TRAITS)
    ready = prepare(cohort, panel_needs(what, sets, method) if needs is None else needs)
    return score_prepared(ready, sets, what, method=method, min_coverage=min_coverage)


def score_prepared(
    ready: Prepared, sets: dict[str, list[str]], what: str, *, method: str, min_coverage: float = MIN_COVERAGE
) -> pd.DataFrame:
    """Score sets of a cohort that is prepared already; see :func:`score_panel`."""
    panel = as_sets(sets)
    found = coverage(ready.source, panel)["coverage"]
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
    kept = GeneSets({name: weights for name, weights in panel.weights.items() if name not in set(low)})
    scored = score(ready, kept, method=method, min_coverage=min_coverage, progress=False)
    return ready.told(scored.reindex(columns=panel.names))
