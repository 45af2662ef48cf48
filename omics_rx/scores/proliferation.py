"""How fast a tumour divides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.harmonize.needs import Needs, prepare
from omics_rx.scores.panels import panel_needs, score_prepared

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

CITES = ("nielsen2010",)
_MIN_COVERAGE = 0.5


@in_words
def proliferation(cohort: CohortLike) -> pd.Series:
    """Mean log2 expression of the eleven PAM50 proliferation genes.

    Parameters
    ----------
    cohort
        AnnData or frame, samples x genes, under any gene identifiers that ``harmonize.genes`` knows.

    Returns
    -------
    pandas.Series
        One number a sample, in the cohort's log2 unit; NaN for a sample with under half of the genes.

    Raises
    ------
    InputError
        If the cohort has under half of the genes.

    Notes
    -----
    Nielsen et al., Clinical Cancer Research 2010. Nearly every prognostic signature of breast cancer follows this
    score, so it is the first thing a new one is held against.
    """
    ready = prepare(cohort, proliferation_needs())
    sets = {"proliferation": list(ready.needs.genes)}
    scores = score_prepared(ready, sets, "proliferation sets", method="mean", min_coverage=_MIN_COVERAGE)
    return scores["proliferation"]


def proliferation_needs() -> Needs:
    """What :func:`proliferation` needs of a cohort."""
    table = resources.table("pam50.tsv")
    genes = table.loc[table["proliferation"] == "yes", "gene"].tolist()
    return panel_needs("proliferation", {"proliferation": genes}, "mean")
