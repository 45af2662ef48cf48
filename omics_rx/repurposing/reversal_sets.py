"""Reversal for libraries of gene sets: a drug is the genes it raises and lowers, so the disease is the ranked list.

Such a library says nothing of the order of the other genes. Read as profiles of 1, -1 and 0 nearly all genes tie; so
the roles change: the two sets are looked up in the profile of the disease. Signs stay: below 0 is reversal.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.repurposing import reversal

MIN_EACH = 5
_MOSTLY = 0.5


def holds_sets(library: pd.DataFrame) -> bool:
    """Whether a library says of genes only up, down or neither: no value beyond 1, and 0 for most genes."""
    values = library.to_numpy(dtype=np.float64)
    size = np.abs(values[np.isfinite(values)])
    return bool(size.size) and float(size.max()) == 1.0 and float((size == 0).mean()) > _MOSTLY


def score(sets: pd.DataFrame, signature: pd.Series) -> pd.DataFrame:
    """Score every drug's sets against one signature.

    Parameters
    ----------
    sets
        Drugs x genes: above 0 raised, below 0 lowered, 0 or NaN neither.
    signature
        Gene to how far the disease moves it; the more genes, the better.

    Returns
    -------
    DataFrame
        Drugs x :data:`omics_rx.repurposing.reversal.METHODS`; below 0 the drug reverses the signature, NaN for a drug
        with fewer than five genes of the signature on a side.

    Raises
    ------
    InputError
        If no drug has enough genes.
    """
    known = signature.dropna()
    profile = reversal.Profiles.of(known.rename("disease").to_frame().T)
    queries = sets.reindex(columns=known.index).fillna(0.0).to_numpy(dtype=np.float64)
    enough = ((queries > 0).sum(axis=1) >= MIN_EACH) & ((queries < 0).sum(axis=1) >= MIN_EACH)
    if not enough.any():
        raise InputError(
            f"none of the {len(sets)} drugs of the library has {MIN_EACH} genes up and as many down among the "
            f"{len(known)} of the signature: are both gene symbols?"
        )
    table = pd.DataFrame(np.nan, index=sets.index, columns=list(reversal.METHODS))
    for method, values in profile.unscaled_many(queries[enough]).items():
        table.loc[enough, method] = values[0]
    table["cmap_ks"] = reversal.scaled(table[["cmap_ks"]].to_numpy())[:, 0]
    return table
