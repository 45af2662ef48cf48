"""Evidence for one patient: her tumour against the others of the cohort, and the lines of her subtype."""

from __future__ import annotations

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.repurposing import evidence as ev
from omics_rx.repurposing import proximity, reversal, targets
from omics_rx.repurposing.selectivity import standardised


def patient_evidence(sources: ev.Sources, patient: str) -> tuple[pd.DataFrame, str]:
    """Evidence for one tumour of the cohort; the same columns as for its subtype.

    Predictions are its own, and less the mean of all other tumours; expression is its z within the cohort; measured
    evidence is that of lines of its subtype. One tumour has no t, so that column is missing.

    Returns
    -------
    DataFrame, str
        Drugs x kinds and supporting columns; the subtype of the tumour.

    Raises
    ------
    InputError
        If the tumour has no subtype, or the subtype has too few tumours to be ranked.
    """
    subtype = sources.subtypes.get(patient)
    if not isinstance(subtype, str):
        raise InputError(f"tumour {patient} has no subtype: set obs['subtype'] for it, or rank a subtype")
    table = ev.subtype_evidence(sources, subtype)
    own = sources.preference.loc[patient]
    table["predicted_sensitivity"] = own.reindex(table.index)
    table["predicted_selectivity"] = (own - sources.preference.drop(index=patient).mean()).reindex(table.index)
    table["predicted_selectivity_t"] = np.nan
    own_targets = targets.genes_of(sources.drugs["targets"])
    z: pd.Series = standardised(sources.genes).T[patient].dropna()
    table["target_expression"] = targets.target_expression(own_targets, z).reindex(table.index)
    table["pathway_activity"] = targets.pathway_activity(own_targets, z).reindex(table.index)
    if sources.profiles is not None:
        scored = sources.profiles.score(z)
        table["reversal"] = reversal.consensus(scored).reindex(table.index)
        for method in reversal.METHODS:
            table[f"reversal_{method}"] = scored[method].reindex(table.index)
    if sources.network is not None:
        near = proximity.proximity(own_targets, z.nlargest(ev.N_DISEASE).index.tolist(), sources.network)
        table["proximity"] = near["z"].reindex(table.index)
    return table, subtype
