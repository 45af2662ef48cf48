"""Subtype of triple-negative breast tumours from expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.needs import Needs, prepare
from omics_rx.scores.data_tests import triple_negative

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

SUBTYPES = ("BL1", "BL2", "LAR", "M")
CITES = ("lehmann2011", "lehmann2016")
_MIN_SAMPLES = 20


def tnbc_centroids() -> pd.DataFrame:
    """What marks each subtype, genes x subtypes: 1 where a gene is up in the subtype, -1 where it is down, else 0."""
    table = resources.table("tnbc_subtypes.tsv").set_index("gene")
    return pd.DataFrame({name: table[name].map({"up": 1.0, "down": -1.0}).fillna(0.0) for name in SUBTYPES})


@in_words
def tnbc_subtype(
    cohort: CohortLike, *, reference: str | CohortLike = "cohort", min_coverage: float = 0.5
) -> pd.DataFrame:
    """Call the subtype of triple-negative breast tumours.

    Parameters
    ----------
    cohort
        AnnData or frame of triple-negative tumours only, samples x genes, under any identifiers that
        ``harmonize.genes`` knows: among other tumours every triple-negative one would look basal. Tumours with a
        receptor on record in ``obs`` (``er_status``, ``pr_status``, ``her2_status`` and the like) get no answer and are
        not standardised on; where nothing is on record and ESR1 falls into two groups, the cohort is refused.
    reference
        What genes are standardised on. ``"cohort"``: the cohort itself, at least 20 tumours. Or another cohort of
        triple-negative tumours of the same platform and unit, for a few patients.
    min_coverage
        Least share of the genes, in the cohort and in each sample.

    Returns
    -------
    pandas.DataFrame
        One row a sample: ``subtype``, the largest of the correlations to ``BL1`` (basal-like 1: proliferation, DNA
        damage), ``BL2`` (basal-like 2: growth factors, myoepithelial), ``LAR`` (luminal, androgen receptor) and ``M``
        (mesenchymal); ``margin``, the best less the second best; ``reference``, what genes were standardised on.
        The subtype is missing where no correlation is above zero or too few genes are known.

    Raises
    ------
    InputError
        If too few genes are there, or too few samples to standardise on, or ESR1 tells that many tumours are not
        triple-negative.

    Notes
    -----
    Genes of Lehmann et al., Journal of Clinical Investigation 2011, in the four subtypes that Lehmann et al., PLoS ONE
    2016 keep (the others follow infiltrating lymphocytes and stroma: see :func:`immune` and :func:`estimate`). Pearson
    correlation of a sample's z-scores with the signs of a subtype, less the mean sign over the subtypes. The signs
    stand for the authors' centroids, which are not public; calls are therefore close to theirs and not the same.
    """
    ready = prepare(cohort, tnbc_needs())
    other = ready if isinstance(reference, str) else prepare(reference, tnbc_needs())
    if isinstance(reference, str) and reference != "cohort":
        raise InputError(f'reference {reference!r} is not known: use "cohort" or a cohort to standardise on')
    n_other = other.source.n_obs - len(other.unanswered)
    if n_other < _MIN_SAMPLES:
        raise InputError(
            f"genes are standardised on {n_other} samples and {_MIN_SAMPLES} are needed: pass a cohort of "
            "triple-negative tumours of the same platform as reference"
        )
    signs = tnbc_centroids()
    both = signs.index[signs.index.isin(ready.source.var_names) & signs.index.isin(other.source.var_names)]
    spread = other.values(both).agg(["mean", "std"])
    both = both[(spread.loc["std"] > 0).to_numpy()]
    if len(both) < min_coverage * len(signs):
        raise InputError(
            f"{len(both)} of the {len(signs)} genes of the subtypes vary in the cohort, and {min_coverage:.0%} are "
            f"needed (missing: {examples(signs.index.difference(both))}): pass the whole expression matrix"
        )
    spread = spread[both]
    z = (ready.values(both) - spread.loc["mean"]) / spread.loc["std"]
    table = _correlations(z, signs.loc[both])
    table[(z.notna().sum(axis=1) < min_coverage * len(signs)).to_numpy()] = np.nan
    calls = _called(table, "cohort" if isinstance(reference, str) else "another cohort")
    for sample, why in ready.unanswered.items():
        calls.loc[calls.index == sample, "reference"] = f"not called: {why}"
    return ready.told(calls)


def tnbc_needs() -> Needs:
    """What :func:`tnbc_subtype` needs of a cohort."""
    return Needs(
        "the subtype of triple-negative tumours", genes=tuple(tnbc_centroids().index), single=True,
        tests=(triple_negative,),
    )  # fmt: skip


def _correlations(z: pd.DataFrame, signs: pd.DataFrame) -> pd.DataFrame:
    """Pearson correlation of each sample with each subtype over the genes known in the sample."""
    pattern = signs.sub(signs.mean(axis=1), axis=0).to_numpy()
    known = z.notna().to_numpy(dtype=np.float64)
    values = z.fillna(0.0).to_numpy()
    count = known.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_value = values.sum(axis=1, keepdims=True) / count
        mean_pattern = known @ pattern / count
        covariance = values @ pattern / count - mean_value * mean_pattern
        variance = (values**2).sum(axis=1, keepdims=True) / count - mean_value**2
        of_pattern = known @ pattern**2 / count - mean_pattern**2
        found = covariance / np.sqrt(variance * of_pattern)
    return pd.DataFrame(found, index=z.index.copy(), columns=signs.columns)


def _called(table: pd.DataFrame, stated: str) -> pd.DataFrame:
    scores = table.to_numpy()
    ordered = np.sort(scores, axis=1)
    sure = ordered[:, -1] > 0
    names = pd.Series(pd.NA, index=table.index, dtype=object)
    names[sure] = np.array(SUBTYPES, dtype=object)[scores[sure].argmax(axis=1)]
    result = table.copy()
    result.insert(0, "subtype", names)
    result["margin"] = ordered[:, -1] - ordered[:, -2]
    result["reference"] = stated
    return result
