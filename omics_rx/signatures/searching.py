"""The combination search: selectors x learners, each judged on samples it has not seen, the choice itself included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.provenance import Provenance
from omics_rx.metrics.survival import Concordance
from omics_rx.signatures.assemble import prepare, refuse_duplicates, shared_endpoint, training_set
from omics_rx.signatures.combinations import named
from omics_rx.signatures.search_run import fingerprint, searched

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What ``signatures.search`` found.

    Attributes
    ----------
    table
        A row a combination, the best first and the failed last: ``combination``, ``selector`` (empty: all genes),
        ``learner``, ``n_genes`` (median over folds), ``concordance`` on held-back samples with ``lower`` and
        ``upper`` (95% bootstrap; pairs within one cohort and fold), ``apparent`` (mean on the samples fitted on),
        ``optimism`` (apparent less held back), ``empty_folds`` (folds in which the selector kept no gene and nobody
        was ordered), ``failure`` (why there is no figure, empty otherwise).
    best
        Name of the first row. Its concordance is the largest of many and so too high; ``nested`` is not.
    nested
        Concordance, on samples never used for it, of searching and taking the best; None where not asked for.
    choices
        A row an outer fold: ``fold``, ``combination`` taken, its ``concordance`` within the fold's training samples.
    risks
        Held-back risk, samples x combinations; comparable within a fold and column only.
    fold
        Outer fold of each sample.
    endpoint
        What the event is.
    n, n_events
        Samples and events.
    provenance
        How it came to be.
    """

    table: pd.DataFrame = field(repr=False)
    best: str
    nested: Concordance | None
    choices: pd.DataFrame = field(repr=False)
    risks: pd.DataFrame = field(repr=False)
    fold: pd.Series = field(repr=False)
    endpoint: str
    n: int
    n_events: int
    provenance: Provenance = field(repr=False)


@in_words
def search(
    cohorts: Mapping[str, CohortLike],
    *,
    genes: Iterable[str] | None = None,
    combinations: str | Sequence[str] = "all",
    endpoint: str | None = None,
    n_folds: int = 5,
    nested: bool = True,
    n_inner: int = 3,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> SearchResult:
    """Judge every combination of a selector and a learner by cross-validation, and the choice among them as well.

    Scaling, selection and fitting are made anew in every fold on its training samples. Finished parts are kept in
    the cache, so a search that was interrupted goes on where it stopped; the number of jobs changes no result.

    Parameters
    ----------
    cohorts
        Training cohorts by name, as for :func:`build`. Keep the external cohort out of it.
    genes
        Candidate genes; None takes all that every cohort measures.
    combinations
        ``"all"`` (118), ``"101"``, ``"fast"`` (12), or names such as ``["lasso", "lasso + cox_ridge"]``.
    endpoint
        Needed where the cohorts record different ones: ``"mixed"`` says that this is meant.
    n_folds
        Outer folds, balanced over cohort and event.
    nested
        Search again within each outer fold, to learn what the chosen combination is worth; ``n_inner`` times as
        much work on top.
    n_inner
        Folds of the inner searches.
    seed, n_jobs, progress
        Of all that is random; processes, or whatever ``joblib.parallel_config`` says; a bar on stderr.

    Raises
    ------
    InputError
        If follow-up is missing, endpoints differ unsaid, cohorts share patients or hardly any gene, a cohort is too
        small for the folds, or every combination fails.

    References
    ----------
    Varma and Simon, BMC Bioinformatics 2006, 7:91.
    """
    wanted = named(combinations)
    members = prepare(cohorts, role="training")
    kind = shared_endpoint(members, endpoint)
    refuse_duplicates(members.values())
    train = training_set(members, genes)
    found = searched(
        train, wanted, n_folds=n_folds, n_inner=n_inner if nested else 0, seed=seed, n_jobs=n_jobs, progress=progress
    )
    settings = {
        "combinations": len(wanted), "genes": len(train.genes), "endpoint": kind, "n_folds": n_folds,
        "n_inner": n_inner if nested else 0, "seed": seed,
    }  # fmt: skip
    return SearchResult(
        table=found.table, best=str(found.table["combination"].iloc[0]), nested=found.nested, choices=found.choices,
        risks=found.risks, fold=found.fold, endpoint=kind, n=train.n, n_events=train.n_events,
        provenance=Provenance("signatures.search", {"training": fingerprint(train)}, settings, ("varma2006",)),
    )  # fmt: skip
