"""Sites left out and later years kept back: how much too good random folds are.

Patients of one hospital are handled alike, and those of one time are treated alike. Random folds put them on both
sides; a signature that leans on either looks better there than it does at the next hospital or in the next year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import subseed
from omics_rx.harmonize.levels import NOT_KNOWN, levels_of
from omics_rx.metrics import survival
from omics_rx.signatures import nested
from omics_rx.signatures.assemble import Member
from omics_rx.signatures.training import TrainingSet

if TYPE_CHECKING:
    from omics_rx.signatures.recipes import Recipe

COLUMNS = [
    "cohort", "design", "n", "events", "concordance", "lower", "upper", "random_folds", "optimism", "optimism_lower",
    "optimism_upper", "told",
]  # fmt: skip
SITE, LATER = "each site left out", "later patients"
_FEWEST = 10  # events on either side


def judged(
    train: TrainingSet, members: Mapping[str, Member], recipe: Recipe, held: pd.DataFrame, *, site: str | None,
    before: Mapping[str, float] | None, seed: int, n_jobs: int | None, progress: bool | None,
) -> pd.DataFrame:  # fmt: skip
    """Concordance by each design beside that of random folds on the same patients, columns ``COLUMNS``.

    Parameters
    ----------
    train, members, recipe
        As in a study.
    held
        Scores of random folds, by sample.
    site
        Column of the site, or ``"site"`` for TCGA's barcodes; None leaves the design out.
    before
        Column of the year and the year before which patients train; None leaves the design out.
    seed, n_jobs, progress
        Of the fits.

    Raises
    ------
    InputError
        If no cohort has the column, it has one site, or too few events lie on a side of the year.
    """
    if site is None and before is None:
        return pd.DataFrame(columns=COLUMNS)
    obs = pd.concat([member.cohort.obs.set_axis(_named(name, member.endpoint.samples))
                     for name, member in members.items()])  # fmt: skip
    parts = []
    if site is not None:
        scored = _sites(train, recipe, _column(members, obs, site), seed=seed, n_jobs=n_jobs, progress=progress)
        parts.append(_rows(members, scored, held, SITE, seed=seed))
    if before is not None:
        scored = _later(train, recipe, obs, before, seed=seed)
        parts.append(_rows(members, scored, held, LATER, seed=seed))
    known = [part for part in parts if len(part)]
    return pd.concat(known, ignore_index=True) if known else pd.DataFrame(columns=COLUMNS)


def _named(cohort: str, samples: Iterable[object]) -> list[str]:
    """Samples as the training set names them."""
    return [f"{cohort}/{sample}" for sample in samples]


def _column(members: Mapping[str, Member], obs: pd.DataFrame, site: str) -> pd.Series:
    """Site of each sample, told apart by cohort; missing where it is not known."""
    found, lacking = [], []
    for name, member in members.items():
        try:
            levels = levels_of(member.cohort.obs, site, single=True)
        except InputError as error:
            lacking.append(f"{name}: {error}")
            continue
        known = levels.labels.where(levels.labels != NOT_KNOWN)
        labels = known.map(lambda text, own=name: f"{own}/{text}", na_action="ignore")
        found.append(labels.set_axis(_named(name, labels.index)))
    if not found:
        raise InputError(f"no cohort tells its sites by {site}: {examples(lacking)}")
    sites: pd.Series = pd.concat(found).reindex(obs.index)
    if sites.nunique() < 2:
        raise InputError(f"{site} has one site in these cohorts: there is none to leave out")
    return sites


def _sites(
    train: TrainingSet, recipe: Recipe, sites: pd.Series, *, seed: int, n_jobs: int | None, progress: bool | None
) -> pd.DataFrame:  # fmt: skip
    """Score each site's patients by a signature made from the other sites' and from those of no known site."""
    own = sites.loc[train.samples].to_numpy(dtype=object)
    jobs = [(train, recipe, own != name, subseed(seed, "site", name)) for name in sorted(sites.dropna().unique())]
    parts = nested.without(jobs, "leaving out each site", n_jobs=n_jobs, progress=progress)
    return pd.concat(parts).reindex(train.samples)


def _later(
    train: TrainingSet, recipe: Recipe, obs: pd.DataFrame, before: Mapping[str, float], *, seed: int
) -> pd.DataFrame:  # fmt: skip
    """Score patients from a year on by a signature made from those before; those without a year train nothing."""
    if len(before) != 1:
        raise InputError('before names one column and one year, such as {"year": 2008}')
    column, year = next(iter(before.items()))
    years = _years(obs, column).loc[train.samples].to_numpy(dtype=np.float64)
    early, late = years < float(year), years >= float(year)
    sizes = [int(train.event[side].sum()) for side in (early, late)]
    if min(sizes) < _FEWEST:
        raise InputError(
            f"{sizes[0]} events lie before {year:g} and {sizes[1]} from then on: {_FEWEST} are needed on either side"
        )
    known = early | late
    job = (train.rows(known), recipe, early[known], subseed(seed, "later", str(year)))
    return nested.without([job], "judging later patients", n_jobs=1, progress=False)[0].reindex(train.samples)


def _years(obs: pd.DataFrame, column: str) -> pd.Series:
    levels = levels_of(obs, column, cuts=[0.0], single=True)  # reads it, refuses dates in words
    values = obs[levels.column] if levels.column in obs else obs[column]
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(np.float64)
    first = values.astype(object).map(lambda text: str(text)[:4] if text is not None else None)
    return pd.to_numeric(first, errors="coerce")


def _rows(
    members: Mapping[str, Member], scored: pd.DataFrame, held: pd.DataFrame, design: str, *, seed: int
) -> pd.DataFrame:  # fmt: skip
    """Rows of all cohorts: concordance by the design, by random folds on the same patients, and their difference."""
    rows = []
    for name, member in members.items():
        samples = _named(name, member.endpoint.samples)
        risk = scored.loc[samples, "risk_score"].to_numpy(dtype=np.float64)
        at = np.isfinite(risk)
        time, event = member.endpoint.time[at], member.endpoint.event[at]
        n_events = int(event.sum())
        row = {"cohort": name, "design": design, "n": int(at.sum()), "events": n_events, "told": ""}
        if n_events < _FEWEST:
            rows.append(row | {"told": f"cannot tell: {n_events} events"})
            continue
        other = held.loc[samples, "risk_score"].to_numpy(dtype=np.float64)[at]
        found = survival.concordance(time, event, risk[at], cross_validated=design == SITE, seed=seed)
        folds = survival.concordance(time, event, other, n_boot=1).value
        gap = survival.concordance_difference(time, event, (other, risk[at]), cross_validated=True, seed=seed)
        rows.append(
            row | {"concordance": found.value, "lower": found.lower, "upper": found.upper, "random_folds": folds,
                   "optimism": gap.value, "optimism_lower": gap.lower, "optimism_upper": gap.upper}
        )  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=COLUMNS)
