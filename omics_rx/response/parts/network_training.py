"""Training of the response network by blocks of the full matrix, stopped early on lines and drugs held back.

A step learns from two blocks: some lines with all drugs, for the tower, and some drugs with all lines, for the
descriptions. Everything random depends on the seed and the number of the step, so a training taken up again goes on as
it would have gone on. The gradient of a step is a sum over pieces of the lines of its blocks: pieces are what several
processes share, and what lines are divided into where memory runs out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from omics_rx.core.work import log, rng, subseed, track
from omics_rx.response.parts.network_layers import DrugInput, ResponseNetwork, Sizes
from omics_rx.response.parts.network_optimiser import RowAdam

if TYPE_CHECKING:
    from omics_rx.response.parts.network_devices import Worker

_HELD_BACK = 0.1
_EVERY = 10
_DECAY = 1e-2
_MEAN_WEIGHT = 0.1
_WARM_UP = 0.3
_JUDGED_LINES = 256
# few lines and drugs are held back: among moments they cannot tell apart the last is best, where the rate was small
_NEAR = 0.02

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Matrix:
    """What is learnt, as tensors.

    ``read`` holds the coordinates of each cell, ``(n_cells, k)``; ``residual`` is what the drug means leave, on unit
    scale, 0 where ``known`` is 0, ``(n_cells, n_drugs)``; ``line`` its mean a cell; ``means`` the drug means, centred
    and on unit scale.
    """

    read: Tensor
    drugs: DrugInput
    residual: Tensor
    known: Tensor
    line: Tensor
    means: Tensor

    def to(self, device: torch.device) -> Matrix:
        """The same on a device."""
        return Matrix(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Schedule:
    """How long, how fast and in what blocks to train."""

    n_steps: int
    learning_rate: float
    rows: int
    columns: int
    patience: int

    def rate(self, step: int) -> float:
        """Learning rate: a straight way up, half a cosine down."""
        done = (step + 1) / self.n_steps
        if done < _WARM_UP:
            return self.learning_rate * done / _WARM_UP
        return self.learning_rate * 0.5 * (1 + cos(pi * (done - _WARM_UP) / (1 - _WARM_UP)))


@dataclass
class Best:
    """The least error seen, the last step and weights that came near it, and the step that had it."""

    loss: float
    step: int
    weights: Weights
    gained: int = 0


class Training:
    """One network in training; :meth:`run` carries it to its end.

    A tenth of the lines and of the drugs is held back. Two moments are kept: when the lines held back were predicted
    best (for drugs trained on) and when the drugs held back were (for new drugs).
    """

    def __init__(self, matrix: Matrix, sizes: Sizes, schedule: Schedule, *, seed: int, worker: Worker) -> None:
        self.matrix, self.schedule, self.seed, self.worker = matrix.to(worker.device), schedule, seed, worker
        torch.manual_seed(subseed(seed, "torch"))
        self.network = ResponseNetwork(sizes).to(worker.device)
        self.optimiser = RowAdam(
            self.network.parameters(), lr=schedule.learning_rate, weight_decay=_DECAY,
            apart=self.network.molecule.parameters(),
        )  # fmt: skip
        lines, drugs = _sides(len(matrix.residual), matrix.residual.shape[1], seed)
        self.lines, self.drugs = torch.from_numpy(lines), torch.from_numpy(drugs).to(worker.device)
        self.step = 0
        self.pieces = 1
        self.best = [Best(float("inf"), 0, self.weights()) for _ in range(2)]

    def weights(self) -> Weights:
        """A copy of the network's weights."""
        return {name: value.detach().cpu().clone() for name, value in self.network.state_dict().items()}

    @property
    def finished(self) -> bool:
        """Whether the last step was made or nothing was gained for long."""
        waited = self.step - 1 - max(found.gained for found in self.best)
        return self.step >= self.schedule.n_steps or (self.step > 0 and waited >= self.schedule.patience)

    def run(self, checkpoint: Path | None, *, title: str) -> None:
        """Train to the end, from where a checkpoint stands."""
        from omics_rx.response.parts.network_checkpoint import Keeper

        with Keeper(self, checkpoint if self.worker.rank == 0 else None) as keeper:
            keeper.take_up(checkpoint)
            shown = track(range(self.step, self.schedule.n_steps), title, progress=self.worker.progress)
            for _ in shown:
                if self.finished:
                    break
                self.one_step()
                keeper.after_step()

    def one_step(self) -> None:
        """Learn from a block of lines and one of drugs, then judge every tenth step on what is held back."""
        lines, n_drugs = len(self.lines), self.matrix.residual.shape[1]
        order = rng(self.seed, "rows", self.step).permutation(lines)[: self.schedule.rows]
        rows = self.lines[torch.from_numpy(order)]
        columns = rng(self.seed, "columns", self.step).permutation(n_drugs)[: self.schedule.columns]
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.rate(self.step)
        self.network.train()
        self._gradient(rows, torch.from_numpy(np.sort(columns)))
        self.worker.add_up(self.network)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        if self.step % _EVERY == _EVERY - 1 or self.step == self.schedule.n_steps - 1:
            self._judge()
        self.step += 1

    def _gradient(self, rows: Tensor, columns: Tensor) -> None:
        """Gradient of this process's share of the block; where memory runs out, in pieces of half the size."""
        own = [side[self.worker.rank :: self.worker.world] for side in (rows, self.lines)]
        block = Block(self.matrix, rows, self.lines, columns, self.drugs[columns])
        while True:
            try:
                self.optimiser.zero_grad()
                torch.manual_seed(subseed(self.seed, "step", self.step, self.worker.rank))
                pieces = zip(*(side.tensor_split(self.pieces) for side in own), strict=True)
                for number, piece in enumerate(pieces):
                    first = number == 0 and self.worker.rank == 0
                    loss(self.network, block, piece, first=first).backward()  # type: ignore[no-untyped-call,unused-ignore]
            except (MemoryError, RuntimeError) as error:
                if not _out_of_memory(error) or self.pieces * 2 > len(own[0]):
                    raise
                if self.pieces == 1:
                    log.warning(
                        "memory ran out on a block of %d lines: going on in smaller pieces, slower and to the same "
                        "result; smaller settings rows and columns avoid it", len(own[0]),
                    )  # fmt: skip
                self.pieces *= 2
            else:
                return

    def _judge(self) -> None:
        self.network.eval()
        for number, found in enumerate(held_back_losses(self.network, self.matrix, self.lines, self.drugs)):
            least = self.best[number].loss
            if found <= least * (1 + _NEAR):
                gained = self.step if found < least else self.best[number].gained
                self.best[number] = Best(min(found, least), self.step, self.weights(), gained)

    def errors(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows held back, and measured less predicted there on unit scale, NaN where not measured."""
        self.network.load_state_dict(self.best[0].weights)
        self.network.eval()
        rest = _others(self.lines, len(self.matrix.residual))
        with torch.no_grad():
            left = self.matrix.residual[rest] - unseen_lines(self.network, self.matrix, rest)
            left[self.matrix.known[rest] == 0] = float("nan")
        return rest.numpy(), left.cpu().numpy().astype(np.float64)


def train_member(matrix: Matrix, sizes: Sizes, schedule: Schedule, *, seed: int, **how: Any) -> dict[str, Any]:
    """Train one network.

    Parameters
    ----------
    matrix, sizes, schedule, seed
        What to learn, how large, how, and the seed of all that is random.
    how
        ``worker``, ``checkpoint`` and ``title``, see :class:`Training`.

    Returns
    -------
    dict
        ``lines`` and ``drugs``: weights at either moment, as arrays, which pass between processes; ``rows`` and
        ``errors``: see :meth:`Training.errors`.
    """
    worker: Worker = how["worker"]
    with worker.one_thread():
        training = Training(matrix, sizes, schedule, seed=seed, worker=worker)
        training.run(how["checkpoint"], title=how["title"])
        rows, errors = training.errors()
        for_lines, for_drugs = (
            {name: value.numpy() for name, value in found.weights.items()} for found in training.best
        )
        return {"lines": for_lines, "drugs": for_drugs, "rows": rows, "errors": errors}


def _out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out: torch has a class for that on a GPU, and a text on the CPU."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error)


def _sides(n_cells: int, n_drugs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the lines trained on, and for each drug whether its description is trained on."""
    generator = rng(seed, "held back")
    lines = np.sort(generator.permutation(n_cells)[max(1, int(_HELD_BACK * n_cells)) :])
    drugs = np.ones(n_drugs, dtype=bool)
    drugs[generator.permutation(n_drugs)[: max(1, int(_HELD_BACK * n_drugs))]] = False
    return lines, drugs


def _others(lines: Tensor, n_cells: int) -> Tensor:
    out = torch.ones(n_cells, dtype=torch.bool)
    out[lines] = False
    return torch.nonzero(out)[:, 0]


def _squared(found: Tensor, residual: Tensor, counted: Tensor) -> Tensor:
    return (counted * (found - residual) ** 2).sum()


@dataclass(frozen=True)
class Block:
    """What a step learns from.

    ``rows`` are the lines whose responses to all drugs teach the tower, ``columns`` the drugs whose responses in all
    ``lines`` teach the descriptions, as positions in ``matrix``; ``trained`` says of which of these drugs the
    description may learn.
    """

    matrix: Matrix
    rows: Tensor
    lines: Tensor
    columns: Tensor
    trained: Tensor

    def weight(self, rows: Tensor) -> Tensor:
        """1 where a response of the block's drugs teaches their descriptions, ``(n_rows, n_columns)``."""
        return self.matrix.known[rows][:, self.columns] * self.trained

    def errors(self, found: Tensor, rows: Tensor) -> Tensor:
        """Sum of squared errors where :meth:`weight` is 1."""
        return _squared(found, self.matrix.residual[rows][:, self.columns], self.weight(rows))


def loss(network: ResponseNetwork, block: Block, piece: tuple[Tensor, Tensor], *, first: bool) -> Tensor:
    """What a piece of a block's lines adds to the block's loss: summed over the pieces it is the loss of the block.

    Mean squared errors of unseen line with known drug, of known line with unseen drug, of both unseen and, once a
    block (``first``), of the means of drugs. The tower learns from the first alone: descriptions of some hundred drugs
    would teach it those drugs by heart. Descriptions learn from the second alone, and from the means.
    """
    matrix, columns = block.matrix, block.columns
    rows, lines = piece
    described, mean = network.drugs(matrix.drugs.take(columns))
    network.seen[columns] = described.detach()
    cell, known = network.cells(matrix.read[rows]), matrix.known[rows]
    found = _warm(network, cell, network.seen)
    total = _squared(found, matrix.residual[rows], known) / matrix.known[block.rows].sum().clamp(min=1)

    fresh = matrix.line[lines][:, None] + network.meet(network.free_cells[lines], described)
    total = total + block.errors(fresh, lines) / block.weight(block.lines).sum().clamp(min=1)
    placed, line = network.cells_for_new_drugs(cell.detach())
    both = line[:, None] + network.meet(placed, described.detach())
    total = total + block.errors(both, rows) / block.weight(block.rows).sum().clamp(min=1)
    if first:
        weight = block.trained.to(mean.dtype)
        total = total + _MEAN_WEIGHT * (weight * (mean - matrix.means[columns]) ** 2).sum() / weight.sum().clamp(min=1)
    return total


def _warm(network: ResponseNetwork, cells: Tensor, described: Tensor) -> Tensor:
    """Interaction of cells with all training drugs, whose descriptions are given."""
    drugs, bias = network.known_drugs(described, slice(None))
    return network.meet(cells, drugs) + bias


def unseen_lines(network: ResponseNetwork, matrix: Matrix, rows: Tensor) -> Tensor:
    """Predicted residuals of lines as if they had not been seen, ``(n_rows, n_drugs)``."""
    return _warm(network, network.cells(matrix.read[rows]), network.drugs(matrix.drugs)[0])


@torch.no_grad()
def held_back_losses(network: ResponseNetwork, matrix: Matrix, lines: Tensor, drugs: Tensor) -> tuple[float, float]:
    """Share left unexplained on the lines held back, and on the drugs held back in some of the lines trained on.

    The share counts what is left after the best scaling, 0 to 1: the mean of several members is less extreme than each
    is, and by its plain squared error a member would be stopped long before it is worth most to that mean.
    """
    rest, some = _others(lines, len(matrix.residual)), lines[:_JUDGED_LINES]
    described = network.drugs(matrix.drugs)[0]
    found = _warm(network, network.cells(matrix.read[rest]), described)
    fresh = network.meet(network.free_cells[some], described)
    return (
        _unexplained(found, matrix.residual[rest], matrix.known[rest]),
        _unexplained(fresh, matrix.residual[some] - matrix.line[some][:, None], matrix.known[some] * ~drugs),
    )


def _unexplained(found: Tensor, measured: Tensor, counted: Tensor) -> float:
    """One less the squared cosine of found and measured; 1 where they point apart."""
    shared = float((counted * found * measured).sum())
    size = float((counted * found**2).sum()) * float((counted * measured**2).sum())
    return 1.0 - max(shared, 0.0) ** 2 / size if size > 0 else 1.0
