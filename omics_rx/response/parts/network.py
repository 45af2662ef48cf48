"""A graph network over drug molecules and expression, a model in its own right.

It predicts what the drug means leave over. Cells enter by the expression of all genes, drugs by their molecular graph
and by how alike they are to the training drugs in structure, targets, pathway and Reactome. Both are read in principal
coordinates, which the weights are turned back from after training. Each cell and each drug is encoded once a step and
all pairs meet in a low-rank product, so a step costs its cells plus its drugs and not its pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn.base import BaseEstimator

from omics_rx.core.errors import InputError, IntegrityError, NotFittedError
from omics_rx.core.parallel import in_order, works_here
from omics_rx.core.work import subseed
from omics_rx.response.parts import network_inputs as inputs
from omics_rx.response.parts.base import Cells, State, Training, known_cells, positions
from omics_rx.response.similarity import DrugFeatures

if TYPE_CHECKING:
    from torch import Tensor

    from omics_rx.response.parts.network_layers import DrugInput, ResponseNetwork, Sizes
    from omics_rx.response.parts.network_training import Matrix, Schedule

_ROUNDED = 6
_SHRINK = 10.0
_AT_ONCE = 512
_LEARNT = ("drug_means", "errors")
_READING = ("tower.enter.weight", "describe.enter.weight")
_OF_THE_MACHINE = ("devices", "checkpoints")


class GraphNetwork(BaseEstimator):  # type: ignore[misc,unused-ignore]
    """Message passing over molecules, a tower over expression, and a low-rank product of both.

    Parameters
    ----------
    n_members
        Networks averaged; each holds back other lines and drugs for stopping early.
    hidden, width, rank, n_layers
        Width of the tower's first layer (half of it for descriptions of drugs), of the atoms' layers, rank of the
        interaction, rounds of message passing.
    dropout
        Share of hidden units left out while training; half of it in the atoms' layers.
    pathways
        Share, 0 to 1, of the Reactome pathways of genes in what the tower reads of a cell: the more, the more do genes
        that share pathways count together.
    n_steps, learning_rate, rows, columns, patience
        Largest number of steps, peak of the learning rate, lines whose responses to all drugs and drugs whose responses
        in all lines a step learns from, steps without gain after which training stops.
    devices
        ``"cpu"``, ``"gpu"``, ``"gpu:4"`` or ``"cpu:2"``; all but ``"cpu"`` need ``omics-rx[scale]``.
    checkpoints
        Folder in which trainings are kept, so that one interrupted goes on to equal losses when fitted again with the
        same data, settings and seed. The files stay until you remove them. None keeps nothing.

    Attributes
    ----------
    drug_means_
        Mean ln IC50 (ln uM) of each training drug, ``(n_drugs,)``.
    errors_
        Measured less predicted (ln uM) of training lines by the members that held them back, ``(n_cells, n_drugs)``;
        NaN elsewhere.
    members_
        Weights of each network at its two moments, see :class:`network_training.Training`.
    """

    learns: Literal["response"] = "response"

    def __init__(
        self,
        *,
        n_members: int = 4,
        hidden: int = 512,
        width: int = 64,
        rank: int = 128,
        n_layers: int = 3,
        dropout: float = 0.3,
        pathways: float = 0.0,
        n_steps: int = 200,
        learning_rate: float = 5e-3,
        rows: int = 128,
        columns: int = 48,
        patience: int = 100,
        devices: str = "cpu",
        checkpoints: str | None = None,
    ) -> None:
        self.n_members = n_members
        self.hidden = hidden
        self.width = width
        self.rank = rank
        self.n_layers = n_layers
        self.dropout = dropout
        self.pathways = pathways
        self.n_steps = n_steps
        self.learning_rate = learning_rate
        self.rows = rows
        self.columns = columns
        self.patience = patience
        self.devices = devices
        self.checkpoints = checkpoints

    def fit(self, training: Training, *, seed: int = 0) -> GraphNetwork:
        """Train the members, on the CPU shared among joblib's workers.

        The same seed gives the same network on one machine's CPU.

        Raises
        ------
        InputError
            If fewer than ten cells or three drugs are given, a training cell lacks a gene, a structure cannot be
            read, ``pathways`` is not a share or no gene is in any, or ``devices`` asks for what is not there.
        MissingDependencyError
            If ``devices`` needs Lightning and it is not installed.
        """
        from omics_rx.response.parts.network_devices import launch, parsed
        from omics_rx.response.parts.network_training import train_member

        parsed(self.devices)
        if len(training.cells) < 10 or len(training.drugs) < 3:
            raise InputError(
                f"{len(training.cells)} cells and {len(training.drugs)} drugs cannot train a network: at least ten "
                "cells with expression and three drugs"
            )
        if not np.isfinite(training.cells.z).all():
            raise InputError("training cells lack genes: keep the genes measured in every training cell")
        if not 0 <= self.pathways <= 1:
            raise InputError(f"pathways is {self.pathways!r}: give a share from 0 to 1")
        matrix, sizes, schedule = self.plan(training)
        trainings = []
        for number in range(self.n_members):
            own = subseed(seed, "member", number)
            title = f"Network {number + 1} of {self.n_members}"
            train = partial(train_member, matrix, sizes, schedule, seed=own, title=title, checkpoint=self._file(own))
            trainings.append((train, self.devices))
        if self.devices == "cpu" and not works_here(None):
            made = in_order(partial(launch, progress=False), trainings, "Networks")
        else:
            made = [launch(*training) for training in trainings]
        self.members_ = [(self._whole(found["lines"]), self._whole(found["drugs"])) for found in made]
        del self.basis_
        self.errors_ = np.full(self.residual_.shape, np.nan)
        for found in made:
            self.errors_[found["rows"]] = self.scale_ * found["errors"]
        return self

    def _whole(self, trained: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
        """Weights that read genes and likenesses, from weights that read their coordinates."""
        turned = {
            name: (trained[name] @ basis.T).astype(np.float32)
            for name, basis in zip(_READING, self.basis_, strict=True)
        }
        return _tensors({**trained, **turned})

    def _file(self, seed: int) -> Path | None:
        from omics_rx.response.parts.network_checkpoint import file_of

        training = self.training_
        settings = {name: value for name, value in self.get_params().items() if name not in _OF_THE_MACHINE}
        return file_of(
            self.checkpoints, seed, training.cells.z, training.y, training.drugs.smiles, self.alike_, settings
        )

    def plan(self, training: Training) -> tuple[Matrix, Sizes, Schedule]:
        """What a member learns, how large it is and how it learns; the means, scales and bases are learnt here."""
        from omics_rx.response.parts.network_training import Schedule

        self.training_ = training
        self.drug_means_ = np.nanmean(training.y, axis=0)
        left = training.y - self.drug_means_
        self.scale_ = max(float(np.sqrt(np.nanmean(left**2))), 1e-9)
        self._index()
        genes = training.cells.genes.to_numpy()
        alike = self.alike_
        self.basis_ = inputs.gene_basis(training.cells.z, genes, self.pathways), inputs.drug_basis(alike)
        schedule = Schedule(self.n_steps, self.learning_rate, self.rows, self.columns, self.patience)
        return self._matrix(), self._sizes(*(basis.shape[1] for basis in self.basis_)), schedule

    def _index(self) -> None:
        """What follows from the training data and the learnt numbers, made again after loading."""
        training = self.training_
        left = training.y - self.drug_means_
        known = np.isfinite(left)
        # rounded, so that a shift of all responses, which cancels up to rounding, cannot set off another training
        self.residual_ = np.round(np.where(known, left, 0.0) / self.scale_, _ROUNDED)
        self.line_ = self.residual_.sum(axis=1) / (known.sum(axis=1) + _SHRINK)
        self.alike_ = inputs.alike(training.drugs, training.drugs)
        self.centre_ = float(self.drug_means_.mean())

    def _sizes(self, n_genes: int, n_alike: int) -> Sizes:
        from omics_rx.response.parts.network_layers import Sizes

        n_cells, n_drugs = self.residual_.shape
        return Sizes(
            n_genes, n_alike, n_cells, n_drugs, self.hidden, self.width, self.rank, self.n_layers, self.dropout
        )

    def _matrix(self) -> Matrix:
        import torch

        from omics_rx.response.parts.network_training import Matrix

        def single(values: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))

        training, (genes, alike) = self.training_, self.basis_
        return Matrix(
            single(inputs.expression(training.cells) @ genes),
            inputs.drug_input(training.drugs, self.alike_ @ alike, double=False),
            single(self.residual_),
            single(np.isfinite(training.y)),
            single(self.line_),
            single(np.round((self.drug_means_ - self.centre_) / self.scale_, _ROUNDED)),
        )

    def drug_input(self, drugs: DrugFeatures) -> DrugInput:
        """What the network sees of drugs, as tensors in double precision."""
        return inputs.drug_input(drugs, inputs.alike(drugs, self.training_.drugs), double=True)

    def networks(self, moment: Literal["lines", "drugs"]) -> Iterator[ResponseNetwork]:
        """Each member in turn, in double precision, as it was when lines or drugs held back were predicted best."""
        from torch.random import fork_rng

        from omics_rx.response.parts.network_layers import ResponseNetwork

        if not hasattr(self, "members_"):
            raise NotFittedError("the network part was not fitted: call fit first")
        whole = len(self.training_.cells.genes), len(self.training_.drugs)
        with fork_rng(devices=[]):
            network = ResponseNetwork(self._sizes(*whole)).double().eval().requires_grad_(requires_grad=False)
        for for_lines, for_drugs in self.members_:
            chosen = for_lines if moment == "lines" else for_drugs
            # new tensors, not new values: gradients may still be asked of the member before
            network.load_state_dict({name: value.double() for name, value in chosen.items()}, assign=True)
            yield network

    def predict(self, cells: Cells, drugs: DrugFeatures) -> np.ndarray:
        """Return ln uM, ``(n_cells, n_drugs)``; see :class:`omics_rx.response.parts.base.Part`."""
        if not hasattr(self, "members_"):
            raise NotFittedError("the network part was not fitted: call fit first")
        column = positions(drugs.names, self.training_.drugs.names)
        result = np.empty((len(cells), len(drugs)))
        for side in (np.flatnonzero(column >= 0), np.flatnonzero(column < 0)):
            for start in range(0, len(side), _AT_ONCE):
                at = side[start : start + _AT_ONCE]
                asked = drugs.take(at)
                known = column[at[0]] >= 0
                result[:, at] = self._known_drugs(cells, asked, column[at]) if known else self._new_drugs(cells, asked)
        return result

    def _known_drugs(self, cells: Cells, drugs: DrugFeatures, column: np.ndarray) -> np.ndarray:
        import torch

        asked, read, at = self.drug_input(drugs), torch.from_numpy(inputs.expression(cells)), torch.from_numpy(column)
        total = torch.zeros((len(cells), len(drugs)), dtype=torch.float64)
        for network in self.networks("lines"):
            drug, bias = network.known_drugs(network.drugs(asked)[0], at)
            total = total + network.meet(network.cells(read), drug) + bias
        mean: np.ndarray = self.drug_means_[column] + self.scale_ * total.numpy() / len(self.members_)
        return mean

    def _new_drugs(self, cells: Cells, drugs: DrugFeatures) -> np.ndarray:
        import torch

        asked, read = self.drug_input(drugs), torch.from_numpy(inputs.expression(cells))
        total = torch.zeros((len(cells), len(drugs)), dtype=torch.float64)
        own = torch.from_numpy(known_cells(cells, self.training_.cells))
        known, at = own >= 0, own.clamp(min=0)
        measured = torch.from_numpy(self.line_)[at]
        for network in self.networks("drugs"):
            drug, mean = network.drugs(asked)
            cell, line = network.cells_for_new_drugs(network.cells(read))
            cell, line = torch.where(known[:, None], network.free_cells[at], cell), torch.where(known, measured, line)
            total = total + mean + line[:, None] + network.meet(cell, drug)
        mean_: np.ndarray = self.centre_ + self.scale_ * total.numpy() / len(self.members_)
        return mean_

    def weights(self, drugs: DrugFeatures) -> np.ndarray:
        """Weights of what is known of the training drugs in new ones, ``(n_new, n_drugs)``.

        The mean over drugs is carried over whole, and what each drug has beyond it by likeness of the embeddings.
        """
        sides = self.training_.drugs, drugs
        seen, new = (self.drug_input(side) for side in sides)
        total = np.zeros((len(drugs), len(sides[0])))
        for network in self.networks("drugs"):
            known = network.drugs(seen)[0]
            alike = known @ known.T
            ridge = alike.diagonal().mean() * alike.new_ones(len(alike)).diag()
            total += (network.drugs(new)[0] @ known.T @ (alike + ridge).inverse()).numpy()
        carried = total / len(self.members_)
        weights: np.ndarray = carried + (1 - carried.sum(axis=1, keepdims=True)) / carried.shape[1]
        return weights

    def state(self) -> State:
        """Learnt arrays, the networks' weights among them, and the sizes."""
        if not hasattr(self, "members_"):
            raise NotFittedError("the network part was not fitted: call fit first")
        arrays = {name: getattr(self, f"{name}_") for name in _LEARNT}
        for number, moments in enumerate(self.members_):
            for moment, weights in zip(("lines", "drugs"), moments, strict=True):
                arrays |= {f"{number}/{moment}/{name}": value.numpy() for name, value in weights.items()}
        settings = {name: value for name, value in self.get_params().items() if name not in _OF_THE_MACHINE}
        return State({"settings": settings, "scale": self.scale_}, arrays)

    def restore(self, state: State, training: Training) -> GraphNetwork:
        """Take up a state again.

        Raises
        ------
        IntegrityError
            If the state is of the network of an earlier version, which had other layers.
        """
        if f"0/lines/{_READING[0]}" not in state.arrays:
            raise IntegrityError("the graph network was saved by an earlier version: fit the model again")
        self.set_params(**state.record["settings"])
        self.training_ = training
        self.scale_ = float(state.record["scale"])
        for name in _LEARNT:
            setattr(self, f"{name}_", np.asarray(state.arrays[name]))
        self._index()

        def weights(number: int, moment: str) -> dict[str, Tensor]:
            prefix = f"{number}/{moment}/"
            named = {name: value for name, value in state.arrays.items() if name.startswith(prefix)}
            return _tensors({name.removeprefix(prefix): value for name, value in named.items()})

        self.members_ = [(weights(number, "lines"), weights(number, "drugs")) for number in range(self.n_members)]
        return self


def _tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    import torch

    return {name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}
