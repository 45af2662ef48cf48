"""Evidence beyond prediction and expression: alterations of targets, plasma concentrations, single cells, drugs to add.

What is known only of launched drugs (peak concentrations) never moves a score: it would tell how far a drug has come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log
from omics_rx.harmonize.needs import Needs, prepare

if TYPE_CHECKING:
    from anndata import AnnData

_ALTERED = ("mut", "gain")
MALIGNANT = ("malignant", "cancer epithelial", "tumour", "tumor")


def universe() -> pd.DataFrame:
    """Launched drugs outside oncology that were tried in a cancer or are proposed for one.

    Returns
    -------
    DataFrame
        Index ``drug_id`` (the InChIKey); ``name``, ``inchikey``, ``smiles``, ``targets``, ``mechanism``,
        ``first_use``, ``n_cancers_tried`` (cancers with a trial and no approval).
    """
    table = resources.table("repurposing_universe.tsv").drop(columns=["target_source", "drugbank_id"])
    table["n_cancers_tried"] = table["n_cancers_tried"].astype(int)
    return table.set_index(table["inchikey"].rename("drug_id"))


def target_alteration(targets: dict[str, list[str]], events: pd.DataFrame, groups: pd.Series, group: str) -> pd.Series:
    """Share of a subtype's lines with a target mutated or gained, less the share of the other breast lines.

    Parameters
    ----------
    targets
        Drug to its target genes.
    events
        Lines x events, named ``GENE_mut``, ``GENE_gain``; 1, 0 or NaN.
    groups
        Breast lines to their group.
    group
        The subtype's.

    Returns
    -------
    Series
        Drugs with a target among the events, at least three lines on either side.
    """
    table = events.reindex(groups.dropna().index)
    inside = (groups.dropna() == group).to_numpy()
    found = {}
    for drug, genes in targets.items():
        own = [f"{gene}_{kind}" for gene in genes for kind in _ALTERED if f"{gene}_{kind}" in table]
        if not own:
            continue
        altered = table[own].max(axis=1)  # NaN only where nothing was measured
        here, there = altered[inside].dropna(), altered[~inside].dropna()
        if min(len(here), len(there)) >= 3:
            found[drug] = float(here.mean() - there.mean())
    return pd.Series(found, dtype=np.float64)


def peak_concentrations(drugs: pd.DataFrame) -> pd.Series:
    """Natural logarithm of the peak plasma concentration (ln uM) of the drugs it is known of, by InChIKey."""
    table = resources.table("cmax.tsv")
    known = pd.Series(np.log(table["cmax_um"].astype(float).to_numpy()), index=table["inchikey"])
    return drugs["inchikey"].map(known).astype(float).dropna()


def cells_expressing(targets: dict[str, list[str]], cells: AnnData, *, column: str | None = None) -> pd.DataFrame:
    """Share of malignant cells that express a drug's targets, and of all other cells.

    Parameters
    ----------
    targets
        Drug to its target genes.
    cells
        Single cells x genes, counts or normalised; a gene above 0 is expressed.
    column
        Column of ``obs`` that names the kind of each cell; None takes the only one that names malignant cells beside
        others, which is logged.

    Returns
    -------
    DataFrame
        Index drug; ``malignant`` and ``others``: the share of cells with any target above 0; only drugs with a target
        among the genes.

    Raises
    ------
    InputError
        If no column tells malignant cells, several tell different ones, or fewer than 20 are.
    """
    kinds = _kinds_of(cells, column)
    malignant = _malignant(kinds)
    if malignant.sum() < 20:
        raise InputError(f"{int(malignant.sum())} cells are malignant: at least 20 are needed")
    ready = prepare(cells, Needs("expression of targets in cells", scale="rank", levels="must"))
    genes = sorted({gene for own in targets.values() for gene in own} & set(ready.source.var_names))
    on = np.asarray(ready.values(genes) > 0)
    at = {gene: i for i, gene in enumerate(genes)}
    found = {}
    for drug, own in targets.items():
        rows = [at[gene] for gene in own if gene in at]
        if rows:
            any_on = np.asarray(on[:, rows].any(axis=1))
            found[drug] = (any_on[malignant].mean(), any_on[~malignant].mean() if (~malignant).any() else np.nan)
    return pd.DataFrame.from_dict(found, orient="index", columns=["malignant", "others"], dtype=np.float64)


def _kinds_of(cells: AnnData, column: str | None) -> pd.Series:
    """Column that tells malignant cells, as told, or the only one that does."""
    names = [column] if column is not None else list(cells.obs.columns)
    told = {name: _malignant(cells.obs[name]) for name in names if name in cells.obs}
    found = {name: rows for name, rows in told.items() if rows.any() and (column is not None or not rows.all())}
    if not found:
        raise InputError(
            f"no cell is named malignant in {examples(names)}: give column=, with kinds such as {', '.join(MALIGNANT)}"
        )
    first, *others = found
    differing = [name for name in others if not np.array_equal(found[name], found[first])]
    if differing:
        counts = ", ".join(f"{name} {int(found[name].sum()):,}" for name in (first, *differing))
        raise InputError(
            f"several columns tell malignant cells, and not the same ones ({counts}): keep the one that "
            "is meant in obs, or name it with column="
        )
    if column is None:
        log.warning("malignant cells are those that obs[%r] names so: %d of %d", first, found[first].sum(), cells.n_obs)
    kinds: pd.Series = cells.obs[first]
    return kinds


def _malignant(kinds: pd.Series) -> np.ndarray:
    return kinds.astype(str).str.casefold().str.startswith(MALIGNANT).to_numpy()
