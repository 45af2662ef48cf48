"""Learning from cancers other than breast: drugs approved for each, and what the lines of each say of every drug.

Only evidence that lines give exists for every cancer: measured sensitivity and selectivity, and how the targets and the
pathways around them are expressed. A ranker taught so has seen no label of breast cancer and no breast line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core import cohort as co
from omics_rx.core import resources
from omics_rx.core.errors import InputError
from omics_rx.repurposing import targets
from omics_rx.repurposing.labels import find_drugs
from omics_rx.repurposing.selectivity import group_difference, standardised, without_general

if TYPE_CHECKING:
    from omics_rx.core.screen import DrugScreen

# cancer to how the screen's ``tissue_detail`` begins for its lines
LINES = {
    "lung_nsclc": ("lung_NSCLC",), "lung_sclc": ("lung_small",), "melanoma": ("melanoma",), "glioma": ("glioma",),
    "colorectal": ("large_intestine",), "head_neck": ("head_and_neck",), "ovary": ("ovary",),
    "lymphoma": ("B_cell_lymphoma", "Burkitt"), "hodgkin": ("Hodgkin",), "neuroblastoma": ("neuroblastoma",),
    "kidney": ("kidney",), "pancreas": ("pancreas",), "stomach": ("stomach",), "aml": ("acute_myeloid",),
    "all": ("lymphoblastic", "B_cell_leukemia", "T_cell_leukemia"), "cml": ("chronic_myeloid",),
    "myeloma": ("myeloma",), "ewing": ("ewings",), "osteosarcoma": ("osteosarcoma",),
    "soft_tissue": ("rhabdomyosarcoma", "soft_tissue"), "mesothelioma": ("mesothelioma",), "bladder": ("bladder",),
    "thyroid": ("thyroid",), "liver": ("liver",), "cervix": ("cervix",), "prostate": ("prostate",),
}  # fmt: skip


def shipped() -> pd.DataFrame:
    """Drugs and the cancers beside breast they are approved for: ``drug``, ``inchikey``, ``cancer``, ``sources``."""
    return resources.table("labels_cancers.tsv")


def evidence(screen: DrugScreen, held_out: pd.DataFrame | None = None) -> pd.DataFrame:
    """Line evidence of every drug in every cancer that has lines.

    Parameters
    ----------
    screen
        Lines, their expression and responses.
    held_out
        ln IC50 predicted for lines by fits that had not seen them, lines x drugs (ln uM).

    Returns
    -------
    DataFrame
        Index (``drug_id``, ``cancer``); the kinds that lines give, as in :mod:`omics_rx.repurposing.evidence`, each
        the cancer's lines against all others that are not breast; NaN where missing. Empty where the screen does not
        tell the tissue of its lines.
    """
    obs = screen.cells.obs
    columns = ["measured_sensitivity", "measured_selectivity", "target_expression", "pathway_activity"]
    if "tissue_detail" not in obs:
        none = pd.MultiIndex.from_arrays([[], []], names=["drug_id", "subtype"])
        return pd.DataFrame(index=none, columns=columns, dtype="float64")
    detail = obs["tissue_detail"].astype(str)
    detail = detail[~detail.str.startswith("breast")]
    responses = without_general(screen.matrix().reindex(detail.index).dropna(how="all"))
    expected = None if held_out is None else without_general(held_out[held_out.index.isin(detail.index)])
    genes = standardised(co.expression(screen.cells).reindex(detail.index))
    own = targets.genes_of(screen.drugs["targets"])
    tables = {}
    for cancer, starts in LINES.items():
        inside = detail.str.startswith(starts)
        measured = group_difference(responses, inside)
        differences = group_difference(genes, inside)["difference"].dropna()
        tables[cancer] = pd.DataFrame(
            {
                "measured_sensitivity": measured["mean"],
                "measured_selectivity": measured["difference"],
                "target_expression": targets.target_expression(own, differences),
                "pathway_activity": targets.pathway_activity(own, differences),
            }
        ).reindex(screen.drugs.index)
        if expected is not None:
            tables[cancer]["held_out_selectivity"] = group_difference(expected, inside)["difference"]
    table = pd.concat(tables, names=["subtype", "drug_id"]).swaplevel()
    return table[table.notna().any(axis=1)]


def training_pairs(drugs: pd.DataFrame) -> pd.DataFrame:
    """Pairs of drugs and cancers to learn from: approved for it, or approved for others and not for it.

    Parameters
    ----------
    drugs
        Drugs of a screen: index ``drug_id``; ``name``, ``aliases``, ``inchikey``.

    Returns
    -------
    DataFrame
        As :func:`omics_rx.repurposing.labels.training_pairs`, the cancer in ``subtype``. The positives of a drug weigh
        one together, and so do its negatives.

    Raises
    ------
    InputError
        If the screen holds no drug of the labels.
    """
    table = shipped()
    by_key = find_drugs(pd.Index(table["inchikey"]), drugs).to_numpy()
    table["drug_id"] = by_key
    table = table.dropna(subset=["drug_id"])
    if table.empty:
        raise InputError("the screen holds no drug that the labels across cancers know: give labels of your own")
    rows = []
    for drug, own in table.groupby("drug_id", sort=True):
        works = set(own["cancer"])
        for chosen, good in ((works, True), (set(LINES) - works, False)):
            kind = "positive" if good else "mismatch"
            rows += [(drug, cancer, good, kind, 1 / len(chosen)) for cancer in sorted(chosen)]
    return pd.DataFrame(rows, columns=["drug_id", "subtype", "positive", "kind", "weight"])
