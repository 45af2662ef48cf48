"""Patterns of programmed cell death."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, unknown_name
from omics_rx.scores.panels import MIN_COVERAGE, score_panel

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

PATTERNS = (
    "apoptosis", "necroptosis", "pyroptosis", "ferroptosis", "cuproptosis", "entosis", "netosis", "parthanatos",
    "lysosome_dependent", "autophagy_dependent", "alkaliptosis", "oxeiptosis",
)  # fmt: skip
FURTHER_PATTERNS = ("disulfidptosis", "panoptosis")
CITES = ("zou2022", "barbie2009")


@in_words
def cell_death_sets(*, patterns: str | Iterable[str] | None = None, min_sources: int = 1) -> dict[str, list[str]]:
    """Genes of each pattern of programmed cell death, by current symbol.

    Parameters
    ----------
    patterns
        One or some of ``PATTERNS`` and ``FURTHER_PATTERNS``; None takes the twelve ``PATTERNS``.
    min_sources
        Keep genes that at least this many sources list. Young patterns have one or two sources in all.

    Returns
    -------
    dict
        Pattern to genes, in the order asked for. Sources and roles stand in ``resources/cell_death.tsv``.

    Raises
    ------
    UnknownNameError, InputError
        If a pattern is not known; if no gene of a pattern has so many sources.

    Notes
    -----
    The twelve patterns are those of Zou et al., International Journal of Surgery 2022; the gene lists are put
    together from the sources named with each gene.
    """
    asked = PATTERNS if patterns is None else (patterns,) if isinstance(patterns, str) else tuple(patterns)
    known = (*PATTERNS, *FURTHER_PATTERNS)
    table = resources.table("cell_death.tsv")
    supported = table[table["sources"].str.count(";") + 1 >= min_sources]
    sets: dict[str, list[str]] = {}
    for name in asked:
        if name not in known:
            raise unknown_name("pattern of cell death", name, known)
        sets[name] = supported.loc[supported["pattern"] == name, "gene"].tolist()
        if not sets[name]:
            raise InputError(f"no gene of {name} is listed by {min_sources} sources: lower min_sources")
    return sets


@in_words
def cell_death(
    cohort: CohortLike,
    method: str = "ssgsea",
    *,
    patterns: str | Iterable[str] | None = None,
    min_coverage: float = MIN_COVERAGE,
) -> pd.DataFrame:
    """Score the patterns of programmed cell death in each sample.

    Parameters
    ----------
    cohort
        AnnData or frame, samples x genes, under any gene identifiers that ``harmonize.genes`` knows.
    method
        Method of :func:`omics_rx.scores.score`.
    patterns
        Patterns to score; None takes the twelve of ``PATTERNS``.
    min_coverage
        Least share of a pattern's genes; a pattern below it is NaN, and a warning names it.

    Returns
    -------
    pandas.DataFrame
        Samples x patterns. Sets hold drivers and suppressors alike: a score says how strongly a pattern's machinery
        is expressed, not whether cells die by it.

    Raises
    ------
    InputError
        If no pattern is covered.
    """
    sets = cell_death_sets(patterns=patterns)
    return score_panel(cohort, sets, "cell-death patterns", method=method, min_coverage=min_coverage)
