"""Enrichment of ordered lists and steps in a network: ours where peers print numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from peer_cases import Case
from peer_scores import EXPRESSION, SETS

from omics_rx.repurposing.proximity import Network
from omics_rx.repurposing.reversal import weighted_enrichment

PROFILE = (EXPRESSION.iloc[0] - EXPRESSION.mean()).sort_values(ascending=False)
STEPS = np.arange(10.0, -11.0, -1)  # the ordered values of fgsea's tests
FGSEA = {"top five": range(1, 6), "last six": range(16, 22), "every other": range(2, 11, 2)}
LEVEL = {"middle three": range(10, 13)}
# the toy network of the proximity repository, and one made here: a ring with chords
TOY = ["A-B", "A-C", "A-D", "A-E", "A-F", "A-G", "A-H", "B-C", "B-D", "B-I", "B-J", "C-K", "D-E", "D-I", "E-F"]
RING = [f"N{at}-N{(at + 1) % 24}" for at in range(24)] + [f"N{at}-N{(at * 5 + 7) % 24}" for at in range(0, 24, 4)]
PAIRS = {
    f"{start} to {end}": ([f"N{start}", f"N{start + 3}"], [f"N{end}", f"N{(end + 9) % 24}", f"N{(end + 14) % 24}"])
    for start in range(0, 12, 3)
    for end in range(1, 24, 5)
}


def _enrichment(values: np.ndarray, places: Sequence[int]) -> float:
    at = np.array([places])
    return float(weighted_enrichment(at, np.abs(values[at - 1]), len(values))[0])


def _steps(named: dict[str, range]) -> Callable[[], dict[str, float]]:
    return lambda: {name: _enrichment(STEPS, list(places)) for name, places in named.items()}


def _places(genes: Sequence[str]) -> list[int]:
    return sorted(int(at) + 1 for at in PROFILE.index.get_indexer(genes))


def _profile() -> dict[str, float]:
    return {name: _enrichment(PROFILE.to_numpy(), _places(genes)) for name, genes in SETS.items()}


def closest(edges: list[str], start: list[str], end: list[str]) -> float:
    network = Network(pd.DataFrame([edge.split("-") for edge in edges]))
    steps = network.distances(network.genes.get_indexer(end)[None, :])[0]
    return float(steps[network.genes.get_indexer(start)].mean())


CASES = [
    Case("fgsea stat", "fgsea", "calcGseaStat(10:-10), its own tests", _steps(FGSEA)),
    Case("fgsea level", "fgsea", "calcGseaStat(10:-10, 10:12), its own tests", _steps(LEVEL)),
    Case("gseapy prerank", "GSEApy", "prerank, ES", _profile, 1e-9),
    Case(
        "guney toy",
        "Guney's toolbox",
        "calculate_proximity, d of the toy network in its README",
        lambda: {"d": closest(TOY, ["A", "C"], ["B", "D", "E"])},
    ),
    Case(
        "networkx closest",
        "networkx",
        "mean of the least shortest_path_length (Guney's closest)",
        lambda: {name: closest(RING, *pair) for name, pair in PAIRS.items()},
        1e-6,
        "single precision",
    ),
]
