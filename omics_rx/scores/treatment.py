"""Scores that studies of response to therapy use: genomic grade, STAT1, paclitaxel response, Danaher's cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import unknown_name
from omics_rx.scores.panels import MIN_COVERAGE, score_panel

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

PANELS = ("treatment", "danaher")
CITES = ("sotiriou2006", "desmedt2008", "juul2010", "danaher2017")
_DOWN = " (down)"


@in_words
def treatment_sets(panel: str | None = None) -> dict[str, dict[str, float]]:
    """Genes of each score with their sign: 1 adds, -1 takes away.

    Parameters
    ----------
    panel
        ``"treatment"``: genomic grade, STAT1, cytolytic activity, paclitaxel response; ``"danaher"``: cell types; None
        takes both.

    Raises
    ------
    UnknownNameError
        If there is no such panel.
    """
    if panel is not None and panel not in PANELS:
        raise unknown_name("panel", panel, PANELS)
    table = resources.table("modules.tsv")
    table = table[table["panel"].isin(PANELS if panel is None else (panel,))]
    return {
        str(name): dict(zip(rows["gene"], rows["weight"].astype(float), strict=True))
        for (_, name), rows in table.groupby(["panel", "module"], sort=False)
    }


@in_words
def treatment(
    cohort: CohortLike, *, panel: str | None = None, min_coverage: float = MIN_COVERAGE
) -> pd.DataFrame:  # fmt: skip
    """Score a cohort by them.

    Parameters
    ----------
    cohort
        AnnData or frame, samples x genes, under any gene identifiers that ``harmonize.genes`` knows.
    panel
        ``"treatment"``, ``"danaher"``, or None for both.
    min_coverage
        Smallest share of a score's genes that must be there, 0 to 1; below it the column is NaN, and a warning says so.

    Returns
    -------
    pandas.DataFrame
        Samples x scores, in the cohort's log2 unit: mean of the genes that add, less the mean of those that take away.
        ``Genomic grade`` is the genomic grade index without its shift and scale, which rest on a cohort's own
        recorded grades; ``Cytolytic activity`` is the logarithm of the published geometric mean; ``Paclitaxel
        response`` is the mean of four genes of mitosis less that of two of ceramide metabolism.

    Raises
    ------
    InputError
        If the cohort covers none of them.

    Notes
    -----
    Sotiriou et al. 2006, 10.1093/jnci/djj052; Desmedt et al. 2008, 10.1158/1078-0432.CCR-07-4756; Rooney et al. 2015,
    10.1016/j.cell.2014.12.033; Juul et al. 2010, 10.1016/S1470-2045(10)70018-8; Danaher et al. 2017,
    10.1186/s40425-017-0215-8.
    """
    sets = treatment_sets(panel)
    parts = {name: [gene for gene, sign in genes.items() if sign > 0] for name, genes in sets.items()}
    falling = {name: [gene for gene, sign in genes.items() if sign < 0] for name, genes in sets.items()}
    parts |= {name + _DOWN: genes for name, genes in falling.items() if genes}
    found = score_panel(cohort, parts, "scores of therapy studies", method="mean", min_coverage=min_coverage)
    made = {
        name: found[name] - found[name + _DOWN] if name + _DOWN in found else found[name] for name in sets
    }  # fmt: skip
    table = pd.DataFrame(made, index=found.index)
    table.attrs.update(found.attrs)
    return table
