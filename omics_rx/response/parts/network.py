"""A graph network over drug molecules and expression, a model in its own right.

It predicts what the drug means leave over. Cells enter by the principal components of the training lines, drugs by
their molecular graph, their targets, their pathway and the expression of their targets in the cell. Each cell and each
drug is encoded once a step and all pairs meet in a low-rank product, so a step costs its cells plus its drugs and not
its pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn.base import BaseEstimator

from omics_rx.core.errors import InputError, NotFittedError
from omics_rx.core.work import subseed
from omics_rx.response.parts.base import Cells, State, Training, known_cells, positions
from omics_rx.response.similarity import DrugFeatures

if TYPE_CHECKING:
    from torch import Tensor

    from omics_rx.response.parts.network_layers import DrugInput, Sizes
    from omics_rx.response.parts.network_training import Matrix

_ROUNDED = 6
_SHRINK = 10.0
_DRUGS_AT_ONCE = 512


class GraphNetwork(BaseEstimator):  # type: ignore[misc,unused-ignore]
    """Message passing over molecules, a tower over expression, and a low-rank product of both.

    Parameters
    ----------
    n_members
        Networks averaged; each holds back other lines and drugs for stopping early.
    n_towers
        Towers over expression in each network, trained side by side and averaged; they share the drugs' layers,
        which cost most.
    n_components
        Principal components of the training lines' expression that the tower reads.
    width, rank, n_layers, dropout
        Width of the drug layers (the tower is four times as wide), rank of the interaction, rounds of message passing,
        share of the units left out while training.
    n_steps, learning_rate, rows, patience
        Largest number of steps, peak of the one-cycle learning rate, lines a step learns from, steps without gain
        after which training stops.

    Attributes
    ----------
    drug_means_
        Mean ln IC50 (ln uM) of each training drug, ``(n_drugs,)``.
    loadings_
        Principal directions of the training lines' genes, ``(n_genes, k)``.
    members_
        Weights of each network at its two moments, see :func:`network_training.train_member`.
    """

    learns: Literal["response"] = "response"

    def __init__(
        self,
        *,
        n_members: int = 2,
        n_components: int = 256,
        width: int = 64,
        rank: int = 48,
        n_layers: int = 3,
        n_towers: int = 1,
        dropout: float = 0.2,
        n_steps: int = 300,
        learning_rate: float = 3e-3,
        rows: int = 256,
        patience: int = 100,
    ) -> None:
        self.n_members = n_members
        self.n_components = n_components
        self.width = width
        self.rank = rank
        self.n_layers = n_layers
        self.n_towers = n_towers
        self.dropout = dropout
        self.n_steps = n_steps
        self.learning_rate = learning_rate
        self.rows = rows
        self.patience = patience

    def fit(self, training: Training, *, seed: int = 0) -> GraphNetwork:
        """Train the members one after the other; the same seed gives the same network on one machine.

        Raises
        ------
        InputError
            If fewer than ten cells or three drugs are given, a training cell lacks a gene, or a structure cannot be
            read.
        """
        from omics_rx.response.parts.network_training import Schedule, train_member

        if len(training.cells) < 10 or len(training.drugs) < 3:
            raise InputError(
                f"{len(training.cells)} cells and {len(training.drugs)} drugs cannot train a network: at least ten "
                "cells with expression and three drugs"
            )
        if not np.isfinite(training.cells.z).all():
            raise InputError("training cells lack genes: keep the genes measured in every training cell")
        self._prepare(training)
        schedule = Schedule(self.n_steps, self.learning_rate, self.rows, self.patience)
        matrix = self._matrix()
        self.members_ = [
            train_member(matrix, self._sizes(), schedule, seed=subseed(seed, "member", number))
            for number in range(self.n_members)
        ]
        return self

    def _prepare(self, training: Training) -> None:
        """Learn means, scales, directions and vocabulary from the training pairs."""
        self.training_ = training
        self.drug_means_ = np.nanmean(training.y, axis=0)
        left = training.y - self.drug_means_
        self.scale_ = max(float(np.sqrt(np.nanmean(left**2))), 1e-9)
        self.loadings_, self.variances_ = directions(training.cells.z, self.n_components)
        self._index()

    def _index(self) -> None:
        """What follows from the training data and the learnt numbers, made again after loading."""
        training = self.training_
        left = training.y - self.drug_means_
        known = np.isfinite(left)
        # rounded, so that a shift of all responses, which cancels up to rounding, cannot set off another training
        self.residual_ = np.round(np.where(known, left, 0.0) / self.scale_, _ROUNDED)
        self.line_ = self.residual_.sum(axis=1) / (known.sum(axis=1) + _SHRINK)
        self.terms_ = {term: i for i, term in enumerate(sorted(_all_terms(training.drugs)))}
        self.centre_ = float(self.drug_means_.mean())

    def _sizes(self) -> Sizes:
        from omics_rx.response.parts.network_layers import Sizes

        n_cells, n_drugs = self.residual_.shape
        return Sizes(
            self.loadings_.shape[1], len(self.terms_) + 1, n_cells, n_drugs, self.width, self.rank, self.n_layers,
            self.n_towers, self.dropout,
        )  # fmt: skip

    def _matrix(self) -> Matrix:
        import torch

        from omics_rx.response.parts.network_training import Matrix

        def single(values: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))

        training = self.training_
        return Matrix(
            single(self._components(training.cells)),
            self._drug_input(training.drugs, double=False),
            single(self.residual_),
            single(np.isfinite(training.y)),
            single(self.line_),
            single(np.round((self.drug_means_ - self.centre_) / self.scale_, _ROUNDED)),
            single(target_expression(training.cells, training.drugs)),
        )

    def _components(self, cells: Cells) -> np.ndarray:
        """Scores on the principal directions, the first eight of unit variance; ridge over the genes present."""
        scores = np.empty((len(cells), self.loadings_.shape[1]))
        prior = self.variances_[-1] / self.variances_
        present = np.isfinite(cells.z)
        # one cell at a time, so that a cell alone and among others gets one value
        whole = np.linalg.inv(self.loadings_.T @ self.loadings_ + np.diag(prior))
        for row in range(len(cells)):
            own = present[row]
            if own.all():
                scores[row] = whole @ (self.loadings_.T @ cells.z[row])
            else:
                part = self.loadings_[own]
                scores[row] = np.linalg.solve(part.T @ part + np.diag(prior), part.T @ cells.z[row, own])
        scaled: np.ndarray = scores / np.sqrt(self.variances_[: min(8, len(self.variances_))].mean())
        return scaled

    def _drug_input(self, drugs: DrugFeatures, *, double: bool) -> DrugInput:
        import torch

        from omics_rx.response import graphs
        from omics_rx.response.parts.network_layers import DrugInput

        dtype = torch.float64 if double else torch.float32
        rows = [i for i, text in enumerate(drugs.smiles) if text is not None]
        molecules = graphs.batch([str(drugs.smiles[i]) for i in rows]) if rows else None
        if molecules is not None:
            molecules.x, molecules.edge_attr = molecules.x.to(dtype), molecules.edge_attr.to(dtype)
        terms = np.zeros((len(drugs), len(self.terms_) + 1))
        for row, found in enumerate(zip(drugs.targets, drugs.pathway, strict=True)):
            known = [self.terms_[term] for term in sorted(_marked(*found)) if term in self.terms_]
            terms[row, known] = 1.0
            terms[row, -1] = float(not known)
        return DrugInput(molecules, torch.tensor(rows, dtype=torch.long), torch.from_numpy(terms).to(dtype))

    def predict(self, cells: Cells, drugs: DrugFeatures) -> np.ndarray:
        """Return ln uM, ``(n_cells, n_drugs)``; see :class:`omics_rx.response.parts.base.Part`."""
        if not hasattr(self, "members_"):
            raise NotFittedError("the network part was not fitted: call fit first")
        column = positions(drugs.names, self.training_.drugs.names)
        result = np.empty((len(cells), len(drugs)))
        seen = np.flatnonzero(column >= 0)
        new = np.flatnonzero(column < 0)
        components = self._components(cells)
        row = known_cells(cells, self.training_.cells)
        for start in range(0, len(seen), _DRUGS_AT_ONCE):
            at = seen[start : start + _DRUGS_AT_ONCE]
            result[:, at] = self._ask(components, row, (cells, drugs.take(at)), column[at])
        for start in range(0, len(new), _DRUGS_AT_ONCE):
            at = new[start : start + _DRUGS_AT_ONCE]
            result[:, at] = self._ask(components, row, (cells, drugs.take(at)), None)
        return result

    def _ask(
        self, components: np.ndarray, row: np.ndarray, pairs: tuple[Cells, DrugFeatures], column: np.ndarray | None
    ) -> np.ndarray:
        """Mean of the members for drugs trained on (by ``column``) or, where that is None, for new ones."""
        import torch

        from omics_rx.response.parts.network_layers import ResponseNetwork

        asked = self._drug_input(pairs[1], double=True)
        target = torch.from_numpy(target_expression(*pairs))
        scores, own = torch.from_numpy(components), torch.from_numpy(row)
        known = (own >= 0)[:, None].double()
        total = np.zeros((len(row), len(asked.terms)))
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            network = ResponseNetwork(self._sizes()).double().eval()
            for for_lines, for_drugs in self.members_:
                network.load_state_dict(for_drugs if column is None else for_lines)
                cell, line = network.cells(scores)
                drug, mean, by_target = network.drugs(asked)
                if column is None:
                    cell = cell + known * network.free_cells[:, own.clamp(min=0)]
                    measured = torch.from_numpy(self.line_)[own.clamp(min=0)]
                    line = torch.where(own >= 0, measured, line)
                    base = self.centre_ + self.scale_ * mean.numpy()
                else:
                    drug = drug + network.free_drugs[:, torch.from_numpy(column)]
                    base = self.drug_means_[column]
                left = (line[..., None] + network.meet(cell, drug)).mean(dim=0) + target * by_target
                total += base + self.scale_ * left.numpy()
        return total / len(self.members_)

    def state(self) -> State:
        """Learnt arrays, the networks' weights among them, and the sizes."""
        if not hasattr(self, "members_"):
            raise NotFittedError("the network part was not fitted: call fit first")
        arrays = {"drug_means": self.drug_means_, "loadings": self.loadings_, "variances": self.variances_}
        for number, moments in enumerate(self.members_):
            for moment, weights in zip(("lines", "drugs"), moments, strict=True):
                arrays |= {f"{number}/{moment}/{name}": value.numpy() for name, value in weights.items()}
        return State({"settings": self.get_params(), "scale": self.scale_}, arrays)

    def restore(self, state: State, training: Training) -> GraphNetwork:
        """Take up a state again."""
        import torch

        self.set_params(**state.record["settings"])
        self.training_ = training
        self.scale_ = float(state.record["scale"])
        for name in ("drug_means", "loadings", "variances"):
            setattr(self, f"{name}_", np.asarray(state.arrays[name]))
        self._index()
        self.members_ = []
        for number in range(self.n_members):
            found = []
            for moment in ("lines", "drugs"):
                prefix = f"{number}/{moment}/"
                found.append(
                    {
                        name.removeprefix(prefix): torch.from_numpy(np.array(value))
                        for name, value in state.arrays.items()
                        if name.startswith(prefix)
                    }
                )
            self.members_.append((found[0], found[1]))
        return self


def directions(z: np.ndarray, n_components: int) -> tuple[np.ndarray, np.ndarray]:
    """Principal directions of the genes, ``(n_genes, k)`` orthonormal, and their variances, ``(k,)`` descending."""
    values, vectors = np.linalg.eigh(z @ z.T)
    # directions below a thousandth of the first are rounding as much as biology
    keep = np.argsort(-values)[: min(n_components, len(values) - 1, z.shape[1])]
    keep = keep[values[keep] > 1e-6 * values[keep[0]]]
    found = z.T @ vectors[:, keep] / np.sqrt(values[keep])
    signs = np.sign(found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])])
    return found * signs, values[keep] / len(z)


def target_expression(cells: Cells, drugs: DrugFeatures) -> np.ndarray:
    """Mean z-score of each drug's target genes in each cell, ``(n_cells, n_drugs)``.

    0, the training mean, for a drug without a target among the genes, and where a cell lacks all of them.
    """
    column = {gene: i for i, gene in enumerate(cells.genes)}
    result = np.zeros((len(cells), len(drugs)))
    for position, targets in enumerate(drugs.targets):
        at = [column[gene] for gene in sorted(targets) if gene in column]
        if at:
            own = cells.z[:, at]
            known = np.isfinite(own)
            result[:, position] = np.where(known, own, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return result


def _marked(targets: frozenset[str], pathway: frozenset[str]) -> set[str]:
    return {f"target {term}" for term in targets} | set(pathway)


def _all_terms(drugs: DrugFeatures) -> set[str]:
    return set().union(*(_marked(*found) for found in zip(drugs.targets, drugs.pathway, strict=True)))
