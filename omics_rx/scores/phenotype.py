"""Hot and cold tumours, and how immunogenic each tumour is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.needs import Needs, prepare
from omics_rx.scores.panels import sets_of

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

CITES = ("charoentong2017",)
_MIN_TUMOURS = 20


@in_words
def immune_phenotype(cohort: CohortLike, *, min_coverage: float = 0.5) -> pd.DataFrame:
    """Tell hot from cold tumours by the expression of the hot-tumour genes of TIP.

    Parameters
    ----------
    cohort
        AnnData or frame of at least 20 tumours, samples x genes: hot and cold are relative to the cohort.
    min_coverage
        Least share of the genes.

    Returns
    -------
    pandas.DataFrame
        ``score`` (mean over the genes of their z-scores in the cohort), ``phenotype`` (``"hot"`` or ``"cold"``: the
        nearer of two clusters, the hot one being higher on average), and ``margin``, the difference of the distances
        to the two cluster centres in units of their own distance (0: in between, 1: at a centre).

    Raises
    ------
    InputError
        If too few genes are there, a sample lacks one, or there are under 20 samples.

    Notes
    -----
    Genes of Wang et al., Science Advances 2021 (10.1126/sciadv.abd7851), CXCL9 to CCL5, CD3 as its three chains.
    Clusters by k-means on z-scores, started from the halves below and above the median score: repeatable.
    """
    ready = prepare(cohort, phenotype_needs())
    genes = ready.needs.genes
    values = ready.values(genes)
    values = values.loc[:, values.std().gt(0).to_numpy()]
    if values.shape[1] < min_coverage * len(genes) or len(values) < _MIN_TUMOURS or values.isna().any(axis=None):
        raise InputError(
            f"hot and cold are told by {len(genes)} genes in at least {_MIN_TUMOURS} tumours without gaps, and here "
            f"are {values.shape[1]} varying genes in {len(values)} tumours with {int(values.isna().sum().sum())} gaps: "
            "pass the whole expression matrix of a cohort"
        )
    z = (values - values.mean()) / values.std()
    score = z.mean(axis=1)
    hot = _two_clusters(z.to_numpy(), (score > score.median()).to_numpy())
    centres = np.vstack([z[~hot].mean(), z[hot].mean()])
    distance = np.linalg.norm(z.to_numpy()[:, None, :] - centres[None], axis=2)
    margin = np.abs(distance[:, 0] - distance[:, 1]) / np.linalg.norm(centres[0] - centres[1])
    table = pd.DataFrame({"score": score, "phenotype": np.where(hot, "hot", "cold"), "margin": margin}, index=z.index)
    return ready.told(table)


def phenotype_needs() -> Needs:
    """What :func:`immune_phenotype` needs of a cohort."""
    genes = sets_of("immune_sets.tsv", "set", only={"panel": "tip_hot"})["Hot"]
    return Needs("hot and cold", genes=tuple(genes), single=True)


def ips_needs() -> Needs:
    """What :func:`immunophenoscore` needs of a cohort: every gene, for each is held against the sample's others."""
    genes = resources.table("immunophenoscore.tsv")["gene"].drop_duplicates()
    return Needs("the immunophenoscore", genes=tuple(genes), levels="say")


def _two_clusters(z: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Which samples are in the higher of two clusters; k-means from a given start."""
    hot = start
    for _ in range(100):
        centres = np.vstack([z[~hot].mean(axis=0), z[hot].mean(axis=0)])
        distance = ((z[:, None, :] - centres[None]) ** 2).sum(axis=2)
        again = distance[:, 1] < distance[:, 0]
        if np.array_equal(again, hot) or not 0 < again.sum() < len(z):
            break
        hot = again
    return hot if z[hot].mean() >= z[~hot].mean() else ~hot


@in_words
def immunophenoscore(cohort: CohortLike, *, min_coverage: float = 0.7) -> pd.DataFrame:
    """Immunogenicity of each tumour: antigen presentation, checkpoints, effector and suppressor cells.

    Genes are standardised within the sample (over all its genes), so a score needs no cohort.

    Parameters
    ----------
    cohort
        AnnData or frame, samples x genes, all genes measured, log scale or brought to it.
    min_coverage
        Least share of the names (genes or cell types) of each of the four classes.

    Returns
    -------
    pandas.DataFrame
        ``MHC``, ``EC`` (effector cells), ``SC`` (suppressor cells, negative), ``CP`` (checkpoints), ``AZ`` (their sum)
        and ``IPS``, 0 to 10.

    Raises
    ------
    InputError
        If a class is not covered.

    Notes
    -----
    Charoentong et al., Cell Reports 2017. A name is the mean of its genes that are there; classes are means of weighted
    names; ``IPS`` is 10/3 of ``AZ``, rounded half to even, at least 0 and at most 10.
    """
    ready = prepare(cohort, ips_needs())
    values = ready.values()
    table = resources.table("immunophenoscore.tsv")
    table["weight"] = table["weight"].astype(np.float64)
    here = table[table["gene"].isin(values.columns)]
    counts = here.groupby("class")["name"].nunique().reindex(table["class"].unique(), fill_value=0)
    share = counts / table.groupby("class")["name"].nunique().reindex(counts.index)
    if (share < min_coverage).any():
        shown = examples(f"{name} {part:.0%}" for name, part in share.items())
        raise InputError(f"the immunophenoscore needs {min_coverage:.0%} of each class of genes, and has {shown}")
    z = values.sub(values.mean(axis=1), axis=0).div(values.std(axis=1, ddof=1), axis=0)
    parts = {}
    for kind in ("MHC", "EC", "SC", "CP"):
        names = here[here["class"] == kind].groupby("name", sort=False)
        weighted = {name: z[rows["gene"]].mean(axis=1) * rows["weight"].mean() for name, rows in names}
        parts[kind] = pd.DataFrame(weighted).mean(axis=1)
    result = pd.DataFrame(parts)
    result["AZ"] = result.sum(axis=1, skipna=False)
    result["IPS"] = (result["AZ"] * 10 / 3).round().clip(0, 10)
    return ready.told(result)
