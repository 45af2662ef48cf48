"""Noise and planted truth for the ranker."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from null_cases import case
from omics_rx import scores
from omics_rx.repurposing import event_effects, posterior
from omics_rx.repurposing.ranking import Ranking

REASONS = {
    "repurposing.Ranker.outlook": "hands on what repurposing.posterior.update finds",
    "repurposing.Ranker.rank": "a rank has no truth to plant: the interval is that of the ranks by another cohort, and "
    "is judged on real ones (benchmarks/ranking_intervals.py, RESULTS.md)",
    "repurposing.Ranking.compare": "reads the intervals of both rankings",
    "repurposing.evidence.Kind.in_target interval": "gives a kind of evidence in words of its unit, and no interval",
    "repurposing.evidence.Sources.kinds interval": "lists kinds of evidence, and has no interval",
    "repurposing.evidence.Sources.members interval": "lists kinds of evidence with their needs, and has no interval",
    "repurposing.load_ranking": "reads what repurposing.Ranker.rank wrote",
}


# --------------------------------------------------------------------------------------------------------- pathways


def _pathways(random: np.random.Generator) -> pd.DataFrame:
    """Pathways of the first 25 of 150 drugs in random order; drugs of one of 40 families share their targets."""
    genes = sorted({gene for members in scores.pathway_sets().values() for gene in members})
    families = [";".join(random.choice(genes, int(random.integers(1, 6)), replace=False)) for _ in range(40)]
    drugs = pd.DataFrame({"targets": random.choice(families, 150)}, index=[f"D{i}" for i in range(150)])
    ranking = SimpleNamespace(drugs=drugs, table=pd.DataFrame(index=random.permutation(drugs.index)))
    return Ranking.pathways(ranking, min_overlap=0)


@case("repurposing.Ranking.pathways", "q", unit="drugs", full=300, fast=25)
def drugs_in_random_order(random):
    return _pathways(random)["q_value"].min()


@case(
    "repurposing.Ranking.pathways",
    "p",
    unit="drugs",
    full=300,
    fast=25,
    holds=(0.0, 0.07),
    stated="repurposing.pathways: drugs are counted in whole numbers, so a p of .05 or less is rarer than .05",
)
def any_pathway_of_drugs_in_random_order(random):
    return _pathways(random)["p_value"].to_numpy()


def _mechanisms(random: np.random.Generator) -> pd.DataFrame:
    """Families of the first 25 of 150 drugs in random order, of 40 families."""
    families = random.integers(0, 40, 150)
    drugs = pd.DataFrame({"name": [f"d{i}" for i in range(150)], "mechanism": [f"m{i}" for i in families]},
                         index=[f"D{i}" for i in range(150)])  # fmt: skip
    ranking = SimpleNamespace(drugs=drugs, table=pd.DataFrame(index=random.permutation(drugs.index)))
    return Ranking.mechanisms(ranking)


@case("repurposing.Ranking.mechanisms", "q", unit="drugs", full=300, fast=25)
def families_in_random_order(random):
    return _mechanisms(random)["q_value"].min()


@case(
    "repurposing.Ranking.mechanisms",
    "p",
    unit="drugs",
    full=300,
    fast=25,
    holds=(0.0, 0.07),
    stated="repurposing.pathways: drugs are counted in whole numbers, so a p of .05 or less is rarer than .05",
)
def any_family_in_random_order(random):
    return _mechanisms(random)["p_value"].to_numpy()


# --------------------------------------------------------------------------------------------------------- outcomes


def _found(random: np.random.Generator, n_tried: int, each: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """90% intervals of what tried drugs are expected to do, and the truth: drugs of families, scores that half know."""
    n = 60
    alike = 0.7 * np.corrcoef(random.normal(size=(n, 6))) + 0.3 * np.eye(n)
    covariance, scores_before = posterior.VARIANCE * alike, random.normal(size=n)
    prior = posterior.TRUST * posterior.standard(scores_before)
    truth = prior + np.linalg.cholesky(covariance) @ random.normal(size=n)
    tried = random.choice(n, n_tried, replace=False)
    at = np.repeat(tried, each)
    right = np.where(random.random(at.size) < posterior.ACCURACY, 1.0, -1.0)
    seen = pd.DataFrame({"at": at, "direction": np.sign(truth[at]) * right, "weight": 1.0})
    found = posterior.update(covariance, scores_before, seen)
    middle, half = (prior + found.shift)[tried], 1.645 * found.sd[tried]
    return middle - half, middle + half, truth[tried]


@case("repurposing.posterior.update", "interval", unit="drugs", level=0.9, full=300, fast=60)
def one_experiment_each_of_ten_drugs(random):
    return _found(random, 10, 1)


@case("repurposing.posterior.update", "interval", unit="drugs", level=0.9, full=300, fast=60)
def six_experiments_each_of_five_drugs(random):
    return _found(random, 5, 6)


@case("repurposing.event_effects", "interval", unit="lines", full=60, fast=8)
def effects_of_events_in_random_lines(random):
    """True effects differ between events and drugs; responses are already in standard deviations."""
    lines, drugs, names = [f"L{i}" for i in range(200)], [f"D{i}" for i in range(40)], [f"E{i}_mut" for i in range(10)]
    events = pd.DataFrame((random.random((200, 10)) < 0.2).astype(float), lines, names)
    truth = random.normal(0, 0.15, (10, 40))
    truth -= truth.mean(axis=1, keepdims=True)
    values = pd.DataFrame(events.to_numpy() @ truth + random.normal(size=(200, 40)), lines, drugs)
    tissue = pd.Series("one", index=lines, dtype=object)
    found = event_effects(values, events, tissue=tissue, drugs=pd.DataFrame({"name": drugs}, index=drugs))
    scale = values.std().to_numpy()
    told = [found.of(name) for name in names]
    lower, upper = (np.array([one[side] for one in told]) for side in ("lower", "upper"))
    return lower.ravel(), upper.ravel(), (truth / scale).ravel()
