"""Training of the response network by row blocks of the full matrix, stopped early on lines and drugs held back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from omics_rx.core.work import rng, subseed
from omics_rx.response.parts.network_layers import DrugInput, ResponseNetwork, Sizes

_HELD_BACK = 0.1
_EVERY = 10
_DECAY = 1e-2
_MEAN_WEIGHT = 0.1

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Matrix:
    """What is learnt, as tensors.

    ``residual`` is what the drug means leave, on unit scale, 0 where ``known`` is 0, ``(n_cells, n_drugs)``; ``line``
    its mean a cell; ``means`` the drug means, centred and on unit scale; ``target`` the expression of each drug's
    targets in each cell.
    """

    components: Tensor
    drugs: DrugInput
    residual: Tensor
    known: Tensor
    line: Tensor
    means: Tensor
    target: Tensor


@dataclass(frozen=True)
class Schedule:
    """How long, how fast and in what blocks to train."""

    n_steps: int
    learning_rate: float
    rows: int
    patience: int


@contextmanager
def one_seed(seed: int) -> Iterator[None]:
    """Seed torch for a while on one thread and leave it as it was: sums in one order give one result."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def train_member(matrix: Matrix, sizes: Sizes, schedule: Schedule, *, seed: int) -> tuple[Weights, Weights]:
    """Train one network.

    A tenth of the lines and of the drugs is held back. Two moments are kept: when the lines held back were predicted
    best (for drugs trained on) and when the drugs held back were (for new drugs).

    Returns
    -------
    for_lines, for_drugs
        Weights of the network at either moment.
    """
    with one_seed(subseed(seed, "torch")):
        network = ResponseNetwork(sizes)
        optimiser = torch.optim.AdamW(network.parameters(), lr=schedule.learning_rate, weight_decay=_DECAY)
        rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, schedule.learning_rate, total_steps=schedule.n_steps)
        lines, drugs = _sides(matrix, seed)
        best = [(np.inf, 0, _copy(network)), (np.inf, 0, _copy(network))]
        for step in range(schedule.n_steps):
            network.train()
            rows = torch.randperm(len(lines))[: schedule.rows]
            loss = _loss(network, matrix, lines[rows], drugs)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call,unused-ignore]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            rates.step()
            if step % _EVERY == _EVERY - 1 or step == schedule.n_steps - 1:
                found = _held_back_losses(network, matrix, lines, drugs)
                best = [
                    (new, step, _copy(network)) if new < old[0] else old for new, old in zip(found, best, strict=True)
                ]
                if step - max(best[0][1], best[1][1]) >= schedule.patience:
                    break
        return best[0][2], best[1][2]


def _copy(network: ResponseNetwork) -> Weights:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def _sides(matrix: Matrix, seed: int) -> tuple[Tensor, Tensor]:
    """Positions of the lines trained on, and for each drug whether its description is trained on."""
    n_cells, n_drugs = matrix.residual.shape
    generator = rng(seed, "held back")
    lines = np.sort(generator.permutation(n_cells)[max(1, int(_HELD_BACK * n_cells)) :])
    drugs = np.ones(n_drugs, dtype=bool)
    drugs[generator.permutation(n_drugs)[: max(1, int(_HELD_BACK * n_drugs))]] = False
    return torch.from_numpy(lines), torch.from_numpy(drugs)


def _squared(found: Tensor, matrix: Matrix, rows: Tensor, columns: Tensor | None = None) -> Tensor:
    """Mean squared error over the pairs known; summed over the towers, so that each learns by itself."""
    known = matrix.known[rows]
    if columns is not None:
        known = known * columns
    return (known * (found - matrix.residual[rows]) ** 2).sum() / known.sum().clamp(min=1)


def _loss(network: ResponseNetwork, matrix: Matrix, rows: Tensor, drugs: Tensor) -> Tensor:
    """Unseen line with drugs trained on, plus line trained on with unseen drug, plus the means of drugs."""
    cold_drug, mean, by_target = network.drugs(matrix.drugs)
    cold_cell, line = network.cells(matrix.components[rows])
    trained = drugs.to(cold_drug.dtype)
    # the description of a drug held back learns nothing, its free embedding does
    warm_drug = torch.where(drugs[:, None], cold_drug, cold_drug.detach()) + network.free_drugs
    target = matrix.target[rows] * torch.where(drugs, by_target, by_target.detach())
    lines = line[..., None] + network.meet(cold_cell, warm_drug) + target
    warm_cell = cold_cell + network.free_cells[:, rows]
    fresh = matrix.line[rows][:, None] + network.meet(warm_cell, cold_drug) + target
    means = (trained * (mean - matrix.means) ** 2).sum() / trained.sum()
    return _squared(lines, matrix, rows) + _squared(fresh, matrix, rows, trained) + _MEAN_WEIGHT * means


@torch.no_grad()
def _held_back_losses(network: ResponseNetwork, matrix: Matrix, lines: Tensor, drugs: Tensor) -> tuple[float, float]:
    network.eval()
    cold_drug, _, by_target = network.drugs(matrix.drugs)
    cold_cell, line = network.cells(matrix.components)
    target = matrix.target * by_target
    found = line[..., None] + network.meet(cold_cell, cold_drug + network.free_drugs) + target
    fresh = matrix.line[..., None] + network.meet(cold_cell + network.free_cells, cold_drug) + target
    out = torch.ones(len(matrix.components), dtype=torch.bool)
    out[lines] = False
    rest = torch.nonzero(out)[:, 0]
    return (
        float(_squared(found.mean(dim=0)[rest], matrix, rest)),
        float(_squared(fresh.mean(dim=0)[lines], matrix, lines, (~drugs).to(fresh.dtype))),
    )
