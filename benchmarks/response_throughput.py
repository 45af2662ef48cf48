"""How many pairs a second the graph network learns from: one graph a pair, against each drug and line encoded once.

    python benchmarks/response_throughput.py
    python benchmarks/response_throughput.py --pairs 256 --steps 3

GDSC2, drugs with a known structure. The same layers (message passing, tower, product) in four ways on one core: "one
graph a pair" encodes the molecule and the line of every pair, as GraphDRP does; "each once" takes random pairs too and
encodes each of their drugs and lines once; "full matrix" takes 256 lines and every drug; "as trained" is a step of the
package's own settings, some lines with all drugs and some drugs with all lines. A step is forward, backward and the
optimiser's. The ways take turns and the median step counts, so a busy machine slows all four. Before that, the first
two must predict the same.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

import omics_rx as orx
from omics_rx.response import graphs
from omics_rx.response.parts.network import GraphNetwork
from omics_rx.response.parts.network_devices import Worker
from omics_rx.response.parts.network_layers import DrugInput, Molecules, ResponseNetwork
from omics_rx.response.parts.network_training import Matrix, Training, unseen_lines
from omics_rx.response.prepare import training_of


class Pairs:
    """Steps over random measured pairs."""

    def __init__(self, training: Training, smiles: list[str], size: int) -> None:
        self.training, self.smiles, self.size = training, smiles, size
        self.random = np.random.default_rng(0)
        self.known = np.argwhere(training.matrix.known.numpy() > 0)

    def draw(self) -> np.ndarray:
        """Rows and columns of random measured pairs."""
        return self.known[self.random.choice(len(self.known), self.size, replace=False)]

    def predict(self, network: ResponseNetwork, pairs: np.ndarray, *, once: bool) -> torch.Tensor:
        """Residuals of pairs, ``(n_pairs,)``."""
        matrix: Matrix = self.training.matrix
        rows, columns = (torch.from_numpy(side) for side in pairs.T)
        line_at, drug_at = torch.arange(len(pairs)), torch.arange(len(pairs))
        own_rows, own_columns = rows, columns
        if once:
            own_rows, line_at = rows.unique(return_inverse=True)
            own_columns, drug_at = columns.unique(return_inverse=True)
        molecules = Molecules.of(graphs.batch([self.smiles[i] for i in own_columns]), torch.float32)
        asked = DrugInput(molecules, torch.arange(len(own_columns)), matrix.drugs.alike[own_columns])
        drug, bias = network.known_drugs(network.drugs(asked)[0], own_columns)
        cell = network.cells(matrix.read[own_rows])
        return (cell[line_at] * drug[drug_at]).sum(dim=1) + bias[drug_at]

    def step(self, *, once: bool) -> int:
        """Learn from one batch; say how many pairs it has."""
        pairs = self.draw()
        training = self.training
        training.network.train()
        found = self.predict(training.network, pairs, once=once)
        training.optimiser.zero_grad()
        (found - training.matrix.residual[tuple(pairs.T)]).square().mean().backward()
        training.optimiser.step()
        return len(pairs)


def full(training: Training, rows: int) -> int:
    """Learn from some lines and every drug, all of them encoded; the pairs measured in it."""
    matrix, network = training.matrix, training.network
    some = training.lines[:rows]
    network.train()
    training.optimiser.zero_grad()
    left = unseen_lines(network, matrix, some) - matrix.residual[some]
    (matrix.known[some] * left.square()).mean().backward()
    training.optimiser.step()
    return int(matrix.known[some].sum())


def own(training: Training) -> int:
    """One step as the package makes it, without judging what is held back; the pairs measured in its two blocks."""
    training.step, training.schedule = 0, replace(training.schedule, n_steps=100)
    training.one_step()
    share, (n_lines, n_drugs) = float(training.matrix.known.mean()), training.matrix.known.shape
    rows, columns = training.schedule.rows, training.schedule.columns
    return int(share * (rows * n_drugs + columns * n_lines))


def timed(step: Callable[[], int]) -> float:
    start = time.perf_counter()
    pairs = step()
    return pairs / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=256, help="pairs a step of the first two ways")
    parser.add_argument("--steps", type=int, default=5)
    told = parser.parse_args()
    torch.set_num_threads(1)
    screen = orx.datasets.load("gdsc2")
    data, _ = training_of(screen.subset(drugs=screen.drugs.index[screen.drugs["smiles"].notna()]))
    training = Training(*GraphNetwork().plan(data), seed=0, worker=Worker(torch.device("cpu")))
    pairs = Pairs(training, [str(text) for text in data.drugs.smiles], told.pairs)
    some = pairs.draw()
    training.network.eval()
    with torch.no_grad():
        apart, once = (pairs.predict(training.network, some, once=way) for way in (False, True))
    print(f"largest difference of the first two ways: {float((apart - once).abs().max()):.1e}")
    ways: dict[str, Callable[[], int]] = {
        "one graph a pair": lambda: pairs.step(once=False),
        "each once": lambda: pairs.step(once=True),
        "as trained": lambda: own(training),
        "full matrix": lambda: full(training, 256),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(told.steps + 1):
        for name, step in ways.items():
            rates[name].append(timed(step))
    base = statistics.median(rates["one graph a pair"][1:])
    for name, found in rates.items():
        middle = statistics.median(found[1:])
        print(f"{name:18s} {middle:12,.0f} pairs a second, {middle / base:7.1f} times")


if __name__ == "__main__":
    main()
