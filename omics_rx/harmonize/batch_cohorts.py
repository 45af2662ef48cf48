"""Samples of each batch: told apart, on one logarithmic scale, and enough of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import as_cohort, expression
from omics_rx.core.errors import InputError, examples
from omics_rx.core.units import LINEAR
from omics_rx.harmonize.units import detect, refuse_unfit

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

FEWEST = 3
_BATCH = re.compile(r"^batch(?:es|[_ .-]?(?:id|no|number|name))?$|^(?:plate|cent(?:er|re)|site|run)$", re.IGNORECASE)
_NO_BATCH = ("", "nan", "na", "none", "n/a", "<na>", "null")
_ANY_LOG2 = ("log2 intensity", "log2 expression")


@in_words
def by_batch(cohorts: Mapping[str, CohortLike] | CohortLike, batch: str | pd.Series | None) -> Mapping[str, CohortLike]:
    """Batch to its samples; one cohort is split by the column or Series that tells the batch of each sample.

    Raises
    ------
    InputError
        If nothing tells the batches, a sample has none, or they are told twice.
    """
    if isinstance(cohorts, Mapping):
        if batch is not None:
            raise InputError("batches are told twice: by the names of the cohorts and by batch=; leave one out")
        return cohorts
    cohort = as_cohort(cohorts)
    if batch is None:
        like = [str(name) for name in cohort.obs if _BATCH.search(str(name))]
        where = f": batch={like[0]!r} is one of its columns" if like else ""
        raise InputError(
            f"batches are a mapping of batch to cohort, not a {type(cohorts).__name__} alone: pass batch=, too, the "
            f"column of obs or the Series that tells the batch of each sample{where}"
        )
    if isinstance(batch, str) and batch not in cohort.obs:
        raise InputError(f"the cohort has no column {batch!r}: it has {examples(cohort.obs.columns, 10) or 'none'}")
    told: pd.Series = cohort.obs[batch] if isinstance(batch, str) else batch.reindex(cohort.obs_names)
    names = told.astype(object).where(told.notna(), None)
    names = names.map(lambda name: None if str(name).strip().casefold() in _NO_BATCH else str(name), na_action="ignore")
    bare = cohort.obs_names[names.isna()]
    if len(bare):
        raise InputError(f"{len(bare)} samples have no batch ({examples(bare)}): tell it, or leave them out")
    return {name: cohort[(names == name).to_numpy()] for name in dict.fromkeys(names)}


def in_one_unit(cohorts: Mapping[str, CohortLike]) -> tuple[dict[str, pd.DataFrame], str]:
    """Frames of all cohorts, and their unit."""
    found = {name: logarithms(cohort, str(name)) for name, cohort in cohorts.items()}
    refuse_other_unit({name: unit for name, (_, unit) in found.items()})
    return {name: frame for name, (frame, _) in found.items()}, next((unit for _, unit in found.values()), "")


def logarithms(cohort: CohortLike, what: str) -> tuple[pd.DataFrame, str]:
    """Samples x genes of a cohort, and the logarithmic unit they have.

    Raises
    ------
    InputError
        If a gene stands twice or the values are amounts, of two units or of one that cannot be told.
    """
    names = cohort.columns if isinstance(cohort, pd.DataFrame) else as_cohort(cohort).var_names
    repeated = names[names.duplicated()].unique()
    if len(repeated):
        raise InputError(f"{len(repeated)} genes of {what!r} stand twice ({examples(repeated)}): harmonise them")
    data = as_cohort(cohort)
    finding = detect(data)
    refuse_unfit(finding, what=f"batch correction of {what}")
    if finding.unit in LINEAR:
        raise InputError(
            f"batch correction adds and stretches logarithms, and {what} holds {finding.unit} ({finding.statement}): "
            'bring it to logarithms first, as harmonize.units.convert(cohort, "log2(CPM + 1)") does'
        )
    return expression(data), finding.unit


def refuse_other_unit(units: Mapping[str, str]) -> None:
    """Refuse batches in several units; a binary logarithm whose offset nobody knows may be any other one."""
    told = {unit for unit in units.values() if unit}
    exact = told - set(_ANY_LOG2)
    if len(exact) > 1 or (exact and told & set(_ANY_LOG2) and not next(iter(exact)).startswith("log2(")):
        raise InputError(
            f"batches stand in several units ({examples(f'{name}: {unit}' for name, unit in units.items() if unit)}): "
            "bring them to one first, or tell the one they have with core.cohort.with_info(cohort, unit=...)"
        )


def check_batches(cohorts: Mapping[str, pd.DataFrame]) -> None:
    """Refuse fewer than two batches, one of fewer than three samples, and a sample that is in two."""
    if len(cohorts) < 2:
        raise InputError(f"{len(cohorts)} cohorts have no batch to tell from biology: pass at least two")
    few = [name for name, frame in cohorts.items() if len(frame) < FEWEST]
    if few:
        raise InputError(f"{len(few)} cohorts have fewer than {FEWEST} samples ({examples(few)}): leave them out")
    samples = pd.Index([sample for frame in cohorts.values() for sample in frame.index])
    if not samples.is_unique:
        repeated = samples[samples.duplicated()].unique()
        raise InputError(f"{len(repeated)} samples are in several cohorts ({examples(repeated)}): name each once")
