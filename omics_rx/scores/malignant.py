"""Subtype of single malignant cells of breast tumours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.harmonize.needs import prepare
from omics_rx.scores.panels import panel_needs, score_prepared, sets_of

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

SUBTYPES = ("Basal", "Her2", "LumA", "LumB")
CITES = ("wu2021",)


@in_words
def malignant_cell_subtype(cells: CohortLike, *, min_coverage: float = 0.3) -> pd.DataFrame:
    """Call the subtype of malignant breast cells by the genes of scSubtype.

    Parameters
    ----------
    cells
        Malignant cells x genes, of tumours whose normal cells have been taken out: a T cell would get a subtype too.
        Counts are brought to log2(CPM + 1).
    min_coverage
        Least share of the genes of a subtype; a subtype below it is never called, and a warning names it.

    Returns
    -------
    pandas.DataFrame
        Cells x ``subtype``, one mean z-score for each of ``Basal``, ``Her2``, ``LumA``, ``LumB``, and ``margin`` (best
        less second best).

    Raises
    ------
    InputError
        If no subtype is covered.

    Notes
    -----
    Wu et al., Nature Genetics 2021: the mean of a subtype's genes, each standardised over the cells given, decides. A
    call is therefore relative to the cells given; the share of each subtype in a tumour needs cells of several
    tumours together.
    """
    sets = sets_of("malignant_cell_subtype.tsv", "subtype")
    ready = prepare(cells, panel_needs("subtypes of malignant cells", sets, "zscore"))
    z_sum = score_prepared(ready, sets, "subtypes", method="zscore", min_coverage=min_coverage)
    # from the sum over the root of the number of genes to their mean
    table = pd.DataFrame(
        {name: z_sum[name] / np.sqrt(ready.source.var_names.isin(genes).sum()) for name, genes in sets.items()}
    )
    ordered = np.sort(table.fillna(-np.inf).to_numpy(), axis=1)
    called = table.dropna(axis=1, how="all").idxmax(axis=1)
    result = table[list(SUBTYPES)].copy()
    result.insert(0, "subtype", called)
    result["margin"] = ordered[:, -1] - ordered[:, -2]
    return ready.told(result)
